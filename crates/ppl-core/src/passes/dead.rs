//! Dead: nodes that no output needs are dropped, the others renumbered.

use super::rebuild::live;
use crate::program::{Node, Op, Program};
use ppl_dist::NodeId;

/// The program without unneeded nodes. Data, indices and the layout of parameters and noise stay as they are.
pub fn dead(program: &Program) -> Program {
    let live = live(program);
    let mut number = vec![NodeId(0); program.nodes.len()];
    let mut nodes: Vec<Node> = vec![];
    for (i, node) in program.nodes.iter().enumerate().filter(|(i, _)| live[*i]) {
        number[i] = NodeId(nodes.len() as u32);
        nodes.push(Node {
            op: renumbered(&node.op, &number),
            axes: node.axes,
        });
    }
    let outputs = program
        .outputs
        .iter()
        .map(|id| number[id.0 as usize])
        .collect();
    Program {
        axes: program.axes.clone(),
        nodes,
        data: program.data.clone(),
        indices: program.indices.clone(),
        calls: program.calls.clone(),
        outputs,
        n_params: program.n_params,
        n_noise: program.n_noise,
    }
}

fn renumbered(op: &Op, number: &[NodeId]) -> Op {
    let to = |id: &NodeId| number[id.0 as usize];
    match op {
        Op::Const(_) | Op::Data(_) | Op::Param { .. } | Op::Noise { .. } => op.clone(),
        Op::Map(prim, args) => Op::Map(*prim, args.iter().map(to).collect()),
        Op::Stack(parts, axis) => Op::Stack(parts.iter().map(to).collect(), *axis),
        Op::Gather(a, index) => Op::Gather(to(a), *index),
        Op::Scatter(a, index) => Op::Scatter(to(a), *index),
        Op::Sum(a) => Op::Sum(to(a)),
        Op::Max(a) => Op::Max(to(a)),
        Op::At(a, axis, position) => Op::At(to(a), *axis, *position),
        Op::Rename(a, from, into) => Op::Rename(to(a), *from, *into),
        Op::Stop(a) => Op::Stop(to(a)),
        Op::Call(call, part, args) => Op::Call(*call, *part, args.iter().map(to).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::dead;
    use crate::{AxisSet, Builder, Real};

    #[test]
    fn what_no_output_needs_is_dropped_and_the_layout_kept() {
        let b = Builder::new(vec![]);
        let (unused, _) = b.param(AxisSet::EMPTY);
        let (used, _) = b.param(AxisSet::EMPTY);
        let _ = unused.exp();
        let out = used.sqrt().node(&b);
        let program = dead(&b.finish(vec![out]));
        assert_eq!(
            program.to_string(),
            "%0 = param @1 : []\n%1 = sqrt %0 : []\noutputs %1\n"
        );
        assert_eq!(program.n_params, 2);
    }
}
