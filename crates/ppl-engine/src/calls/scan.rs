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
    /// New states to old ones, by way of `held`: a new state may be an old one.
    states: Vec<Move>,
    held: Vec<f64>,
    name: String,
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
            states: vec![],
            held: vec![],
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
        for (leaf, view) in scan.inputs.iter().zip(inputs) {
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
        for part in parts {
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
        for m in &self.once {
            // SAFETY: the caller's guarantee; each address is that of one element.
            unsafe { *m.to = *m.from };
        }
        for i in 0..self.n {
            let t = if self.reverse { self.n - 1 - i } else { i };
            for a in &self.inputs {
                // SAFETY: as above, at position t of the axis.
                unsafe { *a.inside = *a.outside.add(t * a.step) };
            }
            for a in &self.before {
                // SAFETY: as above.
                unsafe { *a.outside.add(t * a.step) = *a.inside };
            }
            self.body.run_stages();
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
