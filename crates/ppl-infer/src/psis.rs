//! Pareto smoothed importance sampling: k-hat and smoothed weights.
//!
//! Vehtari, Simpson, Gelman, Yao and Gabry (2024), "Pareto smoothed importance sampling", JMLR 25(72).

/// Smoothed weights and what their tail says.
#[derive(Debug, Clone, PartialEq)]
pub struct Psis {
    /// Smoothed log weights in the order of the input, normalised: their exponentials sum to one.
    pub log_weights: Vec<f64>,
    /// Estimated shape of the tail of the raw weights; 0 for constant weights, NaN where there are too few draws to fit
    /// a tail (fewer than 25), infinite where a weight is NaN or infinite.
    pub k_hat: f64,
    /// Effective sample size of the smoothed weights, 1 / sum of squares.
    pub ess: f64,
    /// Number of largest weights that were smoothed; 0 where the weights were only normalised.
    pub tail_len: usize,
}

impl Psis {
    /// The smoothed weights themselves; they sum to one.
    pub fn weights(&self) -> Vec<f64> {
        self.log_weights.iter().map(|w| w.exp()).collect()
    }
}

/// Smallest tail to which a generalised Pareto distribution is fitted.
const SMALLEST_TAIL: usize = 5;
/// Factors that are multiplied before the logarithm is taken.
const TOGETHER: usize = 8;
/// Log weights whose range is below this are constant but for rounding.
const CONSTANT_RANGE: f64 = 1e-9;

/// k-hat above which importance sampling with `n_draws` draws is unreliable: `min(1 - 1/log10(S), 0.7)` (section 3.2.4 of
/// the paper); 0 for ten draws or fewer.
pub fn k_threshold(n_draws: usize) -> f64 {
    if n_draws <= 10 {
        0.0
    } else {
        (1.0 - 1.0 / (n_draws as f64).log10()).min(0.7)
    }
}

/// Smooths the `min(S/5, 3 sqrt(S))` largest weights by the quantiles of a generalised Pareto distribution fitted to
/// them, cuts them at the largest raw weight and normalises. `log_weights` are log p(x, z) - log q(z) of independent
/// draws from q.
///
/// A weight of NaN counts as zero, and any NaN or positive infinity makes k-hat infinite.
pub fn psis(log_weights: &[f64]) -> Psis {
    let n = log_weights.len();
    let (mut logs, largest, spoilt) = finite(log_weights);
    if n == 0 || largest == f64::NEG_INFINITY {
        let k_hat = if n == 0 { f64::NAN } else { f64::INFINITY };
        return Psis {
            log_weights: vec![-(n as f64).ln(); n],
            k_hat,
            ess: 0.0,
            tail_len: 0,
        };
    }
    for w in &mut logs {
        *w -= largest;
    }
    let (k_hat, tail_len) = smooth_tail(&mut logs);
    let log_sum = logs.iter().map(|w| w.exp()).sum::<f64>().ln();
    for w in &mut logs {
        *w -= log_sum;
    }
    let ess = 1.0 / logs.iter().map(|w| (2.0 * w).exp()).sum::<f64>();
    Psis {
        log_weights: logs,
        k_hat: if spoilt { f64::INFINITY } else { k_hat },
        ess,
        tail_len,
    }
}

/// The k-hat of [`psis`] alone, from the weights themselves, up to a common factor, in any order.
pub fn k_hat(mut weights: Vec<f64>) -> f64 {
    let n = weights.len();
    let largest = weights.iter().copied().fold(0.0, f64::max);
    if n == 0 {
        return f64::NAN;
    }
    if largest <= 0.0 || weights.iter().any(|w| !w.is_finite()) {
        return f64::INFINITY;
    }
    let planned = tail_length(n);
    if planned < SMALLEST_TAIL || planned + 1 > n {
        return f64::NAN;
    }
    weights.iter_mut().for_each(|w| *w /= largest);
    if weights.iter().all(|w| 1.0 - w < CONSTANT_RANGE) {
        return 0.0;
    }
    let (_, at, larger) = weights.select_nth_unstable_by(n - planned - 1, f64::total_cmp);
    let base = at.max(f64::MIN_POSITIVE);
    let mut excesses: Vec<f64> = larger.iter().map(|w| w - base).collect();
    excesses.retain(|x| *x > 0.0);
    excesses.sort_unstable_by(f64::total_cmp);
    if excesses.len() < SMALLEST_TAIL {
        return match 1.0 - base < CONSTANT_RANGE {
            true => 0.0,
            false => f64::INFINITY,
        };
    }
    let (k, sigma) = fit_generalised_pareto(&excesses);
    match k.is_finite() && sigma.is_finite() {
        true => k,
        false => f64::INFINITY,
    }
}

/// The largest weights of so many that the tail is fitted to.
fn tail_length(n: usize) -> usize {
    (n as f64 / 5.0).min(3.0 * (n as f64).sqrt()).ceil() as usize
}

/// Log weights without NaN and infinity, the largest of them, and whether there were any.
fn finite(log_weights: &[f64]) -> (Vec<f64>, f64, bool) {
    let spoilt = |w: &f64| w.is_nan() || *w == f64::INFINITY;
    let logs = log_weights.iter().map(|w| match w.is_nan() {
        true => f64::NEG_INFINITY,
        false => w.min(f64::MAX),
    });
    let logs: Vec<f64> = logs.collect();
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (logs, largest, log_weights.iter().any(spoilt))
}

/// Replaces the tail of `logs` (largest 0) by smoothed values; returns k-hat and the length of the tail.
fn smooth_tail(logs: &mut [f64]) -> (f64, usize) {
    let n = logs.len();
    let planned = tail_length(n);
    if planned < SMALLEST_TAIL || planned + 1 > n {
        return (f64::NAN, 0);
    }
    let smallest = logs.iter().copied().fold(f64::INFINITY, f64::min);
    if -smallest < CONSTANT_RANGE {
        return (0.0, 0);
    }
    let mut order: Vec<usize> = (0..n).collect();
    // Equal weights in the order of the draws.
    let by_weight = |a: &usize, b: &usize| logs[*a].total_cmp(&logs[*b]).then(a.cmp(b));
    let (_, at, larger) = order.select_nth_unstable_by(n - planned - 1, by_weight);
    let cutoff = logs[*at].max(f64::MIN_POSITIVE.ln());
    let mut tail: Vec<usize> = larger
        .iter()
        .copied()
        .filter(|&i| logs[i] > cutoff)
        .collect();
    tail.sort_by(by_weight);
    if tail.len() < SMALLEST_TAIL {
        // Nearly all the weight is on a handful of draws, or the largest weights are all the same.
        return (
            if cutoff > -CONSTANT_RANGE {
                0.0
            } else {
                f64::INFINITY
            },
            0,
        );
    }
    let base = cutoff.exp();
    let excesses: Vec<f64> = tail.iter().map(|&i| logs[i].exp() - base).collect();
    let (k, sigma) = fit_generalised_pareto(&excesses);
    if !k.is_finite() || !sigma.is_finite() {
        return (f64::INFINITY, 0);
    }
    for (rank, &i) in tail.iter().enumerate() {
        let p = (rank as f64 + 0.5) / tail.len() as f64;
        logs[i] = (generalised_pareto_quantile(p, k, sigma) + base)
            .ln()
            .min(0.0);
    }
    (k, tail.len())
}

/// Shape and scale of a generalised Pareto distribution for `sorted` excesses: the empirical Bayes estimate of Zhang and
/// Stephens (2009), Technometrics 51(3), with the shape drawn towards 0.5 by ten pseudo-observations (appendix G of the
/// PSIS paper).
pub fn fit_generalised_pareto(sorted: &[f64]) -> (f64, f64) {
    const PRIOR_BS: f64 = 3.0;
    const PRIOR_K: f64 = 10.0;
    let n = sorted.len();
    if n == 0 {
        return (f64::NAN, f64::NAN);
    }
    let n_grid = 30 + (n as f64).sqrt() as usize;
    let quartile = sorted[((n as f64 / 4.0 + 0.5) as usize).max(1) - 1];
    // A logarithm for several factors at a time; what they are off by is rounding of 1.
    let together = |xs: &[f64], b: f64| xs.iter().map(|x| 1.0 - b * x).product::<f64>().ln();
    let shape_at = |b: f64| {
        sorted
            .chunks(TOGETHER)
            .map(|xs| together(xs, b))
            .sum::<f64>()
            / n as f64
    };
    let grid: Vec<f64> = (1..=n_grid)
        .map(|j| {
            (1.0 - (n_grid as f64 / (j as f64 - 0.5)).sqrt()) / (PRIOR_BS * quartile)
                + 1.0 / sorted[n - 1]
        })
        .collect();
    let profile: Vec<f64> = grid
        .iter()
        .map(|&b| {
            let k = shape_at(b);
            n as f64 * ((-(b / k)).ln() - k - 1.0)
        })
        .collect();
    let weights: Vec<f64> = profile
        .iter()
        .map(|&l| 1.0 / profile.iter().map(|&other| (other - l).exp()).sum::<f64>())
        .collect();
    let mut total = 0.0;
    let mut b = 0.0;
    for (&w, &b_j) in weights.iter().zip(&grid) {
        if w >= 10.0 * f64::EPSILON {
            total += w;
            b += w * b_j;
        }
    }
    b /= total;
    let k = shape_at(b);
    let sigma = -k / b;
    ((n as f64 * k + PRIOR_K * 0.5) / (n as f64 + PRIOR_K), sigma)
}

/// Quantile of the generalised Pareto distribution with location 0.
fn generalised_pareto_quantile(p: f64, k: f64, sigma: f64) -> f64 {
    let exponential = -(-p).ln_1p();
    if k.abs() < f64::EPSILON {
        sigma * exponential
    } else {
        sigma * (k * exponential).exp_m1() / k
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Log weights of Pareto(alpha) from a linear congruential generator that any language can repeat.
    fn pareto(n: usize, alpha: f64, mut state: u64) -> Vec<f64> {
        (0..n)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                -(((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64).ln() / alpha
            })
            .collect()
    }

    #[test]
    fn agrees_with_arviz() {
        // n, alpha, seed; then k-hat, ESS, largest and first smoothed log weight by arviz 0.19 psislw.
        let golden = [
            (
                1000,
                2.0,
                1,
                0.525_928_879_100_021_6,
                444.575_206_433_030_5,
                -4.009_511_184_343_328,
                -7.163_007_078_682_956,
            ),
            (
                1000,
                0.8,
                2,
                1.385_601_686_569_541_5,
                3.599_078_305_674_218,
                -0.674_557_083_167_642_2,
                -10.156_704_091_239_97,
            ),
            (
                4000,
                1.25,
                3,
                0.773_129_905_106_069,
                220.315_126_877_715_16,
                -3.178_894_005_190_316_3,
                -7.963_019_399_782_183,
            ),
            (
                200,
                5.0,
                4,
                0.092_903_271_622_909_82,
                184.829_448_006_566_57,
                -4.338_937_534_631_784,
                -5.378_412_508_145_448,
            ),
        ];
        for (n, alpha, seed, k_hat, ess, largest, first) in golden {
            let smoothed = psis(&pareto(n, alpha, seed));
            let close = |a: f64, b: f64| {
                assert!(
                    (a - b).abs() < 1e-9 * b.abs().max(1.0),
                    "{n} {alpha}: {a} and {b}"
                )
            };
            close(smoothed.k_hat, k_hat);
            close(smoothed.ess, ess);
            close(
                smoothed
                    .log_weights
                    .iter()
                    .copied()
                    .fold(f64::NEG_INFINITY, f64::max),
                largest,
            );
            close(smoothed.log_weights[0], first);
            close(smoothed.weights().iter().sum::<f64>(), 1.0);
        }
    }

    #[test]
    fn k_hat_of_pareto_weights_is_one_over_alpha() {
        for alpha in [1.0, 1.5, 2.0, 4.0] {
            let k: Vec<f64> = (0..20)
                .map(|seed| psis(&pareto(10_000, alpha, 100 + seed)).k_hat)
                .collect();
            let mean = k.iter().sum::<f64>() / 20.0;
            assert!((mean - 1.0 / alpha).abs() < 0.05, "{alpha}: {mean}");
        }
    }

    #[test]
    fn edges() {
        assert_eq!(psis(&[3.0; 1000]).k_hat, 0.0);
        assert!((psis(&[3.0; 1000]).ess - 1000.0).abs() < 1e-6);
        assert!(psis(&[0.0, 1.0, 2.0]).k_hat.is_nan());
        assert!(psis(&[]).k_hat.is_nan());
        let mut weights = pareto(100, 2.0, 1);
        weights[3] = f64::NAN;
        let smoothed = psis(&weights);
        assert_eq!(
            (smoothed.k_hat, smoothed.weights()[3]),
            (f64::INFINITY, 0.0)
        );
        weights[3] = f64::NEG_INFINITY;
        assert!(psis(&weights).k_hat.is_finite());
        assert_eq!(psis(&[f64::NEG_INFINITY; 50]).k_hat, f64::INFINITY);
    }

    #[test]
    fn thresholds() {
        assert_eq!(k_threshold(10_000), 0.7);
        assert!((k_threshold(100) - 0.5).abs() < 1e-15);
        assert_eq!(k_threshold(1), 0.0);
    }
}
