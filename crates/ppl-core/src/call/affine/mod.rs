//! Affine recurrences: `x[t] = A[t] x[t-1] + b[t]` along an axis, of up to four states that all other axes repeat.
//!
//! They are what most recurrences are (autoregressions, moving averages, GARCH, running sums, levels with slopes), and
//! what the adjoint of any recurrence is. Coefficients and offsets are computed outside, as arrays over the axis, so what is
//! left to do one step after another is a product and a sum.

mod form;
mod run;
mod split;

use super::Routine;
use super::block::{Block, BlockCall};
use super::placed::{Laid, Together, Vectors, run_alone};
use super::scan::Scan;
use crate::axes::{AxisId, AxisSet};
use crate::builder::Builder;
use ppl_dist::Expr;
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

/// States that one recurrence may have.
const MOST_STATES: usize = 4;

/// The recurrence. Its arguments: the states before the first step; an offset for every state; and the coefficients that
/// are not 0, as `pattern` lists them. Offsets and coefficients lie along the axis or are the same at every step.
///
/// Its results: the states after each step, and the states before each. The adjoint goes along the other way and is an
/// affine recurrence too, so the routine is closed under differentiation.
#[derive(Debug)]
struct Affine {
    n_states: usize,
    n_steps: usize,
    /// Whether from the last element of the axis to the first.
    reverse: bool,
    /// State that receives, state that is read; ascending.
    pattern: Arc<[(usize, usize)]>,
}

/// A recurrence with its arguments.
struct Recurrence<'b> {
    axis: AxisId,
    reverse: bool,
    initial: Vec<Expr<'b>>,
    offsets: Vec<Expr<'b>>,
    /// `None` is 0.
    coefficients: Vec<Vec<Option<Expr<'b>>>>,
}

/// The states of a recurrence, after and before each step.
struct States<'b> {
    after: Vec<Expr<'b>>,
    before: Vec<Expr<'b>>,
}

impl<'b> Recurrence<'b> {
    fn call(&self, b: &'b Builder) -> States<'b> {
        let n_states = self.initial.len();
        let along = |e: &Expr<'b>| match b.axes_of(*e).contains(self.axis) {
            true => vec![self.axis],
            false => vec![],
        };
        let mut args = self.initial.clone();
        let mut blocks = vec![vec![]; n_states];
        let mut pattern = vec![];
        let rows = self.coefficients.iter().enumerate();
        let entries = rows.flat_map(|(i, row)| (row.iter().enumerate()).map(move |e| (i, e)));
        let entries = entries.filter_map(|(i, (j, c))| c.map(|c| ((i, j), c)));
        for offset in &self.offsets {
            blocks.push(along(offset));
            args.push(*offset);
        }
        for (place, coefficient) in entries {
            pattern.push(place);
            blocks.push(along(&coefficient));
            args.push(coefficient);
        }
        let call = BlockCall {
            block: Arc::new(Affine {
                n_states,
                n_steps: b.size(self.axis),
                reverse: self.reverse,
                pattern: pattern.into(),
            }),
            args: blocks,
            results: vec![vec![self.axis]; 2 * n_states],
        };
        let called = b.call(&Routine::Block(Arc::new(call)), &args);
        let part = |k| b.call_part(called, k);
        States {
            after: (0..n_states).map(part).collect(),
            before: (n_states..2 * n_states).map(part).collect(),
        }
    }
}

impl Builder {
    /// The parts of a scan (see [`Scan`]), whichever routine does it: an affine recurrence where the step is one in its states, and
    /// where the arrays of its coefficients and states, there and back, are not too much memory.
    pub fn scan<'b>(&'b self, scan: Scan, args: &[Expr<'b>]) -> Vec<Expr<'b>> {
        let arrays = scan.tape() <= self.most_tape(true);
        let parts = arrays.then(|| self.affine(&scan, args)).flatten();
        parts.unwrap_or_else(|| self.step_by_step(scan, args))
    }

    /// The parts of a scan as those of an affine recurrence, where it is one.
    pub(crate) fn affine<'b>(&'b self, scan: &Scan, args: &[Expr<'b>]) -> Option<Vec<Expr<'b>>> {
        if let Some(parts) = form::affine(self, scan, args) {
            return Some(parts);
        }
        let split = split::Split::new(self, scan, args)?;
        let parts = form::affine(self, &split.scan, &split.args)?;
        let whole = split.whole(self, &parts).into_iter().enumerate();
        Some(
            whole
                .map(|(k, e)| self.broadcast(e, scan.part_axes(k)))
                .collect(),
        )
    }

    /// The parts of a scan that is gone through step by step.
    pub(crate) fn step_by_step<'b>(&'b self, scan: Scan, args: &[Expr<'b>]) -> Vec<Expr<'b>> {
        let n_parts = scan.n_parts();
        let call = self.call(&Routine::Scan(Arc::new(scan)), args);
        (0..n_parts).map(|k| self.call_part(call, k)).collect()
    }
}

impl Together for Affine {
    fn lanes(&self) -> usize {
        run::LANES
    }

    fn scratch(&self, _: &[Vec<usize>], blocks: usize) -> usize {
        run::scratch(self.n_states, blocks)
    }

    fn run(&self, laid: &Laid<'_>, blocks: Range<usize>, vectors: Vectors, memory: &mut [f64]) {
        run::run(self, laid, blocks, vectors, memory);
    }
}

impl Block for Affine {
    fn name(&self) -> &'static str {
        match self.reverse {
            false => "affine recurrence",
            true => "affine recurrence, backwards",
        }
    }

    fn same(&self, other: &dyn Block) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref::<Affine>().is_some_and(|o| {
            (o.n_states, o.n_steps, o.reverse, &o.pattern)
                == (self.n_states, self.n_steps, self.reverse, &self.pattern)
        })
    }

    fn skips_unread(&self) -> bool {
        true
    }

    fn together(&self) -> Option<&dyn Together> {
        Some(self)
    }

    fn scratch(&self, _: &[Vec<usize>]) -> usize {
        run::scratch(self.n_states, 1)
    }

    fn work(&self, _: &[Vec<usize>]) -> usize {
        self.n_steps * (self.n_states + self.pattern.len())
    }

    fn run(
        &self,
        sizes: &[Vec<usize>],
        args: &[&[f64]],
        results: &mut [&mut [f64]],
        memory: &mut [f64],
    ) {
        let n = [self.n_steps];
        let shapes = vec![&n[..]; results.len()];
        run_alone(self, (sizes, args), (&shapes, results), memory);
    }

    /// With `g` and `h` the adjoints of the states after and before a step, the adjoint of the states before it is
    /// `m = h + A' l`, where `l = g + m` of the step that comes after: a recurrence the other way, from 0. Offsets receive
    /// `l`, coefficients `l` times the state that they multiply, and the first states the last `m`.
    fn adjoint<'b>(
        &self,
        call: &BlockCall,
        b: &'b Builder,
        args: &[Expr<'b>],
        part: &dyn Fn(usize) -> Expr<'b>,
        adjoints: &[Option<Expr<'b>>],
        wanted: &[bool],
    ) -> Vec<Option<Expr<'b>>> {
        let n = self.n_states;
        let axis = call.results[0][0];
        let zero = Expr::Const(0.0);
        let mut coefficients = vec![vec![None; n]; n];
        let mut offsets: Vec<Expr<'b>> = (0..n).map(|i| adjoints[n + i].unwrap_or(zero)).collect();
        for (&(to, from), &coefficient) in self.pattern.iter().zip(&args[2 * n..]) {
            coefficients[from][to] = Some(coefficient);
            if let Some(g) = adjoints[to] {
                offsets[from] = offsets[from] + coefficient * g;
            }
        }
        let back = Recurrence {
            axis,
            reverse: !self.reverse,
            initial: vec![zero; n],
            offsets,
            coefficients,
        };
        let states = back.call(b);
        let first = if self.reverse { b.size(axis) - 1 } else { 0 };
        let arrived = |i: usize| match adjoints[i] {
            Some(g) => g + states.before[i],
            None => states.before[i],
        };
        let initial = (0..n).map(|i| b.at(states.after[i], axis, first));
        let offsets = (0..n).map(arrived);
        let entries = self
            .pattern
            .iter()
            .map(|&(to, from)| arrived(to) * part(n + from));
        // An argument that is the same for all blocks receives the sum over them, be it that of equal terms.
        let axes: Vec<AxisSet> = args.iter().map(|a| b.axes_of(*a)).collect();
        let batch = call.batch(&axes);
        let all = initial.chain(offsets).chain(entries).zip(axes);
        all.zip(wanted)
            .map(|((e, own), wanted)| wanted.then(|| b.sum(e, batch.minus(own))))
            .collect()
    }
}
