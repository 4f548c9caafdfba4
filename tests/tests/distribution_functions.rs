//! Angles and draws from urns between bounds, beyond flags and in censored cells: values of mpmath (40 digits), gradients by
//! continuous parameters, total mass.

use ppl_lang::FitOptions;
use ppl_tests::{bind, check_gradient, csv, density_at, fit, ln_total_mass, log_sum_exp, row};

fn observed(kind: &str, table: &str, dist: &str) -> f64 {
    let flag = if table.starts_with("y,c") {
        "data c[row]: bool;"
    } else {
        ""
    };
    let model = format!("data y[row]: {kind}; {flag} z ~ Uniform(0, 1); observe y ~ {dist};");
    density_at(&bind(&model, table), &[("z", 0.5)]).0
}

#[test]
fn masses_of_bounds_flags_and_cells() {
    let cases = [
        (
            "real",
            "y\n0.5\n2.5\n",
            "VonMises(1, 2).truncated(lower = 0, upper = 3)",
            -3.1537844330329636,
        ),
        // The bounds are those of the angle itself, wherever the mean is.
        (
            "real",
            "y\n-3\n",
            "VonMises(3, 5).truncated(upper = -2)",
            0.6410381366120491,
        ),
        (
            "real",
            "y,c\n0.5,0\n2.5,1\n",
            "VonMises(1, 2).censored(right = c)",
            -4.435998106062297,
        ),
        (
            "int",
            "y\n1\n5\n",
            "BetaBinomial(12, 0.7, 3).truncated(lower = 1)",
            -3.752042780821787,
        ),
        (
            "int",
            "y\n4\n",
            "BetaBinomial(12, 0.7, 3).truncated(lower = 2, upper = 6)",
            -1.684680353090127,
        ),
        (
            "int",
            "y,c\n9,1\n",
            "BetaBinomial(12, 0.7, 3).censored(right = c)",
            -3.6221836014289446,
        ),
        (
            "int",
            "y\n4\n",
            "Hypergeometric(10, 7, 13).truncated(lower = 3)",
            -0.9314138934483759,
        ),
        (
            "int",
            "y,c\n2,1\n",
            "Hypergeometric(10, 7, 13).censored(left = c)",
            -1.7434116850702612,
        ),
        (
            "censored real",
            "y\n<-1\n\"[0, 1]\"\n>2\n0.3\n",
            "VonMises(0.5, 2)",
            -7.75867873379452,
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

#[test]
fn counts_between_bounds_sum_to_one() {
    for (dist, from, to) in [
        ("BetaBinomial(30, 0.2, 0.4).truncated(lower = 3)", 3, 30),
        ("BetaBinomial(30, 5, 2).truncated(upper = 17)", 0, 17),
        // Of 12 draws at least 4 are successes: there are 8 failures.
        ("Hypergeometric(12, 20, 8).truncated(upper = 7)", 4, 7),
        (
            "Hypergeometric(12, 9, 30).truncated(lower = 2, upper = 40)",
            2,
            9,
        ),
    ] {
        let terms: Vec<f64> = (from..=to)
            .map(|y| observed("int", &format!("y\n{y}\n"), dist))
            .collect();
        assert!(log_sum_exp(&terms).abs() < 1e-12, "{dist}: {terms:?}");
    }
}

#[test]
fn angles_between_bounds_integrate_to_one() {
    for site in [
        "x: real(-1, 2) ~ VonMises(2.5, 3);",
        "x ~ VonMises(-3, 8).truncated(lower = 2);",
        "x: positive ~ VonMises(0.3, 0.1);",
    ] {
        let mass = ln_total_mass(&bind(site, ""));
        assert!(mass.abs() < 1e-9, "{site}: {mass}");
    }
}

#[test]
fn gradients_by_the_parameters() {
    let angle = "data y[row]: real; data c[row]: bool; m ~ Normal(0, 9); l ~ Normal(0, 3); \
                 observe y ~ VonMises(m, exp(l)).truncated(lower = -2, upper = 2.5).censored(right = c);";
    let bound = bind(angle, "y,c\n0.5,0\n1.5,1\n-1,0\n");
    for (m, l) in [(0.3, 0.7), (2.9, -1.6), (-7.0, 2.7), (1.4, 3.7)] {
        check_gradient(&bound, &[("m", m), ("l", l)]);
    }
    let count = "data y[row]: int; data n[row]: int; data c[row]: bool; a ~ Normal(0, 3); b ~ Normal(0, 3); \
                 observe y ~ BetaBinomial(n, exp(a), exp(b)).truncated(lower = 1).censored(right = c, left = y == 2);";
    let bound = bind(count, "y,n,c\n1,9,0\n5,20,1\n2,40,0\n");
    for (a, b) in [(-0.9, -0.4), (1.1, 2.1), (4.1, 3.0)] {
        check_gradient(&bound, &[("a", a), ("b", b)]);
    }
}

/// Concentration of angles of which those beyond 1 are only known to lie there, against the same angles seen in full.
#[test]
fn censored_angles_are_fitted() {
    let seen: Vec<f64> = ppl_tests::spread(100, 0.1)
        .iter()
        .map(|u| ppl_dist::special::inv_phi(*u) * 0.5)
        .collect();
    let cut: Vec<f64> = seen.iter().map(|y| y.min(1.0)).collect();
    let beyond: Vec<f64> = seen.iter().map(|y| f64::from(u8::from(*y > 1.0))).collect();
    let priors = "m ~ Normal(0, 1); k ~ Gamma(2, 0.1);";
    let whole = fit(
        &format!("data y[row]: real; {priors} observe y ~ VonMises(m, k);"),
        &csv(&[("y", &seen)]),
        &FitOptions::default(),
    );
    let part = fit(
        &format!(
            "data y[row]: real; data c[row]: bool; {priors} observe y ~ VonMises(m, k).censored(right = c);"
        ),
        &csv(&[("y", &cut), ("c", &beyond)]),
        &FitOptions::default(),
    );
    for name in ["m", "k"] {
        let (a, b) = (row(&whole, name), row(&part, name));
        // Two of 100 cells say less: half a posterior sd is far more than that can move.
        assert!((a.mean - b.mean).abs() < 0.5 * a.sd, "{a:?}, {b:?}");
        assert!(b.sd > 0.9 * a.sd && b.sd < 1.5 * a.sd, "{a:?}, {b:?}");
    }
}
