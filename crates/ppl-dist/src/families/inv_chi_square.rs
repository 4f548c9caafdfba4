//! InvChiSquare(df).

use super::parts::{draw, ln_gamma_above, ln_gamma_below};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;
use std::f64::consts::LN_2;

/// The inverse chi-squared distribution.
pub struct InvChiSquare;

impl Density for InvChiSquare {
    const DEFINITION: Definition = Definition {
        name: "InvChiSquare",
        summary: "One over a chi-squared variable: InvGamma(df/2, 1/2).",
        formula: "-(df/2 + 1) ln x - 1/(2 x) - df/2 ln 2 - ln Gamma(df/2)",
        forms: &[Form {
            parameters: &[Parameter::scalar(
                "df",
                Domain::Positive,
                "degrees of freedom",
            )],
            positional: 1,
        }],
        support: Support::POSITIVE,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let half = R::lit(0.5) * p[0][0];
        let constant = half * R::lit(-LN_2) - half.ln_gamma();
        constant - (half + R::lit(1.0)) * x[0].ln() - R::lit(0.5) * x[0].recip()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let half = R::lit(0.5);
        Some(ln_gamma_above(
            half * p[0][0],
            half * x.max(R::lit(0.0)).recip(),
        ))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let half = R::lit(0.5);
        Some(ln_gamma_below(
            half * p[0][0],
            half * x.max(R::lit(0.0)).recip(),
        ))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = 1.0 / draw(rand_distr::Gamma::new(0.5 * p[0][0], 2.0), rng);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        (p[0][0] > 2.0).then(|| 1.0 / (p[0][0] - 2.0))
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        let df = p[0][0];
        (df > 4.0).then(|| 2.0 / ((df - 2.0).powi(2) * (df - 4.0)))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.3], vec![vec![3.0]], 0.4243268109435006),
            (vec![100000000.0], vec![vec![0.5]], -24.48716025477852),
            (vec![0.0102], vec![vec![100.0]], 5.611034675808088),
            (vec![0.02], vec![vec![5.0]], -13.32547030287427),
        ]
    }
}
