//! A fit from end to end: choose the guide, compile, optimise, certify, summarise.

use crate::certificate::{Findings, unseen, verdict};
use crate::choice::{Chosen, choose};
use crate::deterministic::{Inspection, Nested, inspect};
use crate::fit::{Certificate, Draws, Fit, Phase, Verdict};
use crate::ladder;
use crate::notes::{evidence_caveats, undefined};
use crate::objective::ObjectiveError;
use crate::options::{FitOptions, Observer, Progress};
use crate::origin::Origin;
use crate::predict::{PredictError, predict};
use crate::refine::{Fitted, refine};
use crate::sampled::{Sampled, sample};
use crate::source::{Drawn, Source};
use crate::stochastic::Outcome;
use crate::summary::summarise;
use ppl_model::Bound;
use ppl_syntax::diagnostic::Diagnostic;
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
    /// The guide that was asked for does not exist for this model.
    #[error("{0}")]
    NoGuide(String),
    /// A start was given that is of another model.
    #[error("the former fit has no draws of any unknown of this model")]
    Former,
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

/// A guide's optimum with all that is known of it.
pub(crate) struct Reported {
    pub(crate) chosen: Chosen,
    pub(crate) fit: Fit,
    pub(crate) sampled: Sampled,
    pub(crate) inspection: Option<Inspection>,
    /// The draws, where they are not those of the chosen guide's program.
    pub(crate) outside: Option<Drawn>,
    /// The guide that they are of, where they may go on to the posterior.
    pub(crate) nested: Option<Nested>,
    /// Seconds that the certificate took.
    pub(crate) seconds: f64,
}

impl Reported {
    /// Whether richer guides may start from it.
    pub(crate) fn is_start(&self) -> bool {
        let optimum = &self.chosen.optimum;
        Findings {
            outcome: &optimum.outcome,
            deterministic: optimum.deterministic,
            drawn: &[],
            sampled: &self.sampled,
            inspection: self.inspection.as_ref(),
        }
        .is_start()
    }
}

/// Fits a bound model.
pub fn fit(
    bound: &Bound,
    options: &FitOptions,
    observer: &mut dyn Observer,
) -> Result<Fit, FitError> {
    let mut out = found(bound, options, observer)?;
    out.origin = Origin::of(bound);
    Ok(out)
}

fn found(
    bound: &Bound,
    options: &FitOptions,
    observer: &mut dyn Observer,
) -> Result<Fit, FitError> {
    let started = Instant::now();
    let known = match &options.former {
        Some(former) => {
            let matched = former.matched(bound);
            if matched.found == 0 {
                return Err(FitError::Former);
            }
            Some(matched)
        }
        None => None,
    };
    if let Some(reported) = exact(bound, options, observer)? {
        let compile = started.elapsed().as_secs_f64() - reported.seconds;
        return timed(reported, options, (started, compile));
    }
    let mut chosen = choose(bound, options, observer)?;
    // The stochastic engine alone begins as usual.
    let used = chosen.starts.is_some();
    chosen.notes.extend(known.map(|matched| matched.note(used)));
    let compile = started.elapsed().as_secs_f64()
        - chosen.optimum.race_seconds
        - chosen.optimum.optimise_seconds;
    let mut observer = Stoppable {
        inner: observer,
        stopped: false,
    };
    let mut gaussian = nested(report(chosen, None, options, &mut observer)?, options)?;
    if gaussian.outside.is_none() && gaussian.chosen.postponed.is_some() {
        let seconds = gaussian.seconds;
        let chosen = gaussian.chosen.gone_on(options, &mut observer);
        gaussian = nested(report(chosen, None, options, &mut observer)?, options)?;
        gaussian.seconds += seconds;
    }
    let reported = ladder::climb(bound, gaussian, options, &mut observer)?;
    // Of a fit that was stopped on its own way, the verdict tells.
    let told = reported.chosen.optimum.outcome == Outcome::Interrupted;
    let mut fit = timed(reported, options, (started, compile))?;
    if observer.stopped && !told {
        fit.notes.push(INTERRUPTED.into());
    }
    Ok(fit)
}

/// Of a fit that was stopped on its way to a better one.
const INTERRUPTED: &str =
    "interrupted while a better guide was looked for: this is what stood by then";

/// Remembers that the observer stopped the fit.
struct Stoppable<'o> {
    inner: &'o mut dyn Observer,
    stopped: bool,
}

impl Observer for Stoppable<'_> {
    fn progress(&mut self, progress: Progress) -> bool {
        self.stopped |= !self.inner.progress(progress);
        !self.stopped
    }
}

/// The posterior itself, where it is of known families as a whole: with no optimisation before it.
fn exact(
    bound: &Bound,
    options: &FitOptions,
    observer: &mut dyn Observer,
) -> Result<Option<Reported>, FitError> {
    let Some(chosen) = crate::choice::exact(bound, options)? else {
        return Ok(None);
    };
    let reported = nested(report(chosen, None, options, observer)?, options)?;
    Ok(reported.outside.is_some().then_some(reported))
}

/// From this k-hat of a Gaussian's own draws the posterior may be without bound.
const DOUBTFUL: f64 = 0.7;

/// Seconds beside the phases of the guide that is reported from which they are told.
const TOLD: f64 = 0.005;

/// The fit with the time that its start took, and that of guides which were tried beside the one that is reported.
fn timed(
    reported: Reported,
    options: &FitOptions,
    (started, compile): (Instant, f64),
) -> Result<Fit, FitError> {
    let mut out = finished(reported, options)?;
    out.phases.insert(
        0,
        Phase {
            name: "compile",
            seconds: compile,
        },
    );
    let known: f64 = out.phases.iter().map(|p| p.seconds).sum();
    let others = started.elapsed().as_secs_f64() - known;
    if others > TOLD {
        out.phases.push(Phase {
            name: "others",
            seconds: others,
        });
    }
    Ok(out)
}

/// Certificate, summaries and verdict of a guide's optimum; `gaussian`: what it started from, where it is a richer one.
pub(crate) fn report(
    chosen: Chosen,
    gaussian: Option<&Reported>,
    options: &FitOptions,
    observer: &mut dyn Observer,
) -> Result<Reported, FitError> {
    let started = Instant::now();
    let (bound, optimum) = (&chosen.guided.bound, &chosen.optimum);
    observer.progress(Progress {
        phase: "certify",
        step: optimum.steps,
        max_steps: options.max_steps,
        elbo: optimum.elbo,
        elbo_se: optimum.elbo_se,
    });
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
        certificate: Certificate {
            parts: chosen.parts,
            ..Certificate::default()
        },
        steps: optimum.steps,
        gradient_evaluations: optimum.estimates * options.draws_per_step.max(1),
        phases: vec![],
        seed: options.seed,
        n_unknowns: bound.n_unknowns(),
        guide: chosen.guided.name.clone(),
        guide_text: chosen.guided.text.clone(),
        params: vec![],
        draws: Draws::default(),
        discrete: vec![],
        pointwise: None,
        fault: None,
        notes: chosen.notes.clone(),
        origin: Origin::default(),
    };
    for p in &chosen.objective.params {
        let values = optimum.params[p.offset..p.offset + p.init.len()].to_vec();
        fit.params
            .push((bound.model.symbols[p.symbol].name.clone(), values));
    }
    // Whoever interrupts wants to see something now.
    let hurried = optimum.outcome == Outcome::Interrupted;
    let sampled = sample(
        bound,
        options,
        Source::guide(&optimum.params),
        hurried,
        &mut fit,
    )?;
    let converged = optimum.outcome.is_settled() && sampled.non_finite == 0;
    let inspection = match &chosen.objective.layout {
        Some(layout) if !hurried => {
            let k_hat = fit.guide_k_hat;
            let look = (converged, !converged || k_hat.is_nan() || k_hat > DOUBTFUL);
            inspect(bound, layout, &optimum.params, options.seed, look)?
        }
        // What explains why the Gaussian does not fit is as true of what departs from it.
        _ => gaussian
            .and_then(|g| g.inspection.as_ref())
            .map(Inspection::of_another),
    };
    fit.certificate.gradient_norm = chosen.gradient;
    if let Some(seen) = inspection.as_ref().filter(|_| gaussian.is_none()) {
        fit.certificate.gradient_norm = seen.gradient;
        fit.certificate.curvature_residual = seen.curvature;
        fit.certificate.richer.clone_from(&seen.richer);
        fit.certificate.linear_response.clone_from(&seen.response);
    }
    if let Some(gaussian) = gaussian {
        fit.certificate
            .starts
            .clone_from(&gaussian.fit.certificate.starts);
    }
    if let Some(found) = &chosen.starts
        && optimum.deterministic
        && !hurried
    {
        fit.certificate.starts = Some(crate::modes::starts(bound, options.seed, found)?);
    }
    let drawn = drawn(bound);
    let findings = Findings {
        outcome: &optimum.outcome,
        deterministic: optimum.deterministic,
        drawn: &drawn,
        sampled: &sampled,
        inspection: inspection.as_ref(),
    };
    fit.verdict = verdict(&findings, &fit);
    Ok(Reported {
        chosen,
        fit,
        sampled,
        inspection,
        outside: None,
        nested: None,
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// A richer guide around a Gaussian, where it is asked for or the Gaussian is not good enough; else the Gaussian.
fn nested(mut reported: Reported, options: &FitOptions) -> Result<Reported, FitError> {
    let started = Instant::now();
    let Reported {
        chosen,
        fit,
        sampled,
        inspection,
        ..
    } = &mut reported;
    let (bound, optimum) = (&chosen.guided.bound, &chosen.optimum);
    let Some(layout) = &chosen.objective.layout else {
        return Ok(reported);
    };
    if optimum.outcome == Outcome::Interrupted {
        return Ok(reported);
    }
    let drawn = drawn(bound);
    let findings = Findings {
        outcome: &optimum.outcome,
        deterministic: optimum.deterministic,
        drawn: &drawn,
        sampled,
        inspection: inspection.as_ref(),
    };
    let from = Fitted {
        bound,
        layout,
        params: &optimum.params,
        work: chosen.objective.work,
        others: chosen.starts.as_ref().filter(|_| optimum.deterministic),
        findings,
    };
    let found = refine(&from, options, fit)?;
    if let Some(found) = found {
        reported.fit = found.fit;
        reported.sampled = found.sampled;
        reported.outside = Some(found.drawn);
        reported.nested = found.nested;
    }
    reported.seconds += started.elapsed().as_secs_f64();
    Ok(reported)
}

/// What the guide in the end is asked for beside its certificate: predictions, discrete sites, notes.
fn finished(reported: Reported, options: &FitOptions) -> Result<Fit, FitError> {
    let started = Instant::now();
    let Reported {
        chosen,
        mut fit,
        sampled,
        outside,
        seconds,
        ..
    } = reported;
    let (bound, optimum) = (&chosen.guided.bound, &chosen.optimum);
    let source = Source {
        params: &optimum.params,
        outside: outside.as_ref(),
    };
    // What is symmetric says more than that there are other modes.
    let asked = matches!(fit.verdict, Verdict::Certified { .. })
        || matches!(fit.verdict, Verdict::Optimised { .. }) && unseen(&fit).is_some();
    if asked && let Some(broken) = crate::symmetry::broken(bound, &fit)? {
        fit.verdict = Verdict::Optimised {
            reason: broken.words,
        };
    }
    add_predictions(bound, options, &mut fit)?;
    if optimum.outcome != Outcome::Interrupted && sampled.non_finite == 0 {
        fit.discrete = crate::discrete::posterior(bound, source, options.seed, fit.corrected)?;
    }
    if optimum.skipped > 0 {
        fit.notes.push(format!(
            "{} steps were skipped because the bound or its gradient was not finite",
            optimum.skipped
        ));
    }
    if !bound.evidence_defined() {
        fit.notes.push("a prior without a known normaliser (Flat), so the evidence is undefined; bounds of this model are comparable among its guides only".into());
    }
    fit.notes.extend(undefined(&fit));
    if matches!(fit.verdict, Verdict::Certified { .. }) {
        fit.notes.extend(crate::rough_sds::note(&fit.rows));
    }
    fit.notes.extend(crate::expectations::note(bound));
    fit.notes.extend(evidence_caveats(bound));
    if fit.guide == "mean-field" {
        fit.notes.push("mean-field guides are too narrow where unknowns are correlated (reverse KL is zero-forcing); compare `--guide full-rank`".into());
    }
    fit.phases = vec![
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
            seconds: seconds + started.elapsed().as_secs_f64(),
        },
    ];
    Ok(fit)
}

/// Names of the discrete sites that the guide draws.
fn drawn(bound: &Bound) -> Vec<String> {
    let sites = bound.model.sites();
    sites
        .filter(|(id, s)| s.is_discrete_site() && !bound.model.is_summed_out(*id))
        .map(|(_, s)| s.name.clone())
        .collect()
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
