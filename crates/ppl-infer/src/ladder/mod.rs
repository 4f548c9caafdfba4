//! The ladder: where the best Gaussian is not good enough, richer guides are tried one after the other, each from the
//! Gaussian's optimum. A rung is adopted if it raises the bound by more than two standard errors on fresh draws that both
//! share, or brings k-hat below the threshold at no loss.

mod flow;
mod low_rank;
mod mixture;
mod skewed;
mod whitened;

use crate::choice::{Chosen, Guided};
use crate::elbo::mean_of;
use crate::engine::{FitError, Reported, report};
use crate::fit::{Estimate, Fit, Tried, Verdict};
use crate::objective::Objective;
use crate::options::{FitOptions, GuideChoice, Observer};
use crate::psis::k_threshold;
use crate::stochastic::{Optimum, Outcome};
use ppl_guide::{Centring, Family};
use ppl_model::Bound;
use ppl_model::graph::{Statement, SymbolId};
use std::time::Instant;

/// Numbers that a rung may compute.
const MOST_WORK: f64 = 3e10;

/// Nats below which a gain is none, however sure.
const WORTH: f64 = 0.01;

/// Nats for which a guide is adopted whatever its k-hat.
const MUCH: f64 = 0.1;

/// The largest whitened gradient of an optimum, on draws of its own.
const GRADIENT: f64 = 0.1;

/// Where a rung's optimisation ended.
struct End {
    params: Vec<f64>,
    elbo: f64,
    /// Steps, and draws whose gradient was taken.
    steps: usize,
    draws: usize,
    outcome: Outcome,
    /// Whitened gradient on draws that nothing was fitted to.
    gradient: f64,
}

/// A rung of the ladder.
pub(crate) trait Rung: Sync {
    /// The family's name.
    fn family(&self) -> &'static str;
    /// What it is for.
    fn purpose(&self) -> &'static str;
    /// Why it is not tried after this fit, if nobody asked for it.
    fn unsuited(&self, base: &Base<'_>) -> Option<String>;
    /// Its guide, optimised from the Gaussian's, or why there is none.
    fn climb(&self, base: &Base<'_>, observer: &mut dyn Observer) -> Climbed;
}

/// A guide with its optimum, or a reason.
pub(crate) type Climbed = Result<Result<Chosen, String>, FitError>;

/// A guide with its objective and the params to start at, or a reason.
type Opened = Result<Result<(Guided, Objective, Vec<f64>), String>, FitError>;

/// The rungs, in the order in which they are tried.
pub(crate) static RUNGS: &[&dyn Rung] = &[
    &mixture::Mixture,
    &low_rank::LowRank,
    &skewed::Skewed,
    &flow::Flow,
];

/// What a rung starts from.
pub(crate) struct Base<'a> {
    /// The model without a guide.
    pub(crate) bound: &'a Bound,
    /// The Gaussian.
    pub(crate) chosen: &'a Chosen,
    /// What came of it.
    pub(crate) fit: &'a Fit,
    pub(crate) options: &'a FitOptions,
}

impl Base<'_> {
    /// The guide of a family, with the sites in units of their priors that the Gaussian has.
    fn guided(&self, family: &dyn Family) -> Result<Guided, FitError> {
        guided(self.bound, &self.chosen.guided.bound, family)
    }

    /// The guide of a family that starts as one Gaussian of any covariance, its objective and that start; or why there is none.
    fn opened(&self, family: &dyn Rung, draws: usize) -> Opened {
        if !self.is_dense() {
            return Ok(Err("the guide is not one Gaussian of any covariance".into()));
        }
        let Some(family) = ppl_guide::find(family.family()) else {
            return Ok(Err("there is no such family".into()));
        };
        let guided = self.guided(family)?;
        let objective = Objective::new(&guided.bound, draws, self.options.seed)?;
        let start = self.start(&guided, &objective);
        Ok(Ok((guided, objective, start)))
    }

    /// The params of the Gaussian and their values, where the objective has params of these names; its own start elsewhere.
    fn start(&self, guided: &Guided, objective: &Objective) -> Vec<f64> {
        let mut out = crate::stochastic::Target::initial(objective);
        for p in &objective.params {
            let name = &guided.bound.model.symbols[p.symbol].name;
            if let Some(values) = self.values(name).filter(|v| v.len() == p.init.len()) {
                out[p.offset..p.offset + p.init.len()].copy_from_slice(values);
            }
        }
        out
    }

    /// The optimum's values of a param of the Gaussian.
    fn values(&self, name: &str) -> Option<&[f64]> {
        let model = &self.chosen.guided.bound.model;
        let params = &self.chosen.objective.params;
        let p = params
            .iter()
            .find(|p| model.symbols[p.symbol].name == *name)?;
        Some(&self.chosen.optimum.params[p.offset..p.offset + p.init.len()])
    }

    /// A rung's optimum, with the costs of the Gaussian's.
    fn reached(&self, guided: Guided, objective: Objective, end: End, started: Instant) -> Chosen {
        let before = &self.chosen.optimum;
        let each = self.options.draws_per_step.max(1);
        Chosen {
            guided,
            objective,
            optimum: Optimum {
                params: end.params,
                elbo: end.elbo,
                elbo_se: f64::NAN,
                steps: before.steps + end.steps,
                estimates: before.estimates + end.draws.div_ceil(each),
                skipped: before.skipped,
                outcome: end.outcome,
                step_size: 1.0,
                race_seconds: before.race_seconds,
                optimise_seconds: before.optimise_seconds + started.elapsed().as_secs_f64(),
                deterministic: end.gradient <= GRADIENT,
            },
            starts: None,
            gradient: end.gradient,
            parts: 1,
            postponed: None,
            notes: vec![],
        }
    }

    /// Whether the Gaussian may have any covariance, with all unknowns in one draw.
    fn is_dense(&self) -> bool {
        let layout = self.chosen.objective.layout.as_ref();
        layout.is_some_and(|l| l.is_dense()) && self.chosen.objective.params.len() == 2
    }

    /// Whether the starts led to other optima with a share of the evidence.
    fn has_modes(&self) -> bool {
        let starts = self.fit.certificate.starts.as_ref();
        starts.is_some_and(|s| {
            s.others
                .iter()
                .any(|o| o.weight > crate::certificate::SHARE)
        })
    }
}

/// The guide of a family, with the sites in units of their priors that another guide has.
pub(crate) fn guided(bound: &Bound, like: &Bound, family: &dyn Family) -> Result<Guided, FitError> {
    let mut apart: Vec<SymbolId> = vec![];
    for s in &like.model.guide {
        if let Statement::GuideSample { dist, .. } = &s.statement {
            apart.extend(&dist.noncentered);
        }
    }
    let text = ppl_guide::text(family, bound, Centring::Apart(&apart));
    Ok(Guided {
        bound: ppl_guide::attach(bound, &text).map_err(FitError::Guide)?,
        name: family.name().into(),
        family: family.name(),
        text,
    })
}

/// The rung that the command line or the model asks for.
pub(crate) fn asked(bound: &Bound, options: &FitOptions) -> Option<&'static dyn Rung> {
    if !is_whole(bound) {
        return None;
    }
    let named = bound.model.guide_family.as_ref();
    let name = options
        .guide
        .name()
        .or(named.map(|(name, _)| name.as_str()))?;
    let family = ppl_guide::find(name)?.name();
    RUNGS.iter().copied().find(|r| r.family() == family)
}

/// Whether one guide draws all sites.
pub(crate) fn is_whole(bound: &Bound) -> bool {
    let model = &bound.model;
    !model.has_written_guide && model.partial_guide.is_none() && model.site_families.is_empty()
}

/// The rungs that a fit would try where its Gaussian is not certified, and what each is for.
pub(crate) fn planned(bound: &Bound, options: &FitOptions) -> Vec<(&'static str, &'static str)> {
    let all = RUNGS.iter().map(|r| (r.family(), r.purpose()));
    match asked(bound, options) {
        Some(rung) => vec![(rung.family(), "it was asked for")],
        None if is_free(bound, options) => all.collect(),
        None => vec![],
    }
}

/// Whether nobody said which guide.
fn is_free(bound: &Bound, options: &FitOptions) -> bool {
    is_whole(bound) && options.guide == GuideChoice::Auto && bound.model.guide_family.is_none()
}

/// Tries the rungs after a fit that is not certified, or the one that was asked for.
pub(crate) fn climb(
    bound: &Bound,
    base: Reported,
    options: &FitOptions,
    observer: &mut dyn Observer,
) -> Result<Reported, FitError> {
    let asked = asked(bound, options);
    let usable = base.chosen.optimum.outcome.is_settled()
        && !matches!(base.fit.verdict, Verdict::Failed { .. })
        && !base.chosen.objective.params.is_empty();
    let certified = matches!(base.fit.verdict, Verdict::Certified { .. });
    if asked.is_none() && (!usable || certified || !is_free(bound, options)) {
        return Ok(base);
    }
    if let (Some(rung), false) = (asked, usable) {
        let mut base = base;
        base.fit.certificate.rungs.push(Tried {
            family: rung.family(),
            gain: None,
            adopted: false,
            words: "the Gaussian that it starts from has no optimum".into(),
        });
        return Ok(base);
    }
    let mut tried: Vec<Tried> = vec![];
    let mut best: Option<Reported> = None;
    for rung in RUNGS {
        if asked.is_some_and(|a| a.family() != rung.family()) {
            continue;
        }
        let current = best.as_ref().unwrap_or(&base);
        if asked.is_none() && matches!(current.fit.verdict, Verdict::Certified { .. }) {
            break;
        }
        let from = Base {
            bound,
            chosen: &base.chosen,
            fit: &base.fit,
            options,
        };
        let family = rung.family();
        let left_out = |words: String| Tried {
            family,
            gain: None,
            adopted: false,
            words,
        };
        if asked.is_none()
            && let Some(why) = rung.unsuited(&from)
        {
            tried.push(left_out(why));
            continue;
        }
        let found = match rung.climb(&from, observer)? {
            Ok(found) => found,
            Err(why) => {
                tried.push(left_out(why));
                continue;
            }
        };
        if found.optimum.outcome == Outcome::Interrupted {
            break;
        }
        let found = report(found, Some(&base), options, observer)?;
        let (adopt, record) = compare(current, &found, family, asked.is_some());
        tried.push(record);
        if adopt {
            best = Some(found);
        }
    }
    let mut out = match best {
        Some(mut best) => {
            best.fit.notes.splice(0..0, base.fit.notes);
            best
        }
        None => base,
    };
    out.fit.certificate.rungs = tried;
    Ok(out)
}

/// Whether a rung is adopted, and what is told of it.
fn compare(
    current: &Reported,
    found: &Reported,
    family: &'static str,
    asked: bool,
) -> (bool, Tried) {
    let (before, after) = (&current.sampled.log_weights, &found.sampled.log_weights);
    let n = before.len().min(after.len());
    let gain = mean_of((0..n).map(|i| after[i] - before[i]));
    let threshold = k_threshold(n);
    let (was, is) = (worst(&current.fit), worst(&found.fit));
    let unclear = matches!(found.fit.verdict, Verdict::Approximate { .. })
        && !matches!(current.fit.verdict, Verdict::Approximate { .. });
    let failed = matches!(found.fit.verdict, Verdict::Failed { .. });
    let sound = !failed && gain.value.is_finite() && (asked || !unclear);
    let clear = gain.value > (2.0 * gain.se).max(WORTH);
    // A corrected summary is given up only for much.
    let kept = found.fit.k_hat <= threshold.max(current.fit.k_hat) || gain.value > MUCH;
    let rises = clear && kept;
    let mends = was > threshold && is <= threshold && gain.value > -2.0 * gain.se;
    let adopt = sound && (asked || rises || mends);
    let why = match (adopt, sound) {
        (_, false) if unclear => "its optimum was not met".to_owned(),
        (_, false) => "its bound is not finite".to_owned(),
        (true, _) if rises => format!("k-hat {:.2} after {:.2}", is, was),
        (true, _) if mends => {
            format!("k-hat {is:.2} is below {threshold:.2} at last, after {was:.2}")
        }
        (true, _) => "it was asked for".to_owned(),
        (false, _) if clear => format!(
            "k-hat {:.2} after {:.2}",
            found.fit.k_hat, current.fit.k_hat
        ),
        (false, _) => "no gain beyond chance".to_owned(),
    };
    let record = Tried {
        family,
        gain: Some(Estimate { ..gain }),
        adopted: adopt,
        words: why,
    };
    (adopt, record)
}

/// The largest k-hat of the weights and of the quantities.
fn worst(fit: &Fit) -> f64 {
    let rows = fit.rows.iter().map(|r| r.k_hat).filter(|k| !k.is_nan());
    rows.fold(fit.k_hat, f64::max)
}
