//! The operations that are not elementwise: look-ups, reductions, and what rearranges axes.

use super::Builder;
use crate::axes::{AxisId, AxisSet, DRAW};
use crate::numbers::Numbers;
use crate::program::{IndexId, Op};
use ppl_dist::{Expr, Prim};

impl Builder {
    /// Look-up along the index's target axis. A source without that axis is returned as it is.
    pub fn gather<'b>(&'b self, src: Expr<'b>, index: IndexId) -> Expr<'b> {
        let (target, index_axes) = self.index_axes(index);
        let axes = self.axes_of(src);
        if !axes.contains(target) {
            return src;
        }
        if index_axes.is_empty() {
            let position = self.inner.borrow().program.indices[index.0 as usize].values[0];
            return self.at(src, target, position as usize);
        }
        let id = src.node(self);
        self.expr(self.push(
            Op::Gather(id, index),
            axes.without(target).union(index_axes),
        ))
    }

    /// The transpose of [`Builder::gather`]; `axes` are the axes of the result (the gather's source's).
    pub fn scatter<'b>(&'b self, src: Expr<'b>, index: IndexId, axes: AxisSet) -> Expr<'b> {
        let (target, index_axes) = self.index_axes(index);
        // Axes of the source that the result lacks are summed first.
        let src = self.sum(
            src,
            self.axes_of(src)
                .minus(index_axes.union(axes.without(target))),
        );
        let axes = axes
            .intersection(self.axes_of(src).union(index_axes))
            .with(target);
        let id = src.node(self);
        self.literal_or_node(self.scatter_factors(id, index, axes))
    }

    /// Sum over those of `over` that the argument has; a missing one multiplies by its size.
    pub fn sum<'b>(&'b self, src: Expr<'b>, over: AxisSet) -> Expr<'b> {
        if over.contains(DRAW) && over != AxisSet::of(&[DRAW]) {
            // Draws last, always: so a draw's own sum and the sum over all draws share their work.
            return self.sum(self.sum(src, over.without(DRAW)), AxisSet::of(&[DRAW]));
        }
        let axes = self.axes_of(src);
        let missing: usize = over.minus(axes).iter().map(|a| self.size(a)).product();
        let mut out = src;
        if !axes.intersection(over).is_empty() {
            out = self.literal_or_node(self.sum_factors(src.node(self), axes.intersection(over)));
        }
        if missing == 1 {
            out
        } else {
            Expr::apply(Prim::Mul, &[Expr::Const(missing as f64), out])
        }
    }

    /// Maximum over those of `over` that the argument has.
    pub fn max_over<'b>(&'b self, src: Expr<'b>, over: AxisSet) -> Expr<'b> {
        let axes = self.axes_of(src);
        if axes.intersection(over).is_empty() {
            return self.stop(src);
        }
        let id = src.node(self);
        self.expr(self.push(Op::Max(id), axes.minus(over)))
    }

    /// log(sum(exp)) over an axis, stabilised by its stopped maximum.
    pub fn log_sum_exp<'b>(&'b self, src: Expr<'b>, over: AxisSet) -> Expr<'b> {
        let never = Expr::Const(f64::NEG_INFINITY);
        let peak = self.stop(self.max_over(src, over));
        // Where every term is e^-inf the sum is 0: its logarithm is -inf, and nothing has a gradient.
        let nothing = Expr::apply(Prim::Equal, &[peak, never]);
        let choose = |a, b| Expr::apply(Prim::Select, &[nothing, a, b]);
        let peak = choose(Expr::Const(0.0), peak);
        let shifted = Expr::apply(Prim::Exp, &[src + -peak]);
        let total = choose(Expr::Const(1.0), self.sum(shifted, over));
        choose(never, peak + Expr::apply(Prim::Ln, &[total]))
    }

    /// Parts along an axis.
    pub fn stack<'b>(&'b self, parts: &[Expr<'b>], axis: AxisId) -> Expr<'b> {
        debug_assert_eq!(parts.len(), self.size(axis));
        let axes = parts
            .iter()
            .fold(AxisSet::EMPTY.with(axis), |s, p| s.union(self.axes_of(*p)));
        if let Some(whole) = self.unsplit(parts, axis) {
            return whole;
        }
        let ids = parts.iter().map(|p| p.node(self)).collect();
        self.expr(self.push(Op::Stack(ids, axis), axes))
    }

    /// What `parts` are the elements of, when they are all elements of one node in order.
    fn unsplit<'b>(&'b self, parts: &[Expr<'b>], axis: AxisId) -> Option<Expr<'b>> {
        let mut whole = None;
        for (i, part) in parts.iter().enumerate() {
            let Expr::Node(id, _) = *part else {
                return None;
            };
            match self.op_of(id) {
                Op::At(src, a, p)
                    if a == axis && p as usize == i && whole.is_none_or(|w| w == src) =>
                {
                    whole = Some(src)
                }
                _ => return None,
            }
        }
        whole.map(|id| self.expr(id))
    }

    /// One element along an axis; an argument without the axis is returned as it is.
    pub fn at<'b>(&'b self, src: Expr<'b>, axis: AxisId, position: usize) -> Expr<'b> {
        let axes = self.axes_of(src);
        if !axes.contains(axis) {
            return src;
        }
        let id = src.node(self);
        if let Op::Stack(parts, a) = self.op_of(id)
            && a == axis
        {
            return self.literal_or_node(parts[position]);
        }
        self.expr(self.push(Op::At(id, axis, position as u32), axes.without(axis)))
    }

    /// One axis renamed; an argument without the axis is returned as it is.
    pub fn rename<'b>(&'b self, src: Expr<'b>, from: AxisId, to: AxisId) -> Expr<'b> {
        let axes = self.axes_of(src);
        if from == to || !axes.contains(from) {
            return src;
        }
        debug_assert!(!axes.contains(to));
        let id = src.node(self);
        // Before a look-up that reads and makes other axes: what is done to its values can then be done before it.
        if let Some((source, index)) = self.gather_of(id) {
            let (target, index_axes) = self.index_axes(index);
            let others = self.node_axes(source).union(index_axes).with(target);
            if !index_axes.with(target).contains(from) && !others.contains(to) {
                return self.gather(self.rename(self.expr(source), from, to), index);
            }
        }
        self.expr(self.push(Op::Rename(id, from, to), axes.without(from).with(to)))
    }

    /// The same value without gradient.
    pub fn stop<'b>(&'b self, src: Expr<'b>) -> Expr<'b> {
        match src {
            Expr::Const(_) => src,
            // What depends on data alone carries no gradient anyway.
            Expr::Node(id, _) if self.is_fixed(id) || matches!(self.op_of(id), Op::Stop(_)) => src,
            Expr::Node(id, _) => self.expr(self.push(Op::Stop(id), self.axes_of(src))),
        }
    }

    /// The same value over at least these axes: a missing one is written by multiplying with a column of ones.
    pub fn broadcast<'b>(&'b self, src: Expr<'b>, axes: AxisSet) -> Expr<'b> {
        let missing = axes.minus(self.axes_of(src));
        if missing.is_empty() {
            return src;
        }
        let known = self.inner.borrow().ones.get(&missing).cloned();
        let ones = known.unwrap_or_else(|| {
            let mut inner = self.inner.borrow_mut();
            let ones: Numbers = vec![1.0; inner.program.len(missing)].into();
            inner.ones.insert(missing, ones.clone());
            ones
        });
        let column = self.data(ones, missing);
        match src {
            Expr::Const(1.0) => column,
            // Written as it stands: the normal form would take a literal 0 for the whole product.
            _ => {
                let args = vec![src.node(self), column.node(self)];
                self.expr(self.push(Op::Map(Prim::Mul, args), axes.union(self.axes_of(src))))
            }
        }
    }
}
