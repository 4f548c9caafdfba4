//! Binomial(n, probability).

use super::parts::{
    count_times, draw_binomial, events_up_to, ln_beta_below, ln_choose, ln_one_minus_or_never,
    ln_or_never,
};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The binomial distribution.
pub struct Binomial;

impl Density for Binomial {
    const DEFINITION: Definition = Definition {
        name: "Binomial",
        summary: "Number of successes in n independent trials.",
        formula: "ln choose(n, x) + x ln probability + (n - x) ln(1 - probability)",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("n", Domain::Count, "number of trials"),
                Parameter::scalar("probability", Domain::Unit, "probability of success"),
            ],
            positional: 2,
        }],
        support: Support::Integers(Bound::At(0.0), Bound::Parameter(0)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let (n, probability) = (p[0][0], p[1][0]);
        ln_choose(n, x[0])
            + count_times(x[0], ln_or_never(probability))
            + count_times(n - x[0], ln_one_minus_or_never(probability))
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let n = p[0][0];
        let up_to = events_up_to(x.min(n));
        let left = n + R::lit(1.0) - up_to;
        let odds = ln_or_never(p[1][0]) - ln_one_minus_or_never(p[1][0]);
        Some(ln_beta_below(left, up_to, -odds))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let n = p[0][0];
        let up_to = events_up_to(x.min(n));
        let left = n + R::lit(1.0) - up_to;
        let odds = ln_or_never(p[1][0]) - ln_one_minus_or_never(p[1][0]);
        Some(ln_beta_below(up_to, left, odds))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = draw_binomial(p[0][0], p[1][0], rng);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] * p[1][0])
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] * p[1][0] * (1.0 - p[1][0]))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![3.0], vec![vec![10.0], vec![0.25]], -1.3851658477400923),
            (vec![0.0], vec![vec![50.0], vec![1e-09]], -5.0000000025e-08),
            (
                vec![170.0],
                vec![vec![500.0], vec![0.4]],
                -7.103797404598271,
            ),
            (
                vec![4.0],
                vec![vec![4.0], vec![0.999]],
                -0.0040020013343341375,
            ),
            (vec![0.0], vec![vec![7.0], vec![0.0]], 0.0),
            (vec![7.0], vec![vec![7.0], vec![1.0]], 0.0),
            (vec![0.0], vec![vec![0.0], vec![0.3]], 0.0),
        ]
    }
}
