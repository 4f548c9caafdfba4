//! Pareto(minimum, shape).

use super::parts::open_unit;
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The Pareto distribution.
pub struct Pareto;

impl Density for Pareto {
    const DEFINITION: Definition = Definition {
        name: "Pareto",
        summary: "The Pareto distribution (type 1): a power law above a minimum.",
        formula: "ln shape - ln x - shape ln(x/minimum)",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("minimum", Domain::Positive, "lower end"),
                Parameter::scalar(
                    "shape",
                    Domain::Positive,
                    "exponent of the tail P(draw > x)",
                ),
            ],
            positional: 2,
        }],
        support: Support::Interval(Bound::Parameter(0), Bound::At(f64::INFINITY)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        p[1][0].ln() - x[0].ln() - p[1][0] * (x[0] / p[0][0]).ln()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(-ln_above(x, p).expm1())
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_above(x, p))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = p[0][0] * libm::exp(-libm::log(open_unit(rng)) / p[1][0]);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        (p[1][0] > 1.0).then(|| p[1][0] * p[0][0] / (p[1][0] - 1.0))
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        let (minimum, shape) = (p[0][0], p[1][0]);
        (shape > 2.0).then(|| minimum * minimum * shape / ((shape - 1.0).powi(2) * (shape - 2.0)))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![1.5], vec![vec![1.0], vec![2.5]], -0.5028371465044202),
            (
                vec![10000000000.0],
                vec![vec![0.01], vec![1.5]],
                -64.06691749572512,
            ),
            (vec![7.001], vec![vec![7.0], vec![40.0]], 1.7371125805289849),
            (vec![30.0], vec![vec![2.0], vec![4.0]], -12.847103824951105),
        ]
    }
}

/// ln P(draw > x), 0 below the minimum.
fn ln_above<R: Real>(x: R, p: &[&[R]]) -> R {
    -(p[1][0] * (x.max(p[0][0]) / p[0][0]).ln())
}
