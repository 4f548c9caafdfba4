//! Natural-gradient steps on frozen draws until they stand still.

use super::anderson::Anderson;
use super::curvature::Curvature;
use super::estimates::{gain, mean};
use super::gaussian::{Gaussian, Units};
use super::{Lost, Shape, Solver};
use crate::options::Progress;
use ppl_sparse::{Factor, Symmetric};

/// A gain that says nothing, how often running before the steps end, and one that is the end where gains shrink by so much a step.
const NOTHING: f64 = 0.002;
const IDLE: usize = 3;
const LITTLE: f64 = 0.01;
const SHRINKING: f64 = 0.3;

/// Steps before one may be given up, and how much faster than by its last step it may rise yet.
const FIRST_STEPS: usize = 3;
const HOPE: f64 = 2.0;

/// ln(2 pi e) / 2: the entropy of a standard number.
const HALF_LN_2_PI_E: f64 = 1.418_938_533_204_672_7;

/// What a step may lose within its error: a few draws of enormous weight say nothing.
const MOST_LOSS: f64 = 0.5;

/// What a step follows.
struct Slopes {
    gradient: Vec<f64>,
    /// Where a full step takes the precision.
    precision: Symmetric,
    /// All of minus the mean Hessian, where the precision takes its diagonal alone and it is known.
    full: Option<Symmetric>,
}

impl Slopes {
    fn new((gradient, h): (Vec<f64>, Symmetric), shape: Shape) -> Slopes {
        let (precision, full) = match shape {
            Shape::Diagonal => (h.only_diagonal(), Some(h)),
            _ => (h, None),
        };
        Slopes {
            gradient,
            precision,
            full,
        }
    }
}

impl Solver<'_> {
    /// Steps on these draws until they stand still; whether they do.
    pub(super) fn rung(
        &mut self,
        mut q: Gaussian,
        draws: &[f64],
        merit: &[f64],
        known: &mut Curvature,
        steps: usize,
    ) -> Result<(Gaussian, bool), Lost> {
        let d = self.smooth.d;
        let mut value = self.values(&q, merit);
        let mut r: f64 = 0.5;
        let mut anderson = Anderson::default();
        let units = Units::of(&q);
        let (mut quiet, mut falling, mut idle) = (0, 0, 0);
        let (mut before, mut shortened) = (f64::INFINITY, false);
        for k in 0..steps {
            self.steps += 1;
            self.elbo = mean(&value) + q.log_volume();
            let watching = self.observer.progress(Progress {
                phase: "optimise",
                step: self.steps,
                max_steps: self.max_steps,
                // The volume leaves out what the dimension alone adds.
                elbo: self.elbo + d as f64 * HALF_LN_2_PI_E,
                elbo_se: f64::NAN,
            });
            if !watching || self.steps >= self.max_steps {
                return Err(Lost::Stopped);
            }
            let slopes = self.slopes(&q, draws, known).ok_or(Lost::Failed)?;
            let slopes = Slopes::new(slopes, self.shape);
            // Without the Hessian each length is solved for by itself: one that was too long is not tried again at once.
            if !(shortened && self.is_matrix_free()) {
                r = (2.0 * r).min(1.0);
            }
            shortened = false;
            let mut step = None;
            let mut full = None;
            match r == 1.0 {
                true => full = self.tried(&q, &slopes, (draws, merit), 1.0),
                false => anderson.clear(),
            }
            // Where the last few full steps lead, if the bound there is no lower than a plain step's.
            let leap = full.as_ref().and_then(|(plain, near)| {
                let to = anderson.next(units.vector(&q), units.vector(plain))?;
                Some((units.gaussian(&self.by, &to)?, plain, near))
            });
            if let Some((leap, plain, near)) = leap {
                let far = self.values(&leap, merit);
                let rise = |q2: &Gaussian, values: &[f64]| {
                    gain(&value, values).0 + q2.log_volume() - q.log_volume()
                };
                let (near, far_gain) = (rise(plain, near), rise(&leap, &far));
                if far_gain > near.max(0.0) {
                    step = Some((leap, far, far_gain));
                }
            }
            while step.is_none() && r > 1e-4 {
                let known = full.take();
                let tried = known.or_else(|| self.tried(&q, &slopes, (draws, merit), r));
                if let Some((next, moved)) = tried {
                    let (gain, se) = gain(&value, &moved);
                    let gain = gain + next.log_volume() - q.log_volume();
                    if gain > -(se / 2.0).clamp(1e-3, MOST_LOSS) {
                        step = Some((next, moved, gain));
                        break;
                    }
                }
                r *= 0.5;
                shortened = true;
            }
            let Some((next, moved, gain)) = step else {
                // No step is uphill: as far as these draws can tell, this is the top, if a full step is small.
                return Ok((q.clone(), self.distance(&q, &slopes) < 0.05 || quiet > 0));
            };
            let shift = q.shift(&next);
            q = next;
            value = moved;
            if self.joined(&q, mean(&value) + q.log_volume()).is_some() {
                return Ok((q, false));
            }
            // What is left to a full step.
            if shift / (r * r) < 1e-3 {
                return Ok((q, true));
            }
            // What full steps gain goes to nothing, and fast.
            if r == 1.0 && gain.abs() < LITTLE && gain.abs() < SHRINKING * before {
                return Ok((q, true));
            }
            before = if r == 1.0 { gain } else { 0.0 };
            idle = if gain.abs() < NOTHING { idle + 1 } else { 0 };
            if idle >= IDLE {
                return Ok((q, r >= 0.5 || shift / (r * r) < 1e-2));
            }
            // As far behind as this, the steps that are left do not lead to where the best is.
            let left = (steps - k - 1) as f64;
            if k + 1 >= FIRST_STEPS && self.elbo + gain + HOPE * gain.max(0.0) * left < self.least {
                return Ok((q, false));
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

    /// A step of length r, with the values at the merit set.
    fn tried(
        &mut self,
        q: &Gaussian,
        slopes: &Slopes,
        (draws, merit): (&[f64], &[f64]),
        r: f64,
    ) -> Option<(Gaussian, Vec<f64>)> {
        let next = self.step(q, slopes, draws, r)?;
        let moved = self.values(&next, merit);
        Some((next, moved))
    }

    /// A step of length r; `None` where it leads out of the positive definite matrices.
    fn step(&mut self, q: &Gaussian, slopes: &Slopes, draws: &[f64], r: f64) -> Option<Gaussian> {
        let (precision, factor) = self.definite(q, &slopes.precision, r)?;
        let mut move_by = slopes.gradient.clone();
        // The mean moves by the full curvature even where the covariance is diagonal: their optima are apart.
        match (self.shape, &slopes.full) {
            (Shape::MatrixFree, _) => {
                let by = (&*slopes.gradient, &slopes.precision);
                move_by = self.solved_without_matrix(q, by, draws, r);
            }
            (_, Some(full)) => {
                let full = Factor::new(&self.by, &q.precision.combine(1.0 - r, full, r));
                full.as_ref().unwrap_or(&factor).solve(&mut move_by);
            }
            (_, None) => factor.solve(&mut move_by),
        }
        let moved = q.mean.iter().zip(&move_by).map(|(m, v)| m + r * v);
        let mean: Vec<f64> = moved.collect();
        mean.iter().all(|m| m.is_finite()).then_some(Gaussian {
            mean,
            precision,
            factor,
        })
    }

    /// The squared length in sds of a full step of the mean.
    fn distance(&self, q: &Gaussian, slopes: &Slopes) -> f64 {
        let factor = Factor::new(&self.by, &slopes.precision);
        let factor = factor.as_ref().unwrap_or(&q.factor);
        let whitened = factor.whitened(&slopes.gradient);
        whitened.iter().map(|v| v * v).sum()
    }
}
