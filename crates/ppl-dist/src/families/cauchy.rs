//! Cauchy(location, scale).

use super::parts::{LN_PI, open_unit};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;
use std::f64::consts::{FRAC_1_PI, PI};

/// The Cauchy distribution.
pub struct Cauchy;

impl Density for Cauchy {
    const DEFINITION: Definition = Definition {
        name: "Cauchy",
        summary: "The Cauchy distribution: Student's t with one degree of freedom; it has no mean.",
        formula: "-ln pi - ln scale - ln(1 + ((x - location)/scale)^2)",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("location", Domain::Real, "median"),
                Parameter::scalar("scale", Domain::Positive, "half the interquartile range"),
            ],
            positional: 2,
        }],
        own_units: Some(Units::Shifted(0, 1)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let z = (x[0] - p[0][0]) / p[1][0];
        R::lit(-LN_PI) - p[1][0].ln() - z.square().log1p()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(lower_tail((x - p[0][0]) / p[1][0]))
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(lower_tail((x - p[0][0]) / p[1][0]).ln())
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(lower_tail((p[0][0] - x) / p[1][0]).ln())
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        out[0] = p[0][0] + p[1][0] * libm::tan(PI * (open_unit(rng) - 0.5));
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.3], vec![vec![0.0], vec![2.5]], -2.0753179224243796),
            (
                vec![-1000000.0],
                vec![vec![3.0], vec![0.1]],
                -31.078342094763006,
            ),
            (vec![5.0], vec![vec![4.9], vec![0.0001]], -5.749901071836985),
        ]
    }
}

/// 1/2 + atan(z)/pi, and atan(-1/z)/pi far below 0, where the former cancels.
fn lower_tail<R: Real>(z: R) -> R {
    let far = z.less(R::lit(-1.0));
    let far_tail = (-far.select(z, R::lit(-1.0)).recip()).atan();
    let tail = R::lit(FRAC_1_PI) * far.select(far_tail, z.atan());
    far.select(tail, R::lit(0.5) + tail)
}
