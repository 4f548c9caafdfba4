//! Markov: each site a Gaussian chain on the unconstrained scale, every number given the one before along an axis.

use crate::mean_field::emit_chain;
use crate::names::Names;
use crate::{Centring, Family};
use ppl_model::SiteShape;

/// Chains along the axis along which the model's own prior is one, else along the last; scalars by themselves.
pub(crate) struct Markov;

impl Family for Markov {
    fn name(&self) -> &'static str {
        "markov"
    }

    fn keyword(&self) -> &'static str {
        "markov"
    }

    fn emit(&self, names: &mut Names, sites: &[SiteShape], centring: Centring) -> String {
        let mut out = String::new();
        for s in sites {
            emit_chain(&mut out, names, s, centring, s.chain.as_deref());
        }
        out
    }
}
