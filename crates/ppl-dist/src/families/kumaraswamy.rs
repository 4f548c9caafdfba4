//! Kumaraswamy(a, b).

use super::parts::{ln_one_minus_exp, open_unit};
use crate::definition::*;
use crate::real::Real;
use crate::special::ln_gamma;
use rand::Rng;

/// The Kumaraswamy distribution.
pub struct Kumaraswamy;

impl Density for Kumaraswamy {
    const DEFINITION: Definition = Definition {
        name: "Kumaraswamy",
        summary: "Much like Beta(a, b), with a distribution function in closed form.",
        formula: "ln a + ln b + (a - 1) ln x + (b - 1) ln(1 - x^a)",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("a", Domain::Positive, "exponent at 0"),
                Parameter::scalar("b", Domain::Positive, "exponent at 1"),
            ],
            positional: 2,
        }],
        support: Support::UNIT,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let (a, b) = (p[0][0], p[1][0]);
        let one = R::lit(1.0);
        let ln_x = x[0].ln();
        a.ln() + b.ln() + (a - one) * ln_x + (b - one) * ln_one_minus_exp(a * ln_x)
    }

    fn cdf<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(-ln_above(x, p).expm1())
    }

    fn ln_survival<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(ln_above(x, p))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let power = ln_one_minus_exp(libm::log(open_unit(rng)) / p[1][0]);
        out[0] = libm::exp(power / p[0][0]);
    }

    fn mean(p: &[&[f64]]) -> Option<f64> {
        Some(moment(p, 1.0))
    }

    fn variance(p: &[&[f64]]) -> Option<f64> {
        Some(moment(p, 2.0) - moment(p, 1.0).powi(2))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (vec![0.3], vec![vec![2.0], vec![5.0]], 0.7213695707831443),
            (vec![1e-09], vec![vec![0.5], vec![0.5]], 8.97535436899162),
            (vec![0.999], vec![vec![30.0], vec![4.0]], -5.804605736730025),
            (vec![0.75], vec![vec![0.4], vec![20.0]], -39.91227024594397),
        ]
    }
}

/// ln P(draw > x), held at its ends outside (0, 1).
fn ln_above<R: Real>(x: R, p: &[&[R]]) -> R {
    let inside = x.max(R::lit(0.0)).min(R::lit(1.0));
    p[1][0] * ln_one_minus_exp(p[0][0] * inside.ln())
}

/// Mean of draw^k: b B(1 + k/a, b).
fn moment(p: &[&[f64]], k: f64) -> f64 {
    let (a, b) = (1.0 + k / p[0][0], p[1][0]);
    b * libm::exp(ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b))
}
