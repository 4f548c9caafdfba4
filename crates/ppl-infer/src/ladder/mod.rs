//! The ladder: where the best Gaussian is not good enough, richer guides are tried one after the other, each from the
//! Gaussian's optimum. A rung is adopted if it raises the bound by more than two standard errors on fresh draws that both
//! share, or brings k-hat below the threshold at no loss.

mod adoption;
mod annealed;
mod doubts;
mod drawing;
mod flow;
mod low_rank;
mod mixture;
mod skewed;
mod whitened;

use crate::choice::{Chosen, Guided};
use crate::deterministic::Held;
use crate::engine::{FitError, Reported, report};
use crate::fit::{Fit, Tried, Verdict};
use crate::objective::Objective;
use crate::options::{FitOptions, GuideChoice, Observer};
use crate::refine::Refined;
use crate::sampled::Sampled;
use crate::stochastic::{Optimum, Outcome};
use adoption::compare;
use doubts::Doubts;
use drawing::{Drawing, reported};
use ppl_guide::{Centring, Family};
use ppl_model::Bound;
use ppl_model::graph::{Statement, SymbolId};
use std::time::Instant;

/// Numbers that a rung may compute.
const MOST_WORK: f64 = 3e10;

/// Nats for which a guide is adopted whatever its k-hat.
const MUCH: f64 = 0.1;

/// The largest whitened gradient of an optimum, on draws of its own.
const GRADIENT: f64 = 0.1;

/// Optima that have less of the evidence get no part of a guide.
const NEGLIGIBLE: f64 = 1e-4;

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
    /// Whether it may better a nested guide, as it does not start from the Gaussian's shape.
    fn is_beyond_nested(&self) -> bool {
        false
    }
    /// Whether it may start from a Gaussian that is no optimum.
    fn starts_anywhere(&self) -> bool {
        false
    }
    /// How often it is tried, each time with more effort, while what it ends with is not certified.
    fn attempts(&self) -> usize {
        1
    }
    /// Its guide, optimised from the Gaussian's, or why there is none.
    fn climb(&self, base: &Base<'_>, observer: &mut dyn Observer) -> Climbed;
}

/// What a rung ends with.
pub(crate) enum Reached {
    /// The optimum of a guide that has a program.
    Optimum(Box<Chosen>),
    /// Draws.
    Drawing(Drawing),
    /// Somebody stopped it.
    Interrupted,
}

/// What a rung ends with, or a reason.
pub(crate) type Climbed = Result<Result<Reached, String>, FitError>;

/// A guide with its objective and the params to start at, or a reason.
type Opened = Result<Result<(Guided, Objective, Vec<f64>), String>, FitError>;

/// The rungs, in the order in which they are tried.
pub(crate) static RUNGS: &[&dyn Rung] = &[
    &mixture::Mixture,
    &low_rank::LowRank,
    &annealed::Annealed,
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
    /// The nested guide around it that was better, with draws of it.
    pub(crate) nested: Option<Held<'a>>,
    /// Which attempt it is.
    pub(crate) attempt: usize,
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
    fn reached(
        &self,
        guided: Guided,
        objective: Objective,
        end: End,
        started: Instant,
    ) -> Box<Chosen> {
        let before = &self.chosen.optimum;
        let each = self.options.draws_per_step.max(1);
        Box::new(Chosen {
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
        })
    }

    /// The Gaussian's params and those of other optima, with their shares of the evidence, in an order that does not hang on which of them
    /// the starts found first: along a direction in which no two agree.
    fn optima(&self) -> Vec<(&Vec<f64>, f64)> {
        let own = &self.chosen.optimum.params;
        let mut all = vec![(own, 0.0)];
        if let Some(found) = &self.chosen.starts {
            let total = found.others.iter().map(|o| o.2);
            let peak = total.fold(found.log_evidence, f64::max);
            for (params, _, log_evidence) in &found.others {
                if log_evidence - peak > NEGLIGIBLE.ln() {
                    all.push((params, log_evidence - found.log_evidence));
                }
            }
        }
        let peak = all.iter().fold(f64::NEG_INFINITY, |m, o| m.max(o.1));
        let total: f64 = all.iter().map(|o| (o.1 - peak).exp()).sum();
        for (_, log) in &mut all {
            *log = (*log - peak).exp() / total;
        }
        let block = &self.chosen.objective.params[0];
        let (first, len) = (block.offset, block.init.len());
        let along = |params: &[f64]| -> f64 {
            let location = params[first..first + len].iter().enumerate();
            location.map(|(j, m)| m * (j as f64 + 2.0).sqrt()).sum()
        };
        all.sort_by(|a, b| along(a.0).total_cmp(&along(b.0)));
        all
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
                .any(|o| crate::certificate::counts(self.fit, o))
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
    RUNGS.iter().copied().find(|r| is_called(*r, name))
}

/// Whether a family has this name, on the command line or in the language.
fn is_called(rung: &dyn Rung, name: &str) -> bool {
    rung.family() == name || rung.family() == name.replace('_', "-")
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
    mut base: Reported,
    options: &FitOptions,
    observer: &mut dyn Observer,
) -> Result<Reported, FitError> {
    let mut doubts = Doubts::default();
    doubts.look_at_base(bound, &mut base, options)?;
    let asked = asked(bound, options);
    let usable = base.is_start() && !base.chosen.objective.params.is_empty();
    let has_optimum = base.chosen.optimum.outcome.is_settled()
        && !matches!(base.fit.verdict, Verdict::Failed { .. });
    let certified = matches!(base.fit.verdict, Verdict::Certified { .. });
    if asked.is_none() && (!usable || certified || !is_free(bound, options)) {
        return Ok(base);
    }
    let lost = |r: &dyn Rung| !(usable && (has_optimum || r.starts_anywhere()));
    if let Some(rung) = asked.filter(|r| lost(*r)) {
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
    let mut best: Option<Better> = None;
    let is_nested = base.outside.is_some();
    let attempts = RUNGS
        .iter()
        .flat_map(|r| (0..r.attempts()).map(move |attempt| (*r, attempt)));
    // What is behind by much is not tried with more effort, nor what is as good as it gets.
    let mut is_over = false;
    for (rung, attempt) in attempts {
        is_over &= attempt > 0;
        if is_over {
            continue;
        }
        // What goes to the posterior itself is not bettered by what bends the Gaussian.
        let is_beyond = is_nested || matches!(best, Some(Better::Draws(_)));
        if asked.is_some_and(|a| a.family() != rung.family())
            || (is_beyond && !rung.is_beyond_nested())
            || lost(rung)
        {
            continue;
        }
        let current = best
            .as_ref()
            .map_or((&base.fit, &base.sampled), Better::known);
        let is_certified = matches!(current.0.verdict, Verdict::Certified { .. });
        if is_certified && (asked.is_none() || best.is_some()) {
            break;
        }
        let from = Base {
            bound,
            chosen: &base.chosen,
            fit: &base.fit,
            options,
            nested: base.nested.as_ref().zip(base.outside.as_ref()),
            attempt,
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
        let mut is_last = false;
        let mut found = match rung.climb(&from, observer)? {
            Ok(Reached::Interrupted) => break,
            Ok(Reached::Optimum(found)) if found.optimum.outcome == Outcome::Interrupted => break,
            Ok(Reached::Optimum(found)) => {
                Better::Guide(Box::new(report(*found, Some(&base), options, observer)?))
            }
            Ok(Reached::Drawing(drawing)) => {
                is_last = drawing.is_last;
                Better::Draws(Box::new(reported(family, drawing, &base, options)?))
            }
            Err(why) => {
                if attempt == 0 {
                    tried.push(left_out(why));
                }
                continue;
            }
        };
        doubts.look_at(&from, &mut found)?;
        // Of several attempts at what was asked for the best stays.
        let forced = asked.is_some() && best.is_none();
        let (adopt, record) = compare(current, found.known(), family, forced);
        let behind = !adopt && record.gain.as_ref().is_some_and(|g| g.value < -MUCH);
        is_over = behind || adopt && is_last;
        tried.push(record);
        if adopt {
            best = Some(found);
        }
    }
    let mut out = match best {
        Some(Better::Guide(mut better)) => {
            better.fit.notes.splice(0..0, base.fit.notes);
            *better
        }
        Some(Better::Draws(better)) => Reported {
            fit: better.fit,
            sampled: better.sampled,
            outside: Some(better.drawn),
            ..base
        },
        None => base,
    };
    out.fit.certificate.rungs = tried;
    Ok(out)
}

/// What a rung was reported as.
enum Better {
    Guide(Box<Reported>),
    Draws(Box<Refined>),
}

impl Better {
    fn known(&self) -> (&Fit, &Sampled) {
        match self {
            Better::Guide(reported) => (&reported.fit, &reported.sampled),
            Better::Draws(refined) => (&refined.fit, &refined.sampled),
        }
    }
}
