//! Affine recurrences in the engine against the scan interpreted.

#[path = "../../ppl-core/tests/common/affine.rs"]
mod affine;

use affine::{By, point, program, windowed};
use ppl_core::Program;
use ppl_core::interpret::evaluate;
use ppl_engine::Kernels;

/// Kernels of the affine form, run twice, beside the scan.
fn compare(scan: &Program, p: &Program, what: &str) {
    let at = point(p.n_params);
    let noise: Vec<f64> = (0..p.n_noise).map(|i| 0.1 * (i as f64).sin()).collect();
    let expected = evaluate(scan, &at, &noise, &scan.outputs);
    let mut kernels = Kernels::compile(p).unwrap();
    for _ in 0..2 {
        kernels.run(&at, &noise);
        for (k, expected) in expected.iter().enumerate() {
            for (x, y) in kernels.output(k).iter().zip(expected) {
                let near = (x - y).abs() <= 1e-11 * (1.0 + y.abs());
                assert!(near, "{what}, output {k}: {x} {y}");
            }
        }
    }
}

#[test]
fn values_and_derivatives_are_those_of_the_scan_interpreted() {
    for draws in [1, 2, 3, 5, 9] {
        for n_states in 1..=4 {
            for (reverse, second) in [(false, false), (true, false), (false, true)] {
                let scan = program(By::Scan, (n_states, draws), reverse, second);
                let p = program(By::Builder, (n_states, draws), reverse, second);
                compare(&scan, &p, &format!("{n_states} states, {draws} draws"));
            }
        }
        for (lags, second) in [(2, false), (3, true), (4, false)] {
            let scan = windowed(By::Scan, (lags, draws), second);
            let p = windowed(By::Builder, (lags, draws), second);
            compare(&scan, &p, &format!("{lags} lags, {draws} draws"));
        }
    }
}

#[test]
fn a_long_one_is_gone_through_step_by_step() {
    for (reverse, second) in [(false, false), (true, false), (false, true)] {
        for draws in [1, 3] {
            let scan = program(By::Scan, (2, draws), reverse, second);
            let p = program(By::Long, (2, draws), reverse, second);
            assert!(
                p.calls.iter().all(|call| call.name().starts_with("scan")),
                "no array of coefficients"
            );
            compare(&scan, &p, &format!("long, {draws} draws"));
        }
    }
    let (scan, p) = (
        windowed(By::Scan, (3, 2), false),
        windowed(By::Long, (3, 2), false),
    );
    compare(&scan, &p, "long, 3 lags");
}
