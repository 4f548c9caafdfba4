//! Summaries of one scalar quantity over draws.

use crate::fit::Row;

/// Summary of equally weighted independent draws: mean, standard deviation with n - 1, quantiles of type 7 and the
/// Monte Carlo standard error sd / sqrt(n). One draw has no sd (NaN); no draws make every number NaN.
pub fn summarise(name: String, role: &'static str, draws: &[f64]) -> Row {
    let n = draws.len() as f64;
    let mean = match draws.first() {
        // Without the rounding of the sum.
        Some(&first) if draws.iter().all(|x| *x == first) => first,
        _ => draws.iter().sum::<f64>() / n,
    };
    let sd = if draws.len() > 1 {
        (draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
    } else {
        f64::NAN
    };
    let mut sorted = draws.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let [q5, q50, q95] = [0.05, 0.5, 0.95].map(|p| quantile(&sorted, p));
    Row {
        name,
        mean,
        sd,
        q5,
        q50,
        q95,
        mcse: sd / n.sqrt(),
        role,
        k_hat: f64::NAN,
    }
}

/// Summary under importance weights: weighted mean, sd and quantiles. The sd carries the factor 1 / (1 - sum w^2), which is
/// n / (n - 1) for equal weights; the Monte Carlo standard error is sd / sqrt(ESS) with ESS = 1 / sum w^2.
///
/// `weights` are as many as the draws and sum to one.
pub fn summarise_weighted(name: String, role: &'static str, draws: &[f64], weights: &[f64]) -> Row {
    debug_assert_eq!(draws.len(), weights.len());
    let pairs = || draws.iter().zip(weights);
    let mean = pairs().map(|(x, w)| w * x).sum::<f64>();
    // Draws that are all the same have their value as mean, whatever the weights round to.
    let mean = match draws.first() {
        Some(&first) if draws.iter().all(|x| *x == first) => first,
        _ => mean,
    };
    let squares = weights.iter().map(|w| w * w).sum::<f64>();
    let centred = pairs().map(|(x, w)| w * (x - mean).powi(2)).sum::<f64>();
    let sd = if squares < 1.0 {
        (centred / (1.0 - squares)).sqrt()
    } else {
        f64::NAN
    };
    let mut sorted: Vec<(f64, f64)> = pairs().map(|(&x, &w)| (x, w)).collect();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let [q5, q50, q95] = [0.05, 0.5, 0.95].map(|p| weighted_quantile(&sorted, p));
    Row {
        name,
        mean: if draws.is_empty() { f64::NAN } else { mean },
        sd,
        q5,
        q50,
        q95,
        mcse: sd * squares.sqrt(),
        role,
        k_hat: f64::NAN,
    }
}

/// Quantile of type 7 (Hyndman and Fan 1996): linear between the order statistics, `h = (n - 1) p`. NaN without draws.
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let h = last as f64 * p.clamp(0.0, 1.0);
    let below = h.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    if low == high {
        low
    } else {
        low + (h - below as f64) * (high - low)
    }
}

/// Quantile of sorted (value, weight) pairs, linear between values that each stand at the middle of their own step of the
/// distribution function (type 5 of Hyndman and Fan for equal weights).
fn weighted_quantile(sorted: &[(f64, f64)], p: f64) -> f64 {
    let total: f64 = sorted.iter().map(|pair| pair.1).sum();
    let mut below = 0.0;
    let mut previous: Option<(f64, f64)> = None;
    for &(x, w) in sorted.iter().filter(|pair| pair.1 > 0.0) {
        let place = (below + 0.5 * w) / total;
        if place >= p {
            return match previous {
                Some((at, value)) if x != value => value + (p - at) / (place - at) * (x - value),
                _ => x,
            };
        }
        below += w;
        previous = Some((place, x));
    }
    previous.map_or(f64::NAN, |pair| pair.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} and {b}");
    }

    #[test]
    fn unweighted() {
        let row = summarise("x".into(), "site", &[4.0, 1.0, 3.0, 2.0]);
        close(row.mean, 2.5);
        close(row.sd, (5.0f64 / 3.0).sqrt());
        // numpy.quantile([1, 2, 3, 4], [.05, .5, .95])
        close(row.q5, 1.15);
        close(row.q50, 2.5);
        close(row.q95, 3.85);
        close(row.mcse, row.sd / 2.0);
    }

    #[test]
    fn few_draws() {
        let one = summarise("x".into(), "param", &[2.0]);
        assert_eq!((one.mean, one.q5, one.q50, one.q95), (2.0, 2.0, 2.0, 2.0));
        assert!(one.sd.is_nan() && one.mcse.is_nan());
        let none = summarise("x".into(), "param", &[]);
        assert!(none.mean.is_nan() && none.q50.is_nan());
        assert!(
            summarise_weighted("x".into(), "param", &[], &[])
                .mean
                .is_nan()
        );
    }

    #[test]
    fn equal_weights_agree_with_none() {
        let draws: Vec<f64> = (0..1000).map(|i| ((i * 37) % 1000) as f64).collect();
        let plain = summarise("x".into(), "site", &draws);
        let weighted = summarise_weighted("x".into(), "site", &draws, &[1e-3; 1000]);
        assert!((plain.mean - weighted.mean).abs() < 1e-9 && (plain.sd - weighted.sd).abs() < 1e-9);
        assert!((plain.mcse - weighted.mcse).abs() < 1e-9);
        for (a, b) in [
            (plain.q5, weighted.q5),
            (plain.q50, weighted.q50),
            (plain.q95, weighted.q95),
        ] {
            assert!((a - b).abs() < 0.5, "{a} and {b}");
        }
    }

    #[test]
    fn a_constant_has_no_sd() {
        // Ten weights of 0.1 add up to less than 1 in floating point.
        let row = summarise_weighted("x".into(), "report", &[7.3; 10], &[0.1; 10]);
        assert_eq!((row.mean, row.sd, row.mcse, row.q5), (7.3, 0.0, 0.0, 7.3));
    }

    #[test]
    fn weights_count() {
        let row = summarise_weighted("x".into(), "site", &[0.0, 1.0, 100.0], &[0.5, 0.5, 0.0]);
        close(row.mean, 0.5);
        close(row.q50, 0.5);
        assert_eq!(row.q95, 1.0);
        close(row.sd, 0.5f64.sqrt());
        let single = summarise_weighted("x".into(), "site", &[7.0, 1.0], &[1.0, 0.0]);
        assert_eq!((single.mean, single.q5, single.q95), (7.0, 7.0, 7.0));
    }
}
