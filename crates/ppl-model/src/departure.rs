//! How a guide's draw departs from one Gaussian.

use crate::graph::TExpr;

/// What `.transformed(…)` makes of a Gaussian draw.
#[derive(Debug, Clone)]
pub enum Departure {
    /// `skew = e, tail = d`: each standard number z is replaced by sinh((asinh z + e) / d) (Jones and Pewsey 2009).
    Skewed(TExpr, TExpr),
    /// `factors = B`: B times standard numbers of their own is added, so that the covariance is diagonal plus B B'.
    LowRank(TExpr),
    /// `mixture = w`: locations and scales have one more axis, that of w, and one of its elements is drawn by softmax(w).
    Mixture(TExpr),
    /// `flow = [inner, bias, stretch, shift]`: coupling layers (Dinh, Sohl-Dickstein and Bengio 2017).
    Flow(Box<[TExpr; 4]>),
}

impl Departure {
    /// The expressions in it.
    pub fn expressions(&self) -> Vec<&TExpr> {
        match self {
            Departure::Skewed(skew, tail) => vec![skew, tail],
            Departure::LowRank(e) | Departure::Mixture(e) => vec![e],
            Departure::Flow(parts) => parts.iter().collect(),
        }
    }

    /// Its argument's name.
    pub fn name(&self) -> &'static str {
        match self {
            Departure::Skewed(..) => "skew",
            Departure::LowRank(_) => "factors",
            Departure::Mixture(_) => "mixture",
            Departure::Flow(_) => "flow",
        }
    }
}

/// The names of guide families in `guide auto(…);`, which `ppl-guide` generates but for [`OF_ALL`].
pub const FAMILIES: [&str; 11] = [
    "mean_field",
    "full_rank",
    "sparse",
    "nested",
    "conjugate",
    "markov",
    "low_rank",
    "skewed",
    "mixture",
    "flow",
    "annealed",
];

/// Families that have no program of their own and draw all unknowns.
pub const OF_ALL: [&str; 3] = ["nested", "conjugate", "annealed"];
