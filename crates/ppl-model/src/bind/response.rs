//! The response among its own predictors: a pattern such as `columns("*")` that also matches the observed column.

use super::Binder;
use crate::graph::*;
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::HashSet;

impl Binder<'_> {
    /// Warns where an observed column is also one of the columns that its own distribution reads.
    pub(super) fn response_among_predictors(&self) -> Vec<Diagnostic> {
        let mut out = vec![];
        let column = |id: SymbolId| match &self.model.symbols[id].role {
            Role::Data { from, .. } => Some(from.as_ref().unwrap_or(&self.model.symbols[id].name)),
            _ => None,
        };
        for located in &self.model.statements {
            let Statement::Observe { value, dist } = &located.statement else {
                continue;
            };
            let Some(response) = value.whole_symbol().and_then(column) else {
                continue;
            };
            for read in self.read_by(dist) {
                let symbol = &self.model.symbols[read];
                let [_, across] = symbol.axes.as_slice() else {
                    continue;
                };
                if !self.columns_of(across.axis).contains(response) {
                    continue;
                }
                let axis = &self.model.axes[across.axis];
                let message = format!(
                    "`{response}` is among the columns of `{}`, which explains it",
                    axis.name
                );
                let help = "the coefficient of a value on itself is 1 and all others are 0: name the columns, or a pattern that leaves it out, as in `columns(\"x_*\")`";
                out.push(
                    Diagnostic::warning("W0221", axis.span, message)
                        .at("its pattern matches the response too")
                        .label(located.span, "observed here")
                        .help(help),
                );
            }
        }
        out
    }

    /// Data that a distribution reads, through deterministic values.
    fn read_by(&self, dist: &TDist) -> Vec<SymbolId> {
        let mut stack = vec![];
        dist.expressions()
            .into_iter()
            .for_each(|e| e.symbols(&mut stack));
        let mut seen = HashSet::new();
        let mut out = vec![];
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            match &self.model.symbols[id].role {
                Role::Let(e) => e.symbols(&mut stack),
                Role::Data { .. } => out.push(id),
                _ => {}
            }
        }
        out
    }

    /// The columns that an axis of columns takes.
    fn columns_of(&self, axis: usize) -> HashSet<String> {
        let (Levels::Columns(patterns), Some(table)) =
            (&self.model.axes[axis].levels, &self.data.main)
        else {
            return HashSet::new();
        };
        let names = patterns.iter().flat_map(|p| match p.contains('*') {
            true => table
                .matching(p)
                .into_iter()
                .map(|(name, _)| name)
                .collect(),
            false => vec![p.clone()],
        });
        names.collect()
    }
}
