//! Left sides, kinds, observed expressions and functions.

use pest::iterators::Pair;

use crate::ast::{Binder, Expr, ExprKind, FnArg, Ident, Kind, Stmt, StmtKind, Target, TargetAxis};

use super::{Builder, Rule, parts};

/// The meaningful parts of a statement, taken one after the other.
pub(super) struct Parts<'p>(pub(super) std::iter::Peekable<std::vec::IntoIter<Pair<'p, Rule>>>);

impl<'p> Parts<'p> {
    pub(super) fn of(pair: Pair<'p, Rule>) -> Self {
        Parts(parts(pair).collect::<Vec<_>>().into_iter().peekable())
    }

    pub(super) fn next(&mut self) -> Pair<'p, Rule> {
        self.0
            .next()
            .expect("invariant: the grammar gives this statement all of its parts")
    }

    pub(super) fn next_if(&mut self, rule: Rule) -> Option<Pair<'p, Rule>> {
        self.0.next_if(|p| p.as_rule() == rule)
    }
}

impl Builder<'_> {
    pub(super) fn target(&mut self, pair: Pair<'_, Rule>) -> Target {
        let span = self.span(&pair);
        let mut p = Parts::of(pair);
        let name = self.ident(&p.next());
        let mut axes = vec![];
        for axis in p.0 {
            let inner = parts(axis)
                .next()
                .expect("invariant: a place in a bracket holds a name or a binder");
            axes.push(if inner.as_rule() == Rule::binder {
                TargetAxis::Binder(self.binder(inner))
            } else {
                TargetAxis::Name(self.ident(&inner))
            });
        }
        Target { name, axes, span }
    }

    pub(super) fn kind(&mut self, pair: Pair<'_, Rule>) -> Kind {
        let span = self.span(&pair);
        let mut p = Parts::of(pair);
        let censored = p.next_if(Rule::kw_censored).is_some();
        let name = self.ident(&p.next());
        let args = match p.next_if(Rule::kind_args) {
            Some(args) => parts(args).map(|e| self.expr(e)).collect(),
            None => vec![],
        };
        Kind {
            name,
            args,
            optional: p.next_if(Rule::optional).is_some(),
            censored,
            span,
        }
    }

    /// `y`, `y[t]`, `y[i in row]`: a binder's variable stands as an index in the value.
    pub(super) fn observed(&mut self, pair: Pair<'_, Rule>) -> (Expr, Vec<Binder>) {
        if pair.as_rule() != Rule::bound_value {
            return (self.expr(pair), vec![]);
        }
        let span = self.span(&pair);
        let mut p = Parts::of(pair);
        let name = self.ident(&p.next());
        let mut binders = vec![];
        let mut indices = vec![];
        for index in p.0 {
            if index.as_rule() == Rule::binder {
                let binder = self.binder(index);
                let variable = &binder.variable;
                indices.push(Expr {
                    kind: ExprKind::Name(variable.name.clone()),
                    span: variable.span,
                });
                binders.push(binder);
            } else {
                indices.push(self.expr(index));
            }
        }
        let base = Expr {
            kind: ExprKind::Name(name.name),
            span: name.span,
        };
        (
            Expr {
                kind: ExprKind::Index(Box::new(base), indices),
                span,
            },
            binders,
        )
    }

    pub(super) fn function(&mut self, mut p: Parts<'_>) -> StmtKind {
        let mut head = Parts::of(p.next());
        let name = self.ident(&head.next());
        let args = head.0.map(|arg| self.fn_arg(arg)).collect();
        let mut lets = vec![];
        while let Some(pair) = p.next_if(Rule::let_stmt) {
            let span = self.span(&pair);
            let (target, kind, value) = self.target_kind_expr(Parts::of(pair));
            lets.push(Stmt {
                kind: StmtKind::Let {
                    target,
                    kind,
                    value,
                },
                span,
            });
        }
        StmtKind::Fn {
            name,
            args,
            lets,
            value: self.expr(p.next()),
        }
    }

    fn fn_arg(&self, pair: Pair<'_, Rule>) -> FnArg {
        let mut idents: Vec<Ident> = parts(pair).map(|i| self.ident(&i)).collect();
        let name = idents.remove(0);
        FnArg { name, axes: idents }
    }
}
