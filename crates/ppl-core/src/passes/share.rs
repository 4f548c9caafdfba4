//! Share: a result that another call finds on its way is taken from there. A product with a Hessian reads marginals and their
//! derivative; the routine of the derivative computes both.

use super::rebuild::live;
use crate::call::{CallId, Routine};
use crate::program::{Node, Op, Program};
use ppl_dist::NodeId;

/// A call with its arguments.
type Called<'a> = (CallId, &'a [NodeId]);

/// The program in which no call repeats what another of its own arguments and more gives as well.
pub fn share(program: &Program) -> Program {
    let live = live(program);
    let calls: Vec<(usize, Called<'_>, u32)> = (0..program.nodes.len())
        .filter(|i| live[*i])
        .filter_map(|i| match &program.nodes[i].op {
            Op::Call(call, part, args) => Some((i, (*call, args.as_slice()), *part)),
            _ => None,
        })
        .collect();
    let mut givers: Vec<Called<'_>> = calls.iter().map(|c| c.1).collect();
    givers.dedup();
    let mut nodes = program.nodes.clone();
    let mut any = false;
    for giver in givers {
        let gains: Vec<(usize, u32)> = calls
            .iter()
            .filter(|(i, ..)| nodes[*i].op == program.nodes[*i].op)
            .filter_map(|(i, taker, part)| Some((*i, gives(program, giver, *taker, *part)?)))
            .collect();
        if gains.is_empty() {
            continue;
        }
        // What the giver is made of cannot come out of it.
        let below = ancestors(&nodes, giver.1);
        if gains.iter().all(|(i, _)| !below[*i]) {
            any = true;
            for (i, part) in gains {
                nodes[i].op = Op::Call(giver.0, part, giver.1.to_vec());
            }
        }
    }
    if any {
        in_order(program, nodes)
    } else {
        program.clone()
    }
}

/// The result of `giver` that is `part` of `taker`, over the same axes.
fn gives(program: &Program, giver: Called<'_>, taker: Called<'_>, part: u32) -> Option<u32> {
    let block = |call: CallId| match &program.calls[call.0 as usize] {
        Routine::Block(block) => Some(block),
        Routine::Scan(_) => None,
    };
    let n = taker.1.len();
    if giver.1.len() <= n || &giver.1[..n] != taker.1 {
        return None;
    }
    let (more, less) = (block(giver.0)?, block(taker.0)?);
    if more.args[..n] != less.args[..] {
        return None;
    }
    let given = more.block.also_gives(less.block.as_ref(), part as usize)?;
    let axes = |of: Called<'_>| {
        of.1.iter()
            .map(|a| program.node(*a).axes)
            .collect::<Vec<_>>()
    };
    let same = more.part_axes(given, &axes(giver)) == less.part_axes(part as usize, &axes(taker))
        && more.results[given] == less.results[part as usize];
    same.then_some(given as u32)
}

/// All nodes that these depend on, and they.
fn ancestors(nodes: &[Node], of: &[NodeId]) -> Vec<bool> {
    let mut found = vec![false; nodes.len()];
    let mut open = of.to_vec();
    while let Some(id) = open.pop() {
        if !std::mem::replace(&mut found[id.0 as usize], true) {
            open.extend(nodes[id.0 as usize].op.args());
        }
    }
    found
}

/// The program of these nodes, of which some may read later ones, with arguments before uses.
fn in_order(program: &Program, nodes: Vec<Node>) -> Program {
    const OPEN: u32 = u32::MAX;
    let mut at = vec![OPEN; nodes.len()];
    let mut out: Vec<Node> = vec![];
    for i in 0..nodes.len() {
        let mut open = vec![i];
        while let Some(&i) = open.last() {
            let missing = nodes[i].op.args().iter().map(|a| a.0 as usize);
            let before = open.len();
            if at[i] == OPEN {
                open.extend(missing.filter(|a| at[*a] == OPEN));
            }
            if open.len() > before {
                continue;
            }
            open.pop();
            if at[i] == OPEN {
                at[i] = out.len() as u32;
                let mut node = nodes[i].clone();
                for a in node.op.args_mut() {
                    *a = NodeId(at[a.0 as usize]);
                }
                out.push(node);
            }
        }
    }
    Program {
        nodes: out,
        outputs: program
            .outputs
            .iter()
            .map(|o| NodeId(at[o.0 as usize]))
            .collect(),
        ..program.clone()
    }
}
