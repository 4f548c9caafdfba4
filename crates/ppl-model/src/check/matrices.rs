//! Matrices: `a @ b` and `diag(v)`.

use super::Checker;
use super::expressions::Frame;
use super::statements::not_available;
use crate::graph::*;
use ppl_syntax::ast::{self, Arg};
use ppl_syntax::diagnostic::{Diagnostic, Span};

/// A list of numbers without the names of levels.
fn is_written_out(e: &ast::Expr) -> bool {
    matches!(&e.kind, ast::ExprKind::Vector(parts) if parts.iter().all(|p| p.name.is_none()))
}

/// `diag([a, b])`.
fn is_written_diagonal(e: &ast::Expr) -> bool {
    match &e.kind {
        ast::ExprKind::Call(name, args) if name.name == "diag" => {
            args.iter().all(|a| is_written_out(&a.value))
        }
        _ => false,
    }
}

impl Checker {
    pub(super) fn diag(&mut self, args: &[Arg], frame: Frame, span: Span) -> Option<TExpr> {
        let [Arg { name: None, value }] = args else {
            return self.fail(
                Diagnostic::error("E0106", span, "`diag` takes one vector")
                    .help("write `diag(v)` with `v` along one axis"),
            );
        };
        // Numbers that are written out lie along the matrix's own axis.
        let along = match frame {
            Some([around @ .., b]) if around.last().is_some_and(|a| a.axis == b.axis) => {
                Some(around)
            }
            _ => None,
        };
        let e = self.expr(value, along.filter(|_| is_written_out(value)))?;
        let Some(&last) = e.axes.last().filter(|a| a.copy == 0) else {
            return self.fail(
                Diagnostic::error("E0106", e.span, "`diag` takes a vector")
                    .at("this has no axis of its own")
                    .help("one number for the whole diagonal is a vector too: `let v[row] = s^2;`, then `diag(v)`; of a GaussianProcess it can be `jitter = s^2`"),
            );
        };
        let second = AxisRef {
            axis: last.axis,
            copy: 1,
        };
        let mut axes = e.axes.clone();
        axes.push(second);
        let stochastic = e.stochastic;
        Some(TExpr {
            kind: TKind::Diag(Box::new(e), last, second),
            axes,
            ty: Ty::Real,
            stochastic,
            span,
        })
    }

    /// `l @ r`: sums over the one axis that both share; for matrices the left's last with the right's first. Where several are
    /// shared and one of them is that of square matrices, it is that one, and the others line up: a product for each group.
    pub(super) fn matmul(&mut self, l: &ast::Expr, r: &ast::Expr, span: Span) -> Option<TExpr> {
        // `diag([a, b]) @ L`: the matrix beside it says along which axis these lie.
        let (l, r) = if is_written_diagonal(l) {
            let r = self.expr(r, None);
            let beside = r.as_ref().map(|r| r.axes.clone());
            (self.expr(l, beside.as_deref()), r)
        } else {
            let l = self.expr(l, None);
            let beside = l.as_ref().map(|l| l.axes.clone());
            let beside = beside.filter(|_| is_written_diagonal(r));
            (l, self.expr(r, beside.as_deref()))
        };
        let (l, r) = (l?, r?);
        self.numeric(&l)?;
        self.numeric(&r)?;
        let open = |e: &TExpr| {
            e.axes
                .iter()
                .copied()
                .filter(|a| !a.is_loop())
                .collect::<Vec<_>>()
        };
        let (lo, ro) = (open(&l), open(&r));
        let adjacent = match (lo.last(), ro.first()) {
            (Some(a), Some(b)) if a.axis == b.axis => Some((*a, *b)),
            _ => None,
        };
        let shared: Vec<(AxisRef, AxisRef)> = lo
            .iter()
            .flat_map(|a| {
                ro.iter()
                    .filter(move |b| a.axis == b.axis)
                    .map(move |b| (*a, *b))
            })
            .collect();
        let square = square_axis(&lo, &ro);
        let pair = square.or(adjacent).or(match shared.as_slice() {
            [one] => Some(*one),
            _ => None,
        });
        let Some((a, b)) = pair else {
            let (ll, rl) = (self.lies(&l.axes), self.lies(&r.axes));
            let what = if shared.is_empty() {
                "share no axis"
            } else {
                "share more than one axis"
            };
            return self.fail(
                Diagnostic::error(
                    "E0109",
                    span,
                    format!("`@` sums over the one axis that both sides share; these {what}"),
                )
                .label(l.span, format!("this {ll}"))
                .label(r.span, format!("this {rl}"))
                .help("use `sum(a * b, over = …)` to say which axis is summed"),
            );
        };
        let mut axes: Vec<AxisRef> = l.axes.iter().copied().filter(|x| *x != a).collect();
        for x in r.axes.iter().copied().filter(|x| *x != b) {
            if !axes.contains(&x) {
                axes.push(x);
            } else if x.axis == a.axis || r.axes.iter().filter(|y| y.axis == x.axis).count() == 2 {
                return self.fail(not_available(span, "this product of square matrices"));
            } else if !x.is_loop() && square.is_none() {
                let (over, with) = (
                    self.model.axis_name(a).to_string(),
                    self.model.axis_name(x).to_string(),
                );
                let (ll, rl) = (self.lies(&l.axes), self.lies(&r.axes));
                return self.fail(
                    Diagnostic::error("E0109", span, format!("`@` sums over the one axis that both sides share; these share `{over}` and `{with}`"))
                        .label(l.span, format!("this {ll}"))
                        .label(r.span, format!("this {rl}"))
                        .help(format!("`sum(a * b, over = {over})` lines the sides up along `{with}`; for a matrix, give one side another axis")),
                );
            }
        }
        // A vector times a matrix, or a matrix times a vector, lies along the axis itself.
        let lone: Option<AxisRef> = axes
            .iter()
            .copied()
            .find(|x| x.copy == 1 && !axes.contains(&AxisRef::of(x.axis)));
        let stochastic = l.stochastic || r.stochastic;
        let mut out = TExpr {
            kind: TKind::MatMul(Box::new(l), Box::new(r), a, b),
            axes,
            ty: Ty::Real,
            stochastic,
            span,
        };
        if let Some(second) = lone {
            let first = AxisRef::of(second.axis);
            let axes = out
                .axes
                .iter()
                .map(|x| if *x == second { first } else { *x })
                .collect();
            out = TExpr {
                axes,
                ty: Ty::Real,
                stochastic,
                span,
                kind: TKind::Rename(Box::new(out), second, first),
            };
        }
        Some(out)
    }
}

/// The sides of the product where exactly one of the shared axes is that of a square matrix: its last place on the left, its
/// first on the right.
fn square_axis(l: &[AxisRef], r: &[AxisRef]) -> Option<(AxisRef, AxisRef)> {
    let places = |e: &[AxisRef], axis| e.iter().filter(|a| a.axis == axis).count();
    let mut squares = l
        .iter()
        .filter(|a| a.copy == 0 && places(r, a.axis) > 0)
        .filter(|a| places(l, a.axis) + places(r, a.axis) > 2);
    let (one, none) = (squares.next()?, squares.next());
    let last = *l.iter().rfind(|a| a.axis == one.axis)?;
    let first = *r.iter().find(|a| a.axis == one.axis)?;
    none.is_none().then_some((last, first))
}
