//! Gaussian processes: the evidence of a regression whose function is a latent is that of the function integrated out.

use ppl_lang::GuideChoice;
use ppl_tests::{csv, fit, spread, with_guide};

/// ln of the normal density with mean 0 and this covariance, row-major.
fn ln_normal(y: &[f64], mut a: Vec<f64>) -> f64 {
    let n = y.len();
    let mut z = y.to_vec();
    let mut ln_density = -0.5 * n as f64 * (2.0 * std::f64::consts::PI).ln();
    for i in 0..n {
        for j in 0..=i {
            let rest: f64 = a[i * n + j] - (0..j).map(|k| a[i * n + k] * a[j * n + k]).sum::<f64>();
            a[i * n + j] = if i == j {
                rest.sqrt()
            } else {
                rest / a[j * n + j]
            };
        }
        z[i] = (z[i] - (0..i).map(|k| a[i * n + k] * z[k]).sum::<f64>()) / a[i * n + i];
        ln_density -= 0.5 * z[i] * z[i] + a[i * n + i].ln();
    }
    ln_density
}

#[test]
fn the_evidence_is_the_closed_form() {
    let n = 25;
    let x: Vec<f64> = (0..n).map(|i| 0.2 * f64::from(i)).collect();
    let y: Vec<f64> = x
        .iter()
        .zip(spread(x.len(), 0.1))
        .map(|(x, e)| (1.3 * x).sin() + 0.8 * (e - 0.5))
        .collect();
    let model = "data x[row]: real; data y[row]: real;
        f[row] ~ GaussianProcess(0, exp_quad(x, scale = 1.2, length = 1.1), jitter = 0.0001);
        observe y ~ Normal(f, 0.3);";
    let fit = fit(
        model,
        &csv(&[("x", &x), ("y", &y)]),
        &with_guide(GuideChoice::FullRank),
    );
    let size = x.len();
    let covariance = |k: usize| {
        let (i, j) = (k / size, k % size);
        let noise = if i == j { 0.09 + 0.0001 } else { 0.0 };
        1.44 * (-(x[i] - x[j]).powi(2) / (2.0 * 1.21)).exp() + noise
    };
    let expected = ln_normal(&y, (0..size * size).map(covariance).collect());
    let found = fit.elbo.as_ref().expect("a bound").log_evidence;
    assert!(
        (found.value - expected).abs() < 0.05,
        "{} instead of {expected}",
        found.value
    );
}
