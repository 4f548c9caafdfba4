//! The statement that draws all continuous unknowns together.

use crate::Centring;
use crate::mean_field::{START, emit_site};
use crate::names::Names;
use ppl_model::SiteShape;
use std::fmt::Write;

/// Continuous sites that are drawn together on the unconstrained scale.
struct Joint<'a> {
    sites: Vec<&'a SiteShape>,
    /// Unconstrained numbers.
    d: usize,
    noncentered: Option<String>,
}

impl<'a> Joint<'a> {
    fn of(sites: &'a [SiteShape], centring: Centring<'_>) -> Joint<'a> {
        let sites: Vec<&SiteShape> = sites.iter().filter(|s| s.unconstrained.is_some()).collect();
        let apart: Vec<&str> = sites
            .iter()
            .filter(|s| s.hierarchical && centring.is_apart(s.site))
            .map(|s| s.name.as_str())
            .collect();
        Joint {
            d: sites
                .iter()
                .map(|s| s.n_batch * s.unconstrained.unwrap_or(0))
                .sum(),
            noncentered: (!apart.is_empty())
                .then(|| format!("noncentered = [{}]", apart.join(", "))),
            sites,
        }
    }

    /// The statement, with the arguments of `.transformed(…)` beside the centring.
    fn statement(&self, dist: &str, how: &str) -> String {
        let list: Vec<&str> = self.sites.iter().map(|s| s.name.as_str()).collect();
        let how: Vec<&str> = self
            .noncentered
            .as_deref()
            .into_iter()
            .chain((!how.is_empty()).then_some(how))
            .collect();
        format!(
            "  ({}) ~ {dist}.transformed({});\n",
            list.join(", "),
            how.join(", ")
        )
    }
}

/// The text of a guide that draws all continuous sites in one statement, and each discrete site on its own. `write` puts the axes and
/// params of so many unconstrained numbers before it, and gives the distribution and the arguments of `.transformed(…)`.
pub(crate) fn emit_joint(
    names: &mut Names,
    sites: &[SiteShape],
    centring: Centring<'_>,
    write: impl FnOnce(&mut String, &mut Names, usize) -> [String; 2],
) -> String {
    let mut out = String::new();
    let joint = Joint::of(sites, centring);
    if joint.d > 0 {
        let [dist, how] = write(&mut out, names, joint.d);
        out += &joint.statement(&dist, &how);
    }
    for s in sites.iter().filter(|s| s.unconstrained.is_none()) {
        emit_site(&mut out, names, s, centring);
    }
    out
}

/// The same for one Gaussian of any covariance; `bend` declares what it is bent by, given the axis and its length, and gives the
/// arguments.
pub(crate) fn emit_gaussian(
    names: &mut Names,
    sites: &[SiteShape],
    centring: Centring<'_>,
    bend: impl FnOnce(&mut String, &mut Names, (&str, usize)) -> String,
) -> String {
    emit_joint(names, sites, centring, |out, names, d| {
        let [axis, location, scale] =
            ["free", "loc", "scale_tril"].map(|name| names.fresh(name.into()));
        let _ = writeln!(out, "  axis {axis} = {d};");
        let _ = writeln!(out, "  param {location}[{axis}] = 0;");
        let _ = writeln!(
            out,
            "  param {scale}[{axis}, {axis}]: cov_cholesky = {START};"
        );
        let how = bend(out, names, (&axis, d));
        [
            format!("MultiNormal({location}, scale_tril = {scale})"),
            how,
        ]
    })
}
