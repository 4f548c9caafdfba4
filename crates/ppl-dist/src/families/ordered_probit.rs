//! OrderedProbit(location, cutpoints).

use super::parts::{ln_one_minus_exp, pick, standard_normal};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// The ordered probit distribution.
pub struct OrderedProbit;

impl Density for OrderedProbit {
    const DEFINITION: Definition = Definition {
        name: "OrderedProbit",
        summary: "One of K labels in order: where a normal variable of sd 1 falls between K - 1 cutpoints.",
        formula: "ln(Phi(cutpoints[x] - location) - Phi(cutpoints[x-1] - location)), with cutpoints -inf and inf beyond the ends (McCullagh 1980)",
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

    /// Phi(b) - Phi(a), from the tail in which both lie.
    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let (location, cuts) = (p[0][0], p[1]);
        let last = cuts.len();
        let above = pick(x[0], &[cuts, &cuts[last - 1..]].concat()) - location;
        let below = pick(x[0], &[&cuts[..1], cuts].concat()) - location;
        let at_end = x[0].equal(R::lit(0.0)).max(x[0].equal(R::lit(last as f64)));
        // Label 0 lies below its cutpoint, the last one above it; both are one tail.
        let single = x[0].select(-below, above).ln_phi();
        let upper = R::lit(0.0).less(above + below);
        let outer = upper.select(-below, above);
        let inner = at_end.select(outer - R::lit(1.0), upper.select(-above, below));
        let ln_outer = outer.ln_phi();
        let between = ln_outer + ln_one_minus_exp(inner.ln_phi() - ln_outer);
        at_end.select(single, between)
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let z = p[0][0] + standard_normal(rng);
        out[0] = p[1].iter().filter(|c| **c < z).count() as f64;
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![1.0],
                vec![vec![0.5], vec![-1.0, 0.25, 2.0]],
                -1.0951588395492784,
            ),
            (
                vec![0.0],
                vec![vec![0.5], vec![-1.0, 0.25, 2.0]],
                -2.7059444008238898,
            ),
            (
                vec![3.0],
                vec![vec![-1.5], vec![-1.0, 0.25, 2.0]],
                -8.366065308344092,
            ),
            (
                vec![2.0],
                vec![vec![40.0], vec![-3.0, 1.0, 1.5, 4.0]],
                -745.6952702942125,
            ),
            (
                vec![1.0],
                vec![vec![-30.0], vec![-3.0, 1.0, 1.5, 4.0]],
                -368.71614246865636,
            ),
            (vec![0.0], vec![vec![2.0], vec![0.5]], -2.7059444008238898),
            (vec![1.0], vec![vec![2.0], vec![0.5]], -0.06914345561223398),
        ]
    }
}
