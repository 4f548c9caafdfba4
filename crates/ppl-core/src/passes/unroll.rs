//! Unroll: nodes over a small axis become one node for each of its elements, so that they stay in registers of the loop
//! over the longer axis: a mixture of 3 components over 5,000 rows becomes straight-line code over the rows.

mod component;
mod indexed;

use super::rebuild::{live, shell};
use crate::axes::{AxisId, DRAW};
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
    let axes = (1..program.axes.len() as u8).map(AxisId);
    let mut current = program.clone();
    for axis in axes.filter(|a| gains(program, *a)) {
        if current.nodes.len() <= MOST_NODES {
            current = unroll_axis(&current, axis);
        }
    }
    current
}

fn gains(program: &Program, axis: AxisId) -> bool {
    let size = |a: AxisId| program.axes[a.0 as usize].size;
    let beside_long = |i: usize| {
        let axes = program.nodes[i].axes;
        axes.contains(axis) && axes.iter().any(|a| a != DRAW && size(a) >= LONG)
    };
    let live = live(program);
    size(axis) <= SMALL && (0..program.nodes.len()).any(|i| live[i] && beside_long(i))
}

fn unroll_axis(program: &Program, axis: AxisId) -> Program {
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
