//! GaussianProcess(mean, cov, jitter = j).

use super::multi_normal::{MultiNormal, whitened};
use super::parts::HALF_LN_2_PI;
use crate::arrays::Arrays;
use crate::definition::*;
use crate::expr::Expr;
use crate::linear::cholesky;
use crate::real::Real;
use rand::Rng;

/// A Gaussian process at finitely many points.
pub struct GaussianProcess;

/// What is added to the diagonal where nothing is said: enough for a factor of a smooth kernel's matrix of a few hundred
/// points, and a standard deviation of 1e-5 beside values of order 1.
const JITTER: f64 = 1e-10;

const MEAN: Parameter = Parameter::vector("mean", Domain::Real, "mean; one number is repeated");
const COV: Parameter = Parameter::matrix(
    "cov",
    Domain::Covariance,
    "covariance matrix of the points, as `exp_quad` and the other kernels give it",
);

fn with_jitter<'b>(arrays: &dyn Arrays<'b>, form: usize, p: &[Expr<'b>]) -> Expr<'b> {
    let jitter = if form == 2 { p[2] } else { Expr::Const(JITTER) };
    p[1] + arrays.identity() * jitter
}

impl Density for GaussianProcess {
    const DEFINITION: Definition = Definition {
        name: "GaussianProcess",
        summary: "The values of a Gaussian process at finitely many points: a multivariate normal whose covariance matrix gets a jitter (1e-10 if not given) on its diagonal.",
        formula: "MultiNormal(mean, cov = cov + jitter I); Rasmussen & Williams 2006, equation 2.29",
        forms: &[
            Form {
                parameters: &[
                    MEAN,
                    Parameter::matrix(
                        "scale_tril",
                        Domain::CholeskyFactor,
                        "lower Cholesky factor of the covariance; no jitter is added",
                    ),
                ],
                positional: 1,
            },
            Form {
                parameters: &[MEAN, COV],
                positional: 2,
            },
            Form {
                parameters: &[
                    MEAN,
                    COV,
                    Parameter::scalar(
                        "jitter",
                        Domain::NonNegative,
                        "variance added on the diagonal",
                    ),
                ],
                positional: 2,
            },
        ],
        event: Shape::Vector,
        location_scale: Some(LocationScale {
            location: 0,
            scale: 1,
            exponentiated: false,
        }),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        <MultiNormal as Density>::ln_density(x, p)
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        <MultiNormal as Density>::sample(p, rng, out);
    }

    fn canonical<R: Real>(form: usize, p: &[Vec<R>]) -> Vec<Vec<R>> {
        let k = (p[1].len() as f64).sqrt().round() as usize;
        let jitter = if form == 2 { p[2][0] } else { R::lit(JITTER) };
        let mut cov = p[1].clone();
        for i in 0..k {
            cov[i * k + i] = cov[i * k + i] + jitter;
        }
        vec![p[0].clone(), cholesky(&cov, k)]
    }

    fn ln_density_arrays<'b>(
        arrays: &dyn Arrays<'b>,
        form: usize,
        x: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<Expr<'b>> {
        let d = x - p[0];
        let (z, ln_det) = match form {
            0 => whitened(arrays, 0, d, p[1]),
            _ => whitened(arrays, 1, d, with_jitter(arrays, form, p)),
        };
        let constant = Expr::Const(-HALF_LN_2_PI * arrays.size() as f64) - ln_det;
        Some(constant + Expr::Const(-0.5) * arrays.sum(z.square()))
    }

    fn spread_arrays<'b>(
        arrays: &dyn Arrays<'b>,
        form: usize,
        u: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<(Expr<'b>, Expr<'b>)> {
        let l = match form {
            0 => p[1],
            _ => arrays.cholesky(with_jitter(arrays, form, p)),
        };
        Some((arrays.multiply(l, u, false), arrays.ln_diagonal(l)))
    }

    fn golden() -> Vec<Golden> {
        // scipy.stats.multivariate_normal with the covariance L L'.
        vec![
            (
                vec![0.5, -1.0],
                vec![vec![0.0, 0.25], vec![1.0, 0.0, 0.5, 2.0]],
                -2.9372742469692907,
            ),
            (
                vec![0.0, 1.0, 2.0],
                vec![
                    vec![1.0, 1.0, 1.0],
                    vec![0.1, 0.0, 0.0, -0.3, 0.2, 0.0, 5.0, 1.0, 30.0],
                ],
                -167.165989975848,
            ),
            (
                vec![1.0, 1.0],
                vec![vec![1.0, 1.5], vec![1.0, 0.0, 0.9999, 0.001]],
                -124994.93012178742,
            ),
        ]
    }
}
