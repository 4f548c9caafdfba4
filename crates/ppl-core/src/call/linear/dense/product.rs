//! Matrix products in register tiles.

use super::{Shape, View};
use crate::instructions::for_instructions;

/// Rows of a register tile.
const TILE: usize = 4;

for_instructions! {
    /// See [`Shape`].
    pub(in super::super) add_product = add_product_on(shape: Shape, sign: f64, a: View<'_>, b: &[f64], c: &mut [f64]) -> ()
}

#[inline(always)]
pub(super) fn add_product_on<const W: usize, const FMA: bool>(
    shape: Shape,
    sign: f64,
    a: View<'_>,
    b: &[f64],
    c: &mut [f64],
) {
    if shape.k == 0 {
        return;
    }
    let mut j = 0;
    while j + W <= shape.n {
        column_of_tiles::<W, FMA>(shape, sign, a, b, c, j);
        j += W;
    }
    while W > 8 && j + 8 <= shape.n {
        column_of_tiles::<8, FMA>(shape, sign, a, b, c, j);
        j += 8;
    }
    while j + 4 <= shape.n {
        column_of_tiles::<4, FMA>(shape, sign, a, b, c, j);
        j += 4;
    }
    while j < shape.n {
        column_of_tiles::<1, FMA>(shape, sign, a, b, c, j);
        j += 1;
    }
}

/// Columns j to j + W of the result.
#[inline(always)]
fn column_of_tiles<const W: usize, const FMA: bool>(
    shape: Shape,
    sign: f64,
    a: View<'_>,
    b: &[f64],
    c: &mut [f64],
    j: usize,
) {
    let mut i = 0;
    // AVX-512 has the registers for twice the rows.
    while W == 16 && i + 2 * TILE <= shape.m {
        tile::<{ 2 * TILE }, W, FMA>(shape, sign, a, b, c, i, j);
        i += 2 * TILE;
    }
    while i + TILE <= shape.m {
        tile::<TILE, W, FMA>(shape, sign, a, b, c, i, j);
        i += TILE;
    }
    while i < shape.m {
        tile::<1, W, FMA>(shape, sign, a, b, c, i, j);
        i += 1;
    }
}

#[inline(always)]
fn tile<const H: usize, const W: usize, const FMA: bool>(
    shape: Shape,
    sign: f64,
    a: View<'_>,
    b: &[f64],
    c: &mut [f64],
    i: usize,
    j: usize,
) {
    let mut sums = [[0.0; W]; H];
    for p in 0..shape.k {
        let from = &b[p * shape.b_row + j..][..W];
        for (h, sums) in sums.iter_mut().enumerate() {
            let x = a.values[(i + h) * a.row + p * a.column];
            for (sum, &y) in sums.iter_mut().zip(from) {
                *sum = if FMA {
                    x.mul_add(y, *sum)
                } else {
                    *sum + x * y
                };
            }
        }
    }
    for (h, sums) in sums.iter().enumerate() {
        let to = &mut c[(i + h) * shape.c_row + j..][..W];
        for (to, &sum) in to.iter_mut().zip(sums) {
            *to += sign * sum;
        }
    }
}
