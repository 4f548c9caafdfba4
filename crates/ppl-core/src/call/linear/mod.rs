//! Linear algebra on blocks. The routines' axes are named: a matrix has a row and a column axis, and a routine is told
//! which of an argument's axes play which part. All other axes are batches.

mod cholesky;
mod dense;
mod inverse;
mod linked;
mod product;
mod rearrange;
mod triangular;

use super::Routine;
use super::block::{Block, BlockCall};
use crate::axes::{AxisId, AxisSet};
use crate::builder::Builder;
use crate::program::Index;
use ppl_dist::Expr;
use std::sync::Arc;

pub use linked::Links;

/// A matrix with its row axis and its column axis.
pub type Matrix<'b> = (Expr<'b>, AxisId, AxisId);

/// A value with two lists of axes, taken as the rows and the columns of a matrix.
type Split<'b, 'a> = (Expr<'b>, &'a [AxisId], &'a [AxisId]);

impl Builder {
    fn block<'b>(
        &'b self,
        block: impl Block + 'static,
        args: &[Expr<'b>],
        axes: Vec<Vec<AxisId>>,
        results: Vec<Vec<AxisId>>,
    ) -> super::super::builder::Called {
        let call = BlockCall {
            block: Arc::new(block),
            args: axes,
            results,
        };
        self.call(&Routine::Block(Arc::new(call)), args)
    }

    /// The lower-triangular L with `L L'` equal to the symmetric part of `a`; NaN where that is not positive definite.
    pub fn cholesky<'b>(&'b self, (a, r, c): Matrix<'b>) -> Expr<'b> {
        let call = self.block(cholesky::Cholesky, &[a], vec![vec![r, c]], vec![vec![r, c]]);
        self.call_part(call, 0)
    }

    /// x with `L x = b` (or `L' x = b`), where b and x lie along `along`. All other axes of b that L lacks list
    /// right-hand sides.
    pub fn solve_lower<'b>(
        &'b self,
        l: Matrix<'b>,
        (right, along): (Expr<'b>, AxisId),
        transposed: bool,
    ) -> Expr<'b> {
        let batch = self.axes_of(l.0).minus(AxisSet::of(&[l.1, l.2]));
        let listed: Vec<AxisId> = self
            .axes_of(right)
            .minus(batch)
            .without(along)
            .iter()
            .collect();
        self.solve_lower_along(l, (right, along, &listed), transposed)
    }

    pub(super) fn solve_lower_along<'b>(
        &'b self,
        (l, r, c): Matrix<'b>,
        (right, along, listed): (Expr<'b>, AxisId, &[AxisId]),
        transposed: bool,
    ) -> Expr<'b> {
        let axes: Vec<AxisId> = std::iter::once(along)
            .chain(listed.iter().copied())
            .collect();
        let call = self.block(
            triangular::TriangularSolve { transposed },
            &[l, right],
            vec![vec![r, c], axes.clone()],
            vec![axes],
        );
        self.call_part(call, 0)
    }

    /// `Σ_k a[m, k] b[k, n]`: `a` is given with its axes m and k, `b` with k and n (the names of k may differ), and the
    /// result lies along the axes of the last pair. Axes that only one side has become rows or columns as well.
    pub fn matrix_product<'b>(
        &'b self,
        (a, am, ak): Split<'b, '_>,
        (b, bk, bn): Split<'b, '_>,
        (cm, cn): (&[AxisId], &[AxisId]),
    ) -> Expr<'b> {
        let outside = |e, named: &[&[AxisId]]| {
            let named = named
                .iter()
                .fold(AxisSet::EMPTY, |s, l| s.union(AxisSet::of(l)));
            self.axes_of(e).minus(named)
        };
        let (of_a, of_b) = (outside(a, &[am, ak]), outside(b, &[bk, bn]));
        let with = |list: &[AxisId], more: AxisSet| -> Vec<AxisId> {
            list.iter().copied().chain(more.iter()).collect()
        };
        let (rows, columns) = (of_a.minus(of_b), of_b.minus(of_a));
        self.blocks_product(
            (a, &with(am, rows), ak),
            (b, bk, &with(bn, columns)),
            (&with(cm, rows), &with(cn, columns)),
        )
    }

    pub(super) fn blocks_product<'b>(
        &'b self,
        (a, am, ak): Split<'b, '_>,
        (b, bk, bn): Split<'b, '_>,
        (cm, cn): (&[AxisId], &[AxisId]),
    ) -> Expr<'b> {
        let product = product::Product {
            contracted: ak.len(),
        };
        let axes = vec![[am, ak].concat(), [bk, bn].concat()];
        let call = self.block(product, &[a, b], axes, vec![[cm, cn].concat()]);
        self.call_part(call, 0)
    }

    /// The inverse of a square matrix; NaN where it is singular.
    pub fn inverse<'b>(&'b self, a: Matrix<'b>) -> Expr<'b> {
        self.inverse_part(a, 0)
    }

    /// ln |det a|; NaN where `a` is singular.
    pub fn ln_abs_det<'b>(&'b self, a: Matrix<'b>) -> Expr<'b> {
        self.inverse_part(a, 1)
    }

    fn inverse_part<'b>(&'b self, (a, r, c): Matrix<'b>, part: usize) -> Expr<'b> {
        let results = vec![vec![r, c], vec![]];
        let call = self.block(inverse::Inverse, &[a], vec![vec![r, c]], results);
        self.call_part(call, part)
    }

    /// The matrix with its rows as columns.
    pub fn transpose<'b>(&'b self, a: Expr<'b>, r: AxisId, c: AxisId) -> Expr<'b> {
        let axes = self.axes_of(a);
        match (axes.contains(r), axes.contains(c)) {
            (true, true) => {
                let results = vec![vec![c, r]];
                let call = self.block(rearrange::Transpose, &[a], vec![vec![r, c]], results);
                self.call_part(call, 0)
            }
            (true, false) => self.rename(a, r, c),
            (false, true) => self.rename(a, c, r),
            (false, false) => a,
        }
    }

    /// The sum of all elements along `axis` up to each, itself included; or from each to the last.
    pub fn running_sum<'b>(&'b self, a: Expr<'b>, axis: AxisId, from_end: bool) -> Expr<'b> {
        let others = self.axes_of(a).without(axis);
        let block: Vec<AxisId> = std::iter::once(axis).chain(others.iter()).collect();
        self.running_sum_of_blocks(a, &block, from_end)
    }

    pub(super) fn running_sum_of_blocks<'b>(
        &'b self,
        a: Expr<'b>,
        block: &[AxisId],
        from_end: bool,
    ) -> Expr<'b> {
        let (axes, results) = (vec![block.to_vec()], vec![block.to_vec()]);
        let call = self.block(rearrange::RunningSum { from_end }, &[a], axes, results);
        self.call_part(call, 0)
    }

    /// The diagonal of a square matrix, along its row axis.
    pub fn diagonal<'b>(&'b self, (a, r, c): Matrix<'b>) -> Expr<'b> {
        let positions: Vec<u32> = (0..self.size(r) as u32).collect();
        let index = self.index(Index {
            target: c,
            axes: AxisSet::of(&[r]),
            values: positions.into(),
        });
        self.gather(a, index)
    }

    /// A square matrix of literals: `f(row, column)`.
    pub fn square(&self, r: AxisId, c: AxisId, f: impl Fn(usize, usize) -> f64) -> Expr<'_> {
        let n = self.size(r);
        let at = |i: usize| {
            let (outer, inner) = (i / n, i % n);
            if r < c {
                f(outer, inner)
            } else {
                f(inner, outer)
            }
        };
        self.data((0..n * n).map(at).collect(), AxisSet::of(&[r, c]))
    }

    /// 1 below the diagonal, `diagonal` on it, 0 above.
    pub fn lower_mask(&self, r: AxisId, c: AxisId, diagonal: f64) -> Expr<'_> {
        self.square(r, c, |i, j| match i.cmp(&j) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => diagonal,
            std::cmp::Ordering::Less => 0.0,
        })
    }
}
