//! A second look at a fitted Gaussian, on draws that nothing was fitted to: whether it is the optimum of its family,
//! whether a richer one would do better, and what shape the posterior has where it does not fit.

use super::causes::{Cause, cause};
use super::estimates::gain;
use super::gaussian::Gaussian;
use super::layout::Layout;
use super::smooth::Smooth;
use super::tails::{Escape, escape};
use super::{FRESH, MERIT, MOST, MOST_WORK, RUNGS, Shape, Solver, shape};
use crate::fit::{Estimate, Richer};
use crate::objective::ObjectiveError;
use crate::options::Silent;
use ppl_model::Bound;
use ppl_sparse::{Elimination, Pattern, Symmetric};
use std::sync::Arc;

/// Draws for the gradient and the curvature; fewer where they would cost too much.
const DRAWS: usize = 1024;

/// Draws for the shape of the weights.
const SHAPE: usize = 2048;

/// Longest unconstrained vector whose elements are looked at one by one.
const MOST_EXPLAINED: usize = 3000;

/// Directions in which the curvature of a longer vector is compared.
const PROBES: usize = 32;
const ALL_DIRECTIONS: usize = 400;

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
    let Some((shape, by, structure)) = shape(bound, layout) else {
        return Ok(None);
    };
    let smooth = Smooth::new(bound, |_| true)?;
    let Some(q) = layout
        .gaussian(&by, params)
        .filter(|_| smooth.d == layout.d)
    else {
        return Ok(None);
    };
    let mut silent = Silent;
    let mut solver = Solver {
        smooth,
        shape,
        by,
        structure,
        seed,
        observer: &mut silent,
        steps: 0,
        max_steps: usize::MAX,
        elbo: f64::NAN,
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
    let cause = match thorough && escape.is_none() && layout.d <= MOST_EXPLAINED {
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
        let mut known = self.curvature(q);
        let each = (1 + known.cost()) as f64 * self.smooth.work as f64;
        let n = (0..7)
            .map(|k| DRAWS >> k)
            .find(|n| *n as f64 * each <= MOST_WORK);
        let Some(n) = n else {
            return (f64::NAN, f64::NAN, None);
        };
        let draws = self.draws(n, 7 << 20);
        let mut g = vec![0.0; d];
        let mut finite = true;
        for batch in q.batches(&draws) {
            finite &= self.smooth.add_gradients(&batch, &mut g);
        }
        let h = self.hessian(q, &draws, &mut known);
        if !finite || !h.is_finite() {
            return (f64::NAN, f64::NAN, None);
        }
        g.iter_mut().for_each(|v| *v /= n as f64);
        let g = q.factor.whitened(&g);
        let gradient = (g.iter().map(|v| v * v).sum::<f64>() / d as f64).sqrt();
        let curvature = self.residual(q, &h) / d as f64;
        if self.shape != Shape::Diagonal || d > MOST {
            return (gradient, curvature, None);
        }
        // Independent elements: what would a Gaussian of any covariance add?
        let full = Arc::new(Pattern::full(d));
        let Some(by) = Elimination::new(full.clone(), full.len()).map(Arc::new) else {
            return (gradient, curvature, None);
        };
        let precision = q.precision.on(full);
        let Some(q) = Gaussian::new(&by, q.mean.clone(), precision) else {
            return (gradient, curvature, None);
        };
        let q = &q;
        (self.shape, self.by) = (Shape::Dense, by);
        let mut known = self.curvature(q);
        let (draws, merit) = (self.draws(RUNGS[1], 9 << 20), self.draws(MERIT, 1 << 20));
        let found = self.rung(q.clone(), &draws, &merit, &mut known, RICHER_STEPS);
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

    /// ||C' H C - I||, of its diagonal alone where the covariance is diagonal. For long vectors from its products with
    /// random ones, whose mean square it is.
    fn residual(&self, q: &Gaussian, h: &Symmetric) -> f64 {
        let d = q.mean.len();
        if self.shape == Shape::Diagonal {
            let pairs = h.diagonal().zip(q.precision.diagonal());
            let square: f64 = pairs.map(|(h, p)| (h / p - 1.0).powi(2)).sum();
            return square.sqrt();
        }
        let order = q.factor.elimination().order();
        let of = |z: &[f64]| -> f64 {
            let mut x = z.to_vec();
            q.factor.spread(&mut x);
            let back = q.factor.whitened(&h.times(&x));
            let pairs = back.iter().zip(order);
            pairs.map(|(v, i)| (v - z[*i as usize]).powi(2)).sum()
        };
        if d > ALL_DIRECTIONS {
            let draws = self.draws(2 * PROBES, 12 << 20);
            let square: f64 = draws[..PROBES * d].chunks(d).map(of).sum();
            return (square / PROBES as f64).sqrt();
        }
        let unit = |i: usize| -> Vec<f64> { (0..d).map(|j| f64::from(u8::from(i == j))).collect() };
        (0..d).map(|i| of(&unit(i))).sum::<f64>().sqrt()
    }
}
