//! Dense products within a kernel: what runs before and after the instructions of a block, for all positions at once.

#[cfg(test)]
mod tests;

use crate::matrix::Matrix;
use crate::ops::dense::{Along, Block, DenseFn, PairFn, TILE, Wide};

/// One product in one chunk.
pub(crate) struct DenseStep {
    pub(crate) run: DenseFn,
    pub(crate) matrix: Matrix,
    /// Tiles of a block.
    pub(crate) tiles: usize,
    /// The vector of each position, or its accumulators.
    pub(crate) along: Along,
    /// Owns what `along` points at.
    pub(crate) _offsets: Box<[usize]>,
    /// The block's rows of each position.
    pub(crate) wide: Wide,
    pub(crate) transposed: bool,
}

/// All products of a chunk.
#[derive(Default)]
pub(crate) struct DenseSteps {
    /// From vectors along the columns.
    pub(crate) before: Vec<DenseStep>,
    /// To vectors along the columns.
    pub(crate) after: Vec<DenseStep>,
    /// Both in one loop, if there is one of each with the same matrix and one position.
    pub(crate) pair: Option<PairFn>,
}

impl DenseSteps {
    /// Whether a block is nothing but its instructions.
    pub(crate) fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// What precedes the instructions of block `block`; `full` is the number of rows of the block before.
    pub(crate) unsafe fn begin(&self, block: usize, lanes: usize, first: bool, full: usize) {
        if let (Some(pair), false, [b], [a]) = (self.pair, first, &self.before[..], &self.after[..])
        {
            let rows = lanes.next_multiple_of(TILE);
            // Blocks before the last are full, so the rows that the pair works on cover those of this block.
            let (x, last) = (b.block(block, rows), a.block(block - 1, full));
            // SAFETY: the caller's guarantee; the padding of a tile exists in memory.
            unsafe { pair(&x, &b.along, &b.wide, &last, &a.along, &a.wide) };
            return;
        }
        for step in &self.before {
            // SAFETY: the caller's guarantee.
            unsafe { step.run(block, lanes) };
        }
    }

    /// What follows them.
    pub(crate) unsafe fn end(&self, block: usize, lanes: usize, last: bool) {
        if self.pair.is_some() && !last {
            return;
        }
        for step in &self.after {
            // SAFETY: the caller's guarantee.
            unsafe { step.run(block, lanes) };
        }
    }
}

impl DenseStep {
    /// The matrix's part in a block, of which so many rows count.
    fn block(&self, number: usize, rows: usize) -> Block {
        self.matrix.block(number * self.tiles, rows)
    }

    unsafe fn run(&self, block: usize, lanes: usize) {
        let rows = lanes.next_multiple_of(TILE);
        // SAFETY: the caller's guarantee; the wide registers hold whole blocks.
        unsafe {
            if self.transposed && rows > lanes {
                for position in 0..self.along.positions {
                    let tail = self.wide.base.add(position * self.wide.distance + lanes);
                    std::slice::from_raw_parts_mut(tail, rows - lanes).fill(0.0);
                }
            }
            (self.run)(&self.block(block, rows), &self.along, &self.wide)
        }
    }
}
