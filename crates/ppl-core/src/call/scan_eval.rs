//! Scans by plain evaluation, step by step.

use super::scan::{Leaf, Scan};
use crate::axes::AxisSet;
use crate::interpret::{Argument, evaluate as evaluate_body, offsets};
use crate::program::Program;

pub(super) fn evaluate(
    scan: &Scan,
    program: &Program,
    args: &[Argument<'_>],
    parts: &[(usize, AxisSet)],
) -> Vec<Vec<f64>> {
    let mut leaves = vec![0.0; scan.body.n_noise];
    let mut out: Vec<Vec<f64>> = parts
        .iter()
        .map(|(_, axes)| vec![0.0; program.len(*axes)])
        .collect();
    let (initial, inputs) = args.split_at(scan.states.len());
    let mut inputs = inputs.to_vec();
    let before;
    if let Some(other) = &scan.again {
        let n = other.states.len();
        let parts: Vec<(usize, AxisSet)> = (0..n)
            .map(|s| (other.before(s), other.part_axes(other.before(s))))
            .collect();
        before = evaluate(other, program, &inputs[..n + other.inputs.len()], &parts);
        for ((input, values), (_, axes)) in inputs.iter_mut().zip(&before).zip(parts) {
            *input = Argument { values, axes };
        }
    }
    for (leaf, arg) in scan.states.iter().zip(initial) {
        load(scan, program, leaf, arg, 0, &mut leaves);
    }
    let n_outputs = scan.body.outputs.len();
    for t in scan.order() {
        for (leaf, arg) in scan.inputs.iter().zip(&inputs) {
            load(scan, program, leaf, arg, t, &mut leaves);
        }
        let values = evaluate_body(&scan.body, &[], &leaves, &scan.body.outputs);
        for ((part, axes), out) in (parts.iter().zip(&mut out)).filter(|p| p.0.0 < scan.last(0)) {
            let value: &[f64] = if *part < n_outputs {
                &values[*part]
            } else {
                let leaf = scan.states[*part - n_outputs];
                &leaves[leaf.offset..leaf.offset + program.len(leaf.axes)]
            };
            let strides = program.strides(*axes);
            let base = t * strides[scan.axis.0 as usize];
            let to = offsets(program, axes.without(scan.axis), &strides);
            for (to, v) in to.zip(value) {
                out[base + to] = *v;
            }
        }
        for (leaf, value) in scan.states.iter().zip(&values) {
            leaves[leaf.offset..leaf.offset + value.len()].copy_from_slice(value);
        }
    }
    for ((part, _), out) in (parts.iter().zip(&mut out)).filter(|p| p.0.0 >= scan.last(0)) {
        let leaf = scan.states[*part - scan.last(0)];
        let end = leaf.offset + out.len();
        out.copy_from_slice(&leaves[leaf.offset..end]);
    }
    out
}

/// Copies an argument's value at position `t` into its leaf.
fn load(
    scan: &Scan,
    program: &Program,
    leaf: &Leaf,
    arg: &Argument<'_>,
    t: usize,
    leaves: &mut [f64],
) {
    let strides = program.strides(arg.axes);
    let base = t * strides[scan.axis.0 as usize];
    let from = offsets(program, leaf.axes, &strides);
    for (to, from) in leaves[leaf.offset..].iter_mut().zip(from) {
        *to = arg.values[base + from];
    }
}
