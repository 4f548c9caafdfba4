//! NegBinomialLog(log_mean, size = phi).

use super::parts::{draw, draw_poisson, events_up_to, ln_beta_below, ln_rising};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The negative binomial distribution by the logarithm of its mean.
pub struct NegBinomialLog;

impl Density for NegBinomialLog {
    const DEFINITION: Definition = Definition {
        name: "NegBinomialLog",
        summary: "Overdispersed counts, with mean exp(log_mean) and variance mean + mean^2/size.",
        formula: "ln Gamma(x + size) - ln Gamma(size) - ln x! + x log_mean - x ln size - (x + size) ln(1 + exp(log_mean)/size)",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("log_mean", Domain::Real, "ln of the mean"),
                Parameter::scalar(
                    "size",
                    Domain::Positive,
                    "inverse overdispersion (phi): the variance is mean + mean^2/size",
                ),
            ],
            positional: 1,
        }],
        support: Support::COUNT,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let (log_mean, size) = (p[0][0], p[1][0]);
        let constant = ln_rising(size, x[0]) - (x[0] + R::lit(1.0)).ln_gamma();
        constant + x[0] * log_mean - (x[0] + size) * (log_mean - size.ln()).softplus()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let size = p[1][0];
        let odds = size.ln() - p[0][0];
        Some(ln_beta_below(size, events_up_to(x), odds))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let size = p[1][0];
        let odds = size.ln() - p[0][0];
        Some(ln_beta_below(events_up_to(x), size, -odds))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let gamma = draw(rand_distr::Gamma::new(p[1][0], 1.0 / p[1][0]), rng);
        out[0] = draw_poisson(libm::exp(p[0][0]) * gamma, rng);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(libm::exp(p[0][0]))
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        let mean = libm::exp(p[0][0]);
        Some(mean + mean * mean / p[1][0])
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![3.0], vec![vec![0.9], vec![1.5]], -2.101690079635323),
            (
                vec![0.0],
                vec![vec![-30.0], vec![0.5]],
                -9.357622968839299e-14,
            ),
            (vec![120.0], vec![vec![5.0], vec![20.0]], -4.657808670355596),
            (
                vec![3.0],
                vec![vec![0.9], vec![10000000000.0]],
                -1.5513625805204032,
            ),
            (vec![20.0], vec![vec![1.5], vec![0.7]], -5.468704761864588),
        ]
    }
}
