//! Full rank: one Gaussian over all unknowns on the unconstrained scale, by its Cholesky factor.

use crate::joint::{Joint, emit_discrete};
use crate::mean_field::START;
use crate::names::Names;
use crate::{Centring, Family};
use ppl_model::SiteShape;
use std::fmt::Write;

/// One Gaussian over all unknowns after transforms.
pub(crate) struct FullRank;

/// Names of the axis, the location and the Cholesky factor of a Gaussian over all unknowns.
pub(crate) fn emit_gaussian(out: &mut String, names: &mut Names, d: usize) -> [String; 3] {
    let [axis, location, scale] =
        ["free", "loc", "scale_tril"].map(|name| names.fresh(name.into()));
    let _ = writeln!(out, "  axis {axis} = {d};");
    let _ = writeln!(out, "  param {location}[{axis}] = 0;");
    let _ = writeln!(
        out,
        "  param {scale}[{axis}, {axis}]: cov_cholesky = {START};"
    );
    [axis, location, scale]
}

impl Family for FullRank {
    fn name(&self) -> &'static str {
        "full-rank"
    }

    fn keyword(&self) -> &'static str {
        "full_rank"
    }

    fn emit(&self, names: &mut Names, sites: &[SiteShape], centring: Centring<'_>) -> String {
        let mut out = String::new();
        let joint = Joint::of(sites, centring);
        if joint.d > 0 {
            let [_, location, scale] = emit_gaussian(&mut out, names, joint.d);
            let dist = format!("MultiNormal({location}, scale_tril = {scale})");
            out += &joint.statement(&dist, "");
        }
        emit_discrete(&mut out, names, sites, centring);
        out
    }
}
