//! Affine recurrences in the engine against the scan interpreted.

#[path = "../../ppl-core/tests/common/affine.rs"]
mod affine;

use affine::{By, point, program};
use ppl_core::interpret::evaluate;
use ppl_engine::Kernels;

#[test]
fn values_and_derivatives_are_those_of_the_scan_interpreted() {
    for draws in [1, 2, 3, 5, 9] {
        for n_states in 1..=4 {
            for (reverse, second) in [(false, false), (true, false), (false, true)] {
                let scan = program(By::Scan, (n_states, draws), reverse, second);
                let p = program(By::Builder, (n_states, draws), reverse, second);
                let at = point(p.n_params);
                let noise: Vec<f64> = (0..p.n_noise).map(|i| 0.1 * (i as f64).sin()).collect();
                let expected = evaluate(&scan, &at, &noise, &scan.outputs);
                let mut kernels = Kernels::compile(&p).unwrap();
                for _ in 0..2 {
                    kernels.run(&at, &noise);
                    for (k, expected) in expected.iter().enumerate() {
                        for (x, y) in kernels.output(k).iter().zip(expected) {
                            assert!(
                                (x - y).abs() <= 1e-11 * (1.0 + y.abs()),
                                "{n_states} states, {draws} draws, output {k}: {x} {y}"
                            );
                        }
                    }
                }
            }
        }
    }
}
