//! Which unknowns are theta: those that the curvature of the others changes with.
//!
//! A Gaussian is the right family where the curvature is the same everywhere. Where that of z changes by D (in units of
//! its own scales) over a standard deviation of theta, one Gaussian for all theta loses about tr(D D) / 4 nat. So the unknown with the largest
//! such loss over the others is taken out, and then the next, until little is lost.

use super::hessians::{Hessians, part, restricted};
use crate::deterministic::gaussian::Gaussian;
use crate::deterministic::smooth::Smooth;
use crate::deterministic::workers::over_batches;
use ppl_sparse::{Elimination, Factor, Pattern, Symmetric};
use std::sync::Arc;

/// Unknowns in theta, at most.
pub(super) const MOST: usize = 8;

/// Nats that taking an unknown out must be worth.
const WORTH: f64 = 0.003;

/// After the first round, this many of the unknowns with the largest losses are looked at again.
const AGAIN: usize = 30;

/// The unknowns that theta consists of, ascending; `candidates` are looked at. An unknown moves by its standard deviation given
/// what has been taken out already, and the others with it.
pub(super) fn split(
    q: &Gaussian,
    structure: &Pattern,
    scales: Option<&[f64]>,
    mut candidates: Vec<usize>,
    workers: &mut [Smooth],
) -> Vec<usize> {
    let d = q.mean.len();
    let diagonal: Vec<f64> = q.precision.diagonal().collect();
    let mut theta: Vec<usize> = vec![];
    while theta.len() < MOST && theta.len() + 1 < d {
        let open: Vec<usize> = (0..d).filter(|i| !theta.contains(i)).collect();
        let hessians = Hessians::new(open.clone(), structure, scales, &workers[0]);
        let Some(points) = displaced(q, &open, &candidates) else {
            break;
        };
        let seen = over_batches(workers, points.len() / d, |smooth, batch| {
            hessians.at(smooth, &points[batch.start * d..batch.end * d])
        });
        let loss = |(own, pair): (&usize, &[Symmetric])| -> (f64, usize) {
            let places = hessians.pattern().places();
            let values = pair[0].values.iter().zip(&pair[1].values);
            let changes = places.zip(values).map(|((i, j), (a, b))| {
                let (i, j) = (open[i], open[j]);
                let v = 0.5 * (a - b) / (diagonal[i] * diagonal[j]).sqrt();
                let both = if i == j { 1.0 } else { 2.0 };
                let counts = i != *own && j != *own && v.is_finite();
                if counts { 0.25 * both * v * v } else { 0.0 }
            });
            (changes.sum(), *own)
        };
        let mut losses: Vec<(f64, usize)> =
            candidates.iter().zip(seen.chunks(2)).map(loss).collect();
        losses.sort_by(|a, b| b.0.total_cmp(&a.0));
        let Some((_, worst)) = losses.first().filter(|(gap, _)| *gap > WORTH) else {
            break;
        };
        theta.push(*worst);
        candidates = losses[1..].iter().take(AGAIN).map(|(_, i)| *i).collect();
    }
    theta.sort_unstable();
    theta
}

/// For each candidate two points, a standard deviation to either side along its regression, with what is not open held.
fn displaced(q: &Gaussian, open: &[usize], candidates: &[usize]) -> Option<Vec<f64>> {
    let pattern = Arc::new(restricted(&q.precision.pattern, open));
    let by = Arc::new(Elimination::new(pattern.clone(), usize::MAX)?);
    let factor = Factor::new(&by, &part(&q.precision, open, pattern))?;
    let mut out = vec![];
    for i in candidates {
        let at = open.iter().position(|o| o == i)?;
        let mut along = vec![0.0; open.len()];
        along[at] = 1.0;
        factor.solve(&mut along);
        let sd = along[at].sqrt();
        for sign in [1.0, -1.0] {
            let mut point = q.mean.clone();
            for (o, v) in open.iter().zip(&along) {
                point[*o] += sign * v / sd;
            }
            out.extend(point);
        }
    }
    Some(out)
}
