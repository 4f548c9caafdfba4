//! Draws thinned to the posterior: one of weight w = p / q is kept with probability min(1, w / c). What is kept is a draw of
//! q min(1, w / c) / Z, whose weights are the same for all draws with w < c, and whose bound is never lower (rejection control: Liu, Chen
//! and Wong 1998; as a variational family: Grover, Gummadi, Lázaro-Gredilla, Schuurmans and Ermon 2018). Where q reaches beyond the posterior, as
//! an exponential tail does over the edge of a scale's density, next to nothing is kept.

use crate::controls::controlled;
use crate::elbo::mean_of;
use crate::fit::Estimate;

/// Share of the draws whose weights stay as they are.
const ABOVE: f64 = 0.05;

/// Share of the draws that are kept, at least.
const KEPT: f64 = 0.5;

/// A level of the weights.
#[derive(Debug, Clone, Copy)]
pub(in crate::deterministic) struct Thinning {
    level: f64,
    /// Share of the draws that is kept, as far as those told that it was chosen by.
    pub(super) share: f64,
}

impl Thinning {
    /// The highest level that weights of a few draws suggest: 1 in 20 of them above it, and half of them kept.
    pub(super) fn of(log_weights: &[f64]) -> Thinning {
        Thinning::keeping(KEPT, log_weights)
    }

    /// The same with another share that is kept, at least.
    pub(in crate::deterministic) fn keeping(least: f64, log_weights: &[f64]) -> Thinning {
        let mut sorted: Vec<f64> = log_weights
            .iter()
            .copied()
            .filter(|w| !w.is_nan())
            .collect();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let first = (ABOVE * sorted.len() as f64) as usize;
        let mut out = Thinning {
            level: f64::NEG_INFINITY,
            share: 1.0,
        };
        for &level in sorted.iter().skip(first).filter(|w| w.is_finite()) {
            out.level = level;
            out.share = out.kept(log_weights).value;
            if out.share >= least {
                break;
            }
        }
        out
    }

    /// The log weight below which draws are thinned.
    pub(in crate::deterministic) fn level(&self) -> f64 {
        self.level
    }

    /// Log probability that a draw of this weight is kept. What has no weight is kept, for others to see.
    pub(super) fn ln_chance(&self, log_weight: f64) -> f64 {
        let over = log_weight - self.level;
        if over < 0.0 { over } else { 0.0 }
    }

    /// Z: the share of draws with these weights that is kept.
    pub(super) fn kept(&self, log_weights: &[f64]) -> Estimate {
        mean_of(self.chances(log_weights).into_iter())
    }

    /// The same with [control variates](controlled).
    pub(super) fn kept_by(&self, log_weights: &[f64], controls: &[Vec<f64>]) -> Estimate {
        controlled(&self.chances(log_weights), controls)
    }

    fn chances(&self, log_weights: &[f64]) -> Vec<f64> {
        let each = log_weights.iter();
        each.map(|w| self.ln_chance(*w).exp()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ppl_engine::random::{Address, fill_normal, fill_uniform};

    #[test]
    fn what_is_kept_has_nearly_constant_weights_that_average_to_one() {
        // p standard normal, q three times as wide.
        let n = 40_000;
        let address = |block| Address {
            seed: 5,
            purpose: 9,
            step: 0,
            block,
        };
        let (mut x, mut chances) = (vec![0.0; n], vec![0.0; n]);
        fill_normal(&mut x, address(0));
        fill_uniform(&mut chances, address(1));
        let log_weights: Vec<f64> = x.iter().map(|z| 3f64.ln() - 4.0 * z * z).collect();
        let thinning = Thinning::of(&log_weights[..1000]);
        let z = thinning.kept(&log_weights);
        assert!(
            z.value > 0.45 && (z.value - thinning.share).abs() < 0.05,
            "{z:?}"
        );
        let kept = (0..n).filter(|i| chances[*i].ln() < thinning.ln_chance(log_weights[*i]));
        let weights: Vec<(f64, f64)> = kept
            .map(|i| {
                let log = log_weights[i] - thinning.ln_chance(log_weights[i]) + z.value.ln();
                (log.exp(), 3.0 * x[i])
            })
            .collect();
        let total = weights.len() as f64;
        let mean = weights.iter().map(|w| w.0).sum::<f64>() / total;
        let square = weights.iter().map(|(w, x)| w * x * x).sum::<f64>() / total;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        assert!((square - 1.0).abs() < 0.03, "{square}");
        // The bound rises: that of q alone is ln 3 - 4 below 0.
        let bound = weights.iter().map(|w| w.0.ln()).sum::<f64>() / total;
        assert!(bound > -0.3 && bound < 0.02, "{bound}");
    }

    #[test]
    fn constant_weights_are_all_kept_and_those_of_no_mass_are_not() {
        let constant = Thinning::of(&[2.0; 100]);
        assert_eq!((constant.share, constant.ln_chance(2.0)), (1.0, 0.0));
        assert_eq!(constant.ln_chance(f64::NEG_INFINITY), f64::NEG_INFINITY);
        assert_eq!(constant.ln_chance(f64::NAN), 0.0);
    }
}
