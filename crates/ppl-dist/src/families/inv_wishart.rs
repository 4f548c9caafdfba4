//! InvWishart(df, scale_tril = L | scale = V).

use super::parts::sum;
use super::wishart::{
    DF, bartlett, enough, ln_constant, ln_constant_arrays, ln_diagonal, scale_factor,
};
use crate::arrays::Arrays;
use crate::definition::*;
use crate::expr::Expr;
use crate::linear::{cholesky, inverse_lower, outer_square, side, solve_lower_matrix};
use crate::real::Real;
use rand::Rng;

/// The inverse Wishart distribution.
pub struct InvWishart;

impl Density for InvWishart {
    const DEFINITION: Definition = Definition {
        name: "InvWishart",
        summary: "The inverse of a Wishart matrix: mean scale/(df - K - 1); its second argument must be named.",
        formula: "df/2 ln|V| - df K/2 ln 2 - ln Gamma_K(df/2) - (df + K + 1)/2 ln|x| - trace(V inverse(x))/2, V = scale = L L'; the density is that of the lower triangle",
        forms: &[
            Form {
                parameters: &[
                    DF,
                    Parameter::matrix(
                        "scale_tril",
                        Domain::CholeskyFactor,
                        "lower Cholesky factor of the scale",
                    ),
                ],
                positional: 1,
            },
            Form {
                parameters: &[
                    DF,
                    Parameter::matrix("scale", Domain::Covariance, "mean (df - K - 1)"),
                ],
                positional: 1,
            },
        ],
        support: Support::Covariance,
        event: Shape::Matrix,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let k = side(x.len());
        let factor = cholesky(x, k);
        let trace = sum(solve_lower_matrix(&factor, p[1], k)
            .into_iter()
            .map(R::square));
        let exponent = p[0][0] + R::lit((k + 1) as f64);
        let constant = p[0][0] * ln_diagonal(p[1], k) - ln_constant(R::lit(0.5) * p[0][0], k);
        let value = constant - exponent * ln_diagonal(&factor, k) - R::lit(0.5) * trace;
        enough(p[0][0], k, value)
    }

    /// The inverse of inverse(L)' A A' inverse(L).
    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let k = side(out.len());
        let inverse = inverse_lower(&bartlett(p[0][0], k, rng), k);
        let mut factor = vec![0.0; k * k];
        for i in 0..k {
            for j in 0..k {
                factor[i * k + j] = (0..=i.min(j))
                    .map(|m| p[1][i * k + m] * inverse[j * k + m])
                    .sum();
            }
        }
        out.copy_from_slice(&outer_square(&factor, k));
    }

    fn canonical<R: Real>(_form: usize, p: &[Vec<R>]) -> Vec<Vec<R>> {
        vec![p[0].clone(), cholesky(&p[1], side(p[1].len()))]
    }

    fn ln_density_arrays<'b>(
        arrays: &dyn Arrays<'b>,
        form: usize,
        x: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<Expr<'b>> {
        let (k, scale) = (arrays.size(), scale_factor(arrays, form, p));
        let factor = arrays.cholesky(x);
        let trace = arrays.sum_of_squares(arrays.solve_lower(factor, scale, false));
        let exponent = p[0] + Expr::Const((k + 1) as f64);
        let constant = p[0] * arrays.ln_diagonal(scale) - ln_constant_arrays(arrays, p[0]);
        let value = constant - exponent * arrays.ln_diagonal(factor) - Expr::Const(0.5) * trace;
        Some(enough(p[0], k, value))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![2.0, 0.5, 0.5, 1.5],
                vec![vec![12.0], vec![1.0, 0.0, 0.5, 2.0]],
                -18.631950218186788,
            ),
            (
                vec![3.0, 0.5, -0.25, 0.5, 2.0, 0.75, -0.25, 0.75, 1.0],
                vec![
                    vec![7.5],
                    vec![0.5, 0.0, 0.0, -0.25, 0.75, 0.0, 1.0, 0.5, 2.0],
                ],
                -26.548669409977258,
            ),
            (
                vec![2.0, 0.5, 0.5, 1.5],
                vec![vec![50.0], vec![2.5, 0.0, 1.25, 5.0]],
                -54.52139438472504,
            ),
            (vec![2.5], vec![vec![4.0], vec![1.5]], -2.9633061243096983),
        ]
    }
}
