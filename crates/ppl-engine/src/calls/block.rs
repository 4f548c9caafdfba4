//! Block routines: one run for every element of the batch, on contiguous blocks; blocks that do not lie contiguously are
//! copied. What can do several blocks together gets them where they lie. Threads share the blocks of a large batch; each block's bits are its own, so their number changes nothing.

use super::{Part, elements};
use crate::graph::Graph;
use crate::ops::{InstructionSet, prefetch};
use crate::place::View;
use ppl_core::call::block::{BlockCall, MAX_ARGUMENTS, MAX_RESULTS, block_offsets};
use ppl_core::call::placed::{Laid, Placed, Vectors};
use ppl_core::{AxisSet, Program};
use rayon::prelude::*;
use std::sync::Arc;

/// Operations in all blocks together from which on threads share them.
const SHARED_FROM: usize = 1 << 19;
/// Shares, at most.
const MOST_SHARES: usize = 16;

/// An array and where its blocks and their elements lie.
struct Blocks {
    base: *mut f64,
    /// Of each block.
    blocks: Vec<usize>,
    /// Of each element within a block; empty where they follow one another.
    elements: Vec<usize>,
    len: usize,
}

// SAFETY: whoever uses the address answers for what lies there.
unsafe impl Send for Blocks {}
// SAFETY: as above.
unsafe impl Sync for Blocks {}

impl Blocks {
    fn new(base: *mut f64, blocks: Vec<usize>, elements: Vec<usize>) -> Self {
        let contiguous = elements.iter().enumerate().all(|(i, e)| i == *e);
        Blocks {
            base,
            blocks,
            len: elements.len(),
            elements: if contiguous { vec![] } else { elements },
        }
    }

    /// Elements of working memory for a copy.
    fn copied(&self) -> usize {
        self.elements.len()
    }

    fn at(&self, block: usize) -> *mut f64 {
        self.base.wrapping_add(self.blocks[block])
    }
}

/// A share of the blocks with its working memory.
struct Share {
    blocks: std::ops::Range<usize>,
    args: Vec<Vec<f64>>,
    results: Vec<Vec<f64>>,
    scratch: Vec<f64>,
}

/// A block routine that is ready to run.
pub(crate) struct BlockRun {
    call: Arc<BlockCall>,
    sizes: Vec<Vec<usize>>,
    n_blocks: usize,
    args: Vec<Blocks>,
    /// Results by number; `None` where nobody reads one.
    results: Vec<Option<Blocks>>,
    /// Where arguments and results lie, if blocks are done together.
    together: Option<(Vec<Placed>, Vec<Option<Placed>>)>,
    vectors: Vectors,
    shares: Vec<Share>,
}

impl BlockRun {
    pub(super) fn compile(
        graph: &Graph,
        call: &Arc<BlockCall>,
        views: Vec<View>,
        parts: Vec<Part>,
        set: InstructionSet,
    ) -> BlockRun {
        let program: &Program = graph.program;
        let size = |a: ppl_core::AxisId| program.axes[a.0 as usize].size;
        // What the results lie over besides their blocks: an argument that lacks some of it is read again.
        let batch = parts.iter().fold(AxisSet::EMPTY, |batch, part| {
            batch.union(part.axes.minus(AxisSet::of(&call.results[part.number])))
        });
        let sizes: Vec<Vec<usize>> = call
            .args
            .iter()
            .map(|axes| axes.iter().map(|a| size(*a)).collect())
            .collect();
        let n_blocks = program.len(batch);
        let together = call.block.together();
        let work = n_blocks.saturating_mul(call.block.effort(&sizes));
        // Blocks that one share takes or leaves.
        let unit = together.map_or(1, |t| t.lanes());
        let n_units = n_blocks.div_ceil(unit);
        let n_shares = if work < SHARED_FROM {
            1
        } else {
            n_units.clamp(1, MOST_SHARES)
        };
        let cut = |k: usize| (k * n_units / n_shares * unit).min(n_blocks);
        if let Some(together) = together {
            let placed = |view: &View, axes: &[ppl_core::AxisId]| {
                let sizes: Vec<usize> = axes.iter().map(|a| size(*a)).collect();
                let strides = axes.iter().map(|a| view.stride(*a)).collect();
                let blocks = elements(program, batch, view);
                // SAFETY: the views are those of arrays that outlive this; they are used only while it runs.
                unsafe { Placed::new(view.base, blocks, &sizes, strides) }
            };
            let given = (views.iter().zip(&call.args)).map(|(view, axes)| placed(view, axes));
            let mut to: Vec<Option<Placed>> = call.results.iter().map(|_| None).collect();
            for p in &parts {
                to[p.number] = Some(placed(&p.view, &call.results[p.number]));
            }
            let share = |k: usize| Share {
                blocks: cut(k)..cut(k + 1),
                args: vec![],
                results: vec![],
                scratch: vec![0.0; together.scratch(&sizes, cut(k + 1) - cut(k))],
            };
            return BlockRun {
                n_blocks,
                shares: (0..n_shares).map(share).collect(),
                args: vec![],
                results: vec![],
                together: Some((given.collect(), to)),
                vectors: set.vectors(),
                sizes,
                call: call.clone(),
            };
        }
        let blocks = |view: &View, axes: &[ppl_core::AxisId]| {
            Blocks::new(
                view.base,
                elements(program, batch, view),
                block_offsets(axes, size, &view.strides),
            )
        };
        let lengths =
            |axes: &Vec<ppl_core::AxisId>| -> usize { axes.iter().map(|a| size(*a)).product() };
        let args: Vec<Blocks> = views
            .iter()
            .zip(&call.args)
            .map(|(view, axes)| blocks(view, axes))
            .collect();
        let mut results: Vec<Option<Blocks>> = call.results.iter().map(|_| None).collect();
        for p in &parts {
            results[p.number] = Some(blocks(&p.view, &call.results[p.number]));
        }
        let share = |k: usize| Share {
            blocks: cut(k)..cut(k + 1),
            args: args.iter().map(|a| vec![0.0; a.copied()]).collect(),
            results: results
                .iter()
                .zip(&call.results)
                .map(|(r, axes)| match r {
                    Some(r) => vec![0.0; r.copied()],
                    None if call.block.skips_unread() => vec![],
                    None => vec![0.0; lengths(axes)],
                })
                .collect(),
            scratch: vec![0.0; call.block.scratch(&sizes)],
        };
        BlockRun {
            n_blocks,
            shares: (0..n_shares).map(share).collect(),
            args,
            results,
            together: None,
            vectors: set.vectors(),
            sizes,
            call: call.clone(),
        }
    }

    /// # Safety
    /// All addresses must be alive and nobody else may use what the routine writes.
    pub(super) unsafe fn run(&mut self) {
        let (call, sizes, args, results) = (&*self.call, &self.sizes, &self.args, &self.results);
        if let (Some(routine), Some((args, results))) = (call.block.together(), &self.together) {
            let laid = Laid {
                sizes,
                args,
                results,
                ask: prefetch,
            };
            let run = |share: &mut Share| {
                routine.run(
                    &laid,
                    share.blocks.clone(),
                    self.vectors,
                    &mut share.scratch,
                )
            };
            return match self.shares.as_mut_slice() {
                [share] => run(share),
                shares => shares.par_iter_mut().with_max_len(1).for_each(run),
            };
        }
        match self.shares.as_mut_slice() {
            // SAFETY: the caller's guarantee.
            [share] => unsafe { share.run(call, sizes, args, results) },
            // SAFETY: the caller's guarantee; the shares are of distinct blocks.
            shares => shares
                .par_iter_mut()
                .with_max_len(1)
                .for_each(|share| unsafe { share.run(call, sizes, args, results) }),
        }
    }

    pub(super) fn description(&self) -> String {
        let shares = match self.shares.len() {
            1 => String::new(),
            n => format!(" in {n} shares"),
        };
        format!(
            "{} on {} blocks{shares}\n",
            self.call.block.name(),
            self.n_blocks
        )
    }
}

impl Share {
    /// # Safety
    /// That of [`BlockRun::run`], for the blocks of this share.
    unsafe fn run(
        &mut self,
        call: &BlockCall,
        sizes: &[Vec<usize>],
        from: &[Blocks],
        to: &[Option<Blocks>],
    ) {
        for i in self.blocks.clone() {
            let mut args: [&[f64]; MAX_ARGUMENTS] = [&[]; MAX_ARGUMENTS];
            for ((arg, from), copy) in args.iter_mut().zip(from).zip(&mut self.args) {
                let base = from.at(i);
                for (to, &o) in copy.iter_mut().zip(&from.elements) {
                    // SAFETY: the caller's guarantee; the offsets lie within the array.
                    *to = unsafe { *base.add(o) };
                }
                *arg = if from.copied() > 0 {
                    copy
                } else {
                    // SAFETY: as above; nothing writes to an argument while the routine runs.
                    unsafe { std::slice::from_raw_parts(base, from.len) }
                };
            }
            let mut each = self.results.iter_mut().zip(to);
            let mut results: [&mut [f64]; MAX_RESULTS] =
                std::array::from_fn(|_| match each.next() {
                    Some((_, Some(to))) if to.copied() == 0 => {
                        // SAFETY: as above; the results are distinct arrays, and blocks distinct parts of them.
                        unsafe { std::slice::from_raw_parts_mut(to.at(i), to.len) }
                    }
                    Some((own, _)) => own.as_mut_slice(),
                    None => &mut [],
                });
            let (n_args, n_results) = (from.len(), to.len());
            call.block.run(
                sizes,
                &args[..n_args],
                &mut results[..n_results],
                &mut self.scratch,
            );
            for (to, copy) in to.iter().zip(&self.results) {
                let Some(to) = to else { continue };
                let base = to.at(i);
                for (v, &o) in copy.iter().zip(&to.elements) {
                    // SAFETY: as above.
                    unsafe { *base.add(o) = *v };
                }
            }
        }
    }
}
