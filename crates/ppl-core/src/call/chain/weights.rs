//! Weights and results of chains where they lie, and their copies side by side for the lanes of vectors.

use super::lane::{Elements, Lane};
use super::number::Number;
use super::{FIXED, IMPOSSIBLE};
use crate::call::placed::{Laid, Placed};
use std::ops::Range;

/// Chains of the same length that are done together, one a lane.
pub(super) struct Group<'a> {
    pub(super) laid: &'a Laid<'a>,
    /// Elements of each.
    pub(super) n: usize,
    /// Values of an element.
    pub(super) k: usize,
    /// The block and the first element of the chain in each lane.
    pub(super) lanes: [(usize, usize); 8],
    /// The first of the results that are marginals.
    pub(super) marginals: usize,
}

/// What an array has numbers for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// Every value of an element.
    Values,
    /// Every step into an element.
    Steps,
}

/// Which axes of an array are which.
struct Shape {
    /// Numbers of an element.
    cells: usize,
    along: Option<usize>,
    /// Of values, or of the value before and after a step.
    across: [Option<usize>; 2],
}

impl Shape {
    /// Between neighbouring elements of a chain; 0 for steps that are the same everywhere.
    fn along(&self, placed: &Placed) -> usize {
        self.along.map_or(0, |axis| placed.stride(axis))
    }

    fn across(&self, placed: &Placed, k: usize, cell: usize) -> usize {
        let [from, to] = self.across.map(|a| a.map_or(0, |axis| placed.stride(axis)));
        cell / k * from + cell % k * to
    }

    /// Whether the numbers of so many elements follow one another.
    fn contiguous(&self, placed: &Placed, k: usize, elements: usize) -> bool {
        let second = |cells: usize| cells <= 1 || self.across(placed, k, 1) == 1;
        let rows = self.cells == k || self.across(placed, k, k) == k;
        second(k) && rows && (elements == 1 || self.along(placed) == self.cells)
    }
}

impl<'a> Group<'a> {
    fn log_step(&self) -> &'a Placed {
        &self.laid.args[0]
    }
    fn log_own(&self) -> &'a Placed {
        &self.laid.args[1]
    }
    pub(super) fn step(&self) -> &'a Placed {
        &self.laid.args[2]
    }
    fn own(&self) -> &'a Placed {
        &self.laid.args[3]
    }
    fn direction(&self, d: usize, own: bool) -> &'a Placed {
        &self.laid.args[FIXED + 2 * d + usize::from(own)]
    }
    /// Where the marginals of values go.
    pub(super) fn to_own(&self) -> Option<&'a Placed> {
        self.laid.results[self.marginals].as_ref()
    }
    /// Where those of steps go.
    pub(super) fn to_pair(&self) -> Option<&'a Placed> {
        self.laid.results[self.marginals + 1].as_ref()
    }

    /// Whether steps differ from element to element.
    pub(super) fn varies(&self) -> bool {
        self.laid.sizes[2].len() == 3
    }

    fn own_at(&self, placed: &Placed, t: usize, j: usize) -> usize {
        t * placed.stride(0) + j * placed.stride(1)
    }

    fn step_at(&self, placed: &Placed, t: usize, i: usize, j: usize) -> usize {
        let shape = self.array(Over::Steps);
        t * shape.along(placed) + shape.across(placed, self.k, i * self.k + j)
    }

    fn array(&self, over: Over) -> Shape {
        match over {
            Over::Values => Shape {
                cells: self.k,
                along: Some(0),
                across: [None, Some(1)],
            },
            Over::Steps if self.varies() => Shape {
                cells: self.k * self.k,
                along: Some(0),
                across: [Some(1), Some(2)],
            },
            Over::Steps => Shape {
                cells: self.k * self.k,
                along: None,
                across: [Some(0), Some(1)],
            },
        }
    }

    /// Lays the numbers of some elements (counted from the chain's first) side by side: those of an element after those of
    /// the one before.
    #[inline(never)]
    pub(super) fn stage<N: Number>(&self, over: Over, elements: Range<usize>, to: &mut [f64]) {
        let shape = self.array(over);
        let (size, count) = (N::WIDTH * N::LANES, elements.len() * shape.cells);
        if count == 0 {
            return;
        }
        let own = over == Over::Values;
        let value = if own { self.own() } else { self.step() };
        let directions = (0..N::DIRECTIONS).map(|d| (1 << d, self.direction(d, own)));
        for (coefficient, placed) in std::iter::once((0, value)).chain(directions) {
            let to = &mut to[coefficient * N::LANES..];
            let lay = |first: usize, step: usize, count: usize, to: &mut [f64], stride| {
                let mut from: [&[f64]; 8] = [&[]; 8];
                for (from, &(block, begin)) in from.iter_mut().zip(&self.lanes).take(N::LANES) {
                    let first = first + begin * shape.along(placed);
                    *from = placed.row(block, first..first + (count - 1) * step + 1);
                }
                N::Real::interleave(&from, step, count, to, stride);
            };
            let first = elements.start * shape.along(placed);
            if shape.contiguous(placed, self.k, elements.len()) {
                lay(first, 1, count, to, size);
                continue;
            }
            for cell in 0..shape.cells {
                let first = first + shape.across(placed, self.k, cell);
                let stride = shape.cells * size;
                let to = &mut to[cell * size..];
                lay(first, shape.along(placed), elements.len(), to, stride);
            }
        }
        if N::WIDTH > 1 {
            let log = if own { self.log_own() } else { self.log_step() };
            let (block, begin) = self.lanes[0];
            for (i, number) in to.chunks_exact_mut(size).take(count).enumerate() {
                let (t, cell) = (elements.start + i / shape.cells, i % shape.cells);
                N::moved(number, || {
                    let at = shape.across(log, self.k, cell) + (begin + t) * shape.along(log);
                    log.get(block, at)
                });
            }
        }
    }

    /// Asks for the numbers of elements that come next, and for where their marginals go.
    pub(super) fn ask(&self, over: Over, elements: Range<usize>, lanes: usize, marginals: bool) {
        let shape = self.array(over);
        let (value, to) = match over {
            Over::Values => (self.own(), self.to_own()),
            Over::Steps => (self.step(), self.to_pair()),
        };
        for placed in std::iter::once(value).chain(to.filter(|_| marginals)) {
            let along = shape.along(placed);
            let together = shape.contiguous(placed, self.k, 2);
            for cell in 0..if together { 1 } else { shape.cells } {
                let first = shape.across(placed, self.k, cell);
                for (_, &(block, begin)) in self.distinct(lanes) {
                    let at = |t: usize| first + (begin + t) * along;
                    self.laid
                        .ask_for(placed, block, at(elements.start)..at(elements.end));
                }
            }
        }
    }

    /// Writes the marginals of some elements, which stand side by side.
    #[inline(never)]
    pub(super) fn give<V: Lane>(&self, over: Over, elements: Range<usize>, from: &[f64]) {
        let (shape, placed) = match over {
            Over::Values => (self.array(over), self.to_own()),
            Over::Steps => (self.array(over), self.to_pair()),
        };
        let Some(placed) = placed.filter(|_| !elements.is_empty()) else {
            return;
        };
        let to = |offset: usize| -> [Elements; 8] {
            self.lanes.map(|(block, begin)| Elements {
                placed,
                block,
                offset: offset + (begin + elements.start) * shape.along(placed),
            })
        };
        if shape.contiguous(placed, self.k, elements.len()) {
            let count = elements.len() * shape.cells;
            return V::separate(from, V::LANES, count, &to(0), 1);
        }
        for cell in 0..shape.cells {
            let stride = shape.cells * V::LANES;
            let to = to(shape.across(placed, self.k, cell));
            let from = &from[cell * V::LANES..];
            V::separate(from, stride, elements.len(), &to, shape.along(placed));
        }
    }

    /// Adds those of steps that are the same everywhere.
    pub(super) fn add_steps<V: Lane>(&self, from: &[f64]) {
        let Some(placed) = self.to_pair() else { return };
        for (lane, &(block, _)) in self.distinct(V::LANES) {
            for at in 0..self.k * self.k {
                let to = self.step_at(placed, 0, at / self.k, at % self.k);
                let sum = placed.get(block, to) + from[at * V::LANES + lane];
                placed.set(block, to, sum);
            }
        }
    }

    /// The lanes; one that is there twice, for want of others, once.
    pub(super) fn distinct(&self, lanes: usize) -> impl Iterator<Item = (usize, &(usize, usize))> {
        let last = (1..lanes).find(|&l| self.lanes[l] == self.lanes[l - 1]);
        self.lanes.iter().take(last.unwrap_or(lanes)).enumerate()
    }

    /// Sum of the logs by which a lane's weights were scaled. The first element is not stepped into.
    pub(super) fn scale(&self, lane: usize) -> f64 {
        let [values, steps] = [&self.laid.args[4], &self.laid.args[5]];
        let of_values = self.sum(values, lane, 0..self.n);
        let of_steps = match self.varies() {
            true => self.sum(steps, lane, 1..self.n),
            false => steps.get(self.lanes[lane].0, 0) * (self.n - 1) as f64,
        };
        of_values + of_steps
    }

    /// Sum of an array's numbers for some elements of a lane's chain.
    fn sum(&self, placed: &Placed, lane: usize, elements: Range<usize>) -> f64 {
        let (block, begin) = self.lanes[lane];
        if elements.is_empty() {
            return 0.0;
        }
        let stride = placed.stride(0);
        let span = (begin + elements.start) * stride..(begin + elements.end - 1) * stride + 1;
        let numbers = placed.row(block, span);
        let mut sums = [0.0; 8];
        for eight in numbers.chunks(8 * stride.max(1)) {
            for (sum, number) in sums.iter_mut().zip(eight.iter().step_by(stride.max(1))) {
                *sum += number;
            }
        }
        let pairs = [0, 1, 2, 3].map(|i| sums[i] + sums[i + 4]);
        (pairs[0] + pairs[2]) + (pairs[1] + pairs[3])
    }

    /// Whether any step of a lane's chain weighs less than this.
    pub(super) fn any_step_below(&self, lanes: usize, least: f64) -> bool {
        let elements = if self.varies() { 1..self.n } else { 0..1 };
        let step = self.step();
        let mut any = false;
        for &(block, begin) in self.lanes.iter().take(lanes) {
            for t in elements.clone() {
                for i in 0..self.k {
                    for j in 0..self.k {
                        any |= step.get(block, self.step_at(step, begin + t, i, j)) < least;
                    }
                }
            }
        }
        any
    }

    pub(super) fn own_possible(&self, lane: usize, t: usize, j: usize) -> bool {
        let (block, begin) = self.lanes[lane];
        let log = self.log_own();
        log.get(block, self.own_at(log, begin + t, j)) > IMPOSSIBLE
    }

    pub(super) fn step_possible(&self, lane: usize, t: usize, i: usize, j: usize) -> bool {
        let (block, begin) = self.lanes[lane];
        let log = self.log_step();
        log.get(block, self.step_at(log, begin + t, i, j)) > IMPOSSIBLE
    }
}
