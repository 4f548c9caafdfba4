//! Chains and fields with unknown scales, in any units: no fit ends in the neck of the funnel that such a scale makes.

use ppl_lang::{Fit, FitOptions};
use ppl_tests::fit;
use std::f64::consts::PI;

/// Noise of variance one or so, the same everywhere.
fn noise(i: usize) -> f64 {
    let u = |k: usize| ((i * k + 17) % 997) as f64 / 997.0;
    (u(389) + u(617) + u(211) - 1.5) * 2.0
}

/// A level that walks, and what is measured of it.
fn measured(n: usize, step: f64) -> Vec<f64> {
    let mut level = 0.0;
    (0..n)
        .map(|t| {
            level += step * noise(7 * t + 3);
            level + noise(5 * t + 1)
        })
        .collect()
}

/// log p(y | both scales) by the Kalman filter, for a level that starts at N(0, 5).
fn given(y: &[f64], walk: f64, error: f64) -> f64 {
    let (mut mean, mut var, mut sum) = (0.0, 25.0, 0.0);
    for (t, y) in y.iter().enumerate() {
        if t > 0 {
            var += walk * walk;
        }
        let total: f64 = var + error * error;
        sum -= 0.5 * ((2.0 * PI * total).ln() + (y - mean).powi(2) / total);
        let gain = var / total;
        mean += gain * (y - mean);
        var *= 1.0 - gain;
    }
    sum
}

/// Half-normal, on the logarithm.
fn half_normal(ln: f64) -> f64 {
    (2.0 / PI).ln() / 2.0 - 0.5 * (2.0 * ln).exp() + ln
}

/// Normal.
fn normal(ln: f64) -> f64 {
    -0.5 * (2.0 * PI).ln() - 0.5 * ln * ln
}

/// Log evidence and the mean of the walk's scale, by quadrature over the logarithms of both scales, whose prior is given.
fn truth(y: &[f64], ln_prior: fn(f64) -> f64) -> (f64, f64) {
    // Wide enough for where either is nothing.
    let (n, walks, errors): (usize, (f64, f64), (f64, f64)) = (200, (-7.0, 1.6), (-7.0, 1.2));
    let grid = |(low, high): (f64, f64)| {
        (0..n).map(move |i| low + (high - low) * i as f64 / (n - 1) as f64)
    };
    let (mut total, mut moment) = (0.0, 0.0);
    let peak = given(y, 0.5, 1.0);
    for a in grid(walks) {
        for b in grid(errors) {
            let w = (given(y, a.exp(), b.exp()) + ln_prior(a) + ln_prior(b) - peak).exp();
            (total, moment) = (total + w, moment + w * a.exp());
        }
    }
    let cell = (walks.1 - walks.0) * (errors.1 - errors.0) / ((n - 1) * (n - 1)) as f64;
    (peak + (total * cell).ln(), moment / total)
}

fn mean_of(fit: &Fit, name: &str) -> f64 {
    fit.rows.iter().find(|r| r.name == name).expect(name).mean
}

/// In units of u the evidence of n observations is n ln u less.
fn is_exact(found: &Fit, (u, n): (f64, usize), (ln_evidence, walk): (f64, f64)) {
    let bound = found.elbo.expect("a bound").headline();
    let apart = bound.value + n as f64 * u.ln() - ln_evidence;
    let what = format!("u = {u}: {bound:?} for {ln_evidence}, {:?}", found.verdict);
    assert!(apart.abs() < 4.0 * bound.se + 0.03, "{what}");
    assert_eq!(found.verdict.word(), "certified", "{what}");
    let mean = mean_of(found, "walk") / u;
    assert!(
        (mean / walk - 1.0).abs() < 0.05,
        "{mean} for {walk}: {what}"
    );
}

#[test]
fn a_local_level_is_exact_in_any_units() {
    for (n, step, units) in [(60, 1.0, &[1e-3, 100.0][..]), (120, 0.3, &[100.0])] {
        let y = measured(n, step);
        let truth = truth(&y, half_normal);
        for u in units.iter().copied() {
            let model = format!(
                "data y[row]: real; walk ~ HalfNormal({u}); error ~ HalfNormal({u});
level[row] ~ GaussianRandomWalk(walk, start = 0, start_sd = {});
observe y ~ Normal(level, error);",
                5.0 * u
            );
            let rows = y.iter().map(|y| format!("{}\n", y * u));
            let data = format!("y\n{}", rows.collect::<String>());
            let found = fit(&model, &data, &FitOptions::default());
            is_exact(&found, (u, n), truth);
        }
    }
}

#[test]
fn a_level_that_reads_itself_is_exact_in_any_units() {
    let y = measured(60, 1.0);
    let truth = truth(&y, half_normal);
    for u in [0.01, 1000.0] {
        let model = format!(
            "data y[row]: real; walk ~ HalfNormal({u}); error ~ HalfNormal({u});
for t in row {{ level[t] ~ if first(t) {{ Normal(0, {}) }} else {{ Normal(level[t - 1], walk) }}; }}
observe y ~ Normal(level, error);",
            5.0 * u
        );
        let rows = y.iter().map(|y| format!("{}\n", y * u));
        let data = format!("y\n{}", rows.collect::<String>());
        let found = fit(&model, &data, &FitOptions::default());
        is_exact(&found, (u, 60), truth);
    }
}

#[test]
fn logarithms_of_scales_are_scales() {
    let y = measured(60, 1.0);
    let truth = truth(&y, normal);
    let u: f64 = 100.0;
    let model = format!(
        "data y[row]: real; a ~ Normal({0}, 1); b ~ Normal({0}, 1);
level[row] ~ GaussianRandomWalk(exp(a), start = 0, start_sd = {1});
observe y ~ Normal(level, exp(b));
report walk = exp(a);",
        u.ln(),
        5.0 * u
    );
    let rows = y.iter().map(|y| format!("{}\n", y * u));
    let data = format!("y\n{}", rows.collect::<String>());
    let found = fit(&model, &data, &FitOptions::default());
    is_exact(&found, (u, 60), truth);
}
