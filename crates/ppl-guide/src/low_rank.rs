//! Low rank: one Gaussian over all unknowns whose covariance is a diagonal plus the products of a few factors.

use crate::joint::emit_joint;
use crate::mean_field::START;
use crate::names::Names;
use crate::{Centring, Family};
use ppl_model::SiteShape;
use std::fmt::Write;

/// A diagonal plus low rank.
pub(crate) struct LowRank;

/// Factors: fewer where there are fewer unknowns.
const RANK: usize = 10;

impl Family for LowRank {
    fn name(&self) -> &'static str {
        "low-rank"
    }

    fn keyword(&self) -> &'static str {
        "low_rank"
    }

    fn base(&self) -> Option<&'static str> {
        Some("mean-field")
    }

    fn emit(&self, names: &mut Names, sites: &[SiteShape], centring: Centring<'_>) -> String {
        emit_joint(names, sites, centring, |out, names, d| {
            let [free, rank] = ["free", "rank"].map(|name| names.fresh(name.into()));
            let [location, scale, factors] =
                ["loc", "scale", "factors"].map(|name| names.fresh(name.into()));
            let _ = writeln!(out, "  axis {free} = {d};");
            let _ = writeln!(out, "  axis {rank} = {};", RANK.min(d));
            let _ = writeln!(out, "  param {location}[{free}] = 0;");
            let _ = writeln!(out, "  param {scale}[{free}]: positive = {START};");
            // Not zero, where the gradient of every factor would be that of every other.
            let _ = writeln!(out, "  param {factors}[{free}, {rank}] = glorot();");
            let dist = format!("Normal({location}, {scale})");
            [dist, format!("factors = {factors}")]
        })
    }
}
