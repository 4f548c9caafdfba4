//! Constant(value).

use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// All probability on one whole number.
pub struct Constant;

impl Density for Constant {
    const DEFINITION: Definition = Definition {
        name: "Constant",
        summary: "One whole number with probability 1: the excess of zero inflation, in a branch beside a discrete distribution.",
        formula: "0 at value, -inf elsewhere",
        forms: &[Form {
            parameters: &[Parameter::scalar("value", Domain::Count, "the only draw")],
            positional: 1,
        }],
        support: Support::Integers(Bound::Parameter(0), Bound::Parameter(0)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        x[0].equal(p[0][0])
            .select(R::lit(0.0), R::lit(f64::NEG_INFINITY))
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(x.less(p[0][0]).select(R::lit(0.0), R::lit(1.0)))
    }

    fn sample(p: &[&[f64]], _rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = p[0][0];
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0])
    }

    fn variance(_p: &[&[f64]]) -> Option<f64> {
        Some(0.0)
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.0], vec![vec![0.0]], 0.0),
            (vec![7.0], vec![vec![7.0]], 0.0),
            (vec![3.0], vec![vec![0.0]], f64::NEG_INFINITY),
        ]
    }
}
