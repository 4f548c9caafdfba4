//! Types of elements and declared kinds.

use super::{TExpr, TKind};

/// Type of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ty {
    /// A real number.
    Real,
    /// A whole number.
    Int,
    /// 0 or 1.
    Bool,
    /// A value of an axis.
    Index(usize),
}

/// A declared kind, resolved.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Real numbers, with bounds where given.
    Real(Option<TExpr>, Option<TExpr>),
    /// Whole numbers, with bounds.
    Int(Option<TExpr>, Option<TExpr>),
    /// 0 or 1.
    Bool,
    /// Non-negative, summing to 1 along the last axis.
    Simplex,
    /// Increasing along the last axis.
    Ordered,
    /// Positive and increasing.
    PositiveOrdered,
    /// Cholesky factor of a correlation matrix over the last two axes.
    CorrCholesky,
    /// Cholesky factor of a covariance matrix over the last two axes.
    CovCholesky,
    /// Correlation matrix over the last two axes.
    Corr,
    /// Covariance matrix over the last two axes.
    Cov,
    /// Summing to 0 along the last axis.
    SumToZero,
    /// A value of an axis.
    Index(usize),
}

impl Kind {
    /// How many of the last axes it is a statement about: 0 for numbers, 1 for vectors, 2 for matrices.
    pub fn event_axes(&self) -> usize {
        match self {
            Kind::Simplex | Kind::Ordered | Kind::PositiveOrdered | Kind::SumToZero => 1,
            Kind::CorrCholesky | Kind::CovCholesky | Kind::Corr | Kind::Cov => 2,
            Kind::Real(..) | Kind::Int(..) | Kind::Bool | Kind::Index(_) => 0,
        }
    }

    /// The map of a vector whose elements have a distribution of numbers.
    pub fn vector_map<R: ppl_dist::Real>(&self) -> Option<ppl_dist::Bijection<R>> {
        match self {
            Kind::Simplex => Some(ppl_dist::Bijection::Simplex),
            Kind::Ordered => Some(ppl_dist::Bijection::Ordered),
            Kind::PositiveOrdered => Some(ppl_dist::Bijection::PositiveOrdered),
            Kind::SumToZero => Some(ppl_dist::Bijection::SumToZero),
            _ => None,
        }
    }

    /// As it is written, without bounds.
    pub fn keyword(&self) -> &'static str {
        let is = |e: &Option<TExpr>, b: f64| matches!(e, Some(TExpr { kind: TKind::Number(v), .. }) if *v == b);
        match self {
            Kind::Real(lo, None) if is(lo, 0.0) => "positive",
            Kind::Real(lo, hi) if is(lo, 0.0) && is(hi, 1.0) => "unit",
            Kind::Real(..) => "real",
            Kind::Int(..) => "int",
            Kind::Bool => "bool",
            Kind::Simplex => "simplex",
            Kind::Ordered => "ordered",
            Kind::PositiveOrdered => "positive_ordered",
            Kind::CorrCholesky => "corr_cholesky",
            Kind::CovCholesky => "cov_cholesky",
            Kind::Corr => "corr",
            Kind::Cov => "cov",
            Kind::SumToZero => "sum_to_zero",
            Kind::Index(_) => "an axis",
        }
    }
}
