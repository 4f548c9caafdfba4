//! A column that is 1 at one position and 0 elsewhere is not read: what it is multiplied with is added to one lane.

use ppl_core::interpret::evaluate;
use ppl_core::{Axis, AxisId, AxisSet, Builder, Program, Real};
use ppl_engine::Kernels;

const DRAW: AxisId = AxisId(0);
const SERIES: AxisId = AxisId(1);
const TIME: AxisId = AxisId(2);

/// Sums with products of such columns: written to memory, read by others in the same kernel, summed, and laid out over more axes.
fn program(draws: usize, series: usize, times: usize, at: usize) -> Program {
    let axis = |name: &str, size| Axis {
        name: name.into(),
        size,
    };
    let b = Builder::new(vec![
        axis("draw", draws),
        axis("series", series),
        axis("time", times),
    ]);
    let time = AxisSet::of(&[TIME]);
    let only = (0..times).map(|t| f64::from(u8::from(t == at)));
    let only = b.data(only.collect(), time);
    let h = b.noise(AxisSet::of(&[DRAW, SERIES, TIME])).0;
    let x = b.param(time).0;
    let a = b.noise(AxisSet::of(&[DRAW, SERIES])).0;
    let c = b.param(AxisSet::of(&[SERIES])).0;
    let outputs = [
        a * only + h * x,
        b.sum((c * only + (h + x * x)).exp(), AxisSet::of(&[SERIES])),
        b.sum(((a + a) * only + (h + x)).exp(), time),
        // No term that is computed here alone, and a factor that varies along the lanes.
        (a * a) * only + h,
        x * only + h * h,
    ];
    let outputs = outputs.map(|e| e.node(&b)).to_vec();
    b.finish(outputs)
}

fn agrees(p: &Program) {
    let points = |n: usize, k: usize| -> Vec<f64> {
        (0..n)
            .map(|i| ((i + k) * 7 % 23) as f64 / 9.0 - 1.2)
            .collect()
    };
    let mut kernels = Kernels::compile(p).unwrap();
    kernels.run(&points(p.n_params, 5), &points(p.n_noise, 3));
    let (params, noise) = (points(p.n_params, 0), points(p.n_noise, 1));
    kernels.run(&params, &noise);
    let expected = evaluate(p, &params, &noise, &p.outputs);
    for (k, expected) in expected.iter().enumerate() {
        let got = kernels.output(k);
        assert_eq!(got.len(), expected.len());
        for (x, y) in got.iter().zip(expected) {
            let close = (x - y).abs() <= 1e-11 * (1.0 + y.abs());
            assert!(close, "output {k}: {x} instead of {y}");
        }
    }
}

#[test]
fn one_lane_of_one_block_is_added_to() {
    for (draws, series, times) in [(1, 1, 700), (3, 2, 5), (2, 3, 1300), (1, 4, 512), (2, 1, 1)] {
        for at in [0, times / 2, times - 1] {
            let p = program(draws, series, times, at);
            agrees(&p);
            let explained = Kernels::compile(&p).unwrap().explain();
            let found = explained.contains("addat");
            // Short kernels do not tell their instructions.
            assert!(found || times < 100, "{explained}\n{p}");
        }
    }
}

#[test]
fn arrays_beyond_the_caches() {
    let p = program(1, 1, 300_001, 200_000);
    let explained = Kernels::compile(&p).unwrap().explain();
    assert!(explained.contains("blocks of 768"), "{explained}");
    agrees(&p);
}
