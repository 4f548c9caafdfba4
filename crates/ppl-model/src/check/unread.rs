//! Unknowns that nothing reads.

use super::Checker;
use crate::graph::*;
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::HashSet;

impl Checker {
    /// Sites that no other statement names, in a model that has data: their posterior is their prior. One that is drawn
    /// given other unknowns is a prediction, and says something of its own.
    pub(super) fn unread(&mut self) {
        let has_data = |s: &Located| {
            matches!(
                s.statement,
                Statement::Observe { .. } | Statement::Factor(_)
            )
        };
        if !self.model.statements.iter().any(has_data) {
            return;
        }
        let named = |e: &TExpr| {
            let mut symbols = vec![];
            e.symbols(&mut symbols);
            symbols
        };
        let own = |id: SymbolId| -> HashSet<SymbolId> {
            let expressions = self.model.dist(id).map(TDist::expressions);
            let bounds = match &self.model.symbols[id].kind {
                Some(Kind::Real(low, high) | Kind::Int(low, high)) => [low, high],
                _ => [&None, &None],
            };
            let all = expressions.into_iter().flatten();
            let all = all.chain(bounds.into_iter().flatten());
            all.flat_map(named).filter(|s| *s != id).collect()
        };
        // Earlier elements of itself are no reader.
        let mut read: HashSet<SymbolId> = HashSet::new();
        let ids = 0..self.model.symbols.len();
        for (id, symbol) in ids.zip(&self.model.symbols) {
            match &symbol.role {
                Role::Let(e) | Role::Param(e) => read.extend(named(e)),
                Role::Site(_) | Role::Data { .. } => {}
            }
            read.extend(own(id));
        }
        self.model
            .each_statement_expression(&mut |e| read.extend(named(e)));
        let is_unknown = |id: &SymbolId| {
            let role = &self.model.symbols[*id].role;
            matches!(role, Role::Site(_) | Role::Let(_) | Role::Param(_))
        };
        let mut found = vec![];
        for located in &self.model.statements {
            let Statement::Sample(id) = located.statement else {
                continue;
            };
            let imputed = self.model.imputations.iter().any(|i| i.site == id);
            if imputed || read.contains(&id) || own(id).iter().any(is_unknown) {
                continue;
            }
            let symbol = &self.model.symbols[id];
            found.push(
                Diagnostic::warning(
                    "W0137",
                    symbol.span,
                    format!("nothing reads `{}`", symbol.name),
                )
                .at("its posterior is its prior")
                .help("use it in the statements below, or remove it"),
            );
        }
        self.diagnostics.extend(found);
    }
}
