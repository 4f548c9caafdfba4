//! The statement that draws all continuous unknowns together.

use crate::Centring;
use crate::mean_field::emit_site;
use crate::names::Names;
use ppl_model::SiteShape;

/// Continuous sites that are drawn together on the unconstrained scale.
pub(crate) struct Joint<'a> {
    sites: Vec<&'a SiteShape>,
    /// Unconstrained numbers.
    pub(crate) d: usize,
    noncentered: Option<String>,
}

impl<'a> Joint<'a> {
    pub(crate) fn of(sites: &'a [SiteShape], centring: Centring<'_>) -> Joint<'a> {
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
    pub(crate) fn statement(&self, dist: &str, how: &str) -> String {
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

/// The discrete sites, each on its own.
pub(crate) fn emit_discrete(
    out: &mut String,
    names: &mut Names,
    sites: &[SiteShape],
    centring: Centring<'_>,
) {
    for s in sites.iter().filter(|s| s.unconstrained.is_none()) {
        emit_site(out, names, s, centring);
    }
}
