//! What stands for a node once an axis is unrolled: one rule for each operation.

use super::indexed;
use crate::axes::{AxisId, AxisSet};
use crate::builder::Builder;
use crate::interpret::offsets;
use crate::passes::rebuild::copy;
use crate::program::{Op, Program};
use ppl_dist::{Expr, NodeId, Prim, Recorder};

/// What stands for a node of the old program: itself if it lacks the axis, else one node for each element.
pub(super) enum Standing<'b> {
    Whole(Expr<'b>),
    Parts(Vec<Expr<'b>>),
}

impl<'b> Standing<'b> {
    /// The node at one position; what lacks the axis is the same at all.
    pub(super) fn at(&self, position: usize) -> Expr<'b> {
        match self {
            Standing::Whole(e) => *e,
            Standing::Parts(parts) => parts[position],
        }
    }

    /// The node with its axis.
    pub(super) fn whole(&self, b: &'b Builder, axis: AxisId) -> Expr<'b> {
        match self {
            Standing::Whole(e) => *e,
            Standing::Parts(parts) => b.stack(parts, axis),
        }
    }
}

/// What stands for node `id` when `axis` is unrolled, given what stands for its arguments.
pub(super) fn component<'b>(
    b: &'b Builder,
    program: &Program,
    axis: AxisId,
    id: NodeId,
    standing: &[Standing<'b>],
) -> Standing<'b> {
    let node = program.node(id);
    let n = program.axes[axis.0 as usize].size;
    let has_axis = node.axes.contains(axis);
    let of = |id: NodeId| &standing[id.0 as usize];
    let each = |f: &dyn Fn(usize) -> Expr<'b>| Standing::Parts((0..n).map(f).collect());
    match &node.op {
        Op::Gather(src, index) => indexed::gather(b, program, axis, (id, *index), of(*src)),
        Op::Scatter(src, index) => indexed::scatter(b, program, axis, (id, *index), of(*src)),
        Op::Stack(parts, a) if *a == axis => each(&|i| of(parts[i]).at(i)),
        Op::At(src, a, position) if *a == axis => Standing::Whole(of(*src).at(*position as usize)),
        Op::Rename(src, from, to) if *from == axis => {
            let parts: Vec<Expr<'b>> = (0..n).map(|i| of(*src).at(i)).collect();
            Standing::Whole(b.stack(&parts, *to))
        }
        Op::Rename(src, from, to) if *to == axis => each(&|i| b.at(of(*src).at(i), *from, i)),
        Op::Sum(src) if program.node(*src).axes.minus(node.axes).contains(axis) => {
            let over = program.node(*src).axes.minus(node.axes).without(axis);
            let sums = (0..n).map(|i| b.sum(of(*src).at(i), over));
            Standing::Whole(sums.reduce(|x, y| x + y).unwrap_or(Expr::Const(0.0)))
        }
        Op::Max(src) if program.node(*src).axes.minus(node.axes).contains(axis) => {
            let over = program.node(*src).axes.minus(node.axes).without(axis);
            let each = |i| {
                if over.is_empty() {
                    of(*src).at(i)
                } else {
                    b.max_over(of(*src).at(i), over)
                }
            };
            let peaks = (0..n).map(each);
            let peak = peaks
                .reduce(|x, y| Expr::apply(Prim::Max, &[x, y]))
                .unwrap_or(Expr::Const(f64::NEG_INFINITY));
            // A maximum over an axis carries no gradient; the primitive would.
            Standing::Whole(b.stop(peak))
        }
        Op::Data(number) if has_axis => {
            let values = &program.data[*number as usize];
            each(&|i| slice(b, program, values, node.axes, axis, i))
        }
        Op::Param { .. } | Op::Noise { .. } if has_axis => {
            let leaf = copy(b, program, id, &|id| of(id).at(0));
            each(&|i| b.at(leaf, axis, i))
        }
        // A routine takes and gives whole arrays.
        Op::Call(call, part, args) => {
            let ids = args.iter().map(|a| of(*a).whole(b, axis).node(b)).collect();
            let whole = b.handle(b.push(Op::Call(*call, *part, ids), node.axes));
            if has_axis {
                each(&|i| b.at(whole, axis, i))
            } else {
                Standing::Whole(whole)
            }
        }
        _ if has_axis => each(&|i| copy_at(b, program, axis, id, &|id| of(id).at(i))),
        _ => Standing::Whole(copy(b, program, id, &|id| of(id).at(0))),
    }
}

/// One position of a node that treats the axis as a batch.
fn copy_at<'b>(
    b: &'b Builder,
    program: &Program,
    axis: AxisId,
    id: NodeId,
    of: &dyn Fn(NodeId) -> Expr<'b>,
) -> Expr<'b> {
    match &program.node(id).op {
        Op::Map(prim, args) => {
            let ids: Vec<NodeId> = args.iter().map(|a| of(*a).node(b)).collect();
            b.literal_or_node(b.apply(*prim, &ids))
        }
        // Their reductions are over other axes; `copy` reads those from the old program.
        _ => {
            debug_assert!(program.node(id).axes.contains(axis));
            copy(b, program, id, of)
        }
    }
}

/// A column's values at one position of an axis.
fn slice<'b>(
    b: &'b Builder,
    program: &Program,
    values: &[f64],
    axes: AxisSet,
    axis: AxisId,
    position: usize,
) -> Expr<'b> {
    let strides = program.strides(axes);
    let base = position * strides[axis.0 as usize];
    let rest = axes.without(axis);
    let part: Vec<f64> = offsets(program, rest, &strides)
        .map(|o| values[base + o])
        .collect();
    if rest.is_empty() {
        Expr::Const(part[0])
    } else {
        b.data(part.into(), rest)
    }
}
