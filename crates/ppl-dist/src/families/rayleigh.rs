//! Rayleigh(scale).

use super::parts::open_unit;
use crate::definition::*;
use crate::real::Real;
use rand::Rng;
use std::f64::consts::FRAC_PI_2;

/// The Rayleigh distribution.
pub struct Rayleigh;

impl Density for Rayleigh {
    const DEFINITION: Definition = Definition {
        name: "Rayleigh",
        summary: "The length of a vector of two independent normal variables with mean 0.",
        formula: "ln x - 2 ln scale - (x/scale)^2/2",
        forms: &[Form {
            parameters: &[Parameter::scalar(
                "scale",
                Domain::Positive,
                "standard deviation of each of the two",
            )],
            positional: 1,
        }],
        support: Support::POSITIVE,
        own_units: Some(Units::Scaled(0)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let scale = p[0][0];
        x[0].ln() - R::lit(2.0) * scale.ln() + R::lit(-0.5) * (x[0] / scale).square()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(-ln_above(x, p).expm1())
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_above(x, p))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = p[0][0] * (-2.0 * libm::log(open_unit(rng))).sqrt();
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] * FRAC_PI_2.sqrt())
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] * p[0][0] * (2.0 - FRAC_PI_2))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.5], vec![vec![1.0]], -0.8181471805599453),
            (vec![1e-06], vec![vec![0.01]], -4.605170190988091),
            (vec![400.0], vec![vec![12.0]], -554.5339043080236),
            (vec![30000.0], vec![vec![100000.0]], -12.761898269296164),
        ]
    }
}

/// ln P(draw > x), 0 below 0.
fn ln_above<R: Real>(x: R, p: &[&[R]]) -> R {
    R::lit(-0.5) * (x.max(R::lit(0.0)) / p[0][0]).square()
}
