//! Exponential(rate), Exponential(mean = m).

use super::parts::open_unit;
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The exponential distribution.
pub struct Exponential;

impl Density for Exponential {
    const DEFINITION: Definition = Definition {
        name: "Exponential",
        summary: "The exponential distribution: waiting time at a constant rate.",
        formula: "ln rate - rate x",
        forms: &[
            Form {
                parameters: &[Parameter::scalar(
                    "rate",
                    Domain::Positive,
                    "events per unit",
                )],
                positional: 1,
            },
            Form {
                parameters: &[Parameter::scalar("mean", Domain::Positive, "mean, 1/rate")],
                positional: 0,
            },
        ],
        support: Support::POSITIVE,
        own_units: Some(Units::Rated(0)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        p[0][0].ln() - p[0][0] * x[0]
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(-(-(p[0][0] * x.max(R::lit(0.0)))).expm1())
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(-(p[0][0] * x.max(R::lit(0.0))))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = -libm::log(open_unit(rng)) / p[0][0];
    }

    fn canonical<R: Real>(_form: usize, p: &[Vec<R>]) -> Vec<Vec<R>> {
        vec![vec![p[0][0].recip()]]
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(1.0 / p[0][0])
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(1.0 / (p[0][0] * p[0][0]))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.4], vec![vec![2.0]], -0.10685281944005473),
            (vec![1000.0], vec![vec![0.5]], -500.69314718055995),
            (vec![1e-07], vec![vec![10000.0]], 9.209340371976182),
            (vec![100000.0], vec![vec![1e-06]], -13.915510557964273),
        ]
    }
}
