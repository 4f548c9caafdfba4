//! A diagonal plus a few factors, from the curvature at the mean-field optimum, polished by the stochastic engine.

use super::whitened::Whitened;
use super::{Base, Climbed, End, MOST_WORK, Reached, Rung};
use crate::deterministic::{Effort, factors, forms_curvature, solve};
use crate::objective::{Objective, ObjectiveError};
use crate::options::Observer;
use crate::stochastic::{Outcome, Target, maximise};
use ppl_model::lower::AxisMap;
use std::time::Instant;

/// The rung.
pub(super) struct LowRank;

/// Draws of a step of the polish.
const DRAWS: usize = 16;

/// Its steps, at most; where fewer than the second can be afforded, there is none.
const STEPS: usize = 2000;
const FEWEST: usize = 300;

/// Batches for a last look.
const LOOK: u64 = 64;
const COMPARED: u64 = 1 << 41;

impl Rung for LowRank {
    fn family(&self) -> &'static str {
        "low-rank"
    }

    fn purpose(&self) -> &'static str {
        "where the unknowns are independent under the guide, as too many of them meet"
    }

    fn unsuited(&self, base: &Base<'_>) -> Option<String> {
        let independent = base.chosen.guided.name == ppl_guide::MEAN_FIELD.name();
        (!independent).then(|| "the Gaussian has correlations already".into())
    }

    fn climb(&self, base: &Base<'_>, observer: &mut dyn Observer) -> Climbed {
        let started = Instant::now();
        let options = base.options;
        let Some(family) = ppl_guide::find(self.family()) else {
            return Ok(Err("there is no such family".into()));
        };
        // Independent unknowns in the one order that factors are in.
        let diagonal = base.guided(&ppl_guide::Independent)?;
        let plain = Objective::new(&diagonal.bound, 1, options.seed)?;
        let n = plain.n_params();
        let (bound, layout) = (&diagonal.bound, plain.layout.as_ref());
        if layout.is_some_and(|layout| !forms_curvature(bound, layout)) {
            return Ok(Err(
                "the curvature is too large to be factored, and the factors come from it".into(),
            ));
        }
        let Some((layout, solved)) = (match layout {
            Some(layout) => solve(bound, layout, n, options, Effort::Full, observer)?
                .map(|solved| (layout, solved)),
            None => None,
        }) else {
            return Ok(Err("there is no mean-field optimum to start from".into()));
        };
        let guided = base.guided(family)?;
        let objective = Objective::new(&guided.bound, DRAWS, options.seed)?;
        let axes = AxisMap::new(&guided.bound).ok_or(ObjectiveError::TooManyAxes)?;
        let [location, scale, matrix] = [0, 1, 2].map(|i| &objective.params[i]);
        let d = location.init.len();
        let rank = matrix.init.len() / d.max(1);
        let found = factors(bound, layout, &solved.optimum.params, rank, options.seed)?;
        let Some(found) = found else {
            return Ok(Err(
                "the curvature at the mean-field optimum is of no use".into()
            ));
        };
        let symbol = &guided.bound.model.symbols[matrix.symbol];
        let mut start = objective.initial();
        start[location.offset..location.offset + d].copy_from_slice(&found.mean);
        start[scale.offset..scale.offset + d].copy_from_slice(&found.ln_scales);
        let values = axes.to_program(&found.factors, &symbol.axes);
        start[matrix.offset..matrix.offset + values.len()].copy_from_slice(&values);
        let sds: Vec<f64> = found.ln_scales.iter().map(|v| v.exp()).collect();
        let repeated: Vec<f64> = sds
            .iter()
            .flat_map(|s| std::iter::repeat_n(*s, rank))
            .collect();
        let units = vec![
            (location.offset, sds),
            (matrix.offset, axes.to_program(&repeated, &symbol.axes)),
        ];
        let steps = (MOST_WORK / objective.work as f64) as usize;
        let mut target = Whitened::scaled(objective, start, units);
        let mut at = target.initial();
        let (mut spent, mut outcome) = (solved.optimum.steps, Outcome::Converged);
        if steps >= FEWEST && !found.is_exact {
            let polished = maximise(&mut target, steps.min(STEPS), observer);
            spent += polished.steps;
            let mut unused = vec![0.0; at.len()];
            let before = target.mean(&at, COMPARED, LOOK, &mut unused);
            let after = target.mean(&polished.params, COMPARED, LOOK, &mut unused);
            if polished.outcome == Outcome::Interrupted {
                outcome = Outcome::Interrupted;
            }
            if after > before {
                at = polished.params;
            }
        }
        let gradient = target.residual(&at, LOOK);
        let end = End {
            params: target.params_at(&at),
            elbo: f64::NAN,
            steps: spent,
            draws: spent * DRAWS,
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
