//! The right side of an equation and its transposed derivative, as scalar code.

use super::Equation;
use crate::builder::Builder;
use crate::call::tape::Tape;
use crate::grad::gradient;
use crate::passes::optimise;

/// An equation that can be evaluated.
#[derive(Debug)]
pub(super) struct System {
    right: Tape,
    /// Outputs: what state, time and inputs receive for a seed.
    back: Tape,
    /// Elements of the state.
    pub(super) n: usize,
    time: usize,
    state: usize,
    /// First slot and length of each input.
    inputs: Vec<(usize, usize)>,
    seed: usize,
}

/// Working memory of a system: prepared slots of both tapes.
pub(super) struct Slots<'s> {
    right: &'s mut [f64],
    back: &'s mut [f64],
}

impl System {
    pub(super) fn new(e: &Equation) -> Option<System> {
        let (right, _) = optimise(e.right.clone());
        let b = Builder::from_program(right.clone());
        let (seed, seed_at) = b.noise(e.state.axes);
        let product = b.sum(seed * b.literal_or_node(right.outputs[0]), e.state.axes);
        let leaves: Vec<_> = [&e.state, &e.time]
            .into_iter()
            .chain(&e.inputs)
            .map(|leaf| b.noise_at(leaf.offset, leaf.axes))
            .collect();
        let outputs = gradient(&b, product.node(&b), &leaves);
        let (back, _) = optimise(b.finish(outputs));
        let len = |leaf: &super::Leaf| e.right.len(leaf.axes);
        Some(System {
            right: Tape::new(&right)?,
            back: Tape::new(&back)?,
            n: len(&e.state),
            time: e.time.offset,
            state: e.state.offset,
            inputs: e.inputs.iter().map(|l| (l.offset, len(l))).collect(),
            seed: seed_at,
        })
    }

    pub(super) fn n_slots(&self) -> usize {
        self.right.n_slots() + self.back.n_slots()
    }

    /// Splits working memory and writes what stays the same during one solution.
    pub(super) fn prepare<'s>(
        &self,
        memory: &'s mut [f64],
        inputs: &[&[f64]],
    ) -> (Slots<'s>, &'s mut [f64]) {
        let (right, rest) = memory.split_at_mut(self.right.n_slots());
        let (back, rest) = rest.split_at_mut(self.back.n_slots());
        self.right.prepare(right);
        self.back.prepare(back);
        for (&(at, len), values) in self.inputs.iter().zip(inputs) {
            right[at..at + len].copy_from_slice(values);
            back[at..at + len].copy_from_slice(values);
        }
        (Slots { right, back }, rest)
    }

    /// `out = f(t, y)`
    pub(super) fn derivative(&self, t: f64, y: &[f64], out: &mut [f64], slots: &mut Slots<'_>) {
        slots.right[self.time] = t;
        slots.right[self.state..self.state + self.n].copy_from_slice(y);
        self.right.run(slots.right);
        for (out, v) in out.iter_mut().zip(self.right.output(0, slots.right)) {
            *out = v;
        }
    }

    /// `out = J(t, y)' seed`; the time's share is returned. The inputs' shares can be added up after it.
    pub(super) fn transposed(
        &self,
        t: f64,
        y: &[f64],
        seed: &[f64],
        out: &mut [f64],
        slots: &mut Slots<'_>,
    ) -> f64 {
        slots.back[self.time] = t;
        slots.back[self.state..self.state + self.n].copy_from_slice(y);
        slots.back[self.seed..self.seed + self.n].copy_from_slice(seed);
        self.back.run(slots.back);
        for (out, v) in out.iter_mut().zip(self.back.output(0, slots.back)) {
            *out = v;
        }
        self.back.output(1, slots.back).next().unwrap_or(0.0)
    }

    /// Adds the inputs' shares of the last [`System::transposed`].
    pub(super) fn add_inputs(&self, totals: &mut [&mut [f64]], slots: &Slots<'_>) {
        for (k, total) in totals.iter_mut().enumerate() {
            for (total, v) in total.iter_mut().zip(self.back.output(k + 2, slots.back)) {
                *total += v;
            }
        }
    }
}
