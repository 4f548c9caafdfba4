//! CategoricalLogit(logits).

use super::parts::{draw_label, ln_sum_exp, pick};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// A label with probabilities proportional to e to the logits.
pub struct CategoricalLogit;

impl Density for CategoricalLogit {
    const DEFINITION: Definition = Definition {
        name: "CategoricalLogit",
        summary: "One of K labels with probabilities softmax(logits).",
        formula: "logits[x] - ln sum_k exp(logits[k])",
        forms: &[Form {
            parameters: &[Parameter::vector(
                "logits",
                Domain::Real,
                "one for each label, up to a shared constant",
            )],
            positional: 1,
        }],
        support: Support::Category,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        pick(x[0], p[0]) - ln_sum_exp(p[0])
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let total = ln_sum_exp(p[0]);
        out[0] = draw_label(p[0].iter().map(|&v| libm::exp(v - total)), 1.0, rng);
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.0], vec![vec![0.2, -0.3, 1.5]], -1.6631355063687536),
            (
                vec![2.0],
                vec![vec![1000.0, 0.0, 990.0]],
                -10.000045398899218,
            ),
            (vec![1.0], vec![vec![-50.0, -700.0]], -650.0),
        ]
    }
}
