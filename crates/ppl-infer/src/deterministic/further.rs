//! The rungs that are gone through only for parametrisations that may be the best.

use super::climb::Summit;
use super::rungs::rungs;
use super::{Effort, Layout, Lost, Solved, Solver};
use crate::objective::ObjectiveError;
use crate::options::{FitOptions, Observer};
use crate::stochastic::Outcome;
use ppl_model::Bound;
use std::time::Instant;

/// Goes on from where the first or the affordable rungs ended without agreement, where there are further ones.
pub(crate) fn further(
    bound: &Bound,
    layout: &Layout,
    solved: &mut Solved,
    options: &FitOptions,
    observer: &mut dyn Observer,
) -> Result<(), ObjectiveError> {
    let started = Instant::now();
    let before = &mut solved.optimum;
    let opened = Solver::open_at(bound, layout, &before.params, options.seed, observer)?;
    let Some((mut solver, q)) = opened else {
        return Ok(());
    };
    (solver.steps, solver.max_steps) = (before.steps, options.max_steps);
    let known = solver.curvature(&q);
    if solved.next.rung >= rungs(known.cost(), solver.smooth.work).len() {
        return Ok(());
    }
    let effort = Effort::Onwards(solved.next);
    let (found, outcome) = match solver.climb(q, known, (effort, false)) {
        Ok(Summit {
            q,
            reached,
            left,
            next,
        }) => {
            (solved.left, solved.next) = (left, next);
            let outcome = match reached {
                true => Outcome::Converged,
                false => Outcome::StepLimit,
            };
            (Some(q), outcome)
        }
        Err((found, Lost::Stopped)) => (found, Outcome::Interrupted),
        Err((found, Lost::Failed)) => (found, Outcome::StepLimit),
    };
    let found = found.and_then(|q| Some((layout.params(before.params.len(), &q)?, q)));
    if let Some((params, q)) = found {
        before.params = params;
        (before.elbo, before.elbo_se) = match outcome {
            Outcome::Interrupted => (f64::NAN, f64::NAN),
            _ => solver.bound(&q),
        };
        before.outcome = outcome;
    }
    let each = options.draws_per_step.max(1);
    before.steps = solver.steps;
    before.estimates += solver.smooth.evaluations.div_ceil(each);
    before.optimise_seconds += started.elapsed().as_secs_f64();
    Ok(())
}
