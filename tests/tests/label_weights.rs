//! Weights of labels that do not add up to 1 have no density, whichever way a label is read.

use ppl_lang::{Array, Point};
use ppl_tests::{bind, csv};
use std::collections::BTreeMap;

/// Log density at weights `v`, which lie along an axis of as many elements.
fn density(model: &str, v: &[f64], data: &str) -> f64 {
    let bound = bind(model, data);
    let values = Array {
        shape: vec![v.len()],
        values: v.to_vec(),
    };
    let point = Point::Constrained(BTreeMap::from([("v".to_owned(), values)]));
    bound.density(&point).expect("a value").log_density
}

fn ln_normal(y: f64, m: f64) -> f64 {
    -0.5 * (y - m).powi(2) - 0.5 * (2.0 * std::f64::consts::PI).ln()
}

#[test]
fn summed_out_labels() {
    let model = "
        axis k = 2;
        data y[row]: real;
        v[k] ~ Normal(0, 1);
        let w = v * 1;
        let m[k] = [-1, 2];
        z[row] ~ Categorical(w);
        observe y ~ Normal(m[z], 1);";
    let y = [0.3, -1.2, 2.5];
    let data = csv(&[("y", &y)]);
    let prior: f64 = [0.3, 0.7].iter().map(|v| ln_normal(*v, 0.0)).sum();
    let rows = y.map(|y| (0.3 * ln_normal(y, -1.0).exp() + 0.7 * ln_normal(y, 2.0).exp()).ln());
    let expected = prior + rows.iter().sum::<f64>();
    assert!((density(model, &[0.3, 0.7], &data) - expected).abs() < 1e-12);
    for wrong in [[0.6, 0.7], [0.2, 0.3], [1.2, -0.2]] {
        assert_eq!(
            density(model, &wrong, &data),
            f64::NEG_INFINITY,
            "{wrong:?}"
        );
    }
}

/// Labels of a long axis are looked up by their own weight.
#[test]
fn observed_labels() {
    let model = "
        axis k = 10;
        data y[row]: k;
        v[k] ~ Normal(0, 1);
        let w = v * 1;
        observe y ~ Categorical(w);";
    let data = csv(&[("y", &[1.0, 3.0, 3.0])]);
    let mut v = [0.1; 10];
    v[2] = 0.15;
    v[9] = 0.05;
    let prior: f64 = v.iter().map(|v| ln_normal(*v, 0.0)).sum();
    let expected = prior + 0.1f64.ln() + 2.0 * 0.15f64.ln();
    assert!((density(model, &v, &data) - expected).abs() < 1e-12);
    v[9] = 0.06;
    assert_eq!(density(model, &v, &data), f64::NEG_INFINITY);
    // Sums to 1, with a negative weight that no row reads.
    (v[8], v[9]) = (0.2, -0.05);
    assert_eq!(density(model, &v, &data), f64::NEG_INFINITY);
}

/// A row of a matrix of transitions, a vector that is written out under a condition on the label before, and a distribution
/// under that condition are one model; so is a choice by data outside of a chain.
#[test]
fn vectors_under_a_condition_on_an_earlier_label() {
    let data = ppl_tests::csv(&[
        ("y", &[0.3, -1.2, 2.0, 1.1, -0.4]),
        ("c", &[1.0, 0.0, 0.0, 1.0, 1.0]),
    ]);
    let at = |site: &str| {
        let model = format!(
            "axis state = {{lo, hi}}; data y[row]: real; data c[row]: bool; p: unit ~ Flat(); q: unit ~ Flat();
             let P[i in state, j in state] = if i == lo {{ if j == lo {{ p }} else {{ 1 - p }} }} else if j == lo {{ 1 - q }} else {{ q }};
             let v[state] = [p, 1 - p]; let w[state] = [1 - q, q]; {site}"
        );
        let bound = ppl_tests::bind(&model, &data);
        let point = ppl_lang::Point::Unconstrained(vec![0.4, -0.7]);
        bound.density(&point).expect("a value").log_density
    };
    let chain = |rest: &str| {
        at(&format!(
            "for t in row {{ z[t] ~ if first(t) {{ Categorical([lo = 0.3, hi = 0.7]) }} else {rest};
             observe y[t] ~ Normal(if z[t] == lo {{ -1 }} else {{ 1 }}, 1); }}"
        ))
    };
    let exact = chain("{ Categorical(P[z[t-1]]) }");
    for rest in [
        "{ Categorical(if z[t-1] == lo { [lo = p, hi = 1 - p] } else { [lo = 1 - q, hi = q] }) }",
        "{ Categorical(if z[t-1] == lo { [p, 1 - p] } else { [1 - q, q] }) }",
        "{ Categorical(if z[t-1] == lo { v } else { w }) }",
        "if z[t-1] == lo { Categorical([p, 1 - p]) } else { Categorical(w) }",
    ] {
        let found = chain(rest);
        assert!((found - exact).abs() < 1e-12, "{rest}: {found} {exact}");
    }
    let plate = |site: &str| {
        at(&format!(
            "z[row] ~ {site}; observe y ~ Normal(if z == lo {{ -1 }} else {{ 1 }}, 1);"
        ))
    };
    let exact = plate("if c { Categorical(v) } else { Categorical(w) }");
    for site in [
        "Categorical(if c { v } else { w })",
        "Categorical(if c { [lo = p, hi = 1 - p] } else { [lo = 1 - q, hi = q] })",
    ] {
        let found = plate(site);
        assert!((found - exact).abs() < 1e-12, "{site}: {found} {exact}");
    }
}
