//! BetaBinomial(n, a, b).

use super::parts::{draw, draw_binomial, events_up_to, ln_choose, ln_rising, ln_urn_below};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The beta-binomial distribution.
pub struct BetaBinomial;

impl Density for BetaBinomial {
    const DEFINITION: Definition = Definition {
        name: "BetaBinomial",
        summary: "Number of successes in n trials whose common probability is drawn from Beta(a, b).",
        formula: "ln choose(n, x) + ln B(x + a, n - x + b) - ln B(a, b)",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("n", Domain::Count, "number of trials"),
                Parameter::scalar("a", Domain::Positive, "prior successes"),
                Parameter::scalar("b", Domain::Positive, "prior failures"),
            ],
            positional: 3,
        }],
        support: Support::Integers(Bound::At(0.0), Bound::Parameter(0)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        // Each ratio of gammas as a power times what vanishes for large a and b, where this is the binomial.
        let (n, a, b) = (p[0][0], p[1][0], p[2][0]);
        let rising = ln_rising(a, x[0]) + ln_rising(b, n - x[0]) - ln_rising(a + b, n);
        ln_choose(n, x[0]) + rising - x[0] * (b / a).log1p() - (n - x[0]) * (a / b).log1p()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let up_to = events_up_to(x.min(p[0][0]));
        Some(ln_urn_below(up_to, p[0][0], p[1][0], p[2][0]))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let left = p[0][0] + R::lit(1.0) - events_up_to(x.min(p[0][0]));
        Some(ln_urn_below(left, p[0][0], p[2][0], p[1][0]))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let probability = draw(rand_distr::Beta::new(p[1][0], p[2][0]), rng);
        out[0] = draw_binomial(p[0][0], probability, rng);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] * p[1][0] / (p[1][0] + p[2][0]))
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        let (n, a, b) = (p[0][0], p[1][0], p[2][0]);
        let total = a + b;
        Some(n * (a / total) * (b / total) * ((total + n) / (total + 1.0)))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![3.0],
                vec![vec![10.0], vec![2.0], vec![5.0]],
                -1.80280930541464,
            ),
            (
                vec![0.0],
                vec![vec![50.0], vec![0.5], vec![0.7]],
                -2.3067388485587212,
            ),
            (
                vec![170.0],
                vec![vec![500.0], vec![40.0], vec![60.0]],
                -4.80003647923214,
            ),
            (
                vec![4.0],
                vec![vec![10.0], vec![1000000000.0], vec![3000000000.0]],
                -1.9241623487227795,
            ),
            (
                vec![7.0],
                vec![vec![7.0], vec![0.1], vec![20.0]],
                -17.437837254910935,
            ),
            (vec![0.0], vec![vec![0.0], vec![1.5], vec![2.0]], 0.0),
        ]
    }
}
