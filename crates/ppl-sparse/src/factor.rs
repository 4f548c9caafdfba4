//! Cholesky factors, and solves by them.

use crate::elimination::Elimination;
use crate::pattern::Symmetric;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::LltRegularization;
use faer::sparse::{SparseColMatRef, SymbolicSparseColMatRef};
use faer::{Par, Side, Spec};
use std::sync::Arc;

/// Vectors that are solved for together.
const TOGETHER: usize = 16;

/// The factor of a positive definite matrix: `P A P' = L L'`.
#[derive(Debug, Clone)]
pub struct Factor {
    pub(crate) by: Arc<Elimination>,
    /// Of L, by step.
    pub(crate) diagonal: Vec<f64>,
    /// Entries of L below the diagonal.
    pub(crate) below: Vec<f64>,
    /// Whether all of these are zero.
    is_diagonal: bool,
}

/// Lanes of a sum.
const LANES: usize = 8;

/// The first of rows that have no gap, as those of a dense part; they ascend.
fn contiguous(rows: &[u32]) -> Option<usize> {
    let (first, last) = (*rows.first()?, *rows.last()?);
    ((last - first) as usize + 1 == rows.len()).then_some(first as usize)
}

/// Sum of products, in lanes that are added in one order on every machine.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = a.remainder().iter().zip(b.remainder());
    let rest: f64 = rest.map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for (s, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *s += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest
}

impl Factor {
    /// Factors a matrix; `None` where it is not positive definite.
    pub fn new(by: &Arc<Elimination>, matrix: &Symmetric) -> Option<Factor> {
        if !matrix.is_finite() {
            return None;
        }
        let n = by.order.len();
        let columns =
            SymbolicSparseColMatRef::new_checked(n, n, &by.column_starts, None, by.pattern.rows());
        let matrix = SparseColMatRef::new(columns, &matrix.values);
        let need = by
            .symbolic
            .factorize_numeric_llt_scratch::<f64>(Par::Seq, Spec::default());
        let mut memory = MemBuffer::try_new(need).ok()?;
        let mut values = vec![0.0; by.symbolic.len_val()];
        by.symbolic
            .factorize_numeric_llt(
                &mut values,
                matrix,
                Side::Lower,
                LltRegularization::default(),
                Par::Seq,
                MemStack::new(&mut memory),
                Spec::default(),
            )
            .ok()?;
        let below: Vec<f64> = by.entries_at.iter().map(|p| values[*p]).collect();
        let diagonal: Vec<f64> = by.diagonal_at.iter().map(|p| values[*p]).collect();
        diagonal
            .iter()
            .all(|v| *v > 0.0 && v.is_finite())
            .then(|| Factor {
                by: by.clone(),
                is_diagonal: below.iter().all(|v| *v == 0.0),
                below,
                diagonal,
            })
    }

    /// How it was factored.
    pub fn elimination(&self) -> &Arc<Elimination> {
        &self.by
    }

    /// Diagonal of L, in the order of elimination.
    pub fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }

    /// Entries of L below its diagonal, in the order of elimination.
    pub fn below(&self) -> &[f64] {
        &self.below
    }

    fn column(&self, step: usize) -> (&[u32], &[f64]) {
        let own = self.by.first[step]..self.by.first[step + 1];
        (&self.by.rows[own.clone()], &self.below[own])
    }

    /// ln det A
    pub fn ln_determinant(&self) -> f64 {
        2.0 * self.diagonal.iter().map(|v| v.ln()).sum::<f64>()
    }

    /// `x` with `A x = b`, in place.
    pub fn solve(&self, b: &mut [f64]) {
        let mut x = self.whitened(b);
        self.back::<1>(&mut x);
        for (value, unknown) in x.iter().zip(&self.by.order) {
            b[*unknown as usize] = *value;
        }
    }

    /// `L^-1 P b`, in the order of elimination: its square is `b' A^-1 b`.
    pub fn whitened(&self, b: &[f64]) -> Vec<f64> {
        let mut x: Vec<f64> = self.by.order.iter().map(|i| b[*i as usize]).collect();
        if self.is_diagonal {
            x.iter_mut().zip(&self.diagonal).for_each(|(x, l)| *x /= l);
            return x;
        }
        self.forth::<1>(&mut x);
        x
    }

    /// `x' A x`
    pub fn square(&self, x: &[f64]) -> f64 {
        let by_step: Vec<f64> = self.by.order.iter().map(|i| x[*i as usize]).collect();
        let of = |k: usize| {
            let (rows, values) = self.column(k);
            let below = rows.iter().zip(values);
            self.diagonal[k] * by_step[k]
                + below.map(|(i, l)| l * by_step[*i as usize]).sum::<f64>()
        };
        (0..by_step.len()).map(|k| of(k).powi(2)).sum()
    }

    /// `L^-T x` in place, for W vectors side by side, in the order of elimination.
    fn back<const W: usize>(&self, x: &mut [f64]) {
        for k in (0..self.diagonal.len()).rev() {
            let (own, later) = x[k * W..].split_at_mut(W);
            let mut sum = [0.0; W];
            sum.copy_from_slice(own);
            let (rows, values) = self.column(k);
            match contiguous(rows) {
                Some(first) if W == 1 => {
                    sum[0] -= dot(values, &later[first - k - 1..][..rows.len()]);
                }
                _ => {
                    for (i, l) in rows.iter().zip(values) {
                        let at = (*i as usize - k - 1) * W;
                        for (s, v) in sum.iter_mut().zip(&later[at..at + W]) {
                            *s -= l * v;
                        }
                    }
                }
            }
            let by = 1.0 / self.diagonal[k];
            for (to, s) in own.iter_mut().zip(sum) {
                *to = s * by;
            }
        }
    }

    /// `L^-1 x` in place, for W vectors side by side, in the order of elimination.
    fn forth<const W: usize>(&self, x: &mut [f64]) {
        for k in 0..self.diagonal.len() {
            let (own, later) = x[k * W..].split_at_mut(W);
            let by = 1.0 / self.diagonal[k];
            own.iter_mut().for_each(|v| *v *= by);
            let (rows, values) = self.column(k);
            match contiguous(rows) {
                Some(first) if W == 1 => {
                    let each = later[first - k - 1..].iter_mut().zip(values);
                    each.for_each(|(to, l)| *to -= l * own[0]);
                }
                _ => {
                    for (i, l) in rows.iter().zip(values) {
                        let at = (*i as usize - k - 1) * W;
                        for (to, v) in later[at..at + W].iter_mut().zip(&*own) {
                            *to -= l * v;
                        }
                    }
                }
            }
        }
    }

    /// What `f` makes of rows that stand side by side in the order of elimination, so many at a time; where the matrix is diagonal, the
    /// rows in units of its sds. `one` does the same for a row by itself.
    fn of_rows(&self, rows: &mut [f64], one: impl Fn(&mut [f64]), f: impl Fn(&mut [f64])) {
        let d = self.diagonal.len();
        if self.is_diagonal {
            let mut scales = vec![0.0; d];
            for (unknown, l) in self.by.order.iter().zip(&self.diagonal) {
                scales[*unknown as usize] = 1.0 / l;
            }
            for row in rows.chunks_mut(d) {
                row.iter_mut().zip(&scales).for_each(|(z, s)| *z *= s);
            }
            return;
        }
        if rows.len() == d {
            let order = || self.by.order.iter().map(|i| *i as usize);
            let mut x: Vec<f64> = order().map(|i| rows[i]).collect();
            one(&mut x);
            order().zip(x).for_each(|(i, v)| rows[i] = v);
            return;
        }
        let mut side_by_side = vec![0.0; d * TOGETHER];
        for rows in rows.chunks_mut(d * TOGETHER) {
            for (s, row) in rows.chunks(d).enumerate() {
                for (k, unknown) in self.by.order.iter().enumerate() {
                    side_by_side[k * TOGETHER + s] = row[*unknown as usize];
                }
            }
            f(&mut side_by_side);
            for (s, row) in rows.chunks_mut(d).enumerate() {
                for (k, unknown) in self.by.order.iter().enumerate() {
                    row[*unknown as usize] = side_by_side[k * TOGETHER + s];
                }
            }
        }
    }

    /// For standard draws z, a row each, in place: `P' L^-T P z`, draws of a Gaussian with A as precision.
    pub fn spread(&self, draws: &mut [f64]) {
        self.of_rows(draws, |x| self.back::<1>(x), |x| self.back::<TOGETHER>(x));
    }

    /// The transpose of [`Factor::spread`], for slopes by what it gives, a row each, in place: `P' L^-1 P g`, slopes by z.
    pub fn gather(&self, slopes: &mut [f64]) {
        self.of_rows(
            slopes,
            |x| self.forth::<1>(x),
            |x| self.forth::<TOGETHER>(x),
        );
    }
}
