//! Full rank: one Gaussian over all unknowns on the unconstrained scale, by its Cholesky factor.

use crate::joint::emit_gaussian;
use crate::names::Names;
use crate::{Centring, Family};
use ppl_model::SiteShape;

/// One Gaussian over all unknowns after transforms.
pub(crate) struct FullRank;

impl Family for FullRank {
    fn name(&self) -> &'static str {
        "full-rank"
    }

    fn keyword(&self) -> &'static str {
        "full_rank"
    }

    fn emit(&self, names: &mut Names, sites: &[SiteShape], centring: Centring<'_>) -> String {
        emit_gaussian(names, sites, centring, |_, _, _| String::new())
    }
}
