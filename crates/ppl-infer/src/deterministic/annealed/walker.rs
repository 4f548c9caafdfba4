//! Points on their way from the guide to the posterior, and the Hamiltonian moves that they make.

use super::path::{Look, Path};
use crate::deterministic::nested::Fixed;
use crate::deterministic::smooth::Smooth;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::sync::Arc;

/// A point with its densities.
#[derive(Clone)]
pub(super) struct State {
    /// Coordinates.
    z: Vec<f64>,
    pub(super) point: Vec<f64>,
    /// log p and its slope by z.
    pub(super) value: f64,
    slope: Vec<f64>,
    /// log q and its slope by z.
    base: f64,
    base_slope: Vec<f64>,
    fixed: Option<Arc<Fixed>>,
}

/// A state on its way, with random numbers of its own.
pub(super) struct Walker {
    pub(super) state: State,
    /// Logarithm of its importance weight so far.
    pub(super) log_weight: f64,
    /// Probability with which it was kept where it started, and whether it was.
    pub(super) chance: f64,
    pub(super) is_kept: bool,
    numbers: ChaCha8Rng,
}

/// How a stop is passed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    /// Power of the posterior in the density there.
    pub(super) power: f64,
    /// Length of a step, in sds of the Gaussian.
    pub(super) step: f64,
    /// Steps of a move.
    pub(super) steps: usize,
}

impl State {
    /// A row of a look.
    fn of(look: &Look, (z, fixed): (&[f64], Option<Arc<Fixed>>), i: usize) -> State {
        let d = z.len();
        let row = |all: &[f64]| all[i * d..(i + 1) * d].to_vec();
        let length = look.points.len() / look.values.len();
        State {
            z: z.to_vec(),
            fixed,
            point: look.points[i * length..(i + 1) * length].to_vec(),
            value: look.values[i],
            slope: row(&look.slopes),
            base: look.bases[i],
            base_slope: row(&look.base_slopes),
        }
    }

    /// log p - log q.
    pub(super) fn log_ratio(&self) -> f64 {
        self.value - self.base
    }
}

/// What a walker starts from.
pub(super) struct Start {
    /// The draw with this number.
    pub(super) i: usize,
    /// Theta, where it is fixed.
    pub(super) fixed: Option<Arc<Fixed>>,
    /// Log weight before it goes.
    pub(super) log_weight: f64,
}

/// Draws of the guide that start so, up to a batch of them, with streams of random numbers of their own; `pilot`: those of a pilot.
pub(super) fn walkers(
    path: &Path<'_>,
    smooth: &mut Smooth,
    (starts, pilot): (&[Start], bool),
    stream: impl Fn(u64) -> ChaCha8Rng,
) -> Vec<Walker> {
    let mut numbers: Vec<ChaCha8Rng> = starts.iter().map(|s| stream(s.i as u64)).collect();
    let each = starts.iter().zip(&mut numbers);
    let z: Vec<f64> = each.flat_map(|(s, r)| path.draw(r, (s.i, pilot))).collect();
    let fixed: Vec<_> = starts.iter().map(|s| s.fixed.clone()).collect();
    let mut look = Look::default();
    path.look(smooth, (&z, &fixed, true), &mut look);
    let each = z.chunks(path.len()).zip(numbers).zip(starts).enumerate();
    let walkers = each.map(|(i, ((z, mut numbers), start))| {
        let chance = look.chances.get(i).map_or(1.0, |log| log.exp());
        Walker {
            state: State::of(&look, (z, start.fixed.clone()), i),
            log_weight: start.log_weight,
            chance,
            is_kept: chance >= 1.0 || numbers.random::<f64>() < chance,
            numbers,
        }
    });
    walkers.collect()
}

/// Hamiltonian moves of up to a batch of walkers, which leave the density at a stop as it is (Duane and others 1987): leapfrog steps from a
/// fresh velocity, their length drawn from 0.7 to 1.3 times the stop's, taken or not (Metropolis and others 1953). The number
/// that were taken.
pub(super) fn travel(
    walkers: &mut [Walker],
    path: &Path<'_>,
    smooth: &mut Smooth,
    stop: &Stop,
) -> usize {
    let (d, b) = (path.len(), stop.power);
    let fixed: Vec<_> = walkers.iter().map(|w| w.state.fixed.clone()).collect();
    let of = |row: fn(&State) -> &[f64], walkers: &[Walker]| -> Vec<f64> {
        walkers
            .iter()
            .flat_map(|w| row(&w.state).to_vec())
            .collect()
    };
    let mut z = of(|s| &s.z, walkers);
    let mut look = Look {
        slopes: of(|s| &s.slope, walkers),
        base_slopes: of(|s| &s.base_slope, walkers),
        ..Look::default()
    };
    let mut velocities: Vec<f64> = Vec::with_capacity(z.len());
    let mut lengths = Vec::with_capacity(walkers.len());
    for w in walkers.iter_mut() {
        velocities.extend((0..d).map(|_| -> f64 { StandardNormal.sample(&mut w.numbers) }));
        lengths.push(stop.step * (0.7 + 0.6 * w.numbers.random::<f64>()));
    }
    let kinetic: Vec<f64> = velocities.chunks(d).map(energy).collect();
    push(&mut velocities, &look, &lengths, (b, 0.5));
    for step in 1..=stop.steps {
        let rows = z.chunks_mut(d).zip(velocities.chunks(d)).zip(&lengths);
        for ((z, v), length) in rows {
            z.iter_mut().zip(v).for_each(|(z, v)| *z += length * v);
        }
        let ends = step == stop.steps && b < 1.0;
        path.look(smooth, (&z, &fixed, ends), &mut look);
        let part = if step < stop.steps { 1.0 } else { 0.5 };
        push(&mut velocities, &look, &lengths, (b, part));
    }
    let mut taken = 0;
    let ends = z.chunks(d).zip(velocities.chunks(d)).zip(kinetic);
    for (i, (w, ((z, v), kinetic))) in walkers.iter_mut().zip(ends).enumerate() {
        let (value, base) = (look.values[i], look.bases[i]);
        let after = b * value + (1.0 - b) * base - energy(v);
        let before = b * w.state.value + (1.0 - b) * w.state.base - kinetic;
        // What is not a number is not taken.
        let chance = w.numbers.random::<f64>().ln();
        if chance < after - before && value.is_finite() && base.is_finite() {
            w.state = State::of(&look, (z, w.state.fixed.take()), i);
            taken += 1;
        }
    }
    taken
}

/// Adds the slopes at this power to velocities, so many times the length of a step.
fn push(velocities: &mut [f64], look: &Look, lengths: &[f64], (power, part): (f64, f64)) {
    let d = velocities.len() / lengths.len();
    let slopes = look.slopes.chunks(d).zip(look.base_slopes.chunks(d));
    for ((v, length), (slope, base)) in velocities.chunks_mut(d).zip(lengths).zip(slopes) {
        let (p, q) = (length * part * power, length * part * (1.0 - power));
        let both = slope.iter().zip(base);
        v.iter_mut()
            .zip(both)
            .for_each(|(v, (s, b))| *v += p * s + q * b);
    }
}

fn energy(velocity: &[f64]) -> f64 {
    0.5 * velocity.iter().map(|v| v * v).sum::<f64>()
}
