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
        let matrix = || call.args[0].clone();
        let args = vec![matrix(), matrix()];
        let back = b.block(CholeskyAdjoint, &[part(0), outside], args, vec![matrix()]);
        vec![Some(b.call_part(back, 0))]
    }
}

/// From the factor L and the adjoint M of its lower triangle: the adjoint of the symmetric matrix, the symmetric part S of
/// `L'⁻¹ Φ(L' M) L⁻¹`, where Φ keeps the lower triangle and half of the diagonal (Murray 2016, "Differentiation of the
/// Cholesky decomposition", equation 10). What stands above the diagonals is not read.
#[derive(Debug)]
struct CholeskyAdjoint;

impl Block for CholeskyAdjoint {
    fn name(&self) -> &'static str {
        "adjoint of cholesky"
    }

    fn work(&self, sizes: &[Vec<usize>]) -> usize {
        2 * sizes[0][0].pow(3) / 3
    }

    fn scratch(&self, sizes: &[Vec<usize>]) -> usize {
        dense::cholesky_adjoint_scratch(sizes[0][0])
    }

    fn run(
        &self,
        sizes: &[Vec<usize>],
        args: &[&[f64]],
        results: &mut [&mut [f64]],
        scratch: &mut [f64],
    ) {
        dense::cholesky_adjoint(sizes[0][0], args[0], args[1], results[0], scratch);
    }

    /// With `V = L⁻¹ G` for the symmetric part G of the adjoint and `P = Φ(V L'⁻¹)`: `M̄ = L P` and
    /// `L̄ = M P' - 2 S V'`, by the differential of equation 10.
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
        let (l, m) = (args[0], args[1] * b.lower_mask(r, c, 1.0));
        let symmetric = (outside + b.transpose(outside, r, c)) * Expr::Const(0.5);
        let v = b.solve_lower((l, r, c), (symmetric, r), false);
        // The solution by the columns of V is symmetric.
        let p = b.solve_lower((l, r, c), (v, c), false) * b.lower_mask(r, c, 0.5);
        let of_factor = || {
            let by_middle = b.matrix_product((m, &[r], &[c]), (p, &[c], &[r]), (&[r], &[c]));
            let by_sides = b.matrix_product((part(0), &[r], &[c]), (v, &[c], &[r]), (&[r], &[c]));
            by_middle - by_sides * Expr::Const(2.0)
        };
        let of_adjoint = || b.matrix_product((l, &[r], &[c]), (p, &[r], &[c]), (&[r], &[c]));
        vec![wanted[0].then(of_factor), wanted[1].then(of_adjoint)]
    }
}
