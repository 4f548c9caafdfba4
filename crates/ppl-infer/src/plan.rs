//! What a fit would do, and why, without doing it: the guide, the estimator of every site, the engine, its rungs and their cost.

use crate::candidates::candidate;
use crate::deterministic::{Outline, Rung, outline};
use crate::engine::FitError;
use crate::objective::Objective;
use crate::options::{FitOptions, GuideChoice};
use ppl_guide::Centring;
use ppl_model::Bound;

/// A site of the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// Numbers in it.
    pub elements: usize,
    /// How its part of the bound and of the gradient is computed.
    pub estimator: String,
    /// Why so.
    pub why: String,
    /// `on its own scale`, or that both parametrisations are tried.
    pub centring: Option<String>,
}

/// What a fit would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Unknowns after transforms.
    pub unknowns: usize,
    /// The guide.
    pub guide: String,
    /// Why this one.
    pub guide_why: String,
    /// All unknowns, in order of the model.
    pub sites: Vec<Site>,
    /// `deterministic`, `stochastic` or `none`.
    pub engine: String,
    /// Why that one.
    pub engine_why: String,
    /// Starts of the deterministic engine.
    pub starts: usize,
    /// Colours of the Hessian: products with it that give all of it. 0 where no second derivatives are taken.
    pub colours: usize,
    /// Second derivatives that are not always zero.
    pub nonzeros: usize,
    /// Numbers that one gradient of the log density computes.
    pub gradient_work: usize,
    /// Rungs that can be afforded.
    pub rungs: Vec<Rung>,
    /// Rungs that are left out because a step would cost too much.
    pub left_out: Vec<usize>,
    /// The richer guide that is tried after this one, and when.
    pub richer: String,
    /// Optimisations, for the sake of comparing parametrisations.
    pub candidates: String,
    /// Richer guides that are tried where the Gaussian is not certified, in this order, each with what it is for.
    pub ladder: Vec<(&'static str, &'static str)>,
}

/// Plans a fit.
///
/// # Errors
/// Where the model cannot be lowered, or its guide does not fit it.
pub fn plan(bound: &Bound, options: &FitOptions) -> Result<Plan, FitError> {
    let unknowns = bound.n_unknowns();
    let written = bound.model.has_written_guide;
    let mut hierarchical = vec![];
    let (guided, guide, guide_why) = if written {
        (
            bound.clone(),
            "written".to_owned(),
            "the model has a guide of its own".to_owned(),
        )
    } else {
        let guided = candidate(bound, options.guide, Centring::Centred)?;
        hierarchical = crate::candidates::hierarchical(bound, &guided);
        let why = match (options.guide, &bound.model.guide_family) {
            (GuideChoice::Auto, Some(_)) => "the model names it".to_owned(),
            (GuideChoice::Auto, None) => {
                let limit = ppl_guide::FULL_RANK_LIMIT;
                match (unknowns <= limit, guided.name == ppl_guide::SPARSE) {
                    (true, _) => format!(
                        "{unknowns} unknowns are at most {limit}, so that every covariance can be held"
                    ),
                    (false, true) => format!(
                        "{unknowns} unknowns are more than the {limit} up to which every covariance is held, and few of them meet"
                    ),
                    (false, false) => format!(
                        "{unknowns} unknowns are more than the {limit} up to which every covariance is held, and too many of them meet for a sparse precision"
                    ),
                }
            }
            _ => "it was asked for".to_owned(),
        };
        (guided.bound, guided.name, why)
    };
    let objective = Objective::new(&guided, options.draws_per_step.max(1), options.seed)?;
    let layout = objective.layout.as_ref();
    let outline = match layout {
        Some(layout) => outline(&guided, layout, options)?,
        None => None,
    };
    let (engine, engine_why) = match (&outline, objective.params.is_empty(), layout) {
        (_, true, _) => ("none", "all unknowns are summed out: the answer is exact"),
        (Some(_), ..) => (
            "deterministic",
            "the guide is a Gaussian on the unconstrained scale, and the density has derivatives there; the stochastic engine goes on where its rungs do not agree",
        ),
        (None, _, Some(_)) => (
            "stochastic",
            "too many unknowns for the deterministic engine",
        ),
        (None, _, None) => (
            "stochastic",
            "the guide is no Gaussian whose every parameter is its own, or the model has params",
        ),
    };
    let richer = crate::refine::in_words(bound, options, outline.is_some());
    let candidates = match hierarchical.len() {
        _ if objective.params.is_empty() => "no optimisation",
        0 => "one optimisation",
        1 => "two optimisations: the hierarchical site centred and non-centred",
        _ => {
            "two optimisations, all hierarchical sites centred and non-centred, then, where these are not dear, short ones with one site switched at a time"
        }
    };
    let Outline {
        starts,
        colours,
        nonzeros,
        work,
        rungs,
        left_out,
    } = outline.unwrap_or_default();
    Ok(Plan {
        unknowns,
        guide,
        guide_why,
        sites: sites(&guided, &hierarchical)?,
        engine: engine.to_owned(),
        engine_why: engine_why.to_owned(),
        starts,
        colours,
        nonzeros,
        gradient_work: work,
        rungs,
        left_out,
        richer,
        candidates: candidates.to_owned(),
        ladder: crate::ladder::planned(bound, options),
    })
}

fn sites(bound: &Bound, hierarchical: &[usize]) -> Result<Vec<Site>, FitError> {
    use ppl_model::graph::Role;
    let model = &bound.model;
    let summed = ppl_model::lower::summed_out(bound)
        .map_err(|e| crate::objective::ObjectiveError::Limit(e.message))?;
    let mut out = vec![];
    for (id, s) in model.symbols.iter().enumerate() {
        let is_param = model.is_own_param(id);
        let is_site = matches!(s.role, Role::Site(_));
        if !is_param && !is_site {
            continue;
        }
        let (estimator, why) = if is_param {
            (
                "maximised together with the guide".to_owned(),
                "a param has no prior".to_owned(),
            )
        } else if model.is_summed_out(id) {
            let how = summed.iter().find(|g| g.sites.contains(&id));
            let cost = how.map_or(String::new(), |g| {
                let rounds = if g.rounds == 1 { "round" } else { "rounds" };
                format!(
                    "{} {rounds}, largest table {} elements, {} in all for each draw",
                    g.rounds, g.largest, g.work
                )
            });
            ("exact sum".to_owned(), cost)
        } else if s.is_discrete_site() {
            (
                "score function with a leave-one-out baseline".to_owned(),
                "it is discrete and drawn by the guide".to_owned(),
            )
        } else {
            (
                "reparameterised".to_owned(),
                "the draw is a smooth function of Gaussian noise".to_owned(),
            )
        };
        out.push(Site {
            name: s.name.clone(),
            elements: bound.len(&s.axes),
            estimator,
            why,
            centring: hierarchical
                .contains(&id)
                .then(|| "centred or non-centred, by the bound".to_owned()),
        });
    }
    Ok(out)
}
