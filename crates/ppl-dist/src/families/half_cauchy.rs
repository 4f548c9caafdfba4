//! HalfCauchy(scale).

use super::parts::open_unit;
use crate::definition::*;
use crate::real::Real;
use rand::Rng;
use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

/// The Cauchy distribution around 0, folded to the positive half.
pub struct HalfCauchy;

impl Density for HalfCauchy {
    const DEFINITION: Definition = Definition {
        name: "HalfCauchy",
        summary: "The absolute value of a Cauchy variable with location 0; it has no mean.",
        formula: "ln(2/pi) - ln scale - ln(1 + (x/scale)^2)",
        forms: &[Form {
            parameters: &[Parameter::scalar("scale", Domain::Positive, "median")],
            positional: 1,
        }],
        support: Support::POSITIVE,
        own_units: Some(Units::Scaled(0)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let z = x[0] / p[0][0];
        R::lit(-0.451_582_705_289_454_9) - p[0][0].ln() - z.square().log1p()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(R::lit(FRAC_2_PI) * (x.max(R::lit(0.0)) / p[0][0]).atan())
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        // pi/2 - atan z = atan(1/z); below z = 1/2 the difference keeps its digits and 1/z may not exist.
        let z = x.max(R::lit(0.0)) / p[0][0];
        let near = z.less(R::lit(0.5));
        let far_tail = near.select(R::lit(1.0), z).recip().atan();
        let tail = near.select(R::lit(FRAC_PI_2) - z.atan(), far_tail);
        Some((R::lit(FRAC_2_PI) * tail).ln())
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = p[0][0] * libm::tan(FRAC_PI_2 * open_unit(rng));
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![1.2], vec![vec![5.0]], -2.1170228078388402),
            (vec![100000000.0], vec![vec![1.0]], -37.29294419319419),
            (vec![1e-09], vec![vec![0.001]], 6.456172573691682),
        ]
    }
}
