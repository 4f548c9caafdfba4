//! A second look at a fitted Gaussian, on draws that nothing was fitted to: whether it is the optimum of its family,
//! whether a richer one would do better, and what shape the posterior has where it does not fit.

use super::causes::{Cause, cause};
use super::dense::Matrix;
use super::gaussian::Gaussian;
use super::layout::Layout;
use super::smooth::{BATCH, Smooth};
use super::tails::{Escape, escape};
use super::{FRESH, MERIT, MOST, MOST_WORK, RUNGS, Solver, gain};
use crate::fit::{Estimate, Richer};
use crate::objective::ObjectiveError;
use crate::options::Silent;
use ppl_model::Bound;

/// Draws for the gradient and the curvature; fewer where they would cost too much.
const DRAWS: usize = 1024;

/// Draws for the shape of the weights.
const SHAPE: usize = 2048;

/// Steps of the richer family.
const RICHER_STEPS: usize = 20;

/// What the second look saw. NaN where it could not be computed.
pub(crate) struct Inspection {
    /// ||C' E[g]|| / sqrt(d).
    pub(crate) gradient: f64,
    /// ||C' E[H] C - I|| / d.
    pub(crate) curvature: f64,
    /// Where the density does not fall off, if the priors allow that.
    pub(crate) escape: Option<Escape>,
    /// What one Gaussian of any covariance would add.
    pub(crate) richer: Option<Richer>,
    /// What explains most of the spread of the weights.
    pub(crate) cause: Option<Cause>,
}

/// Looks at the Gaussian with these parameters; `None` where the guide is none that this engine knows. `thorough`:
/// whether an optimum is claimed, so that it is worth while to look beyond.
pub(crate) fn inspect(
    bound: &Bound,
    layout: &Layout,
    params: &[f64],
    seed: u64,
    thorough: bool,
) -> Result<Option<Inspection>, ObjectiveError> {
    if layout.d > MOST || !(layout.is_dense() || layout.is_diagonal()) {
        return Ok(None);
    }
    let smooth = Smooth::new(bound, |_| true)?;
    let Some(q) = layout.gaussian(params).filter(|_| smooth.d == layout.d) else {
        return Ok(None);
    };
    let mut silent = Silent;
    let mut solver = Solver {
        smooth,
        dense: layout.is_dense(),
        seed,
        observer: &mut silent,
        steps: 0,
        max_steps: usize::MAX,
        elbo: f64::NAN,
        difference: None,
    };
    let names = layout.names(bound);
    let escape = match may_be_improper(bound) {
        true => escape(bound, &mut solver, &q, &names)?,
        false => None,
    };
    let (gradient, curvature, richer) = match thorough && escape.is_none() {
        true => solver.optimality(&q),
        false => (f64::NAN, f64::NAN, None),
    };
    let cause = match thorough && escape.is_none() {
        true => {
            let draws = solver.draws(SHAPE, 8 << 20);
            let values = solver.values(&q, &draws);
            cause(&q, &draws, &values, &names)
        }
        false => None,
    };
    Ok(Some(Inspection {
        gradient,
        curvature,
        escape,
        richer,
        cause,
    }))
}

/// Whether nothing guarantees that the prior has a finite integral.
fn may_be_improper(bound: &Bound) -> bool {
    use ppl_model::graph::Statement;
    let statements = &bound.model.statements;
    !bound.evidence_defined()
        || statements
            .iter()
            .any(|s| matches!(s.statement, Statement::Factor(_)))
}

impl Solver<'_> {
    /// Gradient and curvature against what they are at an optimum, and the bound of the next family.
    fn optimality(&mut self, q: &Gaussian) -> (f64, f64, Option<Richer>) {
        let d = self.smooth.d;
        let pattern = self.pattern(q);
        let products = if self.difference.is_some() {
            2 * d
        } else {
            2 * pattern.n_colours()
        };
        let each = (1 + products) as f64 * self.smooth.work as f64;
        let n = (0..7)
            .map(|k| DRAWS >> k)
            .find(|n| *n as f64 * each <= MOST_WORK);
        let Some(n) = n else {
            return (f64::NAN, f64::NAN, None);
        };
        let draws = self.draws(n, 7 << 20);
        let mut g = vec![0.0; d];
        let mut finite = true;
        for batch in q.points(&draws).chunks(BATCH * d) {
            finite &= self.smooth.add_gradients(batch, &mut g);
        }
        let h = self.hessian(q, &draws, &pattern);
        if !finite || h.a.iter().any(|v| !v.is_finite()) {
            return (f64::NAN, f64::NAN, None);
        }
        g.iter_mut().for_each(|v| *v /= n as f64);
        q.factor.solve_lower(&mut g);
        let gradient = (g.iter().map(|v| v * v).sum::<f64>() / d as f64).sqrt();
        let curvature = residual(q, &h, self.dense) / d as f64;
        if self.dense {
            return (gradient, curvature, None);
        }
        // Independent elements: what would a Gaussian of any covariance add?
        self.dense = true;
        let (draws, merit) = (self.draws(RUNGS[1], 9 << 20), self.draws(MERIT, 1 << 20));
        let found = self.rung(q.clone(), &draws, &merit, &pattern, RICHER_STEPS);
        let richer = found.ok().map(|(wide, _)| {
            let fresh = self.draws(FRESH, 10 << 20);
            let (own, other) = (self.values(q, &fresh), self.values(&wide, &fresh));
            let (more, se) = gain(&own, &other);
            let value = more + wide.log_volume() - q.log_volume();
            Richer {
                family: "full-rank",
                gain: Estimate { value, se },
            }
        });
        (gradient, curvature, richer)
    }
}

/// ||C' H C - I||, of its diagonal alone where the covariance is diagonal.
fn residual(q: &Gaussian, h: &Matrix, dense: bool) -> f64 {
    let d = h.n;
    if !dense {
        let diagonal = h.diagonal().zip(q.precision.diagonal());
        return diagonal
            .map(|(h, p)| (h / p - 1.0).powi(2))
            .sum::<f64>()
            .sqrt();
    }
    // With the precision's factor F, C' is the inverse of F.
    let mut half = Matrix::zeros(d);
    let mut column = vec![0.0; d];
    for j in 0..d {
        column.copy_from_slice(h.row(j));
        q.factor.solve_lower(&mut column);
        half.a[j * d..(j + 1) * d].copy_from_slice(&column);
    }
    let mut sum = 0.0;
    for i in 0..d {
        let across = half.a[i..].iter().step_by(d);
        column.iter_mut().zip(across).for_each(|(c, v)| *c = *v);
        q.factor.solve_lower(&mut column);
        column[i] -= 1.0;
        sum += column.iter().map(|v| v * v).sum::<f64>();
    }
    sum.sqrt()
}
