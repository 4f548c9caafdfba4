//! DirichletMultinomial(n, concentration).

use super::dirichlet::Dirichlet;
use super::multinomial::{draw_counts, ln_ways, ln_ways_of, with_total, with_total_of};
use super::parts::{element, ln_rising, sum};
use crate::arrays::Arrays;
use crate::definition::*;
use crate::expr::Expr;
use crate::real::Real;
use rand::Rng;

/// The Dirichlet-multinomial distribution.
pub struct DirichletMultinomial;

impl Density for DirichletMultinomial {
    const DEFINITION: Definition = Definition {
        name: "DirichletMultinomial",
        summary: "Counts of n labels whose common probabilities are drawn from Dirichlet(concentration).",
        formula: "ln n! + ln Gamma(A) - ln Gamma(A + n) + sum_k (ln Gamma(x[k] + a[k]) - ln Gamma(a[k]) - ln x[k]!), a = concentration, A its sum",
        forms: &[Form {
            parameters: &[
                Parameter::scalar("n", Domain::Count, "sum of the counts"),
                Parameter::vector(
                    "concentration",
                    Domain::PositiveVector,
                    "prior count of each label; one number is repeated",
                ),
            ],
            positional: 2,
        }],
        support: Support::Counts(0),
        event: Shape::Vector,
        ..Definition::SCALAR
    };

    /// Each ratio of gammas as a power times what vanishes for large concentrations, where this is the multinomial.
    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let a = |k: usize| element(p[1], k);
        let total = sum((0..x.len()).map(a));
        let terms = x.iter().enumerate();
        let terms = terms.map(|(k, &x)| ln_rising(a(k), x) + x * (a(k) / total).ln());
        let value = ln_ways(x) + sum(terms) - ln_rising(total, p[0][0]);
        with_total(x, p[0][0], value)
    }

    fn ln_density_arrays<'b>(
        arrays: &dyn Arrays<'b>,
        _form: usize,
        x: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<Expr<'b>> {
        let total = arrays.sum(p[1]);
        let terms = arrays.sum(ln_rising(p[1], x) + x * (p[1] / total).ln());
        let value = ln_ways_of(arrays, x) + terms - ln_rising(total, p[0]);
        Some(with_total_of(arrays, x, p[0], value))
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        let mut probabilities = vec![0.0; out.len()];
        <Dirichlet as Density>::sample(&p[1..], rng, &mut probabilities);
        draw_counts(p[0][0], &probabilities, rng, out);
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![3.0, 0.0, 2.0],
                vec![vec![5.0], vec![0.5, 1.5, 2.0]],
                -4.089890211872721,
            ),
            (
                vec![40.0, 25.0, 60.0, 5.0],
                vec![vec![130.0], vec![10.0, 20.0, 30.0, 1.0]],
                -12.531788060434701,
            ),
            (
                vec![5.0, 2.0],
                vec![vec![7.0], vec![0.1, 300.0]],
                -24.465820398878183,
            ),
            (
                vec![3.0, 0.0, 2.0],
                vec![vec![5.0], vec![0.7]],
                -3.0781122605890805,
            ),
            (
                vec![4.0, 6.0],
                vec![vec![10.0], vec![1000000000.0, 3000000000.0]],
                -1.9241623487227795,
            ),
            (
                vec![1.0, 2.0],
                vec![vec![4.0], vec![1.0]],
                f64::NEG_INFINITY,
            ),
        ]
    }
}
