//! Ordered vectors: their density at points against formulas, and what is refused because its normaliser is not known.

use ppl_lang::{Array, Model, Point};
use ppl_tests::{bind, ln_normal, ln_total_mass};
use std::collections::BTreeMap;

/// ln P(X > 0) of Normal(0.3, 0.7): mpmath, 20 digits.
const LN_POSITIVE: f64 = -0.406_642_156_904_827;

fn ln_density(model: &str, point: &[(&str, &[f64])]) -> f64 {
    let values = point
        .iter()
        .map(|(name, values)| {
            let array = Array {
                shape: if values.len() == 1 {
                    vec![]
                } else {
                    vec![values.len()]
                },
                values: values.to_vec(),
            };
            ((*name).to_owned(), array)
        })
        .collect::<BTreeMap<_, _>>();
    bind(model, "")
        .density(&Point::Constrained(values))
        .unwrap()
        .log_density
}

#[test]
fn positive_ordered_narrows_a_distribution_on_the_real_line() {
    let x = [0.1, 0.5, 0.9];
    let normals = |mean: &dyn Fn(usize) -> f64, sd: f64| -> f64 {
        (0..3).map(|k| ln_normal(x[k], mean(k), sd)).sum()
    };
    // Exchangeable: 3! orders, each component on the positive half-line.
    let model = "axis k = 3; s ~ HalfNormal(1); x[k]: positive_ordered ~ Normal(0.3, s);";
    let prior = ln_normal(0.7, 0.0, 1.0) + 2.0_f64.ln();
    let exact = prior + normals(&|_| 0.3, 0.7) + 6.0_f64.ln() - 3.0 * LN_POSITIVE;
    let ours = ln_density(model, &[("s", &[0.7]), ("x", &x)]);
    assert!((ours - exact).abs() < 1e-12, "{ours} {exact}");
    // Components that differ: each narrowed, the order without a normaliser. Half of Normal(0, 1) is positive.
    let model = "axis k = 3; let m[k] = [0, 0.3, 0]; let s[k] = [1, 0.7, 1]; x[k]: positive_ordered ~ Normal(m, s);";
    let exact = ln_normal(x[0], 0.0, 1.0)
        + ln_normal(x[1], 0.3, 0.7)
        + ln_normal(x[2], 0.0, 1.0)
        + 2.0 * 2.0_f64.ln()
        - LN_POSITIVE;
    let ours = ln_density(model, &[("x", &x)]);
    assert!((ours - exact).abs() < 1e-12, "{ours} {exact}");
    let bound = bind(model, "");
    let model = &bound.inner().model;
    assert!(model.sites().any(|(_, s)| model.unknown_normaliser(s)));
}

/// Of K draws from any distribution of numbers, in increasing order: K! times the product of their densities.
#[test]
fn an_order_on_an_interval() {
    let x = [0.1, 0.5, 0.9];
    let density = |name: &str, p: &[f64]| -> f64 {
        let p: Vec<&[f64]> = p.chunks(1).collect();
        let family = ppl_dist::find(name).unwrap();
        x.iter().map(|v| family.ln_density(&[*v], &p)).sum::<f64>() + 6.0_f64.ln()
    };
    for (prior, exact) in [
        ("HalfNormal(5)", density("HalfNormal", &[5.0])),
        ("Beta(2, 3)", density("Beta", &[2.0, 3.0])),
        ("Uniform(-1, 2)", density("Uniform", &[-1.0, 2.0])),
        (
            "Normal(0.3, 0.7).truncated(lower = 0)",
            density("Normal", &[0.3, 0.7]) - 3.0 * LN_POSITIVE,
        ),
        // Half of it lies below its mean.
        (
            "Normal(1, 0.7).truncated(upper = 1)",
            density("Normal", &[1.0, 0.7]) + 3.0 * 2.0_f64.ln(),
        ),
    ] {
        let model = format!("axis k = 3; x[k]: ordered ~ {prior};");
        let ours = ln_density(&model, &[("x", &x)]);
        assert!((ours - exact).abs() < 1e-12, "{model}: {ours} {exact}");
    }
}

#[test]
fn the_integral_of_a_positive_ordered_prior_is_one() {
    for model in [
        "axis k = 1; x[k]: positive_ordered ~ Normal(-0.4, 1.3);",
        "axis k = 1; x[k]: positive_ordered ~ StudentT(4, 0.5, 1);",
        "axis k = 1; x[k]: ordered ~ Gamma(2, 3);",
        "axis k = 1; x[k]: ordered ~ Beta(2, 3);",
        "axis k = 1; x[k]: ordered ~ Normal(0, 1).truncated(upper = 0.5);",
    ] {
        let total = ln_total_mass(&bind(model, ""));
        assert!(total.abs() < 1e-6, "{model}: {total}");
    }
}

#[test]
fn an_order_without_a_known_normaliser_is_refused() {
    for (model, code) in [
        // P(x[1] < x[2]) depends on s.
        (
            "axis k = 2; s ~ HalfNormal(1); x[k]: ordered ~ Normal([0, 3], s); factor sum(x);",
            "E0118",
        ),
        (
            "axis k = 2; m ~ Normal(0, 1); x[k]: ordered ~ Normal(m, [1, 2]); factor sum(x);",
            "E0118",
        ),
        (
            "axis k = 2; x[k]: positive_ordered ~ Normal(0, 1).truncated(upper = 2); factor sum(x);",
            "E0113",
        ),
    ] {
        let (_, messages) = Model::parse(model);
        assert_eq!(messages[0].code, code, "{model}");
    }
}
