//! Multinomial(n, probabilities).

use super::parts::{count_times, draw_binomial, ln_or_never, sum};
use crate::arrays::Arrays;
use crate::definition::*;
use crate::expr::Expr;
use crate::real::Real;
use rand::Rng;

/// The multinomial distribution.
pub struct Multinomial;

impl Density for Multinomial {
    const DEFINITION: Definition = Definition {
        name: "Multinomial",
        summary: "How many of n labels fall on each of K, with the given probabilities.",
        formula: "ln n! - sum_k ln x[k]! + sum_k x[k] ln probabilities[k]",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("n", Domain::Count, "sum of the counts"),
                Parameter::vector("probabilities", Domain::Simplex, "one for each count"),
            ],
            positional: 2,
        }],
        support: Support::Counts(0),
        event: Shape::Vector,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let chosen = x
            .iter()
            .zip(p[1])
            .map(|(&x, &q)| count_times(x, ln_or_never(q)));
        with_total(x, p[0][0], ln_ways(x) + sum(chosen))
    }

    fn ln_density_arrays<'b>(
        arrays: &dyn Arrays<'b>,
        _form: usize,
        x: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<Expr<'b>> {
        let chosen = arrays.sum(count_times(x, ln_or_never(p[1])));
        let density = with_total_of(arrays, x, p[0], ln_ways_of(arrays, x) + chosen);
        // No weight is negative, and together they are 1.
        let slack = Expr::Const(1e-9);
        let one = Expr::Const(1.0);
        let short = arrays.sum(p[1]).less(one - slack);
        let long = (one + slack).less(arrays.sum(p[1].abs()));
        let never = Expr::Const(f64::NEG_INFINITY);
        Some(short.select(never, long.select(never, density)))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        draw_counts(p[0][0], p[1], rng, out);
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![3.0, 0.0, 2.0],
                vec![vec![5.0], vec![0.5, 0.125, 0.375]],
                -1.7385149547092427,
            ),
            (
                vec![40.0, 25.0, 60.0, 5.0],
                vec![vec![130.0], vec![0.25, 0.25, 0.375, 0.125]],
                -14.963181124052321,
            ),
            (vec![0.0, 7.0], vec![vec![7.0], vec![0.0, 1.0]], 0.0),
            (
                vec![5.0, 2.0],
                vec![vec![7.0], vec![0.75, 0.25]],
                -1.166476646775263,
            ),
            (
                vec![1.0, 2.0],
                vec![vec![4.0], vec![0.5, 0.5]],
                f64::NEG_INFINITY,
            ),
        ]
    }
}

/// ln of n!/(x[1]! x[2]! …), n the sum of x.
pub(super) fn ln_ways<R: Real>(x: &[R]) -> R {
    let one = R::lit(1.0);
    let n = sum(x.iter().copied());
    (n + one).ln_gamma() - sum(x.iter().map(|&x| (x + one).ln_gamma()))
}

/// [`ln_ways`] of an array.
pub(super) fn ln_ways_of<'b>(arrays: &dyn Arrays<'b>, x: Expr<'b>) -> Expr<'b> {
    let one = Expr::Const(1.0);
    (arrays.sum(x) + one).ln_gamma() - arrays.sum((x + one).ln_gamma())
}

/// [`with_total`] of an array.
pub(super) fn with_total_of<'b>(
    arrays: &dyn Arrays<'b>,
    x: Expr<'b>,
    n: Expr<'b>,
    value: Expr<'b>,
) -> Expr<'b> {
    let fits = arrays.sum(x).equal(n);
    fits.select(value, Expr::Const(f64::NEG_INFINITY))
}

/// `value` where the counts sum to `n`, else -inf.
pub(super) fn with_total<R: Real>(x: &[R], n: R, value: R) -> R {
    let total = sum(x.iter().copied());
    total.equal(n).select(value, R::lit(f64::NEG_INFINITY))
}

/// Counts of n labels: binomial draws, each from what the ones before it left.
pub(super) fn draw_counts(n: f64, probabilities: &[f64], rng: &mut dyn Rng, out: &mut [f64]) {
    let mut left = (n, probabilities.iter().sum::<f64>());
    let last = out.len() - 1;
    for (o, &q) in out[..last].iter_mut().zip(probabilities) {
        let share = if q > 0.0 { (q / left.1).min(1.0) } else { 0.0 };
        *o = draw_binomial(left.0, share, rng);
        left = (left.0 - *o, left.1 - q);
    }
    out[last] = left.0;
}
