//! Mean field: every unknown its own Gaussian on the unconstrained scale. Reverse KL makes it too narrow where unknowns
//! are correlated under the posterior.

use crate::names::{Names, bracket};
use crate::{Centring, Family};
use ppl_model::{DiscreteValues, SiteShape};
use std::fmt::Write;

/// Independent Gaussians after transforms.
pub(crate) struct MeanField;

/// Standard deviation at the start, on the unconstrained scale.
pub(crate) const START: &str = "0.37";

impl Family for MeanField {
    fn name(&self) -> &'static str {
        "mean-field"
    }

    fn keyword(&self) -> &'static str {
        "mean_field"
    }

    fn is_independent(&self) -> bool {
        true
    }

    fn emit(&self, names: &mut Names, sites: &[SiteShape], centring: Centring<'_>) -> String {
        let mut out = String::new();
        for s in sites {
            emit_site(&mut out, names, s, centring);
        }
        out
    }
}

/// One site on its own.
pub(crate) fn emit_site(
    out: &mut String,
    names: &mut Names,
    s: &SiteShape,
    centring: Centring<'_>,
) {
    emit_chain(out, names, s, centring, None);
}

/// The same, each number hanging on the one before along an axis.
pub(crate) fn emit_chain(
    out: &mut String,
    names: &mut Names,
    s: &SiteShape,
    centring: Centring<'_>,
    chain: Option<&str>,
) {
    let target = format!("{}{}", s.name, bracket(&s.axes));
    let Some(free) = s.unconstrained else {
        if let Some(values) = &s.values {
            return emit_labels(out, names, s, values);
        }
        let logit = names.fresh(format!("{}_logit", s.name));
        let _ = writeln!(out, "  param {logit}{} = 0;", bracket(&s.axes));
        let _ = writeln!(out, "  {target} ~ BernoulliLogit({logit});");
        return;
    };
    let mut axes = s.batch.clone();
    if s.axes.len() > s.batch.len() {
        if free == s.n_event && s.axes.len() == s.batch.len() + 1 {
            axes = s.axes.clone();
        } else {
            let axis = names.fresh(format!("{}_free", s.name));
            let _ = writeln!(out, "  axis {axis} = {free};");
            axes.push(axis);
        }
    }
    let (location, scale) = (
        names.fresh(format!("{}_loc", s.name)),
        names.fresh(format!("{}_scale", s.name)),
    );
    let axes = bracket(&axes);
    let _ = writeln!(out, "  param {location}{axes} = 0;");
    let _ = writeln!(out, "  param {scale}{axes}: positive = {START};");
    let mut how = vec![];
    if s.hierarchical && centring.is_apart(s.site) {
        how.push(format!("noncentered = {}", s.name));
    }
    if let Some(axis) = chain {
        let link = names.fresh(format!("{}_link", s.name));
        let _ = writeln!(out, "  param {link}{axes} = 0;");
        how.push(format!("markov = {link}, over = {axis}"));
    }
    let end = match s.is_real && how.is_empty() {
        true => String::new(),
        false => format!(".transformed({})", how.join(", ")),
    };
    let _ = writeln!(out, "  {target} ~ Normal({location}, {scale}){end};");
}

/// A weight for each value of each element.
fn emit_labels(out: &mut String, names: &mut Names, s: &SiteShape, values: &DiscreteValues) {
    let axis = match values {
        DiscreteValues::Labels(axis) => axis.clone(),
        DiscreteValues::Numbers(first, last) => {
            let axis = names.fresh(format!("{}_value", s.name));
            let _ = writeln!(out, "  axis {axis} = {first}..{last};");
            axis
        }
    };
    let weight = names.fresh(format!("{}_weight", s.name));
    let mut axes = s.axes.clone();
    axes.push(axis.clone());
    let _ = writeln!(out, "  param {weight}{} = 0;", bracket(&axes));
    let _ = writeln!(
        out,
        "  {}{} ~ Categorical(softmax({weight}, over = {axis}));",
        s.name,
        bracket(&s.axes)
    );
}
