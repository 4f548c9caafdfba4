//! What fresh draws of the fitted guide say: the bound, k-hat, the summaries and the verdict.

use crate::collect::collect;
use crate::elbo::{Terms, elbo};
use crate::engine::FitError;
use crate::fit::{Draws, Fit, Verdict};
use crate::objective::Sampler;
use crate::options::FitOptions;
use crate::psis::{Psis, k_threshold, psis};
use crate::stochastic::Outcome;
use crate::summary::{summarise, summarise_weighted};
use ndarray::Array2;
use ppl_engine::random::{Address, fill_uniform};
use ppl_model::Bound;

/// Fresh draws that the bound, k-hat and the summaries rest on, unless more are asked for.
const CERTIFY_DRAWS: usize = 10_000;

/// Fewer draws where so many numbers would have to be kept, and where the data are so long that the certificate would take
/// longer than the fit.
fn certify_draws(kept: usize, data: usize) -> usize {
    let by_memory = 20_000_000 / kept.max(1);
    let by_work = (200_000_000 / data.max(1)).max(1000);
    CERTIFY_DRAWS.min(by_memory).min(by_work)
}

/// Above this effective share of the draws the guide is as good as exact, whatever the tail of the weights looks like.
const NEARLY_CONSTANT: f64 = 0.97;

/// (sum w)^2 / (n sum w^2) of the raw importance weights.
fn effective_share(log_weights: &[f64]) -> f64 {
    let peak = log_weights
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    let (mut sum, mut squares) = (0.0, 0.0);
    for w in log_weights.iter().map(|w| (w - peak).exp()) {
        sum += w;
        squares += w * w;
    }
    sum * sum / (squares * log_weights.len() as f64)
}

/// What the fresh draws showed.
pub(crate) struct Sampled {
    /// Effective share of the draws under the raw weights.
    effective: f64,
    pub(crate) non_finite: usize,
    n: usize,
    culprit: Option<String>,
}

/// Draws from the fitted guide: the bound, k-hat and the summaries.
pub(crate) fn sample(
    bound: &Bound,
    options: &FitOptions,
    params: &[f64],
    hurried: bool,
    fit: &mut Fit,
) -> Result<Sampled, FitError> {
    let batch = if hurried { 20 } else { 100 };
    let mut sampler = Sampler::new(bound, batch, options.seed)?;
    let widths: Vec<usize> = sampler
        .quantities
        .iter()
        .map(|q| q.elements.len())
        .collect();
    let width: usize = widths.iter().sum();
    let n = if hurried {
        2 * batch
    } else {
        certify_draws(width, bound.largest_array())
            .max(options.draws)
            .max(2)
    };
    let mut plain = collect(&mut sampler, bound, params, n, false)?;
    let culprit = plain.culprit.take().map(|(place, fault)| {
        fit.fault = fault;
        place
    });
    let names: Vec<String> = sampler
        .quantities
        .iter()
        .flat_map(|q| q.elements.iter().cloned())
        .collect();
    let roles: Vec<&'static str> = sampler
        .quantities
        .iter()
        .zip(&widths)
        .flat_map(|(q, &w)| std::iter::repeat_n(q.role, w))
        .collect();
    let log_weights = plain.log_weights();
    let non_finite = log_weights.iter().filter(|w| !w.is_finite()).count();
    fit.elbo = Some(elbo(&Terms {
        log_prior: &plain.prior,
        log_likelihood: &plain.likelihood,
        log_q: &plain.log_q,
        entropy_closed: plain.entropy,
        log_jacobian: &plain.jacobian,
        entropy_is_closed: sampler.entropy_is_closed,
        evidence_defined: bound.evidence_defined(),
    }));
    let labelled = || names.iter().zip(&roles).enumerate();
    fit.guide_rows = labelled()
        .map(|(j, (name, role))| summarise(name.clone(), role, &plain.column(j)))
        .collect();
    let own = psis(&log_weights);
    fit.guide_k_hat = own.k_hat;
    let mut rest = (plain.values, own);
    // The tails of the posterior may be heavier than the guide's: wider draws, if their weights are better behaved.
    if !hurried && non_finite == 0 && fit.guide_k_hat > WIDER_FROM && sampler.can_be_wider() {
        let wide = collect(&mut sampler, bound, params, n, true)?;
        let log_weights = wide.log_weights();
        if log_weights.iter().all(|w| w.is_finite()) {
            let smoothed = psis(&log_weights);
            // Without weights only the guide's own draws mean anything.
            if smoothed.k_hat < fit.guide_k_hat && smoothed.k_hat <= k_threshold(n) {
                rest = (wide.values, smoothed);
                fit.wider = true;
            }
        }
    }
    let (values, smoothed) = rest;
    fit.k_hat = smoothed.k_hat;
    fit.corrected = non_finite == 0 && smoothed.k_hat <= k_threshold(n);
    if fit.corrected {
        let weights = smoothed.weights();
        let column = |j: usize| values.column(j).to_vec();
        fit.rows = labelled()
            .map(|(j, (name, role))| summarise_weighted(name.clone(), role, &column(j), &weights))
            .collect();
        fit.draws = Draws {
            names,
            values: kept(&values, Some(&smoothed), options),
        };
    } else {
        fit.rows = fit.guide_rows.clone();
        fit.draws = Draws {
            names,
            values: kept(&values, None, options),
        };
    }
    Ok(Sampled {
        effective: effective_share(&log_weights),
        non_finite,
        n,
        culprit,
    })
}

/// Above this k-hat of the guide's own draws, wider ones are tried.
const WIDER_FROM: f64 = 0.5;

/// The draws that are handed out: the first ones, or, where the summaries are importance-corrected, as many resampled
/// systematically by their weights (Kitagawa 1996).
fn kept(values: &Array2<f64>, weights: Option<&Psis>, options: &FitOptions) -> Array2<f64> {
    let n = options.draws.min(values.nrows());
    let Some(smoothed) = weights else {
        return values.slice(ndarray::s![..n, ..]).to_owned();
    };
    let mut start = [0.0];
    fill_uniform(
        &mut start,
        Address {
            seed: options.seed,
            purpose: 3,
            step: 0,
            block: 0,
        },
    );
    let weights = smoothed.weights();
    let mut chosen = Vec::with_capacity(n);
    let (mut i, mut below) = (0, weights[0]);
    for k in 0..n {
        let at = (k as f64 + start[0]) / n as f64;
        while below < at && i + 1 < weights.len() {
            i += 1;
            below += weights[i];
        }
        chosen.push(i);
    }
    values.select(ndarray::Axis(0), &chosen)
}

pub(crate) fn verdict(outcome: &Outcome, sampled: &Sampled, fit: &Fit) -> Verdict {
    if sampled.non_finite == sampled.n {
        let place = sampled.culprit.as_deref().unwrap_or("the guide");
        return Verdict::Failed {
            reason: format!(
                "the log density is not finite at any draw; {place} is the first that is not"
            ),
        };
    }
    match outcome {
        Outcome::Diverged { reason } => {
            return Verdict::Failed {
                reason: reason.clone(),
            };
        }
        Outcome::Interrupted => {
            return Verdict::Stopped {
                reason: "interrupted; these are the best values so far".into(),
            };
        }
        Outcome::StepLimit => {
            return Verdict::Stopped {
                reason: "the limit of steps came before convergence; raise `--max-steps`".into(),
            };
        }
        Outcome::Converged => {}
    }
    if sampled.non_finite > 0 {
        let place = sampled.culprit.as_deref().unwrap_or("the guide");
        return Verdict::Failed {
            reason: format!(
                "{} of {} draws have a log density that is not finite; {place} is the first that is not",
                sampled.non_finite, sampled.n
            ),
        };
    }
    if fit.params.is_empty() {
        return Verdict::Exact {
            reason: "all unknowns are discrete and summed out; nothing is left to approximate"
                .into(),
        };
    }
    let threshold = k_threshold(sampled.n);
    let reason = if fit.k_hat.is_nan() {
        "converged; k-hat could not be computed".to_string()
    } else if fit.k_hat > threshold && sampled.effective > NEARLY_CONSTANT {
        format!(
            "converged; the weights are nearly constant ({:.1}% of the draws are effective), so the guide's own summaries stand, although a few draws give k-hat {:.2}",
            100.0 * sampled.effective,
            fit.k_hat
        )
    } else if fit.k_hat > threshold {
        format!(
            "converged, but the guide misses part of the posterior (k-hat {:.2} is above {threshold:.2}): read intervals with care",
            fit.k_hat
        )
    } else {
        format!(
            "converged; summaries are importance-corrected{} (k-hat {:.2}, below {threshold:.2})",
            if fit.wider {
                ", by draws wider than the guide, whose tails are too light"
            } else {
                ""
            },
            fit.k_hat
        )
    };
    Verdict::Approximate { reason }
}
