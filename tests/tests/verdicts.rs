//! One word for how far a fit can be trusted, and a sentence that names the reason, where the reason is known beforehand.

use ppl_lang::{Fit, FitOptions, GuideChoice, Verdict};
use ppl_tests::{fit, row, with_guide};

fn fitted(model: &str, data: &str) -> Fit {
    fit(model, data, &FitOptions::default())
}

/// The word, and all of these in the sentence.
fn says(fit: &Fit, word: &str, parts: &[&str]) {
    let reason = fit.verdict.reason();
    assert_eq!(fit.verdict.word(), word, "{reason}");
    for part in parts {
        assert!(reason.contains(part), "{part:?} is not in {reason:?}");
    }
}

#[test]
fn no_proper_posterior() {
    // One observation under a flat scale: the density of ln(sigma) goes to a constant.
    let model = "data y[row]: real; mu ~ Normal(0, 10); sigma: positive ~ Flat(); observe y ~ Normal(mu, sigma);";
    says(
        &fitted(model, "y\n1\n"),
        "failed",
        &["improper", "large `sigma`", "no prior"],
    );
    // Only the sum of the two is known: no axis shows it.
    let model = "data y[row]: real; a ~ Flat(); b ~ Flat(); observe y ~ Normal(a + b, 1);";
    says(
        &fitted(model, "y\n1\n2\n"),
        "failed",
        &["improper", "`a`", "`b`"],
    );
    // The same with a noise to be found, from several starts.
    let model = "data y[row]: real; a ~ Flat(); b ~ Flat(); s ~ HalfNormal(5); observe y ~ Normal(a + b, s);";
    let data = "y\n1.3\n0.4\n7.2\n2.5\n6.6\n8.1\n0.9\n7.7\n";
    for seed in 1..=4 {
        let options = FitOptions {
            seed,
            ..FitOptions::default()
        };
        let fit = ppl_tests::fit(model, data, &options);
        says(&fit, "failed", &["improper", "`a`", "`b`"]);
    }
    // Two observations make the second proper in mean and scale: sigma^-2 at the far end.
    let model =
        "data y[row]: real; mu ~ Flat(); sigma: positive ~ Flat(); observe y ~ Normal(mu, sigma);";
    let data = "y\n1\n2\n4\n3\n0\n2\n";
    assert!(!fitted(model, data).verdict.reason().contains("improper"));
}

/// What the rays of a density do not show: the tail is that of a scale with all else integrated out.
#[test]
fn a_scale_whose_marginal_does_not_fall_off() {
    let groups = "axis g; data of[row]: g; data y[row]: real; mu ~ Flat(); tau: positive ~ Flat(); a[g] ~ Normal(mu, tau); observe y ~ Normal(a[of], 1);";
    let plain = "data y[row]: real; mu ~ Flat(); s: positive ~ Flat(); observe y ~ Normal(mu, s);";
    let rows = |levels: &[&str]| {
        let row = |i: usize| {
            format!(
                "{},{}\n",
                levels[i % levels.len()],
                0.7 * (i % 5) as f64 + 2.0 * (i % levels.len()) as f64
            )
        };
        "of,y\n".to_owned() + &(0..12).map(row).collect::<String>()
    };
    let (two, three, four) = (
        rows(&["a", "b"]),
        rows(&["a", "b", "c"]),
        rows(&["a", "b", "c", "d"]),
    );
    let inverse = groups.to_owned() + " factor -log(tau);";
    let logarithm = groups
        .replace("tau: positive ~ Flat()", "t ~ Flat()")
        .replace("tau", "exp(t)");
    let product = "data y[row]: real; a: positive ~ Flat(); b: positive ~ Flat(); observe y ~ Exponential(a * b);";
    // Tails by hand: of two numbers with flat mean and sd p(s) goes as 1 / s, of groups as tau^(1 - J); with 1 / tau before it the density
    // of two or more is 1 / tau near 0; of the product of two rates no more is known.
    for (model, data, side) in [
        (plain, "y\n1\n2\n", "large `s`"),
        (groups, two.as_str(), "large `tau`"),
        (inverse.as_str(), three.as_str(), "small `tau`"),
        (logarithm.as_str(), four.as_str(), "small `t`"),
        (product, "y\n1\n0.2\n2.5\n", "does not fall off"),
    ] {
        says(&fitted(model, data), "failed", &["improper", side]);
    }
    // One group or number more, and there is a posterior.
    for (model, data) in [
        (plain, "y\n1\n2\n4\n"),
        (groups, three.as_str()),
        (groups, four.as_str()),
        (
            "data y[row]: real; m ~ Cauchy(0, 1); s ~ HalfCauchy(1); factor 0; observe y ~ Normal(m, s);",
            "y\n1\n2\n",
        ),
    ] {
        let fit = fitted(model, data);
        assert_ne!(fit.verdict.word(), "failed", "{}", fit.verdict.reason());
    }
}

/// Priors with a finite integral do not help where the data can be met exactly and the density of their sd near 0 is not thin enough.
#[test]
fn data_that_are_met_exactly() {
    let line = "data x[row]: real; data y[row]: real; a ~ Normal(0, 10); b ~ Normal(0, 10); s ~ HalfNormal(5); observe y ~ Normal(a + b * x, s);";
    let exact = "x,y\n1,3\n2,5\n3,7\n4,9\n5,11\n";
    let plain =
        "data y[row]: real; m ~ Normal(0, 10); s ~ HalfNormal(5); observe y ~ Normal(m, s);";
    let equal = "y\n3\n3\n3\n3\n3\n3\n";
    for (model, data) in [(line, exact), (plain, equal)] {
        says(
            &fitted(model, data),
            "failed",
            &["grows without bound", "small `s`", "InvGamma"],
        );
    }
    let held = plain.replace("HalfNormal(5)", "InvGamma(2, 1)");
    says(&fitted(&held, equal), "certified", &[]);
}

/// Flat priors, and a column in another unit than its coefficient: proper, and its directions are apart by five orders of magnitude.
#[test]
fn raw_covariates() {
    let income = |i: usize| 20_000.0 + 977.0 * ((i * 37) % 80) as f64;
    let answer =
        |i: usize| u8::from(income(i) + 9_000.0 * (((i * 53) % 17) as f64 - 8.0) / 4.0 > 60_000.0);
    let rows = (0..80).map(|i| format!("{},{}\n", income(i), answer(i)));
    let data = "x,y\n".to_owned() + &rows.collect::<String>();
    let model = "data x[row]: real; data y[row]: bool; a ~ Flat(); b ~ Flat(); observe y ~ BernoulliLogit(a + b * x);";
    let flat = fitted(model, &data);
    assert_eq!(
        flat.verdict.word(),
        "certified",
        "{}",
        flat.verdict.reason()
    );
    // The same in units of 10,000 has the same posterior.
    let scaled = fitted(&model.replace("b * x", "b * x / 10000"), &data);
    assert_eq!(
        scaled.verdict.word(),
        "certified",
        "{}",
        scaled.verdict.reason()
    );
    let (raw, unit) = (row(&flat, "b"), row(&scaled, "b"));
    assert!(
        (raw.mean * 1e4 - unit.mean).abs() < 0.1 * unit.sd,
        "{raw:?} {unit:?}"
    );
    assert!(
        (raw.sd * 1e4 / unit.sd - 1.0).abs() < 0.05,
        "{raw:?} {unit:?}"
    );
}

/// The mean of the guide is 0 up to rounding: no direction to look along.
#[test]
fn a_prior_with_a_constant_factor_is_proper() {
    let fit = fitted("x ~ Normal(0, 1); factor -3;", "");
    assert_eq!(fit.verdict.word(), "certified", "{}", fit.verdict.reason());
    let fit = fitted("axis k = 3; x[k] ~ Normal(0, 2); factor -3;", "");
    assert_eq!(fit.verdict.word(), "certified", "{}", fit.verdict.reason());
}

#[test]
fn separated_logistic_regression() {
    let model = "data x[row]: real; data y[row]: bool; a ~ Flat(); b ~ Flat(); observe y ~ BernoulliLogit(a + b * x);";
    let data = "x,y\n-2,0\n-1.5,0\n-1,0\n-0.5,0\n0.5,1\n1,1\n1.5,1\n2,1\n";
    says(
        &fitted(model, data),
        "failed",
        &["improper", "`b`", "separated"],
    );
    // A prior makes it proper, and two crossed answers make the flat one proper.
    let held = model
        .replace("b ~ Flat()", "b ~ Normal(0, 2)")
        .replace("a ~ Flat()", "a ~ Normal(0, 2)");
    assert!(!matches!(
        fitted(&held, data).verdict,
        Verdict::Failed { .. }
    ));
    let crossed = data.replace("-0.5,0\n0.5,1", "-0.5,1\n0.5,0");
    assert!(!matches!(
        fitted(model, &crossed).verdict,
        Verdict::Failed { .. }
    ));
}

#[test]
fn two_modes() {
    let model =
        "mu ~ Normal(0, 10); factor log(exp(-2 * (mu - 4)^2) + 0.5 * exp(-2 * (mu + 4)^2));";
    let fit = fit(model, "", &with_guide(GuideChoice::FullRank));
    says(
        &fit,
        "optimised",
        &["2 modes", "67%", "33%", "`mu` near -3.99 rather than 3.99"],
    );
    let starts = fit.certificate.starts.expect("starts");
    // The prior is even, so the shares are those of the heights.
    assert!(
        (starts.weight - 2.0 / 3.0).abs() < 1e-3,
        "{}",
        starts.weight
    );
    assert!(starts.agreeing < starts.tried);
    // Nobody said that it be one Gaussian.
    says(&fitted(model, ""), "certified", &["2 modes", "part"]);
    // One mode, and it says so.
    let one = fitted("mu ~ Normal(0, 10); factor -2 * (mu - 4)^2;", "");
    says(&one, "certified", &[]);
}

#[test]
fn funnels() {
    // In units of the prior it is a Gaussian: exact.
    let model = "axis k = 9; y ~ Normal(0, 3); x[k] ~ Normal(0, exp(y / 2));";
    let exact = fitted(model, "");
    says(&exact, "optimised", &["tails of `x["]);
    assert!((row(&exact, "y").sd - 3.0).abs() < 0.1);
    // Hidden in a factor no such units are known.
    let model = "axis k = 9; y ~ Normal(0, 3); x[k] ~ Flat(); factor sum(-0.5 * (x / exp(y / 2))^2 - y / 2);";
    says(
        &fit(model, "", &with_guide(GuideChoice::FullRank)),
        "optimised",
        &["funnel", "changes with `y`"],
    );
    // Given y it is a Gaussian, and without x so is y: exact conditionals, which nobody named.
    let exact = fitted(model, "");
    says(
        &exact,
        "optimised",
        &["close to the posterior", "tails of `x["],
    );
    assert_eq!(exact.guide, "conjugate");
    assert!((row(&exact, "y").sd - 3.0).abs() < 0.1);
    // With a prior of another form its ends are optima of one Gaussian each, and one guide covers both.
    let model = "axis k = 9; y ~ StudentT(20, 0, 3); x[k] ~ Flat(); factor sum(-0.5 * (x / exp(y / 2))^2 - y / 2);";
    let nested = fitted(model, "");
    says(
        &nested,
        "optimised",
        &["close to the posterior", "tails of `x["],
    );
    assert_eq!(nested.guide, "nested");
    assert!((row(&nested, "y").sd - 3.0 * (20.0f64 / 18.0).sqrt()).abs() < 0.15);
}

#[test]
fn a_quantity_with_tails_that_no_draws_know() {
    // Exact draws: the sd of 10,000 is too large or too small by a factor all the same, and wider ones do not reach far enough.
    let long = fit(
        "x ~ LogNormal(0, 3);",
        "",
        &with_guide(GuideChoice::FullRank),
    );
    says(&long, "optimised", &["tails of `x`"]);
    // Here they do: of 10,000 exact draws the sd was off by a third. What the verdict is does not hang on the seed.
    for seed in 1..=4 {
        let options = FitOptions {
            seed,
            ..with_guide(GuideChoice::FullRank)
        };
        let reached = fit("x ~ LogNormal(0, 2);", "", &options);
        says(&reached, "certified", &["reach further into the tails"]);
        let sd = (4f64.exp() * 4f64.exp_m1()).sqrt();
        assert!((row(&reached, "x").sd / sd - 1.0).abs() < 0.1);
    }
    says(&fitted("x ~ LogNormal(0, 0.3);", ""), "certified", &[]);
}

#[test]
fn cauchy_with_outliers() {
    let model = "data y[row]: real; mu ~ Normal(0, 100); s: positive ~ Normal(0, 10); observe y ~ Cauchy(mu, s);";
    let data = "y\n1.1\n0.9\n1.3\n0.7\n1.0\n1.2\n50\n-80\n300\n";
    says(
        &fit(model, data, &with_guide(GuideChoice::FullRank)),
        "optimised",
        &["misses part of the posterior", "changes with `s`"],
    );
    // Means and sds by quadrature over both. Given `s` the tails of `mu` are still longer than a Gaussian's, so that the verdict
    // lies at the threshold.
    let nested = fitted(model, data);
    // With a k-hat of 0.65 the sd of `mu` differs by 5% from seed to seed: three times that.
    for (name, mean, sd, error) in [("mu", 1.0499, 0.7354, 0.15), ("s", 1.3162, 1.7974, 0.1)] {
        let r = row(&nested, name);
        assert!((r.mean - mean).abs() < 0.1 * sd, "{r:?}");
        assert!((r.sd / sd - 1.0).abs() < error, "{r:?}");
    }
    // Two clusters, each an outlier of the other.
    let model = "data y[row]: real; mu ~ Normal(0, 100); observe y ~ Cauchy(mu, 1);";
    let clusters = "y\n-5\n-4.5\n-5.5\n6\n5.5\n6.5\n";
    says(
        &fit(model, clusters, &with_guide(GuideChoice::FullRank)),
        "optimised",
        &["2 modes", "`mu`"],
    );
    // A guide with a part for each has lighter tails than they have; its draws go on to the posterior.
    let both = fitted(model, clusters);
    assert_eq!(both.guide, "annealed", "{:?}", both.certificate.rungs);
    assert_eq!(both.certificate.parts, 2);
    assert!((row(&both, "mu").mean - 0.5).abs() < 1.0 && row(&both, "mu").sd > 4.0);
    // Enough data, a single outlier: the median is known well.
    let many: String = (-20..=20)
        .map(|i| format!("{}\n", f64::from(i) / 10.0))
        .collect();
    says(&fitted(model, &format!("y\n{many}90\n")), "certified", &[]);
}

#[test]
fn a_mean_field_guide_of_correlated_unknowns_is_too_small() {
    // The mean-field optimum is -ln(1 - r^2) / 2 nats below the evidence; r = 0.8 under this posterior.
    let model = "a ~ Normal(0, 1); b ~ Normal(0, 1); observe 0.5 ~ Normal(a + b, 0.5);";
    let correlation: f64 = -0.8;
    let fit = fit(model, "", &with_guide(GuideChoice::MeanField));
    says(&fit, "optimised", &["full-rank", "correlated"]);
    let gain = fit.certificate.richer.expect("a comparison").gain;
    let expected = -0.5 * (1.0 - correlation * correlation).ln();
    assert!(
        (gain.value - expected).abs() < 4.0 * gain.se + 1e-6,
        "{gain:?} {expected}"
    );
    says(&fitted(model, ""), "certified", &[]);
}

#[test]
fn a_drawn_discrete_site_is_never_certified() {
    let model = "z: bool ~ Bernoulli(0.3); mu ~ Normal(0, 1); observe 0.5 ~ Normal(mu + z, 1);
        guide { param l = 0; z ~ BernoulliLogit(l); param m = 0; param s: positive = 1; mu ~ Normal(m, s); }";
    says(&fitted(model, ""), "approximate", &["`z` is discrete"]);
}

#[test]
fn bounds_are_ordered_and_below_the_evidence() {
    // A posterior that is no Gaussian; its evidence by the trapezoidal rule, which is exact to rounding for such integrands.
    let model = "mu ~ StudentT(3, 0, 1); observe 3 ~ Normal(mu, 1);";
    let fit = fitted(model, "");
    let elbo = fit.elbo.expect("a bound");
    let c = &fit.certificate;
    let [(10, ten), (100, hundred)] = c.weighted_bounds[..] else {
        panic!("{:?}", c.weighted_bounds)
    };
    let pi = std::f64::consts::PI;
    let density = |m: f64| {
        let student = 2.0 / (pi * 3f64.sqrt() * (1.0 + m * m / 3.0).powi(2));
        student * (-0.5 * (3.0 - m) * (3.0 - m)).exp() / (2.0 * pi).sqrt()
    };
    let truth = ((-4000..=4000)
        .map(|i| density(f64::from(i) * 0.005))
        .sum::<f64>()
        * 0.005)
        .ln();
    assert!(elbo.headline().value < ten.value && ten.value < hundred.value + 3.0 * hundred.se);
    assert!(hundred.value < truth + 3.0 * hundred.se, "{hundred:?}");
    assert!(
        (elbo.log_evidence.value - truth).abs() < 5.0 * elbo.log_evidence.se + 1e-3,
        "{:?}",
        elbo.log_evidence
    );
    assert!(c.log_evidence_at_least < truth && c.log_evidence_at_least > truth - 3.5);
}

/// A report that some draws have no number for is told, with the quantiles of the others.
#[test]
fn a_report_without_a_mean() {
    let model =
        "data y[row]: real; mu ~ Normal(0, 1); observe y ~ Normal(mu, 1); report q = log(mu);";
    let fit = fitted(model, "y\n1\n2\n");
    let note = fit.notes.iter().find(|n| n.contains("`q` is not a number"));
    assert!(note.is_some(), "{:?}", fit.notes);
    let q = row(&fit, "q");
    assert!(q.mean.is_nan());
    // Quantiles of ln(mu) given mu > 0, mu ~ Normal(1, 1 / sqrt(3)): the median of mu is 1.03014.
    assert!((q.q50 - 1.03014f64.ln()).abs() < 0.02, "{}", q.q50);
}

#[test]
fn many_modes_that_one_start_each_found_are_not_all() {
    // 2^6 modes, of weights that differ.
    let y = "y\n4\n9\n2.5\n6\n12\n3.5\n";
    let model = "data y[row]: real; a[row] ~ Normal(0.1, 3); observe y ~ Normal(a^2, 0.3);";
    let fit = fitted(model, y);
    assert_eq!(fit.verdict.word(), "optimised", "{}", fit.verdict.reason());
    let reason = fit.verdict.reason();
    assert!(reason.contains("no other start found"), "{reason}");
    let starts = fit.certificate.starts.as_ref().expect("starts");
    assert!(starts.unseen > 0.1);
}

/// A component of a mixture that may be empty follows its prior then: no start leads there, and no draw of a guide around the optima is far out.
#[test]
fn what_only_the_prior_reaches() {
    let model = "axis k = 2; data y[row]: real; w ~ Beta(1, 1); mu[k]: ordered ~ Normal(0, 5); s[k] ~ HalfNormal(2); let ww[k] = [w, 1 - w]; z[row] ~ Categorical(ww); observe y ~ Normal(mu[z], s[z]);";
    // The evidence by eight million draws of the prior. Under the last seed the weights of the guide's draws are in order.
    let first = [
        -0.48, 1.26, -0.13, -1.18, -1.0, 2.57, 1.38, -0.44, -0.36, 0.68, 1.31, 0.77, 0.03, -1.05,
        0.29, -0.13, -0.77, -1.9, 1.85, 0.85,
    ];
    let second = [
        0.45, 1.98, 0.74, -0.22, -0.44, -0.27, -1.77, -0.14, 0.4, 0.86, 1.4, -0.24, -0.56, 0.33,
        1.16, 0.55, 0.2, -0.2, 0.19, 1.03,
    ];
    for (values, truth, seed, is_told) in [
        (first, -36.427, 1, false),
        (first, -36.427, 3, false),
        (second, -30.492, 1, true),
    ] {
        let data = values
            .iter()
            .fold("y\n".to_owned(), |all, y| format!("{all}{y}\n"));
        let options = FitOptions {
            seed,
            ..FitOptions::default()
        };
        let fit = ppl_tests::fit(model, &data, &options);
        let found = fit.elbo.as_ref().unwrap().log_evidence;
        let is_right = (found.value - truth).abs() < 0.02 + 3.0 * found.se.hypot(0.006);
        let is_certified = matches!(fit.verdict, Verdict::Certified { .. });
        assert!(
            is_right || !is_certified,
            "{found:?}, {}",
            fit.verdict.reason()
        );
        if is_told && !is_right {
            says(&fit, "optimised", &["draws of the prior", "small `mu[1]`"]);
        }
    }
}

/// Data far from where the priors have them: proper priors, and an optimum. It had been called improper.
#[test]
fn data_far_from_their_priors() {
    let model = "data y[row]: real; a ~ Normal(0, 5); s ~ HalfNormal(5); observe y ~ Normal(a, s);";
    for shift in [17.0, 18.0, 18.5, 20.0] {
        let row = |i: usize| {
            format!(
                "{}\n",
                shift + 6.7 * 1.7 * ((i as f64 + 0.5) / 60.0 - 0.5) * 2.0
            )
        };
        let data: String = std::iter::once("y\n".to_owned())
            .chain((0..60).map(row))
            .collect();
        for seed in 1..=4 {
            let options = FitOptions {
                seed,
                ..FitOptions::default()
            };
            let fit = ppl_tests::fit(model, &data, &options);
            says(&fit, "certified", &[]);
        }
    }
}

/// A mode with less than half a per cent of the evidence, 17 sds away: it hardly moves the bound, and makes the sd half as large again.
#[test]
fn a_mode_of_a_small_share_far_away() {
    let model = "m ~ Normal(0, 10); factor log(0.995 * exp(-0.5 * (m / 0.3)^2) + 0.005 * exp(-0.5 * ((m - 5) / 0.3)^2));";
    let share: f64 = 0.005 * (-0.5 * 0.25f64).exp();
    let share = share / (0.995 + share);
    let sd = (0.09 + share * (1.0 - share) * 25.0).sqrt();
    for seed in 1..=3 {
        let options = FitOptions {
            seed,
            ..FitOptions::default()
        };
        let fit = ppl_tests::fit(model, "", &options);
        // Which few of the draws tell.
        says(&fit, "optimised", &["tails of `m`"]);
        assert_eq!(fit.guide, "mixture");
        // Some 44 of 10,000 draws are there: the variance beside 0.09 is known to a seventh.
        let found = row(&fit, "m").sd;
        assert!(
            (found - sd).abs() < 4.0 * 0.11 / 7.0 / (2.0 * sd),
            "{found}, not {sd}"
        );
    }
}
