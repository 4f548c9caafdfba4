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

    /// The map of a vector whose elements have a distribution of numbers, on which `own` is the map of one of them.
    pub fn vector_map<R: ppl_dist::Real>(
        &self,
        own: ppl_dist::Bijection<R>,
    ) -> Option<ppl_dist::Bijection<R>> {
        use ppl_dist::Bijection::*;
        let zero = R::lit(0.0);
        Some(match (self, own) {
            (Kind::Simplex, _) => Simplex,
            (Kind::SumToZero, _) => SumToZero,
            (Kind::Ordered, Lower(lo)) => OrderedAbove(lo),
            (Kind::Ordered, Upper(hi)) => OrderedBelow(hi),
            (Kind::Ordered, Interval(lo, hi)) => OrderedWithin(lo, hi),
            (Kind::Ordered, _) => Ordered,
            (Kind::PositiveOrdered, Interval(lo, hi)) => OrderedWithin(lo.max(zero), hi),
            (Kind::PositiveOrdered, Lower(lo)) => OrderedAbove(lo.max(zero)),
            (Kind::PositiveOrdered, Upper(hi)) => OrderedWithin(zero, hi),
            (Kind::PositiveOrdered, _) => OrderedAbove(zero),
            _ => return None,
        })
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
