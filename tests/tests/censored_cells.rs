//! Columns whose cells are limits or intervals, against values of mpmath (40 digits).

use ppl_lang::{FitOptions, Model};
use ppl_tests::{bind, check_gradient, dataset, density_at, fit, row};

fn observed(kind: &str, cells: &[&str], dist: &str) -> f64 {
    let model = format!("data y[row]: {kind}; z ~ Uniform(0, 1); observe y ~ {dist};");
    let csv = format!(
        "y,i\n{}\n",
        cells
            .iter()
            .map(|c| format!("\"{c}\",0"))
            .collect::<Vec<_>>()
            .join("\n")
    );
    density_at(&bind(&model, &csv), &[("z", 0.5)]).0
}

#[test]
fn each_cell_counts_what_it_says() {
    let cases: &[(&str, &[&str], &str, f64)] = &[
        (
            "censored real",
            &["3.2", "<-1.5", ">10", "[2, 5]"],
            "Normal(0.7, 1.3)",
            NORMAL,
        ),
        // Only limits on one side, and no number among them.
        (
            "censored positive",
            &[">0.5", ">=2"],
            "Exponential(3)",
            -7.5,
        ),
        (
            "censored int",
            &["4", "<3", ">10", "[2, 5]", "<=3", ">=10"],
            "Geometric(0.3)",
            GEOMETRIC,
        ),
        (
            "censored real",
            &["3.2", "<1.5", ">10"],
            "Normal(0.7, 1.3).truncated(lower = 0)",
            TRUNCATED,
        ),
        // An interval that holds the whole support says nothing, nor does a missing cell.
        (
            "censored positive?",
            &[">=0", "", "NA", "[0, 1e300]"],
            "Exponential(3)",
            0.0,
        ),
        // Numbers alone are a plain column.
        (
            "censored positive",
            &["0.5", "2"],
            "Exponential(3)",
            -7.5 + 2.0 * 1.098_612_288_668_11,
        ),
    ];
    for (kind, cells, dist, want) in cases {
        let got = observed(kind, cells, dist);
        assert!(
            (got - want).abs() < 1e-13 * (1.0 + want.abs()),
            "{cells:?} under {dist}: {got}, not {want}"
        );
    }
}

const NORMAL: f64 = -36.463_006_453_530_3;
const GEOMETRIC: f64 = -11.803_404_417_782_032;
const TRUNCATED: f64 = -31.305_959_821_275_304;

#[test]
fn the_order_of_rows_and_loops_do_not_matter() {
    let model = "data y[row]: censored real; m ~ Normal(0, 9); observe y ~ Normal(m, 1);";
    let looped = "data y[row]: censored real; m ~ Normal(0, 9); for i in row { observe y[i] ~ Normal(m, 1); }";
    let a = density_at(&bind(model, "y;x\n<1;0\n2.5;0\n[0, 4];1\n"), &[("m", 0.3)]);
    let b = density_at(&bind(looped, "y;x\n[0, 4];0\n<1;0\n2.5;1\n"), &[("m", 0.3)]);
    assert!((a.0 - b.0).abs() < 1e-14 && (a.1[0].1 - b.1[0].1).abs() < 1e-13);
}

#[test]
fn gradients_hold() {
    let model = "data y[row]: censored positive; a ~ Normal(0, 9); b ~ Normal(0, 9); \
                 observe y ~ Weibull(exp(a), exp(b));";
    let bound = bind(model, "y\n1.5\n<0.2\n>30\n\"[1, 2]\"\n");
    for point in [(0.1, 0.4), (-2.0, 3.0), (1.5, -1.0)] {
        check_gradient(&bound, &[("a", point.0), ("b", point.1)]);
    }
}

/// Rounding to whole numbers as intervals: the scale is that of the unrounded values, where the density at the rounded
/// values would add 1/12 to the variance.
#[test]
fn intervals_undo_rounding() {
    let quantiles = ppl_tests::spread(300, 0.2);
    let values: Vec<f64> = quantiles
        .iter()
        .map(|u| 10.0 + 0.6 * ppl_core::Prim::InvPhi.eval(&[*u]))
        .collect();
    let cells: String = values
        .iter()
        .map(|v| format!("[{}, {}];{}\n", v.round() - 0.5, v.round() + 0.5, v.round()))
        .collect();
    let model = |kind: &str, column: &str| {
        format!(
            "data y[row]: {kind} from \"{column}\"; m ~ Normal(10, 5); s ~ HalfNormal(2); observe y ~ Normal(m, s);"
        )
    };
    let csv = format!("cell;rounded\n{cells}");
    let sd = |kind: &str, column: &str| {
        let fit = fit(&model(kind, column), &csv, &FitOptions::default());
        row(&fit, "s").mean
    };
    let (interval, naive) = (sd("censored real", "cell"), sd("real", "rounded"));
    // Posterior standard deviation of s: 0.6 / sqrt(600) = 0.025, and a little more for the rounding.
    assert!((interval - 0.6).abs() < 0.03, "{interval}");
    let widened = (0.36f64 + 1.0 / 12.0).sqrt();
    assert!((naive - widened).abs() < 0.03, "{naive}");
}

#[test]
fn mistakes_are_told_with_their_cell() {
    let cases = [
        (
            "censored real",
            "Normal(m, 1)",
            "1\n<2\n\"[5, 2]\"",
            "E0319",
            4,
            "`[2, 5]`",
        ),
        (
            "censored real",
            "Normal(m, 1)",
            "1\n<x\n2",
            "E0319",
            3,
            "`<3`",
        ),
        (
            "censored real",
            "Normal(m, 1)",
            "1\n\"[3, \"\n2",
            "E0319",
            3,
            "`>=3`",
        ),
        (
            "censored real",
            "Normal(m, 1)",
            "1\n\u{2264}4\n2",
            "E0319",
            3,
            "ASCII",
        ),
        (
            "censored real",
            "Normal(m, 1)",
            "1\nNA\n2",
            "E0310",
            3,
            "`?`",
        ),
        (
            "censored int",
            "Poisson(exp(m))",
            "1\n<2.5\n2",
            "E0313",
            3,
            "censored real",
        ),
        (
            "censored positive",
            "Exponential(exp(m))",
            "1\n<0\n2",
            "E0209",
            3,
            "mend",
        ),
        (
            "censored real",
            "Exponential(exp(m))",
            "1\n<-1\n2",
            "E0211",
            3,
            "mend",
        ),
        (
            "censored real",
            "Normal(m, 1).truncated(lower = 2)",
            "3\n>1\n<1.5",
            "E0211",
            4,
            "mend",
        ),
    ];
    for (kind, dist, cells, code, line, help) in cases {
        let model = format!("data y[row]: {kind}; m ~ Normal(0, 1); observe y ~ {dist};");
        let (parsed, messages) = Model::parse(&model);
        let Some(parsed) = parsed else {
            // Poisson's distribution function may not be there: then the model is refused before its data.
            assert!(messages[0].code == "E0113", "{messages:?}");
            continue;
        };
        let errors = parsed
            .bind(&dataset(&format!("y\n{cells}\n")))
            .expect_err("a cell to be refused");
        let place = errors[0].place.as_ref().expect("a cell");
        let told = errors[0].help.clone().unwrap_or_default();
        assert!(
            errors.len() == 1
                && errors[0].code == code
                && place.line == line
                && told.contains(help),
            "{model} {cells:?}: {errors:?}"
        );
    }
}

#[test]
fn a_censored_column_is_only_observed() {
    for (model, code) in [
        (
            "data y[row]: censored real; m ~ Normal(0, 1); data x[row]: real; observe x ~ Normal(m * y, 1);",
            "E0114",
        ),
        (
            "data y[row]: censored real; m ~ Normal(0, 1); observe log(y) ~ Normal(m, 1);",
            "E0114",
        ),
        ("data y[row]: censored bool; m ~ Normal(0, 1);", "E0111"),
        (
            "data y[row]: censored real; m ~ Normal(0, 1); observe y ~ Normal(m, 1).censored(left = 1 > 2);",
            "E0118",
        ),
    ] {
        let (_, messages) = Model::parse(model);
        assert!(
            messages.iter().any(|m| m.code == code),
            "{model}: {messages:?}"
        );
    }
}

/// Intervals whose ends are two columns, by the probability that a truncation divides by: the distribution function in closed form, and
/// cells that say the same.
#[test]
fn ends_in_two_columns() {
    let model = "data lo[row]: real; data hi[row]: real; a ~ HalfNormal(3); b ~ HalfNormal(30);
        let within = min((lo + hi) / 2, lo + 1);
        factor log_density(Weibull(a, b), within) - log_density(Weibull(a, b).truncated(lower = lo, upper = hi), within);";
    let cells = "data t[row]: censored positive; a ~ HalfNormal(3); b ~ HalfNormal(30); observe t ~ Weibull(a, b);";
    let two = bind(model, "lo,hi\n1,2\n0.2,1.5\n3,1e9\n");
    let one = bind(cells, "t,i\n\"[1, 2]\",0\n\"[0.2, 1.5]\",0\n>3,0\n");
    for (a, b) in [(0.7, 1.3), (1.9, 4.0), (3.2, 2.5)] {
        let point = [("a", a), ("b", b)];
        let below = |t: f64| (-(t / b).powf(a)).exp();
        let prior = |x: f64, s: f64| {
            0.5 * (2.0 / std::f64::consts::PI).ln() - s.ln() - 0.5 * (x / s).powi(2)
        };
        let masses = [below(1.0) - below(2.0), below(0.2) - below(1.5), below(3.0)];
        let truth =
            masses.iter().map(|m: &f64| m.ln()).sum::<f64>() + prior(a, 3.0) + prior(b, 30.0);
        for bound in [&two, &one] {
            let found = density_at(bound, &point).0;
            assert!(
                (found - truth).abs() < 1e-10 * (1.0 + truth.abs()),
                "{found}, not {truth}"
            );
            check_gradient(bound, &point);
        }
    }
}
