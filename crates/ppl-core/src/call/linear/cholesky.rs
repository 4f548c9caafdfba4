//! The Cholesky factor.

use super::dense;
use crate::builder::Builder;
use crate::call::block::{Block, BlockCall};
use ppl_dist::Expr;

/// `L` with `L L' = (A + A') / 2`, zero above the diagonal: argument and result are square matrices, rows first.
#[derive(Debug)]
pub(super) struct Cholesky;

impl Block for Cholesky {
    fn name(&self) -> &'static str {
        "cholesky"
    }

    fn work(&self, sizes: &[Vec<usize>]) -> usize {
        sizes[0][0].pow(3) / 3
    }

    fn scratch(&self, sizes: &[Vec<usize>]) -> usize {
        dense::cholesky_scratch(sizes[0][0])
    }

    fn run(
        &self,
        sizes: &[Vec<usize>],
        args: &[&[f64]],
        results: &mut [&mut [f64]],
        scratch: &mut [f64],
    ) {
        dense::cholesky(sizes[0][0], args[0], results[0], scratch);
    }

    /// The symmetric part of `L'⁻¹ Φ(L' L̄) L⁻¹`, where Φ keeps the lower triangle and half of the diagonal (Murray 2016,
    /// "Differentiation of the Cholesky decomposition", equation 10).
    fn adjoint<'b>(
        &self,
        call: &BlockCall,
        b: &'b Builder,
        _: &[Expr<'b>],
        part: &dyn Fn(usize) -> Expr<'b>,
        adjoints: &[Option<Expr<'b>>],
        wanted: &[bool],
    ) -> Vec<Option<Expr<'b>>> {
        let Some(outside) = adjoints[0].filter(|_| wanted[0]) else {
            return vec![None];
        };
        let [r, c] = [call.args[0][0], call.args[0][1]];
        let l = part(0);
        let inner = b.matrix_product((l, &[c], &[r]), (outside, &[r], &[c]), (&[r], &[c]))
            * b.lower_mask(r, c, 0.5);
        let left = b.solve_lower((l, r, c), (inner, r), true);
        let both = b.solve_lower((l, r, c), (left, c), true);
        vec![Some((both + b.transpose(both, r, c)) * Expr::Const(0.5))]
    }
}
