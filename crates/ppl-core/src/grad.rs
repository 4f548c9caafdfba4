//! Differentiation as a transformation of the program: adjoint nodes are appended to the same graph.
//!
//! Reverse mode over the nodes in descending order, without recursion. An adjoint has at most the axes of its node; an axis
//! that it lacks is one along which it is constant. Contributions to one node are added in the order in which its users
//! come, highest first, so the same program always gives the same nodes.

mod rules;
mod tails;

use crate::axes::{AxisId, AxisSet};
use crate::builder::Builder;
use crate::call::CallId;
use crate::program::{Index, Op};
use ppl_dist::{Expr, NodeId};
use std::collections::{BTreeMap, HashMap};

/// Longest axis along which the adjoint of single elements is written as a stack; longer ones use a scatter.
const STACK_LIMIT: usize = 64;

/// Appends the gradient of the scalar node `of` with respect to each node of `wrt` (leaves: `Param` or `Noise` nodes, or any
/// inner nodes); result i has the axes of `wrt[i]`. Can be applied again to what it wrote.
///
/// A node `of` that has axes is differentiated as if it were summed over them. No gradient flows through `Stop`, `Max`
/// over an axis, or a comparison. A branch that `Select` did not take gets no gradient, and a local derivative that is
/// infinite or undefined there stays masked: masks stay outside of sums along which they do not vary, and where one that
/// varies is summed, a sum of exactly 0 passes nothing on.
pub fn gradient(builder: &Builder, of: NodeId, wrt: &[NodeId]) -> Vec<NodeId> {
    let mut sweep = Sweep::new(builder, of, wrt);
    sweep.run(of);
    let found: HashMap<NodeId, Expr<'_>> = sweep.found;
    wrt.iter()
        .map(|id| {
            let adjoint = found.get(id).copied().unwrap_or(Expr::Const(0.0));
            let axes = builder.axes_of(builder.handle(*id));
            builder.broadcast(adjoint, axes).node(builder)
        })
        .collect()
}

struct Sweep<'b> {
    builder: &'b Builder,
    /// Whether a node depends on what is differentiated by.
    depends: Vec<bool>,
    wanted: Vec<bool>,
    pending: Vec<Vec<Expr<'b>>>,
    /// Adjoints of single elements, by source: (axis, position) and contribution.
    elements: HashMap<NodeId, Vec<(AxisId, u32, Expr<'b>)>>,
    /// The lowest of the nodes that are parts of one call: when it is reached, all others have been.
    first_part: HashMap<(CallId, Vec<NodeId>), NodeId>,
    /// Adjoints of parts, by the lowest node of their call.
    parts: HashMap<NodeId, Vec<(u32, Expr<'b>)>>,
    found: HashMap<NodeId, Expr<'b>>,
}

impl<'b> Sweep<'b> {
    fn new(builder: &'b Builder, of: NodeId, wrt: &[NodeId]) -> Self {
        let n = of.0 as usize + 1;
        let mut wanted = vec![false; n];
        for id in wrt.iter().filter(|id| (id.0 as usize) < n) {
            wanted[id.0 as usize] = true;
        }
        let mut depends = wanted.clone();
        let differentiable = |call, arg| builder.differentiable(call, arg);
        let mut first_part: HashMap<(CallId, Vec<NodeId>), NodeId> = HashMap::new();
        builder.for_each_op(n, |i, op| {
            depends[i] = depends[i]
                || rules::carries_gradient(op, differentiable).any(|a| depends[a.0 as usize]);
            if let Op::Call(call, _, args) = op {
                first_part
                    .entry((*call, args.clone()))
                    .or_insert(NodeId(i as u32));
            }
        });
        Sweep {
            builder,
            depends,
            wanted,
            pending: vec![vec![]; n],
            elements: HashMap::new(),
            first_part,
            parts: HashMap::new(),
            found: HashMap::new(),
        }
    }

    fn run(&mut self, of: NodeId) {
        self.pending[of.0 as usize].push(Expr::Const(1.0));
        for i in (0..=of.0 as usize).rev() {
            let id = NodeId(i as u32);
            if !self.depends[i] {
                continue;
            }
            if let Some(adjoint) = self.collect(id) {
                if self.wanted[i] {
                    self.found.insert(id, adjoint);
                }
                if !matches!(adjoint, Expr::Const(0.0)) {
                    self.propagate(id, adjoint);
                }
            }
            self.leave_call(id);
        }
    }

    /// Hands on what all parts of a call have received, once the lowest of its nodes is reached.
    fn leave_call(&mut self, id: NodeId) {
        let Some(received) = self.parts.remove(&id) else {
            return;
        };
        let b = self.builder;
        let Op::Call(call, _, args) = b.op_of(id) else {
            return;
        };
        let routine = b.routine(call);
        let mut adjoints: Vec<Option<Expr<'b>>> = vec![None; routine.n_parts()];
        for (part, adjoint) in received {
            adjoints[part as usize] = Some(adjoint);
        }
        let wanted: Vec<bool> = (0..args.len())
            .map(|a| self.depends[args[a].0 as usize] && routine.differentiable(a))
            .collect();
        let handles: Vec<Expr<'b>> = args.iter().map(|a| b.literal_or_node(*a)).collect();
        let part = |k: usize| b.part_beside(id, k);
        let given = routine.adjoint(b, &handles, &part, &adjoints, &wanted);
        for (arg, contribution) in args.iter().zip(given) {
            if let Some(c) = contribution {
                let space = b.axes_of(c);
                self.give(*arg, c, space);
            }
        }
    }

    /// The sum of what has arrived at a node.
    fn collect(&mut self, id: NodeId) -> Option<Expr<'b>> {
        let mut terms = std::mem::take(&mut self.pending[id.0 as usize]);
        if let Some(elements) = self.elements.remove(&id) {
            let mut by_axis: BTreeMap<AxisId, Vec<(u32, Expr<'b>)>> = BTreeMap::new();
            for (axis, position, e) in elements {
                by_axis.entry(axis).or_default().push((position, e));
            }
            terms.extend(
                by_axis
                    .into_iter()
                    .flat_map(|(axis, parts)| self.assemble(axis, parts)),
            );
        }
        terms.into_iter().reduce(|a, b| self.added(a, b))
    }

    /// Adjoint along an axis whose single elements were used.
    fn assemble(&self, axis: AxisId, elements: Vec<(u32, Expr<'b>)>) -> Vec<Expr<'b>> {
        let size = self.builder.size(axis);
        let mut parts: BTreeMap<u32, Expr<'b>> = BTreeMap::new();
        for (position, e) in elements {
            parts
                .entry(position)
                .and_modify(|sum| *sum = *sum + e)
                .or_insert(e);
        }
        if size <= STACK_LIMIT || parts.len() == size {
            let of = |i: usize| parts.get(&(i as u32)).copied().unwrap_or(Expr::Const(0.0));
            return vec![
                self.builder
                    .stack(&(0..size).map(of).collect::<Vec<_>>(), axis),
            ];
        }
        let scattered = |(position, e): (u32, Expr<'b>)| {
            let index = Index {
                target: axis,
                axes: AxisSet::EMPTY,
                values: [position].into(),
            };
            let axes = self.builder.axes_of(e).with(axis);
            self.builder.scatter(e, self.builder.index(index), axes)
        };
        parts.into_iter().map(scattered).collect()
    }

    /// Hands a contribution, which lies over at most `space`, to an argument: axes that it broadcast along are summed.
    fn give(&mut self, to: NodeId, contribution: Expr<'b>, space: AxisSet) {
        if !self.depends[to.0 as usize] || matches!(contribution, Expr::Const(0.0)) {
            return;
        }
        let axes = self.builder.axes_of(self.builder.handle(to));
        let summed = self.masked_sum(contribution, space.minus(axes));
        self.pending[to.0 as usize].push(summed);
    }

    /// The condition, both values, if a node is a mask: one of the values is 0.
    fn mask(&self, e: Expr<'b>) -> Option<[Expr<'b>; 3]> {
        let Expr::Node(id, _) = e else { return None };
        let Op::Map(ppl_dist::Prim::Select, args) = self.builder.op_of(id) else {
            return None;
        };
        let parts = [0, 1, 2].map(|i| self.builder.literal_or_node(args[i]));
        let zero = |e: Expr<'b>| matches!(e, Expr::Const(0.0));
        (zero(parts[1]) || zero(parts[2])).then_some(parts)
    }

    /// A sum of two under the mask that both are under.
    fn added(&self, a: Expr<'b>, b: Expr<'b>) -> Expr<'b> {
        if let (Some([c, then, otherwise]), Some([d, other, rest])) = (self.mask(a), self.mask(b))
            && let (Expr::Node(c_id, _), Expr::Node(d_id, _)) = (c, d)
            && c_id == d_id
            && matches!(then, Expr::Const(0.0)) == matches!(other, Expr::Const(0.0))
        {
            let args = [c, self.added(then, other), self.added(otherwise, rest)];
            return Expr::apply(ppl_dist::Prim::Select, &args);
        }
        a + b
    }

    /// A sum; a mask that does not vary along the summed axes stays outside of it, where it goes on guarding what it
    /// guards (`0 * inf` further down would be NaN).
    fn masked_sum(&self, e: Expr<'b>, over: AxisSet) -> Expr<'b> {
        let b = self.builder;
        if let Some([condition, then, otherwise]) = self.mask(e)
            && !over.is_empty()
            && b.axes_of(condition).intersection(over).is_empty()
        {
            let args = [
                condition,
                self.masked_sum(then, over),
                self.masked_sum(otherwise, over),
            ];
            return Expr::apply(ppl_dist::Prim::Select, &args);
        }
        b.sum(e, over)
    }

    fn propagate(&mut self, id: NodeId, adjoint: Expr<'b>) {
        let b = self.builder;
        let axes = b.axes_of(b.handle(id));
        match b.op_of(id) {
            Op::Const(_)
            | Op::Data(_)
            | Op::Param { .. }
            | Op::Noise { .. }
            | Op::Max(_)
            | Op::Stop(_) => {}
            Op::Map(prim, args) => {
                let handles: Vec<Expr<'b>> = args.iter().map(|a| b.literal_or_node(*a)).collect();
                for (position, arg) in args.iter().enumerate() {
                    if self.depends[arg.0 as usize]
                        && let Some(c) =
                            rules::contribution(b, prim, position, &handles, b.handle(id), adjoint)
                    {
                        self.give(*arg, c, axes);
                    }
                }
            }
            Op::Gather(src, index) => {
                let src_axes = b.axes_of(b.handle(src));
                let scattered = b.scatter(adjoint, index, src_axes);
                self.give(src, scattered, src_axes);
            }
            Op::Scatter(src, index) => {
                let (target, index_axes) = b.index_axes(index);
                self.give(
                    src,
                    b.gather(adjoint, index),
                    axes.without(target).union(index_axes),
                );
            }
            Op::Sum(src) => {
                // Constant along the summed axes: nothing to write.
                self.give(src, adjoint, axes);
            }
            Op::Stack(parts, axis) => {
                for (position, part) in parts.iter().enumerate() {
                    if self.depends[part.0 as usize] {
                        self.give(*part, b.at(adjoint, axis, position), axes.without(axis));
                    }
                }
            }
            Op::At(src, axis, position) => {
                if self.depends[src.0 as usize] {
                    self.elements
                        .entry(src)
                        .or_default()
                        .push((axis, position, adjoint));
                }
            }
            Op::Call(call, part, args) => {
                if let Some(first) = self.first_part.get(&(call, args)) {
                    self.parts.entry(*first).or_default().push((part, adjoint));
                }
            }
            Op::Rename(src, from, to) => {
                let back = b.rename(adjoint, to, from);
                self.give(src, back, axes.without(to).with(from));
            }
        }
    }
}
