//! Beta(a, b), Beta(mean = m, concentration = k).

use super::parts::{draw, ln_beta_below, log_odds};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The beta distribution.
pub struct Beta;

impl Density for Beta {
    const DEFINITION: Definition = Definition {
        name: "Beta",
        summary: "The beta distribution, with mean a/(a + b).",
        formula: "ln Gamma(a + b) - ln Gamma(a) - ln Gamma(b) + (a - 1) ln x + (b - 1) ln(1 - x)",
        forms: &[
            Form {
                parameters: &[
                    Parameter::scalar("a", Domain::Positive, "prior successes"),
                    Parameter::scalar("b", Domain::Positive, "prior failures"),
                ],
                positional: 2,
            },
            Form {
                parameters: &[
                    Parameter::scalar("mean", Domain::Unit, "a/(a + b)"),
                    Parameter::scalar("concentration", Domain::Positive, "a + b"),
                ],
                positional: 0,
            },
        ],
        support: Support::UNIT,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let (a, b) = (p[0][0], p[1][0]);
        let one = R::lit(1.0);
        let constant = (a + b).ln_gamma() - a.ln_gamma() - b.ln_gamma();
        constant + (a - one) * x[0].ln() + (b - one) * (-x[0]).log1p()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_beta_below(p[0][0], p[1][0], log_odds(x)))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_beta_below(p[1][0], p[0][0], -log_odds(x)))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = draw(rand_distr::Beta::new(p[0][0], p[1][0]), rng);
    }

    fn canonical<R: Real>(_form: usize, p: &[Vec<R>]) -> Vec<Vec<R>> {
        let (mean, concentration) = (p[0][0], p[1][0]);
        vec![
            vec![mean * concentration],
            vec![(R::lit(1.0) - mean) * concentration],
        ]
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] / (p[0][0] + p[1][0]))
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        let (a, b) = (p[0][0], p[1][0]);
        Some(a * b / ((a + b) * (a + b) * (a + b + 1.0)))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.3], vec![vec![2.0], vec![5.0]], 0.7705248015812899),
            (vec![1e-12], vec![vec![0.5], vec![0.5]], 12.670780672115374),
            (vec![0.9], vec![vec![300.0], vec![40.0]], 2.7087802703254225),
            (vec![0.75], vec![vec![0.01], vec![20.0]], -30.62455968456702),
        ]
    }
}
