//! What observations reach: data that is observed twice, improper priors that nothing reaches.

use super::{Checker, conditions};
use crate::affine::same;
use crate::graph::*;
use ppl_syntax::diagnostic::{Diagnostic, Span};
use std::collections::HashMap;

/// An observation of the same data: where, under which condition, and of what.
type Seen<'a> = (Span, &'a Option<When>, &'a TDist);

impl Checker {
    /// Data that is observed twice, or that explains itself, is counted twice: likely a mistake.
    pub(super) fn observed_twice(&mut self) {
        let mut first: HashMap<SymbolId, Vec<Seen>> = HashMap::new();
        let mut found = vec![];
        for located in &self.model.statements {
            let Statement::Observe { value, dist } = &located.statement else {
                continue;
            };
            let Some(id) = value.whole_symbol() else {
                continue;
            };
            let name = &self.model.symbols[id].name;
            let before = first.entry(id).or_default();
            let again = |(_, when, other): &&Seen| {
                !conditions::exclude(when, &located.when) && !compete(other, dist)
            };
            if let Some((span, ..)) = before.iter().find(again) {
                found.push(
                    Diagnostic::warning(
                        "W0121",
                        value.span,
                        format!("`{name}` is observed twice, so its likelihood is counted twice"),
                    )
                    .label(*span, "observed here first")
                    .help("delete one of the two, unless each is meant as evidence of its own"),
                );
            }
            before.push((value.span, &located.when, dist));
            let mut stack = vec![];
            // What a value says about its own censoring changes no density: `right = n == 20`.
            for d in dist.branches() {
                let bounds = [&d.modifiers.lower, &d.modifiers.upper]
                    .into_iter()
                    .flatten();
                let condition = d.otherwise.iter().map(|other| &other.0);
                // Nor does the sum of counts, given which they are drawn.
                let total = match d.distribution.definition().support {
                    ppl_dist::Support::Counts(i) => Some(i),
                    _ => None,
                };
                let args = d.args.iter().enumerate();
                let args = args.filter(|(i, _)| Some(*i) != total).map(|(_, e)| e);
                let all = args.chain(bounds.map(|e| &**e)).chain(condition);
                all.for_each(|e| e.symbols_read_now(&mut stack));
            }
            let mut seen = vec![false; self.model.symbols.len()];
            while let Some(s) = stack.pop() {
                if !std::mem::replace(&mut seen[s], true)
                    && let Role::Let(e) = &self.model.symbols[s].role
                {
                    e.symbols_read_now(&mut stack);
                }
            }
            if seen[id] {
                found.push(
                    Diagnostic::warning(
                        "W0122",
                        dist.span,
                        format!("`{name}` stands on both sides of its own observation"),
                    )
                    .at(format!("depends on `{name}`"))
                    .help(self.out_of_the_right_side(name)),
                );
            }
        }
        self.diagnostics.extend(found);
    }

    /// What helps with an observed value on the right: the levels of an axis of that name may be meant.
    fn out_of_the_right_side(&self, name: &str) -> String {
        let advice =
            "the density of a value given itself is no likelihood; take it out of the right side";
        match self.axis(name) {
            Some(_) => format!(
                "{advice}; where the levels of the axis `{name}` are meant, bind them on the left: `let eta[i in row, k in {name}] = if k == … {{ … }} else {{ … }};`"
            ),
            None => advice.to_owned(),
        }
    }

    /// A Flat latent that no observe or factor reaches has no proper posterior.
    pub(super) fn unreached_flat(&mut self) {
        let mut reached = vec![false; self.model.symbols.len()];
        let mut stack = vec![];
        for s in &self.model.statements {
            match &s.statement {
                Statement::Observe { value, dist } => {
                    value.symbols(&mut stack);
                    dist.expressions()
                        .into_iter()
                        .for_each(|a| a.symbols(&mut stack));
                }
                Statement::Factor(e) => e.symbols(&mut stack),
                _ => {}
            }
        }
        // A latent reached only as the parent of a reached latent is reached; a child reaches its parents.
        while let Some(s) = stack.pop() {
            if std::mem::replace(&mut reached[s], true) {
                continue;
            }
            match &self.model.symbols[s].role {
                Role::Let(e) => e.symbols(&mut stack),
                Role::Site(d) => d
                    .expressions()
                    .into_iter()
                    .for_each(|a| a.symbols(&mut stack)),
                _ => {}
            }
        }
        let lost: Vec<(Span, String)> = self
            .model
            .sites()
            .filter(|(id, s)| {
                !reached[*id]
                    && matches!(&s.role, Role::Site(d) if d.distribution.definition().improper)
            })
            .map(|(_, s)| (s.span, s.name.clone()))
            .collect();
        for (span, name) in lost {
            self.report(
                Diagnostic::error(
                    "E0119",
                    span,
                    format!("`{name}` is Flat and no observe or factor depends on it"),
                )
                .at("its posterior is improper")
                .help("give it a proper prior, or use it in the model"),
            );
        }
    }
}

/// Whether two distributions are of causes that compete: each is censored where the other one, or a third, came first.
fn compete(a: &TDist, b: &TDist) -> bool {
    match (&a.modifiers.right, &b.modifiers.right) {
        (Some(a), Some(b)) => !same(a, b),
        _ => false,
    }
}
