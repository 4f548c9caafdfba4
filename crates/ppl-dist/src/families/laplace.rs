//! Laplace(location, scale).

use super::parts::open_unit;
use crate::definition::*;
use crate::real::Real;
use rand::Rng;
use std::f64::consts::LN_2;

/// The Laplace distribution.
pub struct Laplace;

impl Density for Laplace {
    const DEFINITION: Definition = Definition {
        name: "Laplace",
        summary: "The Laplace (double exponential) distribution.",
        formula: "-ln 2 - ln scale - |x - location|/scale",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("location", Domain::Real, "mean and median"),
                Parameter::scalar("scale", Domain::Positive, "mean distance from the location"),
            ],
            positional: 2,
        }],
        own_units: Some(Units::Shifted(0, 1)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        R::lit(-LN_2) - p[1][0].ln() - ((x[0] - p[0][0]) / p[1][0]).abs()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let z = (x - p[0][0]) / p[1][0];
        let tail = outer(z);
        Some(z.less(R::lit(0.0)).select(tail, R::lit(1.0) - tail))
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_below((x - p[0][0]) / p[1][0]))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_below((p[0][0] - x) / p[1][0]))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let u = open_unit(rng) - 0.5;
        out[0] = p[0][0] - p[1][0] * libm::log1p(-2.0 * u.abs()).copysign(-u);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0])
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(2.0 * p[1][0] * p[1][0])
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.3], vec![vec![0.0], vec![1.0]], -0.9931471805599453),
            (vec![-40.0], vec![vec![2.5], vec![0.1]], -423.39056208756585),
            (
                vec![1000.0],
                vec![vec![-3.0], vec![20.0]],
                -53.838879454113936,
            ),
            (vec![5.0], vec![vec![4.9], vec![0.0001]], -991.4828068085801),
        ]
    }
}

/// The probability beyond z on its side of the median.
fn outer<R: Real>(z: R) -> R {
    R::lit(0.5) * (-z.abs()).exp()
}

/// ln P(standard draw < z).
fn ln_below<R: Real>(z: R) -> R {
    z.less(R::lit(0.0))
        .select(z - R::lit(LN_2), (-outer(z)).log1p())
}
