//! Index arrays: checked once, and cut into runs where they are sorted.

use crate::EngineError;
use crate::ops::indexed::{BlockRuns, Run};
use ppl_core::{AxisId, AxisSet, Index, Program};

/// Runs pay from this mean length on.
const MEAN_RUN: usize = 4;

/// The runs of an index along the innermost axis of a space, for every block.
pub(crate) struct RunTable {
    /// Owns what `blocks` points at.
    _runs: Vec<Run>,
    /// For every outer position of the index (row-major), its blocks.
    blocks: Vec<BlockRuns>,
    /// Blocks of one outer position.
    pub(crate) n_blocks: usize,
    /// Axes that the table lies over besides the blocks.
    pub(crate) outer: AxisSet,
}

// SAFETY: the table owns what it points at and never changes.
unsafe impl Send for RunTable {}
// SAFETY: as above.
unsafe impl Sync for RunTable {}

/// Checks that all positions exist.
pub(crate) fn check(program: &Program) -> Result<(), EngineError> {
    for (i, index) in program.indices.iter().enumerate() {
        let size = program.axes[index.target.0 as usize].size;
        if index.values.len() != program.len(index.axes)
            || index.values.iter().any(|&v| v as usize >= size)
        {
            return Err(EngineError::IndexOutOfRange { index: i, size });
        }
    }
    Ok(())
}

/// Whether runs along the innermost axis pay.
pub(crate) fn has_runs(index: &Index, inner: Option<AxisId>, inner_size: usize) -> bool {
    if inner.is_none() || index.axes.innermost() != inner || inner_size == 0 {
        return false;
    }
    let mut runs = 0;
    for row in index.values.chunks(inner_size) {
        if !row.is_sorted() {
            return false;
        }
        runs += 1 + row.windows(2).filter(|w| w[0] != w[1]).count();
    }
    runs * MEAN_RUN <= index.values.len()
}

impl RunTable {
    pub(crate) fn new(index: &Index, inner: AxisId, inner_size: usize, block: usize) -> Self {
        let mut runs: Vec<Run> = vec![];
        let mut bounds = vec![0];
        for row in index.values.chunks(inner_size) {
            for lanes in row.chunks(block) {
                let mut start = 0;
                for same in lanes.chunk_by(|a, b| a == b) {
                    let end = start + same.len();
                    runs.push(Run {
                        position: same[0],
                        start: start as u16,
                        end: end as u16,
                    });
                    start = end;
                }
                bounds.push(runs.len());
            }
        }
        let blocks = bounds
            .windows(2)
            .map(|w| BlockRuns {
                first: runs[w[0]..].as_ptr(),
                count: w[1] - w[0],
            })
            .collect();
        RunTable {
            _runs: runs,
            blocks,
            n_blocks: inner_size.div_ceil(block),
            outer: index.axes.without(inner),
        }
    }

    pub(crate) fn blocks(&self) -> *const BlockRuns {
        self.blocks.as_ptr()
    }
}
