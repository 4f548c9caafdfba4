//! Weibull(shape, scale).

use super::parts::open_unit;
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The Weibull distribution.
pub struct Weibull;

impl Density for Weibull {
    const DEFINITION: Definition = Definition {
        name: "Weibull",
        summary: "The Weibull distribution: waiting time with a hazard that is a power of time.",
        formula: "ln shape - ln scale + (shape - 1) ln(x/scale) - (x/scale)^shape",
        forms: &[Form {
            parameters: &[
                Parameter::scalar(
                    "shape",
                    Domain::Positive,
                    "1 for a constant hazard, above 1 for one that grows",
                ),
                Parameter::scalar("scale", Domain::Positive, "the 0.632 quantile, 1 - exp(-1)"),
            ],
            positional: 2,
        }],
        support: Support::POSITIVE,
        own_units: Some(Units::Scaled(1)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let (shape, scale) = (p[0][0], p[1][0]);
        let ln_z = (x[0] / scale).ln();
        shape.ln() - scale.ln() + (shape - R::lit(1.0)) * ln_z - (shape * ln_z).exp()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(-(-hazard(x, p)).expm1())
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(-hazard(x, p))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = p[1][0] * libm::pow(-libm::log(open_unit(rng)), 1.0 / p[0][0]);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[1][0] * libm::tgamma(1.0 + 1.0 / p[0][0]))
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        let first = libm::tgamma(1.0 + 1.0 / p[0][0]);
        Some(p[1][0] * p[1][0] * (libm::tgamma(1.0 + 2.0 / p[0][0]) - first * first))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.7], vec![vec![1.5], vec![2.0]], -1.0196559271096064),
            (vec![1e-08], vec![vec![0.5], vec![3.0]], 7.9678293120552635),
            (vec![12.0], vec![vec![8.0], vec![10.0]], -3.2467096137565274),
            (
                vec![1000.0],
                vec![vec![1.0], vec![50.0]],
                -23.912023005428146,
            ),
        ]
    }
}

/// (x/scale)^shape, the hazard summed up to x.
fn hazard<R: Real>(x: R, p: &[&[R]]) -> R {
    (p[0][0] * (x.max(R::lit(0.0)) / p[1][0]).ln()).exp()
}
