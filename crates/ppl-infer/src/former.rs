//! A former fit as a place to start from, for other data or a changed model: unknowns are matched by name.

mod unconstrained;

use crate::fit::{Draws, Fit};
use ndarray::Axis;
use ppl_model::Bound;
use ppl_model::graph::{Role, SymbolId, Ty};
use std::collections::{HashMap, HashSet};
pub(crate) use unconstrained::unconstrained;

/// What a later fit takes from a former one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Former {
    /// Draws of its sites and params, by the names of their elements; what else there is counts as gone.
    pub draws: Draws,
    /// Its guide's text, for which sites it drew in units of their priors; may be empty.
    pub guide_text: String,
}

impl From<&Fit> for Former {
    fn from(fit: &Fit) -> Former {
        let roles = fit.rows.iter().map(|r| (r.name.as_str(), r.role));
        Former::new(&fit.draws, &roles.collect(), fit.guide_text.clone())
    }
}

impl Former {
    /// From draws whose columns have these roles: `site` and `param` are kept.
    pub fn new(draws: &Draws, roles: &HashMap<&str, &str>, guide_text: String) -> Former {
        let mut kept = vec![];
        for (i, name) in draws.names.iter().enumerate() {
            if matches!(roles.get(name.as_str()), Some(&"site" | &"param")) {
                kept.push(i);
            }
        }
        Former {
            draws: Draws {
                names: kept.iter().map(|i| draws.names[*i].clone()).collect(),
                values: draws.values.select(Axis(1), &kept),
            },
            guide_text,
        }
    }

    /// Names of the sites that its guide drew in units of their priors.
    pub(crate) fn non_centred(&self) -> HashSet<&str> {
        let mut out = HashSet::new();
        for after in self.guide_text.split("noncentered = ").skip(1) {
            let list = match after.strip_prefix('[') {
                Some(list) => list.split(']').next(),
                None => after.split([',', ')']).next(),
            };
            let names = list.unwrap_or_default().split(',').map(str::trim);
            out.extend(names.filter(|n| !n.is_empty()));
        }
        out
    }

    /// How its unknowns and the model's match.
    pub(crate) fn matched(&self, bound: &Bound) -> Matched {
        let mut left: HashSet<&str> = self.draws.names.iter().map(String::as_str).collect();
        let mut out = Matched::default();
        for (id, symbol) in unknowns(bound) {
            let names = bound.element_names(bound.model.reported_name(id), &symbol.axes);
            let new: Vec<String> = names
                .iter()
                .filter(|n| !left.remove(n.as_str()))
                .cloned()
                .collect();
            out.found += names.len() - new.len();
            match new.len() == names.len() {
                true => out.new.push(symbol.name.clone()),
                false => out.new.extend(new),
            }
        }
        let gone = self
            .draws
            .names
            .iter()
            .filter(|n| left.contains(n.as_str()));
        out.gone = gone.cloned().collect();
        out
    }
}

/// Which unknowns a former fit knows.
#[derive(Debug, Default)]
pub(crate) struct Matched {
    /// Elements that it has draws of.
    pub(crate) found: usize,
    /// Sites, or elements of sites, that it has not.
    pub(crate) new: Vec<String>,
    /// Elements of its own that the model has not.
    pub(crate) gone: Vec<String>,
}

/// Names in a note, at most.
const NAMED: usize = 5;

impl Matched {
    /// What a reader is told; `used`: whether an engine started there.
    pub(crate) fn note(&self, used: bool) -> String {
        if !used {
            return "the former fit was no start: only the stochastic engine fits this guide, from its usual one".into();
        }
        let list = |names: &[String]| {
            let shown: Vec<String> = names.iter().take(NAMED).map(|n| format!("`{n}`")).collect();
            match names.len() - shown.len() {
                0 => shown.join(", "),
                more => format!("{} and {more} more", shown.join(", ")),
            }
        };
        let mut out = format!(
            "the former fit was one of the starts: {} unknowns",
            self.found
        );
        if !self.new.is_empty() {
            out += &format!("; it does not know {}", list(&self.new));
        }
        if !self.gone.is_empty() {
            out += &format!("; no longer in the model: {}", list(&self.gone));
        }
        out
    }
}

/// Sites that are drawn, and the model's own params.
fn unknowns(bound: &Bound) -> impl Iterator<Item = (SymbolId, &ppl_model::graph::Symbol)> {
    let symbols = bound.model.symbols.iter().enumerate();
    symbols.filter(|(id, s)| match s.role {
        Role::Site(_) => !bound.model.is_summed_out(*id) && !matches!(s.ty, Ty::Index(_)),
        Role::Param(_) => bound.model.is_own_param(*id),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_in_units_of_their_priors_are_read_from_the_text() {
        let of = |text: &str| Former {
            guide_text: text.into(),
            ..Former::default()
        };
        let two = of("(a, b) ~ MultiNormal(m, scale_tril = s).transformed(noncentered = [a, b]);");
        assert_eq!(two.non_centred(), ["a", "b"].into());
        let one = of(
            "a[g] ~ Normal(m, s).transformed(noncentered = a, markov = w, over = t);\nb ~ Normal(m, s);",
        );
        assert_eq!(one.non_centred(), ["a"].into());
        assert!(of("a ~ Normal(m, s);").non_centred().is_empty());
    }
}
