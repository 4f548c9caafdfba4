//! Categorical(probabilities).

use super::parts::{draw_label, ln_or_never, pick};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// A label with given probabilities.
pub struct Categorical;

impl Density for Categorical {
    const DEFINITION: Definition = Definition {
        name: "Categorical",
        summary: "One of K labels with the given probabilities.",
        formula: "ln probabilities[x]",
        forms: &[Form {
            parameters: &[Parameter::vector(
                "probabilities",
                Domain::Simplex,
                "one for each label",
            )],
            positional: 1,
        }],
        support: Support::Category,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let ln_p: Vec<R> = p[0].iter().map(|&v| ln_or_never(v)).collect();
        pick(x[0], &ln_p)
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = draw_label(p[0].iter().copied(), p[0].iter().sum(), rng);
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.0], vec![vec![0.2, 0.3, 0.5]], -1.6094379124341003),
            (
                vec![2.0],
                vec![vec![0.25, 0.375, 0.375]],
                -0.9808292530117262,
            ),
            (vec![1.0], vec![vec![0.999999, 1e-06]], -13.815510557964274),
            (vec![1.0], vec![vec![0.0, 1.0, 0.0]], 0.0),
        ]
    }
}
