//! The triangular factor R of a tall matrix, with `|R x| = |A x|` for every x (Householder; Golub and Van Loan 2013,
//! section 5.2), by blocks of rows.

/// Rows that a block takes besides the factor so far.
const BLOCK: usize = 64;

/// R (p x p, row-major, upper triangular) of a matrix whose rows are pushed one by one.
pub(super) struct Triangle {
    p: usize,
    /// The factor so far, then rows that wait; row-major.
    rows: Vec<f64>,
}

impl Triangle {
    pub(super) fn new(p: usize) -> Self {
        Triangle { p, rows: vec![] }
    }

    pub(super) fn push(&mut self, row: impl Iterator<Item = f64>) {
        self.rows.extend(row);
        if self.rows.len() >= (self.p + BLOCK.max(self.p)) * self.p {
            self.reduce();
        }
    }

    pub(super) fn finish(mut self) -> Vec<f64> {
        self.reduce();
        self.rows.resize(self.p * self.p, 0.0);
        self.rows
    }

    /// Reflections that leave zeros below the diagonal.
    fn reduce(&mut self) {
        let p = self.p;
        let n = self.rows.len() / p;
        let mut products = vec![0.0; p];
        for k in 0..p.min(n) {
            let largest = (k..n).fold(0.0f64, |m, r| m.max(self.rows[r * p + k].abs()));
            if largest == 0.0 {
                continue;
            }
            let squares: f64 = (k..n)
                .map(|r| (self.rows[r * p + k] / largest).powi(2))
                .sum();
            let norm = largest * squares.sqrt();
            let diagonal = self.rows[k * p + k];
            let target = if diagonal > 0.0 { -norm } else { norm };
            // The reflection's vector is the column less `target` on the diagonal; half of its squared length:
            let half = norm * (norm + diagonal.abs());
            self.rows[k * p + k] = diagonal - target;
            products[k + 1..].fill(0.0);
            for row in self.rows[k * p..].chunks_exact(p) {
                let v = row[k];
                for (product, x) in products[k + 1..].iter_mut().zip(&row[k + 1..]) {
                    *product += v * x;
                }
            }
            for row in self.rows[k * p..].chunks_exact_mut(p) {
                let v = row[k] / half;
                for (x, product) in row[k + 1..].iter_mut().zip(&products[k + 1..]) {
                    *x -= v * product;
                }
                row[k] = 0.0;
            }
            self.rows[k * p + k] = target;
        }
        self.rows.truncate(p.min(n) * p);
    }
}

#[cfg(test)]
mod tests {
    use super::Triangle;

    #[test]
    fn lengths_are_kept() {
        for (n, p) in [(1, 1), (3, 5), (200, 3), (1000, 20), (130, 64)] {
            let entry = |i: usize, j: usize| ((7 * i + 13 * j * j + i * j) as f64 + 0.5).sin();
            let mut triangle = Triangle::new(p);
            for i in 0..n {
                triangle.push((0..p).map(|j| entry(i, j)));
            }
            let r = triangle.finish();
            let x: Vec<f64> = (0..p).map(|j| (1.0 + j as f64).cos()).collect();
            let direct: f64 = (0..n)
                .map(|i| (0..p).map(|j| entry(i, j) * x[j]).sum::<f64>().powi(2))
                .sum();
            let folded: f64 = (0..p)
                .map(|i| (0..p).map(|j| r[i * p + j] * x[j]).sum::<f64>().powi(2))
                .sum();
            assert!((folded / direct - 1.0).abs() < 1e-13, "{n} x {p}");
            for i in 0..p {
                assert!((0..i).all(|j| r[i * p + j] == 0.0));
            }
        }
    }
}
