//! PoissonLog(log_rate).

use super::parts::{draw_poisson, events_up_to, far_poisson, ln_gamma_above, ln_gamma_below};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The Poisson distribution by the logarithm of its rate.
pub struct PoissonLog;

impl Density for PoissonLog {
    const DEFINITION: Definition = Definition {
        name: "PoissonLog",
        summary: "Number of independent events, with mean exp(log_rate).",
        formula: "x log_rate - exp(log_rate) - ln x!",
        forms: &[Form {
            parameters: &[Parameter::scalar(
                "log_rate",
                Domain::Real,
                "ln of the mean",
            )],
            positional: 1,
        }],
        support: Support::COUNT,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let constant = -(x[0] + R::lit(1.0)).ln_gamma();
        constant + x[0] * p[0][0] - p[0][0].exp()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_gamma_above(events_up_to(x), p[0][0].exp()))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_gamma_below(events_up_to(x), p[0][0].exp()))
    }

    fn far_share<R: Real>(x: R, lo: Option<R>, hi: R, p: &[&[R]]) -> Option<(R, R)> {
        Some(far_poisson(x, lo, hi, (p[0][0].exp(), p[0][0])))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = draw_poisson(libm::exp(p[0][0]), rng);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(libm::exp(p[0][0]))
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(libm::exp(p[0][0]))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![3.0], vec![vec![0.9]], -1.5513625803850046),
            (vec![0.0], vec![vec![-30.0]], -9.357622968840175e-14),
            (vec![900.0], vec![vec![7.0]], -23.108673927793884),
        ]
    }
}
