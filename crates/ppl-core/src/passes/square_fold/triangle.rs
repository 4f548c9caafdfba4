//! The triangular factor R of a tall matrix, with `|R x| = |A x|` for every x (Householder; Golub and Van Loan 2013,
//! section 5.2), by blocks of rows.

use crate::instructions::for_instructions;

/// Rows that a block takes besides the factor so far, at least.
const BLOCK: usize = 192;
/// Partial sums of a product.
const LANES: usize = 32;

/// R (p x p, row-major, upper triangular) of a matrix whose rows come in blocks.
pub(super) struct Triangle {
    p: usize,
    /// Column after column: rows of the factor so far, then room for a block.
    columns: Vec<f64>,
    /// Rows of the factor so far.
    held: usize,
}

impl Triangle {
    pub(super) fn new(p: usize) -> Self {
        Triangle {
            p,
            columns: vec![0.0; p * height(p)],
            held: 0,
        }
    }

    /// Rows of a block of a matrix with `p` columns, at most.
    pub(super) fn block(p: usize) -> usize {
        BLOCK.max(4 * p)
    }

    /// Adds `n` rows, at most those of a block; `fill` writes a column's.
    pub(super) fn add(&mut self, n: usize, mut fill: impl FnMut(usize, &mut [f64])) {
        let height = height(self.p);
        for (j, column) in self.columns.chunks_exact_mut(height).enumerate() {
            fill(j, &mut column[self.held..self.held + n]);
        }
        let n = self.held + n;
        reduce(&mut self.columns, self.p, self.held, n);
        self.held = self.p.min(n);
    }

    /// The factor, row-major; the next rows begin another one.
    pub(super) fn finish(&mut self) -> Vec<f64> {
        let (p, height) = (self.p, height(self.p));
        let mut out = vec![0.0; p * p];
        for i in 0..self.held {
            for j in i..p {
                out[i * p + j] = self.columns[j * height + i];
            }
        }
        self.held = 0;
        out
    }
}

for_instructions! {
    /// Reflections that leave zeros below the diagonal of the first `n` rows, where the first `held` have them.
    reduce = reduce_on(columns: &mut [f64], p: usize, held: usize, n: usize) -> ()
}

#[inline(always)]
fn reduce_on<const W: usize, const FMA: bool>(
    columns: &mut [f64],
    p: usize,
    held: usize,
    n: usize,
) {
    let height = height(p);
    for k in 0..p.min(n) {
        let (before, after) = columns.split_at_mut((k + 1) * height);
        let column = &mut before[k * height..];
        // Below the diagonal the rows of the factor so far are zero.
        let first = held.max(k + 1);
        let (top, below) = column.split_at_mut(first);
        let (diagonal, below) = (&mut top[k], &mut below[..n - first]);
        let largest = below.iter().fold(diagonal.abs(), |m, x| m.max(x.abs()));
        if largest == 0.0 {
            continue;
        }
        let scaled = below.iter().map(|x| (x / largest).powi(2));
        let squares = (*diagonal / largest).powi(2) + scaled.sum::<f64>();
        let norm = largest * squares.sqrt();
        let target = if *diagonal > 0.0 { -norm } else { norm };
        // The reflection's vector is the column less `target` on the diagonal; half of its squared length:
        let half = norm * (norm + diagonal.abs());
        let head = *diagonal - target;
        for other in after.chunks_exact_mut(height) {
            let (top, rest) = other.split_at_mut(first);
            let rest = &mut rest[..n - first];
            let product = (head * top[k] + dot::<FMA>(below, rest)) / half;
            top[k] -= product * head;
            for (x, v) in rest.iter_mut().zip(&*below) {
                *x = add_to::<FMA>(*x, -product, *v);
            }
        }
        *diagonal = target;
    }
}

/// Rows of the factor and of a block.
fn height(p: usize) -> usize {
    p + Triangle::block(p)
}

/// The product of two vectors of one length.
#[inline(always)]
fn dot<const FMA: bool>(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let ((xs, x), (ys, y)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    let rest: f64 = x.iter().zip(y).map(|(x, y)| x * y).sum();
    for (x, y) in xs.iter().zip(ys) {
        for lane in 0..LANES {
            sums[lane] = add_to::<FMA>(sums[lane], x[lane], y[lane]);
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// `sum + x * y`
#[inline(always)]
fn add_to<const FMA: bool>(sum: f64, x: f64, y: f64) -> f64 {
    if FMA { x.mul_add(y, sum) } else { sum + x * y }
}

#[cfg(test)]
mod tests {
    use super::Triangle;

    #[test]
    fn lengths_are_kept() {
        for (n, p) in [(1, 1), (3, 5), (200, 3), (1000, 20), (130, 64), (700, 90)] {
            let entry = |i: usize, j: usize| ((7 * i + 13 * j * j + i * j) as f64 + 0.5).sin();
            // Blocks of other sizes, and of few rows first.
            for most in [2, 50, Triangle::block(p)] {
                let mut triangle = Triangle::new(p);
                let mut first = 0;
                while first < n {
                    let len = most.min(n - first);
                    triangle.add(len, |j, to| {
                        to.iter_mut()
                            .enumerate()
                            .for_each(|(i, x)| *x = entry(first + i, j));
                    });
                    first += len;
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
}
