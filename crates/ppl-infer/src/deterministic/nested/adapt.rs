//! q(theta): a mixture of Gaussians, fitted to the marginal by adaptive importance sampling.
//!
//! Draws of all rounds together are weighted against the mixture of all that they were drawn from (Cornuet, Marin, Mira and Robert 2012,
//! "Adaptive multiple importance sampling"), and each round draws from what fits them best. The number of parts is what
//! predicts the other half of the draws best.

use super::long_tails::long_tails;
use super::mixture::{GAUSSIAN, Mixture, Part, moments};
use super::places::Places;
use crate::deterministic::dense::Matrix;
use crate::deterministic::spread::uniforms;
use crate::psis::psis;
use ppl_dist::special::inv_phi;
use ppl_engine::random::{Address, fill_normal, fill_uniform};

/// Rounds, at most; and what they may be ended before, where the draws are effective and few can be had.
pub(super) const ROUNDS: usize = 3;
const ENOUGH: usize = 400;

/// Degrees of freedom of the first draws and of those that hedge.
const HEDGE: usize = 4;

/// Numbers of parts that are tried, between rounds and at last.
const FEW: [usize; 3] = [1, 2, 4];
const MANY: [usize; 6] = [1, 2, 3, 4, 6, 9];

/// Shares of draws from longer tails, and from one wide part around all.
const LONG_SHARE: f64 = 0.35;
const WIDE: f64 = 0.05;

/// The same of the last mixture, whose draws are thinned to the posterior: what reaches too far costs draws and nothing of the bound.
const LAST_LONG: f64 = 0.3;
const LAST_WIDE: f64 = 0.1;

/// The longer tails are fitted to this power of the density: they are long where the density's own are.
const POWER: f64 = 0.5;

/// Weight that each exponential tail begins with.
const TAIL_WEIGHT: f64 = 0.05;

/// The same where tails are to be longer than they are.
const LONG_WEIGHT: f64 = 0.2;

/// Parts of that, around points far from each other.
const LONG: usize = 16;

/// A round whose draws are so effective is the last but one.
const GOOD: f64 = 0.7;

/// Where less of the draws of a fitted mixture is effective, the next are no better.
const HOPELESS: f64 = 0.02;

/// Points and what they weigh.
#[derive(Clone)]
pub(super) struct Cloud {
    k: usize,
    places: Places,
    points: Vec<f64>,
    targets: Vec<f64>,
    proposals: Vec<(Mixture, usize)>,
}

impl Cloud {
    pub(super) fn new(k: usize, places: &Places) -> Cloud {
        Cloud {
            k,
            places: places.clone(),
            points: vec![],
            targets: vec![],
            proposals: vec![],
        }
    }

    /// Adds points that were drawn from a mixture, with the log densities there.
    pub(super) fn add(&mut self, points: Vec<f64>, targets: Vec<f64>, from: Mixture) {
        self.proposals.push((from, targets.len()));
        self.points.extend(points);
        self.targets.extend(targets);
    }

    /// Log weights of a power of the density against the mixture of all proposals.
    fn log_weights(&self, power: f64) -> Vec<f64> {
        let total = self.targets.len() as f64;
        let all: Vec<Vec<f64>> = self
            .proposals
            .iter()
            .map(|(p, n)| {
                let share = (*n as f64 / total).ln();
                let logs = p.ln_densities(&self.points);
                logs.into_iter().map(|l| l + share).collect()
            })
            .collect();
        (0..self.targets.len())
            .map(|i| {
                let peak = all.iter().map(|v| v[i]).fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = all.iter().map(|v| (v[i] - peak).exp()).sum();
                let target = power * self.targets[i];
                let log = target - peak - sum.ln();
                if target.is_nan() || log.is_nan() {
                    f64::NEG_INFINITY
                } else {
                    log
                }
            })
            .collect()
    }
}

/// Weights of smoothed importance, flattened until enough of the draws count; and how many do.
fn weights(logs: &[f64], enough: f64) -> (Vec<f64>, f64) {
    let mut power = 1.0;
    loop {
        let flat: Vec<f64> = logs.iter().map(|l| l * power).collect();
        let smooth = psis(&flat);
        if smooth.ess >= enough || power < 0.05 {
            return (smooth.weights(), smooth.ess);
        }
        power *= 0.7;
    }
}

/// Fits a mixture to what `marginal` gives at points (rows of k numbers, in units in which the fitted Gaussian is
/// standard); `per_round` draws a round, and `more` rounds where the first may be far from it. With it all points.
pub(super) fn adapt(
    axes: &Matrix,
    places: &Places,
    (per_round, more): (usize, usize),
    seed: u64,
    mut marginal: impl FnMut(&[f64]) -> Vec<f64>,
) -> Option<(Mixture, Cloud)> {
    let k = axes.n;
    let mut cloud = Cloud::new(k, places);
    let mut proposal = places.looked_at(Mixture::round(k, 1.3, HEDGE));
    for round in 0..ROUNDS + more {
        let fresh = draws(&proposal, per_round, seed, round as u64);
        let targets = marginal(&fresh);
        let own = proposal.ln_densities(&fresh);
        let direct: Vec<f64> = targets.iter().zip(&own).map(|(t, q)| t - q).collect();
        let effective = psis(&direct).ess / per_round as f64;
        if round > more && effective < HOPELESS {
            return None;
        }
        cloud.add(fresh, targets, proposal);
        let logs = cloud.log_weights(1.0);
        let (weights, ess) = weights(&logs, 2.0 * parameters(k) as f64);
        let found = best(&cloud, &weights, ess, &FEW, seed)?;
        let wide = wide(&cloud, &weights)?;
        let long = long(&cloud, axes, seed)?;
        proposal = found.with(&long, LONG_SHARE).with(&wide, WIDE);
        proposal = places.looked_at(proposal);
        let met = effective > GOOD && round > 0;
        if met && (per_round < ENOUGH || round + 1 >= ROUNDS) {
            break;
        }
    }
    let mixture = last(&cloud, axes, (LAST_LONG, LAST_WIDE), seed)?;
    Some((mixture, cloud))
}

/// What fits all points best, with longer tails.
pub(super) fn last(
    cloud: &Cloud,
    axes: &Matrix,
    (long_share, wide_share): (f64, f64),
    seed: u64,
) -> Option<Mixture> {
    let k = cloud.k;
    let (own, effective) = weights(&cloud.log_weights(1.0), 2.0 * parameters(k) as f64);
    let fitted = best(cloud, &own, effective, &MANY, seed)?;
    // Mixtures of Gaussians follow an exponential tail for a while only.
    let tails = long_tails(axes, &cloud.points, &own, effective);
    let fitted = fitted
        .beside(&tails, TAIL_WEIGHT)
        .improved(&cloud.points, &own, effective, 20);
    let long = long(cloud, axes, seed)?;
    let wide = wide(cloud, &own)?;
    let fitted = fitted.with(&long, long_share).with(&wide, wide_share);
    Some(cloud.places.kept(fitted))
}

/// Many parts, fitted to a power of the density.
fn long(cloud: &Cloud, axes: &Matrix, seed: u64) -> Option<Mixture> {
    let (weights, ess) = weights(&cloud.log_weights(POWER), 2.0 * parameters(cloud.k) as f64);
    let spread = start(cloud.k, &cloud.points, &weights, LONG, seed)?;
    let spread = spread.improved(&cloud.points, &weights, ess, 5);
    // An exponential tail is longer by the power.
    let (own, effective) = self::weights(&cloud.log_weights(1.0), 2.0 * parameters(cloud.k) as f64);
    let mut tails = long_tails(axes, &cloud.points, &own, effective);
    for part in &mut tails {
        let tail = part.tail.iter_mut().flatten();
        tail.for_each(|v| *v /= POWER);
    }
    Some(spread.beside(&tails, LONG_WEIGHT.min(0.5 / tails.len().max(1) as f64)))
}

/// Numbers of one part.
fn parameters(k: usize) -> usize {
    (k + 1) * (k + 2) / 2
}

/// One wide part around all.
fn wide(cloud: &Cloud, weights: &[f64]) -> Option<Mixture> {
    let (mean, mut scale) = moments(cloud.k, &cloud.points, weights)?;
    scale.a.iter_mut().for_each(|v| *v *= 2.0);
    Some(Mixture::new(vec![Part {
        weight: 1.0,
        mean,
        scale: scale.cholesky()?,
        dof: HEDGE,
        tail: None,
    }]))
}

/// Draws, a row each.
pub(super) fn draws(from: &Mixture, n: usize, seed: u64, step: u64) -> Vec<f64> {
    let (mut chances, mut noise) = (vec![0.0; n], vec![0.0; n * from.noise()]);
    let address = |block| Address {
        seed,
        purpose: super::PURPOSE,
        step,
        block,
    };
    fill_uniform(&mut chances, address(0));
    fill_normal(&mut noise, address(1));
    let each = noise.chunks(from.noise());
    chances
        .iter()
        .zip(each)
        .flat_map(|(c, z)| from.draw(*c, z))
        .collect()
}

/// The same by sets of points that are spread evenly, a draw of each in turn.
pub(super) fn spread(from: &Mixture, (n, sets): (usize, usize), seed: u64, step: u64) -> Vec<f64> {
    let d = 1 + from.noise();
    let points = (0..sets as u64).map(|set| uniforms(n.div_ceil(sets), d, seed, step + set));
    let points: Vec<Vec<f64>> = points.collect();
    let draw = |i: usize| {
        let own = &points[i % sets][i / sets * d..(i / sets + 1) * d];
        let noise: Vec<f64> = own[1..].iter().map(|u| inv_phi(*u)).collect();
        from.draw(own[0], &noise)
    };
    (0..n).flat_map(draw).collect()
}

/// The mixture of as many parts as predict the other half of the points best.
fn best(cloud: &Cloud, weights: &[f64], ess: f64, parts: &[usize], seed: u64) -> Option<Mixture> {
    let k = cloud.k;
    let half = |odd: usize| -> (Vec<f64>, Vec<f64>) {
        let which = (0..weights.len()).filter(|i| i % 2 == odd);
        let points = which
            .clone()
            .flat_map(|i| cloud.points[i * k..(i + 1) * k].to_vec());
        let mut own: Vec<f64> = which.map(|i| weights[i]).collect();
        let total: f64 = own.iter().sum();
        own.iter_mut().for_each(|w| *w /= total);
        (points.collect(), own)
    };
    let halves = [half(0), half(1)];
    let mut chosen: Option<(f64, usize)> = None;
    for &n in parts {
        let enough = ess > (2 * n * parameters(k)) as f64;
        if n > 1 && !enough {
            break;
        }
        let value: f64 = (0..2)
            .map(|side| {
                let (points, own) = &halves[side];
                let (others, other) = &halves[1 - side];
                let fit = start(k, points, own, n, seed);
                let fit = fit.map(|m| m.improved(points, own, 0.5 * ess, 20));
                fit.map_or(f64::NEG_INFINITY, |m| m.fits(others, other))
            })
            .sum::<f64>()
            / 2.0;
        if chosen.is_none_or(|(best, _)| value > best + 5e-4) {
            chosen = Some((value, n));
        } else if n > 3 {
            break;
        }
    }
    let (_, n) = chosen?;
    Some(start(k, &cloud.points, weights, n, seed)?.improved(&cloud.points, weights, ess, 40))
}

/// Parts around points that are far from each other: each next one is drawn by weight and squared distance from those before
/// (Arthur and Vassilvitskii 2007).
fn start(k: usize, points: &[f64], weights: &[f64], n: usize, seed: u64) -> Option<Mixture> {
    let (mean, common) = moments(k, points, weights)?;
    let factor = common.cholesky()?;
    if n == 1 {
        return Some(Mixture::new(vec![Part {
            weight: 1.0,
            mean,
            scale: factor,
            dof: GAUSSIAN,
            tail: None,
        }]));
    }
    let mut chances = vec![0.0; n];
    fill_uniform(
        &mut chances,
        Address {
            seed,
            purpose: super::PURPOSE,
            step: 1 << 20,
            block: n as u64,
        },
    );
    let mut far: Vec<f64> = vec![1.0; weights.len()];
    let mut centres: Vec<Vec<f64>> = vec![];
    for chance in &chances {
        let each = far.iter().zip(weights).map(|(f, w)| f * w);
        let mut left = chance * each.clone().sum::<f64>();
        let at = each.enumerate().find(|(_, v)| {
            left -= v;
            left < 0.0
        });
        let at = at.map_or(0, |(i, _)| i);
        let centre = points[at * k..(at + 1) * k].to_vec();
        for (x, f) in points.chunks(k).zip(&mut far) {
            let mut away: Vec<f64> = x.iter().zip(&centre).map(|(a, b)| a - b).collect();
            factor.solve_lower(&mut away);
            let square: f64 = away.iter().map(|v| v * v).sum();
            *f = if centres.is_empty() {
                square
            } else {
                f.min(square)
            };
        }
        centres.push(centre);
    }
    let shrink = (n as f64).powf(-1.0 / k as f64);
    let mut scale = factor;
    scale.a.iter_mut().for_each(|v| *v *= shrink);
    let parts = centres.into_iter().map(|mean| Part {
        weight: 1.0,
        mean,
        scale: scale.clone(),
        dof: GAUSSIAN,
        tail: None,
    });
    Some(Mixture::new(parts.collect()))
}
