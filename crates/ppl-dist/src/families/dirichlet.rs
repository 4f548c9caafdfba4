//! Dirichlet(concentration).

use super::parts::{draw, element, sum};
use crate::arrays::Arrays;
use crate::definition::*;
use crate::expr::Expr;
use crate::real::Real;
use rand::Rng;

/// The Dirichlet distribution.
pub struct Dirichlet;

impl Density for Dirichlet {
    const DEFINITION: Definition = Definition {
        name: "Dirichlet",
        summary: "A vector of probabilities; the density is that of its first K - 1 elements.",
        formula: "ln Gamma(sum a) - sum_k ln Gamma(a[k]) + sum_k (a[k] - 1) ln x[k], a = concentration",
        forms: &[Form {
            parameters: &[Parameter::vector(
                "concentration",
                Domain::PositiveVector,
                "prior count of each element; one number is repeated",
            )],
            positional: 1,
        }],
        support: Support::Simplex,
        event: Shape::Vector,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let k = x.len();
        let a = |i: usize| element(p[0], i);
        let constant = if p[0].len() == 1 {
            let k = R::lit(k as f64);
            (k * a(0)).ln_gamma() - k * a(0).ln_gamma()
        } else {
            sum((0..k).map(a)).ln_gamma() - sum((0..k).map(|i| a(i).ln_gamma()))
        };
        constant + sum((0..k).map(|i| (a(i) - R::lit(1.0)) * x[i].ln()))
    }

    /// Gamma draws over their sum, each as ln Gamma(a + 1) + ln(u)/a so that small concentrations do not underflow
    /// (Marsaglia & Tsang 2000, section 6).
    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        for (i, o) in out.iter_mut().enumerate() {
            let a = element(p[0], i);
            let ln_u = libm::log(super::parts::open_unit(rng));
            *o = libm::log(draw(rand_distr::Gamma::new(a + 1.0, 1.0), rng)) + ln_u / a;
        }
        let total = super::parts::ln_sum_exp(out);
        out.iter_mut().for_each(|o| *o = libm::exp(*o - total));
    }

    fn ln_density_arrays<'b>(
        arrays: &dyn Arrays<'b>,
        _form: usize,
        x: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<Expr<'b>> {
        let constant = arrays.sum(p[0]).ln_gamma() - arrays.sum(p[0].ln_gamma());
        Some(constant + arrays.sum((p[0] - Expr::Const(1.0)) * x.ln()))
    }

    fn golden() -> Vec<Golden> {
        vec![
            (
                vec![0.25, 0.25, 0.5],
                vec![vec![1.0, 2.0, 3.5]],
                1.3424261449903134,
            ),
            (
                vec![0.5, 0.375, 0.125],
                vec![vec![0.1, 0.2, 40.0]],
                -82.36246621567383,
            ),
            (
                vec![0.0625, 0.9375],
                vec![vec![80.0, 700.0]],
                -4.999129162600954,
            ),
            (vec![0.25, 0.5, 0.25], vec![vec![2.0]], 1.3217558399823195),
        ]
    }
}
