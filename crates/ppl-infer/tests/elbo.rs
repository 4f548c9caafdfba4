//! The three forms of the bound on a Normal-Normal model, where everything is known.

mod targets;

use ppl_infer::elbo::{Terms, elbo, log_mean_exp};
use ppl_infer::fit::{Elbo, Estimate};
use targets::Noise;

const N: usize = 20_000;
/// One datum.
const Y: f64 = 1.5;
const LN_2_PI: f64 = 1.837_877_066_409_345_3;

fn ln_normal(x: f64, mean: f64, sd: f64) -> f64 {
    -0.5 * (LN_2_PI + ((x - mean) / sd).powi(2)) - sd.ln()
}

/// z ~ N(0, 1), y ~ N(z, 1) = Y: posterior N(Y/2, sqrt(1/2)), evidence N(Y; 0, sqrt 2); q = N(mean, sd).
fn bound(mean: f64, sd: f64, closed: bool, evidence_defined: bool) -> Elbo {
    let mut noise = Noise::at(7, 1);
    let z: Vec<f64> = (0..N).map(|_| mean + sd * noise.normal()).collect();
    let of = |f: &dyn Fn(f64) -> f64| -> Vec<f64> { z.iter().map(|&z| f(z)).collect() };
    elbo(&Terms {
        log_prior: &of(&|z| ln_normal(z, 0.0, 1.0)),
        log_likelihood: &of(&|z| ln_normal(Y, z, 1.0)),
        log_q: &of(&|z| ln_normal(z, mean, sd)),
        entropy_closed: 0.5 * (LN_2_PI + 1.0) + sd.ln(),
        log_jacobian: &[],
        entropy_is_closed: closed,
        evidence_defined,
    })
}

fn log_z() -> f64 {
    ln_normal(Y, 0.0, 2f64.sqrt())
}

/// KL between Gaussians, from q to p.
fn kl(mean_q: f64, sd_q: f64, mean_p: f64, sd_p: f64) -> f64 {
    (sd_p / sd_q).ln() + 0.5 * ((sd_q / sd_p).powi(2) + ((mean_q - mean_p) / sd_p).powi(2) - 1.0)
}

fn near(estimate: Estimate, truth: f64) {
    assert!(
        (estimate.value - truth).abs() <= 4.0 * estimate.se + 1e-12,
        "{estimate:?} is not {truth}"
    );
}

#[test]
fn all_forms_equal_the_evidence_at_the_posterior() {
    let bound = bound(Y / 2.0, 0.5f64.sqrt(), false, true);
    for form in [
        bound.by_entropy,
        bound.by_prior,
        bound.by_evidence,
        bound.log_evidence,
    ] {
        assert!(
            (form.value - log_z()).abs() < 1e-12 && form.se < 1e-12,
            "{form:?}"
        );
    }
    assert!(bound.kl_to_posterior.value.abs() < 1e-12);
}

#[test]
fn every_part_is_near_its_exact_value() {
    for (mean, sd) in [(Y / 2.0, 0.5f64.sqrt()), (0.5, 0.6), (1.0, 0.9), (0.0, 1.0)] {
        for closed in [true, false] {
            let bound = bound(mean, sd, closed, true);
            let gap = kl(mean, sd, Y / 2.0, 0.5f64.sqrt());
            let truth = log_z() - gap;
            let reconstruction = ln_normal(Y, mean, 1.0) - 0.5 * sd * sd;
            near(bound.by_entropy, truth);
            near(bound.by_prior, truth);
            near(bound.by_evidence, truth);
            near(bound.log_evidence, log_z());
            near(bound.kl_to_posterior, gap);
            near(bound.reconstruction, reconstruction);
            near(bound.kl_to_prior, kl(mean, sd, 0.0, 1.0));
            near(bound.entropy, 0.5 * (LN_2_PI + 1.0) + sd.ln());
            assert!(bound.by_entropy.value <= log_z() + 4.0 * bound.by_entropy.se + 1e-12);
            let sum = bound.energy.value + bound.entropy.value;
            assert!((bound.by_entropy.value - sum).abs() < 1e-10);
            assert!(
                (bound.by_prior.value - bound.reconstruction.value + bound.kl_to_prior.value).abs()
                    < 1e-10
            );
            assert!(
                (bound.by_evidence.value - bound.log_evidence.value + bound.kl_to_posterior.value)
                    .abs()
                    < 1e-12
            );
            assert_eq!(bound.entropy.se == 0.0, closed);
        }
    }
}

#[test]
fn standard_errors_are_honest() {
    // The spread of the evidence over many small samples against the reported standard error.
    let (mean, sd) = (0.5, 0.6);
    let mut noise = Noise::at(11, 2);
    let mut estimates = Vec::new();
    for _ in 0..2000 {
        let weights: Vec<f64> = (0..200)
            .map(|_| {
                let z = mean + sd * noise.normal();
                ln_normal(z, 0.0, 1.0) + ln_normal(Y, z, 1.0) - ln_normal(z, mean, sd)
            })
            .collect();
        estimates.push(log_mean_exp(&weights));
    }
    let n = estimates.len() as f64;
    let centre = estimates.iter().map(|e| e.value).sum::<f64>() / n;
    let spread = (estimates
        .iter()
        .map(|e| (e.value - centre).powi(2))
        .sum::<f64>()
        / (n - 1.0))
        .sqrt();
    let reported = estimates.iter().map(|e| e.se).sum::<f64>() / n;
    assert!(
        (reported / spread - 1.0).abs() < 0.15,
        "{reported} and {spread}"
    );
}

#[test]
fn an_undefined_evidence_is_nan() {
    let bound = bound(0.5, 0.6, true, false);
    assert!(!bound.evidence_defined);
    for estimate in [bound.log_evidence, bound.kl_to_posterior, bound.by_evidence] {
        assert!(estimate.value.is_nan() && estimate.se.is_nan());
    }
    assert!(bound.by_entropy.value.is_finite() && bound.by_prior.value.is_finite());
}

#[test]
fn the_jacobian_enters_the_entropy() {
    let log_q = [-1.0, -2.0, -3.0, -4.0];
    let bound = elbo(&Terms {
        log_prior: &[0.0; 4],
        log_likelihood: &[-1.0; 4],
        log_q: &log_q,
        entropy_closed: 1.0,
        log_jacobian: &[0.5, 1.5, 0.5, 1.5],
        entropy_is_closed: true,
        evidence_defined: true,
    });
    assert_eq!((bound.entropy.value, bound.by_entropy.value), (2.0, 1.0));
    assert!((bound.entropy.se - (1.0f64 / 12.0).sqrt()).abs() < 1e-15);
}
