//! What is cheaper to compute again than to keep. A value that kernels of several levels read would be written by the first
//! and read by the others; where it is an addition or two of one array that stands in memory anyway, each computes it for
//! itself. Out of the caches that halves what goes through memory: a gradient's second sweep reads the data, not what
//! the first one made of them.

use crate::graph::{Graph, Kind};
use crate::levels::{LONG, Levels, reads_whole};
use ppl_core::{Node, NodeId, Op, Program};
use std::collections::BTreeSet;

/// Operations that are done again, at most, one upon another.
const MOST_OPERATIONS: usize = 3;

/// What it takes to compute a node again.
#[derive(Clone)]
struct Recipe {
    /// The long arrays in memory that it comes from.
    from: BTreeSet<usize>,
    operations: usize,
}

/// The program with a node for each level that reads a value which is cheap to compute again; `None` where there is none.
pub(crate) fn split(graph: &Graph, levels: &Levels) -> Option<Program> {
    let recipes = recipes(graph, levels);
    let mut wanted: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); recipes.len()];
    let mut split = vec![false; recipes.len()];
    for &i in graph.order.iter().rev() {
        let lanes_alone = graph.users[i].iter().all(|&user| {
            graph.space(user) == graph.axes[i]
                && graph.products[user].is_none()
                && !reads_whole(graph, user)
                && graph.kind(user) != Kind::Stack
        });
        split[i] = recipes[i].as_ref().is_some_and(|r| r.operations > 0)
            && !graph.is_output[i]
            && lanes_alone
            && wanted[i].len() > 1;
        let here = match split[i] {
            true => wanted[i].clone(),
            false => BTreeSet::from([levels.level[i]]),
        };
        for a in graph.args(i) {
            wanted[a].extend(&here);
        }
    }
    split
        .contains(&true)
        .then(|| write(graph, levels, &split, &wanted))
}

/// For each node over long arrays what it takes to compute it again, if that is little.
fn recipes(graph: &Graph, levels: &Levels) -> Vec<Option<Recipe>> {
    let mut recipes: Vec<Option<Recipe>> = vec![None; levels.level.len()];
    for &i in &graph.order {
        let long = graph.program.len(graph.axes[i]) >= LONG;
        let stands = Recipe {
            from: if long { [i].into() } else { [].into() },
            operations: 0,
        };
        let lanes = graph.kind(i) == Kind::Lanes;
        let again = match graph.op(i) {
            Op::Map(prim, args) if lanes && long && prim.cost() == 1 => {
                let mut all = Recipe {
                    from: BTreeSet::new(),
                    operations: 1,
                };
                let known = args.iter().all(|a| match &recipes[graph.resolve(*a)] {
                    Some(r) => {
                        all.from.extend(&r.from);
                        all.operations += r.operations;
                        true
                    }
                    None => false,
                });
                let cheap = all.from.len() <= 1 && all.operations <= MOST_OPERATIONS;
                (known && cheap).then_some(all)
            }
            _ => None,
        };
        let in_memory = !lanes || levels.in_memory[i] || !long;
        recipes[i] = again.or(in_memory.then_some(stands));
    }
    recipes
}

/// The program with a copy of each split node for each level that wants it.
fn write(graph: &Graph, levels: &Levels, split: &[bool], wanted: &[BTreeSet<usize>]) -> Program {
    let old = graph.program;
    let mut nodes: Vec<Node> = Vec::with_capacity(old.nodes.len());
    // The new number of each node; of a split one that of its first level, the others follow.
    let mut number: Vec<u32> = Vec::with_capacity(old.nodes.len());
    for (i, node) in old.nodes.iter().enumerate() {
        number.push(nodes.len() as u32);
        let here = match split[i] {
            true => wanted[i].iter().copied().collect(),
            false => vec![levels.level[i]],
        };
        for level in here {
            let mut node = node.clone();
            for a in node.op.args_mut() {
                let standing = graph.resolve(*a);
                *a = match split[standing] {
                    true => {
                        let which = wanted[standing].iter().position(|l| *l == level);
                        NodeId(number[standing] + which.unwrap_or(0) as u32)
                    }
                    false => NodeId(number[a.0 as usize]),
                };
            }
            nodes.push(node);
        }
    }
    let outputs = old.outputs.iter();
    Program {
        outputs: outputs.map(|id| NodeId(number[id.0 as usize])).collect(),
        nodes,
        ..old.clone()
    }
}
