//! Mixtures whose labels nothing tells apart: all exchanges of an optimum belong to the answer, whichever the starts found.

use ppl_lang::FitOptions;
use ppl_tests::{csv, fit};

#[test]
fn all_orders_of_three_labels_with_every_seed() {
    // Three clusters well apart, at quantiles of normals: six optima of the same evidence.
    let mut y = vec![];
    for (mean, sd, n) in [(-6.0, 0.8, 14), (0.0, 0.6, 18), (5.0, 0.9, 16)] {
        let quantile =
            |i: usize| ((i as f64 + 0.5) / n as f64 / (1.0 - (i as f64 + 0.5) / n as f64)).ln();
        y.extend((0..n).map(|i| mean + sd * quantile(i) * 0.55));
    }
    let model = "axis component = 3; data y[row]: real; w[component] ~ Dirichlet(2);
mu[component] ~ Normal(0, 5); sigma[component] ~ HalfNormal(1);
z[row] ~ Categorical(w); observe y ~ Normal(mu[z], sigma[z]);";
    let ordered = model.replace("mu[component] ~", "mu[component]: ordered ~");
    let data = csv(&[("y", &y)]);
    let of = |model: &str, seed: u64| {
        let options = FitOptions {
            seed,
            ..FitOptions::default()
        };
        fit(model, &data, &options)
    };
    // Ordered means are one of the six, with a prior six times as dense: the same evidence.
    let truth = of(&ordered, 1).elbo.unwrap().log_evidence;
    let mut bounds = vec![];
    for seed in 1..=4 {
        let found = of(model, seed);
        let elbo = found.elbo.unwrap();
        let off = (elbo.log_evidence.value - truth.value).abs();
        let chance = 5.0 * truth.se.hypot(elbo.log_evidence.se);
        assert!(off < chance + 0.01, "{seed}: {off}");
        assert_eq!(
            (&*found.guide, found.certificate.parts),
            ("mixture", 6),
            "{seed}"
        );
        bounds.push(elbo.headline().value);
    }
    // With five of them it is 0.18 nat lower.
    let ends = bounds
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), b| {
            (l.min(*b), h.max(*b))
        });
    assert!(ends.1 - ends.0 < 0.05, "{bounds:?}");
}
