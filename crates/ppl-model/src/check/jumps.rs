//! A density that jumps where a continuous unknown passes a value: `if t < s { early } else { late }`. No gradient sees where the step is.

use super::Checker;
use crate::graph::*;
use ppl_dist::Prim;
use ppl_syntax::diagnostic::{Diagnostic, Span};
use std::collections::HashSet;

impl Checker {
    /// Warns of choices by a continuous unknown that neither of the two values reads: they cannot meet where the choice switches.
    pub(super) fn jumps(&mut self) {
        let mut found: Vec<(Span, SymbolId)> = vec![];
        let mut open: Vec<SymbolId> = vec![];
        let mut look = |e: &TExpr, open: &mut Vec<SymbolId>| {
            e.symbols(open);
            // What a choice is multiplied with may be nothing where it switches: `(if x < c { a } else { b }) * (x - c)`.
            let mut met: Vec<Span> = vec![];
            e.visit(&mut |e| {
                if let TKind::Prim(Prim::Mul, parts) = &e.kind
                    && let [a, b] = parts.as_slice()
                {
                    let read = |choice: &TExpr, factor: &TExpr| {
                        let jumps = |factors: &[&TExpr]| self.choice(choice, factors).is_some();
                        (jumps(&[]) && !jumps(&[factor])).then_some(choice.span)
                    };
                    met.extend(read(a, b));
                    met.extend(read(b, a));
                }
                if let Some((at, site)) = self.choice(e, &[]).filter(|_| !met.contains(&e.span)) {
                    found.push((at, site));
                }
            });
        };
        for located in &self.model.statements {
            if let Statement::Factor(e) = &located.statement {
                look(e, &mut open);
            }
            let dist = self.model.dist_of(&located.statement);
            for e in dist.map(TDist::expressions).unwrap_or_default() {
                look(e, &mut open);
            }
        }
        let mut seen = HashSet::new();
        while let Some(id) = open.pop() {
            if let (true, Role::Let(e)) = (seen.insert(id), &self.model.symbols[id].role) {
                look(e, &mut open);
            }
        }
        found.sort_unstable_by_key(|(at, _)| at.start);
        found.dedup_by_key(|(at, _)| *at);
        for (at, site) in found {
            let symbol = &self.model.symbols[site];
            let message = format!(
                "the density jumps where `{}` passes this condition, and no gradient sees where",
                symbol.name
            );
            self.diagnostics.push(
                Diagnostic::warning("W0138", at, message)
                    .at("chooses by a continuous unknown")
                    .label(symbol.span, "drawn here")
                    .help("let a label choose, which is summed out (`s ~ Categorical(w)` along the times), or go over smoothly: `inv_logit((t - s) / width)`"),
            );
        }
    }

    /// Where a choice is made by a continuous unknown that neither its values read nor what they are multiplied with.
    fn choice(&self, e: &TExpr, factors: &[&TExpr]) -> Option<(Span, SymbolId)> {
        let TKind::Prim(Prim::Select, parts) = &e.kind else {
            return None;
        };
        let [condition, values @ ..] = parts.as_slice() else {
            return None;
        };
        let values: Vec<&TExpr> = values.iter().chain(factors.iter().copied()).collect();
        let site = self.switches(condition, &values)?;
        Some((condition.span, site))
    }

    /// A continuous unknown that the condition reads and the values do not.
    fn switches(&self, condition: &TExpr, values: &[&TExpr]) -> Option<SymbolId> {
        if !condition.stochastic {
            return None;
        }
        let read = self.unknowns_of(&[condition]);
        let mut continuous =
            { read.into_iter() }.filter(|s| !self.model.symbols[*s].is_discrete_site());
        let first = continuous.next()?;
        let mut all = continuous.chain([first]);
        let elsewhere = self.unknowns_of(values);
        all.all(|s| !elsewhere.contains(&s)).then_some(first)
    }

    /// The sites that expressions read, through deterministic values.
    fn unknowns_of(&self, of: &[&TExpr]) -> HashSet<SymbolId> {
        let mut open = vec![];
        of.iter().for_each(|e| e.symbols(&mut open));
        let (mut seen, mut out) = (HashSet::new(), HashSet::new());
        while let Some(id) = open.pop() {
            match &self.model.symbols[id].role {
                Role::Let(e) if seen.insert(id) => e.symbols(&mut open),
                Role::Site(_) => {
                    out.insert(id);
                }
                _ => {}
            }
        }
        out
    }
}
