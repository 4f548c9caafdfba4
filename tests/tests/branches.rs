//! `if`: what a condition leaves out gives neither value nor gradient.

use ppl_lang::{Array, Bound, Gradient, Point};
use ppl_tests::{bind, csv, differences, estimate, spread};
use std::collections::BTreeMap;

fn at(bound: &Bound, names: &[&str], x: &[f64]) -> (f64, Vec<f64>) {
    let point: BTreeMap<String, Array> = names
        .iter()
        .zip(x)
        .map(|(n, v)| {
            let array = Array {
                shape: vec![],
                values: vec![*v],
            };
            ((*n).to_owned(), array)
        })
        .collect();
    let density = bound.density(&Point::Constrained(point)).expect("a value");
    let Gradient::Constrained(gradient) = density.gradient else {
        panic!("by name");
    };
    let of = |n: &&str| {
        gradient
            .iter()
            .find(|g| g.0 == **n)
            .expect("a name")
            .1
            .values[0]
    };
    (density.log_density, names.iter().map(of).collect())
}

/// Functions with a pole or no value in the branch not taken, at and around the edge; the expression alone, times data,
/// under sums, and as statements.
#[test]
fn no_nan_through_the_other_branch() {
    let data = csv(&[("y", &spread(5, 0.3))]);
    let functions = [
        "log(x)",
        "sqrt(x)",
        "1 / x",
        "x ^ 1.5",
        "lgamma(x)",
        "log(log(x))",
        "inv_Phi(x)",
    ];
    for f in functions {
        for (what, plain) in [
            (format!("factor if x > 1 {{ {f} }} else {{ 2 * x }};"), 2.0),
            (
                format!("factor sum(if x > 1 {{ {f} * y }} else {{ 2 * x }});"),
                10.0,
            ),
            (
                format!("factor sum(if x > 1 {{ exp(y * {f}) }} else {{ 2 * x }});"),
                10.0,
            ),
            (
                format!("let a = if x > 1 {{ {f} }} else {{ x }}; factor sum(a * (y - y + 2));"),
                10.0,
            ),
            (
                format!("if x > 1 {{ factor {f}; }} else {{ factor 2 * x; }}"),
                2.0,
            ),
            (
                format!(
                    "if x > 1 {{ observe y ~ Normal({f}, 1 / {f}); }} else {{ factor 2 * x; }}"
                ),
                2.0,
            ),
            (
                format!(
                    "for i in row {{ if x > 1 && y[i] < 2 {{ factor y[i] * {f}; }} else {{ factor 2 * x + 0 * y[i]; }} }}"
                ),
                10.0,
            ),
        ] {
            let model = format!("data y[row]: real; x ~ Flat(); {what}");
            let bound = bind(&model, &data);
            for x in [0.0, -1.0, 1.0] {
                let (value, gradient) = at(&bound, &["x"], &[x]);
                assert!(
                    (value - plain * x).abs() < 1e-12,
                    "{model}\nat {x}: {value}"
                );
                assert!(
                    (gradient[0] - plain).abs() < 1e-12,
                    "{model}\nat {x}: {gradient:?}"
                );
            }
            // And the other way round: where it is taken, all of its gradient is there.
            let (_, gradient) = at(&bound, &["x"], &[1.75]);
            let (slope, error) = differences(&|x| vec![at(&bound, &["x"], x).0], &[1.75], 0)[0];
            if slope.is_finite() {
                let gap = (gradient[0] - slope).abs();
                assert!(
                    gap <= 20.0 * error + 1e-9 * slope.abs(),
                    "{model}\n{gradient:?} {slope}"
                );
            }
        }
    }
}

#[track_caller]
fn assert_same_model(a: &str, b: &str, data: &str) {
    let (x, y) = (estimate(&bind(a, data)), estimate(&bind(b, data)));
    assert_eq!(x.len(), y.len());
    for (x, y) in x.iter().zip(&y) {
        assert!((x - y).abs() <= 1e-11 * (1.0 + x.abs()), "{a}\n{x} {y}");
    }
}

/// A statement under a condition is the term where it holds, and nothing elsewhere.
#[test]
fn statements_under_conditions() {
    let late: Vec<f64> = (0..9).map(|i| f64::from(i % 3)).collect();
    let data = csv(&[("y", &spread(9, 0.3)), ("late", &late)]);
    let head = "data y[row]: real; data late[row]: real; a ~ Normal(0, 1); b ~ Normal(1, 1); p ~ Bernoulli(0.4);";
    let term = |d: &str| format!("log_density({d}, y)");
    for (with, without) in [
        (
            "for i in row { if late[i] > 0 { observe y[i] ~ Normal(a, 1); } }".to_string(),
            format!("factor sum(if late > 0 {{ {} }} else {{ 0 }});", term("Normal(a, 1)")),
        ),
        (
            "for i in row { if late[i] == 0 { observe y[i] ~ Normal(a, 1); } else if late[i] == 1 { let m = a + b; observe y[i] ~ Normal(m, 2); } else { factor -b^2 * y[i]; } }".to_string(),
            format!("factor sum(if late == 0 {{ {} }} else if late == 1 {{ {} }} else {{ -b^2 * y }});", term("Normal(a, 1)"), term("Normal(a + b, 2)")),
        ),
        (
            "if size(row) > 5 { observe y ~ Normal(a, 1); } else { observe y ~ Normal(b, 1); }".to_string(),
            "observe y ~ Normal(a, 1);".to_string(),
        ),
        (
            "if a > b { for i in row { if late[i] > 0 { observe y[i] ~ Normal(a, 1); } } }".to_string(),
            format!("factor sum(if a > b && late > 0 {{ {} }} else {{ 0 }});", term("Normal(a, 1)")),
        ),
        (
            "for t in row { if first(t) { observe y[t] ~ Normal(a, 1); } else { observe y[t] ~ Normal(b * y[t - 1], 1); } }".to_string(),
            "for t in row { observe y[t] ~ if first(t) { Normal(a, 1) } else { Normal(b * y[t - 1], 1) }; }".to_string(),
        ),
    ] {
        assert_same_model(&format!("{head} {with}"), &format!("{head} {without}"), &data);
    }
}

/// What stands under a condition of the loop counts once for each element for which that holds, although it reads no element.
#[test]
fn terms_under_a_condition_of_the_loop() {
    let y = [0.0, 3.0, 0.0, 1.0, 2.0, 0.0];
    let data = csv(&[("y", &y)]);
    let (p, r) = (0.3_f64, 1.7_f64);
    let hurdle = |y: f64| match y {
        0.0 => p.ln(),
        _ => (1.0 - p).ln() + y * r.ln() - r - ppl_tests::ln_gamma(y + 1.0) - (-(-r).exp()).ln_1p(),
    };
    let exact: f64 = y.iter().map(|y| hurdle(*y)).sum();
    for model in [
        "for i in row { if y[i] == 0 { factor log(p); } else { factor log(1 - p); observe y[i] ~ Poisson(r).truncated(lower = 1); } }",
        "for i in row { if y[i] == 0 { observe 1 ~ Bernoulli(p); } else { observe 0 ~ Bernoulli(p); observe y[i] ~ Poisson(r).truncated(lower = 1); } }",
        "for i in row { if y[i] > 0 { observe y[i] ~ Poisson(r).truncated(lower = 1); if y[i] > 0 { factor log(1 - p); } } else { factor log(p); } }",
    ] {
        let bound = bind(
            &format!("data y[row]: int; p: unit ~ Flat(); r: positive ~ Flat(); {model}"),
            &data,
        );
        let (value, gradient) = at(&bound, &["p", "r"], &[p, r]);
        assert!((value - exact).abs() < 1e-10, "{model}: {value} {exact}");
        let slope = 3.0 / p - 3.0 / (1.0 - p);
        assert!((gradient[0] - slope).abs() < 1e-9, "{model}");
    }
}
