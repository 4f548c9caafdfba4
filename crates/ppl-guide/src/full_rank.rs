//! Full rank: one Gaussian over all unknowns on the unconstrained scale, by its Cholesky factor.

use crate::mean_field::{START, emit_site};
use crate::names::Names;
use crate::{Centring, Family};
use ppl_model::SiteShape;
use std::fmt::Write;

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
        let mut out = String::new();
        let joint: Vec<&SiteShape> = sites.iter().filter(|s| s.unconstrained.is_some()).collect();
        let d: usize = joint
            .iter()
            .map(|s| s.n_batch * s.unconstrained.unwrap_or(0))
            .sum();
        if d > 0 {
            let (axis, location, scale) = (
                names.fresh("free".into()),
                names.fresh("loc".into()),
                names.fresh("scale_tril".into()),
            );
            let apart: Vec<&str> = joint
                .iter()
                .filter(|s| s.hierarchical && centring.is_apart(s.site))
                .map(|s| s.name.as_str())
                .collect();
            let noncentered = match apart.is_empty() {
                false => format!("noncentered = [{}]", apart.join(", ")),
                true => String::new(),
            };
            let list: Vec<&str> = joint.iter().map(|s| s.name.as_str()).collect();
            let _ = writeln!(out, "  axis {axis} = {d};");
            let _ = writeln!(out, "  param {location}[{axis}] = 0;");
            let _ = writeln!(
                out,
                "  param {scale}[{axis}, {axis}]: cov_cholesky = {START};"
            );
            let _ = writeln!(
                out,
                "  ({}) ~ MultiNormal({location}, scale_tril = {scale}).transformed({noncentered});",
                list.join(", ")
            );
        }
        for s in sites.iter().filter(|s| s.unconstrained.is_none()) {
            emit_site(&mut out, names, s, centring);
        }
        out
    }
}
