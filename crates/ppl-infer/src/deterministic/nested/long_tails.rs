//! Long tails of single unknowns: where the density falls off exponentially, as that of the logarithm of a scale does towards zero, a
//! part that is a Gaussian plus an exponential along the tail.

use super::mixture::{GAUSSIAN, Part};
use crate::deterministic::dense::Matrix;

/// Share of the weight that is taken for a tail.
const TAIL: f64 = 0.1;

/// Mean excess over that quantile of a standard normal.
const OF_GAUSSIAN: f64 = 0.4735;

/// From this many times the Gaussian's mean excess a tail is long.
const LONG: f64 = 1.15;

/// Points in the tail, at least, by their weights.
const LEAST: f64 = 10.0;

/// The long tails of weighted points along each of the directions `axes` (rows); both ends of each are looked at.
pub(super) fn long_tails(
    axes: &Matrix,
    points: &[f64],
    weights: &[f64],
    effective: f64,
) -> Vec<Part> {
    let k = axes.n;
    if TAIL * effective < LEAST {
        return vec![];
    }
    let mut out = vec![];
    for axis in 0..k {
        for sign in [1.0, -1.0] {
            let row = &axes.a[axis * k..(axis + 1) * k];
            let along = |x: &[f64]| sign * row.iter().zip(x).map(|(a, x)| a * x).sum::<f64>();
            let at: Vec<f64> = points.chunks(k).map(along).collect();
            // The other variables held: a step along the axis raises `at` by its length.
            let mut alone = vec![0.0; k];
            alone[axis] = sign;
            axes.solve_lower(&mut alone);
            out.extend(tail(k, &at, &alone, points, weights));
        }
    }
    out
}

/// The tail of the points towards large `at`, if it is long: a part that goes on as tail and shoulder do, and one along `alone`. Where a
/// scale has become so small that it does nothing any more, the others no longer change with it.
fn tail(k: usize, at: &[f64], alone: &[f64], points: &[f64], weights: &[f64]) -> Vec<Part> {
    let mut order: Vec<usize> = (0..at.len()).collect();
    order.sort_by(|a, b| at[*b].total_cmp(&at[*a]));
    // The points down from the end that make up a share of the weight.
    let upto = |share: f64| {
        let mut left = share;
        let n = order.iter().take_while(|i| {
            left -= weights[**i];
            left > 0.0
        });
        n.count().min(order.len() - 1)
    };
    let (end, shoulder) = (upto(TAIL), upto(3.0 * TAIL));
    let (quartile, median) = (at[order[upto(0.25)]], at[order[upto(0.5)]]);
    let below = at[order[upto(0.75)]];
    let edge = at[order[end]];
    let mean = |which: &[usize], of: &dyn Fn(usize) -> f64| {
        let total: f64 = which.iter().map(|i| weights[*i]).sum();
        which.iter().map(|i| weights[*i] * of(*i)).sum::<f64>() / total
    };
    let excess = mean(&order[..end], &|i| at[i] - edge);
    // The half on the other side says how wide a Gaussian would be.
    let sd = (quartile - below).min(2.0 * (median - below)) / 1.349;
    if excess.is_nan() || excess <= LONG * OF_GAUSSIAN * sd {
        return vec![];
    }
    let centre = |which: &[usize]| -> Vec<f64> {
        (0..k)
            .map(|j| mean(which, &|i| points[i * k + j]))
            .collect()
    };
    let (far, near) = (&order[..end], &order[end..shoulder]);
    let (there, here) = (centre(far), centre(near));
    let apart = mean(far, &|i| at[i]) - mean(near, &|i| at[i]);
    let onwards: Vec<f64> = there
        .iter()
        .zip(&here)
        .map(|(a, b)| (a - b) / apart)
        .collect();
    // What is left around the line, of tail and shoulder, and half of the excess along it.
    let near_at = mean(near, &|i| at[i]);
    let left = |i: usize, j: usize| points[i * k + j] - here[j] - onwards[j] * (at[i] - near_at);
    let from = here
        .iter()
        .zip(&onwards)
        .map(|(h, d)| h + (edge - near_at) * d);
    let from: Vec<f64> = from.collect();
    let part = |direction: &[f64]| -> Option<Part> {
        let mut scale = Matrix::zeros(k);
        for i in 0..k {
            for j in 0..k {
                let along = direction[i] * direction[j] * (0.5 * excess).powi(2);
                scale.a[i * k + j] = along + mean(&order[..shoulder], &|n| left(n, i) * left(n, j));
            }
        }
        Some(Part {
            weight: TAIL,
            mean: from.clone(),
            scale: scale.cholesky()?,
            dof: GAUSSIAN,
            tail: Some(direction.iter().map(|d| d * excess).collect()),
        })
    };
    let both = [onwards.as_slice(), alone];
    both.into_iter().filter_map(part).collect()
}
