//! Uniform(lower, upper).

use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The uniform distribution.
pub struct Uniform;

impl Density for Uniform {
    const DEFINITION: Definition = Definition {
        name: "Uniform",
        summary: "The uniform distribution between two ends.",
        formula: "-ln(upper - lower)",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("lower", Domain::Real, "lower end"),
                Parameter::scalar("upper", Domain::Real, "upper end"),
            ],
            positional: 2,
        }],
        support: Support::Interval(Bound::Parameter(0), Bound::Parameter(1)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(_x: &[R], p: &[&[R]]) -> R {
        -(p[1][0] - p[0][0]).ln()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let inside = x.max(p[0][0]).min(p[1][0]);
        Some((inside - p[0][0]) / (p[1][0] - p[0][0]))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = p[0][0] + (p[1][0] - p[0][0]) * super::parts::open_unit(rng);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(0.5 * (p[0][0] + p[1][0]))
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some((p[1][0] - p[0][0]).powi(2) / 12.0)
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.5], vec![vec![0.0], vec![1.0]], 0.0),
            (
                vec![-3.0],
                vec![vec![-1000.0], vec![7.0]],
                -6.914730892718563,
            ),
            (
                vec![2.0],
                vec![vec![1.9999], vec![2.0001]],
                8.517193191415238,
            ),
        ]
    }
}
