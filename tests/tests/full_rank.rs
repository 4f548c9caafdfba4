//! Joint Gaussian guides over many unknowns: the bound's gradient is that of differences, and a Gaussian posterior's
//! evidence is found.

use ppl_infer::stochastic::Target;
use ppl_lang::GuideChoice;
use ppl_tests::{bind, differences, fit, ln_normal, objective, with_guide};

/// Twenty unknowns that their sum correlates.
const MODEL: &str = "axis k = 20; x[k] ~ Normal(0, 1); observe 3.0 ~ Normal(sum(x), 0.5);";

#[test]
fn gradients_are_those_of_differences() {
    let bound = bind(MODEL, "");
    let mut target = objective(&bound, "full-rank", 4, 7);
    let at: Vec<f64> = target
        .initial()
        .iter()
        .enumerate()
        .map(|(i, v)| v + 0.1 * (i as f64).sin())
        .collect();
    let mut gradient = vec![0.0; at.len()];
    target.estimate(&at, 3, &mut gradient);
    assert_eq!(at.len(), 20 + 400 + 20);
    let cell = std::cell::RefCell::new(target);
    let value = |u: &[f64]| vec![cell.borrow_mut().estimate(u, 3, &mut vec![0.0; u.len()])];
    for i in (0..at.len()).step_by(13) {
        let (slope, error) = differences(&value, &at, i)[0];
        assert!(
            (gradient[i] - slope).abs() < 1e-7 * (1.0 + slope.abs()) + 10.0 * error,
            "parameter {i}: {} instead of {slope}",
            gradient[i]
        );
    }
}

#[test]
fn a_gaussian_posterior_is_in_the_family() {
    let fit = fit(MODEL, "", &with_guide(GuideChoice::FullRank));
    let expected = ln_normal(3.0, 0.0, (20.0f64 + 0.25).sqrt());
    let found = fit.elbo.as_ref().expect("a bound").log_evidence;
    assert!(
        (found.value - expected).abs() < 0.02,
        "{} instead of {expected}",
        found.value
    );
}
