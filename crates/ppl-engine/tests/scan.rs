//! Scans in the engine against the reference interpreter.

#[path = "../../ppl-core/tests/common/scans.rs"]
mod scans;

use ppl_core::interpret::evaluate;
use ppl_core::passes::optimise;
use ppl_engine::Kernels;
use scans::{N, again, point, program};

#[test]
fn values_and_derivatives_are_those_of_the_interpreter() {
    assert_eq!(N, 5);
    for draws in [1, 2, 9] {
        for (reverse, second) in [(false, false), (true, false), (false, true)] {
            for optimised in [false, true] {
                for mut p in [program, again].map(|of| of(draws, reverse, second)) {
                    if optimised {
                        p = optimise(p).0;
                    }
                    let at = point(p.n_params);
                    let noise: Vec<f64> = (0..p.n_noise).map(|i| 0.1 * (i as f64).sin()).collect();
                    let expected = evaluate(&p, &at, &noise, &p.outputs);
                    let mut kernels = Kernels::compile(&p).unwrap();
                    for _ in 0..2 {
                        kernels.run(&at, &noise);
                        for (k, expected) in expected.iter().enumerate() {
                            for (x, y) in kernels.output(k).iter().zip(expected) {
                                assert!(
                                    (x - y).abs() <= 1e-12 * (1.0 + y.abs()),
                                    "output {k}: {x} {y}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}
