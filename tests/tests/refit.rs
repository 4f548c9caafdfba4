//! A former fit as a start: less work for the same answer, and no harm by a bad one.

use ppl_lang::parts::infer::engine::FitError;
use ppl_lang::{Fit, FitOptions, Former, GuideChoice, Silent};
use ppl_tests::{bind, csv, fit, row, with_guide};

/// From a former fit, all else as usual.
fn from(former: &Fit, guide: GuideChoice) -> FitOptions {
    FitOptions {
        former: Some(Former::from(former)),
        ..with_guide(guide)
    }
}

/// Bounds within their errors, and the guide where these cannot tell: a mean that is off by so many sds costs half of their square, and
/// 0.02 nat end the optimisation.
fn same(a: &Fit, b: &Fit) {
    let (x, y) = (
        a.elbo.expect("a bound").headline(),
        b.elbo.expect("a bound").headline(),
    );
    let apart = (x.value - y.value).abs();
    assert!(apart < 0.02 + 4.0 * x.se.hypot(y.se), "{x:?} {y:?}");
    for r in &a.guide_rows {
        let other = b.guide_rows.iter().find(|o| o.name == r.name);
        let other = other.expect("the same rows");
        assert!((r.mean - other.mean).abs() < 0.2 * r.sd, "{r:?} {other:?}");
        assert!((r.sd / other.sd - 1.0).abs() < 0.08, "{r:?} {other:?}");
    }
}

fn wave(i: usize) -> f64 {
    ((i * 37 + 11) % 101) as f64 / 101.0 - 0.5
}

/// y about 1 + 2 x in groups.
fn groups(n: usize, g: usize) -> String {
    let mut out = String::from("g,x,y\n");
    for i in 0..n {
        let (k, x) = (i % g, wave(i + 7));
        let y = 1.0 + 2.0 * x + 0.8 * wave(3 * k + 5) + 0.6 * wave(5 * i);
        out += &format!("g{k},{x},{y}\n");
    }
    out
}

const GROUPS: &str = "axis g; data g[row]: g; data x[row]: real; data y[row]: real;
m ~ Normal(0, 5); t ~ HalfNormal(1); a[g] ~ Normal(m, t); b ~ Normal(0, 5); s ~ HalfNormal(1);
observe y ~ Normal(a[g] + b * x, s);";

/// Every kind of support, in units of priors and not.
const SUPPORTS: &str = "data y[row]: real; axis k = 3; axis g = 2;
lo ~ Normal(0, 1); p[k] ~ Dirichlet(2); u ~ Beta(2, 3); above ~ Exponential(1).truncated(lower = 1, upper = 9);
c[k]: ordered ~ Normal(0, 2); L[k, k] ~ LkjCholesky(2); w[g, k] ~ Dirichlet(1.5);
z[k] ~ MultiNormal(lo, scale_tril = 0.7 * L);
observe y ~ Normal(lo + p @ c + 0.3 * u + 0.1 * above + 0.2 * sum(z) + sum(sum(w ^ 2, over = k)), 1);";

#[test]
fn the_same_data_again_cost_little() {
    let cases = [
        (GROUPS, groups(60, 5), GuideChoice::FullRank),
        (GROUPS, groups(60, 5), GuideChoice::MeanField),
        (GROUPS, groups(60, 5), GuideChoice::Sparse),
    ];
    for (model, data, guide) in cases {
        let cold = fit(model, &data, &with_guide(guide));
        let warm = fit(model, &data, &from(&cold, guide));
        same(&cold, &warm);
        assert_eq!(cold.guide_text, warm.guide_text);
        assert!(
            3 * warm.gradient_evaluations < cold.gradient_evaluations,
            "{guide:?}: {} then {}",
            cold.gradient_evaluations,
            warm.gradient_evaluations
        );
        let said = |n: &String| n.contains("one of the starts: 9 unknowns");
        assert!(warm.notes.iter().any(said), "{:?}", warm.notes);
    }
}

#[test]
fn every_support_goes_there_and_back() {
    let y: Vec<f64> = (0..30).map(|i| 1.5 + 2.0 * wave(i)).collect();
    let data = csv(&[("y", &y)]);
    for guide in [GuideChoice::MeanField, GuideChoice::FullRank] {
        let few = |former: Option<Former>| FitOptions {
            max_steps: 1500,
            former,
            ..with_guide(guide)
        };
        let cold = fit(SUPPORTS, &data, &few(None));
        let warm = fit(SUPPORTS, &data, &few(Some(Former::from(&cold))));
        // Two starts, the former fit and zero: had a number come back wrong, all would have been tried.
        let tried = warm
            .certificate
            .starts
            .as_ref()
            .map(|s| (s.tried, s.agreeing));
        assert_eq!(tried, Some((2, 2)), "{guide:?} {:?}", warm.verdict);
    }
}

#[test]
fn a_bad_start_does_no_harm() {
    // Another scale, another sign, no spread within the groups: wherever that leads, it is one start of many.
    let mut far = String::from("g,x,y\n");
    for i in 0..60 {
        far += &format!("g{},{},{}\n", i % 5, wave(i), -4000.0 * wave(i) - 900.0);
    }
    let data = groups(60, 5);
    let misled = fit(GROUPS, &far, &with_guide(GuideChoice::FullRank));
    let cold = fit(GROUPS, &data, &with_guide(GuideChoice::FullRank));
    let warm = fit(GROUPS, &data, &from(&misled, GuideChoice::FullRank));
    same(&cold, &warm);
    assert_eq!(cold.verdict.word(), warm.verdict.word());
}

#[test]
fn a_wrong_mode_does_no_harm() {
    // The sign of `a` is told by the prior alone, which the former fit had the other way round.
    let model = |m: f64| {
        format!("data y[row]: real; a ~ Normal({m}, 0.5); observe y ~ Normal(a ^ 2, 0.5);")
    };
    let y: Vec<f64> = (0..20).map(|i| 1.0 + wave(i)).collect();
    let data = csv(&[("y", &y)]);
    let former = fit(&model(-2.0), &data, &with_guide(GuideChoice::FullRank));
    let cold = fit(&model(2.0), &data, &with_guide(GuideChoice::FullRank));
    let warm = fit(&model(2.0), &data, &from(&former, GuideChoice::FullRank));
    assert!(row(&former, "a").mean < 0.0);
    same(&cold, &warm);
}

#[test]
fn rows_groups_priors_and_sites_may_change() {
    let former = fit(GROUPS, &groups(60, 5), &with_guide(GuideChoice::FullRank));
    let edited = GROUPS
        .replace("b ~ Normal(0, 5)", "b ~ Normal(1, 2); c ~ Normal(0, 1)")
        .replace("b * x,", "b * x + c * x ^ 2,");
    let data = groups(84, 7);
    let cold = fit(&edited, &data, &with_guide(GuideChoice::FullRank));
    let warm = fit(&edited, &data, &from(&former, GuideChoice::FullRank));
    same(&cold, &warm);
    let said = |n: &String| n.contains("it does not know `a[g5]`, `a[g6]`, `c`");
    assert!(warm.notes.iter().any(said), "{:?}", warm.notes);
    let evaluations = [&cold, &warm].map(|f| f.gradient_evaluations);
    assert!(2 * evaluations[1] < evaluations[0], "{evaluations:?}");
    let back = fit(GROUPS, &groups(40, 4), &from(&warm, GuideChoice::FullRank));
    let said = |n: &String| n.contains("no longer in the model: `a[g4]`, `a[g5]`, `a[g6]`, `c`");
    assert!(back.notes.iter().any(said), "{:?}", back.notes);
}

#[test]
fn another_model_is_refused() {
    let y = csv(&[("y", &[1.0, 2.0])]);
    let former = fit(
        "data y[row]: real; mu ~ Normal(0, 1); observe y ~ Normal(mu, 1);",
        &y,
        &with_guide(GuideChoice::FullRank),
    );
    let other = bind(
        "data y[row]: real; nu ~ Normal(0, 1); observe y ~ Normal(nu, 1);",
        &y,
    );
    let refused = other.fit(&from(&former, GuideChoice::FullRank), &mut Silent);
    assert!(matches!(refused, Err(FitError::Former)), "{refused:?}");
}

#[test]
fn the_note_tells_where_no_engine_starts_from_a_former_fit() {
    let y = csv(&[("y", &[1.0, 2.0, 0.5, 1.5])]);
    let plain =
        "data y[row]: real; mu ~ Normal(0, 1); s ~ Exponential(1); observe y ~ Normal(mu, s);";
    let written = format!(
        "{plain} guide {{ param m = 0; param c = 0; param w: positive = 1; s ~ LogNormal(0, w); mu ~ Normal(m + c * s, w); }}"
    );
    let former = fit(plain, &y, &with_guide(GuideChoice::FullRank));
    let found = fit(&written, &y, &from(&former, GuideChoice::Auto));
    let said = |words: &str| found.notes.iter().any(|n| n.contains(words));
    assert!(said("the former fit was no start"), "{:?}", found.notes);
    assert!(!said("one of the starts"), "{:?}", found.notes);
}
