//! Draws from a distribution truncated to an interval, both ends included.

use crate::definition::{Bound, Distribution, Support};
use rand::{Rng, RngExt};

/// How often a plain draw is tried before the distribution function is inverted.
const TRIES: usize = 32;

/// One draw between `lower` and `upper` (infinite where open). NaN where nothing lies between them, or where plain draws
/// keep missing and the distribution function is not known.
pub fn sample_truncated(
    d: &dyn Distribution,
    p: &[&[f64]],
    lower: f64,
    upper: f64,
    rng: &mut dyn Rng,
) -> f64 {
    if lower.is_nan() || upper.is_nan() || lower > upper {
        return f64::NAN;
    }
    let mut out = [f64::NAN];
    for _ in 0..TRIES {
        d.sample(p, rng, &mut out);
        if (lower..=upper).contains(&out[0]) {
            return out[0];
        }
    }
    let share: f64 = rng.random();
    quantile(d, p, lower, upper, share).unwrap_or(f64::NAN)
}

/// The x with P(lower <= X <= x) = share P(lower <= X <= upper), by bisection of the logarithms.
fn quantile(d: &dyn Distribution, p: &[&[f64]], lower: f64, upper: f64, share: f64) -> Option<f64> {
    let def = d.definition();
    let discrete = def.is_discrete();
    let end = |b: Bound| match b {
        Bound::At(v) => v,
        Bound::Parameter(i) => p[i][0],
    };
    let (lowest, highest) = match def.support {
        Support::Interval(a, b) | Support::Integers(a, b) => (end(a), end(b)),
        _ => (f64::NEG_INFINITY, f64::INFINITY),
    };
    let (mut lower, mut upper) = (lower.max(lowest), upper.min(highest));
    if discrete {
        (lower, upper) = (lower.ceil(), upper.floor());
    }
    if lower > upper {
        return None;
    }
    let before = if discrete { lower - 1.0 } else { lower };
    let from = before.is_finite().then_some(before);
    let up_to = |x: f64| d.ln_interval(from, x.is_finite().then_some(x), p);
    let target = up_to(upper)? + share.ln();
    if !target.is_finite() {
        return None;
    }
    let enough = |x: f64| up_to(x).is_some_and(|m| m >= target);
    // A bracket (low, high] whose upper end has enough below it and whose lower end has not.
    let anchor = if before.is_finite() {
        before
    } else if upper.is_finite() {
        upper
    } else {
        0.0
    };
    let (mut low, mut high) = (before, upper);
    let mut step = 1.0;
    while !low.is_finite() || !high.is_finite() {
        if step > 1e300 {
            return None;
        }
        if !high.is_finite() && enough(anchor + step) {
            high = anchor + step;
        }
        if !low.is_finite() && !enough(anchor - step) {
            low = anchor - step;
        }
        step *= 2.0;
    }
    loop {
        let middle = if discrete {
            (0.5 * (low + high)).floor()
        } else {
            0.5 * (low + high)
        };
        if middle <= low || middle >= high {
            return Some(high);
        }
        if enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::find;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    /// Name, arguments, bounds, mean and sd.
    type Case = (&'static str, &'static [&'static [f64]], f64, f64, f64, f64);

    /// Mean of the draws against E[X | a <= X <= b] from mpmath; standard errors of 20,000 draws times five.
    #[test]
    fn draws_have_the_mean_of_the_truncated_distribution() {
        let cases: &[Case] = &[
            (
                "Normal",
                &[&[0.0], &[1.0]],
                2.0,
                f64::INFINITY,
                2.373_215_532_822_841,
                0.34,
            ),
            ("Normal", &[&[0.0], &[1.0]], 8.0, 9.0, 8.121_189, 0.12),
            (
                "Normal",
                &[&[0.0], &[1.0]],
                f64::NEG_INFINITY,
                -8.0,
                -8.121_368,
                0.12,
            ),
            ("Exponential", &[&[1.0]], 40.0, f64::INFINITY, 41.0, 1.0),
            ("Geometric", &[&[0.5]], 30.0, f64::INFINITY, 31.0, 1.5),
            (
                "DiscreteUniform",
                &[&[0.0], &[100_000.0]],
                7.0,
                9.0,
                8.0,
                0.82,
            ),
        ];
        for (name, p, lower, upper, mean, sd) in cases {
            let mut rng = ChaCha8Rng::seed_from_u64(7);
            let n = 20_000;
            let d = find(name).expect("a name of the list");
            let draws: Vec<f64> = (0..n)
                .map(|_| sample_truncated(d, p, *lower, *upper, &mut rng))
                .collect();
            assert!(
                draws.iter().all(|x| (*lower..=*upper).contains(x)),
                "{name}"
            );
            let found = draws.iter().sum::<f64>() / f64::from(n);
            let allowed = 5.0 * sd / f64::from(n).sqrt();
            assert!(
                (found - mean).abs() < allowed,
                "{name}: {found}, not {mean}"
            );
        }
    }

    #[test]
    fn nothing_between_the_bounds_has_no_draw() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let d = find("Exponential").expect("a name of the list");
        for (lower, upper) in [(2.0, 1.0), (-3.0, -2.0), (f64::NAN, 1.0)] {
            assert!(sample_truncated(d, &[&[1.0]], lower, upper, &mut rng).is_nan());
        }
    }
}
