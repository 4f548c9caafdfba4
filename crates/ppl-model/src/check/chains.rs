//! Loops that read earlier elements: `h[t-1]`, `first(t)`, `skip n`, `by subject`.
//!
//! An element before the first is never read: every `[t - k]` stands where `first(t, n)` has been ruled out with n >= k, or
//! in a loop that skips at least k elements.

use super::expressions::Frame;
use super::statements::not_available;
use super::{Checker, Loop};
use crate::graph::*;
use ppl_syntax::ast::{self, Arg, BinaryOp, ExprKind, StmtKind, TargetAxis};
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    /// Whether elements of the axis have an order: rows, listed, sized, range and column axes.
    pub(super) fn is_ordered(&self, axis: usize) -> bool {
        !matches!(self.model.axes[axis].levels, Levels::Found)
    }

    /// `t - k` in a bracket: the variable's axis and k. `None`: something else stands there.
    pub(super) fn shift_of(&self, e: &ast::Expr) -> Option<(AxisRef, Lag)> {
        let ExprKind::Binary(BinaryOp::Sub, l, r) = &e.kind else {
            return None;
        };
        let ExprKind::Name(name) = &l.kind else {
            return None;
        };
        let axis = self.loop_axis(name)?;
        match &r.kind {
            ExprKind::Number(k) => (*k >= 0.0 && k.fract() == 0.0 && *k < 1e6)
                .then_some((axis, Lag::Literal(*k as usize))),
            ExprKind::Name(lag) => self.loop_axis(lag).map(|lag| (axis, Lag::Along(lag))),
            _ => None,
        }
    }

    /// The index `t - k`, if an element is sure to be there.
    pub(super) fn shift(&mut self, axis: AxisRef, lag: Lag, span: Span) -> Option<TExpr> {
        let name = self.model.axis_name(axis).to_string();
        if !self.is_ordered(axis.axis) {
            return self.fail(
                Diagnostic::error(
                    "E0123",
                    span,
                    format!("the levels of `{name}` have no order, so none comes before another"),
                )
                .help(format!(
                    "list them in order: `axis {name} = {{…}};`, or give a size"
                )),
            );
        }
        let k = match lag {
            Lag::Literal(k) => k,
            Lag::Along(a) if self.lag_guards.contains(&(axis, a)) => 0,
            Lag::Along(a) => match self.longest_lag(a) {
                Some(k) => k,
                None if !self.counts_from_one(a.axis) => {
                    let lag = self.model.axis_name(a).to_string();
                    return self.fail(
                        Diagnostic::error(
                            "E0123",
                            span,
                            format!("lags count from 1, and the levels of `{lag}` do not"),
                        )
                        .at("how far back is this?")
                        .help(format!("write `axis {lag} = 1..5;` or `axis {lag} = 5;`")),
                    );
                }
                None => {
                    let (t, k) = (self.loop_variable(axis), self.loop_variable(a));
                    return self.fail(
                        Diagnostic::error("E0123", span, format!("this reads as far back as `{}` is long, which is not known here", self.model.axis_name(a)))
                            .at("may be before the first element")
                            .help(format!("leave out what is not there, `sum({k} in {} if {k} < {t}: …)`, or give the axis a literal size", self.model.axis_name(a))),
                    );
                }
            },
        };
        let sure = self
            .guards
            .iter()
            .filter(|g| g.0 == axis)
            .map(|g| g.1)
            .max()
            .unwrap_or(0);
        if k > sure {
            let variable = self.loop_variable(axis);
            let n = if k == 1 {
                format!("first({variable})")
            } else {
                format!("first({variable}, {k})")
            };
            // A condition that compares labels says what comes before; one that compares numbers does not.
            let numbers = self.compared_numbers.iter().rev().find(|c| c.0 == axis);
            let help = match numbers {
                Some((_, id)) if k == 1 => {
                    let s = &self.model.symbols[*id];
                    let declared = format!("{}{}", s.name, self.bracket(&s.axes));
                    format!(
                        "where the cells of `{}` are labels of `{name}`, declare it so, and the condition says what comes before: `data {declared}: {name};`; else write `if {n} {{ … }} else {{ … }}`",
                        s.name
                    )
                }
                _ => format!(
                    "write `if {n} {{ … }} else {{ … }}`, or skip them: `for {variable} in {name} skip {k} {{ … }}`"
                ),
            };
            return self.fail(
                Diagnostic::error(
                    "E0123",
                    span,
                    format!("this reads {k} before `{variable}`, which for the first is not there"),
                )
                .at("may be before the first element")
                .help(help),
            );
        }
        let by = self.loop_group(axis);
        Some(TExpr {
            kind: TKind::Shift(axis, lag, by),
            axes: match lag {
                Lag::Literal(_) => vec![axis],
                Lag::Along(a) => vec![axis, a],
            },
            ty: Ty::Index(axis.axis),
            stochastic: false,
            span,
        })
    }

    fn loop_variable(&self, axis: AxisRef) -> String {
        self.loops
            .iter()
            .find(|l| l.axis == axis)
            .map_or("t".into(), |l| l.variable.clone())
    }

    pub(super) fn loop_group(&self, axis: AxisRef) -> Option<SymbolId> {
        self.loops
            .iter()
            .find(|l| l.axis == axis)
            .and_then(|l| l.by)
    }

    /// The largest label of an axis that is sized by a literal.
    fn longest_lag(&self, axis: AxisRef) -> Option<usize> {
        if !self.counts_from_one(axis.axis) {
            return None;
        }
        match &self.model.axes[axis.axis].levels {
            Levels::Size(TExpr {
                kind: TKind::Number(n),
                ..
            })
            | Levels::Range(
                _,
                TExpr {
                    kind: TKind::Number(n),
                    ..
                },
            ) if *n >= 1.0 && *n < 1e6 => Some(*n as usize),
            _ => None,
        }
    }

    /// Whether an element's label is its place, counted from 1.
    pub(super) fn counts_from_one(&self, axis: usize) -> bool {
        match &self.model.axes[axis].levels {
            Levels::Rows | Levels::Size(_) => true,
            Levels::Range(low, _) => matches!(low.kind, TKind::Number(1.0)),
            _ => false,
        }
    }

    /// `first(t)`, `first(t, n)`, `last(t)` as conditions.
    pub(super) fn end_of_chain(
        &mut self,
        name: &ast::Ident,
        args: &[Arg],
        span: Span,
    ) -> Option<TExpr> {
        let Some((axis, n)) = self.end_arguments(args) else {
            return self.fail(
                Diagnostic::error(
                    "E0106",
                    span,
                    format!("`{}` takes a loop's variable, and how many", name.name),
                )
                .help(format!(
                    "write `{0}(t)` or `{0}(t, 2)` inside `for t in row {{ … }}`",
                    name.name
                )),
            );
        };
        let by = self.loop_group(axis);
        let kind = if name.name == "first" {
            TKind::First(axis, n, by)
        } else {
            TKind::Last(axis, n, by)
        };
        Some(TExpr {
            kind,
            axes: vec![axis],
            ty: Ty::Bool,
            stochastic: false,
            span,
        })
    }

    pub(super) fn end_arguments(&self, args: &[Arg]) -> Option<(AxisRef, usize)> {
        let (variable, n) = match args {
            [v] => (v, 1.0),
            [v, n] => match n.value.kind {
                ExprKind::Number(n) => (v, n),
                _ => return None,
            },
            _ => return None,
        };
        let ExprKind::Name(name) = &variable.value.kind else {
            return None;
        };
        let axis = self.loop_axis(name)?;
        (n >= 1.0 && n.fract() == 0.0 && n < 1e6 && variable.name.is_none())
            .then_some((axis, n as usize))
    }

    /// Checks something under a guard.
    pub(super) fn guarded<T>(
        &mut self,
        guard: impl IntoIterator<Item = (AxisRef, usize)>,
        check: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let n = self.guards.len();
        self.guards.extend(guard);
        let out = check(self);
        self.guards.truncate(n);
        out
    }

    /// `if` between values, each branch with what its condition makes sure.
    pub(super) fn branch_value(
        &mut self,
        parts: (&ast::Expr, &ast::Expr, &ast::Expr),
        frame: Frame,
    ) -> [Option<TExpr>; 3] {
        let (c, a, b) = parts;
        let [holds, fails] = self.guards_of(c);
        let condition = self.expr(c, frame);
        let then = self.guarded(holds, |this| this.expr(a, frame));
        let otherwise = self.guarded(fails, |this| this.expr(b, frame));
        [condition, then, otherwise]
    }

    /// The binders of a statement's left side, as loops of that statement alone: `let young[a in age] = …;`.
    pub(super) fn bind(&mut self, s: &ast::Stmt) -> Option<()> {
        let binders: Vec<&ast::Binder> = match &s.kind {
            StmtKind::Observe { binders, .. } => binders.iter().collect(),
            StmtKind::Let { target, .. }
            | StmtKind::Sample { target, .. }
            | StmtKind::Report { target, .. }
            | StmtKind::Predict { target, .. }
            | StmtKind::Param { target, .. }
            | StmtKind::Data { target, .. } => target
                .axes
                .iter()
                .filter_map(|a| match a {
                    TargetAxis::Binder(b) => Some(b),
                    TargetAxis::Name(_) => None,
                })
                .collect(),
            _ => vec![],
        };
        binders
            .into_iter()
            .try_for_each(|b| self.bind_one(b).map(|_| ()))
    }

    /// One binder as a loop.
    pub(super) fn bind_one(&mut self, b: &ast::Binder) -> Option<AxisRef> {
        let axis = self.axis_or_fail(&b.axis)?;
        let span = b.variable.span.to(b.axis.span);
        let used: Vec<u8> = self
            .loops
            .iter()
            .filter(|l| l.axis.axis == axis)
            .map(|l| l.axis.copy)
            .collect();
        let taken =
            self.lookup(&b.variable.name).is_some() || self.loop_axis(&b.variable.name).is_some();
        if taken {
            return self.fail(
                Diagnostic::error(
                    "E0105",
                    b.variable.span,
                    format!(
                        "`{}` is defined already, so it cannot be bound here",
                        b.variable.name
                    ),
                )
                .help("choose another name"),
            );
        }
        let copy = match used.as_slice() {
            [] => 2,
            [2] => 3,
            _ => {
                let message = format!("`{}` is run over too often", b.axis.name);
                return self.fail(Diagnostic::error("E0115", span, message).at("the third variable of it").help(
                    "two variables run over one axis at a time: a product of matrices is `A @ B`, `L @ transpose(L)`; another inner sum gets a name above, `let s[i in k, l in k] = …;`",
                ));
            }
        };
        self.loops.push(Loop {
            variable: b.variable.name.clone(),
            axis: AxisRef { axis, copy },
            span,
            by: None,
            skip: 0,
        });
        Some(AxisRef { axis, copy })
    }

    /// `skip n`: a whole number that is written out.
    pub(super) fn skipped(&mut self, skip: Option<&ast::Expr>) -> Option<usize> {
        match skip.map(|s| (&s.kind, s.span)) {
            None => Some(0),
            Some((ExprKind::Number(n), _)) if *n >= 0.0 && n.fract() == 0.0 && *n < 1e6 => {
                Some(*n as usize)
            }
            Some((_, span)) => self.fail(not_available(
                span,
                "`skip` with something else than a literal whole number",
            )),
        }
    }

    /// `by subject`: a datum that says which group each element belongs to.
    pub(super) fn grouping(
        &mut self,
        by: Option<&ast::Ident>,
        axis: usize,
    ) -> Option<Option<SymbolId>> {
        let Some(by) = by else { return Some(None) };
        let id = self.lookup(&by.name).filter(|id| {
            let s = &self.model.symbols[*id];
            matches!((s.ty, &s.role), (Ty::Index(_), Role::Data { .. }))
                && s.axes == [AxisRef::of(axis)]
        });
        match id {
            Some(id) => Some(Some(id)),
            None => {
                let name = self.model.axes[axis].name.clone();
                self.fail(
                    Diagnostic::error(
                        "E0123",
                        by.span,
                        format!("`{}` does not group `{name}`", by.name),
                    )
                    .help(format!(
                        "declare a column of labels: `axis g; data {}[{name}]: g;`",
                        by.name
                    )),
                )
            }
        }
    }
}
