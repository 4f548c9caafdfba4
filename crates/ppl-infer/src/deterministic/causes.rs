//! Why a Gaussian does not fit: which of the lowest departures from it explains most of the spread of the log weights.
//!
//! In standardised coordinates u the log weight of a posterior that is nearly Gaussian is a polynomial of low degree. Its
//! terms are orthogonal (Hermite polynomials), so each one's share of the variance is its squared correlation.

use super::gaussian::Gaussian;

/// A departure from the Gaussian.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cause {
    /// In words, to follow "the posterior ".
    pub(crate) words: String,
    /// Its share of the variance of the log weights.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(crate) share: f64,
}

/// A smaller share explains nothing.
const LEAST: f64 = 0.15;

/// The tails of the log weights that are cut off.
const CUT: f64 = 0.01;

/// The departure with the largest share. `values` are log densities at what the standard `draws` stand for.
pub(crate) fn cause(
    q: &Gaussian,
    draws: &[f64],
    values: &[f64],
    names: &[String],
) -> Option<Cause> {
    let d = q.mean.len();
    let n = values.len();
    let mut logs: Vec<f64> = values
        .iter()
        .zip(draws.chunks(d))
        .map(|(v, z)| v + 0.5 * z.iter().map(|z| z * z).sum::<f64>())
        .collect();
    if logs.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let mut sorted = logs.clone();
    sorted.sort_by(f64::total_cmp);
    let cut = (CUT * n as f64) as usize;
    let (low, high) = (sorted[cut], sorted[n - 1 - cut]);
    logs.iter_mut().for_each(|v| *v = v.clamp(low, high));
    let sds: Vec<f64> = q.factor.variances().into_iter().map(f64::sqrt).collect();
    let mut u: Vec<f64> = q.batches(draws).flatten().collect();
    for x in u.chunks_mut(d) {
        for ((x, m), s) in x.iter_mut().zip(&q.mean).zip(&sds) {
            *x = (*x - m) / s;
        }
    }
    let squares: Vec<f64> = u
        .chunks(d)
        .map(|u| u.iter().map(|v| v * v - 1.0).sum())
        .collect();
    let mut best: Option<(f64, Cause)> = None;
    let mut consider = |feature: Vec<f64>, words: &dyn Fn(f64) -> String| {
        let r = correlation(&feature, &logs);
        if r * r > best.as_ref().map_or(LEAST, |b| b.0) {
            let words = words(r);
            best = Some((
                r * r,
                Cause {
                    words,
                    share: r * r,
                },
            ));
        }
    };
    for (j, name) in names.iter().enumerate() {
        let of = |f: &dyn Fn(f64) -> f64| u.chunks(d).map(|u| f(u[j])).collect::<Vec<f64>>();
        consider(of(&|v| v * v * v - 3.0 * v), &|r| {
            let side = if r > 0.0 { "above" } else { "below" };
            format!(
                "is skewed in `{name}`, with its longer tail {side} the mean on the unconstrained scale"
            )
        });
        consider(of(&|v| v.powi(4) - 6.0 * v * v + 3.0), &|r| {
            let tails = if r > 0.0 { "heavier" } else { "lighter" };
            format!("has {tails} tails than a Gaussian in `{name}`")
        });
        if d > 1 {
            let funnel = u.chunks(d).zip(&squares);
            let funnel = funnel.map(|(u, s)| u[j] * (s - (u[j] * u[j] - 1.0)));
            consider(funnel.collect(), &|_| {
                format!("is a funnel: the spread of other unknowns changes with `{name}`")
            });
        }
    }
    best.map(|b| b.1)
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xy += (x - mx) * (y - my);
        xx += (x - mx) * (x - mx);
        yy += (y - my) * (y - my);
    }
    let r = xy / (xx * yy).sqrt();
    if r.is_finite() { r } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ppl_engine::random::{Address, fill_normal};
    use ppl_sparse::{Elimination, Pattern};
    use std::sync::Arc;

    /// The cause of a density given as a function of three standardised unknowns.
    fn found(density: impl Fn(&[f64]) -> f64) -> Option<Cause> {
        let by = Arc::new(Elimination::new(Arc::new(Pattern::full(3)), 6).unwrap());
        let q = Gaussian::round(&by, vec![0.0; 3], 1.0).unwrap();
        let mut draws = vec![0.0; 3 * 2048];
        let address = Address {
            seed: 1,
            purpose: 9,
            step: 0,
            block: 0,
        };
        fill_normal(&mut draws, address);
        let values: Vec<f64> = draws
            .chunks(3)
            .map(|z| density(z) - 0.5 * z.iter().map(|v| v * v).sum::<f64>())
            .collect();
        cause(&q, &draws, &values, &["a", "b", "c"].map(String::from))
    }

    #[test]
    fn each_departure_is_named() {
        assert_eq!(found(|_| 0.0), None);
        let skewed = found(|z| 0.2 * z[1].powi(3) - 0.6 * z[1]).unwrap();
        assert!(skewed.words.contains("skewed in `b`") && skewed.words.contains("above"));
        // Less than 1, as the tails of the weights are cut off.
        assert!(skewed.share > 0.7, "{}", skewed.share);
        let funnel = found(|z| 0.3 * z[2] * (z[0] * z[0] + z[1] * z[1] - 2.0)).unwrap();
        assert!(funnel.words.contains("funnel") && funnel.words.contains("`c`"));
        let heavy = found(|z| 0.1 * (z[0].powi(4) - 6.0 * z[0] * z[0])).unwrap();
        assert!(heavy.words.contains("heavier tails") && heavy.words.contains("`a`"));
    }
}
