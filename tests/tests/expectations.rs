//! Reports of what depends on summed-out sites, and fits of discrete unknowns alone, against enumeration.

use ppl_lang::{Fit, FitOptions};
use ppl_tests::{csv, draws, fit, ln_normal, row};

/// Each state of `n` variables with `k` values, with its log joint density: posterior means of functions, and the evidence.
fn enumerated(
    n: usize,
    k: usize,
    ln_joint: impl Fn(&[usize]) -> f64,
    values: impl Fn(&[usize]) -> Vec<f64>,
) -> (Vec<f64>, f64) {
    let (mut sums, mut total) = (vec![], 0.0);
    for s in 0..k.pow(n as u32) {
        let z: Vec<usize> = (0..n).map(|i| s / k.pow(i as u32) % k).collect();
        let p = ln_joint(&z).exp();
        let v = values(&z);
        sums.resize(v.len(), 0.0);
        sums.iter_mut().zip(v).for_each(|(s, v)| *s += p * v);
        total += p;
    }
    sums.iter_mut().for_each(|s| *s /= total);
    (sums, total.ln())
}

fn assert_rows(fit: &Fit, names: &[&str], expected: &[f64]) {
    assert_eq!(names.len(), expected.len());
    for (name, e) in names.iter().zip(expected) {
        let found = row(fit, name).mean;
        assert!(
            (found - e).abs() < 1e-9 * (1.0 + e.abs()),
            "{name}: {found} is not {e}"
        );
    }
}

const Y: [f64; 6] = [0.2, 1.7, 0.4, 1.2, -0.3, 2.0];

const CHAIN: &str = "axis s = {low, high}; data y[row]: real; data x[row]: real; data g[row]: team; axis team = {red, blue};
    let start[s] = [0.6, 0.4]; let mu[s] = [0.5, 1.5];
    let p[i in s, s] = if i == low { [0.7, 0.3] } else { [0.2, 0.8] };
    for t in row {
        z[t] ~ if first(t) { Categorical(start) } else { Categorical(p[z[t - 1]]) };
        observe y[t] ~ Normal(mu[z[t]], 1);
    }";

fn chain(z: &[usize]) -> f64 {
    let p = [[0.7f64, 0.3], [0.2, 0.8]];
    (0..z.len())
        .map(|t| {
            let step = if t == 0 {
                [0.6f64, 0.4][z[0]]
            } else {
                p[z[t - 1]][z[t]]
            };
            step.ln() + ln_normal(Y[t], [0.5, 1.5][z[t]], 1.0)
        })
        .sum()
}

fn chain_data() -> String {
    let mut text = String::from("y,x,g\n");
    for (i, y) in Y.iter().enumerate() {
        text += &format!("{y},{},{}\n", i as f64 - 1.5, ["red", "blue"][i % 2]);
    }
    text
}

const REPORTS: &str = "
    let wild = sum(z == high);
    report each = mu[z];
    report root = sqrt(mu[z]);
    report number = wild;
    report mixed = 3 - 2 * (wild + mean(mu[z] * x)) / 4;
    for t in row { report apart[t] = mu[z[t]] - mean(mu[z]); }
    report level = log(z[1] == high);
    for t in row { report same[t] = if first(t) { 0 } else { (z[t] == z[t - 1]) * x[t] }; }";

fn reported(z: &[usize]) -> Vec<f64> {
    let mu = |t: usize| [0.5, 1.5][z[t]];
    let x = |t: usize| t as f64 - 1.5;
    let n = z.len();
    let wild = z.iter().sum::<usize>() as f64;
    let mean = (0..n).map(mu).sum::<f64>() / n as f64;
    let weighted = (0..n).map(|t| mu(t) * x(t)).sum::<f64>() / n as f64;
    let mut out: Vec<f64> = (0..n).map(mu).collect();
    out.extend((0..n).map(|t| mu(t).sqrt()));
    out.extend([wild, 3.0 - 2.0 * (wild + weighted) / 4.0]);
    out.extend((0..n).map(|t| mu(t) - mean));
    out.extend((1..n).map(|t| f64::from(u8::from(z[t] == z[t - 1])) * x(t)));
    out
}

fn names() -> Vec<String> {
    let each = |name: &str, from: usize| -> Vec<String> {
        (from..=Y.len()).map(|t| format!("{name}[{t}]")).collect()
    };
    let mut out = each("each", 1);
    out.extend(each("root", 1));
    out.extend(["number".to_string(), "mixed".to_string()]);
    out.extend(each("apart", 1));
    out.extend(each("same", 2));
    out
}

#[test]
fn discrete_unknowns_alone_are_exact() {
    let fit = fit(
        &format!("{CHAIN}{REPORTS}"),
        &chain_data(),
        &FitOptions::default(),
    );
    let (means, evidence) = enumerated(Y.len(), 2, chain, reported);
    let names = names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_rows(&fit, &names, &means);
    // The logarithm of 0 has a probability.
    assert_eq!(row(&fit, "level").mean, f64::NEG_INFINITY);
    assert_eq!(row(&fit, "same[1]").mean, 0.0);
    assert_eq!(fit.verdict.word(), "certified");
    let elbo = fit.elbo.expect("a bound");
    for e in [elbo.by_entropy, elbo.by_prior, elbo.log_evidence] {
        assert!(
            (e.value - evidence).abs() < 1e-10,
            "{} is not {evidence}",
            e.value
        );
        assert!(e.se < 1e-10);
    }
    let (high, _) = enumerated(Y.len(), 2, chain, |z| z.iter().map(|&z| z as f64).collect());
    for (p, e) in fit.discrete[0].probabilities.iter().zip(high) {
        assert!((p[1] - e).abs() < 1e-12);
    }
}

#[test]
fn expectations_given_each_draw() {
    let model = "axis k = 2; data y[row]: real; let w[k] = [0.3, 0.7];
        mu[k]: ordered ~ Normal(0, 2); z[row] ~ Categorical(w); observe y ~ Normal(mu[z], 1);
        report second = sum(mu[z]) + mu[1]; report own = mu[z];";
    let fit = fit(model, &csv(&[("y", &Y)]), &FitOptions::default());
    let (a, b) = (draws(&fit, "mu[1]"), draws(&fit, "mu[2]"));
    let (sum, own) = (draws(&fit, "second"), draws(&fit, "own[3]"));
    for d in 0..a.len() {
        let mean = |y: f64| {
            let p = 0.3 * ln_normal(y, a[d], 1.0).exp();
            let q = 0.7 * ln_normal(y, b[d], 1.0).exp();
            (p * a[d] + q * b[d]) / (p + q)
        };
        let expected = Y.iter().map(|&y| mean(y)).sum::<f64>() + a[d];
        assert!((sum[d] - expected).abs() < 1e-9, "{} {expected}", sum[d]);
        assert!((own[d] - mean(Y[2])).abs() < 1e-9);
    }
}

#[test]
fn plates_and_conditions() {
    // A report may go through a site's own elements along one axis and average along another.
    let model = "axis k = 2; data y[row]: real; let w[k] = [0.3, 0.7]; let m[k] = [-1, 1];
        z[row] ~ Categorical(w); v ~ Bernoulli(0.4);
        observe y ~ Normal(m[z] + v, 1);
        report shift = v; report both = sum(m[z] * v); report none = if v { 0 } else { 2 };
        report peak = exp(sum(m[z])) * v; report top = max(m[z]);";
    let fit = fit(model, &csv(&[("y", &Y[..4])]), &FitOptions::default());
    let m = [-1.0, 1.0];
    let joint = |s: &[usize]| {
        let v = s[4] as f64;
        let prior = [0.6f64, 0.4][s[4]].ln();
        (0..4)
            .map(|i| [0.3f64, 0.7][s[i]].ln() + ln_normal(Y[i], m[s[i]] + v, 1.0))
            .sum::<f64>()
            + prior
    };
    let (means, _) = enumerated(5, 2, joint, |s| {
        let v = s[4] as f64;
        let both = (0..4).map(|i| m[s[i]] * v).sum();
        let all: Vec<f64> = (0..4).map(|i| m[s[i]]).collect();
        let peak = all.iter().sum::<f64>().exp() * v;
        let top = all.iter().copied().fold(-2.0, f64::max);
        vec![v, both, 2.0 * (1.0 - v), peak, top]
    });
    assert_rows(&fit, &["shift", "both", "none", "peak", "top"], &means);
}

#[test]
fn what_is_no_sum_of_factors_is_refused() {
    let refused = |report: &str| {
        let text = format!("{CHAIN}{report}");
        let (model, messages) = ppl_lang::Model::parse(&text);
        let Some(model) = model else {
            return format!("{messages:?}");
        };
        // Nine rows: more elements than are taken one by one.
        let long = csv(&[("y", &[0.5; 9]), ("x", &[0.5; 9]), ("g", &[1.0; 9])]);
        let long = long.replace(",1\n", ",red\n");
        let Err(e) = model.bind(&ppl_tests::dataset(&long)) else {
            panic!("{report} is not refused");
        };
        format!("{e:?}")
    };
    let several = refused("report n = exp(sum(mu[z]));");
    assert!(
        several.contains("E0113") && several.contains("mixes 9 elements"),
        "{several}"
    );
    let label = refused("report n = z;");
    assert!(
        label.contains("E0113") && label.contains("label"),
        "{label}"
    );
}

#[test]
fn a_number_beside_an_unknown_label_is_the_label() {
    let model = |condition: &str| {
        format!(
            "axis k = 2; data y[row]: real; let w[k] = [0.3, 0.7]; let m[k] = [0, 2];
             z[row] ~ Categorical(w); observe y ~ Normal(m[z], 1); report n = sum({condition});"
        )
    };
    let y = [0.1, 1.9, 1.1];
    let ones: f64 = y
        .iter()
        .map(|y| {
            let (a, b) = (
                0.3 * ln_normal(*y, 0.0, 1.0).exp(),
                0.7 * ln_normal(*y, 2.0, 1.0).exp(),
            );
            a / (a + b)
        })
        .sum();
    for (condition, expected) in [("z == 1", ones), ("2 == z", 3.0 - ones), ("z < 2", ones)] {
        let fit = fit(
            &model(condition),
            &csv(&[("y", &y)]),
            &FitOptions::default(),
        );
        assert_rows(&fit, &["n"], &[expected]);
    }
}

/// The one note about expectations.
fn said(fit: &Fit) -> &str {
    let about = fit.notes.iter().filter(|n| n.contains("expectation"));
    let about: Vec<&String> = about.collect();
    assert_eq!(about.len(), 1, "{:?}", fit.notes);
    about[0]
}

/// A count between two that are as probable: the report is their mean with no spread at all, the prediction has theirs.
#[test]
fn a_fit_says_that_a_report_is_an_expectation() {
    let model = "n ~ DiscreteUniform(0, 9); m ~ Normal(0, 1); observe 0.5 ~ Normal(n, 0.1);
        report n_hat = n; report mean = m; predict n_new ~ Constant(n);";
    let fit = fit(model, "", &FitOptions::default());
    let (report, drawn) = (row(&fit, "n_hat"), row(&fit, "n_new"));
    assert!(
        (report.mean - 0.5).abs() < 1e-9 && report.sd < 1e-9,
        "{report:?}"
    );
    let n = draws(&fit, "n_new").len() as f64;
    assert!((drawn.sd - 0.5).abs() < 5.0 / n.sqrt(), "{drawn:?}");
    let said = said(&fit);
    assert!(
        said.starts_with("`n_hat` is an expectation over what is summed out"),
        "{said:?}"
    );
    assert!(said.contains("`predict n_hat ~ Constant(…);`"), "{said:?}");
}

/// Several reports share one note, and what is known without any sum is not named in it.
#[test]
fn one_note_for_all_expectations() {
    let model = format!(
        "{CHAIN} m ~ Normal(0, 1); report level[row] = mu[z]; report days = sum(z == low); report m2 = m * m;"
    );
    let fit = fit(&model, &chain_data(), &FitOptions::default());
    let said = said(&fit);
    assert!(
        said.starts_with("`level`, `days` are expectations"),
        "{said:?}"
    );
    assert!(
        said.contains("`predict level[row] ~ Constant(…);`"),
        "{said:?}"
    );
}
