//! A fit from end to end: choose the guide, compile, optimise, certify, summarise.

use crate::choice::{Chosen, choose};
use crate::elbo::{Terms, elbo};
use crate::fit::{Draws, Fit, Phase, Verdict};
use crate::objective::{ObjectiveError, Sampler};
use crate::options::{FitOptions, Observer, Progress};
use crate::predict::{PredictError, predict};
use crate::psis::{Psis, k_threshold, psis};
use crate::stochastic::Outcome;
use crate::summary::{summarise, summarise_weighted};
use ndarray::Array2;
use ppl_engine::random::{Address, fill_uniform};
use ppl_model::Bound;
use ppl_model::graph::SymbolId;
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::HashMap;
use std::time::Instant;
use thiserror::Error;

/// Why there is no fit.
#[derive(Debug, Error)]
pub enum FitError {
    /// The guide does not fit the model.
    #[error("the guide could not be used: {}", .0.first().map_or("", |d| d.message.as_str()))]
    Guide(Vec<Diagnostic>),
    /// The objective could not be built.
    #[error(transparent)]
    Objective(#[from] ObjectiveError),
    /// Nothing to infer.
    #[error("the model has no unknowns: nothing is sampled and there is no param")]
    NoUnknowns,
}

impl FitError {
    /// The messages with their places, where the error has some.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        match self {
            FitError::Guide(d) => d.clone(),
            FitError::Objective(ObjectiveError::Limit(d)) => vec![(**d).clone()],
            _ => vec![],
        }
    }
}

/// Fits a bound model.
pub fn fit(
    bound: &Bound,
    options: &FitOptions,
    observer: &mut dyn Observer,
) -> Result<Fit, FitError> {
    let started = Instant::now();
    let Chosen {
        guided,
        objective,
        optimum,
        notes,
    } = choose(bound, options, observer)?;
    let bound = guided.bound;
    let compile = started.elapsed().as_secs_f64() - optimum.race_seconds - optimum.optimise_seconds;
    let certify_started = Instant::now();
    observer.progress(Progress {
        phase: "certify",
        step: optimum.steps,
        max_steps: options.max_steps,
        elbo: optimum.elbo,
        elbo_se: optimum.elbo_se,
    });
    let n_unknowns = bound.n_unknowns();
    let mut fit = Fit {
        rows: vec![],
        elbo: None,
        k_hat: f64::NAN,
        guide_k_hat: f64::NAN,
        wider: false,
        corrected: false,
        guide_rows: vec![],
        verdict: Verdict::Failed {
            reason: String::new(),
        },
        steps: optimum.steps,
        gradient_evaluations: optimum.estimates * options.draws_per_step.max(1),
        phases: vec![],
        seed: options.seed,
        n_unknowns,
        guide: guided.name,
        guide_text: guided.text,
        params: vec![],
        draws: Draws::default(),
        discrete: vec![],
        fault: None,
        notes,
    };
    for p in &objective.params {
        let values = optimum.params[p.offset..p.offset + p.init.len()].to_vec();
        fit.params
            .push((bound.model.symbols[p.symbol].name.clone(), values));
    }
    // Whoever interrupts wants to see something now.
    let hurried = optimum.outcome == Outcome::Interrupted;
    let sampled = sample(&bound, options, &optimum.params, hurried, &mut fit)?;
    add_predictions(&bound, options, &mut fit)?;
    if !hurried && sampled.non_finite == 0 {
        fit.discrete =
            crate::discrete::posterior(&bound, &optimum.params, options.seed, fit.corrected)?;
    }
    fit.verdict = verdict(&optimum.outcome, &sampled, &fit);
    if optimum.skipped > 0 {
        fit.notes.push(format!(
            "{} steps were skipped because the bound or its gradient was not finite",
            optimum.skipped
        ));
    }
    if !bound.evidence_defined() {
        fit.notes.push("a prior without a known normaliser (Flat), so the evidence is undefined; bounds of this model are comparable among its guides only".into());
    }
    fit.notes.extend(evidence_caveats(&bound));
    if fit.guide == "mean-field" {
        fit.notes.push("mean-field guides are too narrow where unknowns are correlated (reverse KL is zero-forcing); compare `--guide full-rank`".into());
    }
    fit.phases = vec![
        Phase {
            name: "compile",
            seconds: compile,
        },
        Phase {
            name: "race",
            seconds: optimum.race_seconds,
        },
        Phase {
            name: "optimise",
            seconds: optimum.optimise_seconds,
        },
        Phase {
            name: "certify",
            seconds: certify_started.elapsed().as_secs_f64(),
        },
    ];
    Ok(fit)
}

/// Predictions and imputed entries, drawn once for each draw that is handed out.
fn add_predictions(bound: &Bound, options: &FitOptions, fit: &mut Fit) -> Result<(), FitError> {
    let predicted = match predict(bound, &fit.draws, options.seed, true) {
        Ok(predicted) => predicted,
        Err(PredictError::Objective(e)) => return Err(e.into()),
        Err(e @ PredictError::Draws(_)) => {
            fit.notes.push(format!("nothing was predicted: {e}"));
            return Ok(());
        }
    };
    fit.notes.extend(predicted.notes);
    let names = predicted.draws.names;
    if names.is_empty() || predicted.draws.values.nrows() == 0 {
        return Ok(());
    }
    for ((name, role), column) in names
        .iter()
        .zip(&predicted.roles)
        .zip(predicted.draws.values.columns())
    {
        let row = summarise(name.clone(), role, &column.to_vec());
        fit.rows.push(row.clone());
        fit.guide_rows.push(row);
    }
    fit.draws.values =
        ndarray::concatenate![ndarray::Axis(1), fit.draws.values, predicted.draws.values];
    fit.draws.names.extend(names);
    Ok(())
}

/// What the evidence is not, where it could be taken for more.
fn evidence_caveats(bound: &Bound) -> Vec<String> {
    use ppl_model::graph::{Statement, TKind};
    let any =
        |f: &dyn Fn(&Statement) -> bool| bound.model.statements.iter().any(|s| f(&s.statement));
    let mut out = vec![];
    if any(&|s| matches!(s, Statement::Factor(_))) {
        out.push(
            "a factor may be any number, so the evidence is known up to a constant only".to_owned(),
        );
    }
    let apart = bound
        .model
        .sites()
        .find(|(_, s)| bound.model.unknown_normaliser(s));
    if let Some((_, site)) = apart {
        out.push(format!("the elements of `{}` are ordered and have different priors, whose normaliser is not known: the evidence is known up to a constant only", site.name));
    }
    let transformed = |s: &Statement| match s {
        Statement::Observe { value, .. } => {
            value.whole_symbol().is_none()
                && matches!(value.kind, TKind::Prim(..) | TKind::Function(..))
        }
        _ => false,
    };
    if any(&transformed) {
        out.push("a function of the data is observed, such as log(y): the evidence is that of the function, not comparable with that of a model of the data themselves without its Jacobian".to_owned());
    }
    out
}

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
struct Sampled {
    /// Effective share of the draws under the raw weights.
    effective: f64,
    non_finite: usize,
    n: usize,
    culprit: Option<String>,
}

/// Draws from the fitted guide: the bound, k-hat and the summaries.
fn sample(
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
            if smoothed.k_hat < fit.guide_k_hat {
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
        // Without weights only the guide's own draws mean anything.
        fit.rows = fit.guide_rows.clone();
        let values = if fit.wider {
            collect(&mut sampler, bound, params, n, false)?.values
        } else {
            values
        };
        fit.wider = false;
        fit.k_hat = fit.guide_k_hat;
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

/// What draws gave.
struct Collected {
    values: Array2<f64>,
    prior: Vec<f64>,
    likelihood: Vec<f64>,
    /// Log density of what was drawn.
    log_q: Vec<f64>,
    jacobian: Vec<f64>,
    entropy: f64,
    /// The first statement that was not finite, in words, with its message.
    culprit: Option<(String, Option<Box<Diagnostic>>)>,
}

impl Collected {
    fn log_weights(&self) -> Vec<f64> {
        (0..self.prior.len())
            .map(|i| self.prior[i] + self.likelihood[i] - self.log_q[i])
            .collect()
    }

    fn column(&self, j: usize) -> Vec<f64> {
        self.values.column(j).to_vec()
    }
}

/// Draws from the fitted guide, or wider than it.
fn collect(
    sampler: &mut Sampler,
    bound: &Bound,
    params: &[f64],
    n: usize,
    wider: bool,
) -> Result<Collected, FitError> {
    let batch = sampler.batch;
    let widths: Vec<usize> = sampler
        .quantities
        .iter()
        .map(|q| q.elements.len())
        .collect();
    let width: usize = widths.iter().sum();
    let mut out = Collected {
        values: Array2::<f64>::zeros((n, width)),
        prior: vec![],
        likelihood: vec![],
        log_q: vec![],
        jacobian: vec![],
        entropy: 0.0,
        culprit: None,
    };
    let mut drawn = 0;
    let mut row = vec![0.0; width];
    while drawn < n {
        let step = (drawn / batch) as u64;
        let ratio = if wider {
            sampler.run_wider(params, WIDER_STEPS + step)
        } else {
            sampler.run(params, step);
            vec![0.0; batch]
        };
        out.entropy = sampler.entropy();
        let take = batch.min(n - drawn);
        for s in 0..take {
            let mut at = 0;
            for (i, w) in widths.iter().enumerate() {
                sampler.copy(i, s, &mut row[at..at + w]);
                at += w;
            }
            out.values
                .row_mut(drawn + s)
                .iter_mut()
                .zip(&row)
                .for_each(|(o, v)| *o = *v);
        }
        out.prior.extend_from_slice(&sampler.log_prior()[..take]);
        out.likelihood
            .extend_from_slice(&sampler.log_likelihood()[..take]);
        let log_q = sampler.log_q()[..take].iter().zip(&ratio);
        out.log_q.extend(log_q.map(|(q, r)| q + r));
        out.jacobian
            .extend_from_slice(&sampler.log_jacobian()[..take]);
        if !wider
            && out.culprit.is_none()
            && let Some((span, s)) = first_bad(sampler, take)
        {
            let fault = crate::fault::find(bound, &latents(bound, sampler, s))?;
            let place = match &fault {
                Some(fault) => fault.place.clone(),
                None => statement_name(bound, span),
            };
            out.culprit = Some((place, fault.map(|fault| Box::new(fault.diagnostic))));
        }
        drawn += take;
    }
    Ok(out)
}

/// First address of the draws that are wider.
const WIDER_STEPS: u64 = 1 << 32;

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

/// The first statement whose term is not finite in a draw of the batch, and that draw.
fn first_bad(sampler: &Sampler, take: usize) -> Option<(ppl_syntax::Span, usize)> {
    (0..sampler.spans.len()).find_map(|i| {
        let draw = sampler.term(i)[..take]
            .iter()
            .position(|v| !v.is_finite())?;
        Some((sampler.spans[i], draw))
    })
}

/// Sites and the model's own params in a draw of the batch, each in declared order.
fn latents(bound: &Bound, sampler: &Sampler, draw: usize) -> HashMap<SymbolId, Vec<f64>> {
    let named = sampler.quantities.iter().enumerate();
    named
        .filter(|(_, q)| q.role != "report")
        .filter_map(|(i, q)| {
            let mut values = vec![0.0; q.elements.len()];
            sampler.copy(i, draw, &mut values);
            Some((*bound.model.names.get(&q.name)?, values))
        })
        .collect()
}

/// The statement at that place, in words.
fn statement_name(bound: &Bound, span: ppl_syntax::Span) -> String {
    let found = bound.model.statements.iter().find(|s| s.span == span);
    found
        .map(|s| crate::fault::statement_in_words(bound, &s.statement))
        .unwrap_or_default()
}

fn verdict(outcome: &Outcome, sampled: &Sampled, fit: &Fit) -> Verdict {
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
