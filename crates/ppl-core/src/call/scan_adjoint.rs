//! The adjoint of a scan is a scan the other way: the adjoint of the states is its state, and at every element it gives
//! out what the inputs receive.

use super::Routine;
use super::scan::{Leaf, Scan};
use crate::axes::AxisSet;
use crate::builder::Builder;
use crate::grad::gradient;
use crate::passes::optimise;
use ppl_dist::{Expr, NodeId};
use std::sync::Arc;

pub(super) fn adjoint<'b>(
    scan: &Arc<Scan>,
    builder: &'b Builder,
    args: &[Expr<'b>],
    part: &dyn Fn(usize) -> Expr<'b>,
    adjoints: &[Option<Expr<'b>>],
    wanted: &[bool],
) -> Vec<Option<Expr<'b>>> {
    if let Some(other) = &scan.again {
        return of_again((scan, other), builder, args, part, adjoints, wanted);
    }
    let n_states = scan.states.len();
    let body = Builder::from_program(scan.body.clone());
    let leaf = |axes: AxisSet| {
        let (e, offset) = body.noise(axes);
        (e, Leaf { offset, axes })
    };
    // What arrives at each output at an element: from outside, and for states from the step that comes after.
    let mut states = vec![];
    let mut inputs: Vec<Leaf> = scan.states.iter().chain(&scan.inputs).copied().collect();
    let after_all = |s: usize| adjoints[scan.last(s)].unwrap_or(Expr::Const(0.0));
    let mut outer_args: Vec<Expr<'b>> = (0..n_states).map(after_all).collect();
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
    // Which arguments the inputs among them are.
    let inputs_of: Vec<usize> = (n_states..args.len()).filter(|a| wanted[*a]).collect();
    let of = inner_product.node(&body);
    let mut outputs = gradient(&body, of, &leaves);
    for (s, extra) in extra.iter().enumerate() {
        if let Some(e) = extra {
            let sum = body.literal_or_node(outputs[s]) + *e;
            outputs[s] = body.broadcast(sum, scan.states[s].axes).node(&body);
        }
    }
    let n_given = leaves.len();
    let mut back = Scan {
        axis: scan.axis,
        reverse: !scan.reverse,
        body: optimise(body.snapshot_with(outputs.clone())).0,
        states,
        inputs,
        again: None,
    };
    // It is affine in the adjoints of the states, whatever the step itself is.
    let arrays = scan.tape() <= builder.most_tape(true);
    let affine = arrays.then(|| builder.affine(&back, &outer_args));
    let first = if scan.reverse {
        builder.size(scan.axis) - 1
    } else {
        0
    };
    let mut of_inputs;
    let of_initial;
    if let Some(parts) = affine.flatten() {
        of_initial = (parts[..n_states].iter())
            .map(|part| builder.at(*part, scan.axis, first))
            .collect();
        of_inputs = parts[n_states..n_given].to_vec();
    } else if scan.tape() <= builder.most_tape(false) {
        let last = back.last(0);
        let parts = builder.step_by_step(back, &outer_args);
        of_initial = parts[last..].to_vec();
        of_inputs = parts[n_states..n_given].to_vec();
    } else {
        // No array but those of what lies along the axis: the states come again, and what inputs receive that are the same at
        // every step is added up on the way.
        let same = |k: &usize| !builder.axes_of(args[inputs_of[*k]]).contains(scan.axis);
        let (added, each): (Vec<usize>, Vec<usize>) = (0..n_given - n_states).partition(same);
        let mut sums = vec![];
        for &k in &added {
            let given = body.literal_or_node(outputs[n_states + k]);
            let axes = body.axes_of(body.handle(leaves[n_states + k]));
            let (sum, offset) = body.noise(axes);
            back.states.push(Leaf { offset, axes });
            sums.push(body.broadcast(sum + given, axes).node(&body));
        }
        let given = each.iter().map(|k| outputs[n_states + k]);
        let all = outputs[..n_states].iter().copied().chain(sums).chain(given);
        back.body = optimise(body.finish(all.collect())).0;
        back.again = Some(scan.clone());
        let mut given = outer_args[..n_states].to_vec();
        given.extend(added.iter().map(|_| Expr::Const(0.0)));
        given.extend(&args[..n_states]);
        given.extend(&outer_args[2 * n_states..]);
        let (last, n_back) = (back.last(0), back.states.len());
        let parts = builder.step_by_step(back, &given);
        of_initial = parts[last..last + n_states].to_vec();
        of_inputs = vec![Expr::Const(0.0); n_given - n_states];
        for (i, k) in added.into_iter().enumerate() {
            of_inputs[k] = parts[last + n_states + i];
        }
        for (i, k) in each.into_iter().enumerate() {
            of_inputs[k] = parts[n_back + i];
        }
    }
    let mut given = of_inputs.into_iter();
    (0..args.len())
        .map(|a| {
            if a < n_states {
                wanted[a].then(|| of_initial[a])
            } else if wanted[a] {
                given.next()
            } else {
                None
            }
        })
        .collect()
}

/// The adjoint of a scan that computes the states of another one again: that of the scan that reads them, and with what they
/// receive that of the other.
fn of_again<'b>(
    (scan, other): (&Scan, &Arc<Scan>),
    builder: &'b Builder,
    args: &[Expr<'b>],
    part: &dyn Fn(usize) -> Expr<'b>,
    adjoints: &[Option<Expr<'b>>],
    wanted: &[bool],
) -> Vec<Option<Expr<'b>>> {
    let (first, n) = (scan.states.len(), other.states.len());
    let own = first..first + n + other.inputs.len();
    let called = builder.call(&Routine::Scan(other.clone()), &args[own.clone()]);
    let part_of_other = |k| builder.call_part(called, k);
    let reads = Arc::new(Scan {
        axis: scan.axis,
        reverse: scan.reverse,
        body: scan.body.clone(),
        states: scan.states.clone(),
        inputs: scan.inputs.clone(),
        again: None,
    });
    let (mut given, mut all) = (args.to_vec(), wanted.to_vec());
    let any = wanted[own.clone()].contains(&true);
    for s in 0..n {
        given[first + s] = part_of_other(other.before(s));
        all[first + s] = any;
    }
    let mut out = adjoint(&reads, builder, &given, part, adjoints, &all);
    let mut received: Vec<Option<Expr<'b>>> = vec![None; other.n_parts()];
    for s in 0..n {
        let k = other.before(s);
        let axes = other.part_axes(k);
        received[k] = (out[first + s].take()).map(|e| builder.broadcast(e, axes));
    }
    if received.iter().all(Option::is_none) {
        return out;
    }
    let through = adjoint(
        other,
        builder,
        &args[own.clone()],
        &part_of_other,
        &received,
        &wanted[own.clone()],
    );
    for (a, e) in own.zip(through) {
        // Each has axes of its own beyond those of the argument.
        let alone =
            |e: Expr<'b>| builder.sum(e, builder.axes_of(e).minus(builder.axes_of(args[a])));
        out[a] = match (out[a].map(alone), e.map(alone)) {
            (Some(x), Some(y)) => Some(x + y),
            (one, None) | (None, one) => one,
        };
    }
    out
}
