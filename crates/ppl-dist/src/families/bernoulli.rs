//! Bernoulli(probability).

use super::parts::{ln_one_minus_or_never, ln_or_never, steps};
use crate::definition::*;
use crate::real::Real;
use rand::{Rng, RngExt};

/// The Bernoulli distribution.
pub struct Bernoulli;

impl Density for Bernoulli {
    const DEFINITION: Definition = Definition {
        name: "Bernoulli",
        summary: "1 with the given probability, else 0.",
        formula: "x ln probability + (1 - x) ln(1 - probability)",
        forms: &[Form {
            parameters: &[Parameter::scalar(
                "probability",
                Domain::Unit,
                "probability of 1",
            )],
            positional: 1,
        }],
        support: Support::Bool,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        x[0].select(ln_or_never(p[0][0]), ln_one_minus_or_never(p[0][0]))
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let (never, certain) = (R::lit(f64::NEG_INFINITY), R::lit(0.0));
        Some(steps(x, never, ln_one_minus_or_never(p[0][0]), certain))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let (never, certain) = (R::lit(f64::NEG_INFINITY), R::lit(0.0));
        Some(steps(x, certain, ln_or_never(p[0][0]), never))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = f64::from(u8::from(rng.random::<f64>() < p[0][0]));
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0])
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] * (1.0 - p[0][0]))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![1.0], vec![vec![0.3]], -1.2039728043259361),
            (vec![0.0], vec![vec![0.3]], -0.35667494393873234),
            (vec![0.0], vec![vec![1e-12]], -1.0000000000005e-12),
            (vec![1.0], vec![vec![1e-300]], -690.7755278982137),
            (vec![0.0], vec![vec![0.0]], 0.0),
            (vec![1.0], vec![vec![1.0]], 0.0),
            (vec![1.0], vec![vec![0.0]], f64::NEG_INFINITY),
        ]
    }
}
