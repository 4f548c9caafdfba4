//! The nested guide q(theta) N(z; z*(theta), H(theta)^-1): a mixture for few unknowns theta, and given these a Gaussian around the
//! conditional mode of all others (Rue, Martino and Chopin 2009 use the same conditional). The best single Gaussian misses
//! the funnels and long tails that scales make; given the scales, most posteriors are nearly Gaussian.

mod adapt;
mod conditional;
mod hessians;
mod long_tails;
mod mixture;
mod split;

use super::dense::Matrix;
use super::layout::Layout;
use super::smooth::{BATCH, Smooth};
use super::{Solver, shape};
use crate::objective::ObjectiveError;
use crate::options::Silent;
use crate::source::Drawn;
use conditional::Conditional;
use mixture::Mixture;
use ppl_engine::random::{Address, fill_normal};
use ppl_model::Bound;
use rayon::prelude::*;
use std::ops::Range;

/// Purpose of the random numbers.
const PURPOSE: u32 = 6;

/// Theta is looked for among sites of so many elements at most: what is along a longer axis is one of many of its kind.
const SMALL: usize = 10;

/// So few unknowns may all be theta, with nothing given them.
const FEW: usize = 3;

/// Numbers that may be computed for the fit, and for the draws of the certificate.
const MOST_WORK: f64 = 1e9;
const MOST_DRAWING: f64 = 2e9;

/// Draws on which q(theta) rests, a round, for each of its numbers and one more.
const PER_ROUND: usize = 200;
const LEAST: usize = 100;

/// Draws of the certificate, at least.
const LEAST_DRAWS: usize = 2000;

/// A fitted nested guide.
pub(crate) struct Nested {
    conditional: Conditional,
    mixture: Mixture,
    /// Theta = centre + scale y, with y the mixture's variable.
    centre: Vec<f64>,
    scale: Matrix,
    workers: Vec<Smooth>,
    seed: u64,
    d: usize,
    /// Names of theta.
    pub(crate) theta: Vec<String>,
    affordable: usize,
    /// Gradients taken for the fit.
    pub(crate) evaluations: usize,
}

fn workers(bound: &Bound) -> Result<Vec<Smooth>, ObjectiveError> {
    let n = rayon::current_num_threads().clamp(1, 16);
    (0..n).map(|_| Smooth::of_each(bound)).collect()
}

/// Fits the nested guide around a fitted Gaussian.
pub(crate) fn nest(
    bound: &Bound,
    layout: &Layout,
    params: &[f64],
    seed: u64,
) -> Result<Result<Nested, String>, ObjectiveError> {
    let because = |words: &str| Ok(Err(words.to_owned()));
    let Some((shape, by, structure)) = shape(bound, layout) else {
        return because("the Gaussian guide is not one of the deterministic engine");
    };
    let smooth = Smooth::new(bound, |_| true)?;
    let Some(q) = layout
        .gaussian(&by, params)
        .filter(|_| smooth.d == layout.d)
    else {
        return because("the Gaussian guide is not one of the deterministic engine");
    };
    if smooth.quadratic {
        return because("the log density is quadratic, and one Gaussian is exact");
    }
    let (d, work) = (smooth.d, smooth.work);
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
    let known = solver.curvature(&q);
    let structure = known.pattern().clone();
    let sds: Vec<f64> = q.factor.variances().into_iter().map(f64::sqrt).collect();
    let scales = known.is_differenced().then_some(sds.as_slice());
    let mut workers = workers(bound)?;
    let lengths = layout.site_lengths(bound);
    let candidates: Vec<usize> = (0..d).filter(|i| lengths[*i] <= SMALL).collect();
    let theta = split::split(&q, &structure, scales, candidates, &mut workers);
    let theta = match theta.is_empty() && d <= FEW {
        true => (0..d).collect(),
        false => theta,
    };
    if theta.is_empty() {
        return because("no unknown changes the curvature of the others");
    }
    let Some(conditional) =
        Conditional::new(&q, theta.clone(), &structure, scales, &mut workers[0])
    else {
        return because("the curvature of the other unknowns cannot be factored");
    };
    let k = theta.len();
    let per_round = (MOST_WORK / (adapt::ROUNDS * conditional.cost() * work) as f64) as usize;
    let per_round = per_round.min(PER_ROUND * (k + 1));
    if per_round < LEAST {
        return because("the conditional mode costs too much");
    }
    // Theta's own part of the covariance.
    let mut own = Matrix::zeros(k);
    for (a, i) in theta.iter().enumerate() {
        let mut column = vec![0.0; d];
        column[*i] = 1.0;
        q.factor.solve(&mut column);
        for (b, j) in theta.iter().enumerate() {
            own.a[b * k + a] = column[*j];
        }
    }
    let Some(scale) = own.cholesky() else {
        return because("the covariance cannot be factored");
    };
    let centre: Vec<f64> = theta.iter().map(|i| q.mean[*i]).collect();
    let mut solved = 0;
    let fitted = adapt::adapt(&scale, per_round, seed, |y| {
        let thetas = thetas(&centre, &scale, y);
        solved += thetas.len() / k;
        over_batches(&mut workers, thetas.len() / k, |smooth, batch| {
            let own = &thetas[batch.start * k..batch.end * k];
            let given = conditional.given(smooth, own);
            given.iter().map(|g| g.marginal()).collect()
        })
    });
    let Some(mixture) = fitted else {
        return because("no mixture could be fitted");
    };
    let names = layout.names(bound);
    let evaluations = workers.iter().map(|w| w.evaluations).sum::<usize>();
    let each = evaluations as f64 / solved as f64 * work as f64;
    let affordable = ((MOST_DRAWING / each) as usize).max(LEAST_DRAWS);
    Ok(Ok(Nested {
        affordable,
        conditional,
        mixture,
        centre,
        scale,
        evaluations: solver.smooth.evaluations + evaluations,
        workers,
        seed,
        d,
        theta: theta.iter().map(|i| names[*i].clone()).collect(),
    }))
}

/// centre + scale y, for rows y.
fn thetas(centre: &[f64], scale: &Matrix, y: &[f64]) -> Vec<f64> {
    let k = centre.len();
    let of = |y: &[f64]| -> Vec<f64> {
        (0..k)
            .map(|i| {
                let row = &scale.a[i * k..i * k + i + 1];
                centre[i] + row.iter().zip(y).map(|(l, y)| l * y).sum::<f64>()
            })
            .collect()
    };
    y.chunks(k).flat_map(of).collect()
}

impl Nested {
    /// Whether anything is left given theta.
    pub(crate) fn is_partial(&self) -> bool {
        self.conditional.len() > 0
    }

    /// log p - log q at a point: about the log evidence where the guide is right, far more where it misses something.
    pub(crate) fn log_weight(&mut self, point: &[f64]) -> f64 {
        let theta: Vec<f64> = self.conditional.theta.iter().map(|i| point[*i]).collect();
        let mut y: Vec<f64> = theta.iter().zip(&self.centre).map(|(t, c)| t - c).collect();
        self.scale.solve_lower(&mut y);
        let volume: f64 = self.scale.diagonal().map(f64::ln).sum();
        let smooth = &mut self.workers[0];
        let given = self.conditional.given(smooth, &theta);
        let (mut value, mut slope) = (vec![0.0], vec![0.0; self.d]);
        smooth.gradients_of_each(point, &mut value, &mut slope);
        let rest = given
            .iter()
            .map(|g| g.ln_density(&self.conditional.rest(point)));
        value[0] - (self.mixture.ln_densities(&y)[0] - volume) - rest.sum::<f64>()
    }

    /// Fresh draws, `most` of them or as many as can be afforded.
    pub(crate) fn draws(&mut self, most: usize) -> Drawn {
        let n = most.min(self.affordable);
        let (k, m, d) = (self.centre.len(), self.conditional.len(), self.d);
        let y = adapt::draws(&self.mixture, n, self.seed, 1 << 32);
        let volume: f64 = self.scale.diagonal().map(f64::ln).sum();
        let mut log_q = self.mixture.ln_densities(&y);
        log_q.iter_mut().for_each(|l| *l -= volume);
        let thetas = thetas(&self.centre, &self.scale, &y);
        let mut noise = vec![0.0; n * m];
        let address = Address {
            seed: self.seed,
            purpose: PURPOSE,
            step: 2 << 32,
            block: 0,
        };
        fill_normal(&mut noise, address);
        let conditional = &self.conditional;
        let rows = over_batches(&mut self.workers, n, |smooth, batch| {
            let own = &thetas[batch.start * k..batch.end * k];
            let given = conditional.given(smooth, own);
            let noise = noise[batch.start * m..batch.end * m].chunks(m.max(1));
            let noise = noise.map(<[f64]>::to_vec).chain(std::iter::repeat(vec![]));
            (given.iter().zip(own.chunks(k)).zip(noise))
                .map(|((g, theta), mut z)| {
                    let log = g.draw(&mut z);
                    (conditional.point(theta, &z), log)
                })
                .collect()
        });
        let mut points = Vec::with_capacity(n * d);
        for ((row, log), to) in rows.into_iter().zip(&mut log_q) {
            points.extend(row);
            *to += log;
        }
        Drawn { d, points, log_q }
    }
}

/// What `f` makes of each of `n` items, a batch at a time, the batches divided among the workers: which of them does a batch makes
/// no difference.
fn over_batches<T: Send>(
    workers: &mut [Smooth],
    n: usize,
    f: impl Fn(&mut Smooth, Range<usize>) -> Vec<T> + Sync,
) -> Vec<T> {
    let batches = n.div_ceil(BATCH);
    let each = batches.div_ceil(workers.len());
    let parts: Vec<Vec<T>> = workers
        .par_iter_mut()
        .enumerate()
        .map(|(w, smooth)| {
            let own = (w * each).min(batches)..((w + 1) * each).min(batches);
            own.flat_map(|b| f(smooth, b * BATCH..((b + 1) * BATCH).min(n)))
                .collect()
        })
        .collect();
    parts.into_iter().flatten().collect()
}
