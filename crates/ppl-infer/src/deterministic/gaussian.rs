//! A Gaussian by its mean and precision, and coordinates for extrapolating it.

use super::smooth::BATCH;
use ppl_sparse::{Elimination, Factor, Symmetric};
use std::sync::Arc;

/// A Gaussian.
#[derive(Clone)]
pub(super) struct Gaussian {
    pub(super) mean: Vec<f64>,
    pub(super) precision: Symmetric,
    /// Cholesky factor of the precision.
    pub(super) factor: Factor,
}

impl Gaussian {
    pub(super) fn new(
        by: &Arc<Elimination>,
        mean: Vec<f64>,
        precision: Symmetric,
    ) -> Option<Gaussian> {
        if mean.iter().any(|m| !m.is_finite()) {
            return None;
        }
        let factor = Factor::new(by, &precision)?;
        Some(Gaussian {
            mean,
            precision,
            factor,
        })
    }

    /// With one standard deviation for all.
    pub(super) fn round(by: &Arc<Elimination>, mean: Vec<f64>, sd: f64) -> Option<Gaussian> {
        let d = mean.len();
        let diagonal = std::iter::repeat_n(1.0 / (sd * sd), d);
        let precision = Symmetric::of_diagonal(by.pattern().clone(), diagonal);
        Gaussian::new(by, mean, precision)
    }

    /// The points that up to a batch of standard draws stand for.
    pub(super) fn points(&self, draws: &[f64]) -> Vec<f64> {
        let d = self.mean.len();
        let mut out = draws.to_vec();
        self.factor.spread(&mut out);
        for x in out.chunks_mut(d) {
            x.iter_mut().zip(&self.mean).for_each(|(x, m)| *x += m);
        }
        out
    }

    /// The points of all draws, a batch at a time.
    pub(super) fn batches<'a>(&'a self, draws: &'a [f64]) -> impl Iterator<Item = Vec<f64>> + 'a {
        draws
            .chunks(BATCH * self.mean.len())
            .map(|batch| self.points(batch))
    }

    /// Entropy, up to a constant of the dimension.
    pub(super) fn log_volume(&self) -> f64 {
        -0.5 * self.factor.ln_determinant()
    }

    /// ||C' g|| / sqrt(d) with the covariance C C': the length of a gradient in sds, zero at an optimum.
    pub(super) fn whitened_length(&self, gradient: &[f64]) -> f64 {
        let g = self.factor.whitened(gradient);
        (g.iter().map(|v| v * v).sum::<f64>() / g.len() as f64).sqrt()
    }

    /// How far another is from this one: squared distance of the means in its sds, and of the log volumes by step.
    pub(super) fn shift(&self, to: &Gaussian) -> f64 {
        let delta: Vec<f64> = to.mean.iter().zip(&self.mean).map(|(a, b)| a - b).collect();
        let moved = to.precision.times(&delta);
        let square: f64 = moved.iter().zip(&delta).map(|(a, b)| a * b).sum();
        let scales = to.factor.diagonal().iter().zip(self.factor.diagonal());
        let scales: f64 = scales.map(|(a, b)| (a / b).ln().powi(2)).sum();
        square.max(scales)
    }
}

/// Coordinates of a Gaussian in which changes are comparable: means in sds, precisions in units of the diagonal's.
pub(super) struct Units {
    sds: Vec<f64>,
}

impl Units {
    pub(super) fn of(q: &Gaussian) -> Units {
        Units {
            sds: q.precision.diagonal().map(|v| v.sqrt().recip()).collect(),
        }
    }

    pub(super) fn vector(&self, q: &Gaussian) -> Vec<f64> {
        let mut out: Vec<f64> = q.mean.iter().zip(&self.sds).map(|(m, s)| m / s).collect();
        let places = q.precision.pattern.places().zip(&q.precision.values);
        out.extend(places.map(|((i, j), v)| v * self.sds[i] * self.sds[j]));
        out
    }

    /// Back; `None` where the precision is not positive definite.
    pub(super) fn gaussian(&self, by: &Arc<Elimination>, v: &[f64]) -> Option<Gaussian> {
        let d = self.sds.len();
        let mean = v.iter().zip(&self.sds).map(|(m, s)| m * s).collect();
        let places = by.pattern().places().zip(&v[d..]);
        let values = places.map(|((i, j), v)| v / (self.sds[i] * self.sds[j]));
        let precision = Symmetric {
            pattern: by.pattern().clone(),
            values: values.collect(),
        };
        Gaussian::new(by, mean, precision)
    }
}
