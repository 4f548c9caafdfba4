//! ChiSquare(df).

use super::parts::{draw, ln_gamma_above, ln_gamma_below};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;
use std::f64::consts::LN_2;

/// The chi-squared distribution.
pub struct ChiSquare;

impl Density for ChiSquare {
    const DEFINITION: Definition = Definition {
        name: "ChiSquare",
        summary: "The sum of df squared standard normal variables: Gamma(df/2, 1/2).",
        formula: "(df/2 - 1) ln x - x/2 - df/2 ln 2 - ln Gamma(df/2)",
        forms: &[Form {
            parameters: &[Parameter::scalar(
                "df",
                Domain::Positive,
                "degrees of freedom, the mean",
            )],
            positional: 1,
        }],
        support: Support::POSITIVE,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let half = R::lit(0.5) * p[0][0];
        let constant = half * R::lit(-LN_2) - half.ln_gamma();
        constant + (half - R::lit(1.0)) * x[0].ln() - R::lit(0.5) * x[0]
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let half = R::lit(0.5);
        Some(ln_gamma_below(half * p[0][0], half * x.max(R::lit(0.0))))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let half = R::lit(0.5);
        Some(ln_gamma_above(half * p[0][0], half * x.max(R::lit(0.0))))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = draw(rand_distr::Gamma::new(0.5 * p[0][0], 2.0), rng);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0])
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(2.0 * p[0][0])
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![1.5], vec![vec![3.0]], -1.4662059791505906),
            (vec![1e-08], vec![vec![0.5]], 12.35420123312621),
            (vec![120.0], vec![vec![100.0]], -4.636007578021898),
            (vec![30.0], vec![vec![4.0]], -12.985096979457735),
        ]
    }
}
