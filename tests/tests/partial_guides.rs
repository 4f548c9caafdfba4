//! Guides that are written for some of the sites, and families for single sites.

use ppl_lang::{Bound, Fit, FitOptions, GuideChoice};
use ppl_tests::{bind, csv, fit, row, with_guide};

fn text(bound: &Bound, choice: GuideChoice) -> String {
    bound.guide_text(choice).expect("a guide")
}

/// Where each of these stands in a text, in the order in which they are given.
fn in_order(text: &str, parts: &[&str]) {
    let places: Vec<usize> = parts
        .iter()
        .map(|p| text.find(p).unwrap_or_else(|| panic!("{p} in\n{text}")))
        .collect();
    assert!(places.is_sorted(), "{parts:?} in\n{text}");
}

/// y ~ N(a + b, 1), a ~ N(0, 1), b ~ N(0, 2): given s = sum of n data, the posterior is Gaussian.
fn exact(y: &[f64]) -> ([f64; 2], [f64; 2]) {
    let (n, s): (f64, f64) = (y.len() as f64, y.iter().sum());
    // The precision matrix is [[n + 1, n], [n, n + 1/4]].
    let det = (n + 1.0) * (n + 0.25) - n * n;
    let mean = [0.25 * s / det, s / det];
    (
        [mean[0], mean[1]],
        [((n + 0.25) / det).sqrt(), ((n + 1.0) / det).sqrt()],
    )
}

fn close(fit: &Fit, y: &[f64]) {
    let (mean, sd) = exact(y);
    for (i, name) in ["a", "b"].iter().enumerate() {
        let r = row(fit, name);
        assert!((r.mean - mean[i]).abs() < 0.06 * sd[i], "{r:?} {mean:?}");
        assert!((r.sd / sd[i] - 1.0).abs() < 0.06, "{r:?} {sd:?}");
    }
}

const MODEL: &str =
    "data y[row]: real;\na ~ Normal(0, 1);\nb ~ Normal(0, 2);\nobserve y ~ Normal(a + b, 1);\n";
const Y: [f64; 4] = [1.1, 0.4, 2.0, 1.6];

/// The guide of `a` reads `b`, which is generated: b comes first, and the pair is exact.
#[test]
fn written_sites_may_read_generated_ones() {
    let model = format!(
        "{MODEL}guide {{\n  param m = 0;\n  param c = 0;\n  param s: positive = 0.5;\n  a ~ Normal(m + c * b, s);\n}}"
    );
    let data = csv(&[("y", &Y)]);
    let bound = bind(&model, &data);
    in_order(
        &text(&bound, GuideChoice::Auto),
        &["(b) ~", "a ~ Normal(m + c * b, s)"],
    );
    let fit = fit(&model, &data, &FitOptions::default());
    assert!(fit.guide.starts_with("written in part"), "{}", fit.guide);
    close(&fit, &Y);
    assert!(fit.k_hat < 0.3, "{}", fit.k_hat);
}

/// The support of `b` depends on `a`, which is written: a comes first.
#[test]
fn generated_sites_come_after_what_their_support_depends_on() {
    let model = "a ~ HalfNormal(1);\nb: real(0, a) ~ Flat();\nfactor -b;\n\
                 guide {\n  param loc = 0;\n  param s: positive = 0.5;\n  a ~ LogNormal(loc, s);\n}";
    let bound = bind(model, "");
    let text = text(&bound, GuideChoice::MeanField);
    in_order(&text, &["a ~ LogNormal(loc, s)", "b ~"]);
    // Names that the author took are not given again.
    assert_eq!(text.matches("param loc ").count(), 1, "{text}");
    let fit = fit(model, "", &with_guide(GuideChoice::MeanField));
    assert!(fit.elbo.expect("a bound").by_entropy.value.is_finite());
}

/// Children of a written site are drawn after it, in units of their prior where that pays.
#[test]
fn children_of_written_sites_can_be_non_centred() {
    let model = "axis g = 4;\nmu ~ Normal(0, 1);\ntau ~ HalfNormal(1);\ntheta[g] ~ Normal(mu, tau);\n\
                 observe 0.3 ~ Normal(sum(theta), 10);\n\
                 guide {\n  param m = 0;\n  param s: positive = 0.4;\n  tau ~ Normal(m, s).transformed();\n}";
    let fit = fit(model, "", &FitOptions::default());
    let said = fit.notes.join("\n");
    assert!(said.contains("centred"), "{said}");
    in_order(&fit.guide_text, &["tau ~ Normal(m, s)", "theta"]);
}

#[test]
fn single_sites_may_have_their_own_family() {
    let model = "axis k = 2;\ndata y[row]: real;\nc ~ Normal(0, 1);\nx[k] ~ Normal(0, 1);\nobserve y ~ Normal(sum(x), 0.3);\n";
    let data = csv(&[("y", &Y)]);
    let n = Y.len() as f64 / 0.09;
    let sd = ((n + 1.0) / (2.0 * n + 1.0)).sqrt();
    let own = fit(
        &format!("{model}guide auto(mean_field);\nguide x: full_rank;"),
        &data,
        &FitOptions::default(),
    );
    assert!(own.guide.contains("for some sites"), "{}", own.guide);
    let r = row(&own, "x[1]");
    assert!((r.sd / sd - 1.0).abs() < 0.05, "{r:?} {sd}");
    in_order(&own.guide_text, &["c ~ Normal", "(x) ~ MultiNormal"]);
    // And the other way round: x is apart from the joint Gaussian.
    let apart = text(
        &bind(
            &format!("{model}guide auto(full_rank);\nguide x: mean_field;"),
            &data,
        ),
        GuideChoice::Auto,
    );
    in_order(&apart, &["(c) ~ MultiNormal", "x[k] ~ Normal"]);
}

#[test]
fn a_complete_guide_is_as_before() {
    let written = "guide {\n  param m = 0;\n  param s: positive = 0.5;\n  a ~ Normal(m, s);\n  param n = 0;\n  param t: positive = 0.5;\n  b ~ Normal(n, t);\n}";
    let fit = fit(
        &format!("{MODEL}{written}"),
        &csv(&[("y", &Y)]),
        &FitOptions::default(),
    );
    assert_eq!(fit.guide, "written");
}

#[test]
fn a_guide_in_part_may_call_functions() {
    let model = format!(
        "fn twice(x) = 2 * x;\n{MODEL}guide {{\n  param m = 0;\n  param s: positive = 0.5;\n  a ~ Normal(twice(m), s);\n}}"
    );
    let fit = fit(&model, &csv(&[("y", &Y)]), &FitOptions::default());
    let (mean, _) = exact(&Y);
    assert!(
        (row(&fit, "a").mean - mean[0]).abs() < 0.1,
        "{:?}",
        row(&fit, "a")
    );
}
