//! HalfNormal(sd).

use super::parts::standard_normal;
use crate::definition::*;
use crate::real::Real;
use rand::Rng;
use std::f64::consts::{FRAC_1_SQRT_2, LN_2, PI};

/// The normal distribution around 0, folded to the positive half.
pub struct HalfNormal;

impl Density for HalfNormal {
    const DEFINITION: Definition = Definition {
        name: "HalfNormal",
        summary: "The absolute value of a normal variable with mean 0.",
        formula: "ln(2/pi)/2 - ln sd - (x/sd)^2/2",
        forms: &[Form {
            parameters: &[Parameter::scalar(
                "sd",
                Domain::Positive,
                "standard deviation before folding",
            )],
            positional: 1,
        }],
        support: Support::POSITIVE,
        own_units: Some(Units::Scaled(0)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let z = x[0] / p[0][0];
        R::lit(-0.225_791_352_644_727_43) - p[0][0].ln() + R::lit(-0.5) * z.square()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some((x.max(R::lit(0.0)) / p[0][0] * R::lit(FRAC_1_SQRT_2)).erf())
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let z = x.max(R::lit(0.0)) / p[0][0];
        Some(R::lit(LN_2) + (-z).ln_phi())
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = (p[0][0] * standard_normal(rng)).abs();
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] * (2.0 / PI).sqrt())
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] * p[0][0] * (1.0 - 2.0 / PI))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.5], vec![vec![1.0]], -0.35079135264472744),
            (vec![1e-08], vec![vec![0.001]], 6.68196392628741),
            (vec![40.0], vec![vec![1.0]], -800.2257913526447),
            (vec![30000.0], vec![vec![100000.0]], -11.783716817614955),
        ]
    }
}
