//! What a kernel asks for before it needs it. Where its arrays are longer than the caches, it asks, while it is at work on one block,
//! for the next: memory is read while others compute. Left to itself the machine stops at the end of each page, which is about a block.

use crate::kernel::{Instruction, Layout, MAX_OUTER};
use crate::lower::{Lowered, Source, Target};
use crate::ops::prefetch;
use crate::place::View;
use crate::sinks::Extent;
use ppl_core::AxisId;

/// Bytes from which on a kernel's arrays are not expected to be in the caches. Asking costs a tenth of what is at work on less.
const LARGE: usize = 1 << 23;
/// Bytes within which two addresses are the same array, seen from other elements on: `h[t]` and `h[t-1]`.
const NEAR: usize = 128;
/// Bytes of a cache line.
const LINE: usize = 64;

/// Whether the arrays that a kernel with so many lanes goes through along an axis are, at first sight, not expected to be in the
/// caches.
pub(crate) fn is_long(lowered: &Lowered, inner: Option<AxisId>, lanes: usize) -> bool {
    let mut arrays: Vec<usize> = vec![];
    for step in &lowered.steps {
        let target = match &step.target {
            Target::Memory(view) => Some(view),
            Target::Register(_) | Target::Sink(_) => None,
        };
        let sources = step.args.iter().filter_map(|source| match source {
            Source::Memory(view) => Some(view),
            Source::Register(_) => None,
        });
        let along = |view: &&View| inner.is_some_and(|inner| view.stride(inner) > 0);
        for start in sources.chain(target).filter(along).map(|v| v.base.addr()) {
            if arrays.iter().all(|at| start.abs_diff(*at) >= NEAR) {
                arrays.push(start);
            }
        }
    }
    lanes * size_of::<f64>() * arrays.len() >= LARGE
}

/// An array that a kernel goes through from one end to the other.
#[derive(Clone, Copy)]
pub(crate) struct Stream {
    /// The address of what comes after block 0 and outer position 0; nothing is ever read through it.
    next: usize,
    per_block: usize,
    per_outer: [usize; MAX_OUTER],
    shared: bool,
    /// Lines of a block, and those that one instruction asks for.
    lines: [usize; 2],
}

impl Stream {
    /// Asks, while instruction `k` is at work, for its part of what comes after this block and position.
    #[inline(always)]
    pub(crate) fn ask(&self, block: usize, position: &[usize], k: usize) {
        let [lines, part] = self.lines;
        if k * part >= lines {
            return;
        }
        let mut start = self.next.wrapping_add(block * self.per_block);
        for (position, distance) in position.iter().zip(&self.per_outer) {
            start = start.wrapping_add(position * distance);
        }
        for line in k * part..lines.min((k + 1) * part) {
            prefetch(start.wrapping_add(line * LINE));
        }
    }
}

/// What a kernel asks for.
#[derive(Default)]
pub(crate) struct Streams {
    /// What is the same at all outer positions comes first.
    all: Vec<Stream>,
    /// How many of them that are.
    shared: usize,
}

impl Streams {
    /// Those to ask for at an outer position: what is the same at all of them at the first.
    pub(crate) fn at(&self, first: bool) -> &[Stream] {
        &self.all[if first { 0 } else { self.shared }..]
    }
    /// Of a kernel with these instructions; none where all is short.
    pub(crate) fn plan(
        instructions: &[Instruction],
        layouts: &[Layout],
        extent: &Extent,
    ) -> Streams {
        let last = extent.outer.len().checked_sub(1);
        let mut known: Vec<usize> = vec![];
        let mut bytes = 0;
        let mut streams = vec![];
        for (instruction, layout) in instructions.iter().zip(layouts) {
            for (k, base) in instruction.base.iter().enumerate() {
                let (start, per_block) = (base.addr(), layout.per_block[k]);
                let contiguous = (1..=extent.block * size_of::<f64>()).contains(&per_block);
                if !contiguous || known.iter().any(|at| start.abs_diff(*at) < NEAR) {
                    continue;
                }
                known.push(start);
                let per_outer = layout.per_outer.map(|distances| distances[k]);
                let next = match last.map_or(0, |last| per_outer[last]) {
                    0 => per_block,
                    position => position,
                };
                let shared = per_outer.iter().all(|distance| *distance == 0);
                let lines = per_block.div_ceil(LINE);
                let positions = match shared {
                    true => 1,
                    false => extent.total / extent.lanes.max(1),
                };
                bytes += per_block * extent.n_blocks * positions;
                streams.push(Stream {
                    next: start.wrapping_add(next),
                    per_block,
                    per_outer,
                    shared,
                    lines: [lines, lines.div_ceil(instructions.len())],
                });
            }
        }
        if extent.n_blocks < 2 || bytes < LARGE {
            return Streams::default();
        }
        streams.sort_by_key(|stream| !stream.shared);
        let shared = streams.iter().filter(|stream| stream.shared).count();
        Streams {
            all: streams,
            shared,
        }
    }
}
