//! The sds beside a mean-field fit: exact for a Gaussian posterior, near those of full rank for others.

use ppl_lang::{Fit, GuideChoice};
use ppl_tests::{csv, fit, row, with_guide};

fn response(fit: &Fit, name: &str) -> f64 {
    let found = fit.certificate.linear_response.iter().find(|r| r.0 == name);
    found.unwrap_or_else(|| panic!("no response of {name}")).1
}

fn own(fit: &Fit, name: &str) -> f64 {
    fit.guide_rows
        .iter()
        .find(|r| r.name == name)
        .expect("a row")
        .sd
}

fn wave(i: usize) -> f64 {
    ((i * 37 + 11) % 101) as f64 / 101.0 - 0.5
}

#[test]
fn exact_for_a_gaussian_posterior() {
    // y ~ N(a + b x, 1) with x far from zero; the posterior's precision is X'X + I / 100.
    let x: Vec<f64> = (0..12).map(|i| 3.0 + wave(i)).collect();
    let y: Vec<f64> = (0..12).map(|i| 1.0 + 0.5 * x[i] + wave(i + 3)).collect();
    let data = csv(&[("x", &x), ("y", &y)]);
    let model = "data x[row]: real; data y[row]: real; a ~ Normal(0, 10); b ~ Normal(0, 10);
observe y ~ Normal(a + b * x, 1); report far = a + 5 * b;";
    let fitted = fit(model, &data, &with_guide(GuideChoice::MeanField));
    let (n, sx, sxx) = (
        12.0,
        x.iter().sum::<f64>(),
        x.iter().map(|x| x * x).sum::<f64>(),
    );
    let (p, q, r) = (n + 0.01, sx, sxx + 0.01);
    let det = p * r - q * q;
    let (va, vb, cab) = (r / det, p / det, -q / det);
    let truth = [
        ("a", va.sqrt()),
        ("b", vb.sqrt()),
        ("far", (va + 25.0 * vb + 10.0 * cab).sqrt()),
    ];
    for (name, sd) in truth {
        let found = response(&fitted, name);
        assert!((found / sd - 1.0).abs() < 1e-8, "{name}: {found} for {sd}");
    }
    // The guide itself is too narrow by far.
    assert!(own(&fitted, "a") < 0.3 * truth[0].1);
}

#[test]
fn near_full_rank_for_a_correlated_regression() {
    let n = 120;
    let x: Vec<f64> = (0..n).map(|i| 2.0 * wave(i)).collect();
    let z: Vec<f64> = (0..n).map(|i| 1.5 + x[i] + 0.8 * wave(5 * i + 2)).collect();
    let y: Vec<f64> = (0..n)
        .map(|i| {
            f64::from(u8::from(
                0.4 + x[i] - 0.5 * z[i] + 3.0 * wave(7 * i + 1) > 0.0,
            ))
        })
        .collect();
    let data = csv(&[("x", &x), ("z", &z), ("y", &y)]);
    let model = "data x[row]: real; data z[row]: real; data y[row]: bool;
a ~ Normal(0, 5); b ~ Normal(0, 5); c ~ Normal(0, 5); observe y ~ BernoulliLogit(a + b * x + c * z);";
    let narrow = fit(model, &data, &with_guide(GuideChoice::MeanField));
    let full = fit(model, &data, &with_guide(GuideChoice::FullRank));
    assert!(full.certificate.linear_response.is_empty());
    for name in ["a", "b", "c"] {
        let (found, sd) = (response(&narrow, name), own(&full, name));
        assert!((found / sd - 1.0).abs() < 0.03, "{name}: {found} for {sd}");
        assert!(own(&narrow, name) < 0.9 * sd, "{name}");
    }
    assert_eq!(row(&narrow, "a").name, "a");
}
