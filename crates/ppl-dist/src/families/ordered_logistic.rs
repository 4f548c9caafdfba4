//! OrderedLogistic(location, cutpoints).

use super::parts::{ln_one_minus_exp, open_unit, pick};
use crate::definition::*;
use crate::real::Real;
use crate::special::inv_logit;
use rand::Rng;

/// The ordered logistic distribution (proportional odds).
pub struct OrderedLogistic;

impl Density for OrderedLogistic {
    const DEFINITION: Definition = Definition {
        name: "OrderedLogistic",
        summary: "One of K labels in order: where a logistic variable falls between K - 1 cutpoints.",
        formula: "ln(inv_logit(cutpoints[x] - location) - inv_logit(cutpoints[x-1] - location)), with cutpoints -inf and inf beyond the ends (McCullagh 1980)",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("location", Domain::Real, "larger: higher labels"),
                Parameter::own_axis("cutpoints", Domain::Ordered, "one fewer than the labels"),
            ],
            positional: 2,
        }],
        support: Support::OrderedCategory,
        ..Definition::SCALAR
    };

    /// With s the logistic function, s(b) - s(a) = s(b) s(-a) (1 - e^(a - b)).
    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let (location, cuts) = (p[0][0], p[1]);
        let last = cuts.len();
        let zero = R::lit(0.0);
        // The cutpoint above label k, and that below label k + 1.
        let above = pick(x[0], &[cuts, &cuts[last - 1..]].concat()) - location;
        let below = pick(x[0], &[&cuts[..1], cuts].concat()) - location;
        let mut gaps = vec![zero];
        gaps.extend(cuts.windows(2).map(|w| ln_one_minus_exp(w[0] - w[1])));
        gaps.push(zero);
        let not_over = x[0]
            .equal(R::lit(last as f64))
            .select(zero, -(-above).softplus());
        let not_under = x[0].select(-below.softplus(), zero);
        not_over + not_under + pick(x[0], &gaps)
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let u = open_unit(rng);
        let below = p[1].iter().filter(|c| inv_logit(**c - p[0][0]) < u);
        out[0] = below.count() as f64;
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![1.0],
                vec![vec![0.5], vec![-1.0, 0.25, 2.0]],
                -1.364932262949007,
            ),
            (
                vec![0.0],
                vec![vec![0.5], vec![-1.0, 0.25, 2.0]],
                -1.7014132779827524,
            ),
            (
                vec![3.0],
                vec![vec![-1.5], vec![-1.0, 0.25, 2.0]],
                -3.5297504182726205,
            ),
            (
                vec![2.0],
                vec![vec![40.0], vec![-3.0, 1.0, 1.5, 4.0]],
                -39.43275212956719,
            ),
            (
                vec![1.0],
                vec![vec![-30.0], vec![-3.0, 1.0, 1.5, 4.0]],
                -27.0184854468278,
            ),
            (vec![0.0], vec![vec![2.0], vec![0.5]], -1.7014132779827524),
            (vec![1.0], vec![vec![2.0], vec![0.5]], -0.2014132779827524),
        ]
    }
}
