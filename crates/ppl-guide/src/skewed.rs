//! Skewed: one Gaussian over all unknowns whose standard numbers are bent, each by a skewness and a tail weight of its own
//! (sinh-arcsinh: Jones and Pewsey 2009, Biometrika 96).

use crate::joint::emit_gaussian;
use crate::names::Names;
use crate::{Centring, FULL_RANK, Family};
use ppl_model::SiteShape;
use std::fmt::Write;

/// A bent Gaussian: the Gaussian itself at the start.
pub(crate) struct Skewed;

impl Family for Skewed {
    fn name(&self) -> &'static str {
        "skewed"
    }

    fn keyword(&self) -> &'static str {
        "skewed"
    }

    fn base(&self) -> Option<&'static str> {
        Some(FULL_RANK)
    }

    fn emit(&self, names: &mut Names, sites: &[SiteShape], centring: Centring<'_>) -> String {
        emit_gaussian(names, sites, centring, |out, names, (axis, _)| {
            let [skew, tail] = ["skew", "tail"].map(|name| names.fresh(name.into()));
            let _ = writeln!(out, "  param {skew}[{axis}] = 0;");
            let _ = writeln!(out, "  param {tail}[{axis}]: positive = 1;");
            format!("skew = {skew}, tail = {tail}")
        })
    }
}
