//! GaussianProcess(mean, cov, jitter = j).

use super::multi_normal::MultiNormal;
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

/// The scale of the multivariate normal: the factor as given, or the covariance with its jitter.
fn scale<'b>(arrays: &dyn Arrays<'b>, form: usize, p: &[Expr<'b>]) -> Expr<'b> {
    let jitter = match form {
        0 => return p[1],
        1 => Expr::Const(JITTER),
        _ => p[2],
    };
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
        let scale = scale(arrays, form, p);
        <MultiNormal as Density>::ln_density_arrays(arrays, form.min(1), x, &[p[0], scale])
    }

    fn spread_arrays<'b>(
        arrays: &dyn Arrays<'b>,
        form: usize,
        u: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<(Expr<'b>, Expr<'b>)> {
        let scale = scale(arrays, form, p);
        <MultiNormal as Density>::spread_arrays(arrays, form.min(1), u, &[p[0], scale])
    }

    fn golden() -> Vec<Golden> {
        <MultiNormal as Density>::golden()
    }
}
