//! GaussianRandomWalk(sd), GaussianRandomWalk(sd, start = m, start_sd = s), the latter with drift = d.

use super::ar::{Ar, ln_sequence};
use crate::definition::*;
use crate::real::Real;
use rand::Rng;

/// A random walk with normal steps.
pub struct GaussianRandomWalk;

const SD: Parameter = Parameter::scalar("sd", Domain::Positive, "of a step");
const START: Parameter = Parameter::scalar("start", Domain::Real, "mean of the first element");
const START_SD: Parameter = Parameter::scalar(
    "start_sd",
    Domain::Positive,
    "standard deviation of the first element",
);

impl Density for GaussianRandomWalk {
    const DEFINITION: Definition = Definition {
        name: "GaussianRandomWalk",
        summary: "A walk along an axis in order with steps Normal(drift, sd); without a start it begins with one step from 0.",
        formula: "ln Normal(x[1]; start, start_sd) + the sum over t > 1 of ln Normal(x[t]; x[t-1] + drift, sd)",
        forms: &[
            Form {
                parameters: &[
                    SD,
                    START,
                    START_SD,
                    Parameter::scalar("drift", Domain::Real, "mean of a step"),
                ],
                positional: 1,
            },
            Form {
                parameters: &[SD, START, START_SD],
                positional: 1,
            },
            Form {
                parameters: &[SD],
                positional: 1,
            },
        ],
        event: Shape::Sequence,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        ln_sequence::<Self, R>(x, p)
    }

    fn lags<R: Real>(_p: &[&[R]]) -> usize {
        1
    }

    fn ln_start<R: Real>(x: R, p: &[&[R]]) -> Option<R> {
        <Ar as Density>::ln_start(x, &as_ar(p, &[R::lit(1.0)]))
    }

    fn ln_step<R: Real>(x: R, before: &[R], p: &[&[R]]) -> Option<R> {
        <Ar as Density>::ln_step(x, before, &as_ar(p, &[R::lit(1.0)]))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        <Ar as Density>::sample(&as_ar(p, &[1.0]), rng, out);
    }

    fn canonical<R: Real>(_form: usize, p: &[Vec<R>]) -> Vec<Vec<R>> {
        let zero = vec![R::lit(0.0)];
        let (start, start_sd) = match p {
            [_, start, start_sd] => (start.clone(), start_sd.clone()),
            _ => (zero.clone(), p[0].clone()),
        };
        vec![p[0].clone(), start, start_sd, zero]
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![0.5, 1.0, -0.25, 2.0],
                vec![vec![0.5], vec![1.0], vec![2.0], vec![0.25]],
                -14.9457097716988,
            ),
            (
                vec![0.5, 1.0],
                vec![vec![1.5], vec![0.0], vec![1.5], vec![0.0]],
                -2.7599183937367853,
            ),
            (
                vec![3.0],
                vec![vec![0.1], vec![2.0], vec![4.0], vec![-1.0]],
                -2.3364828943245635,
            ),
        ]
    }
}

/// The autoregression with coefficient 1.
fn as_ar<'a, R>(p: &[&'a [R]], one: &'a [R]) -> [&'a [R]; 5] {
    [one, p[0], p[1], p[2], p[3]]
}
