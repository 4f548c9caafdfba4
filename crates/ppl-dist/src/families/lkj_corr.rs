//! LkjCorr(shape).

use super::lkj_cholesky::LkjCholesky;
use super::parts::sum;
use crate::arrays::Arrays;
use crate::definition::*;
use crate::expr::Expr;
use crate::linear::{cholesky, outer_square, side};
use crate::real::Real;
use rand::Rng;

/// Correlation matrices whose density is proportional to det^(shape - 1).
pub struct LkjCorr;

impl Density for LkjCorr {
    const DEFINITION: Definition = Definition {
        name: "LkjCorr",
        summary: "A correlation matrix; shape 1 is uniform. LkjCholesky draws its factor, at less cost.",
        formula: "(shape - 1) ln|x| - ln c, the density of the elements below the diagonal (Lewandowski, Kurowicka & Joe 2009)",
        forms: &[Form {
            parameters: &[Parameter::scalar(
                "shape",
                Domain::Positive,
                "larger: weaker correlations",
            )],
            positional: 1,
        }],
        support: Support::Correlation,
        event: Shape::Matrix,
        ..Definition::SCALAR
    };

    /// That of the factor over the Jacobian of L L', which is the product of L[k, k]^(K - k).
    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let k = side(x.len());
        let factor = cholesky(x, k);
        let jacobian = (1..k).map(|i| R::lit((k - 1 - i) as f64) * factor[i * k + i].ln());
        <LkjCholesky as Density>::ln_density(&factor, p) - sum(jacobian)
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let mut factor = vec![0.0; out.len()];
        <LkjCholesky as Density>::sample(p, rng, &mut factor);
        out.copy_from_slice(&outer_square(&factor, side(out.len())));
    }

    fn ln_density_arrays<'b>(
        arrays: &dyn Arrays<'b>,
        form: usize,
        x: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<Expr<'b>> {
        let (k, factor) = (arrays.size(), arrays.cholesky(x));
        let power = |i: usize| if i == 0 { 0.0 } else { (k - 1 - i) as f64 };
        let jacobian = arrays.sum(arrays.vector(&power) * arrays.diagonal(factor).ln());
        let of_factor = <LkjCholesky as Density>::ln_density_arrays(arrays, form, factor, p)?;
        Some(of_factor - jacobian)
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![1.0, 0.6, 0.6, 1.0],
                vec![vec![2.0]],
                -0.7339691750802004,
            ),
            (
                vec![1.0, 0.6, 0.6, 1.0],
                vec![vec![0.5]],
                -0.9215863345351905,
            ),
            (
                vec![1.0, 0.25, -0.5, 0.25, 1.0, 0.125, -0.5, 0.125, 1.0],
                vec![vec![1.0]],
                -1.596312591138855,
            ),
            (
                vec![1.0, 0.25, -0.5, 0.25, 1.0, 0.125, -0.5, 0.125, 1.0],
                vec![vec![3.5]],
                -0.9156323003027552,
            ),
            (
                vec![1.0, -0.25, -0.25, 1.0],
                vec![vec![40.0]],
                -1.2480524588680508,
            ),
        ]
    }
}
