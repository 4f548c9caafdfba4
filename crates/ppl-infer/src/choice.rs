//! Which guide: the written one, or the family's, centred or not, whichever reaches the higher bound; and careful starts
//! where an optimisation diverges.

pub use crate::candidates::Guided;
use crate::candidates::{candidate, candidates, hierarchical};
use crate::centring;
use crate::deterministic::{self, Effort, Found};
use crate::engine::FitError;
use crate::ladder;
use crate::objective::Objective;
use crate::options::{FitOptions, GuideChoice, Observer, Silent};
use crate::pursuit::{self, Entrant};
use crate::stochastic::{Optimum, Outcome, Target, maximise};
use ppl_guide::Centring;
use ppl_model::Bound;

/// The guide that a fit ends with.
pub struct Chosen {
    /// Model and guide.
    pub guided: Guided,
    /// The objective.
    pub objective: Objective,
    /// The optimum; steps and times are those of all candidates together.
    pub optimum: Optimum,
    /// What the starts of the deterministic engine led to.
    pub(crate) starts: Option<Found>,
    /// Whitened gradient on draws of its own, where the guide is no Gaussian and it was computed; NaN elsewhere.
    pub(crate) gradient: f64,
    /// Optima that the guide describes.
    pub(crate) parts: usize,
    /// What was compared, and what was tried again.
    pub notes: Vec<String>,
    /// Where more draws still moved the optimum: steps that the stochastic engine may go on by, once no richer guide is better.
    pub(crate) postponed: Option<usize>,
}

/// How often a diverging optimisation starts again, narrower each time.
const CAREFUL_STARTS: u32 = 3;

/// Optimises, starting again from narrower draws where it diverges.
fn optimise(
    objective: &mut Objective,
    options: &FitOptions,
    observer: &mut dyn Observer,
) -> (Optimum, u32) {
    let mut optimum = maximise(objective, options.max_steps, observer);
    let mut attempt = 0;
    // A bound that rises until the steps are used up does so from any start.
    let mut early = optimum.steps < options.max_steps;
    while matches!(optimum.outcome, Outcome::Diverged { .. }) && attempt < CAREFUL_STARTS && early {
        attempt += 1;
        objective.start_narrower(f64::from(attempt));
        let again = maximise(objective, options.max_steps, observer);
        early = again.steps < options.max_steps;
        optimum = Optimum {
            steps: optimum.steps + again.steps,
            estimates: optimum.estimates + again.estimates,
            skipped: again.skipped,
            race_seconds: optimum.race_seconds + again.race_seconds,
            optimise_seconds: optimum.optimise_seconds + again.optimise_seconds,
            ..again
        };
    }
    (optimum, attempt)
}

/// The second of two optima, which started from the first, unless it is worse by more than chance.
fn better(first: Optimum, then: Optimum) -> Optimum {
    let worse = then.elbo + 2.0 * then.elbo_se.hypot(first.elbo_se) < first.elbo;
    let lost = worse || !then.elbo.is_finite() || matches!(then.outcome, Outcome::Diverged { .. });
    let keep = lost && then.outcome != Outcome::Interrupted;
    let (steps, estimates) = (first.steps + then.steps, first.estimates + then.estimates);
    let seconds = first.optimise_seconds + then.optimise_seconds;
    let race_seconds = first.race_seconds + then.race_seconds;
    let skipped = then.skipped;
    // The first was to be gone on from, so the limit of steps is not what it ended at.
    let unsettled = |reason: String| Optimum {
        outcome: match first.outcome {
            Outcome::StepLimit => Outcome::Unsettled { reason },
            ref other => other.clone(),
        },
        ..first.clone()
    };
    let kept = match &then.outcome {
        Outcome::Diverged { reason } if keep => unsettled(reason.clone()),
        Outcome::Converged if keep => unsettled("they ended lower".into()),
        _ if keep => first,
        _ => then,
    };
    Optimum {
        steps,
        estimates,
        skipped,
        race_seconds,
        optimise_seconds: seconds,
        ..kept
    }
}

/// The stochastic engine from an optimum that more draws still moved, with so many steps at most.
fn gone_on(
    objective: &mut Objective,
    first: Optimum,
    (max_steps, options): (usize, &FitOptions),
    observer: &mut dyn Observer,
) -> (Optimum, u32) {
    objective.start_at(&first.params);
    let limited = FitOptions {
        max_steps,
        ..options.clone()
    };
    let (then, attempts) = optimise(objective, &limited, observer);
    let found = better(first, then);
    match max_steps < options.max_steps {
        true => (found.costly(), attempts),
        false => (found, attempts),
    }
}

impl Chosen {
    /// The same after the steps that were postponed.
    pub(crate) fn gone_on(self, options: &FitOptions, observer: &mut dyn Observer) -> Chosen {
        let Some(max_steps) = self.postponed else {
            return self;
        };
        let Chosen {
            mut objective,
            optimum,
            ..
        } = self;
        let first = Optimum {
            outcome: Outcome::StepLimit,
            ..optimum
        };
        let (optimum, _) = gone_on(&mut objective, first, (max_steps, options), observer);
        Chosen {
            objective,
            optimum,
            postponed: None,
            ..self
        }
    }
}

/// All unknowns are discrete and summed out: the log density is the evidence.
fn nothing_to_optimise(guided: Guided, mut objective: Objective) -> Result<Chosen, FitError> {
    let model = &guided.bound.model;
    if !(0..model.symbols.len()).any(|id| model.is_summed_out(id)) {
        return Err(FitError::NoUnknowns);
    }
    let optimum = Optimum {
        params: vec![],
        elbo: objective.estimate(&[], 0, &mut []),
        elbo_se: 0.0,
        steps: 0,
        estimates: 1,
        skipped: 0,
        outcome: Outcome::Converged,
        step_size: 0.0,
        race_seconds: 0.0,
        optimise_seconds: 0.0,
        deterministic: true,
    };
    Ok(Chosen {
        guided,
        objective,
        optimum,
        starts: None,
        gradient: f64::NAN,
        parts: 1,
        notes: vec![],
        postponed: None,
    })
}

/// Optimises every candidate and keeps the one with the highest bound: all bound the same evidence. First the
/// deterministic engine; the stochastic one where that found no optimum, unless another candidate is ahead already.
pub fn choose(
    bound: &Bound,
    options: &FitOptions,
    observer: &mut dyn Observer,
) -> Result<Chosen, FitError> {
    let mut entrants = vec![];
    let mut stopped = false;
    let mut waiting = candidates(bound, options.guide)?;
    let has_choice = waiting.len() > 1;
    let all = match has_choice {
        true => hierarchical(bound, &waiting[0]),
        false => vec![],
    };
    // The likelier first: whoever watches, or interrupts, sees the better bound sooner.
    let apart_first = centring::have_chain(bound, &all);
    if !apart_first {
        waiting.reverse();
    }
    let (mut apart, mut searching, mut estimates) = (None, 0.0, 0);
    if let Some(former) = options.former.as_ref().filter(|_| has_choice)
        && let Some((entrant, sites)) = centring::resumed(bound, options, (former, &all), observer)?
    {
        entrants.push(entrant);
        waiting.clear();
        apart = Some(sites);
    }
    while let Some(guided) = waiting.pop() {
        let objective = Objective::new(&guided.bound, options.draws_per_step.max(1), options.seed)?;
        if objective.params.is_empty() {
            return nothing_to_optimise(guided, objective);
        }
        let solved = match &objective.layout {
            Some(layout) => {
                let n = objective.n_params();
                // Whether it may be the best shows before the dearer rungs.
                let effort = match has_choice {
                    true => Effort::First,
                    false => Effort::Full,
                };
                deterministic::solve(&guided.bound, layout, n, options, effort, observer)?
            }
            None => None,
        };
        stopped |= matches!(&solved, Some(s) if s.optimum.outcome == Outcome::Interrupted);
        entrants.push(Entrant {
            guided,
            objective,
            solved,
        });
        if stopped {
            break;
        }
        if has_choice && waiting.is_empty() && apart.is_none() {
            // Both ways for all together are known: now site by site.
            let better = match &entrants[..] {
                [apart, centred] if apart_first => apart.bound() > centred.bound(),
                [centred, apart] => apart.bound() > centred.bound(),
                _ => false,
            };
            let started = std::time::Instant::now();
            let each = entrants.iter().map(Entrant::numbers).sum::<f64>() / entrants.len() as f64;
            let found = centring::search(bound, options, &all, (better, each), observer)?;
            estimates += found.estimates;
            searching = started.elapsed().as_secs_f64();
            apart = Some(found.sites);
            stopped = found.stopped;
            waiting.extend(found.guided);
        }
    }
    if !stopped {
        stopped = pursuit::further_rungs(&mut entrants, options, observer)?;
    }
    let hopeless = pursuit::hopeless(&entrants);
    let n = entrants.len();
    let mut best: Option<Chosen> = None;
    let mut bounds = vec![];
    let (mut steps, mut race, mut climb) = (0, 0.0, searching);
    for (k, entrant) in entrants.into_iter().enumerate() {
        // Where the deterministic engine is not for a guide, nothing is known of it.
        let layout = entrant.objective.layout.as_ref();
        let known = entrant.solved.is_some()
            || layout.is_none_or(|l| deterministic::serves(&entrant.guided.bound, l));
        let behind = hopeless[k] && known;
        // Whoever interrupts wants the best so far, not another engine.
        let last_word = stopped && k + 1 == n;
        let finished = entrant.is_done() || stopped;
        let Entrant {
            guided,
            mut objective,
            solved,
        } = entrant;
        let (solved, starts) = match solved {
            Some(s) => (Some((s.optimum, s.left)), Some(s.starts)),
            None => (None, None),
        };
        let mut postponed = None;
        let (optimum, attempts) = match solved {
            Some((first, _)) if finished || behind => (first, 0),
            Some((first, left)) => match pursuit::most_steps(&objective, left, options) {
                None => (first.costly(), 0),
                // A richer guide needs no optimum of the Gaussian, and its weights tell how good it is.
                Some(max_steps) if crate::refine::is_free(bound, options) => {
                    postponed = Some(max_steps);
                    (first.costly(), 0)
                }
                Some(max_steps) => gone_on(&mut objective, first, (max_steps, options), observer),
            },
            None if behind || (stopped && !last_word) => {
                bounds.push(f64::NEG_INFINITY);
                continue;
            }
            None => optimise(&mut objective, options, observer),
        };
        steps += optimum.steps;
        estimates += optimum.estimates;
        race += optimum.race_seconds;
        climb += optimum.optimise_seconds;
        let usable =
            !matches!(optimum.outcome, Outcome::Diverged { .. }) && optimum.elbo.is_finite();
        let value = if usable {
            optimum.elbo
        } else {
            f64::NEG_INFINITY
        };
        bounds.push(value);
        let stop = optimum.outcome == Outcome::Interrupted;
        let better = best.is_none() || bounds[..bounds.len() - 1].iter().all(|b| value > *b);
        if better {
            let mut notes = vec![];
            if attempts > 0 {
                notes.push(format!("the optimisation diverged {attempts} times and started again from narrower draws"));
            }
            best = Some(Chosen {
                guided,
                objective,
                starts,
                optimum,
                gradient: f64::NAN,
                parts: 1,
                notes,
                postponed,
            });
        }
        if stop {
            break;
        }
    }
    let mut chosen = best.ok_or(FitError::NoUnknowns)?;
    // An optimum that was met before the interruption is the best so far all the same: nothing dear follows.
    if stopped {
        chosen.optimum.outcome = Outcome::Interrupted;
    }
    chosen.optimum = Optimum {
        steps,
        estimates,
        race_seconds: race,
        optimise_seconds: climb,
        ..chosen.optimum
    };
    if apart_first && bounds.len() > 1 {
        bounds.swap(0, 1);
    }
    chosen
        .notes
        .extend(centring::note(bound, &all, &bounds, apart));
    Ok(chosen)
}

/// A Gaussian near the posterior, where that is of known families as a whole.
pub(crate) fn exact(bound: &Bound, options: &FitOptions) -> Result<Option<Chosen>, FitError> {
    let guided = candidate(bound, options.guide, Centring::Centred)?;
    let objective = Objective::new(&guided.bound, options.draws_per_step.max(1), options.seed)?;
    let wanted = crate::refine::may_be_exact(bound, options, objective.work);
    let Some(layout) = objective.layout.as_ref().filter(|_| wanted) else {
        return Ok(None);
    };
    let start = objective.initial();
    let params = deterministic::conjugate_start(
        &guided.bound,
        layout,
        &start,
        (options.seed, crate::refine::is_asked(bound, options)),
    )?;
    Ok(params.map(|params| Chosen {
        optimum: Optimum {
            params,
            elbo: f64::NAN,
            elbo_se: f64::NAN,
            steps: 0,
            estimates: 0,
            skipped: 0,
            outcome: Outcome::Converged,
            step_size: 1.0,
            race_seconds: 0.0,
            optimise_seconds: 0.0,
            deterministic: true,
        },
        guided,
        objective,
        starts: None,
        gradient: f64::NAN,
        parts: 1,
        notes: vec![],
        postponed: None,
    }))
}

/// The model with its own guide, or the generated one of that choice with every site drawn on its own scale: what is timed, without a fit to choose a
/// parametrisation.
///
/// # Errors
/// Where the guide cannot be generated.
pub fn as_written(bound: &Bound, choice: GuideChoice) -> Result<Guided, FitError> {
    match bound.model.has_written_guide {
        true => with_guide(bound, choice),
        false => candidate(bound, choice, Centring::Centred),
    }
}

/// The guide that a fit with default options and this choice of family would use.
pub fn with_guide(bound: &Bound, choice: GuideChoice) -> Result<Guided, FitError> {
    let mut found = candidates(bound, choice)?;
    let options = FitOptions {
        guide: choice,
        ..FitOptions::default()
    };
    let gaussian = match found.pop() {
        Some(only) if found.is_empty() => only,
        _ => choose(bound, &options, &mut Silent)?.guided,
    };
    match ladder::asked(bound, &options).and_then(|rung| ppl_guide::find(rung.family())) {
        Some(family) => ladder::guided(bound, &gaussian.bound, family),
        None => Ok(gaussian),
    }
}
