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

    /// A multiple of the identity.
    pub(super) fn scalar(n: usize, v: f64) -> Matrix {
        let mut m = Matrix::zeros(n);
        for i in 0..n {
            m.a[i * n + i] = v;
        }
        m
    }

    pub(super) fn row(&self, i: usize) -> &[f64] {
        &self.a[i * self.n..(i + 1) * self.n]
    }

    pub(super) fn diagonal(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.n).map(|i| self.a[i * self.n + i])
    }

    /// `x self + y other`
    pub(super) fn combine(&self, x: f64, other: &Matrix, y: f64) -> Matrix {
        let a = self.a.iter().zip(&other.a).map(|(a, b)| x * a + y * b);
        Matrix {
            n: self.n,
            a: a.collect(),
        }
    }

    /// The diagonal part.
    pub(super) fn only_diagonal(&self) -> Matrix {
        let mut m = Matrix::zeros(self.n);
        for (i, v) in self.diagonal().enumerate() {
            m.a[i * self.n + i] = v;
        }
        m
    }

    /// Makes it equal to its transpose, from which rounding keeps it.
    pub(super) fn symmetrise(&mut self) {
        let n = self.n;
        for i in 0..n {
            for j in 0..i {
                let v = 0.5 * (self.a[i * n + j] + self.a[j * n + i]);
                (self.a[i * n + j], self.a[j * n + i]) = (v, v);
            }
        }
    }

    /// `self other`
    pub(super) fn times(&self, other: &Matrix) -> Matrix {
        let n = self.n;
        let mut out = Matrix::zeros(n);
        for i in 0..n {
            for k in 0..n {
                let f = self.a[i * n + k];
                if f != 0.0 {
                    let (to, from) = (&mut out.a[i * n..(i + 1) * n], other.row(k));
                    to.iter_mut().zip(from).for_each(|(o, v)| *o += f * v);
                }
            }
        }
        out
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
    fn the_inverse_of_a_factored_matrix_inverts() {
        let a = Matrix {
            n: 3,
            a: vec![4.0, 1.0, 0.5, 1.0, 3.0, -0.2, 0.5, -0.2, 2.0],
        };
        let inverse = a.cholesky().unwrap().inverse_of_factored();
        let one = a.times(&inverse);
        for i in 0..3 {
            for j in 0..3 {
                let expected = f64::from(u8::from(i == j));
                assert!((one.a[i * 3 + j] - expected).abs() < 1e-14);
            }
        }
        assert!(Matrix::scalar(2, -1.0).cholesky().is_none());
    }
}
