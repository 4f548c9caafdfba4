//! The Cholesky factor.

use super::product::add_product_on;
use super::{BLOCK, Shape, View, dot, subtract_multiple, transpose};
use crate::instructions::for_instructions;

for_instructions! {
    /// The lower factor of the symmetric part of `a` (n x n); NaN everywhere if that is not positive definite.
    /// `scratch`: [`cholesky_scratch`] elements.
    pub(in super::super) cholesky = cholesky_on(n: usize, a: &[f64], l: &mut [f64], scratch: &mut [f64]) -> ()
}

#[inline(always)]
fn cholesky_on<const W: usize, const FMA: bool>(
    n: usize,
    a: &[f64],
    l: &mut [f64],
    scratch: &mut [f64],
) {
    transpose((n, n), (a, n), (l, n));
    for i in 0..n {
        let (to, from) = (&mut l[i * n..][..=i], &a[i * n..][..=i]);
        for (to, &from) in to.iter_mut().zip(from) {
            *to = 0.5 * (from + *to);
        }
    }
    let mut start = 0;
    while start < n {
        let end = (start + BLOCK).min(n);
        if !factor_corner::<FMA>(n, l, start, end) {
            l.fill(f64::NAN);
            return;
        }
        // The rows below, transposed: solved for along the long rows of the panel.
        let rest = n - end;
        let panel = &mut scratch[..(end - start) * rest];
        let below = l.get(end * n + start..).unwrap_or(&[]);
        transpose((rest, end - start), (below, n), (panel, rest));
        for j in 0..end - start {
            let (done, row) = panel.split_at_mut(j * rest);
            let row = &mut row[..rest];
            let corner = &l[(start + j) * n + start..][..=j];
            for (p, &x) in corner[..j].iter().enumerate() {
                subtract_multiple::<FMA>(row, x, &done[p * rest..][..rest]);
            }
            let pivot = corner[j];
            row.iter_mut().for_each(|v| *v /= pivot);
        }
        let below = l.get_mut(end * n + start..).unwrap_or(&mut []);
        transpose((end - start, rest), (panel, rest), (below, n));
        // What is left loses its part in these columns, as far as the diagonal.
        let mut i = 0;
        while i < rest {
            let rows = BLOCK.min(rest - i);
            let shape = Shape {
                m: rows,
                n: i + rows,
                k: end - start,
                b_row: rest,
                c_row: n,
            };
            let left = View {
                values: &panel[i..],
                row: 1,
                column: rest,
            };
            add_product_on::<W, FMA>(shape, -1.0, left, panel, &mut l[(end + i) * n + end..]);
            i += rows;
        }
        start = end;
    }
    for i in 0..n {
        l[i * n + i + 1..(i + 1) * n].fill(0.0);
    }
}

/// Elements of working memory of [`cholesky`].
pub(in super::super) fn cholesky_scratch(n: usize) -> usize {
    BLOCK.min(n) * n
}

/// Factors rows and columns `start..end` in place; false if a pivot is not positive.
#[inline(always)]
fn factor_corner<const FMA: bool>(n: usize, l: &mut [f64], start: usize, end: usize) -> bool {
    for i in start..end {
        let (above, row) = l.split_at_mut(i * n);
        for j in start..i {
            let other = &above[j * n..][..n];
            let rest = row[j] - dot::<FMA>(&row[start..j], &other[start..j]);
            row[j] = rest / other[j];
        }
        let rest = row[i] - dot::<FMA>(&row[start..i], &row[start..i]);
        if !(rest > 0.0 && rest < f64::INFINITY) {
            return false;
        }
        row[i] = rest.sqrt();
    }
    true
}
