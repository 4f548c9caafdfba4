//! Mixture: several Gaussians over all unknowns, one for each optimum that the starts found.

use crate::joint::emit_joint;
use crate::mean_field::START;
use crate::names::Names;
use crate::{Centring, FULL_RANK, Family};
use ppl_model::SiteShape;
use std::fmt::Write;

/// A mixture of Gaussians of any covariance.
pub struct Mixture {
    /// How many.
    pub parts: usize,
}

impl Family for Mixture {
    fn name(&self) -> &'static str {
        "mixture"
    }

    fn keyword(&self) -> &'static str {
        "mixture"
    }

    fn base(&self) -> Option<&'static str> {
        Some(FULL_RANK)
    }

    fn emit(&self, names: &mut Names, sites: &[SiteShape], centring: Centring<'_>) -> String {
        emit_joint(names, sites, centring, |out, names, d| {
            let [free, part] = ["free", "part"].map(|name| names.fresh(name.into()));
            let [location, scale, weight] =
                ["loc", "scale_tril", "weight"].map(|name| names.fresh(name.into()));
            let _ = writeln!(out, "  axis {free} = {d};");
            let _ = writeln!(out, "  axis {part} = {};", self.parts);
            let _ = writeln!(out, "  param {location}[{part}, {free}] = 0;");
            let _ = writeln!(
                out,
                "  param {scale}[{part}, {free}, {free}]: cov_cholesky = {START};"
            );
            let _ = writeln!(out, "  param {weight}[{part}] = 0;");
            let dist = format!("MultiNormal({location}, scale_tril = {scale})");
            [dist, format!("mixture = {weight}")]
        })
    }
}
