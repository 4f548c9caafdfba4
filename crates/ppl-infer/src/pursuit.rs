//! Which candidates are pursued, and how far: what more work may still bring against what it costs.

use crate::candidates::Guided;
use crate::deterministic::{Solved, further};
use crate::engine::FitError;
use crate::objective::Objective;
use crate::options::{FitOptions, Observer};
use crate::stochastic::{Optimum, Outcome};

/// A candidate is not pursued if even with a few times what more draws seem to bring it stays so far below the best.
const HOPELESS: f64 = 0.5;
const BRINGS: f64 = 3.0;

/// Numbers that the stochastic engine may compute where the deterministic one has found an optimum that it is not sure of.
const MOST_STOCHASTIC: f64 = 5e10;

/// Steps that the stochastic engine typically takes, and those below which it is of no use: the race alone takes 2,000.
const TYPICAL: usize = 20_000;
const FEWEST: usize = 5_000;

/// Nats below which going on is not worth a dear search.
const LITTLE: f64 = 0.1;

/// A candidate with what the deterministic engine made of it.
pub(crate) struct Entrant {
    pub(crate) guided: Guided,
    pub(crate) objective: Objective,
    pub(crate) solved: Option<Solved>,
}

impl Entrant {
    /// Its bound, so far.
    pub(crate) fn bound(&self) -> f64 {
        let solved = self.solved.as_ref();
        solved.map_or(f64::NEG_INFINITY, |s| {
            if s.optimum.elbo.is_finite() {
                s.optimum.elbo
            } else {
                f64::NEG_INFINITY
            }
        })
    }

    /// Numbers that were computed for it.
    pub(crate) fn numbers(&self) -> f64 {
        let solved = self.solved.as_ref();
        let estimates = solved.map_or(0, |s| s.optimum.estimates);
        estimates as f64 * self.objective.work as f64
    }

    pub(crate) fn is_done(&self) -> bool {
        let solved = self.solved.as_ref();
        solved.is_some_and(|s| s.optimum.outcome == Outcome::Converged)
    }
}

/// How a candidate stands: its bound, the nats that more draws may bring, and whether its optimum was found.
#[derive(Debug, Clone, Copy)]
struct Standing {
    bound: f64,
    left: f64,
    done: bool,
}

/// The candidates that cannot become the best.
pub(crate) fn hopeless(entrants: &[Entrant]) -> Vec<bool> {
    let of = |e: &Entrant| Standing {
        bound: e.bound(),
        left: e.solved.as_ref().map_or(f64::INFINITY, |s| s.left),
        done: e.is_done(),
    };
    let all: Vec<Standing> = entrants.iter().map(of).collect();
    behind(&all)
}

fn behind(all: &[Standing]) -> Vec<bool> {
    let best = all
        .iter()
        .map(|s| s.bound)
        .fold(f64::NEG_INFINITY, f64::max);
    let sure = all.iter().any(|s| s.done);
    let of = |s: &Standing| {
        let may_rise = match s.left.is_finite() && !s.done {
            true => BRINGS * s.left,
            false => 0.0,
        };
        // Where nothing is known of what is left, the best must be sure.
        let known = s.done || s.left.is_finite() || sure;
        known && s.bound + may_rise < best - HOPELESS
    };
    all.iter().map(of).collect()
}

/// Takes the candidates that may become the best through the rungs that were too dear for all; whether the observer stopped it.
pub(crate) fn further_rungs(
    entrants: &mut [Entrant],
    options: &FitOptions,
    observer: &mut dyn Observer,
) -> Result<bool, FitError> {
    let mut order: Vec<usize> = (0..entrants.len()).collect();
    order.sort_by(|a, b| entrants[*b].bound().total_cmp(&entrants[*a].bound()));
    for i in order {
        if entrants[i].is_done() || hopeless(entrants)[i] {
            continue;
        }
        let Entrant {
            guided,
            objective,
            solved: Some(solved),
        } = &mut entrants[i]
        else {
            continue;
        };
        if let Some(layout) = &objective.layout {
            further(&guided.bound, layout, solved, options, observer)?;
        }
        if solved.optimum.outcome == Outcome::Interrupted {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The steps that the stochastic engine may take from an optimum of the deterministic one; `None` where they would cost too much for
/// what is `left`.
pub(crate) fn most_steps(objective: &Objective, left: f64, options: &FitOptions) -> Option<usize> {
    let allowed = (MOST_STOCHASTIC / objective.work as f64) as usize;
    if allowed >= TYPICAL.min(options.max_steps) {
        return Some(options.max_steps);
    }
    (allowed >= FEWEST && left >= LITTLE).then_some(allowed)
}

impl Optimum {
    /// The same, with the limit of steps that cost set told from the user's.
    pub(crate) fn costly(self) -> Optimum {
        let outcome = match self.outcome {
            Outcome::StepLimit | Outcome::Unsettled { .. } => Outcome::Costly,
            other => other,
        };
        Optimum { outcome, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(bound: f64, left: f64, done: bool) -> Standing {
        Standing { bound, left, done }
    }

    #[test]
    fn who_cannot_become_the_best() {
        let infinite = f64::INFINITY;
        // Far behind by what its own rungs say, whether or not the best is sure.
        let far = standing(-68.8, 0.03, false);
        assert_eq!(behind(&[far, standing(-51.6, 0.03, false)]), [true, false]);
        assert_eq!(behind(&[far, standing(-51.6, 0.0, true)]), [true, false]);
        // Behind by less than more draws may bring.
        let near = standing(-53.0, 1.0, false);
        assert_eq!(behind(&[near, standing(-51.6, 0.0, true)]), [false, false]);
        // Nothing is known of either.
        let unknown = standing(-60.0, infinite, false);
        let other = standing(-51.6, infinite, false);
        assert_eq!(behind(&[unknown, other]), [false, false]);
        assert_eq!(
            behind(&[unknown, standing(-51.6, 0.0, true)]),
            [true, false]
        );
        let nothing = standing(f64::NEG_INFINITY, infinite, false);
        assert_eq!(behind(&[nothing, nothing]), [false, false]);
    }
}
