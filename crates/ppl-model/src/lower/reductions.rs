//! Reductions over axes.

use super::{Lowered, Lowering};
use crate::graph::*;
use ppl_core::call::scan::{Leaf, Scan};
use ppl_core::{AxisId, AxisSet, Expr, Real};

/// Products over at most so many elements are written out.
const SHORT: usize = 16;

impl<'a, 'b> Lowering<'a, 'b> {
    pub(super) fn reduce(
        &self,
        r: Reduction,
        inner: &TExpr,
        over: &[AxisRef],
    ) -> Lowered<Expr<'b>> {
        let x = self.number(inner)?;
        let set = self.axes.set(over);
        if self.mixes(x, set) {
            return self.reduced_apart(r, inner, over, x);
        }
        Ok(self.reduced(r, x, set))
    }

    /// A reduction of a value over axes.
    pub(super) fn reduced(&self, r: Reduction, x: Expr<'b>, set: AxisSet) -> Expr<'b> {
        let b = self.builder;
        let n: usize = set.iter().map(|a| b.size(a)).product();
        let size = Expr::Const(n as f64);
        let mean = |e: Expr<'b>| b.sum(e, set) / size;
        let variance = |e: Expr<'b>| {
            let d = e - mean(e);
            b.sum(d.square(), set) / Expr::Const((n as f64 - 1.0).max(1.0))
        };
        match r {
            Reduction::Sum => b.sum(x, set),
            Reduction::Mean => mean(x),
            Reduction::Var => variance(x),
            Reduction::Sd => variance(x).sqrt(),
            Reduction::Max => self.largest(x, set),
            Reduction::Min => -self.largest(-x, set),
            Reduction::LogSumExp => b.log_sum_exp(x, set),
            Reduction::Softmax => (x - b.log_sum_exp(x, set)).exp(),
            Reduction::LogSoftmax => x - b.log_sum_exp(x, set),
            Reduction::Prod => set.iter().fold(x, |x, axis| self.product(x, axis)),
            Reduction::CumSum => set.iter().fold(x, |x, axis| {
                self.running(x, axis, Expr::Const(0.0), &|sum, x| sum + x)
            }),
        }
    }

    /// Value and gradient of the largest element: the elements that equal the maximum, averaged.
    fn largest(&self, e: Expr<'b>, set: AxisSet) -> Expr<'b> {
        let b = self.builder;
        let hit = e.equal(b.stop(b.max_over(e, set)));
        b.sum(hit.select(e, Expr::Const(0.0)), set) / b.sum(hit, set)
    }

    fn product(&self, x: Expr<'b>, axis: AxisId) -> Expr<'b> {
        let b = self.builder;
        let n = b.size(axis);
        if !b.axes_of(x).contains(axis) {
            return x.pow(Expr::Const(n as f64));
        }
        if n <= SHORT {
            let parts = (0..n).map(|i| self.component(x, axis, i));
            return parts.reduce(|p, x| p * x).unwrap_or(Expr::Const(1.0));
        }
        let all = self.running(x, axis, Expr::Const(1.0), &|product, x| product * x);
        b.at(all, axis, n - 1)
    }

    /// `s[t] = step(s[t-1], x[t])` along an axis, from `start`.
    pub(super) fn running(
        &self,
        x: Expr<'b>,
        axis: AxisId,
        start: Expr<'b>,
        step: &dyn for<'c> Fn(Expr<'c>, Expr<'c>) -> Expr<'c>,
    ) -> Expr<'b> {
        let b = self.builder;
        let x = b.broadcast(x, AxisSet::of(&[axis]));
        let axes = b.axes_of(x).without(axis);
        let body = b.sibling();
        let (before, state) = body.noise(axes);
        let (now, input) = body.noise(axes);
        let after = body.broadcast(step(before, now), axes).node(&body);
        let leaf = |offset| Leaf { offset, axes };
        let scan = Scan {
            again: None,
            axis,
            reverse: false,
            states: vec![leaf(state)],
            inputs: vec![leaf(input)],
            body: body.finish(vec![after]),
        };
        b.scan(scan, &[start, x])[0]
    }
}
