//! Models of the less common families, against densities worked out from their definitions.

use ppl_lang::{Array, Dataset, Model, Point, Table};
use std::collections::BTreeMap;

fn log_density(text: &str, csv: &str, point: &[(&str, &[usize], &[f64])]) -> f64 {
    let (model, messages) = Model::parse(text);
    assert!(messages.is_empty(), "{text}: {messages:#?}");
    let main = Some(Table::from_csv_text("data.csv", csv).expect("a table"));
    let data = Dataset {
        main,
        ..Dataset::empty()
    };
    let bound = model.expect("a model").bind(&data);
    let (bound, _) = bound.unwrap_or_else(|errors| panic!("{text}: {errors:#?}"));
    let array = |shape: &[usize], values: &[f64]| Array {
        shape: shape.to_vec(),
        values: values.to_vec(),
    };
    let point: BTreeMap<String, Array> = point
        .iter()
        .map(|(name, shape, values)| ((*name).to_owned(), array(shape, values)))
        .collect();
    bound
        .density(&Point::Constrained(point))
        .expect("a density")
        .log_density
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[test]
fn an_ordinal_regression() {
    let text = "axis answer = {never, rarely, often, always}; axis cut = size(answer) - 1;
        data answer[row]: answer; data x[row]: real;
        b ~ Flat(); c[cut]: ordered ~ Flat();
        observe answer ~ OrderedLogistic(b * x, c);";
    let csv = "answer,x\nnever,0.5\nalways,-1.0\noften,2.0\nrarely,0.25\n";
    let (b, c) = (0.75, [-1.0, 0.5, 2.0]);
    let got = log_density(text, csv, &[("b", &[], &[b]), ("c", &[3], &c)]);
    let below = |k: usize, x: f64| {
        if k == 4 {
            1.0
        } else {
            logistic(c[k - 1] - b * x)
        }
    };
    let want = logistic(c[0] - b * 0.5).ln()
        + (1.0 - below(3, -1.0)).ln()
        + (below(3, 2.0) - below(2, 2.0)).ln()
        + (below(2, 0.25) - below(1, 0.25)).ln();
    assert!((got - want).abs() < 1e-13, "{got} is not {want}");
    // The same as terms of the density.
    let text = text.replace(
        "observe answer ~ OrderedLogistic(b * x, c);",
        "factor log_density(OrderedLogistic(b * x, cutpoints = c), answer);",
    );
    let again = log_density(&text, csv, &[("b", &[], &[b]), ("c", &[3], &c)]);
    assert!((again - want).abs() < 1e-13, "{again} is not {want}");
}

#[test]
fn labels_in_a_loop_and_counts() {
    let text = "axis answer = 1..3; axis cut = size(answer) - 1; axis k = {a, b};
        data answer[row]: answer; data y[row, k]: int from \"y_*\"; data n[row]: int;
        c[cut]: ordered ~ Flat(); p[k] ~ Dirichlet(1);
        for i in row { observe answer[i] ~ OrderedProbit(0, c); }
        observe y ~ Multinomial(n, p);";
    let csv = "answer,y_a,y_b,n\n2,3,1,4\n1,0,2,2\n";
    let got = log_density(
        text,
        csv,
        &[("c", &[2], &[0.0, 1.0]), ("p", &[2], &[0.25, 0.75])],
    );
    // ln(Phi(1) - Phi(0)) + ln Phi(0), ln 4 + 3 ln 1/4 + ln 3/4 + 2 ln 3/4; the Dirichlet prior is 1.
    let phi_1: f64 = 0.841_344_746_068_542_9;
    let labels = (phi_1 - 0.5).ln() + 0.5f64.ln();
    let counts = 4f64.ln() + 3.0 * 0.25f64.ln() + 3.0 * 0.75f64.ln();
    assert!((got - labels - counts).abs() < 1e-13, "{got}");
}

#[test]
fn covariances_and_correlations_as_unknowns() {
    let text = "axis k = 2;
        let v[k] = [1, 2];
        S[k, k] ~ Wishart(4, scale = diag(v));
        R[k, k] ~ LkjCorr(1);
        x[k] ~ MultiNormal(0, cov = S);";
    let s = [2.0, 0.5, 0.5, 1.5];
    let got = log_density(
        text,
        "y\n1\n",
        &[
            ("S", &[2, 2], &s),
            ("R", &[2, 2], &[1.0, 0.3, 0.3, 1.0]),
            ("x", &[2], &[1.0, -1.0]),
        ],
    );
    let det: f64 = 2.0 * 1.5 - 0.25;
    let ln_2_pi = (2.0 * std::f64::consts::PI).ln();
    // (df - K - 1)/2 = 1/2; trace 2/1 + 1.5/2; Gamma_2(2) = sqrt(pi) Gamma(2) Gamma(3/2) = pi/2.
    let wishart = 0.5 * det.ln()
        - 0.5 * 2.75
        - 4.0 * 2f64.ln()
        - 2.0 * 2f64.ln()
        - (std::f64::consts::PI / 2.0).ln();
    let normal = -ln_2_pi - 0.5 * det.ln() - 0.5 * (1.5 + 2.0 * 0.5 + 2.0) / det;
    let uniform = -2f64.ln();
    let want = wishart + normal + uniform;
    assert!((got - want).abs() < 1e-12, "{got} is not {want}");
}

#[test]
fn sequences_are_what_their_loops_say() {
    let csv = "y\n0.5\n1.25\n-0.5\n2.0\n1.0\n";
    let point: &[(&str, &[usize], &[f64])] = &[
        ("s", &[], &[0.75]),
        ("phi", &[2], &[0.5, -0.25]),
        ("h", &[5], &[0.1, 0.4, -0.3, 0.2, 0.6]),
    ];
    let head = "axis lag = 2; data y[row]: real;
        s: positive ~ Flat(); phi[lag] ~ Flat();\n";
    let short = "h[row] ~ GaussianRandomWalk(s);
        observe y ~ Ar(phi, s, start = 1, start_sd = 2, constant = 0.25);";
    let long = "for t in row {
            h[t] ~ if first(t) { Normal(0, s) } else { Normal(h[t-1], s) };
            observe y[t] ~ if first(t, 2) { Normal(1, 2) } else { Normal(0.25 + sum(k in lag: phi[k] * y[t-k]), s) };
        }";
    let both = [short, long].map(|body| log_density(&format!("{head}{body}"), csv, point));
    assert!((both[0] - both[1]).abs() < 1e-13, "{both:?}");
    // Of order 1 by a number, with groups of walks, and a start of their own.
    let head = "axis g = 2; axis t = 3;
        s ~ HalfNormal(1); m[g] ~ Normal(0, 1);\n";
    let short = "x[g, t] ~ Ar(m, s, start = m, start_sd = 2);
        z[g, t] ~ GaussianRandomWalk(s, start = m, start_sd = 3, drift = 0.5);";
    let long = "for i in g { for j in t {
            x[i, j] ~ if first(j) { Normal(m[i], 2) } else { Normal(m[i] * x[i, j-1], s) };
            z[i, j] ~ if first(j) { Normal(m[i], 3) } else { Normal(0.5 + z[i, j-1], s) };
        } }";
    let point: &[(&str, &[usize], &[f64])] = &[
        ("s", &[], &[0.75]),
        ("m", &[2], &[0.5, -0.25]),
        ("x", &[2, 3], &[0.1, 0.4, -0.3, 0.2, 0.6, 1.0]),
        ("z", &[2, 3], &[1.1, 0.4, 0.3, -0.2, 0.6, 1.5]),
    ];
    let both = [short, long].map(|body| log_density(&format!("{head}{body}"), csv, point));
    assert!((both[0] - both[1]).abs() < 1e-13, "{both:?}");
}
