//! `.truncated(…)`: densities against values of mpmath (40 digits), inclusive ends, gradients, and what is refused.

use ppl_lang::{FitOptions, Model};
use ppl_tests::{bind, check_gradient, dataset, density_at, fit, ln_total_mass, log_sum_exp, row};

/// The term of an observation under `dist`, with a latent that it does not read.
fn observed(kind: &str, cells: &[&str], dist: &str) -> f64 {
    let model = format!("data y[row]: {kind}; z ~ Uniform(0, 1); observe y ~ {dist};");
    let csv = format!("y\n{}\n", cells.join("\n"));
    density_at(&bind(&model, &csv), &[("z", 0.5)]).0
}

#[test]
fn densities_are_divided_by_the_mass() {
    let cases: &[(&str, &[&str], &str, f64)] = &[
        (
            "real",
            &["0.5", "2"],
            "Normal(-3, 1.2).truncated(lower = 0)",
            -4.973_251_403_217_652,
        ),
        (
            "real",
            &["8.2"],
            "Normal(0, 1).truncated(lower = 8, upper = 9)",
            0.474_680_060_232_475_4,
        ),
        (
            "real",
            &["-8.2"],
            "Normal(0, 1).truncated(lower = -9, upper = -8)",
            0.474_680_060_232_475_4,
        ),
        (
            "real",
            &["0.3"],
            "Normal(0, 1).truncated(upper = 2, lower = -1)",
            -0.763_772_238_880_210_2,
        ),
        (
            "real",
            &["40.1"],
            "Normal(0, 1).truncated(lower = 40)",
            -0.315_496_519_450_884_6,
        ),
        (
            "real",
            &["1.5"],
            "Exponential(0.7).truncated(upper = 2)",
            -1.123_519_990_015_805_2,
        ),
        (
            "real",
            &["2.5"],
            "Weibull(1.5, 2).truncated(lower = 1, upper = 4)",
            -1.132_170_920_739_857_2,
        ),
        // Bounds outside of the support change nothing.
        (
            "real",
            &["1.5"],
            "Exponential(0.7).truncated(lower = -3)",
            0.7f64.ln() - 0.7 * 1.5,
        ),
        (
            "int",
            &["2", "4", "6"],
            "Geometric(0.3).truncated(lower = 2, upper = 6)",
            -5.199_947_147_662_717,
        ),
        (
            "int",
            &["2", "4", "6"],
            "Geometric(0.3).truncated(lower = 1.5, upper = 6.5)",
            -5.199_947_147_662_717,
        ),
        (
            "int",
            &["5"],
            "Geometric(0.3).truncated(lower = 3)",
            -1.917_322_692_203_400_8,
        ),
        (
            "int",
            &["5"],
            "DiscreteUniform(2, 9).truncated(lower = 4, upper = 20)",
            -(6.0f64.ln()),
        ),
        ("int", &["0"], "Geometric(0.3).truncated(upper = 0)", 0.0),
    ];
    for (kind, cells, dist, want) in cases {
        let got = observed(kind, cells, dist);
        assert!(
            (got - want).abs() < 1e-12 * (1.0 + want.abs()),
            "{dist}: {got}, not {want}"
        );
    }
}

#[test]
fn whole_numbers_between_the_bounds_sum_to_one() {
    for (dist, from, to) in [
        ("Geometric(0.2).truncated(lower = 3, upper = 11)", 3, 11),
        ("Geometric(0.2).truncated(upper = 4)", 0, 4),
        ("DiscreteUniform(0, 50).truncated(lower = 40)", 40, 50),
    ] {
        let terms: Vec<f64> = (from..=to)
            .map(|y| observed("int", &[&y.to_string()], dist))
            .collect();
        assert!(log_sum_exp(&terms).abs() < 1e-12, "{dist}: {terms:?}");
    }
}

#[test]
fn bounds_may_be_data_or_latents() {
    let model = "data y[row]: real; data lo[row]: real; b ~ Normal(0, 1); m ~ Normal(0, 1); \
                 observe y ~ Normal(m, 1).truncated(lower = lo, upper = b);";
    let bound = bind(
        model,
        "y,lo\n-0.2,-inf\n0.1,-1\n".replace("-inf", "-40").as_str(),
    );
    let at = |b: f64| density_at(&bound, &[("b", b), ("m", 0.0)]).0;
    let one = density_at(
        &bind(
            "data y[row]: real; b ~ Normal(0, 1); observe y ~ Normal(0, 1).truncated(upper = b);",
            "y\n-0.2\n",
        ),
        &[("b", 0.4)],
    )
    .0;
    // mpmath: ln(phi(-0.2) / Phi(0.4)), and the prior of b.
    let prior = ppl_tests::ln_normal(0.4, 0.0, 1.0);
    assert!((one - prior - -0.516_462_162_976_896_7).abs() < 1e-13);
    check_gradient(&bound, &[("b", 0.4), ("m", 0.3)]);
    check_gradient(&bound, &[("b", 5.0), ("m", -7.0)]);
    // A bound below an observation makes it impossible.
    assert_eq!(at(0.05), f64::NEG_INFINITY);
    assert!(at(0.1).is_finite());
}

#[test]
fn gradients_hold_in_the_tails() {
    for (dist, m) in [
        ("Normal(m, 1).truncated(lower = 0.5, upper = 3)", -20.0),
        ("Normal(m, 1).truncated(lower = 0.5, upper = 3)", 1.5),
        ("Normal(m, 1).truncated(lower = 0.5, upper = 3)", 25.0),
        ("Cauchy(m, 1).truncated(lower = 0.5)", -30.0),
        ("Logistic(m, 0.1).truncated(upper = 3)", 40.0),
        ("Exponential(exp(m)).truncated(lower = 0, upper = 2)", -9.0),
    ] {
        let model = format!("data y[row]: real; m ~ Normal(0, 9); observe y ~ {dist};");
        check_gradient(&bind(&model, "y\n0.6\n1.9\n"), &[("m", m)]);
    }
    let model = "data y[row]: int; a ~ Normal(0, 9); \
                 observe y ~ Geometric(inv_logit(a)).truncated(lower = 1, upper = 5);";
    for a in [-9.0, -0.4, 3.5] {
        check_gradient(&bind(model, "y\n1\n5\n"), &[("a", a)]);
    }
}

#[test]
fn truncated_latents_are_normalised_on_their_support() {
    for site in [
        "x ~ Normal(1, 2).truncated(lower = 0, upper = 3);",
        "x ~ Normal(-4, 1).truncated(lower = 2);",
        "x: positive ~ Normal(-1, 2).truncated(upper = 3);",
        "x: real(0, 10) ~ Normal(1, 2).truncated(lower = 0.5, upper = 30);",
        "x ~ Exponential(2).truncated(lower = -1, upper = 1);",
        "x ~ Cauchy(0, 1).truncated(upper = -2);",
        "x: positive ~ if 1 < 2 { Normal(0, 1) } else { Normal(5, 1) };",
        "x: positive ~ if 1 > 2 { Normal(0, 1) } else { Normal(5, 1) };",
    ] {
        let mass = ln_total_mass(&bind(site, ""));
        // Heavy tails reach beyond the range of the quadrature.
        let allowed = if site.contains("Cauchy") { 1e-6 } else { 1e-9 };
        assert!(mass.abs() < allowed, "{site}: {mass}");
    }
}

#[test]
fn a_truncated_prior_is_fitted() {
    let fit = fit(
        "x ~ Normal(0, 1).truncated(lower = 2);",
        "",
        &FitOptions::default(),
    );
    // phi(2) / (1 - Phi(2)), mpmath.
    let x = row(&fit, "x");
    assert!(
        (x.mean - 2.373_215_532_822_841).abs() < 5.0 * x.mcse + 0.01,
        "{x:?}"
    );
    assert!(x.q5 > 2.0);
    let evidence = fit.elbo.expect("a bound").log_evidence;
    assert!(evidence.value.abs() < 0.02, "{evidence:?}");
}

#[test]
fn impossible_cells_are_told_with_their_row() {
    let cases = [
        (
            "data y[row]: real; m ~ Normal(0, 1); observe y ~ Normal(m, 1).truncated(lower = 1);",
            "lower bound 1",
        ),
        (
            "data y[row]: real; data lo[row]: real from \"y\"; m ~ Normal(0, 1); observe y ~ Normal(m, 1).truncated(upper = lo - 1);",
            "upper bound",
        ),
    ];
    for (model, phrase) in cases {
        let (parsed, messages) = Model::parse(model);
        let errors = parsed
            .unwrap_or_else(|| panic!("{messages:?}"))
            .bind(&dataset("y\n1.5\n0.5\n"))
            .expect_err("a cell outside");
        assert_eq!((errors.len(), errors[0].code), (1, "E0211"));
        assert!(errors[0].message.contains(phrase), "{errors:?}");
        let place = errors[0].place.as_ref().expect("a cell");
        let line = if phrase == "upper bound" { 2 } else { 3 };
        assert_eq!((place.line, place.column), (line, 1));
    }
}

/// A count with a bound has finitely many values: summed out, it gives the sum over them.
#[test]
fn a_truncated_count_is_summed_out() {
    let bound = bind(
        "data top[row]: int; data y[row]: int; a ~ Normal(0, 1); k[row] ~ Poisson(exp(a)).truncated(lower = 1, upper = top); \
         for i in row { observe y[i] ~ Binomial(k[i], 0.3); }",
        "top,y\n9,2\n20,0\n",
    );
    let ln_choose = |n: f64, x: f64| {
        ppl_tests::ln_gamma(n + 1.0)
            - ppl_tests::ln_gamma(x + 1.0)
            - ppl_tests::ln_gamma(n - x + 1.0)
    };
    let a = 0.7f64;
    let ln_poisson = |k: i32| f64::from(k) * a - a.exp() - ppl_tests::ln_gamma(f64::from(k) + 1.0);
    let row = |top: i32, y: i32| {
        let mass: Vec<f64> = (1..=top).map(ln_poisson).collect();
        let joint: Vec<f64> = (y.max(1)..=top)
            .map(|k| {
                let (k_, y_) = (f64::from(k), f64::from(y));
                ln_poisson(k) + ln_choose(k_, y_) + y_ * 0.3f64.ln() + (k_ - y_) * 0.7f64.ln()
            })
            .collect();
        log_sum_exp(&joint) - log_sum_exp(&mass)
    };
    let want = ppl_tests::ln_normal(a, 0.0, 1.0) + row(9, 2) + row(20, 0);
    let got = density_at(&bound, &[("a", a)]).0;
    assert!((got - want).abs() < 1e-12 * want.abs(), "{got}, not {want}");
    check_gradient(&bound, &[("a", a)]);
}

/// `n: int(lo, hi) ~ …` says the same as `.truncated(lower = lo, upper = hi)`; ends that the support has anyway say nothing.
#[test]
fn a_kind_cuts_counts_off() {
    let at = |n: &str| {
        let model =
            format!("data y[row]: real; m ~ Normal(0, 1); {n}; observe y ~ Normal(m + n, 1);");
        density_at(&bind(&model, "y\n1.5\n0.5\n"), &[("m", 0.4)]).0
    };
    let same = [
        (
            "n: int(1, 4) ~ Poisson(exp(m))",
            "n ~ Poisson(exp(m)).truncated(lower = 1, upper = 4)",
        ),
        (
            "n: int(0, 4) ~ Poisson(exp(m))",
            "n ~ Poisson(exp(m)).truncated(upper = 4)",
        ),
        (
            "n: int(2, inf) ~ Binomial(5, 0.4)",
            "n ~ Binomial(5, 0.4).truncated(lower = 2)",
        ),
        ("n: int(0, 5) ~ Binomial(5, 0.4)", "n ~ Binomial(5, 0.4)"),
        ("n: int(0, 1) ~ Bernoulli(0.4)", "n ~ Bernoulli(0.4)"),
        (
            "n: int(1, 4) ~ if m > 0 { Poisson(2) } else { Poisson(3) }",
            "n ~ if m > 0 { Poisson(2).truncated(lower = 1, upper = 4) } else { Poisson(3).truncated(lower = 1, upper = 4) }",
        ),
    ];
    for (one, other) in same {
        assert_eq!(at(one), at(other), "{one}");
    }
    assert!(at("n: int(2, 5) ~ Binomial(5, 0.4)") != at("n ~ Binomial(5, 0.4)"));
}

/// Counts far below their rate: value and derivative from mpmath (60 digits).
#[test]
fn counts_far_below_their_rate() {
    let cases = [
        (17, "upper = 20", 1e9, -53.339_254_520_222_64),
        (17, "upper = 20", 1e16, -101.693_541_453_097_6),
        (17, "lower = 5, upper = 20", 2000.0, -13.982_209_607_552_985),
        (17, "lower = 17, upper = 17", 1500.0, 0.0),
        (17, "lower = 16, upper = 18", 1e13, -27.043_234_451_028_23),
        (17, "upper = 20", 900.0, -11.599_088_368_913_15),
        (900, "upper = 1000", 25_000.0, -327.051_267_654_767_05),
        (900, "upper = 1000", 15_000.0, -275.996_872_789_846_5),
    ];
    for (y, bounds, rate, want) in cases {
        let plain = observed(
            "int",
            &[&y.to_string()],
            &format!("Poisson({rate}).truncated({bounds})"),
        );
        let log = observed(
            "int",
            &[&y.to_string()],
            &format!("PoissonLog(log({rate})).truncated({bounds})"),
        );
        // Before the formula changes, what both sides of a difference of 25,000 keep.
        let allowed = 1e-10 * (1.0 + f64::abs(want));
        assert!(
            (plain - want).abs() < allowed,
            "{rate} {bounds}: {plain}, not {want}"
        );
        assert!(
            (log - want).abs() < allowed,
            "{rate} {bounds}: {log}, not {want}"
        );
    }
    let model =
        "data y[row]: int; l ~ Normal(0, 9); observe y ~ PoissonLog(l).truncated(upper = 20);";
    let slopes = [
        (6.5, -2.969_097_659_271_75),
        (7.2, -2.984_865_218_834_4),
        (15.0, -2.999_993_881_919_9),
        (20.0, -2.999_999_958_776_93),
        (30.0, -2.999_999_999_998_13),
        (40.0, -3.0),
    ];
    for (l, want) in slopes {
        let found = density_at(&bind(model, "y\n17\n"), &[("l", l)]).1[0].1 + l / 81.0;
        assert!((found - want).abs() < 1e-8, "{l}: {found}, not {want}");
    }
}

/// Counts that are known to be above 0: 1 - P(X = 0) down to the smallest means, against mpmath (50 digits).
#[test]
fn counts_above_zero() {
    let cases = [
        (
            "1",
            "NegBinomial(1e-12, size = 2)",
            -7.499_999_999_998_437e-13,
        ),
        (
            "3",
            "NegBinomial(0.7, size = 1.3)",
            -2.365_285_670_097_452_5,
        ),
        (
            "1",
            "NegBinomial(1e-3, size = 1e8)",
            -5.000_416_716_638_19e-4,
        ),
        (
            "40",
            "NegBinomial(1e6, size = 0.05)",
            -6.749_777_282_723_425,
        ),
        ("2", "NegBinomial(3, size = 1e-6)", -3.395_462_932_736_678_7),
        (
            "3",
            "NegBinomialLog(log(0.7), size = 1.3)",
            -2.365_285_670_097_452_5,
        ),
        (
            "40",
            "NegBinomialLog(log(1e6), size = 0.05)",
            -6.749_777_282_723_425,
        ),
        ("1", "Poisson(1e-15)", -5e-16),
        ("2", "Poisson(0.3)", -2.050_867_176_396_970_6),
        ("5", "PoissonLog(log(0.3))", -9.757_130_151_596_88),
        ("5", "Poisson(800)", -771.364_433_104_442_4),
        ("1", "Geometric(0.3)", 0.3f64.ln()),
    ];
    for (y, dist, want) in cases {
        let lower = observed("int", &[y], &format!("{dist}.truncated(lower = 1)"));
        let allowed = 1e-12 * (1.0 + f64::abs(want));
        assert!(
            (lower - want).abs() < allowed,
            "{dist}: {lower}, not {want}"
        );
    }
    // What is left of a distribution whose mean is above all is the whole; where nothing is, no count can be.
    assert_eq!(
        observed("int", &["0"], "Poisson(0.3).truncated(upper = 0)"),
        0.0
    );
    let model = "data y[row]: int; m ~ Normal(0, 1); s ~ Gamma(2, 1); \
                 observe y ~ NegBinomialLog(m, size = s).truncated(lower = 1);";
    for m in [-30.0, -2.0, 3.0, 20.0] {
        check_gradient(&bind(model, "y\n2\n7\n"), &[("m", m), ("s", 0.8)]);
    }
}
