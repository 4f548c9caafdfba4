//! Wishart(df, scale_tril = L | scale = V).

use super::parts::{draw, standard_normal, sum};
use crate::arrays::Arrays;
use crate::definition::*;
use crate::expr::Expr;
use crate::linear::{cholesky, lower_times_lower, outer_square, side, solve_lower_matrix};
use crate::real::Real;
use rand::Rng;
use std::f64::consts::{LN_2, PI};

/// The Wishart distribution.
pub struct Wishart;

pub(super) const DF: Parameter =
    Parameter::scalar("df", Domain::Positive, "degrees of freedom, above K - 1");

impl Density for Wishart {
    const DEFINITION: Definition = Definition {
        name: "Wishart",
        summary: "A K x K covariance matrix with mean df scale; its second argument must be named.",
        formula: "(df - K - 1)/2 ln|x| - trace(inverse(V) x)/2 - df K/2 ln 2 - df/2 ln|V| - ln Gamma_K(df/2), V = scale = L L'; the density is that of the lower triangle",
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
                    Parameter::matrix("scale", Domain::Covariance, "mean/df"),
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
        let half = R::lit(0.5) * p[0][0];
        let factor = cholesky(x, k);
        let trace = sum(solve_lower_matrix(p[1], &factor, k)
            .into_iter()
            .map(R::square));
        let exponent = p[0][0] - R::lit((k + 1) as f64);
        let constant = -ln_constant(half, k) - p[0][0] * ln_diagonal(p[1], k);
        let value = constant + exponent * ln_diagonal(&factor, k) - R::lit(0.5) * trace;
        enough(p[0][0], k, value)
    }

    /// L A A' L' (Bartlett 1933).
    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let k = side(out.len());
        let factor = lower_times_lower(p[1], &bartlett(p[0][0], k, rng), k);
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
        let trace = arrays.sum_of_squares(arrays.solve_lower(scale, factor, false));
        let exponent = p[0] - Expr::Const((k + 1) as f64);
        let constant = -ln_constant_arrays(arrays, p[0]) - p[0] * arrays.ln_diagonal(scale);
        let value = constant + exponent * arrays.ln_diagonal(factor) - Expr::Const(0.5) * trace;
        Some(enough(p[0], k, value))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![2.0, 0.5, 0.5, 1.5],
                vec![vec![3.0], vec![1.0, 0.0, 0.5, 2.0]],
                -5.797965788649127,
            ),
            (
                vec![3.0, 0.5, -0.25, 0.5, 2.0, 0.75, -0.25, 0.75, 1.0],
                vec![
                    vec![7.5],
                    vec![0.5, 0.0, 0.0, -0.25, 0.75, 0.0, 1.0, 0.5, 2.0],
                ],
                -19.324088967777595,
            ),
            (
                vec![2.0, 0.5, 0.5, 1.5],
                vec![vec![50.0], vec![0.25, 0.0, 0.125, 0.5]],
                -34.46024938676747,
            ),
            (vec![2.5], vec![vec![4.0], vec![1.5]], -2.6474196172339486),
        ]
    }
}

/// The sum of the logarithms of the diagonal: half the log determinant of L L'.
pub(super) fn ln_diagonal<R: Real>(l: &[R], k: usize) -> R {
    sum((0..k).map(|i| l[i * k + i].ln()))
}

/// a K ln 2 + ln Gamma_K(a) with a = df/2, Gamma_K the multivariate gamma function (DLMF 35.3.4).
pub(super) fn ln_constant<R: Real>(a: R, k: usize) -> R {
    let pi = R::lit((k * (k - 1)) as f64 / 4.0 * PI.ln());
    let gammas = (0..k).map(|j| (a - R::lit(j as f64 / 2.0)).ln_gamma());
    a * R::lit(k as f64 * LN_2) + pi + sum(gammas)
}

/// The lower factor of the scale.
pub(super) fn scale_factor<'b>(arrays: &dyn Arrays<'b>, form: usize, p: &[Expr<'b>]) -> Expr<'b> {
    match form {
        0 => arrays.lower(p[1]),
        _ => arrays.cholesky(p[1]),
    }
}

/// [`ln_constant`] of df / 2 as arrays.
pub(super) fn ln_constant_arrays<'b>(arrays: &dyn Arrays<'b>, df: Expr<'b>) -> Expr<'b> {
    let (k, half) = (arrays.size(), Expr::Const(0.5) * df);
    let gammas = (half - arrays.vector(&|j| j as f64 / 2.0)).ln_gamma();
    let pi = (k * (k - 1)) as f64 / 4.0 * PI.ln();
    half * Expr::Const(k as f64 * LN_2) + Expr::Const(pi) + arrays.sum(gammas)
}

/// `value` for df > K - 1; with fewer degrees of freedom there is no density.
pub(super) fn enough<R: Real>(df: R, k: usize, value: R) -> R {
    let enough = R::lit(k as f64 - 1.0).less(df);
    enough.select(value, R::lit(f64::NEG_INFINITY))
}

/// The lower-triangular A with A A' ~ Wishart(df, identity): chi variables on the diagonal, normal ones below.
pub(super) fn bartlett(df: f64, k: usize, rng: &mut dyn Rng) -> Vec<f64> {
    let mut a = vec![0.0; k * k];
    for i in 0..k {
        for j in 0..i {
            a[i * k + j] = standard_normal(rng);
        }
        a[i * k + i] = draw(rand_distr::ChiSquared::new(df - i as f64), rng).sqrt();
    }
    a
}
