//! Chains side by side in vectors: the same bits as alone, and the values of the reference interpreter.

use ppl_core::interpret::evaluate;
use ppl_core::passes::optimise;
use ppl_core::{Axis, AxisId, AxisSet, Builder, DRAW, Expr, NodeId, Program, gradient};
use ppl_engine::{InstructionSet, Kernels};

/// Chains of `k` values for each draw, one after another, each up to an element of `ends`; the total, its gradient and the
/// gradient of a contraction of that. The axis of the values comes before or after that of the elements.
fn program(draws: usize, k: usize, ends: &[u32], varies: bool, inner: bool) -> Program {
    let n = ends.last().map_or(0, |&e| e as usize);
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    let (along, to) = match inner {
        true => (AxisId(1), AxisId(3)),
        false => (AxisId(3), AxisId(1)),
    };
    let from = AxisId(2);
    let mut axes = vec![axis("draw", draws), axis("", 0), axis("from", k)];
    axes.push(axis("", 0));
    axes[along.0 as usize] = axis("t", n);
    axes[to.0 as usize] = axis("to", k);
    let b = Builder::new(axes);
    let both = AxisSet::of(&[from, to]);
    let pair = b.param(if varies { both.with(along) } else { both }).0;
    let own = b.noise(AxisSet::of(&[DRAW, along, to])).0;
    let shift = b.param(AxisSet::of(&[along, to])).0;
    let total = b.chain_log_sum((pair, from, to), own + shift, along, ends.into());
    let leaves: Vec<NodeId> = [pair, shift].iter().map(|e| e.node(&b)).collect();
    let sum = b.sum(total, AxisSet::of(&[DRAW]));
    let first = gradient(&b, sum.node(&b), &leaves);
    let contracted = first.iter().fold(Expr::Const(0.0), |sum, &id| {
        let e = b.literal_or_node(id);
        let axes = b.axes_of(e);
        let len = axes.iter().map(|a| b.size(a)).product();
        let weights: Vec<f64> = (0..len).map(|i| (1.3 * i as f64).sin()).collect();
        sum + b.sum(e * b.data(weights.into(), axes), axes)
    });
    let second = gradient(&b, contracted.node(&b), &leaves);
    let per_draw = gradient(&b, sum.node(&b), &[own.node(&b)]);
    let outputs = [vec![total.node(&b)], per_draw, first, second].concat();
    optimise(b.finish(outputs)).0
}

fn wave(n: usize, scale: f64) -> Vec<f64> {
    (0..n)
        .map(|i| scale * (0.7 * i as f64 + 0.1).sin())
        .collect()
}

#[test]
fn lanes_agree_with_the_interpreter() {
    let cases: [(usize, &[u32], bool); 7] = [
        (2, &[45], false),
        (2, &[1, 20, 39, 58, 61], true),
        (3, &[7, 14, 21], false),
        (4, &[33], true),
        (5, &[2, 4, 40], false),
        (8, &[11, 22], true),
        (9, &[3, 6], false),
    ];
    for (k, ends, varies) in cases {
        for (draws, inner) in [(1, true), (3, false), (10, true), (17, false)] {
            let p = program(draws, k, ends, varies, inner);
            let (params, noise) = (wave(p.n_params, 1.5), wave(p.n_noise, 0.8));
            let expected = evaluate(&p, &params, &noise, &p.outputs);
            for set in InstructionSet::available() {
                let mut kernels = Kernels::compile_for(&p, set).unwrap();
                kernels.run(&params, &noise);
                for (i, expected) in expected.iter().enumerate() {
                    for (&got, &e) in kernels.output(i).iter().zip(expected) {
                        assert!(
                            (got - e).abs() < 1e-10 * (1.0 + e.abs()),
                            "{set:?}, k {k}, {draws} draws, output {i}: {got} instead of {e}"
                        );
                    }
                }
            }
        }
    }
}

/// Chains long enough for what comes next to be asked for.
#[test]
fn long_chains_agree_with_the_interpreter() {
    for (draws, ends, varies, inner) in [
        (8, &[33_001][..], false, false),
        (8, &[100, 33_101][..], true, true),
        (1, &[264_000][..], false, true),
    ] {
        let p = program(draws, 2, ends, varies, inner);
        let (params, noise) = (wave(p.n_params, 1.5), wave(p.n_noise, 0.8));
        let expected = evaluate(&p, &params, &noise, &p.outputs);
        let mut kernels = Kernels::compile(&p).unwrap();
        kernels.run(&params, &noise);
        for (i, expected) in expected.iter().enumerate() {
            let largest = expected.iter().fold(1.0f64, |m, e| m.max(e.abs()));
            for (&got, &e) in kernels.output(i).iter().zip(expected) {
                let near = (got - e).abs() < 1e-10 * largest;
                assert!(near, "{draws} draws, output {i}: {got} instead of {e}");
            }
        }
    }
}

/// A draw's total and marginals are the same bits with 1 to 19 draws, among them one whose plain recursion would lose a value.
#[test]
fn bits_do_not_depend_on_the_neighbours() {
    let (k, ends) = (2, [60, 97]);
    for varies in [false, true] {
        let of = |draws: usize| {
            let p = program(draws, k, &ends, varies, false);
            let mut params = wave(p.n_params, 1.0);
            // No way from the second value to the first.
            if !varies {
                params[2] = f64::NEG_INFINITY;
            }
            let mut noise = wave(p.n_noise, 1.0);
            if draws > 4 {
                let each = noise.len() / draws;
                for v in &mut noise[4 * each..5 * each] {
                    *v *= 400.0;
                }
            }
            let mut kernels = Kernels::compile(&p).unwrap();
            kernels.run(&params, &noise);
            (kernels.output(0).to_vec(), kernels.output(1).to_vec())
        };
        let (totals, marginals) = of(19);
        let each = marginals.len() / 19;
        for draws in [1, 2, 4, 5, 8, 9, 18] {
            let (t, m) = of(draws);
            assert!(
                t.iter()
                    .zip(&totals)
                    .all(|(a, b)| a.to_bits() == b.to_bits()),
                "{draws}"
            );
            let same = m.iter().zip(&marginals[..draws * each]);
            let differ = same.filter(|(a, b)| a.to_bits() != b.to_bits()).count();
            assert_eq!(differ, 0, "{draws} draws");
        }
    }
}
