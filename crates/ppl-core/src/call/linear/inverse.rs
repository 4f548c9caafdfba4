//! The inverse of a square matrix and the logarithm of its determinant.

use super::dense;
use crate::builder::Builder;
use crate::call::block::{Block, BlockCall};
use ppl_dist::Expr;

/// `A⁻¹` and `ln |det A|`, in one elimination.
#[derive(Debug)]
pub(super) struct Inverse;

impl Block for Inverse {
    fn name(&self) -> &'static str {
        "inverse and determinant"
    }

    fn work(&self, sizes: &[Vec<usize>]) -> usize {
        2 * sizes[0][0].pow(3)
    }

    fn scratch(&self, sizes: &[Vec<usize>]) -> usize {
        sizes[0][0].pow(2)
    }

    fn run(
        &self,
        sizes: &[Vec<usize>],
        args: &[&[f64]],
        results: &mut [&mut [f64]],
        scratch: &mut [f64],
    ) {
        let [inverse, ln_det] = results else { return };
        ln_det[0] = dense::inverse(sizes[0][0], args[0], inverse, scratch);
    }

    /// `Ā = -X' X̄ X' + d̄ X'` with `X = A⁻¹` and d = ln |det A| (Giles 2008, sections 2.2.3 and 2.2.4).
    fn adjoint<'b>(
        &self,
        call: &BlockCall,
        b: &'b Builder,
        _: &[Expr<'b>],
        part: &dyn Fn(usize) -> Expr<'b>,
        adjoints: &[Option<Expr<'b>>],
        wanted: &[bool],
    ) -> Vec<Option<Expr<'b>>> {
        if !wanted[0] {
            return vec![None];
        }
        let [r, c] = [call.args[0][0], call.args[0][1]];
        let x = part(0);
        let by_inverse = adjoints[0].map(|outside| {
            let left = b.matrix_product((x, &[c], &[r]), (outside, &[r], &[c]), (&[r], &[c]));
            -b.matrix_product((left, &[r], &[c]), (x, &[c], &[r]), (&[r], &[c]))
        });
        let by_determinant = adjoints[1].map(|outside| outside * b.transpose(x, r, c));
        let sum = [by_inverse, by_determinant]
            .into_iter()
            .flatten()
            .reduce(|p, q| p + q);
        vec![sum]
    }
}
