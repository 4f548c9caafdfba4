//! Other optima of the Gaussian, where theta's marginal may have a mode of its own: draws of theta look there, and the mixture keeps a part
//! for each. What holds little of the evidence is seldom met by chance.

use super::mixture::{GAUSSIAN, Mixture, Part};
use crate::deterministic::dense::Matrix;
use crate::deterministic::gaussian::Gaussian;

/// Optima with less of the evidence are left out.
const LEAST: f64 = 1e-4;

/// The share of draws that look there while the mixture is fitted, and the largest that is kept beside what fits: by then their draws
/// tell how much there is.
const LOOK: f64 = 0.15;
const KEPT: f64 = 0.05;

/// Another optimum, and its share of the evidence.
pub(super) struct Place {
    pub(super) q: Gaussian,
    pub(super) share: f64,
}

/// Theta's own part of a Gaussian's covariance.
pub(super) fn covariance(q: &Gaussian, theta: &[usize]) -> Matrix {
    let k = theta.len();
    let mut own = Matrix::zeros(k);
    for (a, i) in theta.iter().enumerate() {
        let mut column = vec![0.0; q.mean.len()];
        column[*i] = 1.0;
        q.factor.solve(&mut column);
        for (b, j) in theta.iter().enumerate() {
            own.a[b * k + a] = column[*j];
        }
    }
    own
}

/// Parts of theta's mixture around other optima, in units in which the fitted Gaussian is standard.
#[derive(Clone, Default)]
pub(super) struct Places {
    parts: Vec<Part>,
}

impl Places {
    /// `centre` and `scale`: mean of the fitted Gaussian's theta and the lower-triangular factor of its covariance.
    pub(super) fn of(places: &[Place], theta: &[usize], centre: &[f64], scale: &Matrix) -> Places {
        let k = theta.len();
        let part = |place: &Place| {
            let mut mean: Vec<f64> = theta.iter().map(|i| place.q.mean[*i]).collect();
            mean.iter_mut().zip(centre).for_each(|(m, c)| *m -= c);
            scale.solve_lower(&mut mean);
            // L^-1 C L^-T: by rows of C, then by columns of what that gives.
            let mut own = covariance(&place.q, theta);
            for _ in 0..2 {
                let mut next = Matrix::zeros(k);
                for (i, row) in own.a.chunks(k).enumerate() {
                    let mut row = row.to_vec();
                    scale.solve_lower(&mut row);
                    row.iter()
                        .enumerate()
                        .for_each(|(j, v)| next.a[j * k + i] = *v);
                }
                own = next;
            }
            Some(Part {
                weight: place.share,
                mean,
                scale: own.cholesky()?,
                dof: GAUSSIAN,
                tail: None,
            })
        };
        let places = places.iter().filter(|place| place.share >= LEAST);
        Places {
            parts: places.filter_map(part).collect(),
        }
    }

    /// A mixture that draws look at these places with, each as often as any other.
    pub(super) fn looked_at(&self, from: Mixture) -> Mixture {
        let each = { self.parts.iter() }.map(|p| Part {
            weight: 1.0,
            ..p.clone()
        });
        match self.parts.is_empty() {
            true => from,
            false => from.with(&Mixture::new(each.collect()), LOOK),
        }
    }

    /// A fitted mixture with a part for each.
    pub(super) fn kept(&self, from: Mixture) -> Mixture {
        let share: f64 = self.parts.iter().map(|p| p.weight).sum();
        match self.parts.is_empty() {
            true => from,
            false => from.with(&Mixture::new(self.parts.clone()), share.min(KEPT)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::adapt::{adapt, draws};
    use super::*;
    use crate::elbo::log_mean_exp;

    const K: usize = 4;

    fn round(mean: f64, sd: f64, weight: f64) -> Part {
        let mut scale = Matrix::zeros(K);
        (0..K).for_each(|i| scale.a[i * K + i] = sd);
        let mean = vec![mean; K];
        Part {
            weight,
            mean,
            scale,
            dof: GAUSSIAN,
            tail: None,
        }
    }

    #[test]
    fn a_mode_of_a_small_share_is_in_the_mixture() {
        let mut axes = Matrix::zeros(K);
        (0..K).for_each(|i| axes.a[i * K + i] = 1.0);
        // 2% of the mass lies eight sds away, narrower.
        let target = Mixture::new(vec![round(0.0, 1.0, 0.98), round(4.0, 0.3, 0.02)]);
        let places = Places {
            // Not quite where and what it is.
            parts: vec![round(4.1, 0.4, 0.01)],
        };
        let there = |x: &[f64]| x.iter().all(|v| *v > 2.5);
        for (places, known) in [(Places::default(), false), (places, true)] {
            for seed in [1, 2, 3] {
                let marginal = |y: &[f64]| target.ln_densities(y);
                let (mixture, _) =
                    adapt(&axes, &places, (300, 0), seed, marginal).expect("a mixture");
                let y = draws(&mixture, 20_000, seed, 91);
                let met = y.chunks(K).filter(|x| there(x)).count() as f64 / 20_000.0;
                let target = target.ln_densities(&y);
                let own = mixture.ln_densities(&y);
                let weights: Vec<f64> = target.iter().zip(&own).map(|(p, q)| p - q).collect();
                let evidence = log_mean_exp(&weights).value.exp();
                if known {
                    assert!((met / 0.02 - 1.0).abs() < 0.7, "{seed}: {met}");
                    assert!((evidence - 1.0).abs() < 0.01, "{seed}: {evidence}");
                } else {
                    assert!(met < 0.01, "{seed}: {met}, the test says nothing");
                }
            }
        }
    }
}
