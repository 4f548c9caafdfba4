//! What the deterministic engine would do for a guide, without doing it.

use super::gaussian::Gaussian;
use super::layout::Layout;
use super::smooth::Smooth;
use super::{MOST_WORK, RUNGS, Solver, shape, starts};
use crate::objective::ObjectiveError;
use crate::options::{FitOptions, Silent};
use ppl_model::Bound;

/// Starts, second derivatives and rungs.
#[derive(Default)]
pub(crate) struct Outline {
    pub(crate) starts: usize,
    pub(crate) colours: usize,
    pub(crate) nonzeros: usize,
    /// Numbers that one gradient of one point computes.
    pub(crate) work: usize,
    /// Draws, and numbers that a step computes.
    pub(crate) rungs: Vec<(usize, f64)>,
    pub(crate) left_out: Vec<usize>,
}

/// The outline; `None` where this engine is not for the guide.
pub(crate) fn outline(
    bound: &Bound,
    layout: &Layout,
    options: &FitOptions,
) -> Result<Option<Outline>, ObjectiveError> {
    let Some((shape, by, structure)) = shape(bound, layout) else {
        return Ok(None);
    };
    let smooth = Smooth::new(bound, |_| true)?;
    if smooth.d != layout.d {
        return Ok(None);
    }
    let (d, work) = (smooth.d, smooth.work);
    let mut silent = Silent;
    let mut solver = Solver {
        smooth,
        shape,
        by,
        structure,
        seed: options.seed,
        observer: &mut silent,
        steps: 0,
        max_steps: options.max_steps,
        elbo: f64::NAN,
    };
    let starts = starts::starts(bound, &mut solver)?;
    let at = Gaussian::round(&solver.by, vec![0.0; d], 0.1);
    let Some(at) = starts.first().cloned().or(at) else {
        return Ok(None);
    };
    let known = solver.curvature(&at);
    let (colours, nonzeros) = (known.n_colours(), known.nonzeros());
    let each = |n: usize| (n * (1 + known.cost())) as f64 * work as f64;
    let afford = |n: &usize| *n == RUNGS[0] || each(*n) <= MOST_WORK;
    Ok(Some(Outline {
        starts: starts.len(),
        colours,
        nonzeros,
        work,
        rungs: RUNGS
            .iter()
            .filter(|n| afford(n))
            .map(|n| (*n, each(*n)))
            .collect(),
        left_out: RUNGS.iter().filter(|n| !afford(n)).copied().collect(),
    }))
}
