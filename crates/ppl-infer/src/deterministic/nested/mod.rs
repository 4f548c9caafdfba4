//! The nested guide q(theta) N(z; z*(theta), H(theta)^-1): a mixture for few unknowns theta, and given these a Gaussian around the
//! conditional mode of all others (Rue, Martino and Chopin 2009 use the same conditional). The best single Gaussian misses
//! the funnels and long tails that scales make; given the scales, most posteriors are nearly Gaussian.

mod adapt;
mod conditional;
mod hessians;
mod long_tails;
mod mixture;
mod split;
mod thinning;

use super::Solver;
use super::dense::Matrix;
use super::gaussian::Gaussian;
use super::layout::Layout;
use super::smooth::{BATCH, Smooth};
use crate::objective::ObjectiveError;
use crate::options::Silent;
use crate::psis::psis;
use crate::source::Drawn;
use conditional::Conditional;
use mixture::Mixture;
use ppl_engine::random::{Address, fill_normal, fill_uniform};
use ppl_model::Bound;
use rayon::prelude::*;
use std::ops::Range;
use thinning::Thinning;

/// Purpose of the random numbers.
const PURPOSE: u32 = 6;

/// Theta is looked for among sites of so many elements at most: what is along a longer axis is one of many of its kind.
const SMALL: usize = 10;

/// So few unknowns may all be theta, with nothing given them, where the rest is no Gaussian given some: where less than so much of the
/// draws is effective.
const FEW: usize = 5;
const GAUSSIAN_ENOUGH: f64 = 0.9;

/// Numbers that may be computed for the fit, and for the draws of the certificate; more where the fewest draws take more.
const MOST_WORK: f64 = 1e9;
const DEAR_WORK: f64 = 3e10;
const MOST_DRAWING: f64 = 2e9;

/// Draws on which q(theta) rests, a round, for each of its numbers and one more.
const PER_ROUND: usize = 200;
const LEAST: usize = 100;

/// Draws of the certificate, at least.
const LEAST_DRAWS: usize = 2000;

/// Draws that are taken beforehand, to see what the weights are like; no more than this part of all that can be afforded.
const AHEAD: usize = 1000;
const AHEAD_PART: usize = 10;

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
    /// Log weights of a few draws.
    ahead: Vec<f64>,
    /// How its draws are thinned, and the log of the share that is kept.
    thinned: Option<(Thinning, f64)>,
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
    let mut silent = Silent;
    let Some((mut solver, q)) = Solver::open_at(bound, layout, params, seed, &mut silent)? else {
        return because("the Gaussian guide is not one of the deterministic engine");
    };
    if solver.smooth.quadratic {
        return because("the log density is quadratic, and one Gaussian is exact");
    }
    let (d, work) = (solver.smooth.d, solver.smooth.work);
    let known = solver.curvature(&q);
    let structure = known.pattern().clone();
    let sds: Vec<f64> = q.factor.variances().into_iter().map(f64::sqrt).collect();
    let scales = known.is_differenced().then_some(sds.as_slice());
    let mut workers = workers(bound)?;
    let lengths = layout.site_lengths(bound);
    let candidates: Vec<usize> = (0..d).filter(|i| lengths[*i] <= SMALL).collect();
    let theta = split::split(&q, &structure, scales, candidates, &mut workers);
    if theta.is_empty() && d > FEW {
        return because("no unknown changes the curvature of the others");
    }
    let mut fit = |theta: Vec<usize>| {
        let conditional = Conditional::new(&q, theta, &structure, scales, &mut workers[0])
            .ok_or("the curvature of the other unknowns cannot be factored")?;
        Nested::fit(conditional, &q, work, seed, &mut workers)
    };
    let part = match theta.is_empty() {
        true => Err("no unknown changes the curvature of the others"),
        false => fit(theta),
    };
    let good = |n: &Nested| n.effective() >= GAUSSIAN_ENOUGH;
    let found = match part {
        Ok(part) if d > FEW || good(&part) => Ok(part),
        Err(why) if d > FEW => Err(why),
        part => match (part, fit((0..d).collect())) {
            (Ok(part), Ok(whole)) if part.effective() > whole.effective() => Ok(part),
            (part, whole) => whole.or(part),
        },
    };
    let names = layout.names(bound);
    Ok(match found {
        Ok(mut nested) => {
            let theta = nested.conditional.theta.iter();
            nested.theta = theta.map(|i| names[*i].clone()).collect();
            nested.evaluations =
                solver.smooth.evaluations + workers.iter().map(|w| w.evaluations).sum::<usize>();
            nested.workers = workers;
            Ok(nested)
        }
        Err(why) => Err(why.to_owned()),
    })
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
    /// The mixture around a fitted Gaussian, and a look at its draws; names and workers follow.
    fn fit(
        conditional: Conditional,
        q: &Gaussian,
        work: usize,
        seed: u64,
        workers: &mut Vec<Smooth>,
    ) -> Result<Nested, &'static str> {
        let (d, theta) = (q.mean.len(), &conditional.theta);
        let k = theta.len();
        let each = (adapt::ROUNDS * conditional.cost() * work) as f64;
        let enough = PER_ROUND * (k + 1);
        let fewest = (DEAR_WORK / each).min(0.5 * enough as f64) as usize;
        let per_round = ((MOST_WORK / each) as usize).clamp(fewest, enough);
        if per_round < LEAST {
            return Err("the conditional mode costs too much");
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
        let scale = own.cholesky().ok_or("the covariance cannot be factored")?;
        let centre: Vec<f64> = theta.iter().map(|i| q.mean[*i]).collect();
        let count = |workers: &[Smooth]| workers.iter().map(|w| w.evaluations).sum::<usize>();
        let (before, mut solved) = (count(workers), 0);
        let fitted = adapt::adapt(&scale, per_round, seed, |y| {
            let thetas = thetas(&centre, &scale, y);
            solved += thetas.len() / k;
            over_batches(workers, thetas.len() / k, |smooth, batch| {
                let own = &thetas[batch.start * k..batch.end * k];
                let given = conditional.given(smooth, own);
                given.iter().map(|g| g.marginal()).collect()
            })
        });
        let mixture = fitted.ok_or("no mixture could be fitted")?;
        let each = (count(workers) - before) as f64 / solved as f64 * work as f64;
        let affordable = ((MOST_DRAWING / each) as usize).max(LEAST_DRAWS);
        let mut out = Nested {
            affordable,
            ahead: vec![],
            thinned: None,
            conditional,
            mixture,
            centre,
            scale,
            evaluations: 0,
            workers: std::mem::take(workers),
            seed,
            d,
            theta: vec![],
        };
        out.ahead = out.proposals(AHEAD.min(affordable / AHEAD_PART), 0).1;
        *workers = std::mem::take(&mut out.workers);
        Ok(out)
    }

    /// The effective share of its draws, before they are thinned.
    fn effective(&self) -> f64 {
        psis(&self.ahead).ess / self.ahead.len() as f64
    }

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
        let log = value[0] - (self.mixture.ln_densities(&y)[0] - volume) - rest.sum::<f64>();
        match &self.thinned {
            Some((thinning, kept)) => log - thinning.ln_chance(log) + kept,
            None => log,
        }
    }

    /// Draws of the mixture and what follows, with their log densities and log weights; `stream` tells sets apart.
    fn proposals(&mut self, n: usize, stream: u64) -> (Drawn, Vec<f64>) {
        let (k, m, d) = (self.centre.len(), self.conditional.len(), self.d);
        let y = adapt::draws(&self.mixture, n, self.seed, (1 << 32) + stream);
        let volume: f64 = self.scale.diagonal().map(f64::ln).sum();
        let log_y = self.mixture.ln_densities(&y);
        let thetas = thetas(&self.centre, &self.scale, &y);
        let mut noise = vec![0.0; n * m];
        let address = Address {
            seed: self.seed,
            purpose: PURPOSE,
            step: (2 << 32) + stream,
            block: 0,
        };
        fill_normal(&mut noise, address);
        let conditional = &self.conditional;
        let rows = over_batches(&mut self.workers, n, |smooth, batch| {
            let own = &thetas[batch.start * k..batch.end * k];
            let given = conditional.given(smooth, own);
            let noise = noise[batch.start * m..batch.end * m].chunks(m.max(1));
            let noise = noise.map(<[f64]>::to_vec).chain(std::iter::repeat(vec![]));
            let (mut points, mut logs) = (vec![], vec![]);
            for ((g, theta), mut z) in given.iter().zip(own.chunks(k)).zip(noise) {
                logs.push(g.draw(&mut z));
                points.extend(conditional.point(theta, &z));
            }
            let mut values = vec![];
            smooth.values(&points, &mut values);
            let rows = points.chunks(d).map(<[f64]>::to_vec);
            rows.zip(logs).zip(values).collect()
        });
        let mut out = Drawn {
            d,
            ..Drawn::default()
        };
        let mut log_weights = vec![];
        for (((row, log), value), log_y) in rows.into_iter().zip(log_y) {
            let log_q = log_y - volume + log;
            out.points.extend(row);
            out.log_q.push(log_q);
            log_weights.push(value - log_q);
        }
        (out, log_weights)
    }

    /// Fresh draws, thinned to the posterior: `most` of them or as many as can be afforded. Then those that they were thinned from, which reach
    /// further.
    pub(crate) fn draws(&mut self, most: usize) -> [Drawn; 2] {
        let thinning = Thinning::of(&self.ahead);
        // A few more than it takes if the share is what it seems.
        let wanted = (1.05 * most as f64 / thinning.share) as usize;
        let n = wanted.max(most).min(self.affordable);
        let (all, log_weights) = self.proposals(n, 1);
        let mut chances = vec![0.0; n];
        let address = Address {
            seed: self.seed,
            purpose: PURPOSE,
            step: 3 << 32,
            block: 0,
        };
        fill_uniform(&mut chances, address);
        let kept = thinning.kept(&log_weights);
        let mut out = Drawn {
            d: self.d,
            error: kept.se / kept.value,
            ..Drawn::default()
        };
        for (i, row) in all.points.chunks(self.d).enumerate() {
            let chance = thinning.ln_chance(log_weights[i]);
            if chances[i].ln() <= chance && out.log_q.len() < most {
                out.points.extend(row);
                out.log_q.push(all.log_q[i] + chance - kept.value.ln());
            }
        }
        self.thinned = Some((thinning, kept.value.ln()));
        [out, all]
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
