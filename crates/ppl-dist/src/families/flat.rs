//! Flat().

use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// Density 1 on the declared support; not a probability distribution.
pub struct Flat;

impl Density for Flat {
    const DEFINITION: Definition = Definition {
        name: "Flat",
        summary: "Density 1 on the declared support, never normalised; cannot be drawn from.",
        formula: "0",
        forms: &[Form {
            parameters: &[],
            positional: 0,
        }],
        improper: true,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(_x: &[R], _p: &[&[R]]) -> R {
        R::lit(0.0)
    }

    fn sample(_p: &[&[f64]], _rng: &mut dyn Rng, out: &mut [f64]) {
        out.fill(f64::NAN);
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.0], vec![], 0.0),
            (vec![-3.5], vec![], 0.0),
            (vec![1e300], vec![], 0.0),
        ]
    }
}
