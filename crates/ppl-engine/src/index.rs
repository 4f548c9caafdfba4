//! Index arrays: checked once, and cut into runs where they are sorted.

use crate::EngineError;
use crate::ops::indexed::{BlockRuns, Run};
use ppl_core::{AxisId, AxisSet, Index, Program};

/// Runs of equal positions pay from this mean length on.
const MEAN_RUN: usize = 4;
/// Runs of ascending positions pay from this mean length on.
const MEAN_STRETCH: usize = 16;

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

/// What the positions do along the lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// They stay the same for a while, and never go back.
    Equal,
    /// They go on by one for a while: `h[t-1]`.
    Ascending,
}

impl Pattern {
    /// Whether a position goes on from the one before.
    fn joins(self, before: u32, after: u32) -> bool {
        match self {
            Pattern::Equal => before == after,
            Pattern::Ascending => before.checked_add(1) == Some(after),
        }
    }

    /// The one whose runs along the innermost axis pay.
    pub(crate) fn of(index: &Index, inner: Option<AxisId>, inner_size: usize) -> Option<Pattern> {
        if inner.is_none() || index.axes.innermost() != inner || inner_size == 0 {
            return None;
        }
        let pays = |pattern: Pattern, mean: usize| {
            let mut runs = 0;
            for row in index.values.chunks(inner_size) {
                runs += 1 + row
                    .windows(2)
                    .filter(|w| !pattern.joins(w[0], w[1]))
                    .count();
            }
            runs * mean <= index.values.len()
        };
        let sorted = || index.values.chunks(inner_size).all(<[u32]>::is_sorted);
        if pays(Pattern::Equal, MEAN_RUN) && sorted() {
            return Some(Pattern::Equal);
        }
        pays(Pattern::Ascending, MEAN_STRETCH).then_some(Pattern::Ascending)
    }
}

impl RunTable {
    pub(crate) fn new(index: &Index, inner: AxisId, inner_size: usize, block: usize) -> Self {
        let pattern = Pattern::of(index, Some(inner), inner_size).unwrap_or(Pattern::Equal);
        let mut runs: Vec<Run> = vec![];
        let mut bounds = vec![0];
        for row in index.values.chunks(inner_size) {
            for lanes in row.chunks(block) {
                let mut start = 0;
                for same in lanes.chunk_by(|a, b| pattern.joins(*a, *b)) {
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

#[cfg(test)]
mod tests {
    use super::Pattern;
    use ppl_core::{AxisId, AxisSet, Index};

    #[test]
    fn what_positions_do() {
        let of = |values: Vec<u32>| {
            let n = values.len();
            let index = Index {
                target: AxisId(1),
                axes: AxisSet::of(&[AxisId(2)]),
                values: values.into(),
            };
            Pattern::of(&index, Some(AxisId(2)), n)
        };
        assert_eq!(of((0..100).map(|i| i / 10).collect()), Some(Pattern::Equal));
        let before = |i: u32| i.saturating_sub(1);
        assert_eq!(of((0..100).map(before).collect()), Some(Pattern::Ascending));
        assert_eq!(of((0..100).map(|i| i / 10 % 3).collect()), None);
        assert_eq!(of((0..100).map(|i| i * 7 % 100).collect()), None);
        assert_eq!(of((0..100).rev().collect()), None);
    }
}
