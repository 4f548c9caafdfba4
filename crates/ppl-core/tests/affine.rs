//! Affine recurrences: values, gradients and directional derivatives of gradients are those of the scan that they replace.

#[path = "common/affine.rs"]
mod affine;

use affine::{By, point, program, windowed};
use ppl_core::interpret::evaluate;
use ppl_core::{Program, Routine};

fn outputs(program: &Program) -> Vec<f64> {
    let at = point(program.n_params);
    let noise: Vec<f64> = (0..program.n_noise)
        .map(|i| 0.1 * (i as f64).sin())
        .collect();
    evaluate(program, &at, &noise, &program.outputs).concat()
}

#[test]
fn they_equal_the_scans_that_they_replace() {
    for n_states in 1..=4 {
        for (reverse, second) in [(false, false), (true, false), (false, true), (true, true)] {
            let scan = program(By::Scan, (n_states, 2), reverse, second);
            let affine = program(By::Builder, (n_states, 2), reverse, second);
            let is_scan = |r: &Routine| matches!(r, Routine::Scan(_));
            assert!(scan.calls.iter().any(is_scan));
            assert!(!affine.calls.iter().any(is_scan), "{n_states} states");
            let (expected, got) = (outputs(&scan), outputs(&affine));
            assert_eq!(expected.len(), got.len());
            for (x, y) in got.iter().zip(&expected) {
                assert!(
                    (x - y).abs() <= 1e-11 * (1.0 + y.abs()),
                    "{n_states} states: {x} {y}"
                );
            }
        }
    }
}

/// Beyond four states the step stays as it was written.
#[test]
fn many_states_are_a_scan() {
    let many = program(By::Builder, (5, 1), false, false);
    assert!(many.calls.iter().any(|r| matches!(r, Routine::Scan(_))));
}

/// Nor is one of so many steps that arrays of its coefficients would be too much memory.
#[test]
fn long_ones_are_scans_whose_states_are_computed_again() {
    for second in [false, true] {
        let scan = program(By::Scan, (2, 2), false, second);
        let long = program(By::Long, (2, 2), false, second);
        assert!(long.calls.iter().all(|r| matches!(r, Routine::Scan(_))));
        let (expected, got) = (outputs(&scan), outputs(&long));
        assert_eq!(expected.len(), got.len());
        for (x, y) in got.iter().zip(&expected) {
            assert!((x - y).abs() <= 1e-11 * (1.0 + y.abs()), "{x} {y}");
        }
    }
}

/// The last elements along an axis of lags are states that read each other.
#[test]
fn windows_are_several_states() {
    for lags in 2..=4 {
        for second in [false, true] {
            let scan = windowed(By::Scan, (lags, 2), second);
            let affine = windowed(By::Builder, (lags, 2), second);
            assert!(!affine.calls.iter().any(|r| matches!(r, Routine::Scan(_))));
            let (expected, got) = (outputs(&scan), outputs(&affine));
            assert_eq!(expected.len(), got.len());
            for (x, y) in got.iter().zip(&expected) {
                assert!((x - y).abs() <= 1e-11 * (1.0 + y.abs()), "{lags}: {x} {y}");
            }
        }
    }
}
