//! Poisson(rate).

use super::parts::{
    count_times, draw_poisson, events_up_to, far_poisson, ln_gamma_above, ln_gamma_below,
    ln_or_never,
};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The Poisson distribution.
pub struct Poisson;

impl Density for Poisson {
    const DEFINITION: Definition = Definition {
        name: "Poisson",
        summary: "Number of independent events, with the given mean.",
        formula: "x ln rate - rate - ln x!",
        forms: &[Form {
            parameters: &[Parameter::scalar("rate", Domain::NonNegative, "mean")],
            positional: 1,
        }],
        support: Support::COUNT,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let rate = p[0][0];
        let constant = -(x[0] + R::lit(1.0)).ln_gamma();
        constant + count_times(x[0], ln_or_never(rate)) - rate
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_gamma_above(events_up_to(x), p[0][0]))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_gamma_below(events_up_to(x), p[0][0]))
    }

    fn far_share<R: Real>(x: R, lo: Option<R>, hi: R, p: &[&[R]]) -> Option<(R, R)> {
        Some(far_poisson(x, lo, hi, (p[0][0], ln_or_never(p[0][0]))))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = draw_poisson(p[0][0], rng);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0])
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0])
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![3.0], vec![vec![2.5]], -1.5428872736055899),
            (vec![0.0], vec![vec![40.0]], -40.0),
            (vec![900.0], vec![vec![1000.0]], -9.495764415411939),
            (vec![5.0], vec![vec![1e-08]], -96.89089547254387),
            (vec![0.0], vec![vec![0.0]], 0.0),
            (vec![2.0], vec![vec![0.0]], f64::NEG_INFINITY),
        ]
    }
}
