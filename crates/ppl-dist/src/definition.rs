//! What a distribution's signature is, as data.

use crate::bijection::Bijection;
use crate::real::Real;

pub use crate::density::{Density, Distribution, Golden};

/// The values a parameter may take; literals outside it are refused by the checker, others are watched at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// Any real number.
    Real,
    /// Above 0.
    Positive,
    /// 0 or above.
    NonNegative,
    /// Between 0 and 1.
    Unit,
    /// Whole numbers from 0.
    Count,
    /// Non-negative, summing to 1.
    Simplex,
    /// Positive vector.
    PositiveVector,
    /// Increasing vector.
    Ordered,
    /// Symmetric positive definite matrix.
    Covariance,
    /// Lower triangular with positive diagonal.
    CholeskyFactor,
    /// Data that name elements of the draw's axis, by position.
    Element,
    /// Data: a symmetric matrix of non-negative weights with zeros on its diagonal.
    Adjacency,
}

/// How much of the event a parameter or a draw covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One number.
    Scalar,
    /// Along the last axis; a scalar argument is repeated.
    Vector,
    /// Along the last two axes, row-major.
    Matrix,
    /// Of a draw: along the last axis, whose order is that of time; see [`Density::ln_step`].
    Sequence,
    /// Of a parameter: along an axis of its own, which the draw does not have.
    OwnAxis,
}

/// A parameter of a distribution.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name, usable as a named argument.
    pub name: &'static str,
    /// Its values.
    pub domain: Domain,
    /// Its shape.
    pub shape: Shape,
    /// One line of documentation.
    pub doc: &'static str,
}

impl Parameter {
    /// A parameter that is one number.
    pub const fn scalar(name: &'static str, domain: Domain, doc: &'static str) -> Parameter {
        Parameter {
            name,
            domain,
            shape: Shape::Scalar,
            doc,
        }
    }

    /// A parameter along the last axis.
    pub const fn vector(name: &'static str, domain: Domain, doc: &'static str) -> Parameter {
        Parameter {
            name,
            domain,
            shape: Shape::Vector,
            doc,
        }
    }

    /// A parameter along an axis of its own.
    pub const fn own_axis(name: &'static str, domain: Domain, doc: &'static str) -> Parameter {
        Parameter {
            name,
            domain,
            shape: Shape::OwnAxis,
            doc,
        }
    }

    /// A parameter along the last two axes.
    pub const fn matrix(name: &'static str, domain: Domain, doc: &'static str) -> Parameter {
        Parameter {
            name,
            domain,
            shape: Shape::Matrix,
            doc,
        }
    }
}

/// One way to call a distribution. The first form is the canonical one, the order of [`Density::ln_density`]'s parameters.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Parameters in positional order.
    pub parameters: &'static [Parameter],
    /// How many of them, from the first, may be given by position; the rest must be named.
    pub positional: usize,
}

/// An end of a support.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// A number (infinite where open).
    At(f64),
    /// The value of the parameter with that number.
    Parameter(usize),
}

/// Where a draw can fall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Support {
    /// The real line.
    Real,
    /// An interval, half-line included.
    Interval(Bound, Bound),
    /// Non-negative vectors that sum to 1.
    Simplex,
    /// Vectors that sum to 0.
    SumToZero,
    /// Lower-triangular Cholesky factors of correlation matrices.
    CorrCholesky,
    /// Symmetric positive definite matrices with ones on the diagonal.
    Correlation,
    /// Symmetric positive definite matrices.
    Covariance,
    /// Vectors of whole numbers from 0 that sum to the parameter of that number.
    Counts(usize),
    /// 0 or 1.
    Bool,
    /// Whole numbers between two ends, both included.
    Integers(Bound, Bound),
    /// The labels 0..K-1 of the categories a vector parameter of length K lists.
    Category,
    /// The labels 0..K-1 of an axis in order, cut at the K-1 elements of a parameter along an axis of its own.
    OrderedCategory,
}

impl Support {
    /// (0, inf)
    pub const POSITIVE: Support = Support::Interval(Bound::At(0.0), Bound::At(f64::INFINITY));
    /// (0, 1)
    pub const UNIT: Support = Support::Interval(Bound::At(0.0), Bound::At(1.0));
    /// 0, 1, 2, …
    pub const COUNT: Support = Support::Integers(Bound::At(0.0), Bound::At(f64::INFINITY));
}

/// A draw is `location + scale * noise` with standard normal noise (scale may be a lower-triangular matrix), after `transform`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocationScale {
    /// Number of the location parameter.
    pub location: usize,
    /// Number of the scale (or Cholesky factor) parameter.
    pub scale: usize,
    /// The draw is e to the location-scale variable (LogNormal).
    pub exponentiated: bool,
}

/// What a draw is measured in: parameters by which it is shifted or stretched, so that what is left does not hang on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Units {
    /// `location + scale * noise`: the numbers of both parameters.
    Shifted(usize, usize),
    /// e to the power of that.
    Exponentiated(usize, usize),
    /// `scale * noise`, positive.
    Scaled(usize),
    /// `noise / rate`, positive.
    Rated(usize),
}

impl Units {
    /// The numbers of its parameters.
    pub fn parameters(&self) -> [Option<usize>; 2] {
        match *self {
            Units::Shifted(l, s) | Units::Exponentiated(l, s) => [Some(l), Some(s)],
            Units::Scaled(p) | Units::Rated(p) => [Some(p), None],
        }
    }

    /// Whether the logarithm of a draw is what is shifted.
    pub fn is_logarithmic(&self) -> bool {
        !matches!(self, Units::Shifted(..))
    }
}

/// A distribution's signature.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// CamelCase name.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// The density as a formula, with its source.
    pub formula: &'static str,
    /// Ways to call it; the first is canonical.
    pub forms: &'static [Form],
    /// Where draws fall.
    pub support: Support,
    /// Shape of one draw.
    pub event: Shape,
    /// Density 1 on the declared support, never normalised.
    pub improper: bool,
    /// A reparameterised draw, where there is one.
    pub location_scale: Option<LocationScale>,
    /// What a draw of another noise than that is measured in, see [`Definition::units`].
    pub own_units: Option<Units>,
}

impl Definition {
    /// What most families share (one real number, proper, not location-scale): the base of a struct update.
    pub const SCALAR: Definition = Definition {
        name: "",
        summary: "",
        formula: "",
        forms: &[],
        support: Support::Real,
        event: Shape::Scalar,
        improper: false,
        location_scale: None,
        own_units: None,
    };

    /// What a draw is measured in, where that is known.
    pub fn units(&self) -> Option<Units> {
        match self.location_scale {
            Some(ls) if ls.exponentiated => Some(Units::Exponentiated(ls.location, ls.scale)),
            Some(ls) => Some(Units::Shifted(ls.location, ls.scale)),
            None => self.own_units,
        }
    }

    /// The parameters of the canonical form.
    pub fn parameters(&self) -> &'static [Parameter] {
        self.forms[0].parameters
    }

    /// Whether draws are whole numbers.
    pub fn is_discrete(&self) -> bool {
        matches!(
            self.support,
            Support::Bool
                | Support::Integers(..)
                | Support::Category
                | Support::OrderedCategory
                | Support::Counts(_)
        )
    }

    /// The map from the real line onto a continuous support; `None` for discrete ones. `p`: canonical parameters.
    pub fn bijection<R: Real>(&self, p: &[&[R]]) -> Option<Bijection<R>> {
        let end = |b: Bound| match b {
            Bound::At(v) => R::lit(v),
            Bound::Parameter(i) => p[i][0],
        };
        Some(match self.support {
            Support::Real => Bijection::Identity,
            Support::Interval(Bound::At(lo), Bound::At(hi))
                if lo == f64::NEG_INFINITY && hi == f64::INFINITY =>
            {
                Bijection::Identity
            }
            Support::Interval(lo, Bound::At(hi)) if hi == f64::INFINITY => {
                Bijection::Lower(end(lo))
            }
            Support::Interval(Bound::At(lo), hi) if lo == f64::NEG_INFINITY => {
                Bijection::Upper(end(hi))
            }
            Support::Interval(lo, hi) => Bijection::Interval(end(lo), end(hi)),
            Support::Simplex => Bijection::Simplex,
            Support::SumToZero => Bijection::SumToZero,
            Support::CorrCholesky => Bijection::CorrCholesky,
            Support::Correlation => Bijection::Correlation,
            Support::Covariance => Bijection::Covariance,
            Support::Bool
            | Support::Integers(..)
            | Support::Category
            | Support::OrderedCategory
            | Support::Counts(_) => return None,
        })
    }
}
