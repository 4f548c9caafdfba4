//! Programs: a DAG of array nodes. Arguments have smaller numbers than the nodes that use them.

use crate::axes::{Axis, AxisId, AxisSet};
use crate::call::{CallId, Routine};
use crate::numbers::Numbers;
use ppl_dist::{NodeId, Prim};
use std::sync::Arc;

/// Number of an index array in its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IndexId(pub u32);

/// Positions along `target`, one for each element of the space `axes` (row-major in memory order).
#[derive(Debug, Clone)]
pub struct Index {
    /// The axis that the values are positions of.
    pub target: AxisId,
    /// The space that the index lies over.
    pub axes: AxisSet,
    /// The positions, each below the target's size.
    pub values: Arc<[u32]>,
}

/// What a node is. The value of a node is an array over its axes, row-major in memory order (ascending `AxisId`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Op {
    /// A literal (bits of an f64); a scalar.
    Const(u64),
    /// A data array, by its number in `Program::data`.
    Data(u32),
    /// A slice of the flat parameter vector, starting at `offset`, laid out over the node's axes (never over DRAW).
    Param {
        /// First element.
        offset: usize,
    },
    /// A slice of the step's noise, starting at `offset`, laid out over the node's axes.
    Noise {
        /// First element.
        offset: usize,
    },
    /// Elementwise; arguments line up by axis, missing axes broadcast. The node's axes are the union.
    Map(Prim, Vec<NodeId>),
    /// `out[o] = src[o, target = index[o]]`: axes are `src.axes - target` together with `index.axes`
    /// (`target` itself may be among `index.axes`, as in `h[t-1]`).
    Gather(NodeId, IndexId),
    /// The transpose: `out[o with target = index[p]] += src[p]` over all p of `src.axes` united with `index.axes`.
    /// The node's axes (given at construction) contain the target; axes of p that are not among them are summed.
    Scatter(NodeId, IndexId),
    /// Sum over the argument's axes that the node lacks.
    Sum(NodeId),
    /// Maximum over the argument's axes that the node lacks; carries no gradient (use it to stabilise).
    Max(NodeId),
    /// Parts laid along a new axis, one part for each of its elements; parts may lack axes that others have.
    Stack(Vec<NodeId>, AxisId),
    /// One element along an axis.
    At(NodeId, AxisId, u32),
    /// The same value with one axis renamed (for square matrices): axis `.1` of the argument becomes `.2` (equal sizes).
    Rename(NodeId, AxisId, AxisId),
    /// The same value, carrying no gradient.
    Stop(NodeId),
    /// One result of a routine.
    Call(CallId, u32, Vec<NodeId>),
}

/// A node and its axes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Node {
    /// What it is.
    pub op: Op,
    /// Which axes its value has.
    pub axes: AxisSet,
}

/// A finished program.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// Axes in memory order; the first is DRAW.
    pub axes: Vec<Axis>,
    /// Nodes, arguments first.
    pub nodes: Vec<Node>,
    /// Data arrays, with the axes of the nodes that name them.
    pub data: Vec<Numbers>,
    /// Index arrays.
    pub indices: Vec<Index>,
    /// Routines.
    pub calls: Vec<Routine>,
    /// What is asked for.
    pub outputs: Vec<NodeId>,
    /// Length of the flat parameter vector.
    pub n_params: usize,
    /// Length of the noise buffer.
    pub n_noise: usize,
}

impl Op {
    /// The arguments.
    pub fn args(&self) -> &[NodeId] {
        match self {
            Op::Const(_) | Op::Data(_) | Op::Param { .. } | Op::Noise { .. } => &[],
            Op::Map(_, a) | Op::Stack(a, _) | Op::Call(.., a) => a,
            Op::Gather(a, _)
            | Op::Scatter(a, _)
            | Op::Sum(a)
            | Op::Max(a)
            | Op::At(a, ..)
            | Op::Rename(a, ..)
            | Op::Stop(a) => std::slice::from_ref(a),
        }
    }

    /// The arguments, to be replaced.
    pub fn args_mut(&mut self) -> &mut [NodeId] {
        match self {
            Op::Const(_) | Op::Data(_) | Op::Param { .. } | Op::Noise { .. } => &mut [],
            Op::Map(_, a) | Op::Stack(a, _) | Op::Call(.., a) => a,
            Op::Gather(a, _)
            | Op::Scatter(a, _)
            | Op::Sum(a)
            | Op::Max(a)
            | Op::At(a, ..)
            | Op::Rename(a, ..)
            | Op::Stop(a) => std::slice::from_mut(a),
        }
    }
}

impl Program {
    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The `Param` nodes, by offset. (A pass renumbers nodes and drops parameters that no output needs.)
    pub fn params(&self) -> Vec<NodeId> {
        self.leaves(|op| {
            if let Op::Param { offset } = op {
                Some(*offset)
            } else {
                None
            }
        })
    }

    /// The `Noise` nodes, by offset.
    pub fn noises(&self) -> Vec<NodeId> {
        self.leaves(|op| {
            if let Op::Noise { offset } = op {
                Some(*offset)
            } else {
                None
            }
        })
    }

    fn leaves(&self, offset: impl Fn(&Op) -> Option<usize>) -> Vec<NodeId> {
        let found = self
            .nodes
            .iter()
            .enumerate()
            .filter_map(|(i, n)| Some((offset(&n.op)?, NodeId(i as u32))));
        let mut found: Vec<(usize, NodeId)> = found.collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }

    /// Number of elements over a set of axes.
    pub fn len(&self, axes: AxisSet) -> usize {
        axes.iter().map(|a| self.axes[a.0 as usize].size).product()
    }

    /// Numbers that one evaluation computes, roughly: elements of all nodes, and what routines do.
    pub fn work(&self) -> usize {
        self.nodes.iter().map(|node| self.work_of(node)).sum()
    }

    /// The same for one node; a routine counts at its first result.
    pub fn work_of(&self, node: &Node) -> usize {
        match &node.op {
            Op::Call(call, 0, args) => {
                let args: Vec<AxisSet> = args.iter().map(|a| self.node(*a).axes).collect();
                self.calls[call.0 as usize].work(self, &args)
            }
            _ => self.len(node.axes),
        }
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Row-major stride of every axis of the set, by axis number; 0 for axes outside it.
    pub fn strides(&self, axes: AxisSet) -> [usize; 64] {
        let mut strides = [0; 64];
        let mut step = 1;
        for a in axes.iter().rev() {
            strides[a.0 as usize] = step;
            step *= self.axes[a.0 as usize].size;
        }
        strides
    }
}
