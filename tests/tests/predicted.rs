//! `predict` statements and draws of missing entries, against posterior predictive distributions in closed form.

use ppl_lang::{FitOptions, GuideChoice, Model};
use ppl_tests::{bits, draws, fit, row, with_guide};

fn many() -> FitOptions {
    FitOptions {
        draws: 4000,
        ..with_guide(GuideChoice::FullRank)
    }
}

/// Prior N(0, 1), unit noise, n cells with mean m: the posterior is N(n m / (n + 1), 1 / (n + 1)).
#[test]
fn replicates_and_missing_entries_have_the_predictive_distribution() {
    let fit = fit(
        "data y[row]: real?; mu ~ Normal(0, 1); observe y ~ Normal(mu, 1); \
         predict y_new[row] ~ Normal(mu, 1); predict total ~ Normal(3 * mu, 0.5);",
        "y,i\n1,0\n2,0\n,0\n3,0\n",
        &many(),
    );
    let (mean, variance) = (6.0 / 4.0, 1.0 / 4.0);
    let close = |name: &str, mean: f64, sd: f64, role: &str| {
        let r = row(&fit, name);
        assert!(
            (r.mean - mean).abs() < 5.0 * sd / 4000f64.sqrt(),
            "{r:?}, not {mean}"
        );
        assert!(
            (r.sd / sd - 1.0).abs() < 5.0 / 8000f64.sqrt(),
            "{r:?}, not {sd}"
        );
        assert_eq!(r.role, role);
    };
    for i in 1..=4 {
        close(
            &format!("y_new[{i}]"),
            mean,
            (variance + 1.0f64).sqrt(),
            "predict",
        );
    }
    close(
        "total",
        3.0 * mean,
        (9.0 * variance + 0.25f64).sqrt(),
        "predict",
    );
    close("y[3]", mean, (variance + 1.0f64).sqrt(), "imputed");
    assert!(!fit.draws.names.contains(&"y[1]".to_string()));
    // Draws of one fit draw share its mu: their covariance is the posterior variance.
    let (a, b) = (draws(&fit, "y_new[1]"), draws(&fit, "y[3]"));
    let covariance: f64 = a
        .iter()
        .zip(&b)
        .map(|(a, b)| (a - mean) * (b - mean))
        .sum::<f64>()
        / a.len() as f64;
    assert!(
        (covariance - variance).abs() < 5.0 * 1.3 / 4000f64.sqrt(),
        "{covariance}"
    );
}

#[test]
fn branches_bounds_and_labels() {
    let fit = fit(
        "axis kind = {a, b, c}; data y[row]: real; data n[row]: int; data closed[row]: bool; mu ~ Normal(0, 0.001); observe y ~ Normal(mu, 1); \
         let w[kind] = [0.2, 0.5, 0.3]; \
         predict count[row] ~ if closed { Constant(7) } else { Binomial(n, 0.25) }; \
         predict tail[row] ~ Normal(mu, 1).truncated(lower = 9); \
         predict both[row] ~ if closed { Normal(mu, 1).truncated(upper = -1, lower = -2) } else { Uniform(5, 6) }; \
         predict coin ~ Bernoulli(0.3); \
         for i in row { predict looped[i] ~ Poisson(exp(mu) * n[i]); } \
         predict label[row] ~ Categorical(w);",
        "y,n,closed\n0.1,8,1\n-0.1,20,0\n",
        &many(),
    );
    let sd_of = |p: f64, n: f64| (n * p * (1.0 - p)).sqrt();
    let close = |name: &str, mean: f64, sd: f64| {
        let r = row(&fit, name);
        assert!(
            (r.mean - mean).abs() <= 5.0 * sd / 4000f64.sqrt(),
            "{r:?}, not {mean}"
        );
    };
    close("count[1]", 7.0, 0.0);
    close("count[2]", 5.0, sd_of(0.25, 20.0));
    // phi(9) / (1 - Phi(9)), mpmath.
    close("tail[1]", 9.108_523, 0.107);
    assert!(draws(&fit, "tail[2]").iter().all(|v| *v >= 9.0));
    assert!(
        draws(&fit, "both[1]")
            .iter()
            .all(|v| (-2.0..=-1.0).contains(v))
    );
    assert!(
        draws(&fit, "both[2]")
            .iter()
            .all(|v| (5.0..=6.0).contains(v))
    );
    close("coin", 0.3, sd_of(0.3, 1.0));
    close("looped[1]", 8.0, 8f64.sqrt());
    close("looped[2]", 20.0, 20f64.sqrt());
    let shares: Vec<f64> = (0..3)
        .map(|k| {
            let labels = draws(&fit, "label[2]");
            labels.iter().filter(|l| **l == f64::from(k)).count() as f64 / labels.len() as f64
        })
        .collect();
    for (share, w) in shares.iter().zip([0.2, 0.5, 0.3]) {
        assert!(
            (share - w).abs() < 5.0 * sd_of(w, 1.0) / 4000f64.sqrt(),
            "{shares:?}"
        );
    }
}

#[test]
fn predictions_are_the_same_on_any_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        pool.install(|| {
            bits(&fit(
                "data y[row]: real?; mu ~ Normal(0, 1); observe y ~ Normal(mu, 1); predict z[row] ~ StudentT(4, mu, 1);",
                "y,i\n1,0\n,0\n3,0\n",
                &FitOptions::default(),
            ))
        })
    };
    assert_eq!(run(1), run(3));
}

/// A prediction changes nothing in the fit.
#[test]
fn predictions_do_not_touch_the_posterior() {
    let model = "data y[row]: real; mu ~ Normal(0, 1); observe y ~ Normal(mu, 1);";
    let with = format!("{model} predict z[row] ~ Normal(mu, 1);");
    let (a, b) = (
        fit(model, "y\n1\n2\n", &FitOptions::default()),
        fit(&with, "y\n1\n2\n", &FitOptions::default()),
    );
    assert_eq!(row(&a, "mu"), row(&b, "mu"));
    assert_eq!(draws(&a, "mu"), draws(&b, "mu"));
}

#[test]
fn what_cannot_be_predicted_is_refused() {
    let cases = [
        ("mu ~ Normal(0, 1); predict mu ~ Normal(mu, 1);", "E0105"),
        (
            "mu ~ Normal(0, 1); report r = mu; predict r ~ Normal(mu, 1);",
            "E0105",
        ),
        ("mu ~ Normal(0, 1); predict r ~ Flat();", "E0118"),
        (
            "mu ~ Normal(0, 1); predict r ~ Normal(mu, 1).censored(left = 1 > 2);",
            "E0118",
        ),
        (
            "data y[row]: real; mu ~ Normal(0, 1); observe y ~ Normal(mu, 1); predict r ~ Normal(y, 1);",
            "E0108",
        ),
        (
            "mu ~ Normal(0, 1); guide { param m = 0; mu ~ Normal(m, 1); predict r ~ Normal(m, 1); }",
            "E0116",
        ),
    ];
    for (model, code) in cases {
        let (_, messages) = Model::parse(model);
        let errors: Vec<&str> = messages
            .iter()
            .filter(|m| m.is_error())
            .map(|m| m.code)
            .collect();
        assert_eq!(errors, [code], "{model}: {messages:?}");
    }
}
