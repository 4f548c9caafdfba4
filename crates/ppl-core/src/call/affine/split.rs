//! States along a short axis, such as the last three elements of a series, as states of their own: a step that mixes them is
//! then one of several numbers that are affine in each other.

use super::MOST_STATES;
use crate::axes::{AxisId, DRAW};
use crate::builder::Builder;
use crate::call::scan::{Leaf, Scan};
use crate::passes::optimise;
use crate::passes::rebuild::{copy, rebuild};
use crate::passes::unroll::unroll_axis;
use crate::program::Op;
use ppl_dist::{Expr, NodeId};

/// A scan whose states are elements of those of another one.
pub(super) struct Split<'b> {
    pub(super) scan: Scan,
    pub(super) args: Vec<Expr<'b>>,
    /// For each state of the other scan the axis along which it was taken apart, and into how many states.
    states: Vec<(Option<AxisId>, usize)>,
}

impl<'b> Split<'b> {
    /// `None` where no state lies along a short axis, or there would be too many.
    pub(super) fn new(b: &'b Builder, scan: &Scan, args: &[Expr<'b>]) -> Option<Self> {
        let short = |leaf: &Leaf| {
            let mut axes = leaf.axes.without(DRAW).iter();
            axes.find(|a| (2..=MOST_STATES).contains(&b.size(*a)))
        };
        let states: Vec<(Option<AxisId>, usize)> = scan
            .states
            .iter()
            .map(short)
            .map(|a| (a, a.map_or(1, |a| b.size(a))))
            .collect();
        let n_states: usize = states.iter().map(|s| s.1).sum();
        if n_states > MOST_STATES || states.iter().all(|s| s.0.is_none()) {
            return None;
        }
        // The new leaves come behind those of the step.
        let mut n_noise = scan.body.n_noise;
        let mut leaves: Vec<Vec<Leaf>> = vec![];
        for (leaf, (axis, n)) in scan.states.iter().zip(&states) {
            leaves.push(match axis {
                None => vec![*leaf],
                Some(axis) => {
                    let axes = leaf.axes.without(*axis);
                    let len = scan.body.len(axes);
                    let from = n_noise;
                    n_noise += n * len;
                    let at = |i| Leaf {
                        offset: from + i * len,
                        axes,
                    };
                    (0..*n).map(at).collect()
                }
            });
        }
        let body = rebuild(&scan.body, |b, id, of| {
            let state = match scan.body.node(id).op {
                Op::Noise { offset } => scan.states.iter().position(|s| s.offset == offset),
                _ => None,
            };
            match state.and_then(|s| Some((s, states[s].0?))) {
                Some((s, axis)) => {
                    let part = |leaf: &Leaf| b.handle(b.noise_at(leaf.offset, leaf.axes));
                    let parts: Vec<Expr<'_>> = leaves[s].iter().map(part).collect();
                    b.stack(&parts, axis)
                }
                None => copy(b, &scan.body, id, of),
            }
        });
        let outputs = body.outputs.clone();
        let mut body = {
            let inner = Builder::from_program(body);
            let mut all: Vec<NodeId> = vec![];
            for (output, (axis, n)) in outputs.iter().zip(&states) {
                match axis {
                    None => all.push(*output),
                    Some(axis) => {
                        let at = |i| inner.at(inner.handle(*output), *axis, i).node(&inner);
                        all.extend((0..*n).map(at));
                    }
                }
            }
            all.extend(&outputs[states.len()..]);
            inner.finish(all)
        };
        body.n_noise = n_noise;
        let mut axes: Vec<AxisId> = states.iter().filter_map(|s| s.0).collect();
        axes.sort();
        axes.dedup();
        for axis in axes {
            body = unroll_axis(&body, axis);
        }
        let mut initial = vec![];
        for (arg, (axis, n)) in args.iter().zip(&states) {
            initial.extend((0..*n).map(|i| axis.map_or(*arg, |axis| b.at(*arg, axis, i))));
        }
        initial.extend(&args[states.len()..]);
        Some(Split {
            scan: Scan {
                again: None,
                axis: scan.axis,
                reverse: scan.reverse,
                body: optimise(body).0,
                states: leaves.concat(),
                inputs: scan.inputs.clone(),
            },
            args: initial,
            states,
        })
    }

    /// The parts of the other scan, from those of this one.
    pub(super) fn whole(&self, b: &'b Builder, parts: &[Expr<'b>]) -> Vec<Expr<'b>> {
        let n_states = self.scan.states.len();
        let n_outputs = self.scan.body.outputs.len();
        let joined = |mut from: &[Expr<'b>]| -> Vec<Expr<'b>> {
            let mut out = vec![];
            for (axis, n) in &self.states {
                let (own, rest) = from.split_at(*n);
                out.push(axis.map_or(own[0], |axis| b.stack(own, axis)));
                from = rest;
            }
            out
        };
        let others = parts[n_states..n_outputs].to_vec();
        [
            joined(&parts[..n_states]),
            others,
            joined(&parts[n_outputs..]),
        ]
        .concat()
    }
}
