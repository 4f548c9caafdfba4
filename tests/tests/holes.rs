//! The holes through which a wrong posterior would pass: each is refused or warned of, and the wrong number that would have come out is
//! shown, by a model that says outright what the mistake would have meant. docs/src/holes.md is the table of all of them.
//!
//! The models have one unknown each, so that their posteriors are sums over a grid; those with two are Gaussian and fitted.

use ppl_lang::{FitOptions, GuideChoice, Model, Point};
use ppl_tests::holes::{near, posterior, real, says, unit};
use ppl_tests::{bind, density_at, fit, row, with_guide};

fn options() -> FitOptions {
    with_guide(GuideChoice::FullRank)
}

const EIGHT: &str = "y\n1\n1\n1\n1\n1\n1\n1\n1\n";

#[test]
fn the_right_wider_than_the_left() {
    let head = "data y[row]: real; mu ~ Normal(0, 1);";
    says(
        &format!("{head} observe 1 ~ Normal(mu + 0 * y, 1);"),
        EIGHT,
        "E0108",
    );
    let right = format!("{head} observe 1 ~ Normal(mu, 1);");
    let wrong = format!("{head} factor sum(log_density(Normal(mu + 0 * y, 1), 1));");
    near(posterior(&right, EIGHT, real).1, 0.5_f64.sqrt());
    near(posterior(&wrong, EIGHT, real).1, 1.0 / 3.0);
}

#[test]
fn a_term_that_a_loop_repeats() {
    let head = "data y[row]: real; mu ~ Flat(); observe y ~ Normal(mu, 1);";
    says(
        &format!("{head} for i in row {{ factor -mu^2 / 2; }}"),
        EIGHT,
        "E0115",
    );
    says(
        "data y[row]: real; for i in row { mu ~ Normal(0, 1); observe y[i] ~ Normal(mu, 1); }",
        EIGHT,
        "E0115",
    );
    near(
        posterior(&format!("{head} factor -mu^2 / 2;"), EIGHT, real).0,
        8.0 / 9.0,
    );
    near(
        posterior(&format!("{head} factor -8 * mu^2 / 2;"), EIGHT, real).0,
        0.5,
    );
}

#[test]
fn data_on_the_right_of_their_own_observation() {
    let head = "data y[row]: real; mu ~ Normal(0, 10);";
    let wrong = format!("{head} observe y ~ Normal(mu + 0.5 * y, 1);");
    says(&wrong, EIGHT, "W0122");
    // The half that the value explains itself is missing.
    near(posterior(&wrong, EIGHT, real).0, 0.5);
    let right = format!("{head} observe y ~ Normal(mu, 1);");
    near(posterior(&right, EIGHT, real).0, 1.0);
}

#[test]
fn a_transformed_latent_on_the_left() {
    let head = "data y[row]: real; s ~ HalfNormal(10);";
    let data = "y\n1\n-1\n1\n-1\n1\n-1\n1\n-1\n";
    says(
        &format!("{head} observe y / s ~ Normal(0, 1);"),
        data,
        "E0112",
    );
    let right = posterior(&format!("{head} observe y ~ Normal(0, s);"), data, f64::exp).0;
    let wrong = posterior(
        &format!("{head} factor sum(log_density(Normal(0, 1), y / s));"),
        data,
        f64::exp,
    )
    .0;
    // Without the Jacobian nothing keeps s from growing: it follows its prior.
    assert!(right < 1.3 && wrong > 8.0, "{right} {wrong}");
}

#[test]
fn bounds_that_depend_on_a_latent_are_normalised() {
    let model = "a ~ Uniform(0, 1); b: real(0, 1 - a) ~ Uniform(0, 1);";
    near(
        density_at(&bind(model, ""), &[("a", 0.4), ("b", 0.3)]).0,
        -(0.6_f64.ln()),
    );
    // Without the normaliser a is no longer uniform: its weight is the room that is left for b.
    near(posterior("a ~ Uniform(0, 1);", "", unit).0, 0.5);
    near(
        posterior("a ~ Uniform(0, 1); factor log(1 - a);", "", unit).0,
        1.0 / 3.0,
    );
}

#[test]
fn a_density_beside_a_mass() {
    let data = "y\n0\n0\n3\n-3\n";
    says(
        "data y[row]: int; z[row] ~ Bernoulli(0.5); observe y ~ if z { Constant(0) } else { Normal(0, 3) };",
        data,
        "E0118",
    );
    // A zero is a draw of the mass, or a value of the density: which of the two depends on the unit of y.
    let with_unit = |unit: f64| {
        let zero = format!("log_add_exp(log(p), log1m(p) + log_density(Normal(0, 3 * {unit}), 0))");
        format!("data y[row]: real; p ~ Beta(1, 1); factor 2 * {zero}; factor 2 * log1m(p);")
    };
    let metres = posterior(&with_unit(0.001), data, unit).0;
    let millimetres = posterior(&with_unit(1.0), data, unit).0;
    near(millimetres, 0.432);
    near(metres, 0.167);
}

#[test]
fn weights_that_do_not_add_up() {
    let data = "y\n1\n2\n";
    says(
        "axis k = 2; data y[row]: k; observe y ~ Categorical([0.2, 0.4]);",
        data,
        "E0107",
    );
    // Two free numbers are no probabilities, at any point of the fit.
    says(
        "axis k = 2; data y[row]: k; p ~ Beta(1, 1); q ~ Beta(1, 1); observe y ~ Categorical([p, q]);",
        data,
        "E0107",
    );
    let free = bind(
        "axis k = 2; data y[row]: k; p ~ Beta(1, 1); q ~ Beta(1, 1); observe y ~ Categorical([p, q^2]);",
        data,
    );
    assert_eq!(
        density_at(&free, &[("p", 0.5), ("q", 0.2)]).0,
        f64::NEG_INFINITY
    );
    let right = "axis k = 2; data y[row]: k; p ~ Beta(1, 1); observe y ~ Categorical([p, 1 - p]);";
    near(posterior(right, data, unit).0, 0.5);
    near(
        posterior("p ~ Beta(1, 1); factor log(p);", data, unit).0,
        2.0 / 3.0,
    );
}

#[test]
fn a_matrix_read_by_columns() {
    let data = "a,b\ncalm,wild\ncalm,wild\ncalm,wild\ncalm,wild\ncalm,calm\ncalm,calm\ncalm,calm\ncalm,calm\n";
    let head = "axis state = {calm, wild}; data a[row]: state; data b[row]: state; P[state, state] ~ Dirichlet(1);";
    for wrong in [
        "observe b ~ Categorical(transpose(P)[a]);",
        "let Q[i in state, j in state] = P[j, i]; observe b ~ Categorical(Q[a]);",
        "let now[state] = 0.5; observe b ~ Categorical(P @ now);",
    ] {
        says(&format!("{head} {wrong}"), data, "E0107");
    }
    for fine in [
        "let Q[i in state, j in state] = P[j, i]; observe b ~ Categorical(transpose(Q)[a]);",
        "let now[state] = 0.5; observe b ~ Categorical(now @ P);",
        "let two[state, state] = P @ P; observe b ~ Categorical(two[a]);",
    ] {
        bind(&format!("{head} {fine}"), data);
    }
    let right = fit(
        &format!("{head} observe b ~ Categorical(P[a]);"),
        data,
        &options(),
    );
    let wrong = fit(&format!("{head} factor log(P[b, a]);"), data, &options());
    assert!((row(&right, "P[calm,wild]").mean - 5.0 / 10.0).abs() < 0.02);
    assert!((row(&wrong, "P[calm,wild]").mean - 1.0 / 6.0).abs() < 0.03);
}

#[test]
fn censored_by_the_equality_of_decimals() {
    // Four readings at the limit of 0.3, calculated as 0.1 + 0.2.
    let limit = 0.1 + 0.2;
    let data = format!("y\n{limit}\n{limit}\n{limit}\n{limit}\n");
    let model = |flag: &str| {
        format!(
            "data y[row]: real; mu ~ Normal(0, 10); observe y ~ Normal(mu, 1).censored(right = {flag});"
        )
    };
    says(&model("y == 0.3"), &data, "W0134");
    let (wrong, right) = (
        posterior(&model("y == 0.3"), &data, real),
        posterior(&model("y >= 0.3"), &data, real),
    );
    near(wrong.0, 0.3);
    assert!(right.0 > 5.0, "{right:?}");
}

#[test]
fn a_param_is_no_latent() {
    let data = "y\n2\n3\n4\n";
    says(
        "data y[row]: real; param s: positive = 1; s ~ HalfNormal(1); observe y ~ Normal(3, s);",
        data,
        "E0105",
    );
    let optimised = fit(
        "data y[row]: real; param s: positive = 1; observe y ~ Normal(3, s);",
        data,
        &options(),
    );
    let s = optimised
        .params
        .iter()
        .find(|p| p.0 == "s")
        .expect("the param")
        .1[0];
    // On the unconstrained scale.
    near(s.exp(), (2.0_f64 / 3.0).sqrt());
    // The mean under a flat prior: (2/2)^(1/2) Gamma(1/2) / Gamma(1), for three values with sum of squares 2.
    let drawn = posterior(
        "data y[row]: real; s: positive ~ Flat(); observe y ~ Normal(3, s);",
        data,
        f64::exp,
    )
    .0;
    near(drawn, std::f64::consts::PI.sqrt());
}

#[test]
fn the_branch_not_taken() {
    let model =
        "data x[row]: real; b ~ Normal(0, 1); factor sum(if x > 0 { b * log(x) } else { -b });";
    let (value, gradient) = density_at(&bind(model, "x\n-1\n0\n1\n"), &[("b", 0.5)]);
    near(value, ppl_tests::ln_normal(0.5, 0.0, 1.0) - 1.0);
    near(gradient[0].1, -0.5 - 2.0);
    // Summed as 0 times its value, the other branch is not a number.
    assert!((0.0 * (-1.0_f64).ln()).is_nan());
}

#[test]
fn a_guide_narrower_than_its_prior() {
    let model = "mu ~ Normal(0, 1); observe -2 ~ Normal(mu, 1);";
    says(
        &format!("{model} guide {{ param m = 0; mu ~ LogNormal(m, 1); }}"),
        "",
        "E0117",
    );
    near(posterior(model, "", real).0, -1.0);
    // On the positive half of the line alone.
    assert!(posterior(&model.replace("mu ~", "mu: positive ~"), "", f64::exp).0 > 0.3);
}

#[test]
fn a_latent_of_one_branch() {
    let data = "y\n2\n";
    let wrong =
        "data y[row]: real; data c: bool; if c { mu ~ Normal(0, 1); } observe y ~ Normal(mu, 1);";
    says(wrong, data, "E0116");
    near(
        posterior(
            "data y[row]: real; mu ~ Normal(0, 1); observe y ~ Normal(mu, 1);",
            data,
            real,
        )
        .0,
        1.0,
    );
    // Where it is not drawn it would have no prior.
    near(
        posterior(
            "data y[row]: real; mu ~ Flat(); observe y ~ Normal(mu, 1);",
            data,
            real,
        )
        .0,
        2.0,
    );
}

#[test]
fn an_element_that_reads_itself() {
    let data = "y\n0\n3\n";
    let chain = |before: &str| {
        format!("data y[row]: real; for t in row {{ h[t] ~ if first(t) {{ Normal(0, 1) }} else {{ Normal({before}, 1) }}; }}
            observe y ~ Normal(h, 1);")
    };
    says(&chain("h[t]"), data, "E0123");
    let smoothed = row(&fit(&chain("h[t-1]"), data, &options()), "h[2]").mean;
    assert!((smoothed - 9.0 / 5.0).abs() < 0.1, "{smoothed}");
    // A density of h[t] around itself is a constant: no chain at all.
    near(
        posterior("h ~ Flat(); observe 3 ~ Normal(h, 1);", "", real).0,
        3.0,
    );
}

#[test]
fn a_rate_as_its_own_logarithm() {
    let data = "n\n5\n5\n5\n5\n";
    let model = |rate: &str| {
        format!("data n[row]: int; a ~ Normal(0, 10); observe n ~ PoissonLog({rate});")
    };
    says(&model("exp(a)"), data, "W0131");
    near(posterior(&model("a"), data, real).0, 1.585);
    assert!(posterior(&model("exp(a)"), data, real).0 < 0.5);
}

#[test]
fn labels_that_nothing_tells_apart() {
    let model = |kind: &str| {
        format!(
            "axis k = 2; data y[row]: real; mu[k]{kind} ~ Normal(0, 10); let w[k] = 0.5; z[row] ~ Categorical(w); observe y ~ Normal(mu[z], 1);"
        )
    };
    let data = "y\n-3\n-3.2\n3\n3.1\n";
    says(&model(""), data, "W0135");
    // One copy of two holds half of the mass: the evidence comes out lower by ln 2.
    let at = |kind: &str, point: Vec<f64>| {
        let bound = bind(&model(kind), data);
        let mu = ppl_lang::Array {
            shape: vec![2],
            values: point,
        };
        let point = Point::Constrained([("mu".to_owned(), mu)].into());
        bound.density(&point).expect("a point").log_density
    };
    let copies = (at("", vec![-3.0, 3.0]), at("", vec![3.0, -3.0]));
    near(copies.0, copies.1);
    near(at(": ordered", vec![-3.0, 3.0]) - copies.0, 2.0_f64.ln());
    let (parsed, found) = Model::parse(&model(": ordered"));
    assert!(parsed.is_some() && found.is_empty(), "{found:?}");
}

#[test]
fn an_order_of_components_that_differ() {
    let wrong = "axis k = 2; m[k] ~ Normal(0, 1); mu[k]: ordered ~ Normal(m, 1); observe 0.3 ~ Normal(sum(mu), 1);";
    says(wrong, "", "E0118");
    // Of alike components K! = 2 orders are one; 0.69 nat.
    let bound = bind("axis k = 2; mu[k]: ordered ~ Normal(0, 1);", "");
    let mu = ppl_lang::Array {
        shape: vec![2],
        values: vec![0.0, 0.0 + 1e-9],
    };
    let found = bound.density(&Point::Constrained([("mu".to_owned(), mu)].into()));
    let plain = 2.0 * ppl_tests::ln_normal(0.0, 0.0, 1.0);
    near(found.expect("a point").log_density - plain, 0.693);
}

/// Eight values with one correlation 0.9: half of them counted twice, as a minibatch would be, is not the whole. There is no option
/// for minibatches, and a loop has no clause.
#[test]
fn half_of_correlated_rows_counted_twice() {
    let part = |name: &str, axis: &str| {
        format!(
            "let S_{axis}[i in {axis}, j in {axis}] = if i == j {{ 1 }} else {{ 0.9 }}; observe {name} ~ MultiNormal(m, cov = S_{axis});"
        )
    };
    let csv = "half,y\n1,0.3\n1,0.1\n1,-0.2\n1,0.4\n2,0.2\n2,0\n2,0.5\n2,-0.1\n";
    let whole = format!("data y[row]: real; m ~ Normal(0, 10); {}", part("y", "row"));
    let sd = |rows: f64, times: f64| {
        let each = rows / (1.0 + 0.9 * (rows - 1.0));
        (0.01 + times * each).powf(-0.5)
    };
    near(posterior(&whole, csv, real).1, sd(8.0, 1.0));
    let four = "y\n0.3\n0.1\n-0.2\n0.4\n";
    let twice = format!(
        "data y[row]: real; data again[row]: real from \"y\"; m ~ Normal(0, 10); {} observe again ~ MultiNormal(m, cov = S_row);",
        part("y", "row")
    );
    let wrong = posterior(&twice, four, real).1;
    near(wrong, sd(4.0, 2.0));
    assert!(wrong < 0.7 && sd(8.0, 1.0) > 0.95, "{wrong}: 0.68 for 0.95");
    says(
        "data y[row]: real; m ~ Normal(0, 1); for t in row batch 4 { observe y[t] ~ Normal(m, 1); }",
        "y\n1\n",
        "E0001",
    );
}
