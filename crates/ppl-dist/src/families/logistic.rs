//! Logistic(location, scale).

use super::parts::open_unit;
use crate::definition::*;
use crate::real::Real;
use rand::Rng;
use std::f64::consts::PI;

/// The logistic distribution.
pub struct Logistic;

impl Density for Logistic {
    const DEFINITION: Definition = Definition {
        name: "Logistic",
        summary: "The logistic distribution: log odds of a uniform variable, moved and scaled.",
        formula: "-z - ln scale - 2 ln(1 + exp(-z)), z = (x - location)/scale",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("location", Domain::Real, "mean and median"),
                Parameter::scalar(
                    "scale",
                    Domain::Positive,
                    "scale (the standard deviation is pi/sqrt(3) times larger)",
                ),
            ],
            positional: 2,
        }],
        own_units: Some(Units::Shifted(0, 1)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let z = (x[0] - p[0][0]) / p[1][0];
        -z - p[1][0].ln() - R::lit(2.0) * (-z).softplus()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(((x - p[0][0]) / p[1][0]).inv_logit())
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(-((p[0][0] - x) / p[1][0]).softplus())
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(-((x - p[0][0]) / p[1][0]).softplus())
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let u = open_unit(rng);
        out[0] = p[0][0] + p[1][0] * (libm::log(u) - libm::log1p(-u));
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0])
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some((PI * p[1][0]).powi(2) / 3.0)
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.3], vec![vec![0.0], vec![1.0]], -1.4087104889370543),
            (vec![-900.0], vec![vec![1.0], vec![2.5]], -361.3162907318742),
            (vec![40.0], vec![vec![-3.0], vec![0.05]], -857.004267726446),
            (vec![2.0], vec![vec![1.9], vec![1000.0]], -8.294049642602028),
        ]
    }
}
