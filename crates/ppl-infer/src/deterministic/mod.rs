//! The deterministic engine: the best Gaussian for a smooth log density, by natural gradients on frozen draws.
//!
//! With S the covariance, L its inverse, g the gradient and H the negative Hessian of the log density, Bonnet's and
//! Price's identities give the natural-gradient step (Khan and Rue 2023, "The Bayesian learning rule")
//!
//! ```text
//! L+ = (1 - r) L + r E[H]        m+ = m + r L+^-1 E[g]
//! ```
//!
//! with `r^2 / 2 (L - E[H]) S (L - E[H])` added where E[H] is indefinite, which keeps L+ positive definite (Lin, Schmidt and
//! Khan 2020). Expectations are means over frozen antithetic draws; a step is taken if the bound on other frozen draws
//! does not fall. A Gaussian target is met in one step whatever the draws. More draws follow in rungs.

mod anderson;
mod causes;
mod curvature;
mod definite;
mod dense;
mod gaussian;
mod inspect;
mod layout;
mod modes;
mod outline;
mod smooth;
mod starts;
mod tails;

pub(crate) use inspect::{Inspection, inspect};
pub(crate) use layout::Layout;
pub(crate) use outline::{Outline, outline};

use crate::objective::ObjectiveError;
use crate::options::{FitOptions, Observer, Progress};
use crate::stochastic::{Optimum, Outcome};
use anderson::Anderson;
use curvature::Curvature;
use gaussian::{Gaussian, Units};
use ppl_engine::random::{Address, fill_normal};
use ppl_model::Bound;
use ppl_sparse::{Elimination, Factor, Pattern, Symmetric};
use smooth::{BATCH, Smooth};
use std::sync::Arc;
use std::time::Instant;

/// Longest unconstrained vector whose Gaussian may have any covariance: dense matrices are factored at every step.
const MOST: usize = 1000;

/// Multiplications that one factorisation may take.
const MOST_ELIMINATION: f64 = 2e11;

/// Numbers of all draws that are held at a time.
const MOST_NUMBERS: usize = 40_000_000;

/// Longest unconstrained vector of a mean-field guide here.
const MOST_DIAGONAL: usize = 100_000;

/// Draws of each rung.
const RUNGS: [usize; 4] = [16, 64, 256, 1024];

/// Fresh draws that rungs are compared on, and what another rung must bring.
const FRESH: usize = 400;
const WORTH: f64 = 0.02;

/// What the last rung may have changed, or further ones may still be expected to, where there is no further one.
const NEARLY: f64 = 0.1;

/// Changes that shrink by this factor or faster from rung to rung are extrapolated.
const SHRINKING: f64 = 0.25;

/// Steps of a rung, at most.
const STEPS: usize = 60;

/// What a step may lose within its error: a few draws of enormous weight say nothing.
const MOST_LOSS: f64 = 0.5;

/// Draws that the bound is compared on.
const MERIT: usize = 64;

/// Draws that the last bound is taken from.
const FINAL: usize = 2048;

/// A rung is left out if one of its steps would compute more numbers than this.
const MOST_WORK: f64 = 5e8;

/// A rung is always gone through if one of its steps computes no more numbers than this.
const CHEAP: f64 = 1e7;

/// Purpose of the random numbers, apart from the gradient steps' and the certificate's.
const PURPOSE: u32 = 4;

/// Why there is no optimum.
enum Lost {
    /// The observer stopped it.
    Interrupted,
    /// No start is finite, or the steps led nowhere.
    Failed,
}

/// What the precision may be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// Anything.
    Dense,
    /// Other than zero where the model's structure is.
    Sparse,
    /// Diagonal; the curvature has the model's structure all the same.
    Diagonal,
}

struct Solver<'o> {
    smooth: Smooth,
    shape: Shape,
    /// How precisions are factored.
    by: Arc<Elimination>,
    /// Where the curvature may be other than zero.
    structure: Arc<Pattern>,
    seed: u64,
    observer: &'o mut dyn Observer,
    steps: usize,
    max_steps: usize,
    elbo: f64,
}

/// How much is done to find the optimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// All starts and all rungs.
    Full,
    /// Two rungs: enough to compare parametrisations.
    Quick,
}

/// An optimum, and what the starts led to.
pub(crate) struct Solved {
    pub(crate) optimum: Optimum,
    pub(crate) starts: Found,
}

/// What the starts led to.
pub(crate) struct Found {
    pub(crate) tried: usize,
    pub(crate) agreeing: usize,
    /// Importance-weighted log evidence of the optimum.
    pub(crate) log_evidence: f64,
    /// Parameters, bound and log evidence of the optima apart from it.
    pub(crate) others: Vec<(Vec<f64>, f64, f64)>,
}

/// Fits the guide's Gaussian; `None` where this engine is not for it, or got nowhere (the stochastic engine then starts).
/// `StepLimit` says that more draws would still have changed it: the stochastic engine goes on from there.
pub(crate) fn solve(
    bound: &Bound,
    layout: &Layout,
    n_params: usize,
    options: &FitOptions,
    effort: Effort,
    observer: &mut dyn Observer,
) -> Result<Option<Solved>, ObjectiveError> {
    let Some((shape, by, structure)) = shape(bound, layout) else {
        return Ok(None);
    };
    let started = Instant::now();
    let smooth = Smooth::new(bound, |_| true)?;
    if smooth.d != layout.d {
        return Ok(None);
    }
    let mut solver = Solver {
        smooth,
        shape,
        by,
        structure,
        seed: options.seed,
        observer,
        steps: 0,
        max_steps: options.max_steps,
        elbo: f64::NAN,
    };
    let starts = starts::starts(bound, &mut solver)?;
    let mut ends = (0, 0, vec![]);
    let (found, outcome) = match solver.climb(starts, effort, &mut ends) {
        Ok((found, true)) => (found, Outcome::Converged),
        Ok((found, false)) => (found, Outcome::StepLimit),
        Err((Some(found), Lost::Interrupted)) => (found, Outcome::Interrupted),
        Err(_) => return Ok(None),
    };
    let Some(params) = layout.params(n_params, &found) else {
        return Ok(None);
    };
    let (elbo, elbo_se) = match outcome {
        Outcome::Interrupted => (f64::NAN, f64::NAN),
        _ => solver.bound(&found),
    };
    if !elbo.is_finite() && outcome != Outcome::Interrupted {
        return Ok(None);
    }
    let (tried, agreeing, others) = ends;
    let mut starts = Found {
        tried,
        agreeing,
        log_evidence: f64::NAN,
        others: vec![],
    };
    if outcome != Outcome::Interrupted && !others.is_empty() {
        starts.log_evidence = solver.weight(&found).1;
        for q in others.iter().filter(|q| modes::apart(q, &found)) {
            let (elbo, log_evidence) = solver.weight(q);
            let params = layout.params(n_params, q);
            starts
                .others
                .extend(params.map(|p| (p, elbo, log_evidence)));
        }
    }
    let optimum = Optimum {
        params,
        elbo,
        elbo_se,
        steps: solver.steps,
        estimates: solver
            .smooth
            .evaluations
            .div_ceil(options.draws_per_step.max(1)),
        skipped: 0,
        outcome,
        step_size: 1.0,
        race_seconds: 0.0,
        optimise_seconds: started.elapsed().as_secs_f64(),
        deterministic: true,
    };
    Ok(Some(Solved { optimum, starts }))
}

/// What the guide's precision may be, how it is factored, and where the curvature may be other than zero.
fn shape(bound: &Bound, layout: &Layout) -> Option<(Shape, Arc<Elimination>, Arc<Pattern>)> {
    let own = bound
        .elimination()
        .filter(|own| own.pattern().n() == layout.d);
    let affordable = |by: &&Arc<Elimination>| by.work() <= MOST_ELIMINATION;
    if layout.is_dense() {
        if layout.d > MOST {
            return None;
        }
        let full = Arc::new(Pattern::full(layout.d));
        let by = Arc::new(Elimination::new(full.clone(), full.len())?);
        let structure = own.map_or(full, |own| own.pattern().clone());
        return Some((Shape::Dense, by, structure));
    }
    let by = match own.filter(affordable) {
        Some(own) => own.clone(),
        None if layout.is_diagonal() && layout.d <= MOST => {
            let full = Arc::new(Pattern::full(layout.d));
            Arc::new(Elimination::new(full.clone(), full.len())?)
        }
        None => return None,
    };
    let structure = by.pattern().clone();
    if layout.is_linked() {
        return Some((Shape::Sparse, by, structure));
    }
    (layout.is_diagonal() && layout.d <= MOST_DIAGONAL).then_some((Shape::Diagonal, by, structure))
}

/// The best Gaussian, and whether it is an optimum as far as fresh draws can tell.
type Climbed = Result<(Gaussian, bool), (Option<Gaussian>, Lost)>;

impl Solver<'_> {
    /// Frozen antithetic draws.
    fn draws(&self, n: usize, stream: u64) -> Vec<f64> {
        let d = self.smooth.d;
        // No more than can be held, in whole batches of pairs.
        let n = n.min((MOST_NUMBERS / d.max(1) / (2 * BATCH)).max(1) * 2 * BATCH);
        let mut out = vec![0.0; n * d];
        let half = n / 2 * d;
        let address = Address {
            seed: self.seed,
            purpose: PURPOSE,
            step: stream,
            block: 0,
        };
        fill_normal(&mut out[..half], address);
        let (there, back) = out.split_at_mut(half);
        back.iter_mut().zip(there).for_each(|(b, t)| *b = -*t);
        out
    }

    /// Values at draws.
    fn values(&mut self, q: &Gaussian, draws: &[f64]) -> Vec<f64> {
        let mut out = vec![];
        for batch in q.batches(draws) {
            self.smooth.values(&batch, &mut out);
        }
        out
    }

    /// `ends`: how many starts there were, how many of them agree, and the optima apart.
    fn climb(
        &mut self,
        starts: Vec<Gaussian>,
        effort: Effort,
        ends: &mut (usize, usize, Vec<Gaussian>),
    ) -> Climbed {
        let merit = self.draws(MERIT, 1 << 20);
        let found = match self.best_start(starts, &merit) {
            Ok(found) => found,
            Err(lost) => return Err((None, lost)),
        };
        let (mut q, mut known) = (found.best, found.known);
        *ends = (found.tried, found.agreeing, found.others);
        let fresh = self.draws(FRESH, 5 << 20);
        let (mut reached, mut change, mut ratio) = (false, f64::INFINITY, f64::INFINITY);
        let rungs = if effort == Effort::Quick {
            2
        } else {
            RUNGS.len()
        };
        for (rung, &n) in RUNGS[..rungs].iter().enumerate() {
            let work = (n * (1 + known.cost())) as f64 * self.smooth.work as f64;
            if rung > 0 && work > MOST_WORK {
                break;
            }
            let draws = self.draws(n, rung as u64);
            let merit = self.draws(n.max(MERIT), 1 << 20);
            let (found, still) = match self.rung(q.clone(), &draws, &merit, &mut known, STEPS) {
                Ok(found) => found,
                Err(lost) => return Err((Some(q), lost)),
            };
            let (before, after) = (self.values(&q, &fresh), self.values(&found, &fresh));
            let (more, se) = gain(&before, &after);
            let more = more + found.log_volume() - q.log_volume();
            // Draws that nobody optimised on decide whether it was worth while, and whether more draws may be.
            if rung == 0 || more > 0.0 {
                q = found;
            }
            reached = still;
            // The curvature is known exactly, and so is the mean gradient over pairs.
            if self.smooth.quadratic && reached {
                return Ok((q, true));
            }
            let before = change;
            change = more.abs() - 2.0 * se;
            // The first rung's change says where the start was.
            ratio = if rung > 1 {
                change / before
            } else {
                f64::INFINITY
            };
            let last = rung + 1 == RUNGS.len();
            // The next rung has four times the draws.
            let cheap = !last && 4.0 * work < CHEAP;
            let little = more.abs() < if last { (2.0 * se).max(WORTH) } else { WORTH };
            if rung > 0 && still && little && !cheap && (last || se < WORTH) {
                return Ok((q, true));
            }
        }
        // More draws would cost too much, or there are no more: what they changed last says what they would still, and where the
        // changes shrink fast, so does the sum of the geometric series that they begin.
        let ahead = match ratio <= SHRINKING {
            true => change * ratio / (1.0 - ratio),
            false => change,
        };
        Ok((q, reached && ahead < NEARLY))
    }

    /// Steps on these draws until they stand still; whether they do.
    fn rung(
        &mut self,
        mut q: Gaussian,
        draws: &[f64],
        merit: &[f64],
        known: &mut Curvature,
        steps: usize,
    ) -> Result<(Gaussian, bool), Lost> {
        let d = self.smooth.d;
        let n = (draws.len() / d) as f64;
        let mut value = self.values(&q, merit);
        let mut r: f64 = 0.5;
        let mut anderson = Anderson::default();
        let units = Units::of(&q);
        let (mut quiet, mut falling) = (0, 0);
        for _ in 0..steps {
            self.steps += 1;
            self.elbo = mean(&value) + q.log_volume();
            let watching = self.observer.progress(Progress {
                phase: "optimise",
                step: self.steps,
                max_steps: self.max_steps,
                elbo: self.elbo,
                elbo_se: f64::NAN,
            });
            if !watching || self.steps >= self.max_steps {
                return Err(Lost::Interrupted);
            }
            let mut g = vec![0.0; d];
            let mut finite = true;
            for batch in q.batches(draws) {
                finite &= self.smooth.add_gradients(&batch, &mut g);
            }
            g.iter_mut().for_each(|v| *v /= n);
            let mut h = self.hessian(&q, draws, known);
            if !finite || !h.is_finite() {
                return Err(Lost::Failed);
            }
            let curvature = h.clone();
            if self.shape == Shape::Diagonal {
                h = h.only_diagonal();
            }
            r = (2.0 * r).min(1.0);
            let mut step = None;
            // Where the last few full steps lead, if the bound there is no lower than a plain step's.
            let leap = match r == 1.0 {
                true => self.step(&q, &g, (&h, &curvature), 1.0).and_then(|plain| {
                    let to = anderson.next(units.vector(&q), units.vector(&plain))?;
                    Some((plain, units.gaussian(&self.by, &to)?))
                }),
                false => {
                    anderson.clear();
                    None
                }
            };
            if let Some((plain, leap)) = leap {
                let (near, far) = (self.values(&plain, merit), self.values(&leap, merit));
                let rise = |q2: &Gaussian, values: &[f64]| {
                    gain(&value, values).0 + q2.log_volume() - q.log_volume()
                };
                let (near, far_gain) = (rise(&plain, &near), rise(&leap, &far));
                if far_gain > near.max(0.0) {
                    step = Some((leap, far, far_gain));
                }
            }
            while step.is_none() && r > 1e-4 {
                if let Some(next) = self.step(&q, &g, (&h, &curvature), r) {
                    let moved = self.values(&next, merit);
                    let (gain, se) = gain(&value, &moved);
                    let gain = gain + next.log_volume() - q.log_volume();
                    if gain > -(se / 2.0).clamp(1e-3, MOST_LOSS) {
                        step = Some((next, moved, gain));
                        break;
                    }
                }
                r *= 0.5;
            }
            let Some((next, moved, gain)) = step else {
                // No step is uphill: as far as these draws can tell, this is the top, if a full step is small.
                return Ok((q.clone(), self.distance(&q, &g, &h) < 0.05 || quiet > 0));
            };
            let shift = q.shift(&next);
            q = next;
            value = moved;
            // What is left to a full step.
            if shift / (r * r) < 1e-3 {
                return Ok((q, true));
            }
            quiet = if gain.abs() < 0.01 && r >= 0.5 {
                quiet + 1
            } else {
                0
            };
            // These draws lead one way and the others back: no more is to be had from them.
            falling = if gain < 0.0 { falling + 1 } else { 0 };
            if falling >= 5 {
                return Ok((q, shift / (r * r) < 1e-2));
            }
            if quiet >= 8 {
                return Ok((q, true));
            }
        }
        Ok((q, quiet > 0))
    }

    /// A step of length r; `None` where it leads out of the positive definite matrices.
    fn step(
        &self,
        q: &Gaussian,
        g: &[f64],
        (h, curvature): (&Symmetric, &Symmetric),
        r: f64,
    ) -> Option<Gaussian> {
        let (precision, factor) = self.definite(q, h, r)?;
        let mut move_by = g.to_vec();
        // The mean moves by the full curvature even where the covariance is diagonal: their optima are apart.
        let full = (self.shape == Shape::Diagonal)
            .then(|| Factor::new(&self.by, &q.precision.combine(1.0 - r, curvature, r)))
            .flatten();
        full.as_ref().unwrap_or(&factor).solve(&mut move_by);
        let moved = q.mean.iter().zip(&move_by).map(|(m, v)| m + r * v);
        let mean: Vec<f64> = moved.collect();
        mean.iter().all(|m| m.is_finite()).then_some(Gaussian {
            mean,
            precision,
            factor,
        })
    }

    /// The squared length in sds of a full step of the mean.
    fn distance(&self, q: &Gaussian, g: &[f64], h: &Symmetric) -> f64 {
        let factor = Factor::new(&self.by, h);
        let whitened = factor.as_ref().unwrap_or(&q.factor).whitened(g);
        whitened.iter().map(|v| v * v).sum()
    }

    /// The bound and its standard error, on fresh draws.
    fn bound(&mut self, q: &Gaussian) -> (f64, f64) {
        let draws = self.draws(FINAL, 3 << 20);
        let values = self.values(q, &draws);
        let d = self.smooth.d;
        // E[z'z] is d, and at the optimum z'z / 2 is what varies most in the log density.
        let squares = draws
            .chunks(d)
            .map(|z| z.iter().map(|z| z * z).sum::<f64>());
        let steady: Vec<f64> = values
            .iter()
            .zip(squares)
            .map(|(v, s)| v + 0.5 * (s - d as f64))
            .collect();
        let entropy = q.log_volume() + 0.5 * d as f64 * (1.0 + (2.0 * std::f64::consts::PI).ln());
        let estimates = [values, steady].map(|v| of_pairs(&v));
        let (mean, se) = match estimates {
            [plain, steady] if steady.1 < plain.1 => steady,
            [plain, _] => plain,
        };
        (mean + entropy, se)
    }
}

/// Mean over antithetic pairs, which are the independent units, and its standard error.
fn of_pairs(values: &[f64]) -> (f64, f64) {
    let half = values.len() / 2;
    let pairs: Vec<f64> = (0..half)
        .map(|i| 0.5 * (values[i] + values[half + i]))
        .collect();
    let mean = mean(&pairs);
    let var = pairs.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (half - 1) as f64;
    (mean, (var / half as f64).sqrt())
}

fn mean(v: &[f64]) -> f64 {
    v.iter().sum::<f64>() / v.len() as f64
}

/// Mean of the paired differences over antithetic pairs and its standard error; NaN where something is not finite.
fn gain(before: &[f64], after: &[f64]) -> (f64, f64) {
    let half = before.len() / 2;
    let pairs: Vec<f64> = (0..half)
        .map(|i| 0.5 * (after[i] - before[i] + after[half + i] - before[half + i]))
        .collect();
    let m = mean(&pairs);
    let var = pairs.iter().map(|v| (v - m).powi(2)).sum::<f64>() / (half - 1) as f64;
    (m, (var / half as f64).sqrt())
}
