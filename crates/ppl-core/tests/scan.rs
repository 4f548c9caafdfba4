//! Scans: values against the recurrence written out by hand, gradients against differences, twice.

#[path = "common/scans.rs"]
mod scans;

use ppl_core::interpret::evaluate;
use ppl_core::passes::optimise;
use ppl_core::{NodeId, Program};
use scans::{N, again, point, program};

#[test]
fn values_are_those_of_the_loop() {
    for reverse in [false, true] {
        let p = program(1, reverse, false);
        let at = point(p.n_params);
        let noise = vec![0.2; p.n_noise];
        let (a, s0, w, x) = (at[0], &at[1..3], &at[3..5], &at[5..10]);
        let (mut s, mut r) = ([s0[0], s0[1]], 0.7);
        let mut expected = 0.0;
        for i in 0..N {
            let t = if reverse { N - 1 - i } else { i };
            let xt = x[t] + 0.2;
            let weight = x[t] * x[t] + 0.3;
            let (s_old, r_old) = (s, r);
            for g in 0..2 {
                s[g] = (a * s_old[g] + xt * r_old).tanh() + w[g];
            }
            r = r_old * (s_old[0] + s_old[1]).tanh() + 0.1 * xt;
            expected += weight
                * (s[0]
                    + s[1]
                    + 2.0 * r
                    + 3.0 * (s[0] + s[1]) * r
                    + 4.0 * (s_old[0] + s_old[1])
                    + 5.0 * r_old);
        }
        let got = evaluate(&p, &at, &noise, &p.outputs[..1])[0][0];
        assert!(
            (got - expected).abs() < 1e-12 * expected.abs().max(1.0),
            "{got} {expected}"
        );
    }
}

fn against_differences(program: &Program) {
    let at = point(program.n_params);
    let noise: Vec<f64> = (0..program.n_noise)
        .map(|i| 0.1 * (i as f64).sin())
        .collect();
    let value = |at: &[f64]| evaluate(program, at, &noise, &program.outputs[..1])[0][0];
    let outputs: Vec<NodeId> = program.outputs[1..].to_vec();
    let gradient: Vec<f64> = evaluate(program, &at, &noise, &outputs).concat();
    assert_eq!(gradient.len(), at.len());
    for i in 0..at.len() {
        let h = 1e-5;
        let (mut up, mut down) = (at.clone(), at.clone());
        up[i] += h;
        down[i] -= h;
        let difference = (value(&up) - value(&down)) / (2.0 * h);
        assert!(
            (gradient[i] - difference).abs() < 1e-7 * (1.0 + difference.abs()),
            "parameter {i}: {} against {difference}",
            gradient[i]
        );
    }
}

#[test]
fn gradients_are_those_of_differences() {
    for reverse in [false, true] {
        for draws in [1, 3] {
            against_differences(&program(draws, reverse, false));
            against_differences(&again(draws, reverse, false));
        }
    }
}

#[test]
fn second_derivatives_are_those_of_differences() {
    for reverse in [false, true] {
        against_differences(&program(2, reverse, true));
        against_differences(&again(2, reverse, true));
    }
}

#[test]
fn passes_change_no_value() {
    for second in [false, true] {
        let p = program(2, false, second);
        let at = point(p.n_params);
        let noise: Vec<f64> = (0..p.n_noise).map(|i| 0.1 * (i as f64).sin()).collect();
        let (q, _) = optimise(p.clone());
        let before = evaluate(&p, &at, &noise, &p.outputs).concat();
        let after = evaluate(&q, &at, &noise, &q.outputs).concat();
        for (x, y) in before.iter().zip(&after) {
            assert!((x - y).abs() <= 1e-11 * (1.0 + x.abs()), "{x} {y}");
        }
    }
}
