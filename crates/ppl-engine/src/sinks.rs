//! Where reductions go: straight to their node, to accumulators, or to partial results of chunks.

use crate::EngineError;
use crate::finish::{Fill, Finish, Spread, Window};
use crate::graph::Graph;
use crate::loops::Loop;
use crate::memory::Memory;
use crate::ops::dense::LANES;
use crate::ops::reduce::ACCUMULATORS;
use crate::ops::{Code, Into};
use crate::place::View;
use crate::windows::{self, Cut};
use ppl_core::{AxisId, AxisSet, Op};
use std::ops::Range;

/// What a chunk is to cost, in additions (see [`crate::cost`]): some ten microseconds, many times what it costs to hand
/// it to another thread that is awake. At the end of a kernel a thread waits for half a chunk on average.
const CHUNK: usize = 1 << 17;
/// What a kernel must cost to be cut at all: a thread that has fallen asleep wakes up in some tens of microseconds.
const SHARED: usize = 1 << 19;
/// Chunks of a kernel, at most.
const MAX_CHUNKS: usize = 64;

/// The iteration space of a kernel, in blocks.
pub(crate) struct Extent {
    pub(crate) inner: Option<AxisId>,
    /// How many lanes there are, along the innermost axis and those that run with it.
    pub(crate) lanes: usize,
    /// Lanes of a block.
    pub(crate) block: usize,
    /// Positions of the last outer loop that an instruction goes through at a time.
    pub(crate) rows: usize,
    pub(crate) n_blocks: usize,
    pub(crate) outer: Vec<Loop>,
    /// Number of lanes in all.
    pub(crate) total: usize,
}

/// How a kernel is cut into chunks; never depends on the number of threads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Split {
    /// The outermost axis is cut, instead of the blocks.
    pub(crate) outermost: bool,
    pub(crate) chunks: usize,
    /// What is cut.
    pub(crate) units: usize,
}

/// How many chunks so many lanes of this cost are worth.
fn wanted(lanes: usize, cost: usize) -> usize {
    match lanes.saturating_mul(cost) {
        cost if cost < SHARED => 1,
        cost => (cost / CHUNK).min(MAX_CHUNKS),
    }
}

impl Split {
    /// Whether so many lanes of this cost may be more than one chunk.
    pub(crate) fn is_shared(lanes: usize, cost: usize) -> bool {
        wanted(lanes, cost) > 1
    }

    /// `cost` is that of a lane, in additions.
    pub(crate) fn plan(extent: &Extent, cost: usize, outermost_size: usize) -> Self {
        let wanted = wanted(extent.total, cost);
        let outermost = extent.n_blocks < wanted && extent.n_blocks < outermost_size;
        let units = if outermost {
            outermost_size
        } else {
            extent.n_blocks
        };
        Split {
            outermost,
            chunks: wanted.min(units).max(1),
            units,
        }
    }

    /// Fewer chunks, if the partial results, all together, would be larger than what they are made from.
    pub(crate) fn bounded(self, partials: usize, extent: &Extent) -> Self {
        let bound = (2 * extent.total)
            .checked_div(partials.div_ceil(self.chunks))
            .unwrap_or(self.chunks)
            .max(1);
        Split {
            chunks: self.chunks.min(bound),
            ..self
        }
    }

    /// The same along the outermost axis.
    pub(crate) fn outermost(self, outermost_size: usize) -> Self {
        Split {
            outermost: true,
            chunks: self.chunks.min(outermost_size).max(1),
            units: outermost_size,
        }
    }

    /// The units of a chunk.
    pub(crate) fn range(&self, chunk: usize) -> std::ops::Range<usize> {
        self.units * chunk / self.chunks..self.units * (chunk + 1) / self.chunks
    }

    /// Blocks of a chunk, at most.
    fn most_blocks(&self, extent: &Extent) -> usize {
        match self.outermost {
            true => extent.n_blocks,
            false => self.units.div_ceil(self.chunks),
        }
    }

    /// Whether chunks write different elements of an array that keeps these axes, position by position.
    fn separates(&self, extent: &Extent, kept: AxisSet) -> bool {
        let axis = if self.outermost {
            extent.outer.first().map(|l| l.axis)
        } else {
            extent.inner
        };
        self.chunks == 1 || axis.is_some_and(|axis| kept.contains(axis))
    }
}

/// A reduction's destination.
pub(crate) struct Sink {
    pub(crate) code: Code,
    /// Destination of every chunk; strides in elements.
    pub(crate) destinations: Vec<View>,
    /// Distance along the looked-up axis, for scatters.
    pub(crate) target_stride: usize,
    /// Buffers that are filled once.
    pub(crate) shared_fill: Option<Fill>,
    /// Buffers that each chunk fills.
    pub(crate) chunk_fills: Vec<Fill>,
    /// What each chunk's partial results are spread over.
    pub(crate) spreads: Vec<Spread>,
    pub(crate) finish: Option<Finish>,
}

/// Elements of a node's partial results under a split, all chunks together; 0 if it needs none.
pub(crate) fn partial_len(graph: &Graph, i: usize, extent: &Extent, split: &Split) -> usize {
    if split.separates(extent, kept_axes(graph, i)) {
        return 0;
    }
    let len = graph.program.len(graph.axes[i]);
    match (graph.op(i), windows::of(graph, i, extent, split)) {
        (Op::Scatter(_, index), Some(windows)) => {
            let target = graph.program.indices[index.0 as usize].target;
            len / graph.size(target).max(1) * windows::total(&windows)
        }
        _ => len * split.chunks,
    }
}

/// Axes that the destination shares with the space, position by position.
fn kept_axes(graph: &Graph, i: usize) -> AxisSet {
    match graph.op(i) {
        Op::Scatter(_, index) => {
            graph.axes[i].without(graph.program.indices[index.0 as usize].target)
        }
        _ => graph.axes[i],
    }
}

impl Sink {
    pub(crate) fn plan(
        graph: &Graph,
        i: usize,
        code: Code,
        own: &View,
        extent: &Extent,
        split: &Split,
        memory: &mut Memory,
    ) -> Result<Sink, EngineError> {
        let kept = kept_axes(graph, i);
        let maximum = matches!(graph.op(i), Op::Max(_));
        let start = if maximum { f64::NEG_INFINITY } else { 0.0 };
        // Of the axes of one loop all are kept or none.
        let keeps_all = extent.outer.iter().all(|l| kept.contains(l.axis));
        let into = if split.most_blocks(extent) > 1 {
            Into::Accumulators
        } else if extent.n_blocks > 0 && keeps_all {
            Into::Store
        } else {
            Into::Slot
        };
        let (code, into) = match code {
            Code::Sum(_) => (Code::Sum(into), Some(into)),
            Code::Dot(_) => (Code::Dot(into), Some(into)),
            Code::SumIf(_) => (Code::SumIf(into), Some(into)),
            Code::SumUnless(_) => (Code::SumUnless(into), Some(into)),
            Code::Maximum(_) => (Code::Maximum(into), Some(into)),
            other => (other, None),
        };
        let lanes = match code {
            Code::TransposedProduct => LANES,
            _ if into == Some(Into::Accumulators) => ACCUMULATORS,
            _ => 1,
        };
        let spread = lanes > 1;
        let values = graph.program.len(graph.axes[i]);
        let len = values * lanes;
        let mut view = match graph.op(i) {
            Op::Scatter(_, index) => own.without(graph.program.indices[index.0 as usize].target),
            _ => own.clone(),
        };
        if spread {
            view.strides.iter_mut().for_each(|s| *s *= lanes);
        }
        let separate = split.separates(extent, kept);
        if let Some(windows) = windows::of(graph, i, extent, split).filter(|_| !separate) {
            return Sink::windowed(graph, i, code, own, &windows, memory);
        }
        let mut partials = vec![];
        for p in 0..if separate { 1 } else { split.chunks } {
            partials.push(if p == 0 && !spread {
                own.base
            } else {
                memory.allocate(len)?
            });
        }
        let at = |chunk: usize| partials[if separate { 0 } else { chunk }];
        let destinations = (0..split.chunks)
            .map(|c| View {
                base: at(c),
                strides: view.strides.clone(),
            })
            .collect();
        let fill = |start_at| Fill {
            start: start_at,
            len,
            value: start,
        };
        let needs_fill = into != Some(Into::Store);
        let chunk_fills = match separate || !needs_fill {
            true => vec![],
            false => partials.iter().map(|&p| fill(p)).collect(),
        };
        let accumulators = |start| Spread {
            start,
            values,
            lanes,
            maximum,
        };
        let spreads = match spread && !separate {
            true => partials.iter().map(|&p| accumulators(p)).collect(),
            false => vec![],
        };
        let shared_spread = (spread && separate).then(|| accumulators(partials[0]));
        let target_stride = match graph.op(i) {
            Op::Scatter(_, index) => own.stride(graph.program.indices[index.0 as usize].target),
            _ => 0,
        };
        Ok(Sink {
            code,
            destinations,
            target_stride,
            shared_fill: (separate && needs_fill).then(|| fill(partials[0])),
            chunk_fills,
            spreads,
            finish: (spread || !separate).then_some(Finish {
                partials,
                len: values,
                maximum,
                spread: shared_spread,
                scale: 1.0,
                dst: own.base,
                windows: None,
            }),
        })
    }

    /// A scatter whose chunks write to windows of their own.
    fn windowed(
        graph: &Graph,
        i: usize,
        code: Code,
        own: &View,
        windows: &[Range<usize>],
        memory: &mut Memory,
    ) -> Result<Sink, EngineError> {
        let target = match graph.op(i) {
            Op::Scatter(_, index) => graph.program.indices[index.0 as usize].target,
            _ => AxisId(0),
        };
        let cut = Cut {
            size: graph.size(target),
            stride: own.stride(target),
            len: graph.program.len(graph.axes[i]),
        };
        let (mut parts, mut destinations, mut chunk_fills) = (vec![], vec![], vec![]);
        for window in windows {
            let len = cut.len(window);
            let start = memory.allocate(len)?;
            destinations.push(cut.view(own, start, window).without(target));
            chunk_fills.push(Fill {
                start,
                len,
                value: 0.0,
            });
            parts.push(Window {
                start,
                positions: window.clone(),
            });
        }
        Ok(Sink {
            code,
            destinations,
            target_stride: cut.stride,
            shared_fill: None,
            chunk_fills,
            spreads: vec![],
            finish: Some(Finish {
                partials: vec![],
                len: cut.len,
                maximum: false,
                spread: None,
                scale: 1.0,
                dst: own.base,
                windows: Some((cut, parts)),
            }),
        })
    }
}
