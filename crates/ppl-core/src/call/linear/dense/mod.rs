//! Loops over dense row-major matrices: a product in register tiles, and what is built on it. Nothing is allocated.

mod cholesky;
mod cholesky_adjoint;
mod inverse;
mod product;
mod triangular;

pub(super) use cholesky::{cholesky, cholesky_scratch};
pub(super) use cholesky_adjoint::{cholesky_adjoint, cholesky_adjoint_scratch};
pub(super) use inverse::inverse;
pub(super) use product::add_product;
pub(super) use triangular::solve_lower;

/// Columns that are factored or solved at once.
const BLOCK: usize = 32;

/// A matrix inside a slice, by its distances between rows and between columns.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) values: &'a [f64],
    pub(super) row: usize,
    pub(super) column: usize,
}

/// `c += sign * a * b`: a is m x k, b is k x n with rows `b_row` apart, c is m x n with rows `c_row` apart. Every element
/// is one sum in the order of k, whatever the tiles.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) m: usize,
    pub(super) n: usize,
    pub(super) k: usize,
    pub(super) b_row: usize,
    pub(super) c_row: usize,
}

/// `to -= factor * from`
#[inline(always)]
fn subtract_multiple<const FMA: bool>(to: &mut [f64], factor: f64, from: &[f64]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = if FMA {
            (-factor).mul_add(from, *to)
        } else {
            *to - factor * from
        };
    }
}

/// In eight running sums, so that it can be vectorised.
#[inline(always)]
fn dot<const FMA: bool>(a: &[f64], b: &[f64]) -> f64 {
    let add = |x: f64, y: f64, sum: f64| if FMA { x.mul_add(y, sum) } else { sum + x * y };
    let mut sums = [0.0; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest = a8.remainder().iter().zip(b8.remainder());
    let rest = rest.fold(0.0, |sum, (&x, &y)| add(x, y, sum));
    for (x, y) in a8.zip(b8) {
        for k in 0..8 {
            sums[k] = add(x[k], y[k], sums[k]);
        }
    }
    ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) + rest
}

/// The transpose of a `rows` x `columns` matrix whose rows are `from_row` apart; those of the result are `to_row` apart. In
/// squares, so that each cache line is used whole.
#[inline(always)]
fn transpose(
    (rows, columns): (usize, usize),
    (from, from_row): (&[f64], usize),
    (to, to_row): (&mut [f64], usize),
) {
    const SIDE: usize = 8;
    for i in (0..rows).step_by(SIDE) {
        for j in (0..columns).step_by(SIDE) {
            for j in j..(j + SIDE).min(columns) {
                for i in i..(i + SIDE).min(rows) {
                    to[j * to_row + i] = from[i * from_row + j];
                }
            }
        }
    }
}
