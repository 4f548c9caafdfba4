//! SkewNormal(location, scale, shape).

use super::parts::{HALF_LN_2_PI, standard_normal};
use crate::definition::*;
use crate::prim::Prim;
use crate::real::Real;
use rand::Rng;
use std::f64::consts::{FRAC_2_PI, LN_2};

/// The skew-normal distribution.
pub struct SkewNormal;

impl Density for SkewNormal {
    const DEFINITION: Definition = Definition {
        name: "SkewNormal",
        summary: "A normal variable leaning to one side (Azzalini 1985); shape 0 is the normal.",
        formula: "ln 2 - ln scale - ln(2 pi)/2 - z^2/2 + ln Phi(shape z), z = (x - location)/scale",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("location", Domain::Real, "mean before skewing"),
                Parameter::scalar(
                    "scale",
                    Domain::Positive,
                    "standard deviation before skewing",
                ),
                Parameter::scalar("shape", Domain::Real, "above 0 for a long right tail"),
            ],
            positional: 3,
        }],
        own_units: Some(Units::Shifted(0, 1)),
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let z = (x[0] - p[0][0]) / p[1][0];
        let normal = R::lit(LN_2 - HALF_LN_2_PI) - p[1][0].ln() + R::lit(-0.5) * z.square();
        normal + (p[2][0] * z).ln_phi()
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Self as Density>::ln_cdf(x, p).map(R::exp)
    }

    fn ln_cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let z = (x - p[0][0]) / p[1][0];
        Some(R::prim(Prim::LnSkewPhi, &[z, p[2][0]]))
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        let z = (x - p[0][0]) / p[1][0];
        Some(R::prim(Prim::LnSkewPhi, &[-z, -p[2][0]]))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        // With delta = shape / sqrt(1 + shape^2): delta |z| + sqrt(1 - delta^2) z'.
        let (a, b) = (standard_normal(rng).abs(), standard_normal(rng));
        let z = (p[2][0] * a + b) / libm::hypot(1.0, p[2][0]);
        out[0] = p[0][0] + p[1][0] * z;
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(p[0][0] + p[1][0] * skew(p) * FRAC_2_PI.sqrt())
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(p[1][0] * p[1][0] * (1.0 - FRAC_2_PI * skew(p).powi(2)))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![0.3],
                vec![vec![0.0], vec![1.0], vec![2.0]],
                -0.5913453246322463,
            ),
            (
                vec![-3.0],
                vec![vec![1.0], vec![0.5], vec![4.0]],
                -547.9182927978102,
            ),
            (
                vec![40.0],
                vec![vec![-3.0], vec![20.0], vec![-1.5]],
                -12.902781302596008,
            ),
            (
                vec![2.0],
                vec![vec![2.0], vec![0.1], vec![0.0]],
                1.3836465597893728,
            ),
        ]
    }
}

/// shape / sqrt(1 + shape^2)
fn skew(p: &[&[f64]]) -> f64 {
    p[2][0] / libm::hypot(1.0, p[2][0])
}
