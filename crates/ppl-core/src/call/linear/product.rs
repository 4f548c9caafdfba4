//! Matrix products.

use super::dense::{self, Shape, View};
use crate::axes::AxisId;
use crate::builder::Builder;
use crate::call::block::{Block, BlockCall};
use ppl_dist::Expr;

/// `C[m, n] = Σ_k A[m, k] B[k, n]`, where each of m, k and n stands for any number of axes.
#[derive(Debug)]
pub(super) struct Product {
    /// Axes that are summed: the last of the left matrix, the first of the right one.
    pub(super) contracted: usize,
}

impl Product {
    fn shape(&self, sizes: &[Vec<usize>]) -> Shape {
        let (m, k) = sizes[0].split_at(sizes[0].len() - self.contracted);
        let n: usize = sizes[1][self.contracted..].iter().product();
        Shape {
            m: m.iter().product(),
            n,
            k: k.iter().product(),
            b_row: n,
            c_row: n,
        }
    }
}

impl Block for Product {
    fn name(&self) -> &'static str {
        "matrix product"
    }

    fn same(&self, _: &dyn Block) -> bool {
        // The lists of axes, which are compared too, say how many are summed.
        true
    }

    fn work(&self, sizes: &[Vec<usize>]) -> usize {
        let shape = self.shape(sizes);
        shape.m * shape.n * shape.k
    }

    fn run(
        &self,
        sizes: &[Vec<usize>],
        args: &[&[f64]],
        results: &mut [&mut [f64]],
        _: &mut [f64],
    ) {
        let shape = self.shape(sizes);
        let left = View {
            values: args[0],
            row: shape.k,
            column: 1,
        };
        results[0].fill(0.0);
        dense::add_product(shape, 1.0, left, args[1], results[0]);
    }

    /// `Ā = C̄ B'` and `B̄ = A' C̄`.
    fn adjoint<'b>(
        &self,
        call: &BlockCall,
        b: &'b Builder,
        args: &[Expr<'b>],
        _: &dyn Fn(usize) -> Expr<'b>,
        adjoints: &[Option<Expr<'b>>],
        wanted: &[bool],
    ) -> Vec<Option<Expr<'b>>> {
        let Some(outside) = adjoints[0] else {
            return vec![None, None];
        };
        let (am, ak) = call.args[0].split_at(call.args[0].len() - self.contracted);
        let (bk, bn) = call.args[1].split_at(self.contracted);
        let (cm, cn): (&[AxisId], &[AxisId]) = call.results[0].split_at(am.len());
        let left = || b.blocks_product((outside, cm, cn), (args[1], bn, bk), (am, ak));
        let right = || b.blocks_product((args[0], ak, am), (outside, cm, cn), (bk, bn));
        vec![wanted[0].then(left), wanted[1].then(right)]
    }
}
