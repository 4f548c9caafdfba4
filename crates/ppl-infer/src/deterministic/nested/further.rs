//! Further rounds of adaptive importance sampling for a mixture that draws begin from and do not leave: how well it fits decides how many of
//! its draws are kept, and with them how well the bound is known. Where a value takes a search the first rounds are few draws, whose searches begin
//! far from any known mode; the cloud then is worth a tenth of its points, which is too little for a mixture of many parts.

use super::adapt::{self, Cloud};
use super::mixture::Mixture;
use crate::deterministic::dense::Matrix;
use crate::psis::psis;

/// Rounds, at most; where so much of the draws is effective there are no more.
const ROUNDS: u64 = 4;
const GOOD: f64 = 0.9;

/// Shares of draws from longer tails, and from one wide part around all.
const LONG: f64 = 0.3;
const WIDE: f64 = 0.03;

/// Where random numbers begin.
const STEP: u64 = (1 << 32) + 9;

/// The mixture that fits what is known best, after rounds of `per_round` draws of it, with log densities at rows of numbers from `marginal`,
/// which the cloud is left with.
pub(super) fn further(
    cloud: &mut Cloud,
    axes: &Matrix,
    (per_round, seed): (usize, u64),
    mut marginal: impl FnMut(&[f64]) -> Vec<f64>,
) -> Option<Mixture> {
    let fitted = |cloud: &Cloud| adapt::last(cloud, axes, (LONG, WIDE), seed);
    let mut mixture = fitted(cloud)?;
    for round in 0..ROUNDS {
        let points = adapt::draws(&mixture, per_round, seed, STEP + round);
        let targets = marginal(&points);
        let own = mixture.ln_densities(&points);
        let weights: Vec<f64> = targets.iter().zip(&own).map(|(p, q)| p - q).collect();
        let effective = psis(&weights).ess / per_round as f64;
        cloud.add(points, targets, mixture);
        mixture = fitted(cloud)?;
        if effective > GOOD {
            break;
        }
    }
    Some(mixture)
}

#[cfg(test)]
mod tests {
    use super::super::places::Places;
    use super::*;
    use crate::elbo::{log_mean_exp, mean_of};

    const K: usize = 5;

    /// Log density, whose integral is one: a Gaussian bent twice, in which the second number hangs on the square of the first, and the scale of
    /// the fourth on the third.
    fn bent(y: &[f64]) -> f64 {
        let ln_normal = |x: f64, sd: f64| {
            -0.5 * (x / sd).powi(2) - sd.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()
        };
        ln_normal(y[0], 1.5)
            + ln_normal(y[1] - 0.5 * y[0] * y[0], 0.7)
            + ln_normal(y[2], 0.8)
            + ln_normal(y[3], (0.6 * y[2]).exp())
            + ln_normal(y[4] - 0.5 * y[1], 1.0)
    }

    #[test]
    fn further_rounds_bring_the_mixture_near_a_bent_density() {
        let mut axes = Matrix::zeros(K);
        (0..K).for_each(|i| axes.a[i * K + i] = 1.0);
        let all = |y: &[f64]| -> Vec<f64> { y.chunks(K).map(bent).collect() };
        for seed in [1, 2, 3] {
            let (_, mut cloud) =
                adapt::adapt(&axes, &Places::default(), (300, 0), seed, all).expect("a mixture");
            let before = adapt::last(&cloud, &axes, (LONG, WIDE), seed).expect("a mixture");
            let after = further(&mut cloud, &axes, (1200, seed), all).expect("a mixture");
            let look = |mixture: &Mixture| {
                let y = adapt::draws(mixture, 20_000, seed, 77);
                let own = mixture.ln_densities(&y);
                let each = all(&y).into_iter().zip(own);
                let logs: Vec<f64> = each.map(|(p, q)| p - q).collect();
                let second = y.iter().skip(1).step_by(K).zip(&logs);
                let second = mean_of(second.map(|(y, w)| y * w.exp()));
                (psis(&logs).ess / 20_000.0, log_mean_exp(&logs), second)
            };
            let (was, ..) = look(&before);
            let (is, evidence, second) = look(&after);
            assert!(is > 2.0 * was, "seed {seed}: {is} after {was}");
            // The integral is 1, the mean of the second number 0.5 1.5^2.
            let off = evidence.value.abs() / evidence.se;
            assert!(off < 4.0 && evidence.se < 0.05, "seed {seed}: {evidence:?}");
            let off = (second.value - 1.125).abs() / second.se;
            assert!(off < 4.0 && second.se < 0.3, "seed {seed}: {second:?}");
        }
    }
}
