//! LogNormal(location, scale).

use super::parts::{HALF_LN_2_PI, standard_normal};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The log-normal distribution.
pub struct LogNormal;

impl Density for LogNormal {
    const DEFINITION: Definition = Definition {
        name: "LogNormal",
        summary: "e to a normal variable.",
        formula: "-ln x - ln scale - ln(2 pi)/2 - ((ln x - location)/scale)^2/2",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("location", Domain::Real, "mean of ln x"),
                Parameter::scalar("scale", Domain::Positive, "standard deviation of ln x"),
            ],
            positional: 2,
        }],
        support: Support::POSITIVE,
        location_scale: Some(LocationScale {
            location: 0,
            scale: 1,
            exponentiated: true,
        }),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let ln_x = x[0].ln();
        let z = (ln_x - p[0][0]) / p[1][0];
        R::lit(-HALF_LN_2_PI) - p[1][0].ln() - ln_x + R::lit(-0.5) * z.square()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(((x.max(R::lit(0.0)).ln() - p[0][0]) / p[1][0]).phi())
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(((x.max(R::lit(0.0)).ln() - p[0][0]) / p[1][0]).ln_phi())
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(((p[0][0] - x.max(R::lit(0.0)).ln()) / p[1][0]).ln_phi())
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = libm::exp(p[0][0] + p[1][0] * standard_normal(rng));
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(libm::exp(p[0][0] + 0.5 * p[1][0] * p[1][0]))
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        let s2 = p[1][0] * p[1][0];
        Some(libm::expm1(s2) * libm::exp(2.0 * p[0][0] + s2))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![1.5], vec![vec![0.2], vec![0.8]], -1.1342412701938616),
            (vec![1e-12], vec![vec![0.0], vec![2.0]], -69.41523058644724),
            (
                vec![300000.0],
                vec![vec![12.6], vec![0.05]],
                -10.561367965092819,
            ),
        ]
    }
}
