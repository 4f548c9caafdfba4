//! The program as the compiler sees it: axes of size 1 and nodes that change no value are gone, users are known.

use crate::product::{self, Product};
use crate::slice::Slice;
use ppl_core::{AxisId, AxisSet, Op, Program};
use ppl_dist::Prim;

/// A program with resolved arguments; nodes keep their numbers.
pub(crate) struct Graph<'p> {
    pub(crate) program: &'p Program,
    /// Axes of every node, without those of size 1.
    pub(crate) axes: Vec<AxisSet>,
    /// Nodes that the outputs need, arguments first.
    pub(crate) order: Vec<usize>,
    /// Who uses a node, once per argument position.
    pub(crate) users: Vec<Vec<usize>>,
    /// Whether a node is an output.
    pub(crate) is_output: Vec<bool>,
    /// The sums that are products of a matrix of data with a vector.
    pub(crate) products: Vec<Option<Product>>,
    /// The look-ups and scatters at evenly spaced positions.
    pub(crate) slices: Vec<Option<Slice>>,
    /// The only position of a column that is 1 there and 0 elsewhere.
    pub(crate) single: Vec<Option<u32>>,
    /// The node that a node's value really is.
    root: Vec<usize>,
    unit: AxisSet,
}

/// How a node gets its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Memory that stands before the run.
    Leaf,
    /// Another node's memory seen through other strides.
    View,
    /// Computed lane by lane.
    Lanes,
    /// Accumulated over its argument's space.
    Sink,
    /// Copied together from parts.
    Stack,
    /// A result of a routine.
    Call,
}

impl<'p> Graph<'p> {
    pub(crate) fn new(program: &'p Program) -> Self {
        let n = program.nodes.len();
        let unit = (0..program.axes.len()).filter(|&a| program.axes[a].size == 1);
        let unit = unit.fold(AxisSet::EMPTY, |set, a| set.with(AxisId(a as u8)));
        let axes: Vec<AxisSet> = program
            .nodes
            .iter()
            .map(|node| node.axes.minus(unit))
            .collect();
        let mut root: Vec<usize> = (0..n).collect();
        for (i, node) in program.nodes.iter().enumerate() {
            let same = match &node.op {
                Op::Stop(a) | Op::Sum(a) | Op::Max(a) | Op::Rename(a, ..) | Op::At(a, ..) => {
                    Some(a)
                }
                Op::Stack(parts, _) if parts.len() == 1 => parts.first(),
                _ => None,
            };
            if let Some(a) = same.map(|a| a.0 as usize).filter(|&a| axes[a] == axes[i]) {
                root[i] = root[a];
            }
        }
        let products = (0..n)
            .map(|i| product::find(program, &axes, &root, i).filter(|_| root[i] == i))
            .collect();
        let mut graph = Graph {
            program,
            products,
            slices: vec![None; n],
            single: vec![None; n],
            axes,
            order: vec![],
            users: vec![vec![]; n],
            is_output: vec![false; n],
            root,
            unit,
        };
        graph.find_users();
        for &i in &graph.order {
            graph.single[i] = graph.only_position(i);
            graph.slices[i] = Slice::find(program, &graph.axes, &graph.root, i);
        }
        graph
    }

    fn find_users(&mut self) {
        let mut live = vec![false; self.root.len()];
        for output in &self.program.outputs {
            let i = self.root[output.0 as usize];
            self.is_output[i] = true;
            live[i] = true;
        }
        for i in (0..live.len()).rev().filter(|&i| self.root[i] == i) {
            if live[i] {
                for a in self.args(i) {
                    live[a] = true;
                }
            }
        }
        self.order = (0..live.len()).filter(|&i| live[i]).collect();
        for &i in &self.order {
            for a in self.args(i) {
                self.users[a].push(i);
            }
        }
    }

    pub(crate) fn op(&self, i: usize) -> &'p Op {
        &self.program.nodes[i].op
    }

    /// The node whose value `id` has.
    pub(crate) fn resolve(&self, id: ppl_dist::NodeId) -> usize {
        self.root[id.0 as usize]
    }

    fn only_position(&self, i: usize) -> Option<u32> {
        let Op::Data(number) = self.op(i) else {
            return None;
        };
        let column = &self.program.data[*number as usize];
        let mut others = column.iter().enumerate().filter(|(_, x)| **x != 0.0);
        match (others.next(), others.next()) {
            (Some((at, x)), None) if *x == 1.0 && self.axes[i].len() == 1 => at.try_into().ok(),
            _ => None,
        }
    }

    /// Resolved arguments.
    pub(crate) fn args(&self, i: usize) -> Vec<usize> {
        if let Some(product) = &self.products[i] {
            return vec![product.vector];
        }
        self.op(i).args().iter().map(|a| self.resolve(*a)).collect()
    }

    pub(crate) fn kind(&self, i: usize) -> Kind {
        if let Some(product) = &self.products[i] {
            return if product.transposed {
                Kind::Sink
            } else {
                Kind::Lanes
            };
        }
        match self.op(i) {
            Op::Const(_) | Op::Data(_) | Op::Param { .. } | Op::Noise { .. } => Kind::Leaf,
            Op::At(..) | Op::Rename(..) => Kind::View,
            Op::Gather(..) if self.slices[i].is_some() => Kind::View,
            Op::Map(..) | Op::Gather(..) => Kind::Lanes,
            // A resolved node is never a `Stop`; it would be computed as a copy of its lanes.
            Op::Stop(_) => Kind::Lanes,
            Op::Sum(_) | Op::Max(_) | Op::Scatter(..) => Kind::Sink,
            Op::Stack(..) => Kind::Stack,
            Op::Call(..) => Kind::Call,
        }
    }

    /// The space that a node's instructions run over.
    pub(crate) fn space(&self, i: usize) -> AxisSet {
        if let Some(product) = &self.products[i] {
            return match product.transposed {
                true => self.axes[product.vector],
                false => self.axes[i],
            };
        }
        match self.op(i) {
            Op::Sum(a) | Op::Max(a) => self.axes[self.resolve(*a)],
            Op::Scatter(a, index) => {
                let index = &self.program.indices[index.0 as usize];
                let source = self.axes[self.resolve(*a)].union(self.trim(index.axes));
                source.union(self.axes[i].without(index.target))
            }
            Op::Stack(_, axis) => self.axes[i].without(*axis),
            _ => self.axes[i],
        }
    }

    /// A set without axes of size 1.
    pub(crate) fn trim(&self, axes: AxisSet) -> AxisSet {
        axes.minus(self.unit)
    }

    pub(crate) fn size(&self, axis: AxisId) -> usize {
        self.program.axes[axis.0 as usize].size
    }

    /// The factors, if the node is a product.
    pub(crate) fn product(&self, i: usize) -> Option<(usize, usize)> {
        match self.op(i) {
            Op::Map(Prim::Mul, args) => Some((self.resolve(args[0]), self.resolve(args[1]))),
            _ => None,
        }
    }

    /// The other factor, if the node is a product with -1.
    pub(crate) fn negated(&self, i: usize) -> Option<usize> {
        let minus_one = |i: usize| *self.op(i) == Op::Const((-1f64).to_bits());
        let (a, b) = self.product(i)?;
        if minus_one(a) {
            Some(b)
        } else if minus_one(b) {
            Some(a)
        } else {
            None
        }
    }
}
