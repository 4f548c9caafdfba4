//! Sparse: one Gaussian over all unknowns on the unconstrained scale, whose precision is other than zero only where two
//! unknowns meet in the log density. Each unknown is drawn given those that it is linked to.

use crate::joint::emit_joint;
use crate::mean_field::START;
use crate::names::Names;
use crate::{Centring, Family};
use ppl_model::SiteShape;
use std::fmt::Write;

/// One Gaussian with the precision's structure of the model.
pub struct Sparse {
    /// Links between unknowns: only the model with its guide knows how many.
    pub links: usize,
}

impl Family for Sparse {
    fn name(&self) -> &'static str {
        crate::SPARSE
    }

    fn keyword(&self) -> &'static str {
        "sparse"
    }

    fn emit(&self, names: &mut Names, sites: &[SiteShape], centring: Centring<'_>) -> String {
        emit_joint(names, sites, centring, |out, names, d| {
            let [axis, link, location, scale, weight] =
                ["free", "link", "loc", "scale", "weight"].map(|n| names.fresh(n.into()));
            let _ = writeln!(out, "  axis {axis} = {d};");
            let _ = writeln!(out, "  axis {link} = {};", self.links.max(1));
            let _ = writeln!(out, "  param {location}[{axis}] = 0;");
            let _ = writeln!(out, "  param {scale}[{axis}]: positive = {START};");
            let _ = writeln!(out, "  param {weight}[{link}] = 0;");
            let dist = format!("Normal({location}, {scale})");
            [dist, format!("linked = {weight}")]
        })
    }
}
