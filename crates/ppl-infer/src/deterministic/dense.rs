//! Dense symmetric matrices, row-major, of a few hundred rows.

/// A square matrix.
#[derive(Debug, Clone)]
pub(super) struct Matrix {
    pub(super) n: usize,
    pub(super) a: Vec<f64>,
}

impl Matrix {
    pub(super) fn zeros(n: usize) -> Matrix {
        Matrix {
            n,
            a: vec![0.0; n * n],
        }
    }

    pub(super) fn diagonal(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.n).map(|i| self.a[i * self.n + i])
    }

    /// The lower-triangular factor; `None` where the matrix is not positive definite.
    pub(super) fn cholesky(&self) -> Option<Matrix> {
        let n = self.n;
        let mut l = Matrix::zeros(n);
        for i in 0..n {
            for j in 0..=i {
                let (x, y) = (&l.a[i * n..i * n + j], &l.a[j * n..j * n + j]);
                let dot: f64 = x.iter().zip(y).map(|(x, y)| x * y).sum();
                let v = self.a[i * n + j] - dot;
                if i == j {
                    if !(v > 0.0 && v.is_finite()) {
                        return None;
                    }
                    l.a[i * n + i] = v.sqrt();
                } else {
                    l.a[i * n + j] = v / l.a[j * n + j];
                }
            }
        }
        Some(l)
    }

    /// Solves `self' x = b` in place, for a lower-triangular matrix.
    pub(super) fn solve_upper(&self, b: &mut [f64]) {
        let n = self.n;
        for i in (0..n).rev() {
            b[i] /= self.a[i * n + i];
            let x = b[i];
            let (head, row) = (&mut b[..i], &self.a[i * n..i * n + i]);
            head.iter_mut().zip(row).for_each(|(b, l)| *b -= l * x);
        }
    }

    /// Solves `self x = b` in place, for a lower-triangular matrix.
    pub(super) fn solve_lower(&self, b: &mut [f64]) {
        let n = self.n;
        for i in 0..n {
            let (head, row) = (&b[..i], &self.a[i * n..i * n + i]);
            let dot: f64 = head.iter().zip(row).map(|(b, l)| b * l).sum();
            b[i] = (b[i] - dot) / self.a[i * n + i];
        }
    }

    /// The inverse of the matrix whose lower-triangular factor this is.
    pub(super) fn inverse_of_factored(&self) -> Matrix {
        let n = self.n;
        let mut out = Matrix::zeros(n);
        let mut column = vec![0.0; n];
        for j in 0..n {
            column.fill(0.0);
            column[j] = 1.0;
            self.solve_lower(&mut column);
            self.solve_upper(&mut column);
            for (i, v) in column.iter().enumerate() {
                out.a[i * n + j] = *v;
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::Matrix;

    #[test]
    fn a_factored_matrix_solves() {
        let a = Matrix {
            n: 3,
            a: vec![4.0, 1.0, 0.5, 1.0, 3.0, -0.2, 0.5, -0.2, 2.0],
        };
        let factor = a.cholesky().unwrap();
        let mut x = [1.0, -2.0, 0.5];
        let b = x;
        factor.solve_lower(&mut x);
        factor.solve_upper(&mut x);
        for (row, b) in a.a.chunks(3).zip(b) {
            let product: f64 = row.iter().zip(x).map(|(a, x)| a * x).sum();
            assert!((product - b).abs() < 1e-14);
        }
        let negative = Matrix {
            n: 1,
            a: vec![-1.0],
        };
        assert!(negative.cholesky().is_none());
    }
}
