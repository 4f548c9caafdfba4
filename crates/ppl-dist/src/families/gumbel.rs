//! Gumbel(location, scale).

use super::parts::open_unit;
use crate::definition::*;
use crate::real::Real;
use rand::Rng;
use std::f64::consts::PI;

/// The Gumbel distribution.
pub struct Gumbel;

/// Euler's constant, minus the derivative of Gamma at 1.
const EULER: f64 = 0.577_215_664_901_532_9;

impl Density for Gumbel {
    const DEFINITION: Definition = Definition {
        name: "Gumbel",
        summary: "The Gumbel distribution: the limit of the largest of many light-tailed variables.",
        formula: "-z - ln scale - exp(-z), z = (x - location)/scale",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("location", Domain::Real, "mode"),
                Parameter::scalar(
                    "scale",
                    Domain::Positive,
                    "scale (the standard deviation is pi/sqrt(6) times larger)",
                ),
            ],
            positional: 2,
        }],
        own_units: Some(Units::Shifted(0, 1)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let z = (x[0] - p[0][0]) / p[1][0];
        -z - p[1][0].ln() - (-z).exp()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some((-((p[0][0] - x) / p[1][0]).exp()).exp())
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(-((p[0][0] - x) / p[1][0]).exp())
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        // ln(1 - exp(-e)) with e = exp(-z) is -z - e/2 + O(e^2) where e is small; below z = -100 it is 0.
        let z = ((x - p[0][0]) / p[1][0]).max(R::lit(-100.0));
        let far = z.less(R::lit(20.0)).equal(R::lit(0.0));
        let e = (-far.select(R::lit(0.0), z)).exp();
        let near = (-(-e).expm1()).ln();
        Some(far.select(-z - R::lit(0.5) * (-z).exp(), near))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = p[0][0] - p[1][0] * libm::log(-libm::log(open_unit(rng)));
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] + EULER * p[1][0])
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some((PI * p[1][0]).powi(2) / 6.0)
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.3], vec![vec![0.0], vec![1.0]], -1.0408182206817178),
            (vec![-5.0], vec![vec![1.0], vec![2.5]], -9.539467112515757),
            (vec![400.0], vec![vec![-3.0], vec![0.5]], -805.3068528194401),
            (vec![2.0], vec![vec![1.9], vec![1000.0]], -7.90775528398197),
        ]
    }
}
