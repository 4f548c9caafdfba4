//! Guides that leave nothing to be fitted.

use super::Checker;
use crate::graph::*;
use ppl_dist::Support;
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    /// A complete guide without a `param`, of a model without any, leaves nothing to be fitted.
    pub(super) fn learns_something(&mut self, draws: &[SymbolId], span: Span) {
        let params = self.model.symbols.iter();
        let Some(&first) = draws.first().filter(|_| !self.broken) else {
            return;
        };
        if params.into_iter().any(|s| matches!(s.role, Role::Param(_))) {
            return;
        }
        let site = &self.model.symbols[first];
        let (name, bracket) = (&site.name, self.bracket(&site.axes));
        let help = match site.is_discrete_site() {
            true => "what a guide learns are its params, as weights of a label: `param v[k] = 0; z ~ Categorical(softmax(v));`; `ppl guide` prints a complete one, if you leave this one away".to_owned(),
            false => {
                let real = self.model.dist(first).is_some_and(|d| {
                    d.distribution.definition().support == Support::Real && site.kind.is_none()
                });
                let transformed = if real { "" } else { ".transformed()" };
                let [m, s] = [("m", "centre"), ("s", "spread")].map(|(short, long)| {
                    match self.model.names.contains_key(short) {
                        true => long,
                        false => short,
                    }
                });
                format!(
                    "what a guide learns are its params: `param {m}{bracket} = 0; param {s}{bracket}: positive = 1; {name}{bracket} ~ Normal({m}, {s}){transformed};`; `ppl guide` prints a complete one, if you leave this one away"
                )
            }
        };
        let span = Span {
            start: span.start,
            end: (span.start + "guide".len()).min(span.end),
        };
        self.report(
            Diagnostic::error(
                "E0117",
                span,
                "the guide has no `param`, and the model has none: there is nothing to fit",
            )
            .at("always draws the same")
            .help(help),
        );
    }
}
