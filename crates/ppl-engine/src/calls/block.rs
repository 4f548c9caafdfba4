//! Block routines: one run for every element of the batch, on contiguous copies of the blocks.

use super::{Part, elements};
use crate::graph::Graph;
use crate::place::View;
use ppl_core::call::block::{BlockCall, MAX_ARGUMENTS, MAX_RESULTS, block_offsets};
use ppl_core::{AxisSet, Program};
use std::sync::Arc;

/// An array and where its blocks and their elements lie.
struct Blocks {
    base: *mut f64,
    /// Of each block.
    blocks: Vec<usize>,
    /// Of each element within a block.
    elements: Vec<usize>,
}

/// A block routine that is ready to run.
pub(crate) struct BlockRun {
    call: Arc<BlockCall>,
    sizes: Vec<Vec<usize>>,
    n_blocks: usize,
    args: Vec<Blocks>,
    /// Results that somebody reads, by number.
    parts: Vec<(usize, Blocks)>,
    packed: Vec<Vec<f64>>,
    results: Vec<Vec<f64>>,
    scratch: Vec<f64>,
}

// SAFETY: the addresses point into memory that the owning `Kernels` keeps alive.
unsafe impl Send for BlockRun {}
// SAFETY: shared access reads nothing through them.
unsafe impl Sync for BlockRun {}

impl BlockRun {
    pub(super) fn compile(
        graph: &Graph,
        call: &Arc<BlockCall>,
        args: Vec<View>,
        parts: Vec<Part>,
    ) -> BlockRun {
        let program: &Program = graph.program;
        let size = |a: ppl_core::AxisId| program.axes[a.0 as usize].size;
        // What the results lie over besides their blocks: an argument that lacks some of it is read again.
        let batch = parts.iter().fold(AxisSet::EMPTY, |batch, part| {
            batch.union(part.axes.minus(AxisSet::of(&call.results[part.number])))
        });
        let blocks = |view: &View, axes: &[ppl_core::AxisId]| Blocks {
            base: view.base,
            blocks: elements(program, batch, view),
            elements: block_offsets(axes, size, &view.strides),
        };
        let sizes: Vec<Vec<usize>> = call
            .args
            .iter()
            .map(|axes| axes.iter().map(|a| size(*a)).collect())
            .collect();
        let lengths =
            |axes: &Vec<ppl_core::AxisId>| -> usize { axes.iter().map(|a| size(*a)).product() };
        BlockRun {
            n_blocks: program.len(batch),
            args: args
                .iter()
                .zip(&call.args)
                .map(|(view, axes)| blocks(view, axes))
                .collect(),
            parts: parts
                .iter()
                .map(|p| (p.number, blocks(&p.view, &call.results[p.number])))
                .collect(),
            packed: call.args.iter().map(|a| vec![0.0; lengths(a)]).collect(),
            results: call.results.iter().map(|a| vec![0.0; lengths(a)]).collect(),
            scratch: vec![0.0; call.block.scratch(&sizes)],
            sizes,
            call: call.clone(),
        }
    }

    /// # Safety
    /// All addresses must be alive and nobody else may use what the routine writes.
    pub(super) unsafe fn run(&mut self) {
        for i in 0..self.n_blocks {
            for (arg, packed) in self.args.iter().zip(&mut self.packed) {
                let base = arg.base.wrapping_add(arg.blocks[i]);
                for (to, &o) in packed.iter_mut().zip(&arg.elements) {
                    // SAFETY: the caller's guarantee; the offsets lie within the array.
                    *to = unsafe { *base.add(o) };
                }
            }
            let mut args: [&[f64]; MAX_ARGUMENTS] = [&[]; MAX_ARGUMENTS];
            for (to, packed) in args.iter_mut().zip(&self.packed) {
                *to = packed;
            }
            let (n_args, n_results) = (self.packed.len(), self.results.len());
            let mut each = self.results.iter_mut();
            let mut results: [&mut [f64]; MAX_RESULTS] =
                std::array::from_fn(|_| each.next().map_or(&mut [][..], Vec::as_mut_slice));
            self.call.block.run(
                &self.sizes,
                &args[..n_args],
                &mut results[..n_results],
                &mut self.scratch,
            );
            for (number, part) in &self.parts {
                let base = part.base.wrapping_add(part.blocks[i]);
                for (v, &o) in self.results[*number].iter().zip(&part.elements) {
                    // SAFETY: as above.
                    unsafe { *base.add(o) = *v };
                }
            }
        }
    }

    pub(super) fn description(&self) -> String {
        format!("{} on {} blocks\n", self.call.block.name(), self.n_blocks)
    }
}
