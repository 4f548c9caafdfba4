//! BetaProportion(mean, concentration).

use super::beta::Beta;
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The beta distribution by its mean.
pub struct BetaProportion;

impl Density for BetaProportion {
    const DEFINITION: Definition = Definition {
        name: "BetaProportion",
        summary: "The beta distribution with a = mean concentration, b = (1 - mean) concentration.",
        formula: "ln Gamma(a + b) - ln Gamma(a) - ln Gamma(b) + (a - 1) ln x + (b - 1) ln(1 - x)",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("mean", Domain::Unit, "mean"),
                Parameter::scalar("concentration", Domain::Positive, "a + b, inverse spread"),
            ],
            positional: 2,
        }],
        support: Support::UNIT,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let [a, b] = shapes(p);
        <Beta as Density>::ln_density(x, &[&[a], &[b]])
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let [a, b] = shapes(p);
        <Beta as Density>::cdf(x, &[&[a], &[b]])
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let [a, b] = shapes(p);
        <Beta as Density>::ln_cdf(x, &[&[a], &[b]])
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let [a, b] = shapes(p);
        <Beta as Density>::ln_survival(x, &[&[a], &[b]])
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let (mean, concentration) = (p[0][0], p[1][0]);
        let a = mean * concentration;
        let b = (1.0 - mean) * concentration;
        <Beta as Density>::sample(&[&[a], &[b]], rng, out);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0])
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] * (1.0 - p[0][0]) / (p[1][0] + 1.0))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.3], vec![vec![0.25], vec![8.0]], 0.7503220942637705),
            (vec![1e-09], vec![vec![0.25], vec![2.0]], 9.910050212683752),
            (vec![0.9], vec![vec![0.88], vec![340.0]], 2.5625145189452967),
            (vec![0.75], vec![vec![0.1], vec![20.0]], -18.019875474427316),
        ]
    }
}

/// a and b.
fn shapes<R: Real>(p: &[&[R]]) -> [R; 2] {
    let (mean, concentration) = (p[0][0], p[1][0]);
    [mean * concentration, (R::lit(1.0) - mean) * concentration]
}
