//! Reductions with binders: `sum(k in lag if k < t: b[k] * y[t - k])`.

use super::Checker;
use super::expressions::{Frame, number};
use super::other_names;
use crate::graph::*;
use ppl_dist::Prim;
use ppl_syntax::ast::{self, BinaryOp, ExprKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    /// `sum(k in lag if c: value)`: the binder runs over its axis within the reduction alone.
    pub(super) fn comprehension(
        &mut self,
        parts: (&ast::Ident, &[ast::Binder], Option<&ast::Expr>, &ast::Expr),
        frame: Frame,
        span: Span,
    ) -> Option<TExpr> {
        let (function, binders, filter, value) = parts;
        let known = super::reductions::REDUCTIONS
            .iter()
            .find(|(n, _)| *n == function.name);
        let Some(&(_, reduction)) = known.filter(|(_, r)| !r.keeps_axis()) else {
            let d = Diagnostic::error(
                "E0103",
                function.span,
                format!("`{}` reduces nothing", function.name),
            );
            let names = super::reductions::REDUCTIONS.iter().map(|r| r.0);
            let d = match (known, ppl_syntax::suggest(&function.name, names)) {
                (None, _) if let Some(help) = other_names::function(&function.name) => d.help(help),
                (None, Some(s)) => d.help(format!("did you mean `{s}`?")).fix(function.span, s),
                _ => d.help("sum, mean, sd, var, prod, min, max and log_sum_exp take a binder"),
            };
            self.report(d);
            self.names_beside(binders, filter, value);
            return None;
        };
        let outside = self.loops.len();
        let bound = binders
            .iter()
            .map(|b| self.bind_one(b))
            .collect::<Option<Vec<AxisRef>>>();
        let typed = bound
            .as_ref()
            .and_then(|_| self.filtered_value(reduction, filter, value, frame, span));
        self.loops.truncate(outside);
        if bound.is_none() {
            self.names_beside(binders, filter, value);
        }
        let (over, (typed, filter)) = (bound?, typed?);
        if let Some(unread) = over
            .iter()
            .zip(binders)
            .find(|(a, _)| !typed.axes.contains(a))
        {
            let name = &unread.1.variable;
            return self.fail(
                Diagnostic::error(
                    "E0106",
                    name.span,
                    format!("`{}` is not used in this {}", name.name, function.name),
                )
                .help(format!(
                    "index something by it, or multiply by `size({})`",
                    unread.1.axis.name
                )),
            );
        }
        let reduce = |e: TExpr, reduction: Reduction| TExpr {
            axes: e
                .axes
                .iter()
                .copied()
                .filter(|a| !over.contains(a))
                .collect(),
            ty: match reduction {
                Reduction::Sum | Reduction::Min | Reduction::Max | Reduction::Prod
                    if e.ty != Ty::Real =>
                {
                    Ty::Int
                }
                _ => Ty::Real,
            },
            stochastic: e.stochastic,
            span,
            kind: TKind::Reduce(reduction, Box::new(e), over.clone()),
        };
        match (reduction, filter) {
            // The mean of what is left.
            (Reduction::Mean, Some(filter)) => {
                // The filter counts along every axis that is gone over.
                let ones = self.prim(
                    Prim::Select,
                    vec![filter, one_along(&typed, &over, span), number(0.0, span)],
                    Ty::Int,
                    Some(&typed.axes.clone()),
                    span,
                )?;
                let count = reduce(ones, Reduction::Sum);
                let count = self.prim(Prim::Recip, vec![count], Ty::Real, frame, span)?;
                let sum = reduce(typed, Reduction::Sum);
                self.prim(Prim::Mul, vec![sum, count], Ty::Real, frame, span)
            }
            _ => Some(reduce(typed, reduction)),
        }
    }

    /// Looks up the names of a reduction whose binders mean nothing; what they bind is not asked for.
    fn names_beside(
        &mut self,
        binders: &[ast::Binder],
        filter: Option<&ast::Expr>,
        value: &ast::Expr,
    ) {
        let names = binders.iter().map(|b| b.variable.name.clone());
        let new: Vec<String> = names.filter(|n| !self.poisoned.contains(n)).collect();
        self.poisoned.extend(new.iter().cloned());
        self.only_names(|this| {
            for e in filter.into_iter().chain([value]) {
                this.expr(e, None);
            }
        });
        self.poisoned.retain(|n| !new.contains(n));
    }

    /// The value with what the filter leaves out replaced by what changes nothing, and the filter.
    fn filtered_value(
        &mut self,
        reduction: Reduction,
        filter: Option<&ast::Expr>,
        value: &ast::Expr,
        frame: Frame,
        span: Span,
    ) -> Option<(TExpr, Option<TExpr>)> {
        let known = self.lag_guards.len();
        if let Some(filter) = filter {
            self.lags_within(filter);
        }
        let typed = self.expr(value, frame);
        self.lag_guards.truncate(known);
        let typed = typed?;
        self.numeric(&typed)?;
        let Some(filter) = filter else {
            return Some((typed, None));
        };
        let condition = self.expr(filter, frame)?;
        self.boolean(&condition)?;
        let nothing = match reduction {
            Reduction::Sum | Reduction::Mean => 0.0,
            Reduction::Prod => 1.0,
            Reduction::Min => f64::INFINITY,
            Reduction::Max | Reduction::LogSumExp => f64::NEG_INFINITY,
            _ => {
                return self.fail(
                    Diagnostic::error("E0106", filter.span, "`sd` and `var` take no filter")
                        .help("write it with means: `mean(k in a if c: x[k]^2) - mean(k in a if c: x[k])^2` divides by n"),
                );
            }
        };
        let ty = typed.ty;
        let out = self.prim(
            Prim::Select,
            vec![condition.clone(), typed, number(nothing, span)],
            ty,
            frame,
            span,
        )?;
        Some((out, Some(condition)))
    }

    /// `k < t`, `t > k` and what is joined to it by `&&`: the element k before t is there. Both count from 1, and t is not
    /// counted within groups.
    fn lags_within(&mut self, filter: &ast::Expr) {
        let ExprKind::Binary(op, l, r) = &filter.kind else {
            return;
        };
        let (lag, at) = match op {
            BinaryOp::And => {
                self.lags_within(l);
                return self.lags_within(r);
            }
            BinaryOp::Less => (l, r),
            BinaryOp::Greater => (r, l),
            _ => return,
        };
        let (ExprKind::Name(lag), ExprKind::Name(at)) = (&lag.kind, &at.kind) else {
            return;
        };
        if let (Some(lag), Some(at)) = (self.loop_axis(lag), self.loop_axis(at)) {
            let from_one = |a: AxisRef| self.counts_from_one(a.axis);
            if from_one(lag) && from_one(at) && self.loop_group(at).is_none() {
                self.lag_guards.push((at, lag));
            }
        }
    }
}

/// The number 1 along the axes that are gone over.
fn one_along(typed: &TExpr, over: &[AxisRef], span: Span) -> TExpr {
    let axes: Vec<AxisRef> = over
        .iter()
        .copied()
        .filter(|a| typed.axes.contains(a))
        .collect();
    TExpr {
        axes,
        ..number(1.0, span)
    }
}
