//! Triangular solves.

use super::dense;
use crate::builder::Builder;
use crate::call::block::{Block, BlockCall};
use ppl_dist::Expr;

/// `X` with `L X = B`, or `L' X = B`: L is a lower-triangular matrix (what stands above its diagonal is not read), B and X
/// have the solved axis first and then any number of axes that list right-hand sides.
#[derive(Debug)]
pub(super) struct TriangularSolve {
    /// Whether by the transpose.
    pub(super) transposed: bool,
}

impl Block for TriangularSolve {
    fn name(&self) -> &'static str {
        if self.transposed {
            "solve by transposed factor"
        } else {
            "solve by factor"
        }
    }

    fn work(&self, sizes: &[Vec<usize>]) -> usize {
        sizes[0][0] * sizes[1].iter().product::<usize>() / 2
    }

    fn run(
        &self,
        sizes: &[Vec<usize>],
        args: &[&[f64]],
        results: &mut [&mut [f64]],
        _: &mut [f64],
    ) {
        results[0].copy_from_slice(args[1]);
        let n_right = sizes[1][1..].iter().product();
        dense::solve_lower(sizes[0][0], n_right, args[0], self.transposed, results[0]);
    }

    /// `B̄` is the solve of `X̄` by the other triangle; `L̄` the lower triangle of `-B̄ X'`, or of `-X B̄'` for the transpose
    /// (Giles 2008, "An extended collection of matrix derivative results", section 2.3.1).
    fn adjoint<'b>(
        &self,
        call: &BlockCall,
        b: &'b Builder,
        args: &[Expr<'b>],
        part: &dyn Fn(usize) -> Expr<'b>,
        adjoints: &[Option<Expr<'b>>],
        wanted: &[bool],
    ) -> Vec<Option<Expr<'b>>> {
        let Some(outside) = adjoints[0] else {
            return vec![None, None];
        };
        let [r, c] = [call.args[0][0], call.args[0][1]];
        let (along, right) = (call.args[1][0], &call.args[1][1..]);
        let given = b.solve_lower_along((args[0], r, c), (outside, along, right), !self.transposed);
        let (row, column) = if self.transposed {
            (part(0), given)
        } else {
            (given, part(0))
        };
        let outer = || {
            let product = b.matrix_product(
                (row, &[along], right),
                (column, right, &[along]),
                (&[r], &[c]),
            );
            -(product * b.lower_mask(r, c, 1.0))
        };
        vec![wanted[0].then(outer), wanted[1].then_some(given)]
    }
}
