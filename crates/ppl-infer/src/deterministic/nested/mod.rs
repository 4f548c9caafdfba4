//! The nested guide q(theta) N(z; z*(theta), H(theta)^-1): a mixture for few unknowns theta, and given these a Gaussian around the
//! conditional mode of all others (Rue, Martino and Chopin 2009 use the same conditional); or, where the others are independent of each
//! other given theta, the density of each, see [`curve`]. The best single Gaussian misses
//! the funnels and long tails that scales make; given the scales, most posteriors are nearly Gaussian. The conjugate guide is the same
//! with conditionals of known families, exact ones, see [`conjugate`].

mod adapt;
mod base;
mod conditional;
mod conjugate;
mod curve;
mod drawing;
mod ends;
mod families;
mod fixed;
mod further;
mod hessians;
mod long_tails;
mod marginal;
mod mixture;
mod outer;
mod places;
mod roots;
mod scales;
mod search;
mod split;
mod thinning;

use super::annealed;
use super::gaussian::Gaussian;
use super::layout::Layout;
use super::smooth::Smooth;
use super::workers::over_pools;
use crate::objective::ObjectiveError;
use crate::psis::psis;
use crate::source::Drawn;
use adapt::Cloud;
pub(crate) use base::Base;
use conditional::Conditional;
pub(super) use ends::endless;
use families::Member;
pub(super) use fixed::{Fixed, Proposer};
pub(super) use marginal::raise;
use outer::{Outer, thetas};
use places::{Place, Places};
use ppl_model::Bound;
use ppl_sparse::{Elimination, Symmetric};
use std::sync::Arc;
pub(super) use thinning::Thinning;

/// Purpose of the random numbers.
const PURPOSE: u32 = 6;

/// Theta is looked for among sites of so many elements at most: what is along a longer axis is one of many of its kind.
const SMALL: usize = 10;

/// So few unknowns may all be theta, with nothing given them, where the rest is no Gaussian given some: where less than so much of the
/// draws is effective.
const FEW: usize = 5;
const GAUSSIAN_ENOUGH: f64 = 0.9;

/// Where so much of the draws is effective the others are Gaussian enough given theta.
const ENOUGH_AS_GAUSSIAN: f64 = 0.5;

/// Where less of the draws is effective nothing is made of them unasked.
const FEW_EFFECTIVE: f64 = 0.05;

/// Numbers that may be computed for the fit, and for the draws of the certificate; more where the fewest draws take more.
const MOST_WORK: f64 = 1e9;
const CHEAP_WORK: f64 = 4e9;
const DEAR_WORK: f64 = 3e10;
const MOST_DRAWING: f64 = 2e9;

/// Draws on which q(theta) rests, a round, for each of its numbers and one more.
const PER_ROUND: usize = 200;
const LEAST: usize = 100;

/// Rounds that may follow where curves are in the place of Gaussians, or the Gaussian may be far from the posterior.
const MORE_ROUNDS: usize = 3;

/// The same where the posterior is met exactly: draws serve summaries alone.
const MOST_EXACT: f64 = 2e7;
const LEAST_EXACT: usize = 2500;

/// Draws of the certificate, at least.
const LEAST_DRAWS: usize = 2000;

/// Draws that are taken beforehand, to see what the weights are like; no more than this part of all that can be afforded.
const AHEAD: usize = 1000;
const AHEAD_PART: usize = 10;

/// Draws by which a posterior is found to be exact at once, and the range of their log weights for each nat: the first look may be
/// far from where the posterior is.
const START: usize = 256;
const NEARLY: f64 = 1e-5;

/// A fitted nested guide.
pub(crate) struct Nested {
    conditional: Conditional,
    outer: Outer,
    /// What is known of log p(theta).
    cloud: Option<Cloud>,
    /// How the Gaussians of the fit that it is built around are factored.
    by: Option<Arc<Elimination>>,
    workers: Vec<Smooth>,
    seed: u64,
    d: usize,
    /// Names of theta.
    pub(crate) theta: Vec<String>,
    /// Names of what is exact given theta, with the families of their conditionals; for conjugate guides alone.
    pub(crate) exact: Vec<(String, &'static str)>,
    affordable: usize,
    /// Log weights of a few draws.
    ahead: Vec<f64>,
    /// Those of theta by itself, where z may go on from its Gaussian to the posterior.
    ahead_of_theta: Vec<f64>,
    /// How its draws are thinned, and the log of the share that is kept.
    thinned: Option<(Thinning, f64)>,
    /// The draws that were thinned, unless they are many.
    unthinned: Option<Drawn>,
    /// Gradients taken for the fit.
    pub(crate) evaluations: usize,
    /// How many times the usual draws its mixture could be fitted to.
    pub(crate) most_effort: f64,
}

/// What a nested guide says of the unknowns given theta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// There are none.
    None,
    /// One Gaussian around their mode.
    Gaussian,
    /// The density of each, by its slopes: they are independent.
    Curves,
}

/// Why there is no base.
pub(crate) const NO_BASE: &str = "the Gaussian guide is not one of the deterministic engine";

/// Fits the nested guide around a fitted Gaussian.
pub(crate) fn nest(base: &mut Base, wanted: Wanted) -> Result<Nested, String> {
    let because = |words: &str| Err(words.to_owned());
    if base.quadratic {
        return because("the log density is quadratic, and one Gaussian is exact");
    }
    let d = base.q.mean.len();
    let candidates: Vec<usize> = (0..d).filter(|i| base.lengths[*i] <= SMALL).collect();
    let (scales, workers) = (base.scales.as_deref(), &mut base.workers);
    let mut theta = split::split(&base.q, &base.structure, scales, candidates, workers);
    let both = match wanted.scales || !base.is_steady(&theta) {
        true => base.with_scales(&theta),
        false => None,
    };
    match both {
        // Given these the others are Gaussian, which nothing else can better.
        Some(both) if wanted.scales || base.is_steady(&both) => theta = both,
        None if wanted.scales => return because("no other unknowns are scales"),
        _ => {}
    }
    let part = match theta.is_empty() {
        true => Err("no unknown changes the curvature of the others"),
        false => base.mixed(theta, wanted, false),
    };
    // Few unknowns may all be theta, for less.
    let enough = |n: &Nested| n.effective() >= ENOUGH_AS_GAUSSIAN;
    let shared = match wanted.scales || d <= FEW || part.as_ref().is_ok_and(enough) {
        true => None,
        false => base.shared(),
    };
    let part = match shared.map(|shared| base.mixed(shared, wanted, true)) {
        Some(Ok(followed)) => match part {
            Ok(part) if part.effective() >= followed.effective() => Ok(part),
            _ => Ok(followed),
        },
        _ => part,
    };
    let good = |n: &Nested| n.effective() >= GAUSSIAN_ENOUGH;
    let found = match part {
        Ok(part) if d > FEW || good(&part) => Ok(part),
        Err(why) if d > FEW => Err(why),
        part => match (part, base.mixed((0..d).collect(), wanted, false)) {
            (Ok(part), Ok(whole)) if part.effective() > whole.effective() => Ok(part),
            (part, whole) => whole.or(part),
        },
    };
    match found {
        Ok(nested) if !wanted.asked && nested.is_hopeless() => {
            because("few of its draws lie where the posterior does")
        }
        Ok(nested) => Ok(base.given_to(nested)),
        Err(why) => Err(why.to_owned()),
    }
}

/// What is wanted of a guide around a Gaussian.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Only what is exact as a whole.
    pub(crate) whole: bool,
    /// Whether it was asked for, even if it is no better than the Gaussian.
    pub(crate) asked: bool,
    /// How many times the usual draws a mixture is fitted to; more than once only where all of them can be afforded.
    pub(crate) effort: usize,
    /// Whether a mixture is for all scales beside the unknowns that the Gaussian shows.
    pub(crate) scales: bool,
    /// Whether the Gaussian is no optimum and may be far from the posterior, as where its draws leave the support.
    pub(crate) far: bool,
}

/// The same with exact conditionals of known families, and a mixture for few unknowns that are left, if any.
pub(crate) fn conjugate(base: &mut Base, wanted: Wanted) -> Result<Nested, String> {
    if wanted.scales {
        return Err("what the conditionals leave is no choice".to_owned());
    }
    let (scales, workers) = (base.scales.as_deref(), &mut base.workers);
    let found = conjugate::conditionals(&base.q, &base.structure, scales, &base.lengths, workers);
    let mut partial: Option<Conditional> = None;
    // What is left where all the rest is Gaussian, which is the nested guide's own case.
    let mut left: Option<Vec<usize>> = None;
    for conditional in found {
        if !wanted.asked && conditional.len() == base.q.mean.len() {
            return Err("the log density is quadratic, and one Gaussian is exact".to_owned());
        }
        let exact = conjugate::in_words(&conditional, &base.names, &base.single);
        match conjugate::members(&conditional, &base.q, &mut base.workers) {
            Some(members) => {
                let words =
                    conjugate::outer_in_words(&conditional, &members, &base.names, &base.single);
                let mut nested = Nested::exact(conditional, members, base);
                nested.exact = [words, exact].concat();
                return Ok(base.given_to(nested));
            }
            None if !conditional.exact().is_empty() && partial.is_none() => {
                partial = Some(conditional);
            }
            None if conditional.exact().is_empty() => {
                left = left.or(Some(conditional.theta.clone()));
            }
            None => {}
        }
    }
    let Some(conditional) = partial.filter(|_| !wanted.whole) else {
        if let Some(left) = left {
            let names: Vec<String> = { left.iter() }
                .map(|i| format!("`{}`", base.names[*i]))
                .collect();
            return Err(format!(
                "the others are Gaussian given {}, whose own distribution is of no known family; a mixture for these, and the Gaussian as it is, are the nested guide: `--guide nested`",
                names.join(", ")
            ));
        }
        return Err("no block of unknowns has a conditional of a known family (Gaussian, Gamma and its powers, Beta, Dirichlet) that leaves at most 8 unknowns to the rest".to_owned());
    };
    let exact = conjugate::in_words(&conditional, &base.names, &base.single);
    let fitted = Nested::fit(
        conditional,
        (&base.q, base.places.as_slice()),
        (base.work, wanted),
        base.seed,
        &mut base.workers,
    );
    match fitted {
        Ok(mut nested) => {
            nested.exact = exact;
            Ok(base.given_to(nested))
        }
        Err(why) => Err(why.to_owned()),
    }
}

/// The parameters of a Gaussian near the posterior, where that is exact as a whole: nothing else has to be optimised.
pub(crate) fn conjugate_start(
    bound: &Bound,
    layout: &Layout,
    start: &[f64],
    (seed, asked): (u64, bool),
) -> Result<Option<Vec<f64>>, ObjectiveError> {
    let base = Base::new(bound, layout, start, seed)?;
    let Some(mut base) = base.filter(|b| asked || !b.quadratic) else {
        return Ok(None);
    };
    let wanted = Wanted {
        whole: true,
        asked,
        effort: 1,
        scales: false,
        far: false,
    };
    let Ok(mut nested) = conjugate(&mut base, wanted) else {
        return Ok(None);
    };
    let (drawn, log_weights) = nested.proposals(START, 2);
    let (low, high) = ends(&log_weights);
    let constant = high - low <= NEARLY * (1.0 + high.abs());
    if !constant {
        return Ok(None);
    }
    let (d, n) = (nested.d, START as f64);
    let of = |i: usize| {
        let column = || drawn.points.iter().skip(i).step_by(d);
        let mean = column().sum::<f64>() / n;
        let square = column().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        (mean, square.recip())
    };
    let (mean, precision): (Vec<f64>, Vec<f64>) = (0..d).map(of).unzip();
    let by = base.q.factor.elimination();
    let precision = Symmetric::of_diagonal(by.pattern().clone(), precision);
    let near = Gaussian::new(by, mean, precision);
    Ok(near.and_then(|q| layout.params(start.len(), &q)))
}

/// The smallest and the largest; NaN where one is.
fn ends(values: &[f64]) -> (f64, f64) {
    let ends = (f64::INFINITY, f64::NEG_INFINITY);
    values.iter().fold(ends, |(low, high), v| match v.is_nan() {
        true => (f64::NAN, f64::NAN),
        false => (low.min(*v), high.max(*v)),
    })
}

impl Nested {
    /// The mixture around a fitted Gaussian, with its other optima, and a look at its draws; names and workers follow.
    fn fit(
        conditional: Conditional,
        (q, places): (&Gaussian, &[Place]),
        (work, wanted): (usize, Wanted),
        seed: u64,
        workers: &mut Vec<Smooth>,
    ) -> Result<Nested, &'static str> {
        let (d, theta) = (q.mean.len(), conditional.theta.clone());
        let (k, effort) = (theta.len(), wanted.effort);
        let each = (adapt::ROUNDS * conditional.cost() * work) as f64;
        let enough = effort * PER_ROUND * (k + 1);
        // Draws that go to the posterior take less, where its slopes are cheap.
        let dear = if annealed::is_cheap(work) {
            CHEAP_WORK
        } else {
            DEAR_WORK
        };
        let fewest = (dear / each).min(0.5 * enough as f64) as usize;
        let per_round = ((MOST_WORK / each) as usize).clamp(fewest, enough);
        let most_effort = MOST_WORK / each / (PER_ROUND * (k + 1)) as f64;
        if per_round < LEAST || (effort > 1 && per_round < enough) {
            return Err("the conditional mode costs too much");
        }
        let own = places::covariance(q, &theta);
        let scale = own.cholesky().ok_or("the covariance cannot be factored")?;
        let centre: Vec<f64> = theta.iter().map(|i| q.mean[*i]).collect();
        let count = |workers: &[Smooth]| workers.iter().map(|w| w.evaluations).sum::<usize>();
        let places = Places::of(places, &theta, &centre, &scale);
        let (before, mut solved) = (count(workers), 0);
        // The Gaussian that theta's own begins with rests on conditionals that curves leave behind.
        let more = if conditional.is_curved() || wanted.far {
            MORE_ROUNDS
        } else {
            0
        };
        let fitted = adapt::adapt(&scale, &places, (per_round, more), seed, |y| {
            let thetas = thetas(&centre, &scale, y);
            solved += thetas.len() / k;
            let pools = (thetas.len() / k, conditional.together());
            let found = over_pools(workers, pools, |smooth, batch| {
                conditional.given(smooth, &thetas[batch.start * k..batch.end * k])
            });
            let marginals = found.iter().map(|g| g.marginal()).collect();
            conditional.remember(&scale, &thetas, found);
            marginals
        });
        let (mixture, cloud) = fitted.ok_or("no mixture could be fitted")?;
        let each = (count(workers) - before) as f64 / solved as f64 * work as f64;
        let affordable = ((MOST_DRAWING / each) as usize).max(LEAST_DRAWS);
        let mut out = Nested {
            affordable,
            ahead: vec![],
            ahead_of_theta: vec![],
            by: None,
            thinned: None,
            unthinned: None,
            conditional,
            cloud: Some(cloud),
            outer: Outer::Mixture {
                mixture,
                centre,
                scale,
            },
            evaluations: 0,
            workers: std::mem::take(workers),
            seed,
            d,
            theta: vec![],
            exact: vec![],
            most_effort,
        };
        out.ahead = out.proposals(AHEAD.min(affordable / AHEAD_PART), 0).1;
        *workers = std::mem::take(&mut out.workers);
        Ok(out)
    }

    /// Where theta is exact as well, or there is none.
    fn exact(conditional: Conditional, members: Vec<Member>, base: &Base) -> Nested {
        let each = (conditional.cost() * base.work) as f64;
        Nested {
            affordable: ((MOST_EXACT / each) as usize).max(LEAST_EXACT),
            ahead: vec![],
            ahead_of_theta: vec![],
            by: None,
            thinned: None,
            unthinned: None,
            conditional,
            outer: Outer::Members(members),
            cloud: None,
            evaluations: 0,
            workers: vec![],
            seed: base.seed,
            d: base.q.mean.len(),
            theta: vec![],
            exact: vec![],
            most_effort: 1.0,
        }
    }

    /// Whether theta is exact, or there is none.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.outer, Outer::Members(_))
    }

    /// The effective share of its draws, before they are thinned.
    fn effective(&self) -> f64 {
        psis(&self.ahead).ess / self.ahead.len() as f64
    }

    /// Whether few of its draws lie where the posterior does, of theta at least where the rest may go on from its Gaussian.
    fn is_hopeless(&self) -> bool {
        let theta = &self.ahead_of_theta;
        let goes_on = !theta.is_empty() && psis(theta).ess >= FEW_EFFECTIVE * theta.len() as f64;
        self.effective() < FEW_EFFECTIVE && !goes_on
    }

    /// Whether what is given theta is exact, so that only the mixture may miss something.
    pub(crate) fn is_mixture_alone(&self) -> bool {
        let conditional = &self.conditional;
        !self.is_partial()
            || conditional.is_exact()
            || conditional.is_curved()
            || !conditional.exact().is_empty()
    }

    /// Whether anything is left given theta.
    pub(crate) fn is_partial(&self) -> bool {
        self.conditional.is_partial()
    }

    /// What is left given theta, where nothing of that is of a known family.
    pub(crate) fn rest(&self) -> Rest {
        match (self.is_partial(), self.conditional.is_curved()) {
            (false, _) => Rest::None,
            (true, false) => Rest::Gaussian,
            (true, true) => Rest::Curves,
        }
    }
}
