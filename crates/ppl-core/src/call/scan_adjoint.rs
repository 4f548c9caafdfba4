//! The adjoint of a scan is a scan the other way: the adjoint of the states is its state, and at every element it gives
//! out what the inputs receive.

use super::scan::{Leaf, Scan};
use crate::axes::AxisSet;
use crate::builder::Builder;
use crate::grad::gradient;
use crate::passes::optimise;
use ppl_dist::{Expr, NodeId};

pub(super) fn adjoint<'b>(
    scan: &Scan,
    builder: &'b Builder,
    args: &[Expr<'b>],
    part: &dyn Fn(usize) -> Expr<'b>,
    adjoints: &[Option<Expr<'b>>],
    wanted: &[bool],
) -> Vec<Option<Expr<'b>>> {
    let n_states = scan.states.len();
    let body = Builder::from_program(scan.body.clone());
    let leaf = |axes: AxisSet| {
        let (e, offset) = body.noise(axes);
        (e, Leaf { offset, axes })
    };
    // What arrives at each output at an element: from outside, and for states from the step that comes after.
    let mut states = vec![];
    let mut inputs: Vec<Leaf> = scan.states.iter().chain(&scan.inputs).copied().collect();
    let mut outer_args: Vec<Expr<'b>> = (0..n_states).map(|_| Expr::Const(0.0)).collect();
    outer_args.extend((0..n_states).map(|s| part(scan.before(s))));
    outer_args.extend(&args[n_states..]);
    let mut inner_product = Expr::Const(0.0);
    for (k, id) in scan.body.outputs.iter().enumerate() {
        let axes = scan.body.node(*id).axes;
        let mut seed = Expr::Const(0.0);
        if k < n_states {
            let (e, at) = leaf(axes);
            states.push(at);
            seed = e;
        }
        if let Some(outside) = adjoints[k] {
            let (e, at) = leaf(axes);
            inputs.push(at);
            outer_args.push(outside);
            seed = seed + e;
        }
        inner_product = inner_product + body.sum(seed * body.literal_or_node(*id), axes);
    }
    // Adjoints of the values before each step count towards the state that the step read.
    let mut extra: Vec<Option<Expr<'_>>> = vec![None; n_states];
    for (s, extra) in extra.iter_mut().enumerate() {
        if let Some(outside) = adjoints[scan.before(s)] {
            let (e, at) = leaf(scan.states[s].axes);
            inputs.push(at);
            outer_args.push(outside);
            *extra = Some(e);
        }
    }
    let leaves: Vec<NodeId> = scan
        .states
        .iter()
        .chain(
            scan.inputs
                .iter()
                .zip(&wanted[n_states..])
                .filter(|(_, w)| **w)
                .map(|(leaf, _)| leaf),
        )
        .map(|at| body.noise_at(at.offset, at.axes))
        .collect();
    let of = inner_product.node(&body);
    let mut outputs = gradient(&body, of, &leaves);
    for (s, extra) in extra.iter().enumerate() {
        if let Some(e) = extra {
            let sum = body.literal_or_node(outputs[s]) + *e;
            outputs[s] = body.broadcast(sum, scan.states[s].axes).node(&body);
        }
    }
    let back = Scan {
        axis: scan.axis,
        reverse: !scan.reverse,
        body: optimise(body.finish(outputs)).0,
        states,
        inputs,
    };
    let n_given = leaves.len();
    // It is affine in the adjoints of the states, whatever the step itself is.
    let parts = builder.scan(back, &outer_args);
    let first = if scan.reverse {
        builder.size(scan.axis) - 1
    } else {
        0
    };
    let mut given = (n_states..n_given).map(|k| parts[k]);
    (0..args.len())
        .map(|a| {
            if a < n_states {
                wanted[a].then(|| builder.at(parts[a], scan.axis, first))
            } else if wanted[a] {
                given.next()
            } else {
                None
            }
        })
        .collect()
}
