//! A Gaussian by its mean and precision, and coordinates for extrapolating it.

use super::dense::Matrix;

/// A Gaussian.
#[derive(Clone)]
pub(super) struct Gaussian {
    pub(super) mean: Vec<f64>,
    pub(super) precision: Matrix,
    /// Cholesky factor of the precision.
    pub(super) factor: Matrix,
}

impl Gaussian {
    pub(super) fn new(mean: Vec<f64>, precision: Matrix) -> Option<Gaussian> {
        let factor = precision.cholesky()?;
        mean.iter().all(|m| m.is_finite()).then_some(Gaussian {
            mean,
            precision,
            factor,
        })
    }

    /// The points that standard draws stand for.
    pub(super) fn points(&self, draws: &[f64]) -> Vec<f64> {
        let d = self.mean.len();
        let mut out = draws.to_vec();
        for x in out.chunks_mut(d) {
            self.factor.solve_upper(x);
            x.iter_mut().zip(&self.mean).for_each(|(x, m)| *x += m);
        }
        out
    }

    /// Entropy, up to a constant of the dimension.
    pub(super) fn log_volume(&self) -> f64 {
        -self.factor.diagonal().map(f64::ln).sum::<f64>()
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
        let d = self.sds.len();
        let mut out: Vec<f64> = q.mean.iter().zip(&self.sds).map(|(m, s)| m / s).collect();
        for i in 0..d {
            for j in 0..=i {
                out.push(q.precision.a[i * d + j] * self.sds[i] * self.sds[j]);
            }
        }
        out
    }

    /// Back; `None` where the precision is not positive definite.
    pub(super) fn gaussian(&self, v: &[f64]) -> Option<Gaussian> {
        let d = self.sds.len();
        let mean = v.iter().zip(&self.sds).map(|(m, s)| m * s).collect();
        let mut precision = Matrix::zeros(d);
        let mut rest = v[d..].iter();
        for i in 0..d {
            for j in 0..=i {
                let p = rest.next()? / (self.sds[i] * self.sds[j]);
                precision.a[i * d + j] = p;
                precision.a[j * d + i] = p;
            }
        }
        Gaussian::new(mean, precision)
    }
}
