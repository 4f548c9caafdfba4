//! A second look at a fitted Gaussian, on draws that nothing was fitted to: whether it is the optimum of its family,
//! whether a richer one would do better, and what shape the posterior has where it does not fit.

use super::causes::{Cause, cause};
use super::curvature::Curvature;
use super::estimates::gain;
use super::gaussian::Gaussian;
use super::layout::Layout;
use super::nested::endless;
use super::response;
use super::tails::{Escape, escape};
use super::{FRESH, MERIT, MOST_WORK, RUNGS, Shape, Solver};
use crate::fit::{Estimate, Richer};
use crate::objective::ObjectiveError;
use crate::options::Silent;
use ppl_model::Bound;
use ppl_sparse::Symmetric;

/// Draws for the gradient and the curvature: the first of these, or the last that cost no more numbers than this, and more where
/// what they show is not clearly that of an optimum; fewer where they would cost too much.
const DRAWS_IN_TURN: [usize; 3] = [64, 256, 1024];
const CHEAP: f64 = 5e7;
const NEARLY: f64 = 0.04;

/// Draws for the shape of the weights.
const SHAPE: usize = 2048;

/// Longest unconstrained vector whose elements are looked at one by one.
const MOST_EXPLAINED: usize = 3000;

/// Directions in which the curvature of a longer vector is compared.
const PROBES: usize = 32;
const ALL_DIRECTIONS: usize = 400;

/// Steps of the richer family, and multiplications that each of its factors may take.
const RICHER_STEPS: usize = 20;
const MOST_ELIMINATION: f64 = 1e9;

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
    /// The sds of all quantities by linear response, where the elements are independent.
    pub(crate) response: Vec<(String, f64)>,
    /// What explains most of the spread of the weights.
    pub(crate) cause: Option<Cause>,
}

impl Inspection {
    /// What the look at one guide says of another: the shape of the posterior.
    pub(crate) fn of_another(&self) -> Inspection {
        Inspection {
            gradient: f64::NAN,
            curvature: f64::NAN,
            escape: None,
            richer: None,
            cause: self.cause.clone(),
            response: vec![],
        }
    }
}

/// Looks at the Gaussian with these parameters; `None` where the guide is none that this engine knows. `thorough`:
/// whether an optimum is claimed, so that it is worth while to look beyond; `doubtful`: whether there is none, or hardly any draw lies where the
/// posterior does.
pub(crate) fn inspect(
    bound: &Bound,
    layout: &Layout,
    params: &[f64],
    seed: u64,
    (thorough, doubtful): (bool, bool),
) -> Result<Option<Inspection>, ObjectiveError> {
    let mut silent = Silent;
    let Some((mut solver, q)) = Solver::open_at(bound, layout, params, seed, &mut silent)? else {
        return Ok(None);
    };
    let names = layout.names(bound);
    let open = may_be_improper(bound);
    let mut out = match open {
        true => escape(bound, &mut solver, &q, (&names, &layout.improper(bound)))?,
        false => None,
    };
    if out.is_none() && (open || doubtful) {
        out = endless(bound, layout, &mut solver, &q, (&names, !doubtful))?;
    }
    let escape = out;
    let seen = match thorough && escape.is_none() {
        true => solver.optimality(&q),
        false => Optimality::default(),
    };
    let response = match &seen.response {
        Some(wide) => response::sds(bound, &solver, wide)?,
        None => vec![],
    };
    let cause = match thorough && escape.is_none() && layout.d <= MOST_EXPLAINED {
        true => {
            let draws = solver.draws(solver.affordable(SHAPE, 256), 8 << 20);
            let values = solver.values(&q, &draws);
            cause(&q, &draws, &values, &names)
        }
        false => None,
    };
    Ok(Some(Inspection {
        gradient: seen.gradient,
        curvature: seen.curvature,
        escape,
        richer: seen.richer,
        response,
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

/// Gradient and curvature against what they are at an optimum; NaN where they are not known.
struct Optimality {
    gradient: f64,
    curvature: f64,
    /// The bound of the next family.
    richer: Option<Richer>,
    /// The Gaussian whose precision is the mean curvature.
    response: Option<Gaussian>,
}

impl Default for Optimality {
    fn default() -> Self {
        Optimality {
            gradient: f64::NAN,
            curvature: f64::NAN,
            richer: None,
            response: None,
        }
    }
}

impl Solver<'_> {
    /// Gradient and curvature against what they are at an optimum, and the bound of the next family.
    fn optimality(&mut self, q: &Gaussian) -> Optimality {
        let d = self.smooth.d;
        let mut known = self.curvature(q);
        let each = (1 + known.cost()) as f64 * self.smooth.work as f64;
        let afford = |n: usize| n as f64 * each <= MOST_WORK;
        let cheap = DRAWS_IN_TURN
            .iter()
            .rposition(|n| *n as f64 * each <= CHEAP);
        let mut found = None;
        for n in &DRAWS_IN_TURN[cheap.unwrap_or(0)..] {
            if found.is_some() && !afford(*n) {
                break;
            }
            found = (0..3).map(|k| n >> k).find(|n| afford(*n)).and_then(|n| {
                let draws = self.spread(n, 7 << 20);
                self.departure(q, &draws, &mut known)
            });
            match &found {
                Some((gradient, curvature, _)) if gradient.max(*curvature) > NEARLY => {}
                _ => break,
            }
        }
        let Some((gradient, curvature, h)) = found else {
            return Optimality::default();
        };
        let mut seen = Optimality {
            gradient,
            curvature,
            ..Optimality::default()
        };
        if self.shape == Shape::Diagonal {
            seen.response = Gaussian::new(&self.by, q.mean.clone(), h);
        }
        if self.shape != Shape::Diagonal || self.by.work() > MOST_ELIMINATION {
            return seen;
        }
        // Independent elements: what would a Gaussian of any covariance add? The best one has the structure of the model.
        let is_full = 2 * self.by.pattern().len() == d * (d + 1);
        self.shape = match is_full {
            true => Shape::Dense,
            false => Shape::Sparse,
        };
        let mut known = self.curvature(q);
        let (draws, merit) = (self.spread(RUNGS[1], 9 << 20), self.draws(MERIT, 1 << 20));
        let found = self.rung(q.clone(), &draws, &merit, &mut known, RICHER_STEPS);
        seen.richer = found.ok().map(|(wide, _)| {
            let fresh = self.draws(self.affordable(FRESH, MERIT), 10 << 20);
            let (own, other) = (self.values(q, &fresh), self.values(&wide, &fresh));
            let (more, se) = gain(&own, &other);
            let value = more + wide.log_volume() - q.log_volume();
            Richer {
                family: "full-rank",
                gain: Estimate { value, se },
            }
        });
        seen
    }

    /// Whitened gradient and curvature residual on these draws, and the mean Hessian.
    fn departure(
        &mut self,
        q: &Gaussian,
        draws: &[f64],
        known: &mut Curvature,
    ) -> Option<(f64, f64, Symmetric)> {
        let d = self.smooth.d;
        let (g, h) = self.slopes(q, draws, known)?;
        let gradient = q.whitened_length(&g);
        let curvature = self.residual(q, &h) / d as f64;
        Some((gradient, curvature, h))
    }

    /// ||C' H C - I||, of its diagonal alone where the covariance is diagonal. For long vectors from its products with
    /// random ones, whose mean square it is.
    fn residual(&self, q: &Gaussian, h: &Symmetric) -> f64 {
        let d = q.mean.len();
        if self.shape.is_diagonal() {
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
