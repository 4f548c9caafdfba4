//! Theta fixed, for draws that go from the Gaussian around the mode of z to z's conditional: the nested guide's theta, thinned to Laplace's
//! approximation of its density, each with the coordinates in which z is about round. Moves of z then need nothing but the density
//! itself, where the nested guide's own density at another theta takes another mode.

use super::conditional::Given;
use super::outer::Outer;
use super::thinning::Thinning;
use super::{Nested, PER_ROUND, PURPOSE};
use crate::controls::controlled_in_sets;
use crate::deterministic::smooth::Smooth;
use crate::deterministic::workers::over_pools;
use crate::fit::Estimate;
use ppl_engine::random::{Address, fill_uniform};
use std::ops::Range;

const LN_2PI: f64 = 1.837_877_066_409_345_3;

/// Share of thetas that are kept, at least.
const KEPT: f64 = 0.6;

/// Sets of evenly spread points that they come from, one of each in turn.
const SETS: usize = 16;

/// Purpose of what they are kept by.
const STREAM: u64 = 8;

/// A theta, with z given it.
pub(in crate::deterministic) struct Fixed {
    theta: Vec<f64>,
    given: Given,
    /// Laplace's approximation of log p(theta).
    marginal: f64,
    volume: f64,
}

/// Thetas that a nested guide's mixture proposes.
pub(in crate::deterministic) struct Proposer<'a> {
    nested: &'a Nested,
    outer: Outer,
    thetas: Vec<f64>,
    log_q: Vec<f64>,
    /// Numbers between 0 and 1 that they are kept by.
    chances: Vec<f64>,
    thinning: Option<Thinning>,
    /// Probabilities with which those after the first were kept, and these.
    kept: Vec<f64>,
    seen: Vec<f64>,
}

impl Nested {
    /// Whether z is something else than a Gaussian given theta, which stands for it.
    pub(super) fn may_be_fixed(&self) -> bool {
        let z = &self.conditional;
        z.len() > 0 && !z.is_exact() && !z.is_curved() && z.exact().is_empty()
    }

    /// So many thetas of the mixture that fits best what is known by now and what further rounds of its own draws tell.
    pub(in crate::deterministic) fn proposer(
        &self,
        workers: &mut [Smooth],
        n: usize,
    ) -> Option<Proposer<'_>> {
        let mut cloud = self.cloud.clone().filter(|_| self.may_be_fixed())?;
        let each = PER_ROUND * (self.conditional.theta.len() + 1);
        let marginals = |thetas: &[f64]| {
            let found = self.given(workers, thetas);
            let out = found.iter().map(Given::marginal).collect();
            self.outer.remember(&self.conditional, thetas, found);
            out
        };
        let outer = self
            .outer
            .further(&mut cloud, (each, self.seed), marginals)?;
        let (thetas, log_q) = outer.spread((n, SETS), self.seed, STREAM * SETS as u64)?;
        let mut chances = vec![0.0; n];
        let address = Address {
            seed: self.seed,
            purpose: PURPOSE,
            step: (3 << 32) + STREAM,
            block: 0,
        };
        fill_uniform(&mut chances, address);
        Some(Proposer {
            nested: self,
            outer,
            thetas,
            log_q,
            chances,
            thinning: None,
            kept: vec![],
            seen: vec![],
        })
    }

    /// What follows each theta, a row each.
    fn given(&self, workers: &mut [Smooth], thetas: &[f64]) -> Vec<Given> {
        let (conditional, k) = (&self.conditional, self.conditional.theta.len());
        let pools = (thetas.len() / k, conditional.together());
        over_pools(workers, pools, |smooth, pool| {
            conditional.given(smooth, &thetas[pool.start * k..pool.end * k])
        })
    }
}

impl Proposer<'_> {
    /// Length of a point, and of z.
    pub(in crate::deterministic) fn lengths(&self) -> (usize, usize) {
        (self.nested.d, self.nested.conditional.len())
    }

    /// Thetas that there are.
    pub(in crate::deterministic) fn len(&self) -> usize {
        self.log_q.len()
    }

    /// Gradients that one which is kept takes, roughly.
    pub(in crate::deterministic) fn cost(&self) -> usize {
        let share = self.thinning.as_ref().map_or(KEPT, |t| t.share);
        (self.nested.conditional.cost() as f64 / share) as usize
    }

    /// Logarithm of the share that was kept, after the first, and its standard error.
    pub(in crate::deterministic) fn share(&self) -> (f64, f64) {
        let controls = self.outer.controls(&self.seen);
        let Estimate { value, se } = controlled_in_sets(&self.kept, &controls, SETS);
        (value.ln(), se / value)
    }

    /// Those of some proposals that are kept, with their log weights; the first ones that are asked for tell what to keep.
    pub(in crate::deterministic) fn kept(
        &mut self,
        workers: &mut [Smooth],
        which: Range<usize>,
    ) -> Vec<(usize, Fixed, f64)> {
        let k = self.nested.conditional.theta.len();
        let which = which.start.min(self.len())..which.end.min(self.len());
        let thetas = &self.thetas[which.start * k..which.end * k];
        let given = self.nested.given(workers, thetas);
        let log_q = &self.log_q[which.clone()];
        let weights = given.iter().zip(log_q).map(|(g, q)| g.marginal() - q);
        // What has no weight is not kept.
        let weights: Vec<f64> = weights
            .map(|w| if w.is_finite() { w } else { f64::NEG_INFINITY })
            .collect();
        let first = self.thinning.is_none();
        let thinning = *(self.thinning).get_or_insert_with(|| Thinning::keeping(KEPT, &weights));
        let mut out = vec![];
        for ((i, given), weight) in which.zip(given).zip(weights) {
            let chance = thinning.ln_chance(weight);
            let chance = if chance.is_nan() {
                f64::NEG_INFINITY
            } else {
                chance
            };
            if !first {
                self.kept.push(chance.exp());
                self.seen.extend(&self.thetas[i * k..(i + 1) * k]);
            }
            let Some(factor) = &given.factor else {
                continue;
            };
            if self.chances[i].ln() < chance {
                let fixed = Fixed {
                    theta: self.thetas[i * k..(i + 1) * k].to_vec(),
                    marginal: given.marginal(),
                    volume: factor.ln_determinant(),
                    given,
                };
                out.push((i, fixed, weight - chance));
            }
        }
        out
    }

    /// The point at these coordinates of z.
    pub(in crate::deterministic) fn point(&self, fixed: &Fixed, coordinates: &[f64]) -> Vec<f64> {
        let mut z = coordinates.to_vec();
        if let Some(factor) = &fixed.given.factor {
            factor.spread(&mut z);
        }
        z.iter_mut()
            .zip(&fixed.given.mode)
            .for_each(|(z, m)| *z += m);
        self.nested.conditional.point(&fixed.theta, &z)
    }

    /// Slopes by the coordinates, of slopes by the point.
    pub(in crate::deterministic) fn slopes(&self, fixed: &Fixed, slopes: &[f64]) -> Vec<f64> {
        let unknowns = self.nested.conditional.gaussian();
        let mut own: Vec<f64> = unknowns.iter().map(|i| slopes[*i]).collect();
        if let Some(factor) = &fixed.given.factor {
            factor.gather(&mut own);
        }
        own
    }
}

impl Fixed {
    /// Laplace's approximation of log p(theta, z).
    pub(in crate::deterministic) fn ln_density(&self, coordinates: &[f64]) -> f64 {
        let square: f64 = coordinates.iter().map(|z| z * z).sum();
        self.marginal + 0.5 * (self.volume - square - coordinates.len() as f64 * LN_2PI)
    }
}
