//! What the deterministic engine would do for a guide, without doing it.

use super::gaussian::Gaussian;
use super::layout::Layout;
use super::rungs::{RUNGS, Rung, rungs};
use super::{Solver, starts};
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
    pub(crate) rungs: Vec<Rung>,
    pub(crate) left_out: Vec<usize>,
}

/// The outline; `None` where this engine is not for the guide.
pub(crate) fn outline(
    bound: &Bound,
    layout: &Layout,
    options: &FitOptions,
) -> Result<Option<Outline>, ObjectiveError> {
    let mut silent = Silent;
    let Some(mut solver) = Solver::open(bound, layout, options.seed, &mut silent)? else {
        return Ok(None);
    };
    let (d, work) = (solver.smooth.d, solver.smooth.work);
    let starts = starts::starts(bound, layout, &mut solver)?;
    let at = Gaussian::round(&solver.by, vec![0.0; d], 0.1);
    let Some(at) = starts.first().cloned().or(at) else {
        return Ok(None);
    };
    let known = solver.curvature(&at);
    let (colours, nonzeros) = (known.n_colours(), known.nonzeros());
    let rungs = rungs(known.cost(), work);
    Ok(Some(Outline {
        starts: starts.len(),
        colours,
        nonzeros,
        work,
        left_out: RUNGS[rungs.len()..].to_vec(),
        rungs,
    }))
}
