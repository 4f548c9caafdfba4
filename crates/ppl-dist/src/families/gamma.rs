//! Gamma(shape, rate), Gamma(shape, scale = s).

use super::parts::{draw, ln_gamma_above, ln_gamma_below};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The gamma distribution.
pub struct Gamma;

const SHAPE: Parameter = Parameter::scalar("shape", Domain::Positive, "shape");

impl Density for Gamma {
    const DEFINITION: Definition = Definition {
        name: "Gamma",
        summary: "The gamma distribution, with mean shape/rate.",
        formula: "shape ln rate - ln Gamma(shape) + (shape - 1) ln x - rate x",
        forms: &[
            Form {
                parameters: &[SHAPE, Parameter::scalar("rate", Domain::Positive, "rate")],
                positional: 2,
            },
            Form {
                parameters: &[
                    SHAPE,
                    Parameter::scalar("scale", Domain::Positive, "1/rate"),
                ],
                positional: 1,
            },
        ],
        support: Support::POSITIVE,
        own_units: Some(Units::Rated(1)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let (shape, rate) = (p[0][0], p[1][0]);
        let constant = shape * rate.ln() - shape.ln_gamma();
        constant + (shape - R::lit(1.0)) * x[0].ln() - rate * x[0]
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_gamma_below(p[0][0], p[1][0] * x.max(R::lit(0.0))))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_gamma_above(p[0][0], p[1][0] * x.max(R::lit(0.0))))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = draw(rand_distr::Gamma::new(p[0][0], 1.0), rng) / p[1][0];
    }

    fn canonical<R: Real>(_form: usize, p: &[Vec<R>]) -> Vec<Vec<R>> {
        vec![p[0].clone(), vec![p[1][0].recip()]]
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] / p[1][0])
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] / (p[1][0] * p[1][0]))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![1.5], vec![vec![2.0], vec![3.0]], -1.8973103145556163),
            (vec![1e-10], vec![vec![0.01], vec![1.0]], 18.19611254249903),
            (
                vec![250.0],
                vec![vec![1000.0], vec![4.0]],
                -2.9866051449064064,
            ),
            (
                vec![0.001],
                vec![vec![0.5], vec![0.0001]],
                -1.723657589421723,
            ),
        ]
    }
}
