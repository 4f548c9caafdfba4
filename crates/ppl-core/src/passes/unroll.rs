//! Unroll: nodes over a small axis become one node for each of its elements, so that they stay in registers of the loop
//! over the longer axis: a mixture of 3 components over 5,000 rows becomes straight-line code over the rows.

mod component;
mod indexed;

use super::rebuild::{live, shell};
use crate::axes::{AxisId, AxisSet, DRAW};
use crate::program::Program;
use component::{Standing, component};
use ppl_dist::NodeId;

/// Largest axis that is unrolled.
const SMALL: usize = 4;
/// Smallest axis whose loop gains from it.
const LONG: usize = 64;
/// Programs beyond this many nodes are not unrolled further.
const MOST_NODES: usize = 20_000;

/// Unrolls every axis of at most 4 elements, other than DRAW, that stands beside one of at least 64 in some node.
pub fn unroll(program: &Program) -> Program {
    let mut current = program.clone();
    for axis in gaining(program).without(DRAW).iter() {
        if current.nodes.len() <= MOST_NODES {
            current = unroll_axis(&current, axis);
        }
    }
    current
}

/// The axes that gain, DRAW perhaps among them.
fn gaining(program: &Program) -> AxisSet {
    let size = |a: AxisId| program.axes[a.0 as usize].size;
    let long = |a: AxisId| a != DRAW && size(a) >= LONG;
    let needed = program.nodes.iter().zip(live(program));
    let beside_long = needed.filter(|(node, live)| *live && node.axes.iter().any(long));
    let all = beside_long.fold(AxisSet::EMPTY, |all, (node, _)| all.union(node.axes));
    let small: Vec<AxisId> = all.iter().filter(|a| size(*a) <= SMALL).collect();
    AxisSet::of(&small)
}

/// Along this axis alone.
pub(crate) fn unroll_axis(program: &Program, axis: AxisId) -> Program {
    let b = shell(program);
    let outputs = {
        let live = live(program);
        let mut standing: Vec<Standing<'_>> = vec![];
        for (i, needed) in live.iter().enumerate() {
            let node = if *needed {
                component(&b, program, axis, NodeId(i as u32), &standing)
            } else {
                Standing::Parts(vec![])
            };
            standing.push(node);
        }
        let out = |id: &NodeId| {
            b.broadcast(
                standing[id.0 as usize].whole(&b, axis),
                program.node(*id).axes,
            )
            .node(&b)
        };
        program.outputs.iter().map(out).collect()
    };
    b.finish(outputs)
}

#[cfg(test)]
mod tests {
    use super::unroll;
    use crate::{Axis, AxisId, AxisSet, Builder, Program, Real};

    const K: AxisId = AxisId(1);
    const ROW: AxisId = AxisId(2);

    fn mixture(n_rows: usize) -> Program {
        let axis = |name: &str, size| Axis {
            name: name.into(),
            size,
        };
        let b = Builder::new(vec![axis("draw", 1), axis("k", 3), axis("row", n_rows)]);
        let y = b.data((0..n_rows).map(|i| i as f64).collect(), AxisSet::of(&[ROW]));
        let e = (y + b.param(AxisSet::of(&[K])).0).tanh();
        let out = b
            .sum(b.log_sum_exp(e, AxisSet::of(&[K])), AxisSet::of(&[ROW]))
            .node(&b);
        b.finish(vec![out])
    }

    #[test]
    fn no_small_axis_is_left_beside_rows() {
        let program = unroll(&mixture(64));
        assert!(
            program
                .nodes
                .iter()
                .all(|n| !n.axes.contains_all(AxisSet::of(&[K, ROW]))),
            "{program}"
        );
    }

    #[test]
    fn short_programs_are_left_alone() {
        let program = mixture(63);
        assert_eq!(unroll(&program).to_string(), program.to_string());
    }
}
