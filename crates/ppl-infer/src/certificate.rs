//! The verdict: one word for how far the answer can be trusted, and one sentence that names the reason. All rules stand
//! here.
//!
//! | verdict | optimum found | summaries |
//! |---|---|---|
//! | certified | yes | importance weights are well behaved for every quantity, nothing else was found that matters |
//! | optimised | yes | the family is too small for this posterior |
//! | approximate | the averages of the stochastic engine agree, no more is known | as they are |
//! | failed | no | none, or the best iterate |

use crate::deterministic::Inspection;
use crate::fit::{Fit, Verdict};
use crate::psis::k_threshold;
use crate::sampled::Sampled;
use crate::stochastic::Outcome;

/// Above this effective share of the draws the guide is as good as exact, whatever the tail of the weights looks like.
pub(crate) const NEARLY_CONSTANT: f64 = 0.97;

/// The same where draws have been thinned, so that only the largest weights vary.
pub(crate) const NEARLY_CONSTANT_THINNED: f64 = 0.99;

/// Weights that leave a smaller share of the draws effective have hardly been seen where they are large.
const FEW_EFFECTIVE: f64 = 0.1;

/// The largest whitened gradient and curvature residual of an optimum, on independent draws.
const GRADIENT: f64 = 0.1;
const CURVATURE: f64 = 0.1;

/// Another optimum with less of the evidence is not worth a word.
pub(crate) const SHARE: f64 = 0.01;

/// What another mode may add to a variance, as a part of it, before it has a share worth telling however small that is; what has less of
/// the evidence than the second is not known well enough.
const ADDED: f64 = 0.1;
const KNOWN: f64 = 1e-4;

/// Where a larger share of the starts led to optima that no other start found there are more than are known.
const UNSEEN: f64 = 0.1;

/// Nats that a richer family must add for the guide to be called too small.
const RICHER: f64 = 0.1;

/// Nats of standard error beyond which nothing is known of a bound.
const UNKNOWN: f64 = 1e3;

/// What the verdict is made from, beside the fit.
pub(crate) struct Findings<'a> {
    /// How the optimisation ended.
    pub(crate) outcome: &'a Outcome,
    /// Whether the deterministic engine found the optimum.
    pub(crate) deterministic: bool,
    /// Discrete sites that the guide draws.
    pub(crate) drawn: &'a [String],
    /// What fresh draws showed.
    pub(crate) sampled: &'a Sampled,
    /// The second look.
    pub(crate) inspection: Option<&'a Inspection>,
}

/// The word and its sentence.
pub(crate) fn verdict(findings: &Findings, fit: &Fit) -> Verdict {
    if let Some(reason) = failure(findings) {
        return Verdict::Failed { reason };
    }
    if let Some(elbo) = fit.elbo.map(|e| e.headline()).filter(|e| e.se > UNKNOWN) {
        return Verdict::Failed {
            reason: format!(
                "the bound is {:.3e} with a standard error of {:.1e}: the guide reaches to where the density all but vanishes",
                elbo.value, elbo.se
            ),
        };
    }
    if fit.params.is_empty() {
        return Verdict::Certified {
            reason: "all unknowns are discrete and summed out; nothing is left to approximate"
                .into(),
        };
    }
    if let [name, ..] = findings.drawn {
        return Verdict::Approximate {
            reason: format!(
                "the averages agree; `{name}` is discrete and drawn by the guide, so no gradient confirms that this is the optimum"
            ),
        };
    }
    if let Some(reason) = unconfirmed(findings) {
        return Verdict::Approximate { reason };
    }
    match too_small(findings, fit) {
        Some(reason) => Verdict::Optimised { reason },
        None => Verdict::Certified {
            reason: sound(findings, fit),
        },
    }
}

impl Findings<'_> {
    /// Whether richer guides may start from a Gaussian: from its optimum, or from where the engines left it, unless it leads out of
    /// what has a finite density and integral.
    pub(crate) fn is_start(&self) -> bool {
        let escapes = self.inspection.is_some_and(|i| i.escape.is_some());
        let ended = self.outcome.is_settled() || matches!(self.outcome, Outcome::Unsettled { .. });
        ended && self.sampled.is_mostly_inside() && !escapes
    }
}

/// A guide's verdict, where the Gaussian that it starts from has no optimum: weights that do not confirm the one say nothing for the other.
pub(crate) fn after_failure(found: Verdict, gaussian: &Verdict) -> Verdict {
    match (found, gaussian) {
        (Verdict::Optimised { reason }, Verdict::Failed { .. }) => Verdict::Approximate {
            reason: format!("{reason}; and the Gaussian that the guide starts from has no optimum"),
        },
        (found, _) => found,
    }
}

/// Why there is no optimum.
fn failure(findings: &Findings) -> Option<String> {
    let sampled = findings.sampled;
    if sampled.non_finite == sampled.n {
        let place = sampled.culprit.as_deref().unwrap_or("the guide");
        return Some(format!(
            "the log density is not finite at any draw; {place} is the first that is not"
        ));
    }
    if let Some(escape) = findings.inspection.and_then(|i| i.escape.as_ref()) {
        return Some(format!("the posterior is improper: {}", escape.words));
    }
    match findings.outcome {
        Outcome::Diverged { reason } => return Some(reason.clone()),
        Outcome::Interrupted => {
            return Some("stopped before the end, by an interrupt or by `--max-steps`; these are the values of the best iterate so far".into());
        }
        Outcome::StepLimit => {
            return Some("the limit of steps came before convergence, and these are the values of the best iterate so far; raise `--max-steps`".into());
        }
        Outcome::Unsettled { reason } => {
            return Some(format!(
                "more draws still moved the optimum, and gradient steps from there did not help: {reason}; these are the values of the best iterate so far"
            ));
        }
        Outcome::Converged | Outcome::Costly => {}
    }
    if sampled.non_finite > 0 {
        let place = sampled.culprit.as_deref().unwrap_or("the guide");
        return Some(format!(
            "{} of {} draws have a log density that is not finite; {place} is the first that is not",
            sampled.non_finite, sampled.n
        ));
    }
    None
}

/// Why it is not known that this is the optimum of its family.
fn unconfirmed(findings: &Findings) -> Option<String> {
    let known = |v: f64| !v.is_nan();
    let stood = match findings.outcome {
        Outcome::Costly => "more draws would cost too much",
        _ => "the optimiser stood still",
    };
    match findings.inspection {
        Some(i) if known(i.gradient) && known(i.curvature) => {
            let what = if i.gradient > GRADIENT {
                format!("the whitened gradient is {:.2}", i.gradient)
            } else if i.curvature > CURVATURE {
                format!("the curvature is off by {:.2}", i.curvature)
            } else {
                return None;
            };
            Some(format!(
                "{stood}, but on draws of their own {what}: the optimum is near, not met"
            ))
        }
        _ if *findings.outcome == Outcome::Costly => Some(format!(
            "{stood}, and nothing else confirms that this is the optimum"
        )),
        _ if findings.deterministic => None,
        _ => Some("the averages of the stochastic engine agree; nothing else confirms that this is the optimum".into()),
    }
}

/// The share of the starts that led where no other did, if there are more modes than were found.
pub(crate) fn unseen(fit: &Fit) -> Option<f64> {
    let starts = fit.certificate.starts.as_ref()?;
    let several = starts.others.iter().any(|o| o.weight > SHARE);
    (several && starts.unseen > UNSEEN).then_some(starts.unseen)
}

/// Why the family is too small for this posterior.
fn too_small(findings: &Findings, fit: &Fit) -> Option<String> {
    let because = || match findings.inspection.and_then(|i| i.cause.as_ref()) {
        Some(cause) => format!("; the posterior {}", cause.words),
        None => String::new(),
    };
    if let Some(starts) = &fit.certificate.starts
        && starts.others.len() >= fit.certificate.parts
        && let Some(other) = starts.others.iter().find(|o| counts(fit, o))
    {
        let n = starts.others.iter().filter(|o| counts(fit, o)).count() + 1;
        return Some(format!(
            "the posterior has {n} modes or more, and the guide describes one, with {}% of the evidence found; another with {}% {}{}",
            percent(starts.weight),
            percent(other.weight),
            place(fit, other),
            because()
        ));
    }
    if let Some(share) = unseen(fit) {
        return Some(format!(
            "{:.0}% of the starts led to modes that no other start found, so that there are more than those found",
            100.0 * share
        ));
    }
    if let Some(richer) = &fit.certificate.richer
        && richer.gain.value > (2.0 * richer.gain.se).max(RICHER)
    {
        return Some(format!(
            "a {} guide raises the bound by {:.2}: the unknowns are correlated, and the sds too small without that; `--guide {}`",
            richer.family, richer.gain.value, richer.family
        ));
    }
    let limit = findings.sampled.limit();
    if fit.k_hat.is_nan() {
        return Some("k-hat could not be computed".into());
    }
    let constant = findings.sampled.is_constant();
    if fit.k_hat > limit && !constant {
        return Some(format!(
            "the guide misses part of the posterior (k-hat {:.2} is above {limit:.2}){}",
            fit.k_hat,
            because()
        ));
    }
    let share = fit.certificate.effective / findings.sampled.n as f64;
    if share < FEW_EFFECTIVE && !constant {
        return Some(format!(
            "few of the draws lie where the posterior does ({:.1}% are effective){}",
            100.0 * share,
            because()
        ));
    }
    let threshold = k_threshold(findings.sampled.n);
    let worst = fit.rows.iter().filter(|r| r.k_hat > threshold);
    let Some(worst) = worst.max_by(|a, b| a.k_hat.total_cmp(&b.k_hat)) else {
        let fixed = findings.sampled.keeps_theta() && !constant;
        return fixed.then(|| {
            "the few unknowns that the others hang on were drawn from an approximation and did not move from there, so that these weights cannot tell what their tails lack".into()
        });
    };
    // Constant weights say that the guide is right: the tails are the posterior's own, and its sd rests on few draws all the same.
    Some(match constant {
        true => format!(
            "the optimum was found and the guide is close to the posterior, but the tails of `{}` are too long for its mean and sd to be known by {} draws (its k-hat {:.2} is above {threshold:.2})",
            worst.name, findings.sampled.n, worst.k_hat
        ),
        false => format!(
            "the tails of `{}` are too long for its mean and sd to be known by these draws (its k-hat {:.2} is above {threshold:.2}){}",
            worst.name,
            worst.k_hat,
            because()
        ),
    })
}

/// A share in per cent, with decimals where it is near none or all.
fn percent(share: f64) -> String {
    let places = 2 * usize::from(share.min(1.0 - share) < SHARE);
    format!("{:.places$}", 100.0 * share)
}

/// Whether another mode counts: by its share of the evidence, or by what a small share far away adds to a variance.
pub(crate) fn counts(fit: &Fit, other: &crate::fit::Mode) -> bool {
    let adds = |(name, at): &(String, f64)| {
        let row = fit.rows.iter().find(|r| r.name == *name);
        row.is_some_and(|row| other.weight * ((at - row.mean) / row.sd).powi(2) > ADDED)
    };
    other.weight > SHARE || other.weight > KNOWN && other.centre.iter().any(adds)
}

/// Where another optimum is: the quantity that differs most, in sds.
fn place(fit: &Fit, other: &crate::fit::Mode) -> String {
    let far = |(name, at): &(String, f64)| {
        let row = fit.rows.iter().find(|r| r.name == *name)?;
        let distance = (at - row.mean).abs() / row.sd;
        distance.is_finite().then_some((distance, row, *at))
    };
    let most = other.centre.iter().filter_map(far);
    match most.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((_, row, at)) => {
            let places = (1.0 - row.sd.log10()).ceil().clamp(0.0, 12.0) as usize;
            format!(
                "has `{}` near {at:.places$} rather than {:.places$}",
                row.name, row.mean
            )
        }
        None => "lies elsewhere".into(),
    }
}

/// The sentence of a certified fit.
fn sound(findings: &Findings, fit: &Fit) -> String {
    let threshold = findings.sampled.limit();
    if fit.k_hat > threshold {
        return format!(
            "the weights are nearly constant ({:.1}% of the draws are effective), so the guide's own summaries stand, although a few draws give k-hat {:.2}",
            100.0 * findings.sampled.effective,
            fit.k_hat
        );
    }
    let wider = match (fit.wider, findings.sampled.is_constant()) {
        (true, true) => ", by draws wider than the guide, which reach further into the tails",
        (true, false) => ", by draws wider than the guide, whose tails are too light",
        (false, _) => "",
    };
    let found = match fit.certificate.parts {
        0 | 1 => "the optimum was found".to_owned(),
        n => format!("the starts found {n} modes, for each of which the guide has a part"),
    };
    format!(
        "{found}, and the summaries are importance-corrected{wider} (k-hat {:.2}, below {threshold:.2})",
        fit.k_hat
    )
}
