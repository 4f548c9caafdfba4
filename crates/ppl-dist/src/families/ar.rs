//! Ar(coefficients, sd, start = m, start_sd = s).

use super::normal::Normal;
use super::parts::{standard_normal, sum};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// An autoregression of any order.
pub struct Ar;

const COEFFICIENTS: Parameter = Parameter::own_axis(
    "coefficients",
    Domain::Real,
    "of the last element, of the one before it, …; one number for order 1",
);
const SD: Parameter = Parameter::scalar("sd", Domain::Positive, "of the innovations");
const START: Parameter = Parameter::scalar("start", Domain::Real, "mean of the first elements");
const START_SD: Parameter = Parameter::scalar(
    "start_sd",
    Domain::Positive,
    "standard deviation of the first elements",
);

impl Density for Ar {
    const DEFINITION: Definition = Definition {
        name: "Ar",
        summary: "An autoregression along an axis in order; the first elements, as many as coefficients, are Normal(start, start_sd).",
        formula: "sum over t of the log density of Normal(constant + sum_k coefficients[k] x[t-k], sd) at x[t] (Box & Jenkins 1970)",
        forms: &[
            Form {
                parameters: &[
                    COEFFICIENTS,
                    SD,
                    START,
                    START_SD,
                    Parameter::scalar("constant", Domain::Real, "added to every later element"),
                ],
                positional: 2,
            },
            Form {
                parameters: &[COEFFICIENTS, SD, START, START_SD],
                positional: 2,
            },
        ],
        event: Shape::Sequence,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        ln_sequence::<Self, R>(x, p)
    }

    fn lags<R: Real>(p: &[&[R]]) -> usize {
        p[0].len()
    }

    fn ln_start<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        Some(<Normal as Density>::ln_density(&[x], &[p[2], p[3]]))
    }

    fn ln_step<R: Real>(x: R, before: &[R], p: &[&[R]]) -> Option<R> {
        let terms = before.iter().zip(p[0]).map(|(&x, &c)| c * x);
        let mean = p[4][0] + sum(terms);
        Some(<Normal as Density>::ln_density(&[x], &[&[mean], p[1]]))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        for t in 0..out.len() {
            let z = standard_normal(rng);
            out[t] = if t < p[0].len() {
                p[2][0] + p[3][0] * z
            } else {
                let lagged = p[0].iter().enumerate().map(|(k, c)| c * out[t - 1 - k]);
                p[4][0] + lagged.sum::<f64>() + p[1][0] * z
            };
        }
    }

    fn canonical<R: Real>(_form: usize, p: &[Vec<R>]) -> Vec<Vec<R>> {
        [p, &[vec![R::lit(0.0)]]].concat()
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![0.5, 1.0, -0.25, 2.0],
                vec![vec![0.75], vec![0.5], vec![1.0], vec![2.0], vec![0.25]],
                -13.2347722716988,
            ),
            (
                vec![0.5, 1.0, -0.25, 2.0, 3.0],
                vec![vec![0.5, -0.25], vec![1.5], vec![0.0], vec![4.0], vec![0.0]],
                -10.797218379254305,
            ),
            (
                vec![1.0, 2.0],
                vec![
                    vec![0.5, 0.25, 0.125],
                    vec![1.0],
                    vec![0.5],
                    vec![3.0],
                    vec![0.0],
                ],
                -4.173990532634454,
            ),
            (
                vec![3.0, 1.0, 0.0],
                vec![vec![-0.9], vec![0.1], vec![0.0], vec![1.0], vec![2.0]],
                -207.65164541362591,
            ),
        ]
    }
}

/// The log density of a sequence, one element after the other.
pub(super) fn ln_sequence<T: Density, R: Real>(x: &[R], p: &[&[R]]) -> R {
    let lags = T::lags(p);
    let term = |t: usize| {
        let before: Vec<R> = x[..t].iter().rev().take(lags).copied().collect();
        let density = if t < lags {
            T::ln_start(x[t], p)
        } else {
            T::ln_step(x[t], &before, p)
        };
        density.unwrap_or(R::lit(f64::NAN))
    };
    sum((0..x.len()).map(term))
}
