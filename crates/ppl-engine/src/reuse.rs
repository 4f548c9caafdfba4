//! Large arrays that pass between kernels share memory: what nobody reads any more gives its place to what comes later, so
//! that long chains and many rows go through less of it.

use crate::EngineError;
use crate::graph::{Graph, Kind};
use crate::levels::Levels;
use crate::memory::Memory;
use std::collections::HashMap;

/// Elements from which on an array gives its place away. Smaller ones stay in the cache anyway.
const LARGE: usize = 256;

/// A place, and what was there last.
struct Slot {
    base: *mut f64,
    len: usize,
    /// The last level that reads it.
    until: usize,
}

/// The places of the arrays that can share them.
pub(crate) fn assign(
    graph: &Graph,
    levels: &Levels,
    memory: &mut Memory,
) -> Result<HashMap<usize, *mut f64>, EngineError> {
    let last = last_reads(graph, levels);
    let mut nodes: Vec<usize> = graph
        .order
        .iter()
        .copied()
        .filter(|&i| shares(graph, levels, i))
        .collect();
    nodes.sort_by_key(|&i| levels.level[i]);
    let mut slots: Vec<Slot> = vec![];
    let mut places = HashMap::new();
    for i in nodes {
        let len = graph.program.len(graph.axes[i]);
        // The smallest that is free and large enough, and of those the one that was read last: it may still be in the cache.
        let free = slots
            .iter_mut()
            .filter(|s| s.until < levels.level[i] && s.len >= len && s.len / 2 <= len)
            .min_by_key(|s| (s.len, std::cmp::Reverse(s.until)));
        let until = last[i].max(levels.level[i]);
        let base = match free {
            Some(slot) => {
                slot.until = until;
                slot.base
            }
            None => {
                let base = memory.allocate(len)?;
                slots.push(Slot { base, len, until });
                base
            }
        };
        places.insert(i, base);
    }
    Ok(places)
}

/// Whether an array may lie where another one was: a whole one is written, before anything reads it. What is scattered to
/// evenly spaced positions relies on the zeros between them.
fn shares(graph: &Graph, levels: &Levels, i: usize) -> bool {
    let written = match graph.kind(i) {
        Kind::Lanes | Kind::Stack | Kind::Call => true,
        Kind::Sink => graph.slices[i].is_none() && graph.program.len(graph.space(i)) > 0,
        Kind::Leaf | Kind::View => false,
    };
    written
        && levels.in_memory[i]
        && !graph.is_output[i]
        && graph.program.len(graph.axes[i]) >= LARGE
}

/// The last level that reads each node, by itself or through a view. An output is read after all.
fn last_reads(graph: &Graph, levels: &Levels) -> Vec<usize> {
    let mut last = vec![0; graph.axes.len()];
    for &i in graph.order.iter().rev() {
        let reads = graph.users[i].iter().map(|&user| match graph.kind(user) {
            Kind::View if graph.is_output[user] => last[user].max(levels.level[user]),
            Kind::View => last[user],
            _ => levels.level[user],
        });
        last[i] = reads.max().unwrap_or(0);
    }
    last
}
