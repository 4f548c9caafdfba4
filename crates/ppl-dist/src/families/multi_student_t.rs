//! MultiStudentT(df, location, scale_tril = L | scale = S).

use super::multi_normal::{MultiNormal, whitened};
use super::parts::{HALF_LN_2_PI, draw, element, ln_rising, sum};
use crate::arrays::Arrays;
use crate::definition::*;
use crate::expr::Expr;
use crate::linear::{cholesky, solve_lower};
use crate::real::Real;
use rand::Rng;

/// The multivariate Student t distribution.
pub struct MultiStudentT;

const DF: Parameter = Parameter::scalar("df", Domain::Positive, "degrees of freedom");
const LOCATION: Parameter =
    Parameter::vector("location", Domain::Real, "median; one number is repeated");

impl Density for MultiStudentT {
    const DEFINITION: Definition = Definition {
        name: "MultiStudentT",
        summary: "The multivariate Student t distribution; its third argument must be named.",
        formula: "ln Gamma((df+K)/2) - ln Gamma(df/2) - K ln(pi df)/2 - sum_k ln L[k, k] - (df+K)/2 ln(1 + |inverse(L) (x - location)|^2/df), L = scale_tril, L L' = scale",
        forms: &[
            Form {
                parameters: &[
                    DF,
                    LOCATION,
                    Parameter::matrix(
                        "scale_tril",
                        Domain::CholeskyFactor,
                        "lower Cholesky factor of the scale matrix",
                    ),
                ],
                positional: 2,
            },
            Form {
                parameters: &[
                    DF,
                    LOCATION,
                    Parameter::matrix(
                        "scale",
                        Domain::Covariance,
                        "scale matrix; the covariance is df/(df - 2) times larger",
                    ),
                ],
                positional: 2,
            },
        ],
        event: Shape::Vector,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let (k, df) = (x.len(), p[0][0]);
        let half = R::lit(0.5);
        let half_k = R::lit(0.5 * k as f64);
        let centred: Vec<R> = (0..k).map(|i| x[i] - element(p[1], i)).collect();
        let ln_det = sum((0..k).map(|i| p[2][i * k + i].ln()));
        let constant = ln_rising(half * df, half_k) - R::lit(HALF_LN_2_PI * k as f64) - ln_det;
        let squares = sum(solve_lower(p[2], &centred).into_iter().map(R::square));
        constant - (half * df + half_k) * (squares / df).log1p()
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let df = p[0][0];
        <MultiNormal as Density>::sample(&[&[0.0], p[2]], rng, out);
        let spread = 1.0 / draw(rand_distr::Gamma::new(0.5 * df, 2.0 / df), rng).sqrt();
        for (i, o) in out.iter_mut().enumerate() {
            *o = element(p[1], i) + spread * *o;
        }
    }

    fn canonical<R: Real>(_form: usize, p: &[Vec<R>]) -> Vec<Vec<R>> {
        let k = (p[2].len() as f64).sqrt().round() as usize;
        vec![p[0].clone(), p[1].clone(), cholesky(&p[2], k)]
    }

    fn ln_density_arrays<'b>(
        arrays: &dyn Arrays<'b>,
        form: usize,
        x: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<Expr<'b>> {
        let (z, ln_det) = whitened(arrays, form, x - p[1], p[2]);
        let (df, k, half) = (p[0], arrays.size() as f64, Expr::Const(0.5));
        let half_k = Expr::Const(0.5 * k);
        let constant = ln_rising(half * df, half_k) - Expr::Const(HALF_LN_2_PI * k) - ln_det;
        let squares = arrays.sum(z.square());
        Some(constant - (half * df + half_k) * (squares / df).log1p())
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![0.5, -1.0],
                vec![vec![12.0], vec![0.0, 0.25], vec![1.0, 0.0, 0.5, 2.0]],
                -2.989626496743677,
            ),
            (
                vec![0.0, 1.0, 2.0],
                vec![
                    vec![0.7],
                    vec![1.0, 1.0, 1.0],
                    vec![0.1, 0.0, 0.0, -0.3, 0.2, 0.0, 5.0, 1.0, 30.0],
                ],
                -13.052956684871013,
            ),
            (
                vec![1.0, 8.0],
                vec![vec![250.5], vec![1.5, 1.5], vec![1.0, 0.0, 0.9, 1.5]],
                -12.740206400002476,
            ),
            (
                vec![0.5, -1.0],
                vec![
                    vec![10000000000.0],
                    vec![0.0, 0.25],
                    vec![1.0, 0.0, 0.5, 2.0],
                ],
                -2.9372742470340367,
            ),
        ]
    }
}
