//! Where to start: at zero, at the middle of the prior, and at draws from it. A few steps from each, and the one with the
//! highest bound goes on.

use super::curvature::Curvature;
use super::gaussian::Gaussian;
use super::layout::Layout;
use super::{MOST_WORK, RUNGS, Shape, Solver};
use crate::objective::ObjectiveError;
use crate::options::Silent;
use ppl_model::Bound;
use ppl_model::lower::Role;
use ppl_sparse::Symmetric;

/// Standard deviations at the start, tried in turn until all draws are finite.
pub(super) const SDS: [f64; 4] = [0.37, 0.1, 0.03, 0.01];

/// Starts whose means agree so far are one.
const SAME: f64 = 1e-6;

/// Steps towards the prior's own best Gaussian.
const PRIOR_STEPS: usize = 15;

/// Rounds in which real numbers in unusual units go to their priors' middles by themselves: what hangs on others follows them.
const ROUNDS: usize = 3;

/// Draws from the prior that are started from, each element at most so many sds from the middle.
const PRIOR_DRAWS: usize = 4;
const CLIP: f64 = 1.0;

/// Starts anywhere within 2 of zero, each with its mirror image.
const SCATTERED: usize = 4;

/// A prior wider than this on the scale of a logarithm says nothing of where to start.
const WIDEST: f64 = 8.0;

/// Real numbers whose prior's sd is within these are measured in units of one, others in those of the prior.
const USUAL: (f64, f64) = (0.1, 10.0);

/// A prior whose middle is farther from zero is in other units than usual: scattered starts are around it.
const FAR: f64 = 4.0;

/// How far the curvature of a prior times its variance may be from one for it to be a prior at all.
const PROPER: f64 = 0.5;

/// Unconstrained vectors longer than this start at zero and at the prior's middle alone.
pub(super) const MANY: usize = 100;

/// The starts in order. The first is at zero.
pub(super) fn starts(
    bound: &Bound,
    layout: &Layout,
    solver: &mut Solver<'_>,
) -> Result<Vec<Gaussian>, ObjectiveError> {
    let d = solver.smooth.d;
    let real = layout.real(bound);
    let prior = prior(bound, solver, &real)?;
    if let Some(prior) = &prior {
        solver.units = prior.units(&real);
    }
    let zero = solver.around(vec![0.0; d], SDS[0]);
    let mut out: Vec<Gaussian> = zero.into_iter().collect();
    let step = (RUNGS[0] * (1 + 2 * d)) as f64 * solver.smooth.work as f64;
    let few = d > MANY || step > MOST_WORK / 10.0;
    let n_draws = if few { 0 } else { PRIOR_DRAWS };
    if !few {
        // Whatever the prior says: the posterior may lie far from it. Around zero, or around its middle where that is in other units.
        let middle = prior.as_ref().filter(|p| p.is_far(&real));
        for at in solver.draws(2 * SCATTERED, 6 << 20).chunks(d) {
            let moved = at.iter().zip(&solver.units).enumerate();
            let at = moved.map(|(i, (z, u))| {
                let centre = middle.map_or(0.0, |p| {
                    if p.speaks_of(i, &real) {
                        p.q.mean[i]
                    } else {
                        0.0
                    }
                });
                centre + u * (2.0 * z).clamp(-2.0, 2.0)
            });
            let at = at.collect();
            out.extend(solver.around(at, SDS[0]));
        }
    }
    let Some(prior) = prior else {
        return Ok(out);
    };
    let mut draws = vec![0.0; d];
    draws.extend(solver.draws(2 * PRIOR_DRAWS, 4 << 20)[..n_draws * d].iter());
    draws.iter_mut().for_each(|z| *z = z.clamp(-CLIP, CLIP));
    // No wider than at zero, and no wider than the prior.
    let own = &prior.variances;
    let least = solver.units.iter().map(|u| 1.0 / (u * SDS[0]).powi(2));
    let diagonal = own.iter().zip(least).map(|(v, least)| (1.0 / v).max(least));
    let precision = Symmetric::of_diagonal(solver.by.pattern().clone(), diagonal);
    // What is hardly bounded by the prior starts at zero.
    let bounded: Vec<bool> = (0..d).map(|i| prior.speaks_of(i, &real)).collect();
    if bounded.iter().all(|b| !b) {
        return Ok(out);
    }
    let points: Vec<f64> = prior.q.batches(&draws).flatten().collect();
    for at in points.chunks(d) {
        let at = at.iter().zip(&bounded);
        let at = at.map(|(x, bounded)| if *bounded { *x } else { 0.0 });
        let q = Gaussian::new(&solver.by, at.collect(), precision.clone());
        // The middle of a prior around zero is the first start.
        let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < SAME);
        let new = q.filter(|q| !out.iter().any(|known| near(&known.mean, &q.mean)));
        out.extend(new);
    }
    Ok(out)
}

/// The prior, roughly.
struct Prior {
    q: Gaussian,
    variances: Vec<f64>,
    /// Whether its curvature is what the Gaussian has.
    proper: Vec<bool>,
}

impl Prior {
    /// Whether it says where an unknown may be.
    fn speaks_of(&self, i: usize, real: &[bool]) -> bool {
        self.variances[i] < WIDEST * WIDEST || real[i] && self.proper[i]
    }

    /// Whether its middle is far from zero in usual units.
    fn is_far(&self, real: &[bool]) -> bool {
        let far = |i: usize| self.speaks_of(i, real) && self.q.mean[i].abs() > FAR;
        (0..real.len()).any(far)
    }

    /// One, or the prior's sd of a real number that is measured in other units than usual.
    fn units(&self, real: &[bool]) -> Vec<f64> {
        let sds = self.variances.iter().map(|v| v.sqrt());
        let own = sds.zip(real.iter().zip(&self.proper));
        own.map(|(sd, (real, proper))| {
            let usual = (USUAL.0..=USUAL.1).contains(&sd) || !sd.is_finite();
            if *real && *proper && !usual { sd } else { 1.0 }
        })
        .collect()
    }
}

/// The prior as one Gaussian.
pub(super) fn prior_gaussian(
    bound: &Bound,
    layout: &Layout,
    solver: &mut Solver<'_>,
) -> Result<Option<Gaussian>, ObjectiveError> {
    let found = prior(bound, solver, &layout.real(bound))?;
    Ok(found.map(|p| p.q))
}

/// The prior as a Gaussian. What has no proper prior stays near zero and becomes wide.
fn prior(
    bound: &Bound,
    solver: &mut Solver<'_>,
    real: &[bool],
) -> Result<Option<Prior>, ObjectiveError> {
    // The prior's own Gaussian is wanted roughly: its elements are independent.
    let shape = match solver.is_matrix_free() {
        true => Shape::MatrixFree,
        false => Shape::Diagonal,
    };
    let smooth = shape.smooth(bound, |role| matches!(role, Role::Prior(_)))?;
    let d = smooth.d;
    if d != solver.smooth.d {
        return Ok(None);
    }
    let mut silent = Silent;
    let mut alone = Solver {
        smooth,
        shape,
        by: solver.by.clone(),
        structure: solver.structure.clone(),
        seed: solver.seed,
        observer: &mut silent,
        steps: 0,
        max_steps: usize::MAX,
        elbo: f64::NAN,
        least: f64::NEG_INFINITY,
        ends: vec![],
        units: vec![1.0; d],
    };
    let Some(start) = Gaussian::round(&solver.by, vec![0.0; d], SDS[0]) else {
        return Ok(None);
    };
    let merit = alone.draws(super::MERIT, 1 << 20);
    let mut known = alone.curvature(&start);
    let draws = alone.draws(RUNGS[0], 0);
    let start = alone.settled(start, &draws, real, &mut known);
    let found = alone.rung(start, &draws, &merit, &mut known, PRIOR_STEPS);
    let found = found.ok().map(|(q, _)| {
        let h = alone.hessian(&q, &draws, &mut known);
        let each = h.diagonal().zip(q.precision.diagonal());
        let proper = each.map(|(h, p)| (h / p - 1.0).abs() < PROPER).collect();
        let variances = q.factor.variances();
        Prior {
            q,
            variances,
            proper,
        }
    });
    solver.smooth.evaluations += alone.smooth.evaluations;
    Ok(found)
}

impl Solver<'_> {
    /// Full steps of those real numbers alone whose density is far narrower or wider than one. All unknowns together may take short
    /// steps for the sake of one.
    fn settled(
        &mut self,
        mut q: Gaussian,
        draws: &[f64],
        real: &[bool],
        known: &mut Curvature,
    ) -> Gaussian {
        for _ in 0..ROUNDS {
            let Some((g, h)) = self.slopes(&q, draws, known) else {
                break;
            };
            let mut moved = false;
            let mut mean = q.mean.clone();
            let mut precision: Vec<f64> = q.precision.diagonal().collect();
            for (i, h) in h.diagonal().enumerate() {
                let usual = (USUAL.0..=USUAL.1).contains(&h.sqrt().recip());
                if real[i] && h > 0.0 && h.is_finite() && !usual {
                    mean[i] += g[i] / h;
                    precision[i] = h;
                    moved = true;
                }
            }
            if !moved {
                break;
            }
            let precision = Symmetric::of_diagonal(self.by.pattern().clone(), precision);
            match Gaussian::new(&self.by, mean, precision) {
                Some(next) => q = next,
                None => break,
            }
        }
        q
    }

    /// A Gaussian of independent elements, each with so many of its units for sd.
    pub(super) fn around(&self, mean: Vec<f64>, sd: f64) -> Option<Gaussian> {
        let diagonal = self.units.iter().map(|u| (u * sd).powi(-2));
        let precision = Symmetric::of_diagonal(self.by.pattern().clone(), diagonal);
        Gaussian::new(&self.by, mean, precision)
    }

    /// A start, narrower until all draws are finite.
    pub(super) fn finite(&mut self, start: &Gaussian, merit: &[f64]) -> Option<Gaussian> {
        SDS.iter().find_map(|sd| {
            let by = (SDS[0] / sd).powi(2);
            let q = Gaussian::new(
                &self.by,
                start.mean.clone(),
                start.precision.combine(by, &start.precision, 0.0),
            )?;
            let values = self.values(&q, merit);
            values.iter().all(|v| v.is_finite()).then_some(q)
        })
    }
}
