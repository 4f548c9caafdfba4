//! Draws of the nested guide: proposals of the mixture with what follows them, their log weights, and their thinning.

use super::thinning::Thinning;
use super::{Nested, PURPOSE};
use crate::deterministic::layout::Layout;
use crate::deterministic::smooth::{BATCH, Smooth};
use crate::deterministic::workers::{over_batches, over_pools};
use crate::source::Drawn;
use ppl_engine::random::{Address, fill_normal, fill_normal_from, fill_uniform};

/// Numbers of draws that are held twice; others are drawn again.
const MOST_HELD: usize = 10_000_000;

/// Numbers of a part of the draws, which are held twice beside all of them while it is drawn.
const MOST_APART: usize = 5_000_000;

/// Draws of another optimum that tell how much of the evidence around it is missed.
const AROUND: usize = 256;

/// Draws, a row each and all in one piece, and for each of them log q of what follows theta, its log density, and the log marginal of its
/// theta.
type Pool = (Vec<f64>, Vec<(f64, (f64, f64))>);

const LN_2PI: f64 = 1.837_877_066_409_345_3;

impl Nested {
    /// log p - log q at a point: about the log evidence where the guide is right, far more where it misses something.
    pub(crate) fn log_weight(&mut self, point: &[f64]) -> f64 {
        let mut workers = std::mem::take(&mut self.workers);
        let smooth = &mut workers[0];
        let (mut value, mut slope) = (vec![0.0], vec![0.0; self.d]);
        smooth.gradients_of_each(point, &mut value, &mut slope);
        let log_q = self.ln_densities(smooth, point, &value)[0];
        self.workers = workers;
        value[0] - log_q
    }

    /// log q at up to a batch of points, where the posterior has these log densities.
    pub(in crate::deterministic) fn ln_densities(
        &self,
        smooth: &mut Smooth,
        points: &[f64],
        values: &[f64],
    ) -> Vec<f64> {
        let (theta, d) = (&self.conditional.theta, self.d);
        let thetas: Vec<f64> = points
            .chunks(d)
            .flat_map(|point| theta.iter().map(|i| point[*i]))
            .collect();
        // Where nothing is given, all have the same.
        let given = self.conditional.given(smooth, &thetas);
        let each = points.chunks(d).zip(values).zip(given.iter().cycle());
        let own = each.enumerate().map(|(i, ((point, value), given))| {
            let theta = &thetas[i * theta.len()..(i + 1) * theta.len()];
            let rest = given.ln_density(&self.conditional.rest(point));
            let log = self.outer.ln_density(theta) + rest;
            match &self.thinned {
                Some((thinning, kept)) => log + thinning.ln_chance(value - log) - kept,
                None => log,
            }
        });
        own.collect()
    }

    /// Gradients that log q at a point takes, roughly.
    pub(in crate::deterministic) fn cost(&self) -> usize {
        self.conditional.cost()
    }

    /// The numbers of a purpose of their own.
    fn address(&self, step: u64) -> Address {
        Address {
            seed: self.seed,
            purpose: PURPOSE,
            step,
            block: 0,
        }
    }

    /// Logarithm of the evidence around another optimum, a Gaussian with these parameters, at points whose log weights are above some
    /// value: by draws of that Gaussian, `E_q[p / q; p / q_nested above]`. `None` where something is not finite.
    pub(crate) fn missed(&mut self, layout: &Layout, params: &[f64], above: f64) -> Option<f64> {
        let by = self.by.clone()?;
        let other = layout.gaussian(&by, params)?;
        let d = self.d;
        let mut noise = vec![0.0; AROUND * d];
        fill_normal(&mut noise, self.address(6 << 32));
        let mut workers = std::mem::take(&mut self.workers);
        let each = over_batches(&mut workers, AROUND, |smooth, batch| {
            let noise = &noise[batch.start * d..batch.end * d];
            let points = other.points(noise);
            let mut values = vec![];
            smooth.values(&points, &mut values);
            let log_q = self.ln_densities(smooth, &points, &values);
            let own = noise.chunks(d).map(|z| {
                let square: f64 = z.iter().map(|z| z * z).sum();
                -other.log_volume() - 0.5 * (square + d as f64 * LN_2PI)
            });
            let each = values.into_iter().zip(log_q).zip(own);
            each.map(|((value, log_q), own)| (value - log_q, value - own))
                .collect()
        });
        self.workers = workers;
        let mut total = 0.0;
        for (weight, log) in each {
            // Outside of the support nothing is missed.
            if log == f64::NEG_INFINITY {
                continue;
            }
            if weight.is_nan() {
                return None;
            }
            if weight > above {
                total += (log - above).exp();
            }
        }
        let log = (total / AROUND as f64).ln() + above;
        (!log.is_nan()).then_some(log)
    }

    /// Draws of the mixture and what follows, with their log densities and log weights; `stream` tells sets apart.
    pub(super) fn proposals(&mut self, n: usize, stream: u64) -> (Drawn, Vec<f64>) {
        let (k, m, d) = (self.conditional.theta.len(), self.conditional.len(), self.d);
        let (thetas, log_theta) = self.outer.draws(n, self.seed, stream);
        let address = Address {
            seed: self.seed,
            purpose: PURPOSE,
            step: (2 << 32) + stream,
            block: 0,
        };
        let mut numbers = address.stream();
        let (conditional, seed) = (&self.conditional, self.seed);
        let (exact, may_be_fixed) = (conditional.is_exact(), self.may_be_fixed());
        let mut out = Drawn {
            d,
            points: Vec::with_capacity(n * d),
            ..Drawn::default()
        };
        let (mut log_weights, mut marginals) = (vec![], vec![]);
        // A part at a time, whose noise and rows are held beside all draws.
        let pool = conditional.together();
        let part = (MOST_APART / d.max(1)).max(1).next_multiple_of(pool);
        for first in (0..n).step_by(part) {
            let count = part.min(n - first);
            let mut noise = vec![0.0; count * m];
            fill_normal_from(&mut noise, &mut numbers);
            let pools: Vec<Pool> = over_pools(&mut self.workers, (count, pool), |smooth, batch| {
                let thetas = &thetas[first * k..(first + count) * k];
                let own = &thetas[batch.start * k..batch.end * k];
                // Where nothing is given, all have the same.
                let given = conditional.given(smooth, own);
                let (mut points, mut logs, mut known) = (vec![], vec![], vec![]);
                for (i, g) in batch.clone().zip(given.iter().cycle()) {
                    let address = Address {
                        seed,
                        purpose: PURPOSE,
                        step: (4 << 32) + stream,
                        block: (first + i) as u64,
                    };
                    let mut z = noise[i * m..(i + 1) * m].to_vec();
                    logs.push(g.draw(&mut z, &mut address.stream()));
                    known.push(if exact || may_be_fixed {
                        g.marginal()
                    } else {
                        f64::NAN
                    });
                    points.extend(conditional.point(&thetas[i * k..(i + 1) * k], &z));
                }
                let mut values = vec![];
                for points in points.chunks(BATCH * d) {
                    let mut own = vec![];
                    smooth.values(points, &mut own);
                    values.extend(own);
                }
                let each = logs.into_iter().zip(values.into_iter().zip(known));
                vec![(points, each.collect())]
            });
            let mut each = Vec::with_capacity(count);
            for (points, own) in pools {
                out.points.extend(points);
                each.extend(own);
            }
            for ((log, (value, marginal)), log_theta) in each.into_iter().zip(&log_theta[first..]) {
                let log_q = log_theta + log;
                out.log_q.push(log_q);
                marginals.push(marginal);
                // Numbers that underflow, as a Beta draw of a tiny shape, have a weight all the same.
                let marginal = if exact { marginal } else { f64::NAN };
                log_weights.push(match value.is_finite() || !marginal.is_finite() {
                    true => value - log_q,
                    false => marginal - log_theta,
                });
            }
        }
        if may_be_fixed {
            if stream == 0 {
                let pairs = marginals.iter().zip(&log_theta);
                self.ahead_of_theta = pairs.map(|(m, q)| m - q).collect();
            }
            let own = self.outer.in_units(&thetas);
            if let (Some((points, mixture)), Some(cloud)) = (own, &mut self.cloud) {
                cloud.add(points, marginals, mixture.clone());
            }
        }
        (out, log_weights)
    }

    /// Fresh draws, thinned to the posterior: `most` of them or as many as can be afforded.
    pub(crate) fn draws(&mut self, most: usize) -> Drawn {
        if self.is_whole() {
            return self.unthinned(most);
        }
        let thinning = Thinning::of(&self.ahead);
        let (mut all, log_weights) = self.proposals(self.needed(&thinning, most), 1);
        let mut chances = vec![0.0; log_weights.len()];
        fill_uniform(&mut chances, self.address(3 << 32));
        let thetas: Vec<f64> = { all.points.chunks(self.d) }
            .flat_map(|point| self.conditional.theta.iter().map(|i| point[*i]))
            .collect();
        let controls = self.outer.controls(&thetas);
        let kept = thinning.kept_by(&log_weights, &controls);
        all.error = kept.se / kept.value;
        if all.points.len() <= MOST_HELD {
            self.unthinned = Some(all.clone());
        }
        // In place: no more than they are is held at a time.
        let (d, mut n) = (self.d, 0);
        for i in 0..log_weights.len() {
            let chance = thinning.ln_chance(log_weights[i]);
            if chances[i].ln() <= chance && n < most {
                all.points.copy_within(i * d..(i + 1) * d, n * d);
                all.log_q[n] = all.log_q[i] + chance - kept.value.ln();
                n += 1;
            }
        }
        all.points.truncate(n * d);
        all.points.shrink_to_fit();
        all.log_q.truncate(n);
        self.thinned = Some((thinning, kept.value.ln()));
        all
    }

    /// What the same draws were thinned from, which reaches further.
    pub(crate) fn unthinned(&mut self, most: usize) -> Drawn {
        if let Some(known) = self.unthinned.take() {
            return known;
        }
        let n = match self.is_whole() {
            true => most.min(self.affordable),
            false => self.needed(&Thinning::of(&self.ahead), most),
        };
        // These are known already.
        let cloud = self.cloud.take();
        let all = self.proposals(n, 1).0;
        self.cloud = cloud;
        all
    }

    /// Draws of which so many are left: a few more than it takes if the share is what it seems.
    fn needed(&self, thinning: &Thinning, most: usize) -> usize {
        let wanted = (1.05 * most as f64 / thinning.share) as usize;
        wanted.max(most).min(self.affordable)
    }
}
