//! What the deterministic engine would do for a guide, without doing it.

use super::dense::Matrix;
use super::gaussian::Gaussian;
use super::layout::Layout;
use super::smooth::Smooth;
use super::{MOST, MOST_WORK, RUNGS, Solver, starts};
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
    if layout.d > MOST || !(layout.is_dense() || layout.is_diagonal()) {
        return Ok(None);
    }
    let smooth = Smooth::new(bound, |_| true)?;
    if smooth.d != layout.d {
        return Ok(None);
    }
    let (d, work) = (smooth.d, smooth.work);
    let mut silent = Silent;
    let mut solver = Solver {
        smooth,
        dense: layout.is_dense(),
        seed: options.seed,
        observer: &mut silent,
        steps: 0,
        max_steps: options.max_steps,
        elbo: f64::NAN,
        difference: None,
    };
    let starts = starts::starts(bound, &mut solver)?;
    let at = Gaussian::new(vec![0.0; d], Matrix::scalar(d, 100.0));
    let Some(at) = starts.first().cloned().or(at) else {
        return Ok(None);
    };
    let pattern = solver.pattern(&at);
    let (colours, nonzeros) = (pattern.n_colours(), pattern.nonzeros());
    let each = |n: usize| (n * (1 + 2 * colours)) as f64 * work as f64;
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
