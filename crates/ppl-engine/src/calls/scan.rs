//! Scans: the body is a compiled program of its own, run once an element of the axis. Draws and series are its lanes.

use super::{Part, elements};
use crate::ops::InstructionSet;
use crate::place::View;
use crate::{EngineError, Kernels};
use ppl_core::call::scan::Scan;

/// One element that moves at every step.
#[derive(Clone, Copy)]
struct Move {
    from: *const f64,
    to: *mut f64,
}

/// One element read or written at a distance that grows by `step` an element of the axis.
#[derive(Clone, Copy)]
struct Along {
    /// At position 0 of the axis.
    outside: *mut f64,
    /// In the body's buffers.
    inside: *mut f64,
    step: usize,
}

/// A scan that is ready to run.
pub(crate) struct ScanRun {
    body: Kernels,
    n: usize,
    reverse: bool,
    /// Initial states and the inputs that are the same at every step.
    once: Vec<Move>,
    inputs: Vec<Along>,
    /// States before each step.
    before: Vec<Along>,
    outputs: Vec<Along>,
    /// States after the last step.
    last: Vec<Move>,
    /// New states to old ones, by way of `held`: a new state may be an old one.
    states: Vec<Move>,
    held: Vec<f64>,
    again: Option<Box<Again>>,
    name: String,
}

/// The states of another scan before each of its steps, computed again from the last to the first: those at the border of each
/// segment are kept, and all of one segment.
struct Again {
    scan: ScanRun,
    /// The other scan's states, and where the body reads them.
    states: Vec<Move>,
    /// Steps of a segment.
    segment: usize,
    borders: Vec<f64>,
    within: Vec<f64>,
}

// SAFETY: the addresses point into memory that the owning `Kernels` and the body keep alive.
unsafe impl Send for ScanRun {}
// SAFETY: shared access reads nothing through them.
unsafe impl Sync for ScanRun {}

impl ScanRun {
    pub(super) fn compile(
        scan: &Scan,
        args: Vec<View>,
        parts: &[Part],
        set: InstructionSet,
    ) -> Result<ScanRun, EngineError> {
        let body = Kernels::compile_for(&scan.body, set)?;
        let program = &scan.body;
        let noise = body.noise;
        let (initial, inputs) = args.split_at(scan.states.len());
        let mut run = ScanRun {
            n: program.axes[scan.axis.0 as usize].size,
            reverse: scan.reverse,
            once: vec![],
            inputs: vec![],
            before: vec![],
            outputs: vec![],
            last: vec![],
            states: vec![],
            held: vec![],
            again: None,
            name: scan.name(),
            body,
        };
        for (leaf, view) in scan.states.iter().zip(initial) {
            let from = elements(program, leaf.axes, view);
            run.once
                .extend(from.into_iter().enumerate().map(|(k, o)| Move {
                    from: view.base.wrapping_add(o),
                    to: noise.wrapping_add(leaf.offset + k),
                }));
        }
        let mut n_again = 0;
        if let Some(other) = &scan.again {
            n_again = other.states.len();
            let given = inputs[..n_again + other.inputs.len()].to_vec();
            let other_run = ScanRun::compile(other, given, &[], set)?;
            let mut states = vec![];
            for (leaf, from) in scan.inputs.iter().zip(&other.states) {
                states.extend((0..program.len(leaf.axes)).map(|k| {
                    Move {
                        from: other_run
                            .body
                            .noise
                            .wrapping_add(from.offset + k)
                            .cast_const(),
                        to: noise.wrapping_add(leaf.offset + k),
                    }
                }));
            }
            run.again = Some(Box::new(Again::new(other_run, states)));
        }
        for (leaf, view) in scan.inputs.iter().zip(inputs).skip(n_again) {
            let step = view.stride(scan.axis);
            for (k, o) in elements(program, leaf.axes, view).into_iter().enumerate() {
                let (outside, inside) = (
                    view.base.wrapping_add(o),
                    noise.wrapping_add(leaf.offset + k),
                );
                if step == 0 {
                    run.once.push(Move {
                        from: outside,
                        to: inside,
                    });
                } else {
                    run.inputs.push(Along {
                        outside,
                        inside,
                        step,
                    });
                }
            }
        }
        let n_outputs = program.outputs.len();
        for part in parts.iter().filter(|part| part.number >= scan.last(0)) {
            let leaf = scan.states[part.number - scan.last(0)];
            let to = elements(program, part.axes, &part.view).into_iter();
            run.last.extend(to.enumerate().map(|(k, o)| Move {
                from: noise.wrapping_add(leaf.offset + k).cast_const(),
                to: part.view.base.wrapping_add(o),
            }));
        }
        for part in parts.iter().filter(|part| part.number < scan.last(0)) {
            let step = part.view.stride(scan.axis);
            let to = elements(program, part.axes.without(scan.axis), &part.view);
            let (inside, list) = if part.number < n_outputs {
                (run.body.outputs[part.number].0, &mut run.outputs)
            } else {
                let leaf = scan.states[part.number - n_outputs];
                (
                    noise.wrapping_add(leaf.offset).cast_const(),
                    &mut run.before,
                )
            };
            list.extend(to.into_iter().enumerate().map(|(k, o)| Along {
                outside: part.view.base.wrapping_add(o),
                inside: inside.wrapping_add(k).cast_mut(),
                step,
            }));
        }
        for (s, leaf) in scan.states.iter().enumerate() {
            let (from, len) = run.body.outputs[s];
            run.states.extend((0..len).map(|k| Move {
                from: from.wrapping_add(k),
                to: noise.wrapping_add(leaf.offset + k),
            }));
        }
        run.held = vec![0.0; run.states.len()];
        Ok(run)
    }

    /// # Safety
    /// All addresses must be alive and nobody else may use what the scan writes.
    pub(super) unsafe fn run(&mut self) {
        // SAFETY: the caller's guarantee.
        unsafe {
            self.begin();
            if let Some(again) = &mut self.again {
                again.begin();
            }
            for i in 0..self.n {
                if let Some(again) = &mut self.again {
                    again.before(self.n - 1 - i);
                }
                self.step(i);
            }
            for m in &self.last {
                *m.to = *m.from;
            }
        }
    }

    /// Initial states, and what is the same at every step.
    ///
    /// # Safety
    /// That of [`ScanRun::run`].
    unsafe fn begin(&mut self) {
        for m in &self.once {
            // SAFETY: the caller's guarantee; each address is that of one element.
            unsafe { *m.to = *m.from };
        }
    }

    /// The step after `i` others.
    ///
    /// # Safety
    /// That of [`ScanRun::run`].
    unsafe fn step(&mut self, i: usize) {
        let t = if self.reverse { self.n - 1 - i } else { i };
        for a in &self.inputs {
            // SAFETY: the caller's guarantee; each address is that of one element at position t of the axis.
            unsafe { *a.inside = *a.outside.add(t * a.step) };
        }
        for a in &self.before {
            // SAFETY: as above.
            unsafe { *a.outside.add(t * a.step) = *a.inside };
        }
        self.body.run_filled();
        for a in &self.outputs {
            // SAFETY: as above.
            unsafe { *a.outside.add(t * a.step) = *a.inside };
        }
        for (held, m) in self.held.iter_mut().zip(&self.states) {
            // SAFETY: as above.
            *held = unsafe { *m.from };
        }
        for (held, m) in self.held.iter().zip(&self.states) {
            // SAFETY: as above.
            unsafe { *m.to = *held };
        }
    }

    pub(super) fn description(&self) -> String {
        let body: String = self
            .body
            .explain()
            .lines()
            .map(|line| format!("    {line}\n"))
            .collect();
        format!("{}\n{body}", self.name)
    }
}

impl Again {
    fn new(scan: ScanRun, states: Vec<Move>) -> Again {
        let segment = scan.n.isqrt().max(1);
        Again {
            segment,
            borders: vec![0.0; scan.n.div_ceil(segment) * states.len()],
            within: vec![0.0; segment * states.len()],
            scan,
            states,
        }
    }

    /// Goes to the last segment, keeping the states at each border.
    ///
    /// # Safety
    /// That of [`ScanRun::run`].
    unsafe fn begin(&mut self) {
        let n_states = self.states.len();
        // SAFETY: the caller's guarantee.
        unsafe { self.scan.begin() };
        let borders = (0..self.scan.n).step_by(self.segment);
        let last = borders.clone().next_back();
        for (border, kept) in borders.zip(self.borders.chunks_exact_mut(n_states.max(1))) {
            for (kept, m) in kept.iter_mut().zip(&self.states) {
                // SAFETY: as above; each address is that of one element.
                *kept = unsafe { *m.from };
            }
            if Some(border) != last {
                // SAFETY: as above.
                (border..border + self.segment).for_each(|i| unsafe { self.scan.step(i) });
            }
        }
    }

    /// Puts the states before step `i` where the body reads them; the steps are asked for from the last to the first.
    ///
    /// # Safety
    /// That of [`ScanRun::run`].
    unsafe fn before(&mut self, i: usize) {
        let n_states = self.states.len();
        let (segment, place) = (i / self.segment, i % self.segment);
        if place + 1 == self.segment || i + 1 == self.scan.n {
            for (m, kept) in self.states.iter().zip(&self.borders[segment * n_states..]) {
                // SAFETY: the caller's guarantee; the scan's states are numbers in its body's noise, which it owns.
                unsafe { *m.from.cast_mut() = *kept };
            }
            for k in 0..=place {
                let within = &mut self.within[k * n_states..];
                for (kept, m) in within.iter_mut().zip(&self.states) {
                    // SAFETY: as above.
                    *kept = unsafe { *m.from };
                }
                if k < place {
                    // SAFETY: as above.
                    unsafe { self.scan.step(segment * self.segment + k) };
                }
            }
        }
        for (m, kept) in self.states.iter().zip(&self.within[place * n_states..]) {
            // SAFETY: as above.
            unsafe { *m.to = *kept };
        }
    }
}
