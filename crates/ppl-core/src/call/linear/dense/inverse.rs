//! The inverse by elimination.

use super::subtract_multiple;
use crate::instructions::for_instructions;

for_instructions! {
    /// The inverse by Gauss-Jordan elimination with partial pivoting, and ln |det|; NaN for a singular matrix.
    /// `work`: n² elements.
    pub(in super::super) inverse = inverse_on(n: usize, a: &[f64], inverse: &mut [f64], work: &mut [f64]) -> f64
}

#[inline(always)]
fn inverse_on<const W: usize, const FMA: bool>(
    n: usize,
    a: &[f64],
    inverse: &mut [f64],
    work: &mut [f64],
) -> f64 {
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
                subtract_multiple::<FMA>(row, factor, other);
            }
        }
    }
    ln_det
}

/// Row i to be changed, and row j.
#[inline(always)]
fn two_rows(matrix: &mut [f64], n: usize, i: usize, j: usize) -> (&mut [f64], &[f64]) {
    let (top, bottom) = matrix.split_at_mut(i.max(j) * n);
    if i < j {
        (&mut top[i * n..][..n], &bottom[..n])
    } else {
        (&mut bottom[..n], &top[j * n..][..n])
    }
}
