//! Centred or non-centred for each site: after both ways for all sites together, one site at a time is switched, and stays
//! switched where that raises the bound. All parametrisations bound the same evidence.

use crate::candidates::{Guided, candidate};
use crate::deterministic::{Effort, solve};
use crate::engine::FitError;
use crate::former::Former;
use crate::objective::Objective;
use crate::options::{FitOptions, Observer};
use crate::pursuit::Entrant;
use crate::stochastic::{Outcome, Target};
use ppl_guide::Centring;
use ppl_model::Bound;
use ppl_model::graph::SymbolId;
use std::cell::Cell;

/// Sites that are switched one by one, at most.
const MOST: usize = 10;

/// Rounds of switches, at most.
const ROUNDS: usize = 2;

/// Numbers that all switches together may compute, as far as the fits before them tell.
const MOST_WORK: f64 = 2e10;

/// What a switch must raise the bound by, beside two standard errors.
const WORTH: f64 = 0.05;

/// What the search found.
pub(crate) struct Found {
    /// The guide, where it is neither of those that treat all sites alike.
    pub(crate) guided: Option<Guided>,
    /// The sites that are drawn in units of their priors.
    pub(crate) sites: Vec<SymbolId>,
    /// Whether the observer stopped it.
    pub(crate) stopped: bool,
    /// Gradients that it took.
    pub(crate) estimates: usize,
}

/// What a short optimisation gave.
enum Tried {
    /// A bound and its standard error.
    Bound(f64, f64),
    /// The observer stopped it.
    Stopped,
    /// Nothing: the deterministic engine is not for it, or got nowhere.
    None,
}

/// Whether a chain is among such sites. Its innovations have the higher bound as a rule: neighbours on its own scale are correlated, which a
/// guide of independent elements misses.
pub(crate) fn have_chain(bound: &Bound, all: &[SymbolId]) -> bool {
    let shapes = bound.site_shapes();
    shapes.iter().any(|s| s.is_chain && all.contains(&s.site))
}

/// Switches one site after the other, from all of them in units of their priors (`apart`) or none. Each is expected to compute `each`
/// numbers, the mean of the fits with all sites alike: a mixed choice lies between them.
pub(crate) fn search(
    bound: &Bound,
    options: &FitOptions,
    all: &[SymbolId],
    (apart, each): (bool, f64),
    observer: &mut dyn Observer,
) -> Result<Found, FitError> {
    let mut sites = if apart { all.to_vec() } else { vec![] };
    let estimates = Cell::new(0);
    let alike = |sites: Vec<SymbolId>| Found {
        guided: None,
        sites,
        stopped: false,
        estimates: estimates.get(),
    };
    let costs = (all.len() + 1) as f64 * each;
    if all.len() < 2 || all.len() > MOST || costs > MOST_WORK {
        return Ok(alike(sites));
    }
    let mut quick = |sites: &[SymbolId]| -> Result<Tried, FitError> {
        let guided = candidate(bound, options.guide, Centring::Apart(sites))?;
        let objective = Objective::new(&guided.bound, options.draws_per_step.max(1), options.seed)?;
        let Some(layout) = &objective.layout else {
            return Ok(Tried::None);
        };
        let n = objective.n_params();
        let solved = solve(&guided.bound, layout, n, options, Effort::Quick, observer)?;
        let optimum = solved.map(|s| s.optimum);
        let taken = optimum.as_ref().map_or(0, |o| o.estimates);
        estimates.set(estimates.get() + taken);
        Ok(match optimum {
            Some(o) if o.outcome == Outcome::Interrupted => Tried::Stopped,
            Some(o) if o.elbo.is_finite() => Tried::Bound(o.elbo, o.elbo_se),
            _ => Tried::None,
        })
    };
    let (mut best, mut best_se) = match quick(&sites)? {
        Tried::Bound(value, se) => (value, se),
        Tried::None => return Ok(alike(sites)),
        Tried::Stopped => {
            return Ok(Found {
                stopped: true,
                ..alike(sites)
            });
        }
    };
    // Until a whole round of switches has brought nothing.
    let (mut quiet, mut tried) = (0, 0);
    for site in all.iter().cycle() {
        if quiet == all.len() || tried == ROUNDS * all.len() {
            break;
        }
        tried += 1;
        quiet += 1;
        let mut switched = sites.clone();
        match switched.iter().position(|s| s == site) {
            Some(at) => {
                switched.remove(at);
            }
            None => switched.push(*site),
        }
        match quick(&switched)? {
            Tried::Bound(value, se) if value > best + (2.0 * se.hypot(best_se)).max(WORTH) => {
                (best, best_se, sites, quiet) = (value, se, switched, 1);
            }
            Tried::Stopped => {
                return Ok(Found {
                    stopped: true,
                    ..alike(sites)
                });
            }
            _ => {}
        }
    }
    if sites.is_empty() || sites.len() == all.len() {
        return Ok(alike(sites));
    }
    Ok(Found {
        guided: Some(candidate(bound, options.guide, Centring::Apart(&sites))?),
        stopped: false,
        sites,
        estimates: estimates.get(),
    })
}

/// The guide with the choice of a former fit, if that fit can be gone on from; with the sites in units of their priors. What was
/// best for nearly the same posterior is not compared again.
pub(crate) fn resumed(
    bound: &Bound,
    options: &FitOptions,
    (former, all): (&Former, &[SymbolId]),
    observer: &mut dyn Observer,
) -> Result<Option<(Entrant, Vec<SymbolId>)>, FitError> {
    let names = former.non_centred();
    let mut sites = all.to_vec();
    sites.retain(|s| names.contains(bound.model.symbols[*s].name.as_str()));
    let guided = candidate(bound, options.guide, Centring::Apart(&sites))?;
    let objective = Objective::new(&guided.bound, options.draws_per_step.max(1), options.seed)?;
    let Some(layout) = &objective.layout else {
        return Ok(None);
    };
    let n = objective.n_params();
    let solved = solve(&guided.bound, layout, n, options, Effort::Resume, observer)?;
    Ok(solved.map(|solved| {
        let entrant = Entrant {
            guided,
            objective,
            solved: Some(solved),
        };
        (entrant, sites)
    }))
}

/// What was chosen and why, from the bounds of all centred, all non-centred and the mixed choice.
pub(crate) fn note(
    bound: &Bound,
    all: &[SymbolId],
    bounds: &[f64],
    apart: Option<Vec<SymbolId>>,
) -> Option<String> {
    let shown = |v: f64| match v.is_finite() {
        true => format!("{v:.2}"),
        false => "not found".to_string(),
    };
    let [centred, non_centred, mixed @ ..] = bounds else {
        return None;
    };
    let both = format!(
        "the bound is {} centred, {} non-centred",
        shown(*centred),
        shown(*non_centred)
    );
    let best = centred.max(*non_centred);
    if let ([mixed], Some(apart)) = (mixed, apart) {
        let names = |wanted: bool| {
            let sites = all.iter().filter(|s| apart.contains(s) == wanted);
            let names: Vec<String> = sites
                .map(|s| format!("`{}`", bound.model.symbols[*s].name))
                .collect();
            names.join(", ")
        };
        if *mixed > best {
            return Some(format!(
                "{} drawn non-centred in the guide and {} centred: the bound is {} so, {} with all centred, {} with all non-centred",
                names(true),
                names(false),
                shown(*mixed),
                shown(*centred),
                shown(*non_centred)
            ));
        }
    }
    let word = if non_centred > centred {
        "non-centred"
    } else {
        "centred"
    };
    let shapes = bound.site_shapes();
    let chains = shapes
        .iter()
        .filter(|s| s.is_chain && all.contains(&s.site));
    let chains: Vec<String> = chains.map(|s| format!("`{}`", s.name)).collect();
    // What both words mean of a chain.
    let of_chains = match (chains.is_empty(), non_centred > centred) {
        (true, _) => String::new(),
        (false, true) => format!(" ({} by its innovations)", chains.join(", ")),
        (false, false) => format!(" ({} on its own scale)", chains.join(", ")),
    };
    Some(format!(
        "hierarchical sites are drawn {word} in the guide{of_chains}: {both}"
    ))
}
