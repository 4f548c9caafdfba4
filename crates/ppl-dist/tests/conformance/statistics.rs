//! Quadrature and tests of fit.

use ppl_dist::special::regularized_gamma;
use std::f64::consts::FRAC_PI_2;

/// Integrals over the real line of each of the functions `f` gives, by the trapezoid rule after
/// u = centre + width sinh(pi/2 sinh t) (Takahasi & Mori 1974): power tails become doubly exponential.
pub fn integrate<const N: usize>(centre: f64, width: f64, f: impl Fn(f64) -> [f64; N]) -> [f64; N] {
    let step = 1.0 / 1024.0;
    let mut totals = [0.0; N];
    for i in -5120..=5120 {
        let t = f64::from(i) * step;
        let inner = FRAC_PI_2 * t.sinh();
        let weight = step * width * inner.cosh() * FRAC_PI_2 * t.cosh();
        let values = f(centre + width * inner.sinh());
        for (total, v) in totals.iter_mut().zip(values) {
            if v != 0.0 {
                *total += weight * v;
            }
        }
    }
    totals
}

/// The distance of the empirical distribution function from `cdf`, times sqrt(n); P(above 2.3) is 5e-5.
pub fn kolmogorov_smirnov(draws: &mut [f64], cdf: impl Fn(f64) -> f64) -> f64 {
    draws.sort_by(f64::total_cmp);
    let n = draws.len() as f64;
    let mut distance: f64 = 0.0;
    for (i, &x) in draws.iter().enumerate() {
        let c = cdf(x);
        distance = distance
            .max((c - i as f64 / n).abs())
            .max((c - (i + 1) as f64 / n).abs());
    }
    distance * n.sqrt()
}

/// The p-value of Pearson's test; neighbouring cells are pooled until 10 draws are expected.
pub fn chi_square(counts: &[f64], probabilities: &[f64]) -> f64 {
    let n: f64 = counts.iter().sum();
    let mut cells: Vec<(f64, f64)> = Vec::new();
    let mut open = (0.0, 0.0);
    for (&count, &p) in counts.iter().zip(probabilities) {
        assert!(p > 0.0 || count == 0.0, "a draw of probability 0");
        open = (open.0 + count, open.1 + n * p);
        if open.1 >= 10.0 {
            cells.push(std::mem::take(&mut open));
        }
    }
    if let Some(last) = cells.last_mut() {
        *last = (last.0 + open.0, last.1 + open.1);
    }
    let statistic: f64 = cells.iter().map(|(o, e)| (o - e).powi(2) / e).sum();
    if cells.len() < 2 {
        return if statistic < 1e-6 { 1.0 } else { 0.0 };
    }
    1.0 - regularized_gamma((cells.len() - 1) as f64 / 2.0, statistic / 2.0)
}
