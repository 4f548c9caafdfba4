//! Loops over dense row-major matrices: a product in register tiles, and what is built on it. Nothing is allocated.

/// Columns that are factored or solved at once.
const BLOCK: usize = 32;
/// Rows of a register tile.
const TILE: usize = 4;

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

/// See [`Shape`]; compiled for the baseline and for the vector instructions that the machine may have.
pub(super) fn add_product(shape: Shape, sign: f64, a: View<'_>, b: &[f64], c: &mut [f64]) {
    if shape.m == 0 || shape.n == 0 || shape.k == 0 {
        return;
    }
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            if is_x86_feature_detected!("avx512f") {
                // SAFETY: the machine has the instructions.
                return unsafe { add_product_avx512(shape, sign, a, b, c) };
            }
            // SAFETY: as above.
            return unsafe { add_product_avx2(shape, sign, a, b, c) };
        }
    }
    tiles::<4, false>(shape, sign, a, b, c);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn add_product_avx2(shape: Shape, sign: f64, a: View<'_>, b: &[f64], c: &mut [f64]) {
    tiles::<8, true>(shape, sign, a, b, c);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn add_product_avx512(shape: Shape, sign: f64, a: View<'_>, b: &[f64], c: &mut [f64]) {
    tiles::<16, true>(shape, sign, a, b, c);
}

#[inline(always)]
fn tiles<const W: usize, const FMA: bool>(
    shape: Shape,
    sign: f64,
    a: View<'_>,
    b: &[f64],
    c: &mut [f64],
) {
    let mut j = 0;
    while j + W <= shape.n {
        column_of_tiles::<W, FMA>(shape, sign, a, b, c, j);
        j += W;
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

/// The lower factor of the symmetric part of `a` (n x n); NaN everywhere if that is not positive definite.
/// `scratch`: [`cholesky_scratch`] elements.
pub(super) fn cholesky(n: usize, a: &[f64], l: &mut [f64], scratch: &mut [f64]) {
    for i in 0..n {
        for j in 0..=i {
            l[i * n + j] = 0.5 * (a[i * n + j] + a[j * n + i]);
        }
    }
    let mut start = 0;
    while start < n {
        let end = (start + BLOCK).min(n);
        if !factor_corner(n, l, start, end) {
            l.fill(f64::NAN);
            return;
        }
        // The rows below, transposed: solved for along the long rows of the panel.
        let rest = n - end;
        let panel = &mut scratch[..(end - start) * rest];
        for i in 0..rest {
            for j in 0..end - start {
                panel[j * rest + i] = l[(end + i) * n + start + j];
            }
        }
        for j in 0..end - start {
            let (done, row) = panel.split_at_mut(j * rest);
            let row = &mut row[..rest];
            let corner = &l[(start + j) * n + start..][..=j];
            for (p, &x) in corner[..j].iter().enumerate() {
                subtract_multiple(row, x, &done[p * rest..][..rest]);
            }
            let pivot = corner[j];
            row.iter_mut().for_each(|v| *v /= pivot);
        }
        for i in 0..rest {
            for j in 0..end - start {
                l[(end + i) * n + start + j] = panel[j * rest + i];
            }
        }
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
            add_product(shape, -1.0, left, panel, &mut l[(end + i) * n + end..]);
            i += rows;
        }
        start = end;
    }
    for i in 0..n {
        l[i * n + i + 1..(i + 1) * n].fill(0.0);
    }
}

/// Elements of working memory of [`cholesky`].
pub(super) fn cholesky_scratch(n: usize) -> usize {
    BLOCK.min(n) * n
}

/// Factors rows and columns `start..end` in place; false if a pivot is not positive.
fn factor_corner(n: usize, l: &mut [f64], start: usize, end: usize) -> bool {
    for i in start..end {
        let (above, row) = l.split_at_mut(i * n);
        for j in start..i {
            let other = &above[j * n..][..n];
            let rest = row[j] - dot(&row[start..j], &other[start..j]);
            row[j] = rest / other[j];
        }
        let rest = row[i] - dot(&row[start..i], &row[start..i]);
        if !(rest > 0.0 && rest < f64::INFINITY) {
            return false;
        }
        row[i] = rest.sqrt();
    }
    true
}

/// x with L x = b (or L' x = b), in place; `x` is n x m, the right-hand sides side by side.
pub(super) fn solve_lower(n: usize, m: usize, l: &[f64], transposed: bool, x: &mut [f64]) {
    match (m, transposed) {
        (1, false) => {
            for i in 0..n {
                x[i] = (x[i] - dot(&l[i * n..][..i], &x[..i])) / l[i * n + i];
            }
        }
        (1, true) => {
            for i in (0..n).rev() {
                let (before, rest) = x.split_at_mut(i);
                rest[0] /= l[i * n + i];
                subtract_multiple(before, rest[0], &l[i * n..][..i]);
            }
        }
        (_, false) => forward(n, m, l, x),
        (_, true) => backward(n, m, l, x),
    }
}

fn forward(n: usize, m: usize, l: &[f64], x: &mut [f64]) {
    let mut start = 0;
    while start < n {
        let end = (start + BLOCK).min(n);
        for i in start..end {
            let (done, row) = x.split_at_mut(i * m);
            let row = &mut row[..m];
            for p in start..i {
                subtract_multiple(row, l[i * n + p], &done[p * m..][..m]);
            }
            row.iter_mut().for_each(|v| *v /= l[i * n + i]);
        }
        let (done, rest) = x.split_at_mut(end * m);
        let left = View {
            values: l.get(end * n + start..).unwrap_or(&[]),
            row: n,
            column: 1,
        };
        let shape = Shape {
            m: n - end,
            n: m,
            k: end - start,
            b_row: m,
            c_row: m,
        };
        add_product(shape, -1.0, left, &done[start * m..], rest);
        start = end;
    }
}

fn backward(n: usize, m: usize, l: &[f64], x: &mut [f64]) {
    let mut end = n;
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        for i in (start..end).rev() {
            let (before, rest) = x.split_at_mut(i * m);
            let row = &mut rest[..m];
            row.iter_mut().for_each(|v| *v /= l[i * n + i]);
            for p in start..i {
                subtract_multiple(&mut before[p * m..][..m], l[i * n + p], row);
            }
        }
        let (before, done) = x.split_at_mut(start * m);
        let left = View {
            values: &l[start * n..],
            row: 1,
            column: n,
        };
        let shape = Shape {
            m: start,
            n: m,
            k: end - start,
            b_row: m,
            c_row: m,
        };
        add_product(shape, -1.0, left, done, before);
        end = start;
    }
}

/// The inverse by Gauss-Jordan elimination with partial pivoting, and ln |det|; NaN for a singular matrix.
/// `work`: n² elements.
pub(super) fn inverse(n: usize, a: &[f64], inverse: &mut [f64], work: &mut [f64]) -> f64 {
    let work = &mut work[..n * n];
    work.copy_from_slice(a);
    inverse.fill(0.0);
    (0..n).for_each(|i| inverse[i * n + i] = 1.0);
    let mut ln_det = 0.0;
    for j in 0..n {
        let size = |i: usize| work[i * n + j].abs();
        let best = (j..n).fold(j, |best, i| if size(i) > size(best) { i } else { best });
        let pivot = work[best * n + j];
        if !(pivot.abs() > 0.0 && pivot.is_finite()) {
            inverse.fill(f64::NAN);
            return f64::NAN;
        }
        ln_det += ppl_dist::Real::ln(pivot.abs());
        for matrix in [&mut *work, &mut *inverse] {
            if best != j {
                let (top, bottom) = matrix.split_at_mut(best * n);
                top[j * n..][..n].swap_with_slice(&mut bottom[..n]);
            }
            matrix[j * n..][..n].iter_mut().for_each(|v| *v /= pivot);
        }
        for i in (0..n).filter(|&i| i != j) {
            let factor = work[i * n + j];
            for matrix in [&mut *work, &mut *inverse] {
                let (row, other) = two_rows(matrix, n, i, j);
                subtract_multiple(row, factor, other);
            }
        }
    }
    ln_det
}

/// Row i to be changed, and row j.
fn two_rows(matrix: &mut [f64], n: usize, i: usize, j: usize) -> (&mut [f64], &[f64]) {
    let (top, bottom) = matrix.split_at_mut(i.max(j) * n);
    if i < j {
        (&mut top[i * n..][..n], &bottom[..n])
    } else {
        (&mut bottom[..n], &top[j * n..][..n])
    }
}

/// `to -= factor * from`
fn subtract_multiple(to: &mut [f64], factor: f64, from: &[f64]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to -= factor * from;
    }
}

/// In eight running sums, so that it can be vectorised.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a8
        .remainder()
        .iter()
        .zip(b8.remainder())
        .map(|(x, y)| x * y)
        .sum();
    for (x, y) in a8.zip(b8) {
        for k in 0..8 {
            sums[k] += x[k] * y[k];
        }
    }
    ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) + rest
}
