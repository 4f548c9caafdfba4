//! Instruction selection: one group of nodes becomes a list of steps over virtual registers and memory.

mod homes;
mod positions;

use crate::graph::{Graph, Kind};
use crate::index::Pattern;
use crate::levels::{Group, Levels, Task};
use crate::ops::{Code, Into};
use crate::place::{Places, View};
use ppl_core::{AxisId, AxisSet, IndexId, Op};
use ppl_dist::Prim;
use std::collections::{HashMap, HashSet};

/// What a step reads.
#[derive(Clone)]
pub(crate) enum Source {
    /// A virtual register.
    Register(usize),
    /// An array in memory.
    Memory(View),
}

/// Where a step writes.
#[derive(Clone)]
pub(crate) enum Target {
    /// A virtual register.
    Register(usize),
    /// An array in memory, lane by lane.
    Memory(View),
    /// A reduction into this node.
    Sink(usize),
}

/// An instruction before it has addresses.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) code: Code,
    pub(crate) target: Target,
    pub(crate) args: Vec<Source>,
    pub(crate) index: Option<IndexId>,
    /// The node, if the step is a dense product.
    pub(crate) product: Option<usize>,
}

/// Steps of a group in order.
pub(crate) struct Lowered {
    pub(crate) steps: Vec<Step>,
    pub(crate) n_virtual: usize,
    /// Virtual registers that are there for all positions of the outer axes at once.
    pub(crate) wide: HashSet<usize>,
}

struct Lowering<'a> {
    graph: &'a Graph<'a>,
    levels: &'a Levels,
    places: &'a Places,
    group: &'a Group,
    inner: Option<AxisId>,
    done: HashMap<usize, Source>,
    loaded: HashMap<usize, usize>,
    /// Nodes that are computed where a scatter or a stack of this kernel has them: which, and as which of its parts.
    homes: HashMap<usize, ((usize, usize), View)>,
    /// The scatters and the parts of stacks whose values are where they belong.
    home: HashSet<(usize, usize)>,
    out: Lowered,
}

/// Lowers a group.
pub(crate) fn lower(graph: &Graph, levels: &Levels, places: &Places, group: &Group) -> Lowered {
    let mut lowering = Lowering {
        graph,
        levels,
        places,
        group,
        inner: group.space.innermost(),
        done: HashMap::new(),
        loaded: HashMap::new(),
        homes: HashMap::new(),
        home: HashSet::new(),
        out: Lowered {
            steps: vec![],
            n_virtual: 0,
            wide: HashSet::new(),
        },
    };
    lowering.find_homes();
    for task in &group.tasks {
        match *task {
            Task::Node(i) if graph.kind(i) == Kind::Sink => lowering.reduction(i),
            Task::Node(i) => lowering.lanes(i),
            Task::Part(i, part) => lowering.part(i, part),
            Task::CopyOut(i) => lowering.copy_out(i),
        }
    }
    lowering.out
}

impl Lowering<'_> {
    fn push(&mut self, code: Code, target: Target, args: Vec<Source>, index: Option<IndexId>) {
        self.out.steps.push(Step {
            code,
            target,
            args,
            index,
            product: None,
        });
    }

    fn register(&mut self) -> usize {
        self.out.n_virtual += 1;
        self.out.n_virtual - 1
    }

    /// Whether the node's lanes are computed in this kernel.
    fn is_here(&self, i: usize) -> bool {
        self.graph.kind(i) == Kind::Lanes
            && self.levels.level[i] == self.group.level
            && self.graph.axes[i] == self.group.space
    }

    /// Whether nothing but its only user in this kernel sees the node.
    fn only_here(&self, i: usize) -> bool {
        self.is_here(i) && !self.levels.in_memory[i] && self.graph.users[i].len() == 1
    }

    /// The product that can be made part of its only user's instruction.
    fn fusible(&self, i: usize) -> Option<(usize, usize)> {
        self.graph.product(i).filter(|_| self.only_here(i))
    }

    /// The terms of a sum that can be made part of its only user's instruction and has no product for its own.
    fn fusible_sum(&self, i: usize) -> Option<[usize; 2]> {
        let Op::Map(Prim::Add, args) = self.graph.op(i) else {
            return None;
        };
        let terms = [0, 1].map(|k| self.graph.resolve(args[k]));
        let plain = terms.iter().all(|t| self.fusible(*t).is_none());
        (plain && self.only_here(i)).then_some(terms)
    }

    /// The condition and the value of a choice between a value and 0 that can be made part of its only user's instruction.
    fn fusible_choice(&self, i: usize) -> Option<(Code, Vec<usize>)> {
        let Op::Map(Prim::Select, args) = self.graph.op(i) else {
            return None;
        };
        let [condition, yes, no] = [0, 1, 2].map(|k| self.graph.resolve(args[k]));
        let zero = |i: usize| *self.graph.op(i) == Op::Const(0f64.to_bits());
        let found = match (zero(yes), zero(no)) {
            (false, true) => (Code::SumIf(Into::Store), vec![condition, yes]),
            (true, false) => (Code::SumUnless(Into::Store), vec![condition, no]),
            _ => return None,
        };
        self.only_here(i).then_some(found)
    }

    /// The node's lanes, computed first if this kernel has to.
    fn value(&mut self, i: usize) -> Source {
        if self.is_here(i) {
            self.lanes(i);
            return self.done[&i].clone();
        }
        let view = self.places.own(i).clone();
        let step = self.inner.map_or(0, |inner| view.stride(inner));
        if step <= 1 {
            return Source::Memory(view);
        }
        if let Some(&register) = self.loaded.get(&i) {
            return Source::Register(register);
        }
        let register = self.register();
        self.loaded.insert(i, register);
        self.push(
            Code::Copy,
            Target::Register(register),
            vec![Source::Memory(view)],
            None,
        );
        Source::Register(register)
    }

    fn values(&mut self, nodes: &[usize]) -> Vec<Source> {
        nodes.iter().map(|&i| self.value(i)).collect()
    }

    /// Computes a node lane by lane, whatever it needs of this kernel first. Without recursion: chains can be long.
    fn lanes(&mut self, i: usize) {
        let mut open = vec![i];
        while let Some(&last) = open.last() {
            let missing: Vec<usize> = match self.done.contains_key(&last) {
                true => vec![],
                false => self
                    .selected(last)
                    .1
                    .into_iter()
                    .filter(|a| self.is_here(*a) && !self.done.contains_key(a))
                    .collect(),
            };
            if missing.is_empty() {
                self.compute(last);
                open.pop();
            } else {
                open.extend(missing.into_iter().rev());
            }
        }
    }

    /// The instruction for a node and the nodes whose lanes it reads.
    fn selected(&self, i: usize) -> (Code, Vec<usize>) {
        if let Some((at, value, rest)) = self.single(i) {
            return (Code::AddAt(at), vec![value, rest]);
        }
        match self.graph.op(i) {
            _ if self.graph.products[i].is_some() => (Code::Product, vec![]),
            Op::Map(prim, args) => {
                self.select(*prim, args.iter().map(|a| self.graph.resolve(*a)).collect())
            }
            Op::Gather(source, index) => {
                let source = self.places.own(self.graph.resolve(*source));
                let target = self.graph.program.indices[index.0 as usize].target;
                let along_lanes = self
                    .inner
                    .is_some_and(|inner| inner != target && source.stride(inner) != 0);
                let code = match self.runs(*index).filter(|_| !along_lanes) {
                    Some(Pattern::Equal) => Code::GatherRuns,
                    Some(Pattern::Ascending) => Code::GatherStretches,
                    None => Code::Gather,
                };
                (code, vec![])
            }
            _ => (Code::Move, self.graph.args(i)),
        }
    }

    /// Writes a node's step, once, into its memory or a register.
    fn compute(&mut self, i: usize) {
        if self.done.contains_key(&i) {
            return;
        }
        let (code, nodes) = self.selected(i);
        if code == Code::Product {
            return self.product(i);
        }
        let mut args = self.values(&nodes);
        if let Code::AddAt(_) = code {
            return self.add_at(i, code, args);
        }
        let mut index = None;
        if let Op::Gather(source, id) = self.graph.op(i) {
            args.push(Source::Memory(
                self.places.own(self.graph.resolve(*source)).clone(),
            ));
            index = Some(*id);
        }
        let (target, source) = match self.written_at(i) {
            Some(view) => (Target::Memory(view.clone()), Source::Memory(view)),
            None => {
                let register = self.register();
                (Target::Register(register), Source::Register(register))
            }
        };
        self.push(code, target, args, index);
        self.done.insert(i, source);
    }

    /// A product with a vector, for all positions at once; into memory too, if others read it.
    fn product(&mut self, i: usize) {
        let register = self.wide_register();
        self.push(Code::Product, Target::Register(register), vec![], None);
        self.mark_product(i);
        if let Some(view) = self.places.view(i) {
            self.push(
                Code::Move,
                Target::Memory(view.clone()),
                vec![Source::Register(register)],
                None,
            );
        }
        self.done.insert(i, Source::Register(register));
    }

    /// A product of the transpose with what this kernel computes.
    fn transposed(&mut self, i: usize, vector: usize) {
        let register = match self.value(vector) {
            Source::Register(register) => register,
            source => {
                let register = self.register();
                self.push(Code::Move, Target::Register(register), vec![source], None);
                register
            }
        };
        self.out.wide.insert(register);
        let args = vec![Source::Register(register)];
        self.push(Code::TransposedProduct, Target::Sink(i), args, None);
        self.mark_product(i);
    }

    fn wide_register(&mut self) -> usize {
        let register = self.register();
        self.out.wide.insert(register);
        register
    }

    fn mark_product(&mut self, i: usize) {
        if let Some(step) = self.out.steps.last_mut() {
            step.product = Some(i);
        }
    }

    fn runs(&self, index: IndexId) -> Option<Pattern> {
        let index = &self.graph.program.indices[index.0 as usize];
        Pattern::of(
            index,
            self.inner,
            self.inner.map_or(1, |inner| self.graph.size(inner)),
        )
    }

    /// The instruction for a primitive: sums with products become one, and sums and products of three.
    fn select(&self, prim: Prim, args: Vec<usize>) -> (Code, Vec<usize>) {
        if prim == Prim::Polygamma
            && let Op::Const(order) = self.graph.op(args[0])
        {
            match f64::from_bits(*order) {
                0.0 => return (Code::Digamma, vec![args[1]]),
                1.0 => return (Code::Trigamma, vec![args[1]]),
                _ => {}
            }
        }
        if prim == Prim::Mul {
            for (x, y) in [(args[0], args[1]), (args[1], args[0])] {
                if let Some((a, b)) = self.fusible(x) {
                    return (Code::MulMul, vec![a, b, y]);
                }
            }
        }
        if prim != Prim::Add {
            return (Code::Prim(prim), args);
        }
        for (x, y) in [(args[0], args[1]), (args[1], args[0])] {
            let Some((a, b)) = self.fusible(x) else {
                continue;
            };
            if let Some(positive) = self.graph.negated(x) {
                return match self.fusible(positive) {
                    Some((a, b)) => (Code::NegMulAdd, vec![a, b, y]),
                    None => (Code::Sub, vec![y, positive]),
                };
            }
            if let (Some(_), Some(negative)) = (self.fusible(y), self.graph.negated(y)) {
                return (Code::MulSub, vec![a, b, negative]);
            }
            return (Code::MulAdd, vec![a, b, y]);
        }
        for (x, y) in [(args[0], args[1]), (args[1], args[0])] {
            if let Some([a, b]) = self.fusible_sum(x) {
                return (Code::AddAdd, vec![a, b, y]);
            }
        }
        (Code::Prim(prim), args)
    }

    fn reduction(&mut self, i: usize) {
        let kept =
            |inner: Option<AxisId>, axes: AxisSet| inner.is_some_and(|inner| axes.contains(inner));
        if let Some(product) = self.graph.products[i] {
            return self.transposed(i, product.vector);
        }
        match self.graph.op(i) {
            Op::Sum(a) => {
                let keeps_lanes = kept(self.inner, self.graph.axes[i]);
                let a = self.graph.resolve(*a);
                let choice = self.fusible_choice(a).filter(|_| !keeps_lanes);
                let plain = || match (self.fusible(a), keeps_lanes) {
                    (Some((x, y)), false) => (Code::Dot(Into::Store), vec![x, y]),
                    (Some((x, y)), true) => (Code::MulAddTo, vec![x, y]),
                    (None, false) => (Code::Sum(Into::Store), vec![a]),
                    (None, true) => (Code::AddTo, vec![a]),
                };
                let (code, nodes) = choice.unwrap_or_else(plain);
                let args = self.values(&nodes);
                self.push(code, Target::Sink(i), args, None);
            }
            Op::Max(a) => {
                let keeps_lanes = kept(self.inner, self.graph.axes[i]);
                let code = if keeps_lanes {
                    Code::MaxTo
                } else {
                    Code::Maximum(Into::Store)
                };
                let args = vec![self.value(self.graph.resolve(*a))];
                self.push(code, Target::Sink(i), args, None);
            }
            Op::Scatter(a, index) => self.scatter(i, self.graph.resolve(*a), *index),
            _ => {}
        }
    }

    /// A scatter to evenly spaced positions: the rest of its memory is 0 and stays so.
    fn place(&mut self, i: usize, a: usize) {
        let source = self.value(a);
        let Some(slice) = self.graph.slices[i]
            .as_ref()
            .filter(|_| !self.home.contains(&(i, 0)))
        else {
            return;
        };
        let view = slice.view(self.places.own(i));
        self.copy(source, view);
    }

    /// Lanes from where they are to where they are wanted.
    fn copy(&mut self, source: Source, to: View) {
        if matches!(&source, Source::Memory(from) if from.is(&to)) {
            return;
        }
        let step = |view: &View| self.inner.map_or(1, |inner| view.stride(inner));
        let contiguous = match &source {
            Source::Register(_) => step(&to) == 1,
            Source::Memory(source) => step(&to) == 1 && step(source) == 1,
        };
        let code = if contiguous { Code::Move } else { Code::Copy };
        self.push(code, Target::Memory(to), vec![source], None);
    }

    fn scatter(&mut self, i: usize, a: usize, index: IndexId) {
        if self.graph.slices[i].is_some() {
            return self.place(i, a);
        }
        let target = self.graph.program.indices[index.0 as usize].target;
        let keeps_lanes = self
            .inner
            .is_some_and(|inner| inner != target && self.graph.axes[i].contains(inner));
        let runs = self.runs(index).filter(|_| !keeps_lanes);
        let varies = |s: &Self, node: usize| {
            s.inner
                .is_some_and(|inner| s.graph.axes[node].contains(inner))
        };
        let (code, nodes) = match self.fusible(a) {
            Some((x, y)) if runs == Some(Pattern::Equal) && varies(self, x) && varies(self, y) => {
                (Code::ScatterProductRuns, vec![x, y])
            }
            _ if !varies(self, a) => (Code::Scatter, vec![a]),
            _ if runs == Some(Pattern::Equal) => (Code::ScatterRuns, vec![a]),
            _ if runs == Some(Pattern::Ascending) => (Code::ScatterStretches, vec![a]),
            _ => (Code::Scatter, vec![a]),
        };
        let args = self.values(&nodes);
        self.push(code, Target::Sink(i), args, Some(index));
    }

    fn part(&mut self, i: usize, part: usize) {
        let Op::Stack(parts, axis) = self.graph.op(i) else {
            return;
        };
        let view = self.places.own(i).at(*axis, part);
        let source = self.value(self.graph.resolve(parts[part]));
        if !self.home.contains(&(i, part)) {
            self.copy(source, view);
        }
    }

    fn copy_out(&mut self, i: usize) {
        let source = self.places.own(i).clone();
        let target = self.places.output(i).clone();
        self.push(
            Code::Copy,
            Target::Memory(target),
            vec![Source::Memory(source)],
            None,
        );
    }
}
