//! A richer guide where the best Gaussian is not good enough: tried, compared on fresh draws, and adopted or not.

use crate::certificate::{Findings, verdict};
use crate::choice::{NESTED, NESTED_TEXT, is_nested};
use crate::deterministic::{Found, Inspection, Layout, nest};
use crate::engine::FitError;
use crate::fit::{Estimate, Fit, Verdict};
use crate::options::{FitOptions, GuideChoice};
use crate::psis::k_threshold;
use crate::sampled::{Sampled, sample};
use crate::source::{Drawn, Source};
use crate::stochastic::Outcome;
use ppl_model::Bound;

/// Draws that its certificate rests on, unless more are asked for.
const DRAWS: usize = 10_000;

/// Nats by which the weight of another optimum's centre may be above the bound for the guide to cover it.
const COVERED: f64 = 3.0;

/// Nats between the bound and the log evidence from which a richer guide is worth while, whatever the verdict: that is near its edge
/// under some seeds, and what the fit ends with must not hang on it.
const GAP: f64 = 0.03;

/// From this k-hat of a quantity its summary is sought among the draws before they are thinned as well: these reach further into its
/// tails.
const LONG: f64 = 0.5;

/// Whether any part of the guide is written, or has a family of its own.
fn is_written(bound: &Bound) -> bool {
    let model = &bound.model;
    model.has_written_guide || model.partial_guide.is_some() || !model.site_families.is_empty()
}

/// Whether nobody said which guide.
fn is_free(bound: &Bound, options: &FitOptions) -> bool {
    let free = options.guide == GuideChoice::Auto && bound.model.guide_family.is_none();
    free && !is_written(bound)
}

/// What may be tried after the Gaussian, and when.
pub(crate) fn in_words(bound: &Bound, options: &FitOptions, deterministic: bool) -> String {
    let what = "a mixture for the few unknowns that the curvature of the others changes with, which the Gaussian's optimum shows, and given these a Gaussian around the mode of the others";
    if is_written(bound) {
        "none: the guide is written, or has families of its own for some sites".to_owned()
    } else if !deterministic {
        "none: a nested guide starts from a Gaussian of the deterministic engine".to_owned()
    } else if is_nested(bound, options.guide) {
        format!("{NESTED}, which was asked for: {what}")
    } else if is_free(bound, options) {
        format!(
            "{NESTED}, where the importance weights say that the Gaussian is not good enough: {what}; kept if it raises the bound"
        )
    } else {
        "none: the family was asked for".to_owned()
    }
}

/// What a richer guide gave.
pub(crate) struct Refined {
    pub(crate) fit: Fit,
    pub(crate) sampled: Sampled,
    pub(crate) drawn: Drawn,
}

/// The largest k-hat of the weights and of the quantities.
fn worst(fit: &Fit) -> f64 {
    let rows = fit.rows.iter().map(|r| r.k_hat).filter(|k| !k.is_nan());
    rows.fold(fit.k_hat, f64::max)
}

/// Tries the nested guide where that is asked for or wanted. `None`: the fit stands as it is.
pub(crate) fn refine(
    bound: &Bound,
    layout: &Layout,
    options: &FitOptions,
    params: &[f64],
    others: Option<&Found>,
    findings: &Findings,
    fit: &mut Fit,
) -> Result<Option<Refined>, FitError> {
    let asked = is_nested(bound, options.guide);
    let certified = matches!(fit.verdict, Verdict::Certified { .. });
    let failed = matches!(fit.verdict, Verdict::Failed { .. });
    let near = certified && findings.sampled.gap() <= GAP;
    let wanted = is_free(bound, options) && !failed && !near;
    if !asked && !wanted {
        return Ok(None);
    }
    if is_written(bound) {
        fit.notes
            .push("there is no nested guide beside one that is written".to_owned());
        return Ok(None);
    }
    let mut nested = match nest(bound, layout, params, options.seed)? {
        Ok(nested) => nested,
        Err(why) => {
            if asked {
                fit.notes.push(format!(
                    "there is no nested guide for this model, and the Gaussian stands: {why}"
                ));
            }
            return Ok(None);
        }
    };
    let [drawn, all] = nested.draws(DRAWS.min(fit.certificate.draws).max(options.draws));
    let mut found = fit.clone();
    found.guide = NESTED.to_owned();
    // The coordinates are the Gaussian's, whose text says which sites are in units of their priors.
    let lines = fit.guide_text.lines().map(|line| format!("// {line}\n"));
    found.guide_text = format!(
        "{NESTED_TEXT}// around this Gaussian:\n{}",
        lines.collect::<String>()
    );
    found.wider = false;
    found.pointwise = None;
    found.gradient_evaluations += nested.evaluations;
    let source = Source {
        params,
        outside: Some(&drawn),
    };
    let sampled = sample(bound, options, source, false, &mut found)?;
    if worst(&found) > LONG {
        let apart = FitOptions {
            pointwise: false,
            ..options.clone()
        };
        let source = Source {
            params,
            outside: Some(&all),
        };
        let mut further = found.clone();
        let before = sample(bound, &apart, source, false, &mut further)?;
        if before.non_finite == 0 && further.corrected {
            let rows = found.rows.iter_mut().zip(further.rows);
            for (row, other) in rows.filter(|(row, other)| other.k_hat < row.k_hat) {
                *row = other;
            }
        }
    }
    found.certificate.gradient_norm = f64::NAN;
    found.certificate.curvature_residual = f64::NAN;
    found.certificate.richer = None;
    found.certificate.linear_response.clear();
    // Optima of one Gaussian may be parts of one funnel, which this guide covers.
    if let (Some(others), Some(elbo)) = (others, found.elbo)
        && let Some(starts) = &mut found.certificate.starts
    {
        // A mixture over everything describes modes no better than one of optima.
        let partial = nested.is_partial();
        let mut misses = |(params, ..): &(Vec<f64>, f64, f64)| {
            let weight = nested.log_weight(&layout.centre(params));
            weight.is_nan() || weight > elbo.headline().value + COVERED
        };
        if partial && !others.others.iter().any(&mut misses) {
            starts.others.clear();
            starts.weight = 1.0;
        } else if !asked && !others.others.is_empty() {
            // Modes apart are for another family.
            return Ok(None);
        }
    }
    let inspection = Inspection {
        gradient: f64::NAN,
        curvature: f64::NAN,
        escape: findings.inspection.and_then(|i| i.escape.clone()),
        richer: None,
        cause: None,
        response: vec![],
    };
    found.verdict = verdict(
        &Findings {
            outcome: &Outcome::Converged,
            // Whichever engine found the Gaussian: this guide is fitted to the density itself, and its weights tell how well.
            deterministic: true,
            sampled: &sampled,
            inspection: Some(&inspection),
            drawn: findings.drawn,
        },
        &found,
    );
    // Weights that do not confirm this guide say no more of the Gaussian that it is built around.
    if let (Verdict::Optimised { .. }, Verdict::Approximate { .. }) = (&found.verdict, &fit.verdict)
    {
        found.verdict = fit.verdict.clone();
    }
    let Some(gain) = gain(fit, &found) else {
        return Ok(None);
    };
    let threshold = k_threshold(sampled.n);
    let worse = certified && !matches!(found.verdict, Verdict::Certified { .. });
    let rises = gain.value > 2.0 * gain.se && !worse;
    let mends = worst(fit) > threshold && worst(&found) <= threshold && gain.value > -2.0 * gain.se;
    if sampled.non_finite > 0 || !(asked || rises || mends) {
        return Ok(None);
    }
    found.notes.push(format!(
        "nested guide: a mixture for {}; it raises the bound of one Gaussian by {:.2} (se {:.2})",
        parts(&nested.theta, nested.is_partial()),
        gain.value,
        gain.se
    ));
    Ok(Some(Refined {
        fit: found,
        sampled,
        drawn,
    }))
}

/// Which unknowns the mixture is for, each name once, and what the others get.
fn parts(theta: &[String], partial: bool) -> String {
    if !partial {
        return "all unknowns".to_owned();
    }
    let mut names: Vec<String> = vec![];
    for name in theta.iter().map(|n| format!("`{n}`")) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let given = if theta.len() == 1 { "it" } else { "them" };
    let names = names.join(", ");
    format!("{names}, and given {given} a Gaussian around the mode of all others")
}

/// What the bound gains, on independent draws.
fn gain(before: &Fit, after: &Fit) -> Option<Estimate> {
    let (before, after) = (before.elbo?.headline(), after.elbo?.headline());
    let value = after.value - before.value;
    value.is_finite().then(|| Estimate {
        value,
        se: before.se.hypot(after.se),
    })
}
