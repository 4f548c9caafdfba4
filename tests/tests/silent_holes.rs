//! Mistakes that would give a wrong posterior without a sound. Each is refused or warned of, and the wrong number that would have come
//! out is shown: by a model that says outright what the mistake would have meant.

use ppl_lang::{FitOptions, GuideChoice, Model};
use ppl_tests::{dataset, fit, row, spread, with_guide};

/// The codes of everything that is said about a model and its data.
fn codes(model: &str, data: &str) -> Vec<&'static str> {
    let (parsed, mut found) = Model::parse(model);
    if let Some(parsed) = parsed {
        found.extend(parsed.bind(&dataset(data)).map_or_else(|e| e, |b| b.1));
    }
    found.iter().map(|d| d.code).collect()
}

fn options() -> FitOptions {
    with_guide(GuideChoice::FullRank)
}

/// Twelve values with mean 0.5, more or less, as column `y`.
fn data() -> (String, Vec<f64>) {
    let y: Vec<f64> = spread(12, 0.3).iter().map(|u| 2.0 * u - 0.5).collect();
    let lines: Vec<String> = y.iter().map(f64::to_string).collect();
    (format!("y\n{}\n", lines.join("\n")), y)
}

const RIGHT: &str = "data y[row]: real; mu ~ Normal(0, 10); observe y ~ Normal(mu, 1);";

/// The posterior sd of mu, when each of n values counts `times` times.
fn sd(n: usize, times: f64) -> f64 {
    (0.01 + n as f64 * times).powf(-0.5)
}

#[test]
fn a_whole_array_in_a_loop() {
    let (csv, y) = data();
    let wrong =
        "data y[row]: real; mu ~ Normal(0, 10); for i in row { observe y ~ Normal(mu, 1); }";
    assert_eq!(codes(wrong, &csv), ["E0115"]);
    let right = fit(RIGHT, &csv, &options());
    assert!((row(&right, "mu").sd / sd(y.len(), 1.0) - 1.0).abs() < 0.05);
    // N terms for each row: 0.083 for 0.29.
    let meant = "data y[row]: real; mu ~ Normal(0, 10); factor 12 * log_density(Normal(mu, 1), y);";
    let silent = fit(meant, &csv, &options());
    let factor = row(&right, "mu").sd / row(&silent, "mu").sd;
    assert!((factor - 12f64.sqrt()).abs() < 0.2, "{factor}");
}

#[test]
fn the_same_data_twice() {
    let (csv, y) = data();
    let twice = "data y[row]: real; mu ~ Normal(0, 10); observe y ~ Normal(mu, 1); observe y ~ Normal(mu, 1);";
    assert_eq!(codes(twice, &csv), ["W0121"]);
    let found = row(&fit(twice, &csv, &options()), "mu").sd;
    assert!(
        (found / sd(y.len(), 2.0) - 1.0).abs() < 0.05,
        "{found}: 0.20 for 0.29"
    );
}

/// Times to whichever cause comes first: of each statement the rows of other causes are censored. Censored alike, the data count twice.
#[test]
fn causes_that_compete_observe_one_time() {
    let csv = "y,cause\n1.5,a\n0.7,b\n2.1,none\n";
    let model = |second: &str| {
        format!(
            "axis cause = {{none, a, b}}; data y[row]: positive; data cause[row]: cause; r ~ Gamma(2, 1); s ~ Gamma(2, 1); \
             observe y ~ Exponential(r).censored(right = cause != a); observe y ~ Exponential(s).censored(right = cause != {second});"
        )
    };
    assert!(codes(&model("b"), csv).is_empty());
    assert_eq!(codes(&model("a"), csv), ["W0121"]);
}

#[test]
fn a_prior_made_from_its_data() {
    let (csv, y) = data();
    let peeked =
        "data y[row]: real; mu ~ Normal(mean(y), sd(y) / sqrt(12)); observe y ~ Normal(mu, 1);";
    assert_eq!(codes(peeked, &csv), ["N0132"]);
    let found = row(&fit(peeked, &csv, &options()), "mu").sd;
    assert!(found < 0.75 * sd(y.len(), 1.0), "{found}");
}

#[test]
fn causes_of_what_is_missing_are_used_once() {
    // p(x) p(z | x) p(y | z), of which some z are unknown.
    let csv = "x,z,y\n1,0.5,0.2\n2,,1\n-1,-0.3,0\n0.5,,0.4\n";
    let model = |last: &str| {
        format!(
            "data x[row]: real; data z[row]: real?; data y[row]: real; a ~ Normal(0, 5); b ~ Normal(0, 5); c ~ Normal(0, 5);
observe {last}; observe z ~ Normal(a * x, 1); observe y ~ Normal(b * z, 1);"
        )
    };
    assert!(codes(&model("x ~ Normal(c, 1)"), csv).is_empty());
    // A circle is no joint density.
    assert_eq!(codes(&model("x ~ Normal(c * z, 1)"), csv), ["N0132"]);
    // Through another unknown.
    let through = "data y[row]: real; top ~ Normal(mean(y), 1); mu ~ Normal(top, 1); observe y ~ Normal(mu, 1);";
    assert_eq!(codes(through, "y\n1\n2\n"), ["N0132"]);
}

#[test]
fn a_probability_as_log_odds() {
    let csv = "y\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n";
    let wrong = "data y[row]: bool; p ~ Beta(1, 1); observe y ~ BernoulliLogit(p);";
    assert_eq!(codes(wrong, csv), ["W0131"]);
    let right = "data y[row]: bool; p ~ Beta(1, 1); observe y ~ Bernoulli(p);";
    let (wrong, right) = (fit(wrong, csv, &options()), fit(right, csv, &options()));
    // Ten failures of ten: Beta(1, 11) has the mean 1/12. As log odds, no p in (0, 1) makes a chance below a half.
    assert!(
        (row(&right, "p").mean - 1.0 / 12.0).abs() < 0.02,
        "{}",
        row(&right, "p").mean
    );
    assert!(row(&wrong, "p").mean > 0.12, "{}", row(&wrong, "p").mean);
}

#[test]
fn the_response_among_its_predictors() {
    let x = spread(20, 0.1);
    let lines: Vec<String> = x
        .iter()
        .zip(spread(20, 0.77))
        .map(|(x, e)| format!("{x},{}", 2.0 * x + e))
        .collect();
    let csv = format!("x_a,y\n{}\n", lines.join("\n"));
    let model = |pattern: &str| {
        format!(
            "axis f = columns(\"{pattern}\"); data X[row, f]: real; data y[row]: real; b[f] ~ Normal(0, 10); observe y ~ Normal(X @ b, 0.1);"
        )
    };
    assert_eq!(codes(&model("*"), &csv), ["W0221"]);
    assert_eq!(codes(&model("x_*"), &csv), [""; 0]);
    // The slope of x is 0 with the response among the columns, and about 2.9 (it takes the intercept's part) without.
    let (caught, right) = (
        fit(&model("*"), &csv, &options()),
        fit(&model("x_*"), &csv, &options()),
    );
    assert!(row(&caught, "b[x_a]").mean.abs() < 0.2);
    assert!(row(&right, "b[a]").mean > 1.5);
}

#[test]
fn evidence_of_what_was_observed() {
    let csv = "y\n1.5\n2.5\n0.7\n";
    let note = |model: &str| fit(model, csv, &options()).notes.join("; ");
    let transformed =
        note("data y[row]: positive; m ~ Normal(0, 1); observe log(y) ~ Normal(m, 1);");
    assert!(
        transformed.contains("function of the data"),
        "{transformed}"
    );
    let factor =
        note("data y[row]: positive; m ~ Normal(0, 1); factor log_density(Normal(m, 1), y);");
    assert!(factor.contains("up to a constant"), "{factor}");
    let plain = note("data y[row]: positive; m ~ Normal(0, 1); observe y ~ LogNormal(m, 1);");
    assert!(!plain.contains("evidence"), "{plain}");
}

/// Along the rows or the columns? The left and the right would both be accepted by position.
#[test]
fn a_vector_beside_a_square_matrix() {
    let model = |q: &str| {
        format!(
            "axis k = 2; axis one = 1; let K[k, k] = [[1, 2], [3, 4]]; let v[k] = [1, 10]; let ones[k] = 1; \
             data y[row]: real; a ~ Normal(0, 10); let q[{q}; let t = quad_form(q, ones); \
             observe y ~ Normal(a * t, 1);"
        )
    };
    assert!(codes(&model("k, k] = K * v"), "y\n73\n73\n").contains(&"E0109"));
    let mean = |q: &str| row(&fit(&model(q), "y\n73\n73\n", &options()), "a").mean;
    let rows = mean("i in k, j in k] = K[i, j] * v[i]");
    let columns = mean("i in k, j in k] = K[i, j] * v[j]");
    assert!(
        (rows - 1.0).abs() < 0.01 && (columns - 73.0 / 64.0).abs() < 0.01,
        "{rows} {columns}"
    );
}

/// A vector argument of events along the second axis of a square matrix lies along the event, not along the rows.
#[test]
fn concentrations_of_the_rows_of_a_matrix() {
    let at = |alpha: &str| {
        let model = format!(
            "axis k = {{a, b}}; let al[k] = [1.5, 4]; P[k, k] ~ Dirichlet({alpha}); data y[row]: real; observe y ~ Normal(P[a, b], 1);"
        );
        let (parsed, _) = Model::parse(&model);
        let bound = parsed
            .expect("a model")
            .bind(&dataset("y\n0.8\n"))
            .expect("bound")
            .0;
        let p = ppl_lang::Array {
            shape: vec![2, 2],
            values: vec![0.2, 0.8, 0.3, 0.7],
        };
        let point = ppl_lang::Point::Constrained([("P".to_owned(), p)].into());
        bound.density(&point).expect("a density").log_density + 0.5 * std::f64::consts::TAU.ln()
    };
    // ln Dirichlet((0.2, 0.8) | (1.5, 4)) + ln Dirichlet((0.3, 0.7) | (1.5, 4)), by mpmath; read by rows it would be 0.278.
    assert!(
        (at("al") - 1.427_512_627_912_97).abs() < 1e-12,
        "{}",
        at("al")
    );
}
