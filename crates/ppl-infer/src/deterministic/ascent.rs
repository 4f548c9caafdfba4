//! Plain ascents of the log density from many starts at once: a batch of points costs as much as a single one, and a step
//! of a Gaussian as much as a dozen batches. They tell which starts lead to the same optimum.

use super::Solver;
use super::gaussian::Gaussian;
use super::smooth::BATCH;
use std::collections::VecDeque;

/// Batches that the ascents take, at most.
const BATCHES: usize = 150;

/// Pairs of steps and changes of the gradient that are remembered.
const MEMORY: usize = 8;

/// Longest move of a coordinate in a step.
const LONGEST: f64 = 1.0;

/// Rises that are worth no further step, and how often running.
const WORTH: f64 = 1e-3;
const QUIET: usize = 3;

/// Halvings of a step, at most.
const HALVINGS: usize = 40;

/// Squared distance in sds within which two ends are one top.
const SAME: f64 = 1.0;

/// One ascent: limited-memory quasi-Newton steps (Nocedal 1980), one evaluation at a time.
struct Ascent {
    x: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    memory: VecDeque<(Vec<f64>, Vec<f64>, f64)>,
    direction: Vec<f64>,
    length: f64,
    halvings: usize,
    quiet: usize,
    /// Whether it goes on.
    active: bool,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Ascent {
    fn new(x: Vec<f64>) -> Ascent {
        let d = x.len();
        Ascent {
            x,
            value: f64::NAN,
            gradient: vec![],
            memory: VecDeque::new(),
            direction: vec![0.0; d],
            length: 0.0,
            halvings: 0,
            quiet: 0,
            active: true,
        }
    }

    /// Where to evaluate next.
    fn trial(&self) -> Vec<f64> {
        let moved = self.x.iter().zip(&self.direction);
        moved.map(|(x, v)| x + self.length * v).collect()
    }

    /// Takes the value and the gradient there.
    fn take(&mut self, value: f64, gradient: &[f64]) {
        let finite = value.is_finite() && gradient.iter().all(|v| v.is_finite());
        if self.gradient.is_empty() {
            if !finite {
                self.active = false;
                return;
            }
            (self.value, self.gradient) = (value, gradient.to_vec());
            return self.aim();
        }
        let slope = dot(&self.gradient, &self.direction);
        if !finite || value < self.value + 1e-4 * self.length * slope {
            self.halvings += 1;
            self.length *= 0.5;
            self.active = self.halvings < HALVINGS;
            return;
        }
        let x = self.trial();
        let s: Vec<f64> = x.iter().zip(&self.x).map(|(a, b)| a - b).collect();
        let y: Vec<f64> = self
            .gradient
            .iter()
            .zip(gradient)
            .map(|(a, b)| a - b)
            .collect();
        let sy = dot(&s, &y);
        if sy > 1e-12 * dot(&y, &y) {
            self.memory.push_back((s, y, sy));
            if self.memory.len() > MEMORY {
                self.memory.pop_front();
            }
        }
        self.quiet = match value - self.value < WORTH {
            true => self.quiet + 1,
            false => 0,
        };
        self.active = self.quiet < QUIET;
        (self.x, self.value, self.gradient) = (x, value, gradient.to_vec());
        self.aim();
    }

    /// The next direction and how far along it.
    fn aim(&mut self) {
        let mut q = self.gradient.clone();
        let mut alphas = vec![];
        for (s, y, sy) in self.memory.iter().rev() {
            let alpha = dot(s, &q) / sy;
            q.iter_mut().zip(y).for_each(|(q, y)| *q -= alpha * y);
            alphas.push(alpha);
        }
        if let Some((_, y, sy)) = self.memory.back() {
            let scale = sy / dot(y, y);
            q.iter_mut().for_each(|q| *q *= scale);
        }
        for ((s, y, sy), alpha) in self.memory.iter().zip(alphas.into_iter().rev()) {
            let beta = dot(y, &q) / sy;
            q.iter_mut()
                .zip(s)
                .for_each(|(q, s)| *q += (alpha - beta) * s);
        }
        let longest = q.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        self.active &= longest > 0.0 && longest.is_finite();
        self.length = (LONGEST / longest).min(1.0);
        self.halvings = 0;
        self.direction = q;
    }
}

impl Solver<'_> {
    /// Where ascents from there end, with the log density; `None` where that is not finite at the start.
    pub(super) fn ascents(&mut self, starts: &[Gaussian]) -> Vec<Option<(f64, Vec<f64>)>> {
        let d = self.smooth.d;
        let mut out = vec![];
        for group in starts.chunks(BATCH) {
            // In units of the unknowns, so that a step is as long in all of them.
            let units = self.units.clone();
            let scaled = |x: &[f64]| x.iter().zip(&units).map(|(x, u)| x / u).collect();
            let point =
                |y: Vec<f64>| -> Vec<f64> { y.iter().zip(&units).map(|(y, u)| y * u).collect() };
            let mut all: Vec<Ascent> = group.iter().map(|q| Ascent::new(scaled(&q.mean))).collect();
            for _ in 0..BATCHES {
                if all.iter().all(|a| !a.active) {
                    break;
                }
                let points: Vec<f64> = all.iter().flat_map(|a| point(a.trial())).collect();
                let (mut values, mut gradients) = (vec![0.0; all.len()], vec![0.0; points.len()]);
                self.smooth
                    .gradients_of_each(&points, &mut values, &mut gradients);
                let found = values.iter().zip(gradients.chunks(d));
                for (ascent, (value, gradient)) in all.iter_mut().zip(found) {
                    if ascent.active {
                        let slopes = gradient.iter().zip(&units).map(|(g, u)| g * u);
                        ascent.take(*value, &slopes.collect::<Vec<f64>>());
                    }
                }
            }
            let ends = all.into_iter();
            out.extend(ends.map(|a| a.value.is_finite().then_some((a.value, point(a.x)))));
        }
        out
    }
}

/// Whether two points are one top, by the sds of the Gaussian that the second led to. That it holds the first is not enough: a wide
/// one may hold two.
pub(super) fn same_top(q: &Gaussian, a: &[f64], b: &[f64]) -> bool {
    let delta: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    dot(&q.precision.times(&delta), &delta) <= SAME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ascent_reaches_the_top_of_a_bent_valley() {
        // Minus Rosenbrock's function, whose top is at (1, 1).
        let f = |x: &[f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            let gradient = vec![2.0 * a + 40.0 * b * x[0], -20.0 * b];
            (-a * a - 10.0 * b * b, gradient)
        };
        let mut ascent = Ascent::new(vec![-1.0, 1.0]);
        for _ in 0..BATCHES {
            let (value, gradient) = f(&ascent.trial());
            ascent.take(value, &gradient);
        }
        let near = ascent.x.iter().all(|x| (x - 1.0).abs() < 0.1);
        assert!(near, "{:?}", ascent.x);
    }
}
