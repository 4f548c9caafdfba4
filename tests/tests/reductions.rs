//! Reductions: within groups, of unknowns and of data, filtered, running, and products; against their definitions.

use ppl_lang::{Array, Bound, Density, Gradient, Point};
use ppl_tests::{bind, csv, differences, spread};
use std::collections::BTreeMap;

const G: [f64; 7] = [2.0, 0.0, 1.0, 0.0, 2.0, 1.0, 0.0];

fn data() -> String {
    csv(&[("g", &G), ("x", &spread(7, 0.2))])
}

/// The factors of a model at values of `m[row]`.
fn at(model: &str, m: &[f64]) -> Density {
    of(&bind(model, &data()), m)
}

fn of(bound: &Bound, m: &[f64]) -> Density {
    let values = Array {
        shape: vec![m.len()],
        values: m.to_vec(),
    };
    let point: BTreeMap<String, Array> = [("m".to_owned(), values)].into();
    bound
        .density(&Point::Constrained(point))
        .expect("a density")
}

const HEAD: &str = "axis g; data g[row]: g; data x[row]: real; m[row] ~ Flat();";

fn reduce(r: &str, x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let var = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    match r {
        "sum" => n * mean,
        "mean" => mean,
        "var" => var,
        "sd" => var.sqrt(),
        "prod" => x.iter().product(),
        "min" => x.iter().copied().fold(f64::INFINITY, f64::min),
        "max" => x.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        _ => x.iter().map(|v| v.exp()).sum::<f64>().ln(),
    }
}

const ALL: [&str; 8] = [
    "sum",
    "mean",
    "var",
    "sd",
    "prod",
    "min",
    "max",
    "log_sum_exp",
];

#[track_caller]
fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-13 * (1.0 + b.abs()), "{a} {b}");
}

fn gradient_is_right(model: &str, m: &[f64]) {
    let bound = bind(model, &data());
    let Gradient::Constrained(found) = of(&bound, m).gradient else {
        panic!("by name");
    };
    for i in 0..m.len() {
        let (slope, error) = differences(&|m| vec![of(&bound, m).log_density], m, i)[0];
        let got = found[0].1.values[i];
        assert!(
            (got - slope).abs() <= 20.0 * error + 1e-10,
            "{model}\n{i}: {got} for {slope} ± {error}"
        );
    }
}

/// Groups, of data and of unknowns: labels are numbered as they are found, 2, 0, 1.
#[test]
fn by_groups() {
    let m = spread(7, 0.45);
    let group = |of: &[f64], label: f64| -> Vec<f64> {
        let pairs = of.iter().zip(G).filter(|p| p.1 == label);
        pairs.map(|p| *p.0).collect()
    };
    for r in ALL {
        for (name, values) in [("x", spread(7, 0.2)), ("m", m.clone())] {
            // Look-ups by column, and each group on its own.
            let model =
                format!("{HEAD} let b = {r}({name}, by = g); factor sum(b[g] * x) + 0 * sum(m);");
            let want: f64 = G
                .iter()
                .zip(spread(7, 0.2))
                .map(|(l, x)| reduce(r, &group(&values, *l)) * x)
                .sum();
            close(at(&model, &m).log_density, want);
            gradient_is_right(&model, &m);
        }
    }
}

/// Other axes stay; a condition is counted; a scalar counts the elements; groups of groups.
#[test]
fn what_groups_keep() {
    let m = spread(7, 0.45);
    let x = spread(7, 0.2);
    let counts = [3.0, 2.0, 2.0];
    let model = format!(
        "{HEAD} let n = sum(1, by = g); let big = sum(x > 0.5, by = g); factor sum(n^2) + 10 * max(big) + 0 * sum(m);"
    );
    let big = (0..3)
        .map(|l| {
            let own = G
                .iter()
                .zip(&x)
                .filter(|p| *p.0 == f64::from(l) && *p.1 > 0.5);
            own.count() as f64
        })
        .fold(0.0, f64::max);
    close(
        at(&model, &m).log_density,
        counts.iter().map(|n| n * n).sum::<f64>() + 10.0 * big,
    );
    // The product of all pairs of a group's elements with a weight along another axis.
    let model = format!(
        "{HEAD} axis k = 2; let w[k] = [1, 3]; let mw[row, k] = m * w; let s[g, k] = sum(mw, by = g); factor sum(s[g, 2] * x) + sum(s[g, 1]);"
    );
    let sum = |l: f64| -> f64 {
        let own = G.iter().zip(&m).filter(|p| *p.0 == l);
        own.map(|p| *p.1).sum()
    };
    let want = (0..7).map(|i| sum(G[i]) * (3.0 * x[i] + 1.0)).sum::<f64>();
    close(at(&model, &m).log_density, want);
    let model = format!(
        "{HEAD} axis h = {{a, b}}; let top[g] = max(x, by = g); factor sum(top) + 0 * sum(m);"
    );
    let want: f64 = (0..3)
        .map(|l| {
            let own = G.iter().zip(&x).filter(|p| *p.0 == f64::from(l));
            own.map(|p| *p.1).fold(f64::NEG_INFINITY, f64::max)
        })
        .sum();
    close(at(&model, &m).log_density, want);
}

/// An empty group has a sum of 0 and a product of 1; what else has no value is refused when the data are read.
#[test]
fn empty_groups() {
    let head = "axis g = {a, b, c}; data g[row]: g; data x[row]: real; m ~ Normal(0, 1);";
    let data = "g,x\na,2\nb,3\na,4\n";
    let value = |model: &str| {
        let point: BTreeMap<String, Array> = [(
            "m".to_owned(),
            Array {
                shape: vec![],
                values: vec![0.5],
            },
        )]
        .into();
        let d = bind(model, data).density(&Point::Constrained(point));
        d.expect("a density").terms[1].value
    };
    for (what, want) in [
        ("sum(x, by = g)", 6.0 + 30.0),
        ("prod(x, by = g)", 8.0 + 30.0 + 100.0),
        ("sum(x * m, by = g)", 3.0 + 15.0),
        ("prod(x * m, by = g)", 2.0 + 15.0 + 100.0),
    ] {
        close(
            value(&format!(
                "{head} let s = {what}; factor s[a] + 10 * s[b] + 100 * s[c];"
            )),
            want,
        );
    }
}

/// Running sums and products, with their gradients; a zero among the factors.
#[test]
fn along_an_axis() {
    let mut m = spread(7, 0.45);
    let x = spread(7, 0.2);
    let weighted = |v: Vec<f64>| v.iter().zip(&x).map(|(a, b)| a * b).sum::<f64>();
    let mut running = vec![];
    let mut s = 0.0;
    for v in &m {
        s += v;
        running.push(s);
    }
    let model = format!("{HEAD} factor sum(cumsum(m) * x);");
    close(at(&model, &m).log_density, weighted(running));
    gradient_is_right(&model, &m);
    let model = format!("{HEAD} factor sum(softmax(m) * x) + sum(log_softmax(m) * x);");
    let total = m.iter().map(|v| v.exp()).sum::<f64>();
    let soft: Vec<f64> = m.iter().map(|v| v.exp() / total).collect();
    let log: Vec<f64> = soft.iter().map(|v| v.ln()).collect();
    close(at(&model, &m).log_density, weighted(soft) + weighted(log));
    gradient_is_right(&model, &m);
    // A long product is a recurrence, a short one is written out; both with zeros.
    for zero in [false, true] {
        if zero {
            m[3] = 0.0;
        }
        let model = format!(
            "{HEAD} axis k = 20; let w[i in k] = 1 + i / 10; let b[k, row] = w + m; factor prod(m) + sum(log(prod(b, over = k)));"
        );
        let prod: f64 = m.iter().product();
        let long: f64 = m
            .iter()
            .map(|v| {
                (1..=20)
                    .map(|i| (1.0 + f64::from(i) / 10.0 + v).ln())
                    .sum::<f64>()
            })
            .sum();
        close(at(&model, &m).log_density, prod + long);
        gradient_is_right(&model, &m);
    }
}

/// Binders with a filter: what is left out counts for nothing.
#[test]
fn filtered() {
    let m = spread(7, 0.45);
    for r in ["sum", "mean", "prod", "min", "max", "log_sum_exp"] {
        let model =
            format!("{HEAD} for t in row {{ factor {r}(j in row if j <= t: m[j] * x[t]); }}");
        let x = spread(7, 0.2);
        let want: f64 = (0..7)
            .map(|t| {
                let own: Vec<f64> = (0..=t).map(|j| m[j] * x[t]).collect();
                reduce(r, &own)
            })
            .sum();
        close(at(&model, &m).log_density, want);
        gradient_is_right(&model, &m);
    }
    // Nothing left: -inf in a log-sum-exp, whose exponential is 0 and has no gradient.
    let model = format!("{HEAD} factor exp(log_sum_exp(j in row if x[j] > 2: m[j])) + sum(m);");
    close(at(&model, &m).log_density, m.iter().sum());
    // Lags that a filter keeps inside.
    let model = format!(
        "{HEAD} axis lag = 3; let b[lag] = [2, 3, 5]; for t in row {{ factor sum(k in lag if k < t && x[t] > 0: b[k] * m[t - k]); }}"
    );
    let b = [2.0, 3.0, 5.0];
    let want: f64 = (0..7)
        .map(|t| {
            (1..=3)
                .filter(|k| *k <= t)
                .map(|k| b[k - 1] * m[t - k])
                .sum::<f64>()
        })
        .sum();
    close(at(&model, &m).log_density, want);
    gradient_is_right(&model, &m);
}
