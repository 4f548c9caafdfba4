//! Densities that are not finite: the statement, the line of the data and the values that went in are told; and values outside of a
//! support that depends on unknowns count as impossible.

use ppl_lang::{Array, Density, FitOptions, Gradient, Point, Verdict};
use ppl_tests::{bind, fit, ln_normal};
use std::collections::BTreeMap;

fn at(model: &str, data: &str, values: &[(&str, f64)]) -> Density {
    let array = |v: f64| Array {
        shape: vec![],
        values: vec![v],
    };
    let point: BTreeMap<String, Array> = values
        .iter()
        .map(|(n, v)| (n.to_string(), array(*v)))
        .collect();
    bind(model, data)
        .density(&Point::Constrained(point))
        .expect("a point of the model")
}

/// The message, its underlined parts with what is said about them, and the advice.
fn story(model: &str, density: &Density) -> (String, Vec<(String, String)>, String) {
    let fault = density.fault.as_ref().expect("a fault");
    assert_eq!(fault.code, "E0401");
    let labels = fault.labels.iter().map(|l| {
        (
            model[l.span.start..l.span.end].to_owned(),
            l.message.clone(),
        )
    });
    (
        fault.message.clone(),
        labels.collect(),
        fault.help.clone().unwrap_or_default(),
    )
}

fn said(labels: &[(String, String)], part: &str) -> String {
    labels
        .iter()
        .filter(|l| l.0 == part)
        .map(|l| l.1.as_str())
        .collect::<Vec<_>>()
        .join(" | ")
}

#[test]
fn logarithm_of_a_negative_number() {
    let model = "data y[row]: real; data x[row]: real; b ~ Normal(0, 1); let eta = log(x + b); observe y ~ Normal(eta, 1);";
    let density = at(model, "y,x\n0,4\n3,5\n1,-2\n", &[("b", 0.5)]);
    let (message, labels, help) = story(model, &density);
    assert_eq!(
        message,
        "the log density of the observation ~ Normal is NaN in row 3 (data.csv:4)"
    );
    assert_eq!(said(&labels, "y"), "1");
    assert_eq!(said(&labels, "eta"), "NaN");
    assert!(
        said(&labels, "log(x + b)").ends_with("from -1.5"),
        "{labels:?}"
    );
    assert!(
        help.contains("x = -2") && help.contains("b = 0.5"),
        "{help}"
    );
}

/// dn/dt = k n^2 from 1 has no solution beyond t = 1 / k.
#[test]
fn an_equation_without_a_solution() {
    let model = "data t[row]: real; data y[row]: real; k ~ HalfNormal(1); fn f(t, n, k) = k * n^2; let n[row] = ode(f, 1, 0, t, k); observe y ~ Normal(n, 1);";
    let data = "t,y\n0.1,1\n0.3,2\n";
    assert!(at(model, data, &[("k", 3.0)]).fault.is_none());
    let (message, labels, help) = story(model, &at(model, data, &[("k", 5.0)]));
    assert!(
        message.contains("is NaN in row 1 (data.csv:2)"),
        "{message}"
    );
    let ode = said(&labels, "ode(f, 1, 0, t, k)");
    assert!(ode.ends_with("from t = 0.1 and k = 5"), "{labels:?}");
    assert!(help.contains("no solution reaches the last time"), "{help}");
}

#[test]
fn a_matrix_without_a_factor() {
    let model = "axis k = 2; a ~ Normal(0, 1); let K[k, k] = [[1, a], [a, 1]]; let L = cholesky(K); factor log_det(L);";
    let (_, labels, help) = story(model, &at(model, "", &[("a", 2.0)]));
    assert!(!said(&labels, "cholesky(K)").is_empty(), "{labels:?}");
    assert!(help.contains("K + diag(v)"), "{help}");
}

/// Equal points without jitter: a covariance of which two rows are the same.
#[test]
fn a_process_at_equal_points() {
    let model = "data x[row]: real; a ~ HalfNormal(1); f[row] ~ GaussianProcess(0, exp_quad(x, scale = a, length = 1), jitter = 0);";
    let density = bind(model, "x\n0\n2\n1\n2\n")
        .density(&Point::Unconstrained(vec![0.0, 0.1, 0.2, 0.3, 0.5]))
        .expect("a point of the model");
    let (_, _, help) = story(model, &density);
    for part in ["`x[2]` and `x[4]` are the same point", "`jitter = 1e-6`"] {
        assert!(help.contains(part), "{help}");
    }
}

#[test]
fn a_count_at_a_rate_of_zero() {
    let model =
        "data n[row]: int; data x[row]: real; b ~ Normal(0, 1); observe n ~ Poisson(x - b);";
    let density = at(model, "n,x\n2,3\n\n3,1.5\n0,1.5\n1,1.5\n", &[("b", 1.5)]);
    let (message, labels, help) = story(model, &density);
    assert_eq!(
        message,
        "the log density of the observation ~ Poisson is -inf in row 2 (data.csv:4), and of one element more"
    );
    assert_eq!(
        (said(&labels, "n"), said(&labels, "x - b")),
        ("3".into(), "0".into())
    );
    assert!(
        help.contains("x = 1.5") && help.contains("b = 1.5"),
        "{help}"
    );
    assert!(help.contains("`PoissonLog` takes any number"), "{help}");
}

#[test]
fn elements_are_told_by_their_labels() {
    let model = "axis g; axis p = {a, c}; data g[row]: g; data k[row]: int; u[g, p] ~ Normal(0, 1); s ~ Normal(0, 1); observe k ~ Binomial(5, s + u[g, a] - u[g, c]);";
    let point: BTreeMap<String, Array> = [
        ("s", vec![], vec![0.0]),
        ("u", vec![2, 2], vec![1.0, 0.5, -1.0, 0.25]),
    ]
    .map(|(n, shape, values)| (n.to_string(), Array { shape, values }))
    .into();
    let bound = bind(model, "g,k\nx,2\ny,3\n");
    let density = bound
        .density(&Point::Constrained(point))
        .expect("a point of the model");
    let (message, _, help) = story(model, &density);
    assert!(message.contains("is -inf in row 2"), "{message}");
    for what in [
        "u[y,a] = -1",
        "u[y,c] = 0.25",
        "`BinomialLogit` takes any number",
    ] {
        assert!(help.contains(what), "{help}");
    }
}

/// The largest value of each group is a bound of its unknown end: with the probability that is left given back the density is as before.
#[test]
fn an_end_below_what_was_observed() {
    let data = "g,y\nx,2\nx,3\ny,1\n";
    let head = "axis g; data g[row]: g; data y[row]: positive; cap ~ HalfNormal(9);";
    let model = format!("{head} top[g] ~ Uniform(0, cap); observe y ~ Uniform(0, top[g]);");
    let point = |top: Vec<f64>| -> BTreeMap<String, Array> {
        [("cap", vec![], vec![8.0]), ("top", vec![2], top)]
            .map(|(n, shape, values)| (n.to_string(), Array { shape, values }))
            .into()
    };
    let density = |model: &str, top: Vec<f64>| {
        let bound = bind(model, data);
        bound
            .density(&Point::Constrained(point(top)))
            .expect("a point of the model")
    };
    let (_, _, help) = story(&model, &density(&model, vec![2.5, 4.0]));
    for what in [
        "`y` was observed above `top`",
        "`let most[g] = max(y, by = g);`",
        "`top[g]: real(most, inf) ~ …`",
    ] {
        assert!(help.contains(what), "{help}");
    }
    let bounded = format!(
        "{head} let most[g] = max(y, by = g); top[g]: real(most, inf) ~ Uniform(0, cap); factor log1m(most / cap); observe y ~ Uniform(0, top[g]);"
    );
    let of = |model: &str| density(model, vec![3.5, 4.0]).log_density;
    assert!(
        (of(&model) - of(&bounded)).abs() < 1e-12,
        "{} {}",
        of(&model),
        of(&bounded)
    );
}

#[test]
fn overflow_of_exp() {
    let model =
        "data n[row]: int; data x[row]: real; b ~ Normal(0, 1); observe n ~ Poisson(exp(b * x));";
    let density = at(model, "n,x\n2,1\n3,1000\n", &[("b", 1.0)]);
    let (message, labels, _) = story(model, &density);
    assert_eq!(
        message,
        "the log density of the observation ~ Poisson is NaN in row 2 (data.csv:3)"
    );
    assert!(
        said(&labels, "exp(b * x)").contains("from 1000"),
        "{labels:?}"
    );
}

#[test]
fn labels_of_other_axes_and_scalars() {
    let model = "axis g = {low, high}; b ~ Normal(0, 1); a[g] ~ Normal(sqrt(b), 1); factor log(b);";
    let both = at(
        "axis g = {low, high}; b ~ Normal(0, 1); factor log(b);",
        "",
        &[("b", -1.0)],
    );
    let (message, labels, _) = story(
        "axis g = {low, high}; b ~ Normal(0, 1); factor log(b);",
        &both,
    );
    assert_eq!(message, "the log density of a factor is NaN");
    assert!(
        labels
            .iter()
            .any(|l| l.0 == "log(b)" && l.1.ends_with("from b = -1")),
        "{labels:?}"
    );
    let point = BTreeMap::from([
        (
            "b".to_owned(),
            Array {
                shape: vec![],
                values: vec![-1.0],
            },
        ),
        (
            "a".to_owned(),
            Array {
                shape: vec![2],
                values: vec![0.0, 1.0],
            },
        ),
    ]);
    let density = bind(model, "")
        .density(&Point::Constrained(point))
        .expect("a point");
    let (message, ..) = story(model, &density);
    assert!(
        message.starts_with("the log density of the sample statement of `a` is NaN"),
        "{message}"
    );
}

#[test]
fn a_fit_says_where_it_went_wrong() {
    let model = "data y[row]: real; data x[row]: real; b ~ Normal(0, 0.1); observe y ~ Normal(log(x + b), 1);";
    let fit = fit(model, "y,x\n0,4\n3,-5\n1,2\n", &FitOptions::default());
    let Verdict::Failed { reason } = &fit.verdict else {
        panic!("{:?}", fit.verdict)
    };
    assert!(reason.contains("in row 2 (data.csv:3)"), "{reason}");
    let fault = fit.fault.as_ref().expect("a fault");
    assert_eq!(fault.code, "E0401");
    assert!(
        fault
            .labels
            .iter()
            .any(|l| &model[l.span.start..l.span.end] == "log(x + b)"
                && l.message.contains("from -5")),
        "{fault:?}"
    );
}

#[test]
fn unconstrained_points_too() {
    let model = "data y[row]: real; top ~ HalfNormal(1); observe y ~ Uniform(0, top);";
    let bound = bind(model, "y\n0.5\n2.5\n");
    let density = bound
        .density(&Point::Unconstrained(vec![0.0]))
        .expect("a point");
    assert_eq!(density.log_density, f64::NEG_INFINITY);
    let (message, labels, _) = story(model, &density);
    assert!(
        message.ends_with("is -inf in row 2 (data.csv:3)"),
        "{message}"
    );
    assert_eq!(
        (said(&labels, "y"), said(&labels, "top")),
        ("2.5".into(), "1".into())
    );
    let density = bound
        .density(&Point::Unconstrained(vec![1.0]))
        .expect("a point");
    assert!(density.log_density.is_finite() && density.fault.is_none());
}

/// Without the guard the density of `Uniform(0, top)` is -ln(top) for a value above `top` too: the fit collapses onto top = 0, with
/// mean 1e-21 and a log evidence of 178, and says that it has converged.
#[test]
fn a_value_beyond_an_unknown_end_is_impossible() {
    let data = "y\n0.1\n0.2\n1.5\n0.3\n";
    // The density is top^-4 times the prior above 1.5.
    let weight = |t: f64| (-0.5 * t * t).exp() * t.powi(-4);
    let grid = || (0..200_000).map(|i| 1.5 + 5e-5 * (f64::from(i) + 0.5));
    let total: f64 = grid().map(weight).sum();
    let mean = grid().map(|t| t * weight(t)).sum::<f64>() / total;
    let square = grid().map(|t| (t - mean).powi(2) * weight(t)).sum::<f64>() / total;
    // The end where it can be, and where the guard alone keeps it.
    for kind in [": real(1.5, inf)", ""] {
        let model =
            format!("data y[row]: real; top{kind} ~ HalfNormal(1); observe y ~ Uniform(0, top);");
        let found = fit(&model, data, &FitOptions::default());
        assert_eq!(
            found.verdict.word(),
            "certified",
            "{kind}: {:?}",
            found.verdict
        );
        let top = ppl_tests::row(&found, "top");
        assert!(
            (top.mean - mean).abs() < 4.0 * top.mcse + 0.002,
            "{kind}: {} {mean}",
            top.mean
        );
        assert!(
            (top.sd / square.sqrt() - 1.0).abs() < 0.06,
            "{kind}: {}",
            top.sd
        );
    }
}

#[test]
fn arguments_that_leave_their_domain_are_impossible() {
    // ln 1.2 > 0 would reward a probability above 1.
    let model = "data y[row]: bool; a ~ Normal(0, 1); observe y ~ Bernoulli(0.5 + a);";
    let density = at(model, "y\n1\n1\n", &[("a", 0.7)]);
    assert_eq!(density.log_density, f64::NEG_INFINITY);
    let inside = at(model, "y\n1\n1\n", &[("a", 0.25)]);
    assert!((inside.log_density - (ln_normal(0.25, 0.0, 1.0) + 2.0 * 0.75f64.ln())).abs() < 1e-12);
    let Gradient::Constrained(gradient) = &inside.gradient else {
        panic!()
    };
    assert!((gradient[0].1.values[0] - (-0.25 + 2.0 / 0.75)).abs() < 1e-12);
}

#[test]
fn a_calculated_value_outside_of_the_support_is_impossible() {
    let model = "data y[row]: real; r ~ HalfNormal(1); observe log(y) ~ Exponential(r);";
    assert_eq!(
        at(model, "y\n2\n0.5\n", &[("r", 1.0)]).log_density,
        f64::NEG_INFINITY
    );
    let fine = at(model, "y\n2\n1.5\n", &[("r", 1.0)]);
    assert!((fine.terms[1].value + 3f64.ln()).abs() < 1e-12);
    let model = "b ~ Normal(0, 1); factor log_density(Exponential(2), b);";
    assert_eq!(at(model, "", &[("b", -0.5)]).log_density, f64::NEG_INFINITY);
    assert!((at(model, "", &[("b", 0.5)]).terms[1].value - (2f64.ln() - 1.0)).abs() < 1e-12);
}

/// Weights that add up to 1.5 would put 3 ln 1.5 into the evidence, and shift what they depend on.
#[test]
fn weights_that_do_not_add_up_to_one_are_impossible() {
    // Through a function whose value no check knows.
    let model = |weights: &str| {
        format!(
            "axis k = {{a, b, c}}; data y[row]: k; p ~ Beta(1, 1); let q = exp(log(p)); let w[k] = {weights}; observe y ~ Categorical(w);"
        )
    };
    let data = "y\na\nb\nc\n";
    let wrong = at(&model("q"), data, &[("p", 0.5)]);
    assert_eq!(wrong.log_density, f64::NEG_INFINITY);
    let wrong = at(&model("[q, q, 0.5]"), data, &[("p", 0.5)]);
    assert_eq!(wrong.log_density, f64::NEG_INFINITY);
    let negative = at(&model("[p, 1.5 - p, -0.5]"), "y\na\nb\n", &[("p", 0.75)]);
    assert_eq!(negative.log_density, f64::NEG_INFINITY);
    let right = at(&model("[q / 2, q / 2, 1 - q]"), data, &[("p", 0.5)]);
    assert!((right.log_density - (0.25f64.ln() * 2.0 + 0.5f64.ln())).abs() < 1e-12);
}
