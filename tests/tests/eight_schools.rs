//! Eight schools, centred and not, against a long run of a sampler (ten chains, ten thousand draws, R-hat below 1.001).

use ppl_lang::parts::guide;
use ppl_lang::{Fit, FitOptions, GuideChoice, Verdict};
use ppl_tests::{bind, fit, row, with_guide};

/// Name, posterior mean, posterior sd.
const REFERENCE: [(&str, f64, f64); 10] = [
    ("mu", 4.4105, 3.3093),
    ("tau", 3.6021, 3.1985),
    ("theta[1]", 6.1505, 5.6159),
    ("theta[2]", 4.9396, 4.6456),
    ("theta[3]", 3.9059, 5.2807),
    ("theta[4]", 4.7960, 4.7709),
    ("theta[5]", 3.6144, 4.6147),
    ("theta[6]", 4.0511, 4.7962),
    ("theta[7]", 6.3172, 5.0029),
    ("theta[8]", 4.8840, 5.3177),
];

const NON_CENTRED: &str = include_str!("../../examples/eight_schools/model.ppl");
const CENTRED: &str = include_str!("../../examples/eight_schools_centered/model.ppl");
const DATA: &str = include_str!("../../examples/eight_schools/data.csv");

/// Every mean within `mean` reference sds and every sd within `sd` of the reference, relatively, but for `except`.
fn check(fit: &Fit, mean: f64, sd: f64, except: &str) {
    for (name, reference_mean, reference_sd) in REFERENCE {
        let r = row(fit, name);
        let (off, ratio) = (
            (r.mean - reference_mean) / reference_sd,
            r.sd / reference_sd,
        );
        let line = format!(
            "{} {name}: mean {:.3} ({off:+.3} sd), sd {:.3} (ratio {ratio:.3})",
            fit.guide, r.mean, r.sd
        );
        eprintln!("{line}");
        assert!(
            name == except || (off.abs() <= mean && (ratio - 1.0).abs() <= sd),
            "{line}"
        );
    }
}

#[test]
fn non_centred_with_defaults() {
    let fit = self::fit(NON_CENTRED, DATA, &FitOptions::default());
    // The tails of `tau` are too long for one Gaussian: its k-hat is above 0.7 there, and the verdict `optimised`.
    assert!(
        matches!(fit.verdict, Verdict::Certified { .. }) && fit.guide == "nested",
        "{:?}",
        fit.verdict
    );
    assert!(fit.k_hat < 0.7, "{}", fit.k_hat);
    check(&fit, 0.06, 0.06, "");
}

#[test]
fn non_centred_mean_field() {
    check(
        &fit(NON_CENTRED, DATA, &with_guide(GuideChoice::MeanField)),
        0.15,
        0.25,
        "",
    );
}

/// The same posterior: the automatic guide draws `theta` in units of its prior.
#[test]
fn centred_with_defaults() {
    let fit = fit(CENTRED, DATA, &FitOptions::default());
    assert!(fit.k_hat < 0.7, "{}", fit.k_hat);
    check(&fit, 0.15, 0.15, "");
}

#[test]
fn centred_mean_field() {
    check(
        &fit(CENTRED, DATA, &with_guide(GuideChoice::MeanField)),
        0.15,
        0.25,
        "",
    );
}

/// No Gaussian over `theta` itself follows the funnel of `tau` (its sd comes out near a third of the truth): the schools
/// are right, and k-hat says that something is not.
#[test]
fn a_centred_guide_admits_what_it_misses() {
    let bound = bind(CENTRED, DATA);
    let guide = guide::text(
        guide::find("full-rank").expect("a family"),
        bound.inner(),
        guide::Centring::Centred,
    );
    let fit = fit(&format!("{CENTRED}\n{guide}"), DATA, &FitOptions::default());
    check(&fit, 0.15, 0.25, "tau");
    assert!(
        fit.k_hat > 0.7 && fit.verdict.word() == "optimised" && row(&fit, "tau").k_hat > 0.7,
        "{} {:?}",
        fit.k_hat,
        fit.verdict
    );
}
