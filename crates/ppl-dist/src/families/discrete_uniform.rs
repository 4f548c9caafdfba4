//! DiscreteUniform(lower, upper).

use super::parts::open_unit;
use crate::definition::*;
use crate::prim::Prim;
use crate::real::Real;
use rand::Rng;

/// The uniform distribution on whole numbers.
pub struct DiscreteUniform;

impl Density for DiscreteUniform {
    const DEFINITION: Definition = Definition {
        name: "DiscreteUniform",
        summary: "Whole numbers from lower to upper, both included, all with the same probability.",
        formula: "-ln(upper - lower + 1)",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("lower", Domain::Count, "smallest"),
                Parameter::scalar("upper", Domain::Count, "largest"),
            ],
            positional: 2,
        }],
        support: Support::Integers(Bound::Parameter(0), Bound::Parameter(1)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(_x: &[R], p: &[&[R]]) -> R {
        -(p[1][0] - p[0][0] + R::lit(1.0)).ln()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let (lower, upper) = (p[0][0], p[1][0]);
        let one = R::lit(1.0);
        let inside = R::prim(Prim::Floor, &[x.max(lower - one).min(upper)]);
        Some((inside - lower + one) / (upper - lower + one))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let (lower, upper) = (p[0][0], p[1][0]);
        out[0] = (lower + ((upper - lower + 1.0) * open_unit(rng)).floor()).min(upper);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(0.5 * (p[0][0] + p[1][0]))
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        let count = p[1][0] - p[0][0] + 1.0;
        Some((count * count - 1.0) / 12.0)
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![3.0], vec![vec![1.0], vec![6.0]], -1.791759469228055),
            (vec![0.0], vec![vec![0.0], vec![0.0]], 0.0),
            (
                vec![17.0],
                vec![vec![10.0], vec![40.0]],
                -3.4339872044851463,
            ),
            (
                vec![999.0],
                vec![vec![0.0], vec![999.0]],
                -6.907755278982137,
            ),
        ]
    }
}
