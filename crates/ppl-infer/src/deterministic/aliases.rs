//! Directions in which nothing is known: null vectors of the curvature among unknowns with flat priors.
//!
//! Where the data know a sum of unknowns and not its terms, as of two columns that are proportional, of an intercept beside a constant column
//! or of an effect for each level of two crossed factors, the density is level along a straight line. A Gaussian that is fitted to it ends far out, where its
//! covariance is rounding errors; the curvature at the origin has a null vector to the last digit.

use super::Solver;
use super::dense::Matrix;
use super::gaussian::Gaussian;
use super::smooth::BATCH;

/// Unknowns with flat priors, at most: elimination takes the cube of their number.
const MOST: usize = 400;

/// What is left of a row by elimination, of its own unit, where it says nothing that the rows before it do not.
const NOTHING: f64 = 1e-11;

/// The width of the points that the curvature is a mean over.
const POINT: f64 = 1e-9;

/// Null vectors at the origin, each with elements in units of the unknowns' sds given all others. `open`: which unknowns have flat priors.
pub(super) fn aliases(solver: &mut Solver<'_>, q: &Gaussian, open: &[bool]) -> Vec<Vec<f64>> {
    let d = q.mean.len();
    let all: Vec<usize> = (0..d).filter(|i| open[*i]).collect();
    let mut known = solver.curvature(q);
    let exact = !known.is_differenced() && !solver.is_matrix_free();
    if all.len() < 2 || all.len() > MOST || !exact {
        return vec![];
    }
    let Some(point) = Gaussian::round(&solver.by, vec![0.0; d], POINT) else {
        return vec![];
    };
    let draws = solver.draws(BATCH, 0);
    let h = solver.hessian(&point, &draws, &mut known);
    let mut own = Matrix::zeros(all.len());
    for (a, i) in all.iter().enumerate() {
        for (b, j) in all.iter().enumerate() {
            let place = h.pattern.place(*i.max(j), *i.min(j));
            own.a[a * all.len() + b] = place.map_or(0.0, |p| h.values[p]);
        }
    }
    let units: Vec<f64> = own.diagonal().map(|v| v.abs().sqrt().recip()).collect();
    if !h.is_finite() || units.iter().any(|u| !u.is_finite()) {
        return vec![];
    }
    for (row, u) in own.a.chunks_mut(all.len()).zip(&units) {
        row.iter_mut().zip(&units).for_each(|(v, w)| *v *= u * w);
    }
    let whole = |v: Vec<f64>| {
        let mut out = vec![0.0; d];
        for ((i, v), u) in all.iter().zip(v).zip(&units) {
            out[*i] = v * u;
        }
        out
    };
    null_vectors(own).into_iter().map(whole).collect()
}

/// Null vectors of a symmetric matrix whose diagonal is 1 or -1, by elimination with the largest pivot of all.
fn null_vectors(mut m: Matrix) -> Vec<Vec<f64>> {
    let n = m.n;
    // Column k of what is eliminated is the unknown order[k].
    let mut order: Vec<usize> = (0..n).collect();
    let mut rank = 0;
    while rank < n {
        let left = (rank..n).flat_map(|i| (rank..n).map(move |j| (i, j)));
        let largest = left.max_by(|a, b| {
            let size = |p: &(usize, usize)| m.a[p.0 * n + p.1].abs();
            size(a).total_cmp(&size(b))
        });
        let Some((i, j)) = largest.filter(|p| m.a[p.0 * n + p.1].abs() > NOTHING) else {
            break;
        };
        (0..n).for_each(|k| m.a.swap(rank * n + k, i * n + k));
        (0..n).for_each(|k| m.a.swap(k * n + rank, k * n + j));
        order.swap(rank, j);
        let (done, rest) = m.a.split_at_mut((rank + 1) * n);
        let pivot = &done[rank * n..];
        for row in rest.chunks_mut(n) {
            let part = row[rank] / pivot[rank];
            let (own, by) = (&mut row[rank..], &pivot[rank..]);
            own.iter_mut().zip(by).for_each(|(v, p)| *v -= part * p);
        }
        rank += 1;
    }
    let of = |free: usize| {
        let mut x = vec![0.0; n];
        x[free] = 1.0;
        for i in (0..rank).rev() {
            let row = &m.a[i * n..(i + 1) * n];
            let sum: f64 = (i + 1..n).map(|k| row[k] * x[k]).sum();
            x[i] = -sum / row[i];
        }
        let mut out = vec![0.0; n];
        order.iter().zip(x).for_each(|(to, v)| out[*to] = v);
        out
    };
    (rank..n).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_product_of_columns_does_not_know() {
        // X' X of an intercept, two columns, and one that is three times the first and the intercept.
        let rows: Vec<[f64; 4]> = (0..6)
            .map(|i| {
                let (x, z) = (f64::from(i), f64::from(i * i % 5));
                [1.0, x, z, 3.0 * x + 1.0]
            })
            .collect();
        let mut m = Matrix::zeros(4);
        for (i, j) in (0..4).flat_map(|i| (0..4).map(move |j| (i, j))) {
            let unit = |k: usize| rows.iter().map(|r| r[k] * r[k]).sum::<f64>().sqrt();
            let sum: f64 = rows.iter().map(|r| r[i] * r[j]).sum();
            m.a[i * 4 + j] = sum / (unit(i) * unit(j));
        }
        let found = null_vectors(m.clone());
        assert_eq!(found.len(), 1);
        for row in m.a.chunks(4) {
            let sum: f64 = row.iter().zip(&found[0]).map(|(a, b)| a * b).sum();
            assert!(sum.abs() < 1e-14, "{sum:e}");
        }
        m.a[15] += 1e-6;
        assert!(null_vectors(m).is_empty());
    }
}
