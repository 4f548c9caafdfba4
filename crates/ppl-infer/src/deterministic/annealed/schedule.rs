//! Where the stops between the guide and the posterior are, by a pilot run with resampling (sequential Monte Carlo: Del Moral, Doucet and
//! Jasra 2006).

use super::path::Path;
use super::walker::{Start, State, Stop, Walker, travel, walkers};
use super::{DEAR, Lost, address, stream};
use crate::deterministic::smooth::Smooth;
use crate::deterministic::workers::{for_batches, over_batches};
use rand::RngExt;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Walkers of the pilot.
pub(super) const PILOT: usize = 128;

/// Effective share of the walkers that the next stop of the pilot leaves.
const SHARE: f64 = 0.6;

/// Stops of the pilot, at most, and moves at each.
const MOST_STOPS: usize = 60;
const MOVES: usize = 3;

/// Share of the moves that should be taken.
const TAKEN: f64 = 0.8;

/// Length of a move in units of the metric, and steps of it at most.
const LENGTH: f64 = 2.6;
const MOST_STEPS: usize = 12;
const STEPS: std::ops::RangeInclusive<f64> = 0.01..=1.5;

/// The least distance of stops.
const CLOSE: f64 = 1e-6;

/// What the pilot found: its stops, each with the distance from the one before, which is the sd of the log weights' change.
pub(super) struct Pilot {
    stops: Vec<(Stop, f64)>,
}

impl Pilot {
    /// Goes from the guide to the posterior; or why that cannot be done with so many stops and gradients. `go_on` is asked at each stop.
    pub(super) fn run(
        path: &Path<'_>,
        workers: &mut [Smooth],
        (seed, starts): (u64, &[Start]),
        (most, end): (usize, usize),
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Pilot, Lost> {
        let mut all: Vec<Walker> = over_batches(workers, starts.len(), |smooth, batch| {
            walkers(path, smooth, (&starts[batch], true), |i| stream(seed, 0, i))
        });
        all.retain(|w| w.is_kept);
        let n = all.len();
        if n == 0 {
            return Lost::because("the density is not finite where it starts");
        }
        let mut numbers = address(seed, 1, 0).stream();
        let mut stops: Vec<(Stop, f64)> = vec![];
        let mut gradients = 0;
        let (mut power, mut step) = (0.0, (path.d() as f64).powf(-0.25).min(*STEPS.end()));
        while power < 1.0 {
            if stops.len() == MOST_STOPS {
                return Lost::because(
                    "the guide that it starts from is too far from the posterior",
                );
            }
            if gradients > most {
                return Lost::because(DEAR);
            }
            let ratios: Vec<f64> = all.iter().map(|w| w.state.log_ratio()).collect();
            let Some((by, distance)) = next(&ratios, 1.0 - power) else {
                return Lost::because("the density is not finite where it starts");
            };
            if !go_on() {
                return Err(Lost::Interrupted);
            }
            power = if by >= 1.0 - power { 1.0 } else { power + by };
            resample(&mut all, &ratios, by, numbers.random());
            let mut stop = stop_at(power, step);
            for _ in 0..MOVES {
                let taken = AtomicUsize::new(0);
                for_batches(workers, &mut all, |smooth, batch| {
                    let n = travel(batch, path, smooth, &stop);
                    taken.fetch_add(n, Ordering::Relaxed);
                });
                gradients += n * (stop.steps + end);
                let share = taken.into_inner() as f64 / n as f64;
                step = (step * (share - TAKEN).exp()).clamp(*STEPS.start(), *STEPS.end());
                stop = stop_at(power, step);
            }
            // Nowhere are two stops the same.
            stops.push((stop, distance.max(CLOSE)));
        }
        Ok(Pilot { stops })
    }

    /// The whole distance: with that many stops the log weights would have a variance of one, were every move a fresh draw.
    pub(super) fn length(&self) -> f64 {
        self.stops.iter().map(|s| s.1).sum()
    }

    /// So many stops, equally far from one another.
    pub(super) fn stops(&self, n: usize) -> Vec<Stop> {
        let each = self.length() / n as f64;
        let mut out = vec![];
        let (mut passed, mut before) = (0.0, 0.0);
        for (stop, distance) in &self.stops {
            while out.len() + 1 < n && (out.len() + 1) as f64 * each <= passed + distance {
                let part = ((out.len() + 1) as f64 * each - passed) / distance;
                let power = before + part * (stop.power - before);
                out.push(Stop { power, ..*stop });
            }
            passed += distance;
            before = stop.power;
        }
        if let Some((last, _)) = self.stops.last() {
            out.push(*last);
        }
        out
    }
}

/// Gradients of a draw that passes these stops and moves so many times more at the last; log q at the end of a move is worth so many, and
/// so is its start.
pub(super) fn gradients(stops: &[Stop], last: usize, (end, start): (usize, usize)) -> usize {
    let more = stops.last().map_or(0, |s| last * s.steps);
    // At the last stop nothing asks for log q.
    start + stops.iter().map(|s| s.steps).sum::<usize>() + more + end * stops.len()
}

fn stop_at(power: f64, step: f64) -> Stop {
    let steps = (LENGTH / step).ceil().clamp(1.0, MOST_STEPS as f64) as usize;
    Stop { power, step, steps }
}

/// By how much the power may grow, and how far that is; `None` where no weight is finite.
fn next(ratios: &[f64], most: f64) -> Option<(f64, f64)> {
    let share = |by: f64| {
        let peak = ratios.iter().fold(f64::NEG_INFINITY, |m, r| m.max(by * r));
        let weights = ratios.iter().map(|r| (by * r - peak).exp());
        let (sum, squares) = weights.fold((0.0, 0.0), |(s, q), w| {
            let w = if w.is_nan() { 0.0 } else { w };
            (s + w, q + w * w)
        });
        sum * sum / (squares * ratios.len() as f64)
    };
    let (mut low, mut high) = (0.0, most);
    if share(most) < SHARE {
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            match share(middle) < SHARE {
                true => high = middle,
                false => low = middle,
            }
        }
    } else {
        low = most;
    }
    let distance = (-share(low).ln()).max(0.0).sqrt();
    (low > 0.0 && distance.is_finite()).then_some((low, distance))
}

/// As many walkers by their weights, systematically (Kitagawa 1996).
fn resample(all: &mut [Walker], ratios: &[f64], by: f64, start: f64) {
    let peak = ratios.iter().fold(f64::NEG_INFINITY, |m, r| m.max(by * r));
    let weights = ratios.iter().map(|r| (by * r - peak).exp());
    let weights: Vec<f64> = weights.map(|w| if w.is_nan() { 0.0 } else { w }).collect();
    let total: f64 = weights.iter().sum();
    let n = all.len();
    let (mut i, mut below) = (0, weights[0]);
    let mut states: Vec<State> = Vec::with_capacity(n);
    for k in 0..n {
        let at = (k as f64 + start) / n as f64 * total;
        while below < at && i + 1 < n {
            i += 1;
            below += weights[i];
        }
        states.push(all[i].state.clone());
    }
    for (walker, state) in all.iter_mut().zip(states) {
        walker.state = state;
    }
}
