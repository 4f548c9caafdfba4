//! InvGamma(shape, scale).

use super::parts::{draw, ln_gamma_above, ln_gamma_below};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The inverse gamma distribution.
pub struct InvGamma;

impl Density for InvGamma {
    const DEFINITION: Definition = Definition {
        name: "InvGamma",
        summary: "One over a gamma variable with that shape and, as its rate, that scale.",
        formula: "shape ln scale - ln Gamma(shape) - (shape + 1) ln x - scale/x",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("shape", Domain::Positive, "shape"),
                Parameter::scalar("scale", Domain::Positive, "scale"),
            ],
            positional: 2,
        }],
        support: Support::POSITIVE,
        own_units: Some(Units::Scaled(1)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let (shape, scale) = (p[0][0], p[1][0]);
        let constant = shape * scale.ln() - shape.ln_gamma();
        constant - (shape + R::lit(1.0)) * x[0].ln() - scale * x[0].recip()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_gamma_above(
            p[0][0],
            p[1][0] * x.max(R::lit(0.0)).recip(),
        ))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_gamma_below(
            p[0][0],
            p[1][0] * x.max(R::lit(0.0)).recip(),
        ))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = p[1][0] / draw(rand_distr::Gamma::new(p[0][0], 1.0), rng);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        (p[0][0] > 1.0).then(|| p[1][0] / (p[0][0] - 1.0))
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        let (a, b) = (p[0][0], p[1][0]);
        (a > 2.0).then(|| b * b / ((a - 1.0) * (a - 1.0) * (a - 2.0)))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![1.5], vec![vec![2.0], vec![3.0]], -1.0191707469882738),
            (
                vec![10000000000.0],
                vec![vec![0.01], vec![0.01]],
                -27.901641019142765,
            ),
            (vec![0.2], vec![vec![50.0], vec![9.0]], 2.376818454605202),
        ]
    }
}
