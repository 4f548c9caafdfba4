//! BinomialLogit(n, logit).

use super::parts::{draw_binomial, events_up_to, ln_beta_below, ln_choose};
use crate::definition::*;
use crate::real::Real;
use crate::special::inv_logit;
use rand::Rng;

/// The binomial distribution by its log odds.
pub struct BinomialLogit;

impl Density for BinomialLogit {
    const DEFINITION: Definition = Definition {
        name: "BinomialLogit",
        summary: "Number of successes in n independent trials with the given log odds.",
        formula: "ln choose(n, x) + x logit - n ln(1 + exp(logit))",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("n", Domain::Count, "number of trials"),
                Parameter::scalar("logit", Domain::Real, "log odds of success"),
            ],
            positional: 2,
        }],
        support: Support::Integers(Bound::At(0.0), Bound::Parameter(0)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let (n, logit) = (p[0][0], p[1][0]);
        ln_choose(n, x[0]) + x[0] * logit - n * logit.softplus()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let n = p[0][0];
        let up_to = events_up_to(x.min(n));
        let left = n + R::lit(1.0) - up_to;
        Some(ln_beta_below(left, up_to, -p[1][0]))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let n = p[0][0];
        let up_to = events_up_to(x.min(n));
        let left = n + R::lit(1.0) - up_to;
        Some(ln_beta_below(up_to, left, p[1][0]))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = draw_binomial(p[0][0], inv_logit(p[1][0]), rng);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] * inv_logit(p[1][0]))
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] * inv_logit(p[1][0]) * inv_logit(-p[1][0]))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![3.0], vec![vec![10.0], vec![-1.1]], -1.385861508372262),
            (vec![0.0], vec![vec![50.0], vec![3.0]], -152.4293675786871),
            (
                vec![170.0],
                vec![vec![500.0], vec![-0.4]],
                -7.269543343191293,
            ),
            (vec![2.0], vec![vec![9.0], vec![-60.0]], -116.41648106154389),
        ]
    }
}
