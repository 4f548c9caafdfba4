//! Normal(mean, sd).

use super::parts::{HALF_LN_2_PI, standard_normal};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The normal distribution.
pub struct Normal;

impl Density for Normal {
    const DEFINITION: Definition = Definition {
        name: "Normal",
        summary: "The normal (Gaussian) distribution.",
        formula: "-ln sd - ln(2 pi)/2 - ((x - mean)/sd)^2/2",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("mean", Domain::Real, "mean"),
                Parameter::scalar("sd", Domain::Positive, "standard deviation"),
            ],
            positional: 2,
        }],
        location_scale: Some(LocationScale {
            location: 0,
            scale: 1,
            exponentiated: false,
        }),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let z = (x[0] - p[0][0]) / p[1][0];
        R::lit(-HALF_LN_2_PI) - p[1][0].ln() + R::lit(-0.5) * z.square()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(((x - p[0][0]) / p[1][0]).phi())
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(((x - p[0][0]) / p[1][0]).ln_phi())
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(((p[0][0] - x) / p[1][0]).ln_phi())
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = p[0][0] + p[1][0] * standard_normal(rng);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0])
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(p[1][0] * p[1][0])
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.0], vec![vec![0.0], vec![1.0]], -0.9189385332046728),
            (vec![2.5], vec![vec![-1.0], vec![0.3]], -67.7705212844343),
            (
                vec![1000.0],
                vec![vec![0.0], vec![20.0]],
                -1253.9146708067587,
            ),
            (
                vec![1.00001],
                vec![vec![1.0], vec![1e-06]],
                -37.10342797589552,
            ),
            (
                vec![-700000.0],
                vec![vec![100000.0], vec![100000000.0]],
                -19.33965127715704,
            ),
        ]
    }
}
