//! LkjCholesky(shape).

use super::parts::{LN_PI, draw, standard_normal, sum};
use crate::arrays::Arrays;
use crate::definition::*;
use crate::expr::Expr;
use crate::linear::side;
use crate::real::Real;
use rand::Rng;

/// Cholesky factors of correlation matrices whose density is proportional to det^(shape - 1).
pub struct LkjCholesky;

impl Density for LkjCholesky {
    const DEFINITION: Definition = Definition {
        name: "LkjCholesky",
        summary: "The Cholesky factor of a correlation matrix; shape 1 is uniform over correlation matrices.",
        formula: "sum_{k=2..K} (K - k + 2 shape - 2) ln L[k, k] - ln c, as in Stan; the density is that of the elements below the diagonal (Lewandowski, Kurowicka & Joe 2009)",
        forms: &[Form {
            parameters: &[Parameter::scalar(
                "shape",
                Domain::Positive,
                "larger: weaker correlations",
            )],
            positional: 1,
        }],
        support: Support::CorrCholesky,
        event: Shape::Matrix,
        ..Definition::SCALAR
    };

    /// Row k of L is a point of the (k-1)-ball with density c_k (1 - |w|²)^(b - 1), b = shape + (K - k)/2, where
    /// 1/c_k = pi^((k-1)/2) Gamma(b) / Gamma(b + (k-1)/2): the radial integral of each onion layer.
    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let size = side(x.len());
        let shape = p[0][0];
        let b = |k: usize| shape + R::lit((size - k) as f64 / 2.0);
        let constant = R::lit((size - 1) as f64) * b(1).ln_gamma()
            - sum((2..=size).map(|k| b(k).ln_gamma()))
            - R::lit((size * (size - 1)) as f64 / 4.0 * LN_PI);
        let exponent = |k: usize| R::lit(2.0) * shape + R::lit(size as f64 - k as f64 - 2.0);
        constant + sum((2..=size).map(|k| exponent(k) * x[(k - 1) * size + k - 1].ln()))
    }

    /// The onion: row k points in a uniform direction, its squared length is Beta((k-1)/2, b).
    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let size = side(out.len());
        out.fill(0.0);
        out[0] = 1.0;
        for (row, line) in out.chunks_mut(size).enumerate().skip(1) {
            let b = p[0][0] + (size - row - 1) as f64 / 2.0;
            let squared = draw(rand_distr::Beta::new(row as f64 / 2.0, b), rng);
            line[..row]
                .iter_mut()
                .for_each(|w| *w = standard_normal(rng));
            let length = line[..row].iter().map(|w| w * w).sum::<f64>().sqrt();
            line[..row]
                .iter_mut()
                .for_each(|w| *w *= squared.sqrt() / length);
            line[row] = (1.0 - squared).sqrt();
        }
    }

    fn ln_density_arrays<'b>(
        arrays: &dyn Arrays<'b>,
        _form: usize,
        x: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<Expr<'b>> {
        let (size, shape) = (arrays.size() as f64, p[0]);
        // Of rows k = 2..K; the first has no freedom.
        let later = arrays.vector(&|k| f64::from(u8::from(k > 0)));
        let b = shape + arrays.vector(&|k| (size - k as f64 - 1.0) / 2.0);
        let first = shape + Expr::Const((size - 1.0) / 2.0);
        let constant = Expr::Const(size - 1.0) * first.ln_gamma()
            - arrays.sum(later * b.ln_gamma())
            - Expr::Const(size * (size - 1.0) / 4.0 * LN_PI);
        let exponent = Expr::Const(2.0) * shape + arrays.vector(&|k| size - k as f64 - 3.0);
        Some(constant + arrays.sum(later * exponent * arrays.diagonal(x).ln()))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![1.0, 0.0, 0.6, 0.8],
                vec![vec![2.0]],
                -0.7339691750802003,
            ),
            (
                vec![1.0, 0.0, -0.28, 0.96],
                vec![vec![0.5]],
                -1.103907891329145,
            ),
            (
                vec![1.0, 0.0, 0.0, 0.6, 0.8, 0.0, 0.0, 0.6, 0.8],
                vec![vec![1.0]],
                -1.8194561424530646,
            ),
            (
                vec![1.0, 0.0, 0.0, 0.6, 0.8, 0.0, 0.48, 0.64, 0.6],
                vec![vec![3.5]],
                -3.695344185379557,
            ),
            (
                vec![
                    1.0, 0.0, 0.0, 0.0, 0.6, 0.8, 0.0, 0.0, 0.48, 0.64, 0.6, 0.0, 0.1, 0.1, 0.7,
                    0.7,
                ],
                vec![vec![40.0]],
                -78.36388758235198,
            ),
        ]
    }
}
