//! Levels: which kernel computes a node, and which nodes need memory of their own.

use crate::graph::{Graph, Kind};
use ppl_core::{AxisSet, CallId, Op};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Elements from which on a space is long.
pub(crate) const LONG: usize = 256;
/// How often kernels are joined, and how many pairs are tried each time.
const MOST_JOINS: usize = 8;

/// What one kernel must bring about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Task {
    /// A node's lanes or its accumulation.
    Node(usize),
    /// One part of a stack.
    Part(usize, usize),
    /// A view copied out, because it is an output.
    CopyOut(usize),
}

/// A kernel to be: all it does over one space at one level.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) level: usize,
    pub(crate) space: AxisSet,
    pub(crate) tasks: Vec<Task>,
}

/// Who is computed when.
pub(crate) struct Levels {
    /// Level of every node that is computed.
    pub(crate) level: Vec<usize>,
    /// Whether a node has memory of its own (leaves and views aside).
    pub(crate) in_memory: Vec<bool>,
    /// Kernels in the order of running.
    pub(crate) groups: Vec<Group>,
    /// Routines in the order of running.
    pub(crate) calls: Vec<CallGroup>,
}

/// A routine's run: all results that have the same arguments.
pub(crate) struct CallGroup {
    /// It runs before the kernels of this level.
    pub(crate) level: usize,
    /// The nodes that are its results.
    pub(crate) parts: Vec<usize>,
}

impl Levels {
    pub(crate) fn assign(graph: &Graph) -> Self {
        let at_least = vec![0; graph.axes.len()];
        let mut levels = Levels::from(graph, &at_least);
        for _ in 0..MOST_JOINS {
            let Some(better) = levels.joined(graph) else {
                break;
            };
            levels = better;
        }
        levels
    }

    /// Levels such that no reduction comes before its own that is given.
    fn from(graph: &Graph, at_least: &[usize]) -> Self {
        let mut level = earliest(graph, at_least);
        sink(graph, &mut level);
        let in_memory = materialised(graph, &level);
        let groups = group(graph, &level, &in_memory);
        let calls = calls(graph, &level);
        Levels {
            level,
            in_memory,
            groups,
            calls,
        }
    }

    /// The same with the reductions of one kernel done later, by another kernel over the same space that reads what the first
    /// would have to keep for it; `None` where that saves nothing.
    fn joined(&self, graph: &Graph) -> Option<Levels> {
        let (kernels, kept) = self.long(graph);
        if kept == 0 {
            return None;
        }
        let pairs: BTreeSet<(AxisSet, usize, usize)> = (graph.order.iter())
            .filter(|&&i| is_long(graph, graph.axes[i]) && graph.kind(i) == Kind::Lanes)
            .flat_map(|&i| graph.users[i].iter().map(move |&user| (i, user)))
            .filter(|&(i, user)| graph.space(user) == graph.axes[i] && !reads_whole(graph, user))
            .map(|(i, user)| (graph.axes[i], self.level[i], self.level[user]))
            .filter(|(_, first, second)| first < second)
            .collect();
        let later = |&(space, first, second): &(AxisSet, usize, usize)| {
            let at_least: Vec<usize> = (0..self.level.len())
                .map(|i| match graph.kind(i) {
                    Kind::Sink if self.level[i] == first && graph.space(i) == space => second,
                    Kind::Sink => self.level[i],
                    _ => 0,
                })
                .collect();
            let levels = Levels::from(graph, &at_least);
            let (others, keeps) = levels.long(graph);
            (others <= kernels && keeps < kept).then_some(levels)
        };
        pairs.iter().take(MOST_JOINS).find_map(later)
    }

    /// How many kernels run over long spaces, and how many numbers they keep for one another.
    fn long(&self, graph: &Graph) -> (usize, usize) {
        let kernels = self.groups.iter().filter(|g| is_long(graph, g.space));
        let kept = (graph.order.iter()).filter(|&&i| {
            self.in_memory[i] && graph.kind(i) == Kind::Lanes && is_long(graph, graph.axes[i])
        });
        let numbers = kept.map(|&i| graph.program.len(graph.axes[i]));
        (kernels.count(), numbers.sum())
    }
}

/// Whether a space is worth a thought about what goes through memory.
fn is_long(graph: &Graph, space: AxisSet) -> bool {
    graph.program.len(space) >= LONG
}

/// First level at which the node's whole array can be read.
fn whole(graph: &Graph, level: &[usize], i: usize) -> usize {
    match graph.kind(i) {
        Kind::Leaf => 0,
        Kind::View => level[i],
        Kind::Lanes | Kind::Sink | Kind::Stack | Kind::Call => level[i] + 1,
    }
}

/// First level at which the node can be read lane by lane.
fn lanes(graph: &Graph, level: &[usize], i: usize) -> usize {
    match graph.kind(i) {
        Kind::Lanes | Kind::Stack => level[i],
        _ => whole(graph, level, i),
    }
}

/// Whether a node needs the whole arrays of its arguments, not only its own lanes of them.
pub(crate) fn reads_whole(graph: &Graph, i: usize) -> bool {
    matches!(graph.kind(i), Kind::View | Kind::Call)
        || matches!(graph.op(i), Op::Gather(..))
        || graph.products[i].is_some_and(|product| !product.transposed)
}

/// As soon as possible. The level of a view is the first at which it can be read.
fn earliest(graph: &Graph, at_least: &[usize]) -> Vec<usize> {
    let mut level = at_least.to_vec();
    for &i in &graph.order {
        let read = if reads_whole(graph, i) { whole } else { lanes };
        level[i] = graph
            .args(i)
            .into_iter()
            .map(|a| read(graph, &level, a))
            .max()
            .unwrap_or(0)
            .max(at_least[i]);
    }
    level
}

/// Moves what is computed lane by lane down to the first level that uses it, so that fewer arrays go through memory.
fn sink(graph: &Graph, level: &mut [usize]) {
    for &i in graph.order.iter().rev() {
        let view = graph.kind(i) == Kind::View;
        if !view && graph.kind(i) != Kind::Lanes {
            continue;
        }
        let latest = graph.users[i].iter().map(|&user| {
            if reads_whole(graph, user) && !view {
                level[user] - 1
            } else {
                level[user]
            }
        });
        if let Some(latest) = latest.min() {
            level[i] = level[i].max(latest);
        }
    }
}

fn materialised(graph: &Graph, level: &[usize]) -> Vec<bool> {
    let mut in_memory = vec![false; level.len()];
    for &i in &graph.order {
        in_memory[i] = match graph.kind(i) {
            Kind::Leaf | Kind::View => false,
            Kind::Sink | Kind::Stack | Kind::Call => true,
            Kind::Lanes => {
                graph.is_output[i]
                    || graph.users[i].iter().any(|&user| {
                        reads_whole(graph, user)
                            || level[user] != level[i]
                            || graph.space(user) != graph.space(i)
                    })
            }
        };
    }
    in_memory
}

/// Groups by level, then by number of axes: at one level, values only flow from smaller spaces to larger ones.
fn group(graph: &Graph, level: &[usize], in_memory: &[bool]) -> Vec<Group> {
    let mut groups: BTreeMap<(usize, usize, AxisSet), Vec<Task>> = BTreeMap::new();
    for &i in &graph.order {
        let space = graph.space(i);
        let mut add = |task| {
            groups
                .entry((level[i], space.len(), space))
                .or_default()
                .push(task)
        };
        match (graph.kind(i), graph.op(i)) {
            (Kind::View, _) if graph.is_output[i] => add(Task::CopyOut(i)),
            (Kind::Leaf | Kind::View | Kind::Call, _) => {}
            (_, Op::Stack(parts, _)) => (0..parts.len()).for_each(|k| add(Task::Part(i, k))),
            _ if in_memory[i] => add(Task::Node(i)),
            _ => {}
        }
    }
    groups
        .into_iter()
        .map(|((level, _, space), tasks)| Group {
            level,
            space,
            tasks,
        })
        .collect()
}

/// The runs of routines by level, then by their first result.
fn calls(graph: &Graph, level: &[usize]) -> Vec<CallGroup> {
    let mut runs: BTreeMap<(usize, usize), CallGroup> = BTreeMap::new();
    let mut first: HashMap<(CallId, Vec<usize>), usize> = HashMap::new();
    for &i in &graph.order {
        if let Op::Call(call, ..) = graph.op(i) {
            let first = *first.entry((*call, graph.args(i))).or_insert(i);
            let level = level[i];
            runs.entry((level, first))
                .or_insert(CallGroup {
                    level,
                    parts: vec![],
                })
                .parts
                .push(i);
        }
    }
    runs.into_values().collect()
}
