//! The annealed guide against quadrature: evidence, bound, means and spreads where one Gaussian and what is built on it are not enough.

use ppl_lang::{Fit, FitOptions, GuideChoice, Observer, Progress, Silent};
use ppl_tests::quadrature::{agrees, grid, quadrature};
use ppl_tests::{bind, bits, csv, fit, ln_gamma, ln_normal, with_guide};

fn annealed(model: &str, data: &str) -> Fit {
    let fit = fit(model, data, &with_guide(GuideChoice::Annealed));
    assert_eq!(fit.guide, "annealed", "{:?}", fit.certificate.rungs);
    fit
}

/// Effects of unknown scale under a likelihood of long tails: large ones may be outliers, so that every effect has two modes that the
/// scale decides on.
const OUTLIERS: &str = "data y[row]: real; tau ~ HalfNormal(2); x[row] ~ Normal(0, tau);
    observe y ~ StudentT(1.5, x, 0.5);";

const Y: [f64; 8] = [-6.0, -1.5, -0.4, 0.2, 0.9, 2.1, 4.5, 9.0];

/// Log evidence, mean and sd of tau: the effects are independent given tau, an integral over one number each.
fn outliers() -> [f64; 3] {
    let (nu, scale) = (1.5, 0.5f64);
    let constant = ln_gamma((nu + 1.0) / 2.0)
        - ln_gamma(nu / 2.0)
        - 0.5 * (nu * std::f64::consts::PI).ln()
        - scale.ln();
    let ln_t = |u: f64| constant - (nu + 1.0) / 2.0 * ((u / scale).powi(2) / nu).ln_1p();
    let given = |tau: f64| -> f64 {
        let (z, step) = grid(-9.0, 9.0, 3001 + (2000.0 * tau) as usize);
        let one = |y: &f64| {
            let density = |z: f64| ln_normal(z, 0.0, 1.0) + ln_t(y - tau * z);
            quadrature(&z, step, density, |z| z)[0]
        };
        Y.iter().map(one).sum()
    };
    let (taus, step) = grid(1e-3, 14.0, 700);
    let prior = |tau: f64| std::f64::consts::LN_2 + ln_normal(tau, 0.0, 2.0);
    quadrature(&taus, step, |tau| prior(tau) + given(tau), |tau| tau)
}

#[test]
fn a_scale_of_effects_with_two_modes_each() {
    let truth = outliers();
    let data = csv(&[("y", &Y)]);
    for seed in [1, 2] {
        let options = FitOptions {
            seed,
            ..FitOptions::default()
        };
        let found = fit(OUTLIERS, &data, &options);
        assert_eq!(found.guide, "annealed", "{:?}", found.certificate.rungs);
        agrees(&found, "tau", truth, 0.25);
        assert!(found.guide_text.starts_with("guide auto(annealed);"));
    }
}

#[test]
fn a_ridge_that_is_bent() {
    // b given a is Normal(a^2 / 2, 1), so that the evidence is one, and b half of a chi-squared number plus noise.
    let model =
        "a ~ Normal(0, 1); b ~ Flat(); factor -0.5 * (b - 0.5 * a^2)^2 - 0.5 * log(2 * pi);";
    let found = annealed(model, "");
    let elbo = found.elbo.expect("a bound").headline();
    assert!(
        elbo.value < 4.0 * elbo.se && elbo.value > -0.06,
        "{elbo:?} for 0"
    );
    let b = found.rows.iter().find(|r| r.name == "b").expect("b");
    let sd = 1.5f64.sqrt();
    assert!((b.mean - 0.5).abs() < 4.0 * b.mcse, "{} for 0.5", b.mean);
    assert!((b.sd / sd - 1.0).abs() < 0.06, "{} for {sd}", b.sd);
}

#[test]
fn two_modes_have_their_shares() {
    let model = "x ~ Normal(0, 10); factor log(exp(-2 * (x - 4)^2) + 0.5 * exp(-20 * (x + 4)^2));";
    let (x, step) = grid(-12.0, 12.0, 40_001);
    let log = |x: f64| {
        let parts = (-2.0 * (x - 4.0).powi(2)).exp() + 0.5 * (-20.0 * (x + 4.0).powi(2)).exp();
        ln_normal(x, 0.0, 10.0) + parts.ln()
    };
    let truth = quadrature(&x[1..], step, log, |x| x);
    let found = annealed(model, "");
    agrees(&found, "x", truth, 0.05);
    assert!(
        found.verdict.reason().contains("2 modes"),
        "{}",
        found.verdict.reason()
    );
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let bound = bind(OUTLIERS, &csv(&[("y", &Y)]));
    let options = FitOptions {
        draws: 300,
        ..with_guide(GuideChoice::Annealed)
    };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().expect("a pool");
        pool.install(|| bits(&bound.fit(&options, &mut Silent).expect("a fit")))
    };
    let one = on(1);
    assert!(one == on(2) && one == on(3));
}

#[test]
fn it_can_be_stopped() {
    // After the Gaussian's certificate.
    struct Stop(usize);
    impl Observer for Stop {
        fn progress(&mut self, progress: Progress) -> bool {
            self.0 += usize::from(progress.phase == "certify");
            self.0 < 3
        }
    }
    let bound = bind(OUTLIERS, &csv(&[("y", &Y)]));
    let options = with_guide(GuideChoice::Annealed);
    let fit = bound.fit(&options, &mut Stop(0)).expect("a fit");
    assert_ne!(fit.guide, "annealed");
}
