//! Coupling layers on the Gaussian's standard numbers, by the stochastic engine from the Gaussian optimum.

use super::whitened::Whitened;
use super::{Base, Climbed, End, MOST_WORK, Reached, Rung};
use crate::options::Observer;
use crate::stochastic::{Outcome, maximise};
use std::time::Instant;

/// The rung.
pub(super) struct Flow;

/// Draws of a step.
const DRAWS: usize = 32;

/// Steps, at most; fewer than the second are not worth while.
const STEPS: usize = 4000;
const FEWEST: usize = 800;

/// Batches for a last look at the gradient.
const LOOK: u64 = 64;

impl Rung for Flow {
    fn family(&self) -> &'static str {
        "flow"
    }

    fn purpose(&self) -> &'static str {
        "for other shapes, such as funnels and bent ridges"
    }

    fn unsuited(&self, base: &Base<'_>) -> Option<String> {
        if base.has_modes() {
            return Some(
                "the posterior has modes apart, between which a flow leaves bridges".into(),
            );
        }
        if !base.is_dense() {
            return Some("the guide is not one Gaussian of any covariance".into());
        }
        let layout = base.chosen.objective.layout.as_ref();
        layout
            .is_some_and(|l| l.d < 2)
            .then(|| "one unknown has no other to depend on".into())
    }

    fn climb(&self, base: &Base<'_>, observer: &mut dyn Observer) -> Climbed {
        let started = Instant::now();
        let (guided, objective, start) = match base.opened(self, DRAWS)? {
            Ok(opened) => opened,
            Err(why) => return Ok(Err(why)),
        };
        let steps = (MOST_WORK / objective.work as f64) as usize;
        if steps < FEWEST {
            return Ok(Err("a gradient costs too much".into()));
        }
        let mut target = Whitened::of(objective, start, (0, 1), false);
        let optimum = maximise(&mut target, steps.min(STEPS), observer);
        let outcome = match optimum.outcome {
            Outcome::Diverged { reason } => return Ok(Err(reason)),
            Outcome::StepLimit => Outcome::Converged,
            other => other,
        };
        let gradient = target.residual(&optimum.params, LOOK);
        let end = End {
            params: target.params_at(&optimum.params),
            elbo: optimum.elbo,
            steps: optimum.steps,
            draws: (optimum.estimates + LOOK as usize) * DRAWS,
            outcome,
            gradient,
        };
        Ok(Ok(Reached::Optimum(base.reached(
            guided,
            target.into_objective(),
            end,
            started,
        ))))
    }
}
