//! Missing entries that are read elsewhere are latents: against closed forms, and against the same model written out.

use ppl_lang::{FitOptions, GuideChoice, Model};
use ppl_tests::{bind, dataset, estimate, fit, ln_normal, log_sum_exp, row, with_guide};

const REGRESSION: &str = "data x[row]: real?; data y[row]: real; b ~ Normal(0, 2); \
     observe x ~ Normal(1, 2); observe y ~ Normal(b * x, 0.5);";

/// The same with the missing cells as an unknown of their own, known columns elsewhere.
#[test]
fn the_model_is_the_one_with_explicit_latents() {
    let gaps = bind(REGRESSION, "x,y\n0.5,1\n,2\n-1,0.3\nNA,-1\n");
    let explicit = bind(
        "axis k = 2; axis cell = {p, q}; b ~ Normal(0, 2); u[cell] ~ Normal(1, 2); \
         factor log_density(Normal(1, 2), 0.5) + log_density(Normal(1, 2), -1); \
         factor log_density(Normal(0.5 * b, 0.5), 1) + log_density(Normal(-b, 0.5), 0.3); \
         factor log_density(Normal(b * u[p], 0.5), 2) + log_density(Normal(b * u[q], 0.5), -1);",
        "",
    );
    let (a, b) = (estimate(&gaps), estimate(&explicit));
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{a} {b}");
    }
}

/// x ~ N(1, 2), y | x ~ N(0.8 x, 0.5): with x missing y ~ N(0.8, sqrt(0.64 * 4 + 0.25)), and x given y is normal.
#[test]
fn a_missing_covariate_has_its_conditional_distribution() {
    let model = "data x[row]: real?; data y[row]: real; \
                 observe x ~ Normal(1, 2); observe y ~ Normal(0.8 * x, 0.5);";
    let fit = fit(
        model,
        "x,y\n0.5,1\n,2\n-1,0.3\nNA,-1\n",
        &with_guide(GuideChoice::FullRank),
    );
    let variance: f64 = 0.64 * 4.0 + 0.25;
    let evidence = ln_normal(0.5, 1.0, 2.0)
        + ln_normal(1.0, 0.4, 0.5)
        + ln_normal(-1.0, 1.0, 2.0)
        + ln_normal(0.3, -0.8, 0.5)
        + ln_normal(2.0, 0.8, variance.sqrt())
        + ln_normal(-1.0, 0.8, variance.sqrt());
    let found = fit.elbo.expect("a bound").log_evidence;
    assert!(
        (found.value - evidence).abs() < 0.01,
        "{found:?}, not {evidence}"
    );
    let gain = 0.8 * 4.0 / variance;
    let sd = (4.0 * 0.25 / variance).sqrt();
    for (name, y) in [("x[2]", 2.0), ("x[4]", -1.0)] {
        let x = row(&fit, name);
        let mean = 1.0 + gain * (y - 0.8);
        assert!((x.mean - mean).abs() < 0.03 * sd, "{x:?}, not {mean}");
        assert!((x.sd / sd - 1.0).abs() < 0.03, "{x:?}, not {sd}");
        assert_eq!(x.role, "site");
    }
}

/// The missing entry of a chain stands between its neighbours: with a AR coefficient of 1 and unit steps, in their middle.
#[test]
fn a_gap_in_a_chain_is_bridged() {
    let model = "data x[row]: real?; for t in row { \
                 observe x[t] ~ if first(t) { Normal(0, 10) } else { Normal(x[t - 1], 1) }; }";
    let fit = fit(
        model,
        "x,i\n1,0\n,0\n4,0\n,0\n",
        &with_guide(GuideChoice::FullRank),
    );
    let (inner, end) = (row(&fit, "x[2]"), row(&fit, "x[4]"));
    assert!(
        (inner.mean - 2.5).abs() < 0.02 && (inner.sd - 0.5f64.sqrt()).abs() < 0.02,
        "{inner:?}"
    );
    assert!(
        (end.mean - 4.0).abs() < 0.03 && (end.sd - 1.0).abs() < 0.03,
        "{end:?}"
    );
    let evidence = ln_normal(1.0, 0.0, 10.0) + ln_normal(4.0, 1.0, 2f64.sqrt());
    let found = fit.elbo.expect("a bound").log_evidence;
    assert!(
        (found.value - evidence).abs() < 0.01,
        "{found:?}, not {evidence}"
    );
}

/// The same with an unknown coefficient phi, without a guide of one's own: two steps at once are N(phi^2 x, 1 + phi^2), which
/// leaves an integral over phi. An entry whose prior reads another missing one has no scale of its own to be drawn in.
#[test]
fn gaps_of_a_chain_with_an_unknown_coefficient() {
    let model = "data x[row]: real?; phi ~ Normal(0, 1); for t in row { \
                 observe x[t] ~ if first(t) { Normal(0, 1) } else { Normal(phi * x[t - 1], 1) }; }";
    let data = "x,i\n1,0\n,0\n2,0\n1.5,0\nNA,0\n0.8,0\n";
    let ln_joint = |phi: f64| {
        let two = |from: f64, to: f64| ln_normal(to, phi * phi * from, (1.0 + phi * phi).sqrt());
        ln_normal(phi, 0.0, 1.0)
            + ln_normal(1.0, 0.0, 1.0)
            + two(1.0, 2.0)
            + ln_normal(1.5, 2.0 * phi, 1.0)
            + two(1.5, 0.8)
    };
    let step = 1e-3;
    let nodes: Vec<f64> = (-6000..=6000).map(|i| f64::from(i) * step).collect();
    let terms: Vec<f64> = nodes.iter().map(|phi| ln_joint(*phi)).collect();
    let total = log_sum_exp(&terms);
    let evidence = total + step.ln();
    let mean: f64 = nodes
        .iter()
        .zip(&terms)
        .map(|(x, t)| x * (t - total).exp())
        .sum();
    let found = fit(model, data, &with_guide(GuideChoice::Auto));
    let (elbo, phi) = (found.elbo.as_ref().expect("a bound"), row(&found, "phi"));
    assert!(
        (elbo.log_evidence.value - evidence).abs() < 0.02 + 4.0 * elbo.log_evidence.se,
        "{elbo:?}, not {evidence}"
    );
    assert!(
        (phi.mean - mean).abs() < 0.02 + 4.0 * phi.mcse,
        "{phi:?}, not {mean}"
    );
    let apart = fit(model, data, &with_guide(GuideChoice::MeanField));
    let bound = apart.elbo.as_ref().expect("a bound").headline();
    assert!(
        bound.value < evidence + 4.0 * bound.se,
        "{bound:?} above {evidence}"
    );
}

/// Supports are those of the distribution, whatever its bounds depend on.
#[test]
fn imputed_values_respect_the_support() {
    let model = "data x[row]: real?; data y[row]: real; top[row] ~ Gamma(20, 10); \
                 observe x ~ Uniform(0, top); observe y ~ Normal(log(x), 1);";
    let fit = fit(model, "x,y\n0.5,1\n,0.2\n", &FitOptions::default());
    assert!(row(&fit, "x[2]").q5 > 0.0);
    assert!(row(&fit, "x[2]").q95 < row(&fit, "top[2]").q95);
    // x exponential and truncated: p(x) exp(-(y - x)^2 / 2) by quadrature.
    let model = "data x[row]: positive?; data y[row]: real; \
                 observe x ~ Exponential(0.5).truncated(upper = 3); observe y ~ Normal(x, 1);";
    let fit = ppl_tests::fit(model, "x,y\n0.5,1\n,2.5\n", &FitOptions::default());
    let n = 6000;
    let grid: Vec<f64> = (0..n)
        .map(|i| 3.0 * (f64::from(i) + 0.5) / f64::from(n))
        .collect();
    let terms: Vec<f64> = grid
        .iter()
        .map(|x| -0.5 * x + ln_normal(2.5, *x, 1.0))
        .collect();
    let total = log_sum_exp(&terms);
    let mean: f64 = grid
        .iter()
        .zip(&terms)
        .map(|(x, t)| x * (t - total).exp())
        .sum();
    let x = row(&fit, "x[2]");
    assert!((x.mean - mean).abs() < 0.02, "{x:?}, not {mean}");
}

#[test]
fn tables_of_columns_and_groups() {
    let model = "axis item = columns(\"a\", \"b\"); axis g; data g[row]: g; data X[row, item]: real?; data y[row]: real; \
                 m[g] ~ Normal(0, 1); s[item] ~ HalfNormal(1); w[item] ~ Normal(0, 1); \
                 for i in row { for j in item { observe X[i, j] ~ Normal(m[g[i]], s[j]); } } \
                 observe y ~ Normal(X @ w, 1);";
    let written = "axis item = columns(\"a\", \"b\"); axis g; data g[row]: g; data X[row, item]: real?; data y[row]: real; \
                 m[g] ~ Normal(0, 1); s[item] ~ HalfNormal(1); w[item] ~ Normal(0, 1); \
                 observe X ~ Normal(m[g], s); observe y ~ Normal(X @ w, 1);";
    let table = "g,a,b,y\nu,1,2,0.5\nv,,0.3,1\nu,0.1,NA,2\nv,,,0\n";
    let (a, b) = (
        estimate(&bind(model, table)),
        estimate(&bind(written, table)),
    );
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{a} {b}");
    }
    let fit = fit(
        written,
        table,
        &FitOptions {
            max_steps: 200,
            ..FitOptions::default()
        },
    );
    for name in ["X[2,a]", "X[3,b]", "X[4,a]", "X[4,b]"] {
        assert!(row(&fit, name).sd > 0.0);
    }
}

#[test]
fn a_complete_column_is_plain_data() {
    let full = "x,y\n0.5,1\n-1,0.3\n";
    let (a, b) = (
        estimate(&bind(REGRESSION, full)),
        estimate(&bind(&REGRESSION.replace("real?", "real"), full)),
    );
    assert_eq!(a, b);
    // A written guide that draws the missing cells is valid for both.
    let written = format!(
        "{REGRESSION} guide {{ param m = 0; param s: positive = 1; b ~ Normal(m, s); param n[x_missing] = 0; x_missing ~ Normal(n, 0.5); }}"
    );
    for table in [full, "x,y\n0.5,1\n,0.3\n"] {
        let fit = fit(
            &written,
            table,
            &FitOptions {
                max_steps: 100,
                ..FitOptions::default()
            },
        );
        assert_eq!(fit.guide, "written");
    }
}

#[test]
fn what_has_no_distribution_is_refused() {
    let cases = [
        (
            "data x[row]: real?; data y[row]: real; b ~ Normal(0, 1); observe y ~ Normal(b * x, 1);",
            "E0126",
            "nothing says how they are distributed",
        ),
        (
            "data x[row]: real?; data y[row]: real; b ~ Normal(0, 1); observe x ~ Normal(0, 1); observe x ~ Normal(b, 2); observe y ~ Normal(b * x, 1);",
            "E0126",
            "stated twice",
        ),
        (
            "data x[row]: int?; data y[row]: real; b ~ Normal(0, 1); observe x ~ Poisson(2); observe y ~ Normal(b * x, 1);",
            "E0113",
            "missing whole numbers",
        ),
    ];
    for (model, code, phrase) in cases {
        let (_, messages) = Model::parse(model);
        let errors: Vec<_> = messages.iter().filter(|m| m.is_error()).collect();
        assert!(
            errors.len() == 1
                && errors[0].code == code
                && errors[0].message.to_lowercase().contains(phrase),
            "{model}: {messages:?}"
        );
    }
    let (model, _) = Model::parse(
        "data x[row]: real?; a ~ Normal(0, 1); for t in row skip 1 { observe x[t] ~ Normal(a * x[t - 1], 1); }",
    );
    let model = model.expect("a model");
    assert!(model.bind(&dataset("x,i\n1,0\n,0\n2,0\n")).is_ok());
    let errors = model
        .bind(&dataset("x,i\nNA,0\n,0\n2,0\n"))
        .expect_err("the first entry");
    assert_eq!((errors.len(), errors[0].code), (1, "E0126"));
    assert_eq!(errors[0].place.as_ref().expect("a cell").line, 2);
}
