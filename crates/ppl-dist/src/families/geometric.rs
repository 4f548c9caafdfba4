//! Geometric(probability).

use super::parts::{count_times, ln_one_minus_or_never, ln_or_never, open_unit};
use crate::definition::*;
use crate::prim::Prim;
use crate::real::Real;
use rand::Rng;

/// The geometric distribution.
pub struct Geometric;

impl Density for Geometric {
    const DEFINITION: Definition = Definition {
        name: "Geometric",
        summary: "Number of failures before the first success.",
        formula: "ln probability + x ln(1 - probability)",
        forms: &[Form {
            parameters: &[Parameter::scalar(
                "probability",
                Domain::Unit,
                "probability of success",
            )],
            positional: 1,
        }],
        support: Support::COUNT,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        ln_or_never(p[0][0]) + count_times(x[0], ln_one_minus_or_never(p[0][0]))
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(-ln_above(x, p).expm1())
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_above(x, p))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = (libm::log(open_unit(rng)) / libm::log1p(-p[0][0])).floor();
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some((1.0 - p[0][0]) / p[0][0])
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some((1.0 - p[0][0]) / (p[0][0] * p[0][0]))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![3.0], vec![vec![0.25]], -2.2493405784752336),
            (vec![0.0], vec![vec![0.75]], -0.2876820724517809),
            (vec![40.0], vec![vec![0.05]], -5.047464049056012),
            (vec![7.0], vec![vec![0.999]], -48.35528745320854),
            (vec![0.0], vec![vec![1.0]], 0.0),
        ]
    }
}

/// ln P(draw > x), the first floor(x) + 1 trials all failures; 0 below 0.
fn ln_above<R: Real>(x: R, p: &[&[R]]) -> R {
    let trials = R::prim(Prim::Floor, &[x.max(R::lit(-1.0))]) + R::lit(1.0);
    count_times(trials, ln_one_minus_or_never(p[0][0]))
}
