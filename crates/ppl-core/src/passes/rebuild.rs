//! Copying nodes from one program into a builder of the next: what every rewriting pass is made of.

use crate::axes::AxisSet;
use crate::builder::Builder;
use crate::program::{Op, Program};
use ppl_dist::{Expr, NodeId, Recorder};

/// A builder with the program's axes, data, indices and lengths, and no nodes.
pub(super) fn shell(program: &Program) -> Builder {
    Builder::from_program(Program {
        axes: program.axes.clone(),
        nodes: vec![],
        data: program.data.clone(),
        indices: program.indices.clone(),
        calls: program.calls.clone(),
        outputs: vec![],
        n_params: program.n_params,
        n_noise: program.n_noise,
    })
}

/// Writes node `id` of `program` through `b`, with arguments that stand at `of`. Arguments may have lost axes along which
/// they turned out to be constant.
pub(crate) fn copy<'b>(
    b: &'b Builder,
    program: &Program,
    id: NodeId,
    of: &dyn Fn(NodeId) -> Expr<'b>,
) -> Expr<'b> {
    let node = program.node(id);
    match &node.op {
        Op::Const(bits) => Expr::Const(f64::from_bits(*bits)),
        Op::Data(_) | Op::Param { .. } | Op::Noise { .. } => {
            b.handle(b.push(node.op.clone(), node.axes))
        }
        Op::Map(prim, args) => {
            let id = match **args {
                [x, y] => b.apply(*prim, &[x, y].map(|a| of(a).node(b))),
                _ => b.apply(
                    *prim,
                    &args.iter().map(|a| of(*a).node(b)).collect::<Vec<_>>(),
                ),
            };
            b.literal_or_node(id)
        }
        Op::Gather(src, index) => b.gather(of(*src), *index),
        Op::Scatter(src, index) => {
            let summed = scatter_sums(program, id);
            b.scatter(b.sum(of(*src), summed), *index, node.axes)
        }
        Op::Sum(src) => b.sum(of(*src), program.node(*src).axes.minus(node.axes)),
        Op::Max(src) => b.max_over(of(*src), program.node(*src).axes.minus(node.axes)),
        Op::Stack(parts, axis) => b.stack(&parts.iter().map(|p| of(*p)).collect::<Vec<_>>(), *axis),
        Op::At(src, axis, position) => b.at(of(*src), *axis, *position as usize),
        Op::Rename(src, from, to) => b.rename(of(*src), *from, *to),
        Op::Stop(src) => b.stop(of(*src)),
        Op::Call(call, part, args) => {
            let ids = args.iter().map(|a| of(*a).node(b)).collect();
            b.handle(b.push(Op::Call(*call, *part, ids), node.axes))
        }
    }
}

/// The axes of a scatter's source that its result lacks.
pub(crate) fn scatter_sums(program: &Program, id: NodeId) -> AxisSet {
    let node = program.node(id);
    match &node.op {
        Op::Scatter(src, index) => {
            let index = &program.indices[index.0 as usize];
            program
                .node(*src)
                .axes
                .minus(index.axes.union(node.axes.without(index.target)))
        }
        _ => AxisSet::EMPTY,
    }
}

/// Which nodes the outputs need.
pub(crate) fn live(program: &Program) -> Vec<bool> {
    let mut live = vec![false; program.nodes.len()];
    for id in &program.outputs {
        live[id.0 as usize] = true;
    }
    for i in (0..program.nodes.len()).rev() {
        if live[i] {
            for a in program.nodes[i].op.args() {
                live[a.0 as usize] = true;
            }
        }
    }
    live
}

/// Rebuilds the live nodes in order: `write` gives what stands for a node, given what stands for the earlier ones.
pub(crate) fn rebuild(
    program: &Program,
    write: impl for<'b> Fn(&'b Builder, NodeId, &dyn Fn(NodeId) -> Expr<'b>) -> Expr<'b>,
) -> Program {
    let b = shell(program);
    let outputs = {
        let live = live(program);
        let mut standing: Vec<Expr<'_>> = vec![Expr::Const(f64::NAN); program.nodes.len()];
        for (i, _) in live.iter().enumerate().filter(|(_, live)| **live) {
            let of = |id: NodeId| standing[id.0 as usize];
            standing[i] = write(&b, NodeId(i as u32), &of);
        }
        let out = |id: &NodeId| {
            b.broadcast(standing[id.0 as usize], program.node(*id).axes)
                .node(&b)
        };
        program.outputs.iter().map(out).collect()
    };
    b.finish(outputs)
}
