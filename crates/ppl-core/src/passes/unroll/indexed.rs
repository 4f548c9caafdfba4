//! Gathers and scatters when an axis is unrolled.

use super::component::Standing;
use crate::axes::{AxisId, AxisSet};
use crate::builder::Builder;
use crate::interpret::offsets;
use crate::passes::rebuild::scatter_sums;
use crate::program::{Index, IndexId, Program};
use ppl_dist::{Expr, NodeId, Prim};

/// A gather. Along the unrolled axis it becomes a chain of choices where the source has the index's rows too; a small
/// table stays a table.
pub(super) fn gather<'b>(
    b: &'b Builder,
    program: &Program,
    axis: AxisId,
    (id, index): (NodeId, IndexId),
    src: &Standing<'b>,
) -> Standing<'b> {
    let n = program.axes[axis.0 as usize].size;
    let (target, index_axes) = b.index_axes(index);
    let node_axes = program.node(id).axes;
    if target != axis {
        if !node_axes.contains(axis) {
            return Standing::Whole(b.gather(src.at(0), index));
        }
        return Standing::Parts(
            (0..n)
                .map(|i| b.gather(src.at(i), index_at(b, program, axis, index, i)))
                .collect(),
        );
    }
    let values = &program.indices[index.0 as usize].values;
    if index_axes == AxisSet::of(&[axis]) {
        return Standing::Parts((0..n).map(|i| src.at(values[i] as usize)).collect());
    }
    let shares_rows = (0..n).any(|i| !b.axes_of(src.at(i)).intersection(index_axes).is_empty());
    if !shares_rows || index_axes.contains(axis) {
        let table = b.gather(src.whole(b, axis), index);
        return if node_axes.contains(axis) {
            Standing::Parts((0..n).map(|i| b.at(table, axis, i)).collect())
        } else {
            Standing::Whole(table)
        };
    }
    let chosen = (0..n - 1).rev().fold(src.at(n - 1), |otherwise, i| {
        Expr::apply(
            Prim::Select,
            &[mask(b, program, index, i), src.at(i), otherwise],
        )
    });
    Standing::Whole(chosen)
}

/// A scatter. Along the unrolled axis it becomes masks where the result has the index's rows too; a small table stays
/// a table.
pub(super) fn scatter<'b>(
    b: &'b Builder,
    program: &Program,
    axis: AxisId,
    (id, index): (NodeId, IndexId),
    src: &Standing<'b>,
) -> Standing<'b> {
    let n = program.axes[axis.0 as usize].size;
    let (target, index_axes) = b.index_axes(index);
    let axes = program.node(id).axes;
    let summed = scatter_sums(program, id);
    let part = |i: usize, over: AxisSet| {
        b.scatter(
            b.sum(src.at(i), summed.without(axis)),
            index_at(b, program, axis, index, i),
            over,
        )
    };
    let has_axis = matches!(src, Standing::Parts(_)) || index_axes.contains(axis);
    if target != axis {
        return if axes.contains(axis) {
            Standing::Parts((0..n).map(|i| part(i, axes.without(axis))).collect())
        } else if has_axis {
            Standing::Whole(
                (0..n)
                    .map(|i| part(i, axes))
                    .reduce(|x, y| x + y)
                    .unwrap_or(Expr::Const(0.0)),
            )
        } else {
            Standing::Whole(b.scatter(b.sum(src.at(0), summed), index, axes))
        };
    }
    let keeps_rows = !axes.without(axis).intersection(index_axes).is_empty();
    if keeps_rows && !has_axis {
        let over = program
            .node(src_of(program, id))
            .axes
            .union(index_axes)
            .minus(axes);
        let masked = |i: usize| {
            let kept = Expr::apply(
                Prim::Select,
                &[mask(b, program, index, i), src.at(0), Expr::Const(0.0)],
            );
            b.sum(kept, over)
        };
        return Standing::Parts((0..n).map(masked).collect());
    }
    let table = b.scatter(b.sum(src.whole(b, axis), summed), index, axes);
    Standing::Parts((0..n).map(|i| b.at(table, axis, i)).collect())
}

fn src_of(program: &Program, id: NodeId) -> NodeId {
    program.node(id).op.args()[0]
}

/// 1 where the index names this position, else 0.
fn mask<'b>(b: &'b Builder, program: &Program, index: IndexId, position: usize) -> Expr<'b> {
    let index = &program.indices[index.0 as usize];
    let values: Vec<f64> = index
        .values
        .iter()
        .map(|v| f64::from(*v as usize == position))
        .collect();
    b.data(values.into(), index.axes)
}

/// The index at one position of an axis that it lies over; itself if it does not.
fn index_at(
    b: &Builder,
    program: &Program,
    axis: AxisId,
    index: IndexId,
    position: usize,
) -> IndexId {
    let whole = &program.indices[index.0 as usize];
    if !whole.axes.contains(axis) {
        return index;
    }
    let strides = program.strides(whole.axes);
    let base = position * strides[axis.0 as usize];
    let rest = whole.axes.without(axis);
    let values: Vec<u32> = offsets(program, rest, &strides)
        .map(|o| whole.values[base + o])
        .collect();
    b.index(Index {
        target: whole.target,
        axes: rest,
        values: values.into(),
    })
}
