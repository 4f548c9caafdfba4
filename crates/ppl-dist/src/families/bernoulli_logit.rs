//! BernoulliLogit(logit).

use super::parts::steps;
use crate::definition::*;
use crate::real::Real;
use crate::special::inv_logit;
use rand::{Rng, RngExt};

/// The Bernoulli distribution by its log odds.
pub struct BernoulliLogit;

impl Density for BernoulliLogit {
    const DEFINITION: Definition = Definition {
        name: "BernoulliLogit",
        summary: "1 with probability 1/(1 + exp(-logit)), else 0.",
        formula: "-ln(1 + exp((1 - 2 x) logit))",
        forms: &[Form {
            parameters: &[Parameter::scalar("logit", Domain::Real, "log odds of 1")],
            positional: 1,
        }],
        support: Support::Bool,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let sign = R::lit(1.0) + R::lit(-2.0) * x[0];
        -(sign * p[0][0]).softplus()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let (never, certain) = (R::lit(f64::NEG_INFINITY), R::lit(0.0));
        Some(steps(x, never, -p[0][0].softplus(), certain))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let (never, certain) = (R::lit(f64::NEG_INFINITY), R::lit(0.0));
        Some(steps(x, certain, -(-p[0][0]).softplus(), never))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = f64::from(u8::from(rng.random::<f64>() < inv_logit(p[0][0])));
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(inv_logit(p[0][0]))
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(inv_logit(p[0][0]) * inv_logit(-p[0][0]))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![1.0], vec![vec![0.4]], -0.5130152523999526),
            (vec![0.0], vec![vec![0.4]], -0.9130152523999526),
            (vec![1.0], vec![vec![45.0]], -2.8625185805493937e-20),
            (vec![0.0], vec![vec![800.0]], -800.0),
            (vec![1.0], vec![vec![-37.0]], -37.0),
        ]
    }
}
