//! Chains in units of their priors: the guide draws innovations, and the fit is that of the program with innovations written out.

use ppl_infer::objective::Objective;
use ppl_infer::stochastic::Target;
use ppl_lang::parts::{guide, model};
use ppl_lang::{Bound, FitOptions, Former, GuideChoice, Silent};
use ppl_tests::{bind, csv, with_guide};

const Y: [f64; 12] = [
    0.4, -1.3, 0.2, 2.1, -0.6, 0.1, 1.7, -0.9, 0.3, -2.2, 0.8, 0.5,
];

fn data() -> String {
    let groups: Vec<f64> = (0..12).map(|i| f64::from(i % 3)).collect();
    csv(&[("y", &Y), ("g", &groups)])
}

/// The bound and its gradient away from the start, with the mean-field guide.
fn estimate(bound: &Bound, centring: guide::Centring<'_>) -> Vec<f64> {
    let family = guide::find("mean-field").expect("a family");
    let text = guide::text(family, bound.inner(), centring);
    let guided: model::Bound = guide::attach(bound.inner(), &text).expect("a guide");
    let mut target = Objective::new(&guided, 4, 7).expect("an objective");
    let at = target.initial();
    let at: Vec<f64> = (at.iter().enumerate())
        .map(|(i, v)| v + 0.3 * (i as f64 + 1.0).sin())
        .collect();
    let mut out = vec![0.0; at.len()];
    let value = target.estimate(&at, 1, &mut out);
    out.push(value);
    out
}

/// A chain `h` drawn by innovations is the program that has them as sites `e`.
fn is_the_same(chain: &str, written: &str) {
    let one = estimate(&bind(chain, &data()), guide::Centring::NonCentred);
    let other = estimate(&bind(written, &data()), guide::Centring::Centred);
    assert_eq!(one.len(), other.len());
    for (a, b) in one.iter().zip(&other) {
        assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{chain}\n{a} {b}");
    }
    // And not what the elements themselves are.
    let centred = estimate(&bind(chain, &data()), guide::Centring::Centred);
    assert!((centred.last().unwrap() - other.last().unwrap()).abs() > 0.1);
}

const VOLATILITY: &str = "data y[row]: real; m ~ Normal(0, 2); b ~ Normal(0, 0.4); s ~ HalfNormal(1);
    for t in row { h[t] ~ if first(t) { Normal(m, 2 * s) } else { Normal(m + b * (h[t-1] - m), s) }; }
    observe y ~ Normal(0, exp(h / 2));";

#[test]
fn chains_are_their_recurrences() {
    is_the_same(
        VOLATILITY,
        "data y[row]: real; m ~ Normal(0, 2); b ~ Normal(0, 0.4); s ~ HalfNormal(1); e[row] ~ Normal(0, 1);
        for t in row { let h[t] = if first(t) { m + 2 * s * e[t] } else { m + b * (h[t-1] - m) + s * e[t] }; }
        observe y ~ Normal(0, exp(h / 2));",
    );
    // Of second order, with a scale that hangs on the element before.
    is_the_same(
        "data y[row]: real; a ~ Normal(0, 0.4); b ~ Normal(0, 0.4); s ~ HalfNormal(1);
        for t in row { h[t] ~ if first(t, 2) { Normal(0, s) } else { Normal(a * h[t-1] + b * h[t-2], s * sqrt(1 + 0.2 * h[t-1]^2)) }; }
        observe y ~ Normal(h, 0.5);",
        "data y[row]: real; a ~ Normal(0, 0.4); b ~ Normal(0, 0.4); s ~ HalfNormal(1); e[row] ~ Normal(0, 1);
        for t in row { let h[t] = if first(t, 2) { s * e[t] } else { a * h[t-1] + b * h[t-2] + s * sqrt(1 + 0.2 * h[t-1]^2) * e[t] }; }
        observe y ~ Normal(h, 0.5);",
    );
}

#[test]
fn chains_within_groups_and_of_positive_numbers() {
    is_the_same(
        "axis g = 0..2; data y[row]: real; data g[row]: g; s ~ HalfNormal(1);
        for t in row by g { h[t] ~ if first(t) { Normal(1, 2) } else { Normal(h[t-1], s) }; }
        observe y ~ Normal(h, 0.5);",
        "axis g = 0..2; data y[row]: real; data g[row]: g; s ~ HalfNormal(1); e[row] ~ Normal(0, 1);
        for t in row by g { let h[t] = if first(t) { 1 + 2 * e[t] } else { h[t-1] + s * e[t] }; }
        observe y ~ Normal(h, 0.5);",
    );
    is_the_same(
        "data y[row]: real; s ~ HalfNormal(1);
        for t in row { h[t] ~ if first(t) { LogNormal(0, 1) } else { LogNormal(log(h[t-1]), s) }; }
        observe y ~ Normal(0, h);",
        "data y[row]: real; s ~ HalfNormal(1); e[row] ~ Normal(0, 1);
        for t in row { let h[t] = if first(t) { exp(e[t]) } else { exp(log(h[t-1]) + s * e[t]) }; }
        observe y ~ Normal(0, h);",
    );
}

#[test]
fn branches_without_a_chain() {
    is_the_same(
        "axis g = 0..2; data y[row]: real; data g[row]: g; s ~ HalfNormal(1); m ~ Normal(0, 3);
        for i in row { h[i] ~ if g[i] == 1 { Normal(m, s) } else { Normal(1, 2) }; }
        observe y ~ Normal(h, 0.5);",
        "axis g = 0..2; data y[row]: real; data g[row]: g; s ~ HalfNormal(1); m ~ Normal(0, 3); e[row] ~ Normal(0, 1);
        let h[row] = if g == 1 { m + s * e } else { 1 + 2 * e };
        observe y ~ Normal(h, 0.5);",
    );
}

/// Noise of every form that a location or a scale goes with.
#[test]
fn units_of_other_families() {
    let observed = "observe y ~ Normal(u, 0.5);";
    let prior = "data y[row]: real; s ~ HalfNormal(1); m ~ Normal(0, 3);";
    for (drawn, noise, made) in [
        ("HalfNormal(s)", "HalfNormal(1)", "s * e"),
        ("HalfCauchy(s)", "HalfCauchy(1)", "s * e"),
        ("Rayleigh(s)", "Rayleigh(1)", "s * e"),
        ("Exponential(s)", "Exponential(1)", "e / s"),
        ("Exponential(mean = s)", "Exponential(1)", "s * e"),
        ("Gamma(2.5, s)", "Gamma(2.5, 1)", "e / s"),
        ("InvGamma(3, s)", "InvGamma(3, 1)", "s * e"),
        ("Weibull(1.5, s)", "Weibull(1.5, 1)", "s * e"),
        ("StudentT(4, m, s)", "StudentT(4, 0, 1)", "m + s * e"),
        ("Cauchy(m, s)", "Cauchy(0, 1)", "m + s * e"),
        ("Laplace(m, s)", "Laplace(0, 1)", "m + s * e"),
        ("Logistic(m, s)", "Logistic(0, 1)", "m + s * e"),
        ("Gumbel(m, s)", "Gumbel(0, 1)", "m + s * e"),
        ("SkewNormal(m, s, 2)", "SkewNormal(0, 1, 2)", "m + s * e"),
    ] {
        is_the_same(
            &format!("{prior} u[row] ~ {drawn}; {observed}"),
            &format!("{prior} e[row] ~ {noise}; let u[row] = {made}; {observed}"),
        );
    }
}

#[test]
fn the_bound_chooses_and_the_note_says_so() {
    let bound = bind(VOLATILITY, &data());
    let options = with_guide(GuideChoice::MeanField);
    let fit = bound.fit(&options, &mut Silent).expect("a fit");
    let said = |fit: &ppl_lang::Fit| {
        fit.notes
            .iter()
            .any(|n| n.contains("`h` by its innovations"))
    };
    assert!(said(&fit), "{:?}", fit.notes);
    assert!(
        fit.guide_text.contains("noncentered = h"),
        "{}",
        fit.guide_text
    );
    // A former fit is carried over to innovations as well.
    let former = Some(Former::from(&fit));
    let again = bound
        .fit(&FitOptions { former, ..options }, &mut Silent)
        .expect("a fit");
    let of = |f: &ppl_lang::Fit| f.elbo.expect("a bound").headline();
    let (one, other) = (of(&fit), of(&again));
    assert!((one.value - other.value).abs() < 4.0 * one.se.hypot(other.se) + 0.02);
    // A guide that holds correlations keeps the elements, whose precision is banded.
    let full = bound.fit(&with_guide(GuideChoice::FullRank), &mut Silent);
    assert!(
        !full
            .expect("a fit")
            .notes
            .iter()
            .any(|n| n.contains("innovations"))
    );
}
