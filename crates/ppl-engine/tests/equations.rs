//! Equations that are solved together, as lanes of vectors, against each alone: the same bits, whatever method each takes.

use ppl_core::call::ode::{Equation, Tolerance};
use ppl_core::call::scan::Leaf;
use ppl_core::interpret::evaluate;
use ppl_core::{Axis, AxisId, AxisSet, Builder, DRAW, NodeId, Program, Real, gradient};
use ppl_engine::Kernels;

const K: AxisId = AxisId(1);
const T: AxisId = AxisId(2);
const TIMES: usize = 5;

/// Numbers of one draw: the start (2), its time, the times, and the two inputs.
const WIDTH: usize = 2 + 1 + TIMES + 2;

/// y' = b y^2 - y, which has no end where b y is above one, and z' = m (exp(-t) - z), which is stiff where m is large: the solution and
/// the gradient of its sum of squares in every number of each draw.
fn program(draws: usize) -> Program {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    let b = Builder::new(vec![axis("draw", draws), axis("k", 2), axis("t", TIMES)]);
    let body = b.sibling();
    let leaf = |axes| {
        let (e, offset) = body.noise(axes);
        (e, Leaf { offset, axes })
    };
    let (t, time) = leaf(AxisSet::EMPTY);
    let (y, state) = leaf(AxisSet::of(&[K]));
    let inputs = [leaf(AxisSet::EMPTY), leaf(AxisSet::EMPTY)];
    let ([growth, pull], y, z) = (inputs.map(|i| i.0), body.at(y, K, 0), body.at(y, K, 1));
    let right = [growth * y * y - y, pull * ((-t).exp() - z)];
    let right = body.broadcast(body.stack(&right, K), AxisSet::of(&[K]));
    let right = right.node(&body);
    let equation = Equation {
        time,
        state,
        inputs: inputs.iter().map(|i| i.1).collect(),
        right: body.snapshot_with(vec![right]),
    };
    let own = |axes: &[AxisId]| b.noise(AxisSet::of(axes).with(DRAW)).0;
    let (y0, t0, times) = (own(&[K]), own(&[]), own(&[T]));
    let (growth, pull) = (own(&[]), own(&[]));
    let tolerance = Tolerance {
        relative: 1e-6,
        absolute: 1e-8,
    };
    let all = [growth, pull];
    let found = b.ode(&equation, (t0, y0), (times, T), &all, tolerance);
    let found = found.expect("a small right side");
    let total = b.sum(found * found, AxisSet::of(&[K, T]).with(DRAW));
    let leaves: Vec<NodeId> = [y0, t0, times, growth, pull]
        .iter()
        .map(|e| e.node(&b))
        .collect();
    let mut outputs = vec![found.node(&b)];
    outputs.extend(gradient(&b, total.node(&b), &leaves));
    b.finish(outputs)
}

/// The numbers of a draw: one in four is stiff, one in seven has no end, one has a time that is no number.
fn draw(i: usize) -> [f64; WIDTH] {
    let x = |k: usize| ((i * WIDTH + k) as f64 * 0.7).sin();
    let t0 = 0.2 * x(2);
    let pull = if i % 4 == 1 { 1e6 } else { 3.0 + x(9) };
    let growth = if i % 7 == 2 { 3.0 } else { 0.3 + 0.1 * x(8) };
    let late = if i == 10 { f64::NAN } else { 2.0 + x(6) };
    // Unsorted, with one at the start, two alike, and one before the start where that can be had.
    let before = if i % 4 == 1 { t0 } else { t0 - 0.3 };
    [
        1.0 + 0.3 * x(0),
        x(1),
        t0,
        t0 + 1.5,
        before,
        late,
        t0,
        t0 + 1.5,
        growth,
        pull,
    ]
}

/// The noise of some draws as the program takes it.
fn noise(p: &Program, draws: std::ops::Range<usize>) -> Vec<f64> {
    let all: Vec<[f64; WIDTH]> = draws.map(draw).collect();
    let mut out = vec![];
    for (first, len) in [(0, 2), (2, 1), (3, TIMES), (3 + TIMES, 1), (4 + TIMES, 1)] {
        out.extend(all.iter().flat_map(|d| &d[first..first + len]));
    }
    assert_eq!(out.len(), p.n_noise);
    out
}

/// The outputs of one draw, of all draws'.
fn of_draw(outputs: &[Vec<f64>], i: usize, draws: usize) -> Vec<u64> {
    let each = outputs.iter().flat_map(|out| {
        let len = out.len() / draws;
        &out[i * len..(i + 1) * len]
    });
    // There is more than one bit pattern for what is not a number.
    each.map(|v| if v.is_nan() { u64::MAX } else { v.to_bits() })
        .collect()
}

fn run(p: &Program, noise: &[f64]) -> Vec<Vec<f64>> {
    let mut kernels = Kernels::compile(p).unwrap();
    kernels.run(&[], noise);
    kernels.run(&[], noise);
    let outputs = 0..p.outputs.len();
    outputs.map(|k| kernels.output(k).to_vec()).collect()
}

#[test]
fn equations_are_solved_together_as_alone() {
    let alone = program(1);
    let expected = |i: usize| {
        let noise = noise(&alone, i..i + 1);
        let reference = evaluate(&alone, &[], &noise, &alone.outputs);
        let own = of_draw(&run(&alone, &noise), 0, 1);
        let reference = of_draw(&reference, 0, 1);
        assert_eq!(own.len(), reference.len());
        for (a, b) in own.iter().zip(reference) {
            let (a, b) = (f64::from_bits(*a), f64::from_bits(b));
            let same = a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-12 * (1.0 + b.abs());
            assert!(same, "draw {i}: {a} {b}");
        }
        own
    };
    let expected: Vec<Vec<u64>> = (0..40).map(expected).collect();
    let solved = |i: &usize| expected[*i].iter().all(|bits| *bits != u64::MAX);
    let usual = |i: &usize| i % 7 != 2 && *i != 10;
    let unsolved: Vec<usize> = (0..40).filter(usual).filter(|i| !solved(i)).collect();
    assert!(unsolved.is_empty(), "{unsolved:?}");
    assert!((0..40).filter(|i| i % 7 == 2).all(|i| !solved(&i)));
    for draws in [2, 3, 8, 9, 21, 40] {
        let p = program(draws);
        let found = run(&p, &noise(&p, 0..draws));
        for (i, expected) in expected[..draws].iter().enumerate() {
            assert_eq!(&of_draw(&found, i, draws), expected, "draw {i} of {draws}");
        }
    }
}
