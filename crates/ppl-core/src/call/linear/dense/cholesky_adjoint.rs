//! The adjoint of the Cholesky factor, in blocks of columns from the last to the first.

use super::product::add_product_on;
use super::{BLOCK, Shape, View, dot, subtract_multiple, transpose};
use crate::instructions::for_instructions;

for_instructions! {
    /// From the factor `l` and the adjoint `outside` of its lower triangle: the symmetric adjoint of the matrix that was factored
    /// (Murray 2016, "Differentiation of the Cholesky decomposition", section 4.3). `scratch`: [`cholesky_adjoint_scratch`]
    /// elements.
    pub(in super::super) cholesky_adjoint = cholesky_adjoint_on(
        n: usize,
        l: &[f64],
        outside: &[f64],
        out: &mut [f64],
        scratch: &mut [f64],
    ) -> ()
}

/// Elements of working memory of [`cholesky_adjoint`].
pub(in super::super) fn cholesky_adjoint_scratch(n: usize) -> usize {
    BLOCK.min(n) * (n + 2 * BLOCK)
}

/// The letters are those of the paper: of the factor's columns from `start` on, D is the corner on the diagonal, C what is below
/// it, R the rows left of D, B those left of C.
#[inline(always)]
fn cholesky_adjoint_on<const W: usize, const FMA: bool>(
    n: usize,
    l: &[f64],
    outside: &[f64],
    out: &mut [f64],
    scratch: &mut [f64],
) {
    for i in 0..n {
        out[i * n..][..=i].copy_from_slice(&outside[i * n..][..=i]);
    }
    let mut end = n;
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        let (width, rest) = (end - start, n - end);
        let (panel, work) = scratch.split_at_mut(width * rest);
        let below = end * n + start;
        // C̄ becomes C̄ D⁻¹, on the transpose: along the long rows of the panel.
        transpose(
            (rest, width),
            (out.get(below..).unwrap_or(&[]), n),
            (panel, rest),
        );
        for j in (0..width).rev() {
            let (before, done) = panel.split_at_mut((j + 1) * rest);
            let row = &mut before[j * rest..];
            for (p, done) in (j + 1..width).zip(done.chunks_exact(rest.max(1))) {
                subtract_multiple::<FMA>(row, l[(start + p) * n + start + j], done);
            }
            let pivot = l[(start + j) * n + start + j];
            row.iter_mut().for_each(|v| *v /= pivot);
        }
        transpose(
            (width, rest),
            (panel, rest),
            (out.get_mut(below..).unwrap_or(&mut []), n),
        );
        let across = View {
            values: panel,
            row: rest,
            column: 1,
        };
        let down = View {
            values: panel,
            row: 1,
            column: rest,
        };
        let shape = Shape {
            m: width,
            n: start,
            k: rest,
            b_row: n,
            c_row: n,
        };
        let product = add_product_on::<W, FMA>;
        if rest > 0 {
            // B̄ loses C̄ R; R̄ loses C̄' B; D̄ loses the lower triangle of C̄' C, and what falls above is not read.
            let of_b = Shape {
                m: rest,
                k: width,
                ..shape
            };
            product(of_b, -1.0, down, &l[start * n..], &mut out[end * n..]);
            product(shape, -1.0, across, &l[end * n..], &mut out[start * n..]);
            let of_d = Shape { n: width, ..shape };
            product(
                of_d,
                -1.0,
                across,
                &l[below..],
                &mut out[start * n + start..],
            );
        }
        corner::<FMA>(n, l, out, (start, end), work);
        // R̄ loses (D̄ + D̄') R.
        let both = &mut work[..width * width];
        for i in 0..width {
            for j in 0..=i {
                let v = out[(start + i) * n + start + j];
                both[i * width + j] = v;
                both[j * width + i] = v;
            }
            both[i * width + i] *= 2.0;
        }
        let both = View {
            values: both,
            row: width,
            column: 1,
        };
        let of_r = Shape { k: width, ..shape };
        product(of_r, -1.0, both, &l[start * n..], &mut out[start * n..]);
        end = start;
    }
    for i in 0..n {
        for j in 0..i {
            let half = 0.5 * out[i * n + j];
            out[i * n + j] = half;
            out[j * n + i] = half;
        }
    }
}

/// The same for the corner alone, row by row from the last, in place. `work`: 2 x [`BLOCK`]² elements.
#[inline(always)]
fn corner<const FMA: bool>(
    n: usize,
    l: &[f64],
    out: &mut [f64],
    (start, end): (usize, usize),
    work: &mut [f64],
) {
    let width = end - start;
    // Transposed: columns of the corner are contiguous.
    let (factor, adjoint) = work.split_at_mut(BLOCK * width);
    let at = start * n + start;
    transpose((width, width), (&l[at..], n), (factor, BLOCK));
    transpose((width, width), (&out[at..], n), (adjoint, BLOCK));
    for j in (0..width).rev() {
        let pivot = factor[j * BLOCK + j];
        let (before, own) = adjoint.split_at_mut(j * BLOCK);
        let own = &mut own[j..width];
        let column = &factor[j * BLOCK + j..][..width - j];
        own[0] -= dot::<FMA>(&column[1..], &own[1..]) / pivot;
        own.iter_mut().for_each(|v| *v /= pivot);
        // Left of the pivot: the row loses what the column makes of all rows, and each row below its part of the pivot's row.
        for p in 0..j {
            let other = &factor[p * BLOCK + j..][..width - j];
            let to = &mut before[p * BLOCK + j..][..width - j];
            to[0] -= dot::<FMA>(own, other);
            subtract_multiple::<FMA>(&mut to[1..], other[0], &own[1..]);
        }
        own[0] *= 0.5;
    }
    transpose_lower(width, adjoint, &mut out[at..], n);
}

/// The transpose of the upper triangle of a matrix with rows [`BLOCK`] apart.
#[inline(always)]
fn transpose_lower(width: usize, from: &[f64], to: &mut [f64], to_row: usize) {
    for i in 0..width {
        for j in 0..=i {
            to[i * to_row + j] = from[j * BLOCK + i];
        }
    }
}
