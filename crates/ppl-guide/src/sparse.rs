//! Sparse: one Gaussian over all unknowns on the unconstrained scale, whose precision is other than zero only where two
//! unknowns meet in the log density. Each unknown is drawn given those that it is linked to.

use crate::mean_field::{START, emit_site};
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
        let mut out = String::new();
        let joint: Vec<&SiteShape> = sites.iter().filter(|s| s.unconstrained.is_some()).collect();
        let d: usize = joint
            .iter()
            .map(|s| s.n_batch * s.unconstrained.unwrap_or(0))
            .sum();
        if d > 0 {
            let [axis, link, location, scale, weight] =
                ["free", "link", "loc", "scale", "weight"].map(|n| names.fresh(n.into()));
            let apart: Vec<&str> = joint
                .iter()
                .filter(|s| s.hierarchical && centring.is_apart(s.site))
                .map(|s| s.name.as_str())
                .collect();
            let noncentered = match apart.is_empty() {
                false => format!("noncentered = [{}], ", apart.join(", ")),
                true => String::new(),
            };
            let list: Vec<&str> = joint.iter().map(|s| s.name.as_str()).collect();
            let _ = writeln!(out, "  axis {axis} = {d};");
            let _ = writeln!(out, "  axis {link} = {};", self.links.max(1));
            let _ = writeln!(out, "  param {location}[{axis}] = 0;");
            let _ = writeln!(out, "  param {scale}[{axis}]: positive = {START};");
            let _ = writeln!(out, "  param {weight}[{link}] = 0;");
            let _ = writeln!(
                out,
                "  ({}) ~ Normal({location}, {scale}).transformed({noncentered}linked = {weight});",
                list.join(", ")
            );
        }
        for s in sites.iter().filter(|s| s.unconstrained.is_none()) {
            emit_site(&mut out, names, s, centring);
        }
        out
    }
}
