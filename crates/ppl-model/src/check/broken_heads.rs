//! The body of a loop whose head is wrong: what is wrong in it for itself is told in the same run.

use super::{Checker, Loop};

use crate::graph::AxisRef;
use ppl_syntax::ast;
use std::collections::HashMap;

/// Mistakes that do not come from the axis which a loop runs over.
const OWN: &[&str] = &[
    "E0101", "E0103", "E0105", "E0106", "E0107", "E0114", "E0117", "E0118",
];

impl Checker {
    /// The axis that a misspelt one may mean.
    pub(super) fn meant_axis(&self, name: &str) -> Option<String> {
        let names = self.model.axes.iter().map(|a| a.name.as_str());
        let near = (self.axis(name).is_none() && !self.poisoned.contains(name))
            .then(|| ppl_syntax::suggest(name, names))?;
        near.map(str::to_string)
    }

    /// Checks a body for which there is no loop. It leaves nothing behind, and what it defines is not asked for again.
    pub(super) fn body_of_broken_head(&mut self, binder: &ast::Binder, body: &[ast::Stmt]) {
        let free = |this: &Self, a: usize| this.loops.iter().all(|l| l.axis.axis != a);
        let stand_in = self.axis(&binder.axis.name).filter(|a| free(self, *a));
        let stand_in = stand_in.or_else(|| (0..self.model.axes.len()).find(|a| free(self, *a)));
        let symbols = self.model.symbols.len();
        let statements = (self.model.statements.len(), self.model.guide.len());
        let told = self.diagnostics.len();
        if let Some(axis) = stand_in {
            let axis = AxisRef { axis, copy: 2 };
            self.loops.push(Loop {
                variable: binder.variable.name.clone(),
                axis,
                span: binder.variable.span.to(binder.axis.span),
                by: None,
                skip: 0,
            });
            self.scopes.push(HashMap::new());
            // Whatever is read from before is taken to be there.
            self.guarded(Some((axis, usize::MAX)), |this| this.statements(body));
            self.scopes.pop();
            self.loops.pop();
        }
        let found = self.diagnostics.split_off(told);
        let own = |d: &ppl_syntax::diagnostic::Diagnostic| OWN.contains(&d.code);
        self.diagnostics.extend(found.into_iter().filter(own));
        for name in defined(body) {
            self.poison(&name);
        }
        for scope in &mut self.scopes {
            scope.retain(|_, id| *id < symbols);
        }
        self.model.symbols.truncate(symbols);
        self.functions.inline.retain(|id| *id < symbols);
        self.model.statements.truncate(statements.0);
        self.model.guide.truncate(statements.1);
    }
}

/// The names on the left sides of a body.
fn defined(body: &[ast::Stmt]) -> Vec<String> {
    use ast::StmtKind;
    let of = |s: &ast::Stmt| match &s.kind {
        StmtKind::Sample { target, .. }
        | StmtKind::Let { target, .. }
        | StmtKind::Param { target, .. }
        | StmtKind::Report { target, .. }
        | StmtKind::Predict { target, .. } => vec![target.name.name.clone()],
        StmtKind::For { body, .. } => defined(body),
        StmtKind::If {
            then, otherwise, ..
        } => [defined(then), defined(otherwise)].concat(),
        _ => vec![],
    };
    body.iter().flat_map(of).collect()
}
