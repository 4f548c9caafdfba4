//! Partial results of scatters that go to few positions. A chunk of the rows of a sorted index meets its own groups alone: its partial
//! result has those, not all groups there are, so that it is not longer than the rows that it is made from.

use crate::graph::Graph;
use crate::place::View;
use crate::sinks::{Extent, Split};
use ppl_core::Op;
use std::ops::Range;

/// The positions that each chunk scatters to, if together they are few beside all positions for each chunk.
pub(crate) fn of(
    graph: &Graph,
    i: usize,
    extent: &Extent,
    split: &Split,
) -> Option<Vec<Range<usize>>> {
    let Op::Scatter(_, index) = graph.op(i) else {
        return None;
    };
    let index = &graph.program.indices[index.0 as usize];
    let along_lanes = extent.inner.is_some() && graph.trim(index.axes).innermost() == extent.inner;
    if split.chunks == 1 || split.outermost || !along_lanes {
        return None;
    }
    let windows: Vec<Range<usize>> = (0..split.chunks)
        .map(|c| reach(&index.values, extent, split.range(c)))
        .collect();
    let all = graph.size(index.target) * split.chunks;
    (2 * total(&windows) <= all).then_some(windows)
}

/// Positions of all windows together.
pub(crate) fn total(windows: &[Range<usize>]) -> usize {
    windows.iter().map(Range::len).sum()
}

/// From the first position to the last that blocks look up, in all rows of the index.
fn reach(values: &[u32], extent: &Extent, blocks: Range<usize>) -> Range<usize> {
    let end = (blocks.end * extent.block).min(extent.lanes);
    let start = (blocks.start * extent.block).min(end);
    let (mut least, mut most) = (u32::MAX, 0);
    for row in values.chunks(extent.lanes) {
        for &position in row.get(start..end).unwrap_or_default() {
            least = least.min(position);
            most = most.max(position);
        }
    }
    least as usize..(most as usize + 1).max(least as usize)
}

/// How an array is cut along one axis into windows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    /// Positions of the axis.
    pub(crate) size: usize,
    /// Elements from one position to the next.
    pub(crate) stride: usize,
    /// Elements of the array.
    pub(crate) len: usize,
}

impl Cut {
    /// Elements of the part of a window.
    pub(crate) fn len(&self, window: &Range<usize>) -> usize {
        self.len / self.size.max(1) * window.len()
    }

    /// A window's part at `start`, seen so that positions count from the first of the axis.
    pub(crate) fn view(&self, whole: &View, start: *mut f64, window: &Range<usize>) -> View {
        let mut view = whole.clone();
        view.base = start.wrapping_sub(window.start * self.stride);
        for stride in view.strides.iter_mut().filter(|s| **s > self.stride) {
            *stride = *stride / self.size.max(1) * window.len();
        }
        view
    }

    /// Adds a window's part to the whole array.
    ///
    /// # Safety
    /// `whole` is valid for the array, `part` for the window's part of it, and they do not overlap.
    pub(crate) unsafe fn add(&self, whole: *mut f64, part: *const f64, window: &Range<usize>) {
        let width = window.len() * self.stride;
        let row = self.size * self.stride;
        for outer in 0..self.len / row.max(1) {
            // SAFETY: the caller's guarantee.
            let (to, from) = unsafe {
                (
                    std::slice::from_raw_parts_mut(
                        whole.add(outer * row + window.start * self.stride),
                        width,
                    ),
                    std::slice::from_raw_parts(part.add(outer * width), width),
                )
            };
            to.iter_mut().zip(from).for_each(|(to, from)| *to += *from);
        }
    }
}
