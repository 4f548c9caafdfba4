//! One linear term: literal * scale * weight * core, summed over some axes.

use crate::axes::AxisSet;
use crate::builder::Builder;
use crate::program::{IndexId, Op};
use ppl_dist::{Expr, NodeId, Prim};

/// Most steps that one expansion takes.
const MOST_STEPS: usize = 48;
/// Most factors of one term.
const MOST_FACTORS: usize = 16;
/// Longest outer product of columns that is written as a weight.
const LONGEST_WEIGHT: usize = 1 << 16;

/// A product, sorted by what its factors depend on.
#[derive(Clone)]
pub(in crate::passes) struct Term {
    pub(in crate::passes) literal: f64,
    /// Factors that lack the summed axes.
    pub(in crate::passes) scale: Vec<NodeId>,
    /// Factors that depend on data alone.
    pub(in crate::passes) weight: Vec<NodeId>,
    /// The others.
    pub(in crate::passes) core: Vec<NodeId>,
    pub(in crate::passes) over: AxisSet,
}

/// Writes a node as a sum of terms, through additions and inner sums; none if that takes too many.
pub(in crate::passes) fn expand(b: &Builder, id: NodeId, over: AxisSet) -> Option<Vec<Term>> {
    let mut done = vec![];
    let mut open = vec![Term {
        literal: 1.0,
        scale: vec![],
        weight: vec![],
        core: vec![id],
        over,
    }];
    let mut steps = 0;
    while let Some(mut term) = open.pop() {
        steps += 1;
        if steps > MOST_STEPS || !term.sort(b) {
            return None;
        }
        let [core] = term.core[..] else {
            done.push(term);
            continue;
        };
        match b.op_of(core) {
            Op::Map(Prim::Add, args) => open.extend(args.iter().rev().map(|part| Term {
                core: vec![*part],
                ..term.clone()
            })),
            Op::Sum(inner) => {
                let summed = axes(b, inner).minus(axes(b, core));
                let others = term
                    .scale
                    .iter()
                    .chain(&term.weight)
                    .fold(term.over, |s, f| s.union(axes(b, *f)));
                if others.intersection(summed).is_empty() {
                    open.push(Term {
                        core: vec![inner],
                        over: term.over.union(summed),
                        ..term
                    });
                } else {
                    done.push(term);
                }
            }
            _ => done.push(term),
        }
    }
    Some(done)
}

impl Term {
    /// Splits the core into factors and moves those that are scales or weights; false if there are too many.
    fn sort(&mut self, b: &Builder) -> bool {
        let mut open = std::mem::take(&mut self.core);
        // Earlier scales may have axes that an inner sum added: it adds only axes that they lack.
        while let Some(id) = open.pop() {
            match b.op_of(id) {
                Op::Const(bits) => self.literal *= f64::from_bits(bits),
                _ if b.is_fixed(id) => self.weight.push(id),
                _ if axes(b, id).intersection(self.over).is_empty() => self.scale.push(id),
                Op::Map(Prim::Mul, args) => open.extend(args.iter().rev()),
                _ => self.core.push(id),
            }
            if open.len() + self.core.len() + self.weight.len() + self.scale.len() > MOST_FACTORS {
                return false;
            }
        }
        true
    }

    pub(in crate::passes) fn product<'b>(b: &'b Builder, factors: &[NodeId]) -> Expr<'b> {
        factors
            .iter()
            .fold(Expr::Const(1.0), |p, f| p * b.handle(*f))
    }

    /// The weights' product, unless it is an outer product longer than the columns.
    fn weights<'b>(&self, b: &'b Builder) -> Option<Expr<'b>> {
        let all = union(b, &self.weight);
        let longest = self
            .weight
            .iter()
            .map(|w| size(b, axes(b, *w)))
            .max()
            .unwrap_or(1);
        (size(b, all) <= longest.max(LONGEST_WEIGHT)).then(|| Self::product(b, &self.weight))
    }

    fn scaled<'b>(&self, b: &'b Builder, e: Expr<'b>) -> Expr<'b> {
        Expr::Const(self.literal) * Self::product(b, &self.scale) * e
    }

    /// The term summed over its axes, if that leaves less than half of the work.
    pub(super) fn sum<'b>(&self, b: &'b Builder) -> Option<Expr<'b>> {
        let core_axes = union(b, &self.core);
        let all = union(b, &self.weight).union(core_axes).union(self.over);
        if let [core] = self.core[..]
            && let Op::Gather(u, index) = b.op_of(core)
            && let Some(value) = self.sum_of_gather(b, u, index)
        {
            return Some(value);
        }
        let inner = self.over.intersection(core_axes);
        if size(b, core_axes.union(union(b, &self.weight).minus(self.over))) * 2 > size(b, all) {
            return None;
        }
        let folded = b.sum(self.weights(b)?, self.over.minus(inner));
        Some(self.scaled(b, b.sum(Self::product(b, &self.core) * folded, inner)))
    }

    fn sum_of_gather<'b>(&self, b: &'b Builder, u: NodeId, index: IndexId) -> Option<Expr<'b>> {
        let (target, index_axes) = b.index_axes(index);
        let u_axes = axes(b, u);
        let elsewhere = self
            .over
            .union(union(b, &self.weight))
            .union(union(b, &self.scale))
            .union(index_axes);
        let plain = self.over.contains_all(index_axes)
            && u_axes.intersection(index_axes).is_empty()
            && !elsewhere.contains(target);
        let rest = union(b, &self.weight).minus(index_axes);
        let before = size(b, rest.union(u_axes.without(target)).union(self.over));
        if !plain || size(b, rest.union(u_axes)) * 2 > before {
            return None;
        }
        let weights = b.sum(self.weights(b)?, self.over.minus(index_axes).minus(u_axes));
        let kept = b.axes_of(weights).minus(index_axes).with(target);
        let folded = b.scatter(weights, index, kept);
        let inner = self
            .over
            .minus(index_axes)
            .intersection(u_axes)
            .with(target);
        Some(self.scaled(b, b.sum(b.handle(u) * folded, inner)))
    }

    /// The term scattered to `to`, if its core is constant within every place.
    pub(super) fn scatter<'b>(
        &self,
        b: &'b Builder,
        index: IndexId,
        to: AxisSet,
    ) -> Option<Expr<'b>> {
        if self.over != b.index_axes(index).1 {
            return None;
        }
        let outer = match self.core[..] {
            [] => Expr::Const(1.0),
            [core] => match b.op_of(core) {
                Op::Gather(u, i) if i == index && to.contains_all(axes(b, u)) => b.handle(u),
                _ => return None,
            },
            _ => return None,
        };
        let folded = b.scatter(self.weights(b)?, index, to);
        Some(self.scaled(b, outer * folded))
    }
}

fn axes(b: &Builder, id: NodeId) -> AxisSet {
    b.axes_of(b.handle(id))
}

fn union(b: &Builder, ids: &[NodeId]) -> AxisSet {
    ids.iter()
        .fold(AxisSet::EMPTY, |s, id| s.union(axes(b, *id)))
}

fn size(b: &Builder, axes: AxisSet) -> usize {
    axes.iter().map(|a| b.size(a)).product()
}
