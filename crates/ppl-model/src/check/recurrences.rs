//! Recurrences: a `let` of a loop whose earlier elements are read before, or within, its own definition, as in
//! `let v[t] = if first(t) { 1 } else { a + b * v[t-1] };`.

use super::Checker;
use super::statements::not_available;
use crate::graph::*;
use ppl_syntax::ast::{self, ExprKind, StmtKind, TargetAxis};
use ppl_syntax::diagnostic::{Diagnostic, Span};
use std::collections::HashSet;

impl Checker {
    /// Makes the loop's lets known of which some statement of the loop reads earlier elements. Until they are defined,
    /// nothing else of them can be read.
    pub(super) fn expect_recurrences(&mut self, body: &[ast::Stmt]) {
        let read = self.read_earlier(body);
        for s in body {
            let StmtKind::Let { target, .. } = &s.kind else {
                continue;
            };
            let name = &target.name.name;
            if !read.contains(name.as_str())
                || self.lookup(name).is_some()
                || target
                    .axes
                    .iter()
                    .any(|a| matches!(a, TargetAxis::Binder(_)))
            {
                continue;
            }
            // What is wrong with the left side is told when its statement is checked.
            let before = self.diagnostics.len();
            let axes = self.target_axes(target);
            self.diagnostics.truncate(before);
            let Some(axes) = axes.filter(|axes| axes.iter().any(|a| a.is_loop())) else {
                continue;
            };
            let symbol = Symbol {
                name: name.clone(),
                axes: axes.iter().map(|a| a.declared()).collect(),
                ty: Ty::Real,
                kind: None,
                role: Role::Let(Box::new(super::expressions::number(f64::NAN, target.span))),
                stochastic: true,
                span: target.span,
            };
            let id = self.define(&target.name, symbol);
            self.diagnostics.truncate(before);
            self.expected.extend(id);
        }
    }

    /// Names of which an element before the current one is read.
    fn read_earlier<'a>(&self, body: &'a [ast::Stmt]) -> HashSet<&'a str> {
        let mut names = HashSet::new();
        for s in body {
            s.visit_expressions(&mut |e| {
                if let ExprKind::Index(src, by) = &e.kind
                    && let ExprKind::Name(name) = &src.kind
                    && by.iter().any(is_difference)
                {
                    names.insert(name.as_str());
                }
            });
        }
        names
    }

    /// The recurrent value that a let defines, if it was expected; from here on it is being defined.
    pub(super) fn begin_recurrence(&mut self, name: &str) -> Option<SymbolId> {
        let id = self.lookup(name).filter(|id| self.expected.contains(id))?;
        // What it reads of itself does not make it depend on latents.
        self.model.symbols[id].stochastic = false;
        Some(id)
    }

    /// Puts the definition in the place that was kept for it.
    pub(super) fn end_recurrence(&mut self, id: SymbolId, symbol: Symbol) -> Option<SymbolId> {
        self.expected.remove(&id);
        if let Some(l) = self.loops.iter().find(|l| l.skip > 0) {
            let at = l.span;
            return self.fail(
                not_available(symbol.span, "a recurrence in a loop that skips elements")
                    .label(at, "the loop")
                    .help(
                        "write `if first(t) { … } else { … }`, so that every element has a value",
                    ),
            );
        }
        self.model.symbols[id] = symbol;
        Some(id)
    }

    /// Forgets a recurrent value whose definition failed.
    pub(super) fn abandon_recurrence(&mut self, name: &str) {
        if let Some(id) = self.lookup(name)
            && self.expected.remove(&id)
            && let Some(scope) = self.scopes.last_mut()
        {
            scope.remove(name);
        }
    }

    /// A recurrent value whose current element is read before it is defined.
    pub(super) fn not_yet(&mut self, id: SymbolId, span: Span) -> Option<()> {
        if self.reading_earlier || !self.expected.contains(&id) {
            return Some(());
        }
        let s = &self.model.symbols[id];
        let (name, at, inside) = (s.name.clone(), s.span, !s.stochastic);
        self.fail(if inside {
            Diagnostic::error("E0123", span, format!("`{name}` is defined by itself: only earlier elements of it may be read here"))
                .at("not known yet")
                .help(format!("did you mean `{name}[t - 1]`?"))
        } else {
            Diagnostic::error("E0101", span, format!("`{name}` is used before it is defined"))
                .at("not defined yet")
                .label(at, "defined here")
                .help(format!("move its definition above this statement, or read an earlier element: `{name}[t - 1]`"))
        })
    }
}

/// `t - 1`, `t - k`
fn is_difference(e: &ast::Expr) -> bool {
    matches!(&e.kind, ExprKind::Binary(ast::BinaryOp::Sub, l, _) if matches!(l.kind, ExprKind::Name(_)))
}
