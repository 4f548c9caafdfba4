//! Hypergeometric(draws, successes, failures).

use super::parts::{draw_label, events_up_to, ln_choose, ln_urn_below};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The hypergeometric distribution.
pub struct Hypergeometric;

impl Density for Hypergeometric {
    const DEFINITION: Definition = Definition {
        name: "Hypergeometric",
        summary: "Number of successes among so many draws without replacement from a population.",
        formula: "ln choose(successes, x) + ln choose(failures, draws - x) - ln choose(successes + failures, draws)",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("draws", Domain::Count, "number of draws"),
                Parameter::scalar("successes", Domain::Count, "successes in the population"),
                Parameter::scalar("failures", Domain::Count, "failures in the population"),
            ],
            positional: 3,
        }],
        support: Support::Integers(Bound::At(0.0), Bound::Parameter(0)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let (draws, successes, failures) = (p[0][0], p[1][0], p[2][0]);
        let possible = x[0]
            .less_eq(successes)
            .select((draws - x[0]).less_eq(failures), R::lit(0.0));
        let (s, f) = (
            possible.select(x[0], R::lit(0.0)),
            possible.select(draws - x[0], R::lit(0.0)),
        );
        let ways = ln_choose(successes, s) + ln_choose(failures, f);
        let ln_p = ways - ln_choose(successes + failures, draws);
        possible.select(ln_p, R::lit(f64::NEG_INFINITY))
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let up_to = events_up_to(x.min(p[0][0]));
        Some(ln_urn_below(up_to, p[0][0], -p[1][0], -p[2][0]))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let left = p[0][0] + R::lit(1.0) - events_up_to(x.min(p[0][0]));
        Some(ln_urn_below(left, p[0][0], -p[2][0], -p[1][0]))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let n = p[0][0] as u64;
        if !(p[0][0] >= 0.0 && p[0][0] <= p[1][0] + p[2][0]) {
            out[0] = f64::NAN;
            return;
        }
        let weight = |x: u64| libm::exp(<Self as Density>::ln_density(&[x as f64], p));
        out[0] = draw_label((0..=n).map(weight), 1.0, rng);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] * p[1][0] / (p[1][0] + p[2][0]))
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        let total = p[1][0] + p[2][0];
        let share = p[1][0] / total;
        Some(p[0][0] * share * (1.0 - share) * (total - p[0][0]) / (total - 1.0))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![3.0],
                vec![vec![10.0], vec![7.0], vec![13.0]],
                -1.1236919730651331,
            ),
            (
                vec![0.0],
                vec![vec![5.0], vec![20.0], vec![30.0]],
                -2.699202186796173,
            ),
            (
                vec![40.0],
                vec![vec![100.0], vec![300.0], vec![500.0]],
                -2.5932466543572823,
            ),
            (
                vec![4.0],
                vec![vec![6.0], vec![4.0], vec![9.0]],
                -3.8642323415917974,
            ),
            (
                vec![5.0],
                vec![vec![6.0], vec![4.0], vec![9.0]],
                f64::NEG_INFINITY,
            ),
        ]
    }
}
