//! `.censored(…)`: log survival and log distribution functions against values of mpmath (40 digits).

use ppl_lang::{FitOptions, Model};
use ppl_tests::{bind, check_gradient, csv, dataset, density_at, fit, row, spread};

fn observed(kind: &str, table: &str, dist: &str) -> f64 {
    let model =
        format!("data y[row]: {kind}; data c[row]: bool; z ~ Uniform(0, 1); observe y ~ {dist};");
    density_at(&bind(&model, table), &[("z", 0.5)]).0
}

#[test]
fn flagged_cells_count_their_tail() {
    let cases = [
        (
            // Right-censored at 0, a positive variable says nothing.
            "real",
            "y,c\n0.5,0\n2.5,0\n3,1\n0,1\n",
            "Weibull(1.5, 2).censored(right = c)",
            -4.516_599_342_831_154,
        ),
        (
            "real",
            "y,c\n0.5,0\n1.25,1\n",
            "Weibull(1.5, 2).censored(left = c)",
            -2.047_735_729_259_512,
        ),
        (
            // P(Y >= 4) for the second.
            "int",
            "y,c\n4,0\n4,1\n",
            "Geometric(0.3).censored(right = c)",
            -4.057_372_355_835_795,
        ),
        (
            "int",
            "y,c\n4,1\n",
            "Geometric(0.3).censored(left = c)",
            -0.184_006_976_315_828_36,
        ),
        (
            // P(Y >= 0) = 1
            "int",
            "y,c\n0,1\n",
            "Geometric(0.3).censored(right = c)",
            0.0,
        ),
        (
            "real",
            "y,c\n2.5,1\n",
            "Weibull(1.5, 2).truncated(lower = 1, upper = 4).censored(right = c)",
            -1.229_310_429_584_321,
        ),
        (
            "int",
            "y,c\n4,1\n",
            "Geometric(0.3).truncated(lower = 2, upper = 6).censored(right = c)",
            -0.949_414_172_059_162_9,
        ),
    ];
    for (kind, table, dist, want) in cases {
        let got = observed(kind, table, dist);
        assert!(
            (got - want).abs() < 1e-13 * (1.0 + f64::abs(want)),
            "{dist}: {got}, not {want}"
        );
    }
}

/// For whole numbers "at v or beyond" and "at v or before" overlap in v alone: P(Y >= v) + P(Y <= v) = 1 + P(Y = v).
#[test]
fn both_tails_of_a_whole_number_include_it() {
    for v in 0..9 {
        let at = |flags: &str, c: u8| {
            observed(
                "int",
                &format!("y,c\n{v},{c}\n"),
                &format!("Geometric(0.3){flags}"),
            )
            .exp()
        };
        let (more, less, exactly) = (
            at(".censored(right = c)", 1),
            at(".censored(left = c)", 1),
            at("", 0),
        );
        assert!((more + less - 1.0 - exactly).abs() < 1e-14);
    }
}

#[test]
fn gradients_hold_where_the_tail_is_nearly_empty() {
    let model = "data y[row]: real; data c[row]: bool; m ~ Normal(0, 9); s ~ HalfNormal(1); \
                 observe y ~ Normal(m, s).censored(right = c, left = !c);";
    let bound = bind(model, "y,c\n0.5,0\n2.5,1\n-1,1\n");
    check_gradient(&bound, &[("m", 0.3), ("s", 0.7)]);
    check_gradient(&bound, &[("m", -60.0), ("s", 0.9)]);
    check_gradient(&bound, &[("m", 60.0), ("s", 0.9)]);
}

/// Exponential times with a fixed end of follow-up: the posterior of the rate is Gamma(1 + events, 1 + total time).
#[test]
fn a_censored_survival_model_has_its_conjugate_posterior() {
    let draws: Vec<f64> = spread(200, 0.1)
        .iter()
        .map(|u| -2.0 * (1.0 - u).ln())
        .collect();
    let time: Vec<f64> = draws.iter().map(|t| t.min(2.5)).collect();
    let event: Vec<f64> = draws
        .iter()
        .map(|t| f64::from(u8::from(*t < 2.5)))
        .collect();
    let (events, total): (f64, f64) = (event.iter().sum(), time.iter().sum());
    let model = "data time[row]: positive; data event[row]: bool; rate ~ Exponential(1); \
                 observe time ~ Exponential(rate).censored(right = !event);";
    let fit = fit(
        model,
        &csv(&[("time", &time), ("event", &event)]),
        &FitOptions::default(),
    );
    let (mean, sd) = (
        (1.0 + events) / (1.0 + total),
        (1.0 + events).sqrt() / (1.0 + total),
    );
    let rate = row(&fit, "rate");
    assert!((rate.mean - mean).abs() < 0.05 * sd, "{rate:?}, not {mean}");
    assert!((rate.sd / sd - 1.0).abs() < 0.05, "{rate:?}, not {sd}");
    let evidence = ppl_tests::ln_gamma(1.0 + events) - (1.0 + events) * (1.0 + total).ln();
    let found = fit.elbo.expect("a bound").log_evidence;
    assert!(
        (found.value - evidence).abs() < 0.01,
        "{found:?}, not {evidence}"
    );
}

#[test]
fn a_cell_is_not_censored_on_both_sides() {
    let (model, _) = Model::parse(
        "data y[row]: real; data c[row]: bool; m ~ Normal(0, 1); observe y ~ Normal(m, 1).censored(left = c, right = y > 1);",
    );
    let errors = model
        .expect("a model")
        .bind(&dataset("y,c\n0.5,1\n1.5,1\n"))
        .expect_err("both flags");
    assert_eq!((errors.len(), errors[0].code), (1, "E0213"));
    assert_eq!(errors[0].place.as_ref().expect("a cell").line, 3);
}
