//! Which leaves each element of a node depends on.
//!
//! Sets of leaf elements go through the program once. Sets are kept once each, and their unions are remembered, so that
//! what many elements share (the globals that every row reads) costs no more than a number. What has no derivative
//! (comparisons, `Stop`, maxima of an axis) depends on nothing here. Routines mix: each element of a result depends on all
//! of the arguments' blocks.

use crate::axes::AxisSet;
use crate::call::{CallId, Routine};
use crate::interpret::offsets;
use crate::program::{Node, Op, Program};
use ppl_dist::{NodeId, Prim};
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
            _ if !needed[i] => Reads::Alike(EMPTY),
            Some(first) => {
                let n = program.len(node.axes) as u32;
                Reads::Each((0..n).map(|k| sets.intern(vec![first + k])).collect())
            }
            None => sets.through(program, node, &values)?,
        };
        values.push(value);
    }
    let read = |id: &NodeId| {
        let n = program.len(program.node(*id).axes);
        let value = &values[id.0 as usize];
        (0..n)
            .map(|k| sets.all[value.at(k) as usize].clone())
            .collect()
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

const EMPTY: u32 = 0;

/// Elements of a set for each of another's that are looked up in it before both are merged.
const SEARCHED: usize = 16;

/// The set of each element of a node.
#[derive(Clone)]
enum Reads {
    Alike(u32),
    Each(Vec<u32>),
}

impl Reads {
    fn at(&self, k: usize) -> u32 {
        match self {
            Reads::Alike(set) => *set,
            Reads::Each(sets) => sets[k],
        }
    }
}

/// The elements of a product that are zero whatever the unknowns are: a factor from the data is. Gradients have many, as
/// what reaches a single element of a vector is written as a product with a unit vector.
fn vanishes(program: &Program, prim: Prim, args: &[NodeId], axes: AxisSet) -> Option<Vec<bool>> {
    if prim != Prim::Mul {
        return None;
    }
    let mut out = None;
    for a in args {
        let node = program.node(*a);
        let Op::Data(id) = node.op else { continue };
        let values = &program.data[id as usize];
        if values.contains(&0.0) {
            let gone = out.get_or_insert_with(|| vec![false; program.len(axes)]);
            let from = offsets(program, axes, &program.strides(node.axes));
            for (gone, o) in gone.iter_mut().zip(from) {
                *gone |= values[o] == 0.0;
            }
        }
    }
    out
}

struct Sets {
    all: Vec<Arc<[u32]>>,
    numbers: HashMap<Arc<[u32]>, u32>,
    unions: HashMap<(u32, u32), u32>,
    left: usize,
}

impl Sets {
    fn new(most: usize) -> Sets {
        let empty: Arc<[u32]> = Arc::new([]);
        Sets {
            all: vec![empty.clone()],
            numbers: HashMap::from([(empty, EMPTY)]),
            unions: HashMap::new(),
            left: most,
        }
    }

    fn intern(&mut self, set: Vec<u32>) -> u32 {
        if let Some(known) = self.numbers.get(set.as_slice()) {
            return *known;
        }
        let set: Arc<[u32]> = set.into();
        let number = self.all.len() as u32;
        self.all.push(set.clone());
        self.numbers.insert(set, number);
        number
    }

    fn spend(&mut self, steps: usize) -> Option<()> {
        self.left = self.left.checked_sub(steps)?;
        Some(())
    }

    fn union(&mut self, a: u32, b: u32) -> Option<u32> {
        if a == b || b == EMPTY {
            return Some(a);
        }
        if a == EMPTY {
            return Some(b);
        }
        let key = (a.min(b), a.max(b));
        if let Some(known) = self.unions.get(&key) {
            return Some(*known);
        }
        let (x, y) = (self.all[a as usize].clone(), self.all[b as usize].clone());
        self.spend(x.len() + y.len())?;
        // One that the other holds, as a single element of a set that nearly all read.
        let ((few, _), (many, whole)) = match x.len() < y.len() {
            true => ((&x, a), (&y, b)),
            false => ((&y, b), (&x, a)),
        };
        if few.len() * SEARCHED <= many.len() && few.iter().all(|e| many.binary_search(e).is_ok()) {
            return Some(whole);
        }
        let mut merged: Vec<u32> = x.iter().chain(y.iter()).copied().collect();
        merged.sort_unstable();
        merged.dedup();
        let number = self.intern(merged);
        self.unions.insert(key, number);
        Some(number)
    }

    /// The union of many.
    fn union_of(&mut self, mut sets: Vec<u32>) -> Option<u32> {
        sets.sort_unstable();
        sets.dedup();
        match sets.as_slice() {
            [] => return Some(EMPTY),
            [one] => return Some(*one),
            [a, b] => return self.union(*a, *b),
            _ => {}
        }
        let total: usize = sets.iter().map(|s| self.all[*s as usize].len()).sum();
        self.spend(total)?;
        let mut merged = Vec::with_capacity(total);
        for s in sets {
            merged.extend_from_slice(&self.all[s as usize]);
        }
        merged.sort_unstable();
        merged.dedup();
        Some(self.intern(merged))
    }

    fn through(&mut self, program: &Program, node: &Node, values: &[Reads]) -> Option<Reads> {
        let of = |id: &NodeId| &values[id.0 as usize];
        let axes_of = |id: &NodeId| program.node(*id).axes;
        let args = node.op.args();
        if args.iter().all(|a| matches!(of(a), Reads::Alike(EMPTY))) {
            return Some(Reads::Alike(EMPTY));
        }
        let axes = node.axes;
        let n = program.len(axes);
        self.spend(n)?;
        Some(match &node.op {
            Op::Const(_) | Op::Data(_) | Op::Param { .. } | Op::Noise { .. } => Reads::Alike(EMPTY),
            Op::Stop(_) | Op::Max(_) => Reads::Alike(EMPTY),
            Op::Map(Prim::Less | Prim::LessEq | Prim::Equal | Prim::Floor | Prim::Sign, _) => {
                Reads::Alike(EMPTY)
            }
            Op::Map(prim, args) => {
                // Which branch is taken has no derivative.
                let args = &args[usize::from(*prim == Prim::Select)..];
                let mut out = vec![EMPTY; n];
                let gone = vanishes(program, *prim, args, axes);
                let kept = |k: usize| gone.as_ref().is_none_or(|gone| !gone[k]);
                for a in args {
                    match of(a) {
                        Reads::Alike(EMPTY) => {}
                        Reads::Alike(set) => {
                            for (_, to) in out.iter_mut().enumerate().filter(|(k, _)| kept(*k)) {
                                *to = self.union(*to, *set)?;
                            }
                        }
                        Reads::Each(sets) => {
                            let from = offsets(program, axes, &program.strides(axes_of(a)));
                            for ((_, to), o) in out
                                .iter_mut()
                                .enumerate()
                                .zip(from)
                                .filter(|((k, _), _)| kept(*k))
                            {
                                *to = self.union(*to, sets[o])?;
                            }
                        }
                    }
                }
                Reads::Each(out)
            }
            Op::Gather(src, index) => {
                let index = &program.indices[index.0 as usize];
                let mut strides = program.strides(axes_of(src));
                let step = std::mem::take(&mut strides[index.target.0 as usize]);
                let positions = offsets(program, axes, &program.strides(index.axes));
                let from = offsets(program, axes, &strides).zip(positions);
                let at = |(o, p): (usize, usize)| of(src).at(o + step * index.values[p] as usize);
                Reads::Each(from.map(at).collect())
            }
            Op::Scatter(src, index) => {
                let index = &program.indices[index.0 as usize];
                let from_axes = axes_of(src);
                let space = from_axes
                    .union(index.axes)
                    .union(axes.without(index.target));
                let mut strides = program.strides(axes);
                let step = std::mem::take(&mut strides[index.target.0 as usize]);
                let positions = offsets(program, space, &program.strides(index.axes));
                let from = offsets(program, space, &program.strides(from_axes));
                let to = offsets(program, space, &strides).zip(positions).zip(from);
                let mut groups = vec![vec![]; n];
                for ((to, p), from) in to {
                    let group: &mut Vec<u32> = &mut groups[to + step * index.values[p] as usize];
                    let set = of(src).at(from);
                    if group.last() != Some(&set) {
                        group.push(set);
                    }
                }
                self.each(groups)?
            }
            Op::Sum(src) => {
                let from_axes = axes_of(src);
                self.spend(program.len(from_axes))?;
                let mut groups = vec![vec![]; n];
                let to = offsets(program, from_axes, &program.strides(axes));
                for (from, to) in to.enumerate() {
                    let set = of(src).at(from);
                    let group: &mut Vec<u32> = &mut groups[to];
                    if group.last() != Some(&set) {
                        group.push(set);
                    }
                }
                self.each(groups)?
            }
            Op::Stack(parts, axis) => {
                let mut out = vec![EMPTY; n];
                let strides = program.strides(axes);
                let space = axes.without(*axis);
                for (position, part) in parts.iter().enumerate() {
                    let base = position * strides[axis.0 as usize];
                    let from = offsets(program, space, &program.strides(axes_of(part)));
                    for (to, from) in offsets(program, space, &strides).zip(from) {
                        out[base + to] = of(part).at(from);
                    }
                }
                Reads::Each(out)
            }
            Op::At(src, axis, position) => {
                let strides = program.strides(axes_of(src));
                let base = strides[axis.0 as usize] * *position as usize;
                let from = offsets(program, axes, &strides);
                Reads::Each(from.map(|o| of(src).at(base + o)).collect())
            }
            Op::Rename(src, from, to) => {
                let mut strides = program.strides(axes_of(src));
                strides[to.0 as usize] = strides[from.0 as usize];
                let from = offsets(program, axes, &strides);
                Reads::Each(from.map(|o| of(src).at(o)).collect())
            }
            Op::Call(call, part, args) => self.call(program, (*call, *part), args, axes, values)?,
        })
    }

    fn each(&mut self, groups: Vec<Vec<u32>>) -> Option<Reads> {
        let sets: Option<Vec<u32>> = groups.into_iter().map(|g| self.union_of(g)).collect();
        Some(Reads::Each(sets?))
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
        let arg_axes: Vec<AxisSet> = args.iter().map(|a| program.node(*a).axes).collect();
        let batch = match &program.calls[call.0 as usize] {
            Routine::Scan(_) => AxisSet::EMPTY,
            Routine::Block(c) => axes.minus(AxisSet::of(&c.results[part as usize])),
        };
        let mut groups = vec![vec![]; program.len(batch)];
        for (a, own) in args.iter().zip(&arg_axes) {
            // Arguments that lack a batch axis are read by all of it.
            let space = own.union(batch);
            self.spend(program.len(space))?;
            let to = offsets(program, space, &program.strides(batch));
            let from = offsets(program, space, &program.strides(*own));
            for (to, from) in to.zip(from) {
                let group: &mut Vec<u32> = &mut groups[to];
                let set = values[a.0 as usize].at(from);
                if group.last() != Some(&set) {
                    group.push(set);
                }
            }
        }
        let sets: Option<Vec<u32>> = groups.into_iter().map(|g| self.union_of(g)).collect();
        let sets = sets?;
        let from = offsets(program, axes, &program.strides(batch));
        Some(Reads::Each(from.map(|o| sets[o]).collect()))
    }
}
