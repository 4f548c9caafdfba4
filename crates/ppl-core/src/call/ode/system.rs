//! The right side of an equation and its transposed derivative, as code for numbers in lanes.

use super::Equation;
use super::lanes::take;
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
pub(super) struct Slots<'s, const L: usize> {
    right: &'s mut [[f64; L]],
    back: &'s mut [[f64; L]],
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

    /// Numbers of all inputs.
    pub(super) fn n_inputs(&self) -> usize {
        self.inputs.iter().map(|(_, len)| len).sum()
    }

    /// Takes working memory and writes what stays the same during one solution: `inputs` holds all inputs' elements, one input after
    /// the other.
    #[inline(always)]
    pub(super) fn prepare<'s, const L: usize>(
        &self,
        memory: &mut &'s mut [f64],
        inputs: &[[f64; L]],
    ) -> Slots<'s, L> {
        let right = take(memory, self.right.n_slots());
        let back = take(memory, self.back.n_slots());
        self.right.prepare(right);
        self.back.prepare(back);
        let mut from = 0;
        for &(at, len) in &self.inputs {
            let values = &inputs[from..from + len];
            right[at..at + len].copy_from_slice(values);
            back[at..at + len].copy_from_slice(values);
            from += len;
        }
        Slots { right, back }
    }

    /// `out = f(t, y)`
    #[inline(always)]
    pub(super) fn derivative<const L: usize>(
        &self,
        t: [f64; L],
        y: &[[f64; L]],
        out: &mut [[f64; L]],
        slots: &mut Slots<'_, L>,
    ) {
        slots.right[self.time] = t;
        slots.right[self.state..self.state + self.n].copy_from_slice(y);
        self.right.run(slots.right);
        self.right.read(0, slots.right, out);
    }

    /// `out = J(t, y)' seed`. The inputs' shares can be added up after it.
    #[inline(always)]
    pub(super) fn transposed<const L: usize>(
        &self,
        t: [f64; L],
        y: &[[f64; L]],
        seed: &[[f64; L]],
        out: &mut [[f64; L]],
        slots: &mut Slots<'_, L>,
    ) {
        slots.back[self.time] = t;
        slots.back[self.state..self.state + self.n].copy_from_slice(y);
        slots.back[self.seed..self.seed + self.n].copy_from_slice(seed);
        self.back.run(slots.back);
        self.back.read(0, slots.back, out);
    }

    /// Adds the inputs' shares of the last [`System::transposed`], one input after the other, in some lanes.
    #[inline(always)]
    pub(super) fn add_inputs<const L: usize>(
        &self,
        totals: &mut [[f64; L]],
        among: [bool; L],
        slots: &Slots<'_, L>,
    ) {
        let mut from = 0;
        for (k, (_, len)) in self.inputs.iter().enumerate() {
            let own = &mut totals[from..from + len];
            self.back.add(k + 2, slots.back, &among, own);
            from += len;
        }
    }
}
