//! Walks through the tree.

use crate::ast::{Expr, ExprKind, Stmt, StmtKind};

impl Expr {
    /// The expressions directly inside, in the order in which they are written.
    pub fn parts(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Number(_)
            | ExprKind::Bool(_)
            | ExprKind::Str(_)
            | ExprKind::Name(_)
            | ExprKind::Error => vec![],
            ExprKind::Unary(_, a) => vec![a],
            ExprKind::Binary(_, a, b) => vec![a, b],
            ExprKind::Index(a, by) => std::iter::once(&**a).chain(by).collect(),
            ExprKind::Call(_, args) | ExprKind::Vector(args) => {
                args.iter().map(|a| &a.value).collect()
            }
            ExprKind::Method(a, _, args) => std::iter::once(&**a)
                .chain(args.iter().map(|a| &a.value))
                .collect(),
            ExprKind::Comprehension { filter, value, .. } => {
                filter.iter().map(|f| &**f).chain([&**value]).collect()
            }
            ExprKind::If(a, b, c) => vec![a, b, c],
        }
    }

    /// Calls `f` with the expression and everything inside it.
    pub fn visit<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        f(self);
        for part in self.parts() {
            part.visit(f);
        }
    }
}

impl Stmt {
    /// The expressions of the statement itself; not those of statements inside it.
    pub fn expressions(&self) -> Vec<&Expr> {
        match &self.kind {
            StmtKind::Let { value, .. }
            | StmtKind::Factor { value }
            | StmtKind::Report { value, .. } => vec![value],
            StmtKind::Param { init, .. } => vec![init],
            StmtKind::Sample { dist, .. }
            | StmtKind::SampleJoint { dist, .. }
            | StmtKind::Predict { dist, .. } => vec![dist],
            StmtKind::Observe { value, dist, .. } => vec![value, dist],
            StmtKind::If { condition, .. } => vec![condition],
            StmtKind::Fn { value, .. } | StmtKind::Net { value, .. } => vec![value],
            StmtKind::For { skip, .. } => skip.iter().collect(),
            _ => vec![],
        }
    }

    /// The statements directly inside.
    pub fn statements(&self) -> Vec<&Stmt> {
        match &self.kind {
            StmtKind::For { body, .. } => body.iter().collect(),
            StmtKind::If {
                then, otherwise, ..
            } => then.iter().chain(otherwise).collect(),
            StmtKind::Fn { lets, .. } => lets.iter().collect(),
            _ => vec![],
        }
    }

    /// Calls `f` with every expression of the statement and of those inside it.
    pub fn visit_expressions<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        for e in self.expressions() {
            e.visit(f);
        }
        for s in self.statements() {
            s.visit_expressions(f);
        }
    }
}
