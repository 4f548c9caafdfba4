//! MultiNormal(mean, scale_tril = L | cov = C | precision = P).

use super::parts::{HALF_LN_2_PI, element, standard_normal, sum};
use crate::arrays::Arrays;
use crate::definition::*;
use crate::expr::Expr;
use crate::linear::{cholesky, cholesky_of_inverse, solve_lower};
use crate::real::Real;
use rand::Rng;

/// The multivariate normal distribution.
pub struct MultiNormal;

const MEAN: Parameter = Parameter::vector("mean", Domain::Real, "mean; one number is repeated");

impl Density for MultiNormal {
    const DEFINITION: Definition = Definition {
        name: "MultiNormal",
        summary: "The multivariate normal distribution; its second argument must be named.",
        formula: "-sum_k ln L[k, k] - K ln(2 pi)/2 - |inverse(L) (x - mean)|^2/2, L = scale_tril, L L' = cov = inverse(precision)",
        forms: &[
            Form {
                parameters: &[
                    MEAN,
                    Parameter::matrix(
                        "scale_tril",
                        Domain::CholeskyFactor,
                        "lower Cholesky factor of the covariance",
                    ),
                ],
                positional: 1,
            },
            Form {
                parameters: &[
                    MEAN,
                    Parameter::matrix("cov", Domain::Covariance, "covariance"),
                ],
                positional: 1,
            },
            Form {
                parameters: &[
                    MEAN,
                    Parameter::matrix("precision", Domain::Covariance, "inverse of the covariance"),
                ],
                positional: 1,
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
        let k = x.len();
        let centred: Vec<R> = (0..k).map(|i| x[i] - element(p[0], i)).collect();
        let ln_det = sum((0..k).map(|i| p[1][i * k + i].ln()));
        let constant = R::lit(-HALF_LN_2_PI * k as f64) - ln_det;
        let squares = sum(solve_lower(p[1], &centred).into_iter().map(R::square));
        constant + R::lit(-0.5) * squares
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let k = out.len();
        for (i, o) in out.iter_mut().enumerate() {
            *o = element(p[0], i);
        }
        for j in 0..k {
            let z = standard_normal(rng);
            for i in j..k {
                out[i] += p[1][i * k + j] * z;
            }
        }
    }

    fn canonical<R: Real>(form: usize, p: &[Vec<R>]) -> Vec<Vec<R>> {
        let k = (p[1].len() as f64).sqrt().round() as usize;
        let scale = if form == 1 {
            cholesky(&p[1], k)
        } else {
            cholesky_of_inverse(&p[1], k)
        };
        vec![p[0].clone(), scale]
    }

    fn ln_density_arrays<'b>(
        arrays: &dyn Arrays<'b>,
        form: usize,
        x: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<Expr<'b>> {
        let (z, ln_det) = whitened(arrays, form, x - p[0], p[1]);
        let constant = Expr::Const(-HALF_LN_2_PI * arrays.size() as f64) - ln_det;
        Some(constant + Expr::Const(-0.5) * arrays.sum(z.square()))
    }

    fn spread_arrays<'b>(
        arrays: &dyn Arrays<'b>,
        form: usize,
        u: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<(Expr<'b>, Expr<'b>)> {
        if form == 2 {
            let l = arrays.cholesky(p[1]);
            return Some((arrays.solve_lower(l, u, true), -arrays.ln_diagonal(l)));
        }
        let l = if form == 1 {
            arrays.cholesky(p[1])
        } else {
            p[1]
        };
        Some((arrays.multiply(l, u, false), arrays.ln_diagonal(l)))
    }

    fn golden() -> Vec<Golden> {
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

/// The vector in units of the scale, and the logarithm of the scale's determinant: `L⁻¹ x` with the factor of the covariance,
/// `U' x` with that of the precision U U'. The forms are those of [`MultiNormal`].
pub(super) fn whitened<'b>(
    arrays: &dyn Arrays<'b>,
    form: usize,
    x: Expr<'b>,
    scale: Expr<'b>,
) -> (Expr<'b>, Expr<'b>) {
    if form == 2 {
        let u = arrays.cholesky(scale);
        return (arrays.multiply(u, x, true), -arrays.ln_diagonal(u));
    }
    let l = if form == 1 {
        arrays.cholesky(scale)
    } else {
        scale
    };
    (arrays.solve_lower(l, x, false), arrays.ln_diagonal(l))
}
