//! Copies of the target, one for each thread, that share out batches of points: which of them does a batch makes no difference.

use super::smooth::{BATCH, Smooth};
use crate::objective::ObjectiveError;
use ppl_model::Bound;
use rayon::prelude::*;
use std::ops::Range;

/// As many as there are threads, up to sixteen.
pub(super) fn workers(bound: &Bound) -> Result<Vec<Smooth>, ObjectiveError> {
    let n = rayon::current_num_threads().clamp(1, 16);
    (0..n).map(|_| Smooth::of_each(bound)).collect()
}

/// What `f` makes of `n` items, a batch at a time, the batches divided among the workers.
pub(super) fn over_batches<T: Send>(
    workers: &mut [Smooth],
    n: usize,
    f: impl Fn(&mut Smooth, Range<usize>) -> Vec<T> + Sync,
) -> Vec<T> {
    over_pools(workers, (n, BATCH), f)
}

/// The same with so many items at a time.
pub(super) fn over_pools<T: Send>(
    workers: &mut [Smooth],
    (n, size): (usize, usize),
    f: impl Fn(&mut Smooth, Range<usize>) -> Vec<T> + Sync,
) -> Vec<T> {
    let batches = n.div_ceil(size);
    let each = batches.div_ceil(workers.len());
    let parts: Vec<Vec<T>> = workers
        .par_iter_mut()
        .enumerate()
        .map(|(w, smooth)| {
            let own = (w * each).min(batches)..((w + 1) * each).min(batches);
            own.flat_map(|b| f(smooth, b * size..((b + 1) * size).min(n)))
                .collect()
        })
        .collect();
    parts.into_iter().flatten().collect()
}

/// Does something to each item, a batch at a time, the batches divided among the workers.
pub(super) fn for_batches<T: Send>(
    workers: &mut [Smooth],
    items: &mut [T],
    f: impl Fn(&mut Smooth, &mut [T]) + Sync,
) {
    let each = items.len().div_ceil(BATCH).div_ceil(workers.len()) * BATCH;
    let shares = items.par_chunks_mut(each.max(1));
    workers
        .par_iter_mut()
        .zip(shares)
        .for_each(|(smooth, own)| {
            for batch in own.chunks_mut(BATCH) {
                f(smooth, batch);
            }
        });
}
