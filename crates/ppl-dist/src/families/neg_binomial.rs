//! NegBinomial(mean, size = phi), NegBinomial(size = r, probability = q).

use super::parts::{
    count_times, draw, draw_poisson, events_up_to, ln_beta_below, ln_or_never, ln_rising,
};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The negative binomial distribution.
pub struct NegBinomial;

impl Density for NegBinomial {
    const DEFINITION: Definition = Definition {
        name: "NegBinomial",
        summary: "Counts with more variance than the Poisson of the same mean: mean + mean^2/size.",
        formula: "ln Gamma(x + size) - ln Gamma(size) - ln x! + x ln(mean/(mean + size)) + size ln(size/(mean + size))",
        forms: &[
            Form {
                parameters: &[
                    Parameter::scalar("mean", Domain::NonNegative, "mean"),
                    Parameter::scalar(
                        "size",
                        Domain::Positive,
                        "inverse overdispersion (phi): the variance is mean + mean^2/size",
                    ),
                ],
                positional: 1,
            },
            Form {
                parameters: &[
                    Parameter::scalar("size", Domain::Positive, "number of successes waited for"),
                    Parameter::scalar(
                        "probability",
                        Domain::Unit,
                        "probability of success; the mean is size (1 - probability)/probability",
                    ),
                ],
                positional: 0,
            },
        ],
        support: Support::COUNT,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let (mean, size) = (p[0][0], p[1][0]);
        let constant = ln_rising(size, x[0]) - (x[0] + R::lit(1.0)).ln_gamma();
        let weight = (x[0] + size) * (mean / size).log1p();
        constant + count_times(x[0], ln_or_never(mean)) - weight
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let (mean, size) = (p[0][0], p[1][0]);
        let odds = size.ln() - ln_or_never(mean);
        Some(ln_beta_below(size, events_up_to(x), odds))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let (mean, size) = (p[0][0], p[1][0]);
        let odds = size.ln() - ln_or_never(mean);
        Some(ln_beta_below(events_up_to(x), size, -odds))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let gamma = draw(rand_distr::Gamma::new(p[1][0], 1.0 / p[1][0]), rng);
        out[0] = draw_poisson(p[0][0] * gamma, rng);
    }

    fn canonical<R: Real>(_form: usize, p: &[Vec<R>]) -> Vec<Vec<R>> {
        let (size, probability) = (p[0][0], p[1][0]);
        let mean = size * (R::lit(1.0) - probability) / probability;
        vec![vec![mean], vec![size]]
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0])
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] + p[0][0] * p[0][0] / p[1][0])
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![3.0], vec![vec![2.5], vec![1.5]], -2.0984954280051635),
            (vec![0.0], vec![vec![40.0], vec![0.5]], -2.1972245773362196),
            (
                vec![900.0],
                vec![vec![1000.0], vec![20.0]],
                -6.3436581900542155,
            ),
            (
                vec![3.0],
                vec![vec![2.5], vec![10000000000.0]],
                -1.5428872737430899,
            ),
            (vec![7.0], vec![vec![12.0], vec![99.9]], -3.051322630947855),
            (
                vec![7.0],
                vec![vec![12.0], vec![100.1]],
                -3.0514624355009374,
            ),
            (
                vec![20.0],
                vec![vec![4.0], vec![3000.0]],
                -18.57051728930612,
            ),
            (vec![0.0], vec![vec![0.0], vec![1.5]], 0.0),
            (vec![2.0], vec![vec![0.0], vec![1.5]], f64::NEG_INFINITY),
        ]
    }
}
