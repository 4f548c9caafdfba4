//! Copies of the answer that draws miss are found by the symmetries of the density.

use ppl_lang::{Fit, FitOptions, Verdict};
use ppl_tests::{csv, fit, spread};

fn fitted(model: &str, data: &str) -> Fit {
    fit(model, data, &FitOptions::default())
}

/// One factor: signs of loadings and scores change together.
#[test]
fn a_factor_without_a_sign_has_a_mirror_image() {
    let f = spread(150, 0.4);
    let e = [0.11, 1.37, 2.71, 3.3].map(|shift| spread(150, shift));
    let columns: Vec<(String, Vec<f64>)> = [0.9, -0.8, 0.7, 0.8]
        .iter()
        .zip(&e)
        .enumerate()
        .map(|(j, (l, e))| {
            // Noise in another order than the scores.
            let noise = (0..150).map(|i| 0.5 * e[(i * (37 + 10 * j)) % 150]);
            let y = f.iter().zip(noise).map(|(f, e)| l * f + e);
            (format!("y_{j}"), y.collect())
        })
        .collect();
    let named: Vec<(&str, &[f64])> = columns
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_slice()))
        .collect();
    let data = csv(&named);
    let model = |kind: &str| {
        format!(
            "axis d = columns(\"y_*\"); data y[row, d]: real;
            l[d]{kind} ~ Normal(0, 1); s[d] ~ HalfNormal(1); f[row] ~ Normal(0, 1);
            let m[row, d] = f * l; observe y ~ Normal(m, s);"
        )
    };
    let open = fitted(&model(""), &data);
    let reason = open.verdict.reason();
    assert!(
        !matches!(open.verdict, Verdict::Certified { .. }),
        "{reason}"
    );
    assert!(
        reason.contains("`l` and `f` change their signs together"),
        "{reason}"
    );
}

/// 24 orders of four labels, of which the starts find a few.
#[test]
fn labels_of_a_mixture_in_no_order() {
    let y: Vec<f64> = (0..120)
        .map(|i| [-6.0, -2.0, 2.0, 6.0][i % 4] + 0.5 * spread(120, 0.3)[(i * 37) % 120])
        .collect();
    let data = csv(&[("y", &y)]);
    let model = |kind: &str| {
        format!(
            "axis k = 4; data y[row]: real;
            w[k] ~ Dirichlet(1); mu[k]{kind} ~ Normal(0, 5); s ~ HalfNormal(1);
            z[row] ~ Categorical(w); observe y ~ Normal(mu[z], s);"
        )
    };
    let open = fitted(&model(""), &data);
    let reason = open.verdict.reason();
    assert!(reason.contains("of `k` change places"), "{reason}");
    assert!(
        !matches!(open.verdict, Verdict::Certified { .. }),
        "{reason}"
    );
    let ordered = fitted(&model(": ordered"), &data);
    let reason = ordered.verdict.reason();
    assert!(
        matches!(ordered.verdict, Verdict::Certified { .. }),
        "{reason}"
    );
}

/// Both mirror images are in the guide, and a prior that data say nothing of is symmetric by itself.
#[test]
fn copies_that_are_known_are_no_fault() {
    let data = csv(&[("y", &[3.1, 4.2, 3.6, 4.4, 3.9])]);
    let both = fitted(
        "data y[row]: real; x ~ Normal(0, 5); observe y ~ Normal(x^2, 0.5);",
        &data,
    );
    let reason = both.verdict.reason();
    assert!(
        matches!(both.verdict, Verdict::Certified { .. }),
        "{reason}"
    );
    let prior = fitted(
        "axis g = 3; data y[row]: real; m ~ Normal(0, 1); u[g] ~ StudentT(3, 0, 1); observe y ~ Normal(m, 1);",
        &data,
    );
    let reason = prior.verdict.reason();
    assert!(!reason.contains("density stays the same"), "{reason}");
}
