//! Independent Gaussians in one statement: the start of families that draw all unknowns together.

use crate::joint::emit_joint;
use crate::mean_field::START;
use crate::names::Names;
use crate::{Centring, Family};
use ppl_model::SiteShape;
use std::fmt::Write;

/// Mean field along one axis.
pub struct Independent;

impl Family for Independent {
    fn name(&self) -> &'static str {
        "mean-field"
    }

    fn keyword(&self) -> &'static str {
        "mean_field"
    }

    fn emit(&self, names: &mut Names, sites: &[SiteShape], centring: Centring<'_>) -> String {
        emit_joint(names, sites, centring, |out, names, d| {
            let [free, location, scale] =
                ["free", "loc", "scale"].map(|name| names.fresh(name.into()));
            let _ = writeln!(out, "  axis {free} = {d};");
            let _ = writeln!(out, "  param {location}[{free}] = 0;");
            let _ = writeln!(out, "  param {scale}[{free}]: positive = {START};");
            [format!("Normal({location}, {scale})"), String::new()]
        })
    }
}
