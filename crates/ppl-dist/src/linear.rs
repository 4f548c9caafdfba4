//! Small dense triangular algebra over values and programs; matrices are row-major K x K.

use crate::real::Real;

/// The lower-triangular factor L with L Lᵀ = a (Cholesky–Banachiewicz), literal zeros above the diagonal.
pub fn cholesky<R: Real>(a: &[R], k: usize) -> Vec<R> {
    let mut l = vec![R::lit(0.0); k * k];
    let mut inverse_diagonal = Vec::with_capacity(k);
    for i in 0..k {
        for j in 0..=i {
            let rest = (0..j).fold(a[i * k + j], |s, m| s - l[i * k + m] * l[j * k + m]);
            if i == j {
                l[i * k + i] = rest.sqrt();
                inverse_diagonal.push(l[i * k + i].recip());
            } else {
                l[i * k + j] = rest * inverse_diagonal[j];
            }
        }
    }
    l
}

/// The inverse of a lower-triangular matrix by forward substitution, literal zeros above the diagonal.
pub fn inverse_lower<R: Real>(l: &[R], k: usize) -> Vec<R> {
    let mut inverse = vec![R::lit(0.0); k * k];
    for j in 0..k {
        inverse[j * k + j] = l[j * k + j].recip();
    }
    for i in 1..k {
        for j in 0..i {
            let rest = (j + 1..i).fold(l[i * k + j] * inverse[j * k + j], |s, m| {
                s + l[i * k + m] * inverse[m * k + j]
            });
            inverse[i * k + j] = -(rest * inverse[i * k + i]);
        }
    }
    inverse
}

/// K of a K x K matrix of `n` numbers.
pub fn side(n: usize) -> usize {
    (n as f64).sqrt().round() as usize
}

/// M M' of a square matrix.
pub fn outer_square<R: Real>(m: &[R], k: usize) -> Vec<R> {
    let mut out = vec![R::lit(0.0); k * k];
    for i in 0..k {
        for j in 0..=i {
            let v = (1..k).fold(m[i * k] * m[j * k], |s, c| s + m[i * k + c] * m[j * k + c]);
            out[i * k + j] = v;
            out[j * k + i] = v;
        }
    }
    out
}

/// The product of two lower-triangular matrices, literal zeros above the diagonal.
pub fn lower_times_lower<R: Real>(a: &[R], b: &[R], k: usize) -> Vec<R> {
    let mut out = vec![R::lit(0.0); k * k];
    for i in 0..k {
        for j in 0..=i {
            out[i * k + j] = (j + 1..=i).fold(a[i * k + j] * b[j * k + j], |s, m| {
                s + a[i * k + m] * b[m * k + j]
            });
        }
    }
    out
}

/// inverse(L) B of two lower-triangular matrices: its lower triangle, row by row.
pub fn solve_lower_matrix<R: Real>(l: &[R], b: &[R], k: usize) -> Vec<R> {
    let mut z = vec![R::lit(0.0); k * k];
    let mut lower = vec![];
    for i in 0..k {
        for j in 0..=i {
            let rest = (j..i).fold(b[i * k + j], |s, m| s - l[i * k + m] * z[m * k + j]);
            z[i * k + j] = rest / l[i * k + i];
            lower.push(z[i * k + j]);
        }
    }
    lower
}

/// z with L z = b, by forward substitution.
pub fn solve_lower<R: Real>(l: &[R], b: &[R]) -> Vec<R> {
    let k = b.len();
    let mut z: Vec<R> = Vec::with_capacity(k);
    for i in 0..k {
        let rest = (0..i).fold(b[i], |s, m| s - l[i * k + m] * z[m]);
        z.push(rest / l[i * k + i]);
    }
    z
}

/// The lower-triangular L with L Lᵀ = p⁻¹ for a precision matrix p: with rows and columns reversed, p = U Uᵀ with U
/// upper triangular, and L = U⁻ᵀ.
pub fn cholesky_of_inverse<R: Real>(p: &[R], k: usize) -> Vec<R> {
    let reversed: Vec<R> = p.iter().rev().copied().collect();
    let inverse = inverse_lower(&cholesky(&reversed, k), k);
    let mut l = vec![R::lit(0.0); k * k];
    for i in 0..k {
        for j in 0..=i {
            l[i * k + j] = inverse[(k - 1 - j) * k + (k - 1 - i)];
        }
    }
    l
}
