//! Which leaves each element of a node depends on.
//!
//! Sets of leaf elements go through the program once. Sets are kept once each, and their unions are remembered, so that
//! what many elements share (the globals that every row reads) costs no more than a number. A node has them along those axes alone that
//! they differ along: a matrix times a vector has the vector's for all rows. What has no derivative
//! (comparisons, `Stop`, maxima of an axis) depends on nothing here. Routines mix: each element of a result depends on all
//! of the arguments' blocks.

mod sets;

use crate::axes::AxisSet;
use crate::call::{CallId, Routine};
use crate::interpret::offsets;
use crate::numbers::Numbers;
use crate::program::{Node, Op, Program};
use ppl_dist::{NodeId, Prim};
use sets::{EMPTY, Sets};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// For the nodes asked for, the leaf elements that each of their elements depends on, ascending. Leaf elements are numbered
/// through in the order of `leaves`. `None` where that takes more than `most` steps.
pub fn dependencies(
    program: &Program,
    leaves: &[NodeId],
    of: &[NodeId],
    most: usize,
) -> Option<Vec<Vec<Arc<[u32]>>>> {
    let mut sets = Sets::new(most);
    let mut values: Vec<Reads> = vec![];
    let mut firsts = HashMap::new();
    let mut first = 0;
    for leaf in leaves {
        firsts.insert(*leaf, first);
        first += program.len(program.node(*leaf).axes) as u32;
    }
    let needed = needed(program, of);
    for (i, node) in program.nodes.iter().enumerate() {
        let value = match firsts.get(&NodeId(i as u32)) {
            _ if !needed[i] => Reads::NOTHING,
            Some(first) => {
                let n = program.len(node.axes) as u32;
                let each = (0..n).map(|k| sets.intern(vec![first + k]));
                Reads::each(node.axes, each.collect())
            }
            None => sets.through(program, node, &values)?,
        };
        values.push(value);
    }
    let read = |id: &NodeId| {
        let each = values[id.0 as usize].along(program, program.node(*id).axes);
        each.map(|set| sets.all[set as usize].clone()).collect()
    };
    Some(of.iter().map(read).collect())
}

impl Program {
    /// The nodes that the outputs depend on.
    pub fn needed(&self) -> Vec<NodeId> {
        let marks = needed(self, &self.outputs).into_iter().enumerate();
        marks
            .filter_map(|(i, m)| m.then_some(NodeId(i as u32)))
            .collect()
    }
}

fn needed(program: &Program, of: &[NodeId]) -> Vec<bool> {
    let mut out = vec![false; program.nodes.len()];
    of.iter().for_each(|id| out[id.0 as usize] = true);
    for i in (0..out.len()).rev().filter(|i| *i < program.nodes.len()) {
        if out[i] {
            let args = program.nodes[i].op.args();
            args.iter().for_each(|a| out[a.0 as usize] = true);
        }
    }
    out
}

/// The set of each element of a node.
#[derive(Clone)]
struct Reads {
    /// Those of the node's axes that sets differ along.
    axes: AxisSet,
    /// The set of each element of their space, row-major.
    sets: Cow<'static, [u32]>,
}

impl Reads {
    const NOTHING: Reads = Reads {
        axes: AxisSet::EMPTY,
        sets: Cow::Borrowed(&[EMPTY]),
    };

    fn each(axes: AxisSet, sets: Vec<u32>) -> Reads {
        Reads {
            axes,
            sets: sets.into(),
        }
    }

    fn are_none(&self) -> bool {
        self.axes.is_empty() && *self.sets == [EMPTY]
    }

    /// The sets along a space that has all axes they differ along.
    fn along<'a>(&'a self, program: &Program, space: AxisSet) -> impl Iterator<Item = u32> + 'a {
        let from = offsets(program, space, &program.strides(self.axes));
        from.map(|o| self.sets[o])
    }
}

/// A factor from the data hides what it is zero for. Of so many numbers, if fewer than one in so many are zero, none are told apart: it would
/// take a look at every element.
const MANY: usize = 1 << 20;
const FEW: usize = 1000;

/// The factors from the data that are zero somewhere: elements of a product with them are zero whatever the unknowns are. Gradients have many, as
/// what reaches a single element of a vector is written as a product with a unit vector.
fn hiding<'p>(program: &'p Program, prim: Prim, args: &[NodeId]) -> Vec<(AxisSet, &'p Numbers)> {
    let hides = |values: &Numbers| {
        let zeros = values.zeros();
        zeros > 0 && (values.len() < MANY || zeros > values.len() / FEW)
    };
    let factors = args.iter().filter(|_| prim == Prim::Mul);
    let data = factors.filter_map(|a| match program.node(*a) {
        Node {
            op: Op::Data(id),
            axes,
        } => Some((*axes, &program.data[*id as usize])),
        _ => None,
    });
    data.filter(|(_, values)| hides(values)).collect()
}

impl Sets {
    fn through(&mut self, program: &Program, node: &Node, values: &[Reads]) -> Option<Reads> {
        let of = |id: &NodeId| &values[id.0 as usize];
        let args = node.op.args();
        if args.iter().all(|a| of(a).are_none()) {
            return Some(Reads::NOTHING);
        }
        let axes = node.axes;
        Some(match &node.op {
            Op::Const(_) | Op::Data(_) | Op::Param { .. } | Op::Noise { .. } => Reads::NOTHING,
            Op::Stop(_) | Op::Max(_) => Reads::NOTHING,
            Op::Map(Prim::Less | Prim::LessEq | Prim::Equal | Prim::Floor | Prim::Sign, _) => {
                Reads::NOTHING
            }
            Op::Map(prim, args) => {
                // Which branch is taken has no derivative.
                let args = &args[usize::from(*prim == Prim::Select)..];
                let hiding = hiding(program, *prim, args);
                let both = args.iter().map(|a| of(a).axes);
                let both = both.chain(hiding.iter().map(|h| h.0));
                let own = both.fold(AxisSet::EMPTY, AxisSet::union);
                let mut shown = vec![true; self.visit(program, own)?];
                for (axes, values) in hiding {
                    let from = offsets(program, own, &program.strides(axes));
                    let all = shown.iter_mut().zip(from);
                    all.for_each(|(shown, o)| *shown &= values[o] != 0.0);
                }
                let mut out = vec![EMPTY; shown.len()];
                for a in args.iter().filter(|a| !of(a).are_none()) {
                    let all = out.iter_mut().zip(of(a).along(program, own)).zip(&shown);
                    for ((to, set), _) in all.filter(|(_, shown)| **shown) {
                        *to = self.union(*to, set)?;
                    }
                }
                Reads::each(own, out)
            }
            Op::Gather(src, index) => {
                let (src, index) = (of(src), &program.indices[index.0 as usize]);
                if !src.axes.contains(index.target) {
                    return Some(src.clone());
                }
                let own = src.axes.without(index.target).union(index.axes);
                self.visit(program, own)?;
                let mut strides = program.strides(src.axes);
                let step = std::mem::take(&mut strides[index.target.0 as usize]);
                let positions = offsets(program, own, &program.strides(index.axes));
                let from = offsets(program, own, &strides).zip(positions);
                let at = |(o, p): (usize, usize)| src.sets[o + step * index.values[p] as usize];
                Reads::each(own, from.map(at).collect())
            }
            Op::Scatter(src, index) => {
                let (src, index) = (of(src), &program.indices[index.0 as usize]);
                let varying = src.axes.union(index.axes);
                let beside = axes.without(index.target).intersection(varying);
                let own = beside.with(index.target);
                let space = varying.union(beside);
                self.visit(program, space)?;
                let mut strides = program.strides(own);
                let step = std::mem::take(&mut strides[index.target.0 as usize]);
                let positions = offsets(program, space, &program.strides(index.axes));
                let to = offsets(program, space, &strides).zip(positions);
                let mut groups = vec![vec![]; self.visit(program, own)?];
                for ((to, p), set) in to.zip(src.along(program, space)) {
                    add(&mut groups[to + step * index.values[p] as usize], set);
                }
                Reads::each(own, self.unions(groups)?)
            }
            Op::Sum(src) => {
                let src = of(src);
                let own = src.axes.intersection(axes);
                if own == src.axes {
                    return Some(src.clone());
                }
                self.visit(program, src.axes)?;
                let mut groups = vec![vec![]; program.len(own)];
                let to = offsets(program, src.axes, &program.strides(own));
                for (set, to) in src.sets.iter().zip(to) {
                    add(&mut groups[to], *set);
                }
                Reads::each(own, self.unions(groups)?)
            }
            Op::Stack(parts, axis) => {
                let space = parts.iter().map(|part| of(part).axes);
                let space = space.fold(AxisSet::EMPTY, AxisSet::union);
                let own = space.with(*axis);
                let mut out = vec![EMPTY; self.visit(program, own)?];
                let strides = program.strides(own);
                for (position, part) in parts.iter().enumerate() {
                    let base = position * strides[axis.0 as usize];
                    let to = offsets(program, space, &strides);
                    for (to, set) in to.zip(of(part).along(program, space)) {
                        out[base + to] = set;
                    }
                }
                Reads::each(own, out)
            }
            Op::At(src, axis, position) => {
                let src = of(src);
                let own = src.axes.without(*axis);
                self.visit(program, own)?;
                let strides = program.strides(src.axes);
                let base = strides[axis.0 as usize] * *position as usize;
                let from = offsets(program, own, &strides);
                Reads::each(own, from.map(|o| src.sets[base + o]).collect())
            }
            Op::Rename(src, from, to) => {
                let src = of(src);
                if !src.axes.contains(*from) {
                    return Some(src.clone());
                }
                let own = src.axes.without(*from).with(*to);
                self.visit(program, own)?;
                let mut strides = program.strides(src.axes);
                strides[to.0 as usize] = strides[from.0 as usize];
                let from = offsets(program, own, &strides);
                Reads::each(own, from.map(|o| src.sets[o]).collect())
            }
            Op::Call(call, part, args) => self.call(program, (*call, *part), args, axes, values)?,
        })
    }

    /// The elements of a space that is gone through.
    fn visit(&mut self, program: &Program, space: AxisSet) -> Option<usize> {
        let n = program.len(space);
        self.spend(n)?;
        Some(n)
    }

    fn unions(&mut self, groups: Vec<Vec<u32>>) -> Option<Vec<u32>> {
        groups.into_iter().map(|g| self.union_of(g)).collect()
    }

    /// A routine: blocks are apart, and everything within them is mixed. A recurrence mixes everything.
    fn call(
        &mut self,
        program: &Program,
        (call, part): (CallId, u32),
        args: &[NodeId],
        axes: AxisSet,
        values: &[Reads],
    ) -> Option<Reads> {
        let blocks = match &program.calls[call.0 as usize] {
            Routine::Scan(_) => AxisSet::EMPTY,
            Routine::Block(c) => axes.minus(AxisSet::of(&c.results[part as usize])),
        };
        let of = |a: &NodeId| &values[a.0 as usize];
        let varying = args.iter().map(|a| of(a).axes);
        let own = varying
            .fold(AxisSet::EMPTY, AxisSet::union)
            .intersection(blocks);
        let mut groups = vec![vec![]; program.len(own)];
        for a in args {
            // Arguments that are the same along an axis of the blocks are read by all of it.
            let space = of(a).axes.union(own);
            self.visit(program, space)?;
            let to = offsets(program, space, &program.strides(own));
            for (to, set) in to.zip(of(a).along(program, space)) {
                add(&mut groups[to], set);
            }
        }
        Some(Reads::each(own, self.unions(groups)?))
    }
}

/// One more set of a group. Neighbours often have the same.
fn add(group: &mut Vec<u32>, set: u32) {
    if group.last() != Some(&set) {
        group.push(set);
    }
}

#[cfg(test)]
mod tests {
    use super::dependencies;
    use crate::{Axis, AxisId, AxisSet, Builder, Index, NodeId, Real, interpret};

    fn axis(name: &str, size: usize) -> Axis {
        Axis {
            name: name.into(),
            size,
        }
    }

    #[test]
    fn what_an_element_depends_on_moves_it() {
        let b = Builder::new(vec![
            axis("draw", 1),
            axis("row", 4),
            axis("column", 3),
            axis("group", 3),
            axis("part", 2),
            axis("other", 3),
        ]);
        let [row, column, group, part, other] = [1, 2, 3, 4, 5].map(AxisId);
        let set = AxisSet::of;
        // Rows of a matrix with zeros, times a vector; effects of groups that are looked up; a scale that all share.
        let x = [1.0, 0.0, 2.0, 3.0, 1.0, 1.0, 0.0, 0.0, 5.0, 1.0, 2.0, 0.0];
        let x = b.data(x.into(), set(&[row, column]));
        let (v, u, s) = (
            b.param(set(&[column])).0,
            b.param(set(&[group])).0,
            b.param(set(&[])).0,
        );
        let index = b.index(Index {
            target: group,
            axes: set(&[row]),
            values: [0, 2, 1, 0].into(),
        });
        let eta = b.sum(x * v, set(&[column])) + b.gather(u, index);
        let residual = eta * s;
        let back = b.scatter(residual, index, set(&[group]));
        let both = b.stack(&[back, u], part);
        let crossed = b.sum(x * v * v, set(&[row])) * b.at(both, part, 0);
        let square = b.gather(
            v,
            b.index(Index {
                target: column,
                axes: set(&[other]),
                values: [2, 1, 0].into(),
            }),
        );
        let moved = b.rename(v, column, other) * square * b.sum(back.exp(), set(&[group]));
        let of = [eta, residual, back, both, crossed, moved]
            .map(|e| e.node(&b))
            .to_vec();
        let leaves: Vec<NodeId> = [v, u, s].iter().map(|e| e.node(&b)).collect();
        let program = b.finish(of.clone());
        let found = dependencies(&program, &leaves, &of, usize::MAX).unwrap();
        let at: Vec<f64> = (0..program.n_params)
            .map(|i| 0.3 + 0.1 * i as f64)
            .collect();
        let values = interpret::evaluate(&program, &at, &[], &of);
        for leaf in 0..program.n_params {
            let mut to = at.clone();
            to[leaf] += 0.25;
            let moved = interpret::evaluate(&program, &to, &[], &of);
            for (k, (before, after)) in values.iter().zip(&moved).enumerate() {
                assert_eq!(before.len(), found[k].len());
                for (i, (x, y)) in before.iter().zip(after).enumerate() {
                    let depends = found[k][i].contains(&(leaf as u32));
                    assert_eq!(
                        x != y,
                        depends,
                        "element {i} of result {k} and number {leaf}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_limit_of_steps() {
        let b = Builder::new(vec![axis("draw", 1), axis("row", 100)]);
        let v = b.param(AxisSet::of(&[AxisId(1)])).0;
        let (leaf, out) = (v.node(&b), (v * v).node(&b));
        let program = b.finish(vec![out]);
        let of = |most| dependencies(&program, &[leaf], &[out], most);
        assert!(of(50).is_none());
        assert!(of(1000).is_some());
    }
}
