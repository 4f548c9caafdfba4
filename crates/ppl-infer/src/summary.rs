//! Summaries of one scalar quantity over draws.

use crate::fit::Row;

/// Summary of equally weighted independent draws: mean, standard deviation with n - 1, quantiles of type 7 and the
/// Monte Carlo standard error sd / sqrt(n). One draw has no sd (NaN); no draws make every number NaN.
/// Where some draws are NaN, so are mean and sd; the quantiles are those of the others.
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
    let numbers = draws.iter().copied().filter(|x| !x.is_nan());
    let [q5, q50, q95] = quantiles(numbers.collect());
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
    let mut positive: Vec<(f64, f64)> = pairs().map(|(&x, &w)| (x, w)).collect();
    positive.retain(|pair| pair.1 > 0.0 && !pair.0.is_nan());
    let total: f64 = positive.iter().map(|pair| pair.1).sum();
    let [q5, q50, q95] = LEVELS.map(|p| weighted_quantile(&mut positive, total, p));
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

/// The quantiles of a summary, ascending.
const LEVELS: [f64; 3] = [0.05, 0.5, 0.95];

/// So few are sorted.
const FEW: usize = 32;

/// The quantiles of type 7 by selection, which does not sort what lies between.
fn quantiles(mut draws: Vec<f64>) -> [f64; 3] {
    let Some(last) = draws.len().checked_sub(1) else {
        return [f64::NAN; 3];
    };
    let mut from = 0;
    LEVELS.map(|p| {
        let h = last as f64 * p;
        let below = h.floor() as usize;
        let (_, low, above) = draws[from..].select_nth_unstable_by(below - from, f64::total_cmp);
        let low = *low;
        let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
        from = below;
        between(low, high, h - below as f64)
    })
}

fn between(low: f64, high: f64, part: f64) -> f64 {
    match low == high {
        true => low,
        false => low + part * (high - low),
    }
}

/// Quantile of type 7 (Hyndman and Fan 1996): linear between the order statistics, `h = (n - 1) p`. NaN without draws.
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let h = last as f64 * p.clamp(0.0, 1.0);
    let below = h.floor() as usize;
    between(
        sorted[below],
        sorted[(below + 1).min(last)],
        h - below as f64,
    )
}

/// Quantile of (value, weight) pairs, linear between values that each stand at the middle of their own step of the
/// distribution function (type 5 of Hyndman and Fan for equal weights). By selection: the pairs are put partly in order.
fn weighted_quantile(pairs: &mut [(f64, f64)], total: f64, p: f64) -> f64 {
    let by_value = |a: &(f64, f64), b: &(f64, f64)| a.0.total_cmp(&b.0);
    // The pair is between these, with so much weight below.
    let (mut from, mut to, mut below) = (0, pairs.len(), 0.0);
    while to - from > FEW {
        let middle = from + (to - from) / 2;
        pairs[from..to].select_nth_unstable_by(middle - from, by_value);
        let left: f64 = pairs[from..middle].iter().map(|pair| pair.1).sum();
        let own = pairs[middle].1;
        if (below + left + 0.5 * own) / total >= p {
            to = middle + 1;
        } else {
            below += left + own;
            from = middle + 1;
        }
    }
    let (before, rest) = pairs.split_at_mut(from);
    let rest = &mut rest[..to - from];
    rest.sort_unstable_by(by_value);
    let last = before.iter().max_by(|a, b| by_value(a, b));
    let mut previous = last.map(|&(x, w)| ((below - 0.5 * w) / total, x));
    for &(x, w) in rest.iter() {
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
