//! Linear in: a sum over draws of what is linear in a direction, with the direction outside of the sum.
//!
//! A Hessian's product with a direction v is linear in v, and v is the same for all draws: `Σ_s w_s[n] (X v)[n]` is
//! `(Σ_s w_s[n]) (X v)[n]`. What is left inside the sums does not depend on v, and is computed once for all directions
//! (see [`super::stage`]). Only what is a short sum of products is taken apart; the rest is summed as it stands.

use super::rebuild::{copy, live, scatter_sums, shell};
use crate::axes::{AxisId, AxisSet};
use crate::builder::Builder;
use crate::program::{Op, Program};
use ppl_dist::{Expr, NodeId, Prim};
use std::collections::HashMap;

/// Most products that a node is taken apart into.
const MOST_TERMS: usize = 6;

/// Visits for each node of the program.
const VISITS: usize = 4;

/// Most nodes on a way down that is followed: what hangs deeper is summed as it stands.
const DEEPEST: usize = 200;

/// `Σ_k coefficient_k factor_k`: coefficients do not depend on the direction, factors not on the draw.
type Terms<'b> = Vec<(Expr<'b>, Expr<'b>)>;

/// The program with each output summed over `axis`, which no slice of the noise that `varies` (given by its offset) has.
pub fn linear_in(program: &Program, axis: AxisId, varies: impl Fn(usize) -> bool) -> Program {
    let varying = super::stage::depends(program, varies);
    let b = shell(program);
    let outputs = {
        let live = live(program);
        let mut standing = vec![Expr::Const(f64::NAN); program.nodes.len()];
        for i in (0..program.nodes.len()).filter(|i| live[*i]) {
            standing[i] = copy(&b, program, NodeId(i as u32), &|id: NodeId| {
                standing[id.0 as usize]
            });
        }
        let mut split = Split {
            program,
            b: &b,
            axis,
            varying: &varying,
            standing: &standing,
            terms: HashMap::new(),
            summed: HashMap::new(),
            visits: VISITS * program.nodes.len(),
            depth: 0,
        };
        let whole = program.outputs.iter().map(|id| {
            let summed = split.summed(*id);
            b.broadcast(summed, program.node(*id).axes.without(axis))
                .node(&b)
        });
        whole.collect()
    };
    b.finish(outputs)
}

struct Split<'b> {
    program: &'b Program,
    b: &'b Builder,
    axis: AxisId,
    varying: &'b [bool],
    /// What stands for each node.
    standing: &'b [Expr<'b>],
    terms: HashMap<NodeId, Option<Terms<'b>>>,
    summed: HashMap<NodeId, Expr<'b>>,
    /// Nodes that may yet be looked at.
    visits: usize,
    /// Nodes above the one that is looked at.
    depth: usize,
}

impl<'b> Split<'b> {
    fn of(&self, id: NodeId) -> Expr<'b> {
        self.standing[id.0 as usize]
    }

    fn varies(&self, id: NodeId) -> bool {
        self.varying[id.0 as usize]
    }

    fn has_axis(&self, id: NodeId) -> bool {
        self.program.node(id).axes.contains(self.axis)
    }

    fn total(&self, e: Expr<'b>) -> Expr<'b> {
        self.b.sum(e, AxisSet::of(&[self.axis]))
    }

    /// What is found one node further down.
    fn deeper<T>(&mut self, find: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth == DEEPEST {
            return None;
        }
        self.depth += 1;
        let found = find(self);
        self.depth -= 1;
        found
    }

    /// A node summed over the axis.
    fn summed(&mut self, id: NodeId) -> Expr<'b> {
        if let Some(known) = self.summed.get(&id) {
            return *known;
        }
        let out = self.weighted(id, Expr::Const(1.0));
        self.summed.insert(id, out);
        out
    }

    /// A node times a weight that does not depend on the direction, summed over the axis.
    fn weighted(&mut self, id: NodeId, weight: Expr<'b>) -> Expr<'b> {
        // What is shared is reached by many ways, each with a weight of its own.
        let visits = self.visits.checked_sub(1);
        self.visits = visits.unwrap_or(0);
        let apart = match visits.is_some() && self.varies(id) && self.has_axis(id) {
            true => self.deeper(|split| split.taken_apart(id, weight)),
            false => None,
        };
        apart.unwrap_or_else(|| self.total(weight * self.of(id)))
    }

    /// The sum of what varies along the axis and with the direction, with the sum further down.
    fn taken_apart(&mut self, id: NodeId, weight: Expr<'b>) -> Option<Expr<'b>> {
        let (b, program) = (self.b, self.program);
        let node = program.node(id);
        let weight_axes = b.axes_of(weight);
        let lacks = |axes: AxisSet| weight_axes.intersection(axes).is_empty();
        let below = |split: &mut Self, src: NodeId| match weight {
            Expr::Const(1.0) => split.summed(src),
            _ => split.weighted(src, weight),
        };
        Some(match &node.op {
            Op::Map(Prim::Add, args) => {
                let parts: Vec<Expr<'b>> = args.iter().map(|a| below(self, *a)).collect();
                parts.into_iter().reduce(|x, y| x + y)?
            }
            Op::Map(Prim::Mul, args) => {
                let (one, along, apart) = self.factors(args)?;
                let weight = weight * along;
                match self.terms(one) {
                    Some(terms) => {
                        let parts = terms.into_iter().map(|(c, u)| self.total(c * weight) * u);
                        parts.reduce(|x, y| x + y)? * apart
                    }
                    None => self.weighted(one, weight) * apart,
                }
            }
            Op::Sum(src) => {
                let over = program.node(*src).axes.minus(node.axes);
                if !lacks(over) {
                    return None;
                }
                b.sum(below(self, *src), over)
            }
            Op::Gather(src, index) if !self.touches(*index) => {
                let (target, axes) = b.index_axes(*index);
                if !lacks(axes.with(target)) {
                    return None;
                }
                b.gather(below(self, *src), *index)
            }
            Op::Scatter(src, index) if !self.touches(*index) => {
                let (target, axes) = b.index_axes(*index);
                let over = scatter_sums(program, id);
                let at_target = weight_axes.contains(target);
                if !lacks(axes.union(over)) || at_target && axes.contains(target) {
                    return None;
                }
                // A weight of each place is looked up by what is added there.
                let src = match at_target {
                    true => self.weighted(*src, b.gather(weight, *index)),
                    false => below(self, *src),
                };
                b.scatter(b.sum(src, over), *index, node.axes.without(self.axis))
            }
            Op::At(src, axis, position) if *axis != self.axis && lacks(AxisSet::of(&[*axis])) => {
                b.at(below(self, *src), *axis, *position as usize)
            }
            Op::Rename(src, from, to)
                if *from != self.axis && *to != self.axis && lacks(AxisSet::of(&[*from, *to])) =>
            {
                b.rename(below(self, *src), *from, *to)
            }
            Op::Stack(parts, axis) if *axis != self.axis && lacks(AxisSet::of(&[*axis])) => {
                let parts: Vec<Expr<'b>> = parts.iter().map(|p| below(self, *p)).collect();
                b.stack(&parts, *axis)
            }
            _ => return None,
        })
    }

    /// The one factor that varies with the direction, the product of the others along the axis, and of those apart from it.
    fn factors(&self, args: &[NodeId]) -> Option<(NodeId, Expr<'b>, Expr<'b>)> {
        let mut varying = args.iter().filter(|a| self.varies(**a));
        let (one, None) = (*varying.next()?, varying.next()) else {
            return None;
        };
        let (mut along, mut apart) = (Expr::Const(1.0), Expr::Const(1.0));
        for a in args.iter().filter(|a| **a != one) {
            match self.has_axis(*a) {
                true => along = along * self.of(*a),
                false => apart = apart * self.of(*a),
            }
        }
        Some((one, along, apart))
    }

    fn touches(&self, index: crate::IndexId) -> bool {
        let (target, axes) = self.b.index_axes(index);
        axes.with(target).contains(self.axis)
    }

    /// A node that varies with the direction as products; `None` where it is no short sum of such.
    fn terms(&mut self, id: NodeId) -> Option<Terms<'b>> {
        if let Some(known) = self.terms.get(&id) {
            return known.clone();
        }
        let found = match self.has_axis(id) {
            true => {
                let products = self.deeper(|split| split.products(id));
                products.filter(|t| t.len() <= MOST_TERMS)
            }
            false => Some(vec![(Expr::Const(1.0), self.of(id))]),
        };
        self.terms.insert(id, found.clone());
        found
    }

    fn products(&mut self, id: NodeId) -> Option<Terms<'b>> {
        let (b, program) = (self.b, self.program);
        let node = program.node(id);
        let each = |terms: Terms<'b>, f: &dyn Fn(Expr<'b>) -> Expr<'b>| -> Terms<'b> {
            terms.into_iter().map(|(c, u)| (f(c), f(u))).collect()
        };
        Some(match &node.op {
            Op::Map(Prim::Add, args) => {
                let mut out: Terms<'b> = vec![];
                for a in args {
                    if !self.varies(*a) {
                        return None;
                    }
                    out.extend(self.terms(*a)?);
                }
                gathered(out)
            }
            Op::Map(Prim::Mul, args) => {
                let (one, along, apart) = self.factors(args)?;
                let terms = self.terms(one)?.into_iter();
                terms.map(|(c, u)| (c * along, u * apart)).collect()
            }
            Op::Gather(src, index) if !self.touches(*index) => {
                each(self.terms(*src)?, &|e| b.gather(e, *index))
            }
            Op::At(src, axis, position) if *axis != self.axis => {
                each(self.terms(*src)?, &|e| b.at(e, *axis, *position as usize))
            }
            Op::Rename(src, from, to) if *from != self.axis && *to != self.axis => {
                each(self.terms(*src)?, &|e| b.rename(e, *from, *to))
            }
            // Where one side is the same all along what is summed.
            Op::Sum(src) => {
                let over = program.node(*src).axes.minus(node.axes);
                let terms = self.terms(*src)?;
                let mut out = vec![];
                for (c, u) in terms {
                    let lacks = |e: Expr<'b>| b.axes_of(e).intersection(over).is_empty();
                    out.push(match (lacks(c), lacks(u)) {
                        (true, _) => (c, b.sum(u, over)),
                        (_, true) => (b.sum(c, over), u),
                        _ => return None,
                    });
                }
                out
            }
            _ => return None,
        })
    }
}

/// Terms with one coefficient, or one factor, added up.
fn gathered<'b>(terms: Terms<'b>) -> Terms<'b> {
    let same = |x: Expr<'b>, y: Expr<'b>| match (x, y) {
        (Expr::Node(i, _), Expr::Node(j, _)) => i == j,
        (Expr::Const(x), Expr::Const(y)) => x.to_bits() == y.to_bits(),
        _ => false,
    };
    let mut out: Terms<'b> = vec![];
    for (c, u) in terms {
        if let Some(known) = out.iter_mut().find(|t| same(t.0, c)) {
            known.1 = known.1 + u;
        } else if let Some(known) = out.iter_mut().find(|t| same(t.1, u)) {
            known.0 = known.0 + c;
        } else {
            out.push((c, u));
        }
    }
    out
}
