//! What runs: kernels as lists of instructions with addresses, over blocks of lanes.

use crate::ahead::{Stream, Streams};
use crate::dense::DenseSteps;
use crate::finish::{Fill, Finish, Spread};
use crate::ops::{BlockFn, Detail, call};
use rayon::prelude::*;
use std::ops::Range;

/// Outer axes that a kernel can have.
pub(crate) const MAX_OUTER: usize = 10;

/// One instruction; the operands are `dst`, `a`, `b`, `c`.
#[derive(Clone, Copy)]
pub(crate) struct Instruction {
    pub(crate) run: BlockFn,
    /// Addresses at block 0 and outer position 0.
    pub(crate) base: [*mut u8; 4],
}

/// The rest of an instruction, apart because short kernels hardly read it; distances are in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) detail: Detail,
    /// From one block to the next.
    pub(crate) per_block: [usize; 4],
    /// From one row of a tile to the next.
    pub(crate) per_row: [usize; 4],
    /// From one position of an outer axis to the next.
    pub(crate) per_outer: [[usize; 4]; MAX_OUTER],
}

impl Layout {
    /// The operands at a block and a position of the outer axes, from those at the first of both.
    #[inline(always)]
    pub(crate) fn at(&self, base: [*mut u8; 4], block: usize, position: &[usize]) -> [*mut u8; 4] {
        let mut address = base;
        for (address, distance) in address.iter_mut().zip(self.per_block) {
            *address = address.wrapping_add(block * distance);
        }
        for (&position, distance) in position.iter().zip(&self.per_outer) {
            for (address, distance) in address.iter_mut().zip(distance) {
                *address = address.wrapping_add(position * distance);
            }
        }
        address
    }
}

impl Instruction {
    /// Runs it on the rows of a tile from a block and a position of the outer axes on, so many lanes each; it is number `k` of its
    /// kernel.
    ///
    /// # Safety
    /// As for [`Kernel::run`].
    #[inline(always)]
    unsafe fn step(
        &self,
        layout: &Layout,
        (block, position, rows, lanes): (usize, &[usize], usize, usize),
        streams: &[Stream],
        k: usize,
    ) {
        for stream in streams {
            stream.ask(block, position, k);
        }
        let address = layout.at(self.base, block, position);
        // SAFETY: the caller's guarantee.
        unsafe { call(self.run, address, lanes, &layout.detail) };
        if rows > 1 {
            // SAFETY: as above.
            unsafe { self.other_rows(layout, address, rows, lanes) };
        }
    }

    /// The rows of a tile after the first; apart, since most tiles have no other.
    ///
    /// # Safety
    /// As for [`Kernel::run`].
    #[inline(never)]
    unsafe fn other_rows(
        &self,
        layout: &Layout,
        mut address: [*mut u8; 4],
        rows: usize,
        lanes: usize,
    ) {
        for _ in 1..rows {
            for (address, distance) in address.iter_mut().zip(layout.per_row) {
                *address = address.wrapping_add(distance);
            }
            // SAFETY: the caller's guarantee.
            unsafe { call(self.run, address, lanes, &layout.detail) };
        }
    }
}

/// A part of a kernel's space, with its own registers and accumulators.
pub(crate) struct Chunk {
    pub(crate) blocks: Range<usize>,
    pub(crate) outermost: Range<usize>,
    pub(crate) fills: Vec<Fill>,
    /// Its partial results that are spread over accumulators.
    pub(crate) spreads: Vec<Spread>,
    pub(crate) instructions: Vec<Instruction>,
    /// One an instruction.
    pub(crate) layouts: Vec<Layout>,
    /// What is asked for ahead.
    pub(crate) streams: Streams,
    /// What runs for all outer positions of a block at once.
    pub(crate) dense: DenseSteps,
}

/// A kernel.
pub(crate) struct Kernel {
    /// Lanes of a block.
    pub(crate) block: usize,
    /// Lanes of the innermost axis.
    pub(crate) inner: usize,
    /// Positions of the last outer axis that each instruction goes through before the next does: a tile, as long as a block.
    pub(crate) rows: usize,
    /// Sizes of the outer axes, outermost first.
    pub(crate) outer: Vec<usize>,
    /// Buffers that all chunks write to, each at its own place.
    pub(crate) fills: Vec<Fill>,
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) finishes: Vec<Finish>,
    pub(crate) description: String,
}

// SAFETY: all addresses point into memory and tables that the owning `Kernels` keeps alive, and it runs kernels only
// through `&mut self`.
unsafe impl Send for Kernel {}
// SAFETY: as above; chunks write disjoint memory.
unsafe impl Sync for Kernel {}
// SAFETY: as for the kernel.
unsafe impl Sync for Chunk {}

impl Kernel {
    /// Whether all is one block, at every position of the outer axes.
    pub(crate) fn is_one_block(&self) -> bool {
        let one = |chunk: &Chunk| chunk.blocks.len() == 1 && chunk.dense.is_empty();
        matches!(&self.chunks[..], [chunk] if one(chunk))
    }

    /// Rows of the tile at a position; the outermost axis ends where the chunk does.
    fn rows_at(&self, position: &[usize; MAX_OUTER], end: usize) -> usize {
        match self.outer.len() {
            0 => 1,
            1 => self.rows.min(end - position[0]),
            n => self.rows.min(self.outer[n - 1] - position[n - 1]),
        }
    }

    /// Runs all chunks and joins what they accumulated, in a fixed order.
    ///
    /// # Safety
    /// All addresses must be alive and nobody else may use what the kernel writes.
    pub(crate) unsafe fn run(&self) {
        // SAFETY: the caller's guarantee; chunks write disjoint memory.
        unsafe {
            self.fills.iter().for_each(|fill| fill.apply());
            match &self.chunks[..] {
                [chunk] if self.outer.is_empty() && self.is_one_block() => {
                    chunk.run_once(self.inner)
                }
                [chunk] => chunk.run(self),
                chunks => chunks
                    .par_iter()
                    .with_max_len(1)
                    .for_each(|chunk| chunk.run(self)),
            }
            self.finishes.iter().for_each(|finish| finish.apply());
        }
    }
}

impl Chunk {
    /// One block without outer axes: addresses are final.
    unsafe fn run_once(&self, lanes: usize) {
        // SAFETY: the caller's guarantee.
        unsafe {
            self.fills.iter().for_each(|fill| fill.apply());
            for (i, layout) in self.instructions.iter().zip(&self.layouts) {
                call(i.run, i.base, lanes, &layout.detail);
            }
        }
    }

    unsafe fn run(&self, kernel: &Kernel) {
        // SAFETY: the caller's guarantee.
        unsafe { self.fills.iter().for_each(|fill| fill.apply()) };
        let rank = kernel.outer.len();
        for block in self.blocks.clone() {
            let lanes = kernel.block.min(kernel.inner - block * kernel.block);
            // SAFETY: the caller's guarantee.
            unsafe {
                let first = block == self.blocks.start;
                self.dense.begin(block, lanes, first, kernel.block);
            }
            let mut position = [0; MAX_OUTER];
            position[0] = self.outermost.start;
            let mut first = true;
            loop {
                let streams = self.streams.at(first);
                first = false;
                let rows = kernel.rows_at(&position, self.outermost.end);
                let at = (block, &position[..rank], rows, lanes);
                // Called from several places, for what `Short::run` says.
                let mut instructions = self.instructions.chunks_exact(4);
                let mut layouts = self.layouts.chunks_exact(4);
                for (k, (i, l)) in (&mut instructions).zip(&mut layouts).enumerate() {
                    if let ([i0, i1, i2, i3], [l0, l1, l2, l3]) = (i, l) {
                        // SAFETY: the addresses lie within their buffers at every position of the space.
                        unsafe {
                            i0.step(l0, at, streams, 4 * k);
                            i1.step(l1, at, streams, 4 * k + 1);
                            i2.step(l2, at, streams, 4 * k + 2);
                            i3.step(l3, at, streams, 4 * k + 3);
                        }
                    }
                }
                let done = self.instructions.len() / 4 * 4;
                let rest = instructions.remainder().iter().zip(layouts.remainder());
                for (k, (i, l)) in rest.enumerate() {
                    // SAFETY: as above.
                    unsafe { i.step(l, at, streams, done + k) };
                }
                if !advance(&mut position, &kernel.outer, self.outermost.end, rows) {
                    break;
                }
            }
            // SAFETY: the caller's guarantee.
            unsafe {
                let last = block + 1 == self.blocks.end;
                self.dense.end(block, lanes, last);
            }
        }
        // SAFETY: the caller's guarantee; the partial results are this chunk's own.
        unsafe { self.spreads.iter().for_each(|spread| spread.fold()) };
    }
}

/// The next position of the outer axes, the last fastest, so many at once; false after the last one.
pub(crate) fn advance(
    position: &mut [usize; MAX_OUTER],
    sizes: &[usize],
    end: usize,
    rows: usize,
) -> bool {
    let mut step = rows;
    for axis in (0..sizes.len()).rev() {
        position[axis] += std::mem::replace(&mut step, 1);
        if position[axis] < if axis == 0 { end } else { sizes[axis] } {
            return true;
        }
        position[axis] = 0;
    }
    false
}
