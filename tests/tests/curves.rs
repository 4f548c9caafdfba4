//! The nested guide where all others are independent given a few, and no Gaussians: evidence, bound, means and spreads against closed forms
//! and quadrature.

use ppl_dist::special::{ln_gamma, ln_phi};
use ppl_lang::{Fit, FitOptions, GuideChoice, Silent};
use ppl_tests::enumeration::Numbers;
use ppl_tests::quadrature::{agrees, grid, quadrature};
use ppl_tests::{bind, csv, ln_normal};

fn nested(model: &str, y: &[f64]) -> Fit {
    let options = FitOptions {
        guide: GuideChoice::Nested,
        ..FitOptions::default()
    };
    let fit = bind(model, &csv(&[("y", y)])).fit(&options, &mut Silent);
    let fit = fit.expect("a fit");
    let followed = |n: &String| n.contains("the density of each of all others by itself");
    assert!(fit.notes.iter().any(followed), "{:?}", fit.notes);
    assert!(fit.k_hat < 0.7, "{}", fit.k_hat);
    assert_eq!(fit.verdict.word(), "certified", "{:?}", fit.verdict);
    fit
}

/// A frontier: noise less a half-normal inefficiency has a skew-normal distribution (Aigner, Lovell and Schmidt 1977). On log scales the
/// inefficiencies fall off like an exponential towards zero, and far faster upwards.
#[test]
fn inefficiencies_of_a_frontier() {
    let mut numbers = Numbers(5);
    let y: Vec<f64> = (0..60)
        .map(|_| 0.3 * numbers.normal() - (0.8 * numbers.normal()).abs())
        .collect();
    let model = "data y[row]: real; su ~ HalfNormal(1); sv ~ HalfNormal(1);
        u[row] ~ HalfNormal(su); observe y ~ Normal(-u, sv);";
    let fit = nested(model, &y);
    let half_normal = |s: f64| 2f64.ln() + ln_normal(s, 0.0, 1.0);
    let likelihood = |su: f64, sv: f64| -> f64 {
        let both = su.hypot(sv);
        let of_row = |y: &f64| 2f64.ln() + ln_normal(*y, 0.0, both) + ln_phi(-y * su / (sv * both));
        y.iter().map(of_row).sum()
    };
    let (outer, step) = grid(-7.0, 1.5, 250);
    let (inner, inner_step) = grid(-7.0, 1.5, 250);
    let over = |first: f64, second: f64, swapped: bool| {
        let (su, sv) = match swapped {
            false => (first.exp(), second.exp()),
            true => (second.exp(), first.exp()),
        };
        likelihood(su, sv) + half_normal(su) + half_normal(sv) + first + second
    };
    for (name, swapped) in [("su", false), ("sv", true)] {
        let density = |l: f64| quadrature(&inner, inner_step, |m| over(l, m, swapped), |m| m)[0];
        agrees(
            &fit,
            name,
            quadrature(&outer, step, density, f64::exp),
            0.06,
        );
    }
}

/// Single counts of two hundred groups: all of the log rates are skewed, each a little.
#[test]
fn many_skewed_log_rates() {
    let mut numbers = Numbers(8);
    let y: Vec<f64> = (0..200)
        .map(|_| {
            let rate = (0.2 + 0.9 * numbers.normal()).exp();
            // Poisson by the product of uniform numbers.
            let (mut product, mut n) = (numbers.uniform(), 0.0);
            while product > (-rate).exp() {
                product *= numbers.uniform();
                n += 1.0;
            }
            n
        })
        .collect();
    let model = "data y[row]: int; m ~ Normal(0, 1); s ~ HalfNormal(1);
        z[row] ~ Normal(0, 1); observe y ~ PoissonLog(m + s * z);";
    let fit = nested(model, &y);
    let most = y.iter().copied().fold(0.0, f64::max) as usize;
    let times: Vec<f64> = (0..=most)
        .map(|n| y.iter().filter(|y| **y == n as f64).count() as f64)
        .collect();
    let (noise, noise_step) = grid(-8.0, 8.0, 160);
    let likelihood = |m: f64, s: f64| -> f64 {
        let of_count = |n: usize| {
            let term = |z: f64| {
                let eta = m + s * z;
                ln_normal(z, 0.0, 1.0) + n as f64 * eta - eta.exp() - ln_gamma(n as f64 + 1.0)
            };
            times[n] * quadrature(&noise, noise_step, term, |z| z)[0]
        };
        (0..=most).map(of_count).sum()
    };
    let prior =
        |m: f64, l: f64| ln_normal(m, 0.0, 1.0) + 2f64.ln() + ln_normal(l.exp(), 0.0, 1.0) + l;
    let (means, mean_step) = grid(-0.8, 1.2, 60);
    let (scales, step) = grid(-1.8, 0.9, 60);
    let density = |l: f64| {
        let given = |m: f64| likelihood(m, l.exp()) + prior(m, l);
        quadrature(&means, mean_step, given, |m| m)[0]
    };
    agrees(
        &fit,
        "s",
        quadrature(&scales, step, density, f64::exp),
        0.06,
    );
}
