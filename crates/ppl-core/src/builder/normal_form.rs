//! The normal form of elementwise nodes, applied while they are written.
//!
//! Products and sums are kept as (fewer axes) op (more axes), recursively, so that what does not depend on a loop's axis
//! leaves that loop by itself: with `z = (y[row] - m) / s`, `z * z` becomes `s⁻² * (y - m)²`. Terms that depend on data
//! alone form groups of their own, which fold at bind time. Terms with the same axes are left in the order in which they
//! were written, so no shared product is written twice; a rewriting adds at most one node for each distinct set of axes.
//!
//! Literals: `0 * x = 0` even where x is infinite or undefined, `x - x = 0` likewise.

use super::Builder;
use crate::axes::{AxisSet, DRAW};
use crate::program::Op;
use ppl_dist::{NodeId, Prim, Recorder};

/// Most factors or terms that one rewriting looks at.
const MOST_PARTS: usize = 16;

/// The literal and the other parts of a product or a sum.
pub(crate) struct Parts {
    pub(crate) literal: f64,
    pub(crate) nodes: Vec<NodeId>,
}

impl Builder {
    /// Writes a primitive in normal form.
    pub(super) fn normal_form(&self, prim: Prim, args: &[NodeId]) -> NodeId {
        // Most nodes by far; nothing is allocated to see what they are.
        if let (Prim::Add | Prim::Mul, [a, b]) = (prim, args) {
            return match (self.literal(*a), self.literal(*b)) {
                (Some(a), Some(b)) => self.constant(prim.eval(&[a, b])),
                _ => self.combine(prim, args),
            };
        }
        let literals: Vec<Option<f64>> = args.iter().map(|a| self.literal(*a)).collect();
        if let Some(values) = literals.iter().copied().collect::<Option<Vec<f64>>>() {
            return self.constant(prim.eval(&values));
        }
        let [a, ..] = *args else {
            return self.map(prim, args);
        };
        let rewritten = match (prim, literals.as_slice()) {
            (Prim::Add | Prim::Mul, _) => return self.combine(prim, args),
            (Prim::Recip, _) => self.recip(a),
            (Prim::Ln, _) => self.ln(a),
            (Prim::Exp, _) => match self.op_of(a) {
                Op::Map(Prim::Ln, inner) => Some(inner[0]),
                _ => None,
            },
            (Prim::Pow, [None, Some(exponent)]) => self.power(a, *exponent),
            (Prim::Select, [Some(condition), ..]) => {
                Some(if *condition != 0.0 { args[1] } else { args[2] })
            }
            (Prim::Select, _) if args[1] == args[2] => Some(args[1]),
            (Prim::Select, _) => self.asked_once(args),
            (Prim::Max | Prim::Min, _) if args[0] == args[1] => Some(a),
            (Prim::Equal, _) if args[0] > args[1] => Some(self.map(prim, &[args[1], a])),
            _ => None,
        };
        rewritten
            .or_else(|| self.before_gather(prim, args))
            .unwrap_or_else(|| self.map(prim, args))
    }

    /// `select(c, select(c, a, _), b)` as `select(c, a, b)`, and the same in the other branch.
    fn asked_once(&self, args: &[NodeId]) -> Option<NodeId> {
        let within = |branch: usize| {
            let inner = self.select_of(args[branch])?;
            (inner[0] == args[0]).then_some(inner[branch])
        };
        let (yes, no) = (within(1), within(2));
        if yes.is_none() && no.is_none() {
            return None;
        }
        let branches = [args[0], yes.unwrap_or(args[1]), no.unwrap_or(args[2])];
        Some(self.normal_form(Prim::Select, &branches))
    }

    pub(super) fn map(&self, prim: Prim, args: &[NodeId]) -> NodeId {
        let axes = args
            .iter()
            .fold(AxisSet::EMPTY, |s, a| s.union(self.node_axes(*a)));
        self.push(Op::Map(prim, args.to_vec()), axes)
    }

    pub(super) fn times(&self, literal: f64, id: NodeId) -> NodeId {
        self.combine(Prim::Mul, &[self.constant(literal), id])
    }

    /// The product or the sum of `args`, in normal form.
    pub(crate) fn combine(&self, prim: Prim, args: &[NodeId]) -> NodeId {
        let Parts { literal, mut nodes } = self.parts_of(prim, args, &self.closed(prim, args));
        let identity = if prim == Prim::Mul { 1.0 } else { 0.0 };
        if nodes.is_empty() || (prim == Prim::Mul && literal == 0.0) {
            return self.constant(literal);
        }
        if prim == Prim::Mul {
            nodes = self.mask_outward(nodes);
        }
        let full = nodes
            .iter()
            .fold(AxisSet::EMPTY, |s, id| s.union(self.node_axes(*id)));
        nodes.sort_by_key(|id| {
            (
                self.node_axes(*id).len(),
                self.node_axes(*id),
                !self.is_fixed(*id),
            )
        });
        let mut outer = None;
        if literal != identity {
            let literal_id = self.constant(literal);
            let first = nodes[0];
            let cheap = self.node_axes(first) != full || (self.is_fixed(first) && literal != -1.0);
            if nodes.len() > 1 && cheap {
                nodes[0] = self.map(prim, &[literal_id, first]);
            } else {
                outer = Some(literal_id);
            }
        }
        let product = self.nest(prim, nodes);
        outer.map_or(product, |literal| self.map(prim, &[literal, product]))
    }

    /// `select(c, a, 0) * b` as `select(c, a * b, 0)` for every b that is more than one number a draw: a branch not taken stays
    /// 0 where b is infinite or undefined there. (A single number stays outside, where sums can pull it out.)
    fn mask_outward(&self, mut nodes: Vec<NodeId>) -> Vec<NodeId> {
        let masked = |id: NodeId| {
            let args = self.select_of(id)?;
            let zero = |branch: usize| self.literal(args[branch]) == Some(0.0);
            [(2, 1), (1, 2)]
                .into_iter()
                .find_map(|(other, branch)| zero(other).then_some((args, branch)))
        };
        let Some((at, (args, branch))) = nodes
            .iter()
            .enumerate()
            .find_map(|(i, id)| Some((i, masked(*id)?)))
        else {
            return nodes;
        };
        nodes.remove(at);
        let (mut inside, mut outside): (Vec<NodeId>, Vec<NodeId>) = nodes
            .into_iter()
            .partition(|id| !self.node_axes(*id).without(DRAW).is_empty());
        let mut args = args;
        if !inside.is_empty() {
            inside.push(args[branch]);
            args[branch] = self.combine(Prim::Mul, &inside);
        }
        outside.push(self.map(Prim::Select, &args));
        outside
    }

    /// Each node is merged into the one with the fewest axes that has all of its own; what is left is merged in order. Draws
    /// do not count: a column of signs joins a residual over draws and rows, not a matrix over rows and features, of
    /// which it would make a second copy.
    fn nest(&self, prim: Prim, mut nodes: Vec<NodeId>) -> NodeId {
        let mut widest: Option<NodeId> = None;
        while !nodes.is_empty() {
            let light = nodes.remove(0);
            let axes = self.node_axes(light);
            let fits = |j: &usize| self.node_axes(nodes[*j]).contains_all(axes);
            let rank = |j: &usize| {
                (
                    self.node_axes(nodes[*j]).without(DRAW).len(),
                    self.is_fixed(nodes[*j]) != self.is_fixed(light),
                    self.node_axes(nodes[*j]).len(),
                )
            };
            match (0..nodes.len()).filter(fits).min_by_key(rank) {
                Some(j) => nodes[j] = self.map(prim, &[light, nodes[j]]),
                None => widest = Some(widest.map_or(light, |w| self.map(prim, &[w, light]))),
            }
        }
        widest.expect("there is at least one part")
    }

    /// Factors or terms, as they stand: those with the same axes stay together.
    pub(crate) fn parts(&self, prim: Prim, id: NodeId) -> Parts {
        self.open_parts(prim, &[id], &[], |parts, id| parts.nodes.push(id))
    }

    /// Factors or terms of all `args` except the `closed`, those with the same axes merged.
    fn parts_of(&self, prim: Prim, args: &[NodeId], closed: &[Option<NodeId>]) -> Parts {
        self.open_parts(prim, args, closed, |parts, id| {
            self.merge_part(prim, id, parts)
        })
    }

    fn open_parts(
        &self,
        prim: Prim,
        args: &[NodeId],
        closed: &[Option<NodeId>],
        mut add: impl FnMut(&mut Parts, NodeId),
    ) -> Parts {
        let mut parts = Parts {
            literal: if prim == Prim::Mul { 1.0 } else { 0.0 },
            nodes: vec![],
        };
        let mut open: Vec<NodeId> = args.iter().rev().copied().collect();
        while let Some(id) = open.pop() {
            let few = open.len() + parts.nodes.len() < MOST_PARTS;
            if let Some(value) = self.literal(id) {
                parts.literal = prim.eval(&[parts.literal, value]);
                continue;
            }
            match self.pair_of(prim, id) {
                Some([a, b]) if few && !closed.contains(&Some(id)) && !self.is_pure([a, b]) => {
                    open.extend([b, a]);
                }
                _ => add(&mut parts, id),
            }
        }
        parts
    }

    /// Sums that are better left as they are: taking `l + v` apart to add a `w` with all of its axes saves nothing, and
    /// `l + v` may be in use elsewhere. (Of products the light factors are wanted outside: sums pull them out.)
    fn closed(&self, prim: Prim, args: &[NodeId]) -> [Option<NodeId>; 2] {
        let (Prim::Add, [x, y]) = (prim, args) else {
            return [None; 2];
        };
        let mixed = |id: NodeId| {
            let inner = self.pair_of(Prim::Add, id);
            inner.is_some_and(|inner| !self.is_pure(inner))
        };
        let gains = |id: NodeId, other: NodeId| {
            let (axes, lighter) = (self.node_axes(id), self.node_axes(other));
            let strictly = axes.contains_all(lighter) && axes != lighter;
            strictly || mixed(other) || self.is_fixed(other)
        };
        [(*x, *y), (*y, *x)].map(|(id, other)| (!gains(id, other)).then_some(id))
    }

    /// Merges a part into the one with the same axes.
    fn merge_part(&self, prim: Prim, id: NodeId, parts: &mut Parts) {
        let key = |id: NodeId| (self.node_axes(id), self.is_fixed(id));
        let Some(j) = parts.nodes.iter().position(|other| key(*other) == key(id)) else {
            parts.nodes.push(id);
            return;
        };
        let pair = self.pair(prim, parts.nodes[j], id);
        match self.literal(pair) {
            Some(v) => {
                parts.nodes.remove(j);
                parts.literal = prim.eval(&[parts.literal, v]);
            }
            None => parts.nodes[j] = pair,
        }
    }

    /// Two parts with the same axes, the older first; terms that differ in a literal factor alone are added up.
    fn pair(&self, prim: Prim, x: NodeId, y: NodeId) -> NodeId {
        if prim == Prim::Add {
            let ((c, u), (d, v)) = (self.coefficient(x), self.coefficient(y));
            if u == v {
                return self.times(c + d, u);
            }
        }
        if let (Some((u, i)), Some((v, j))) = (self.gather_of(x), self.gather_of(y))
            && i == j
            && self.len(x) >= self.len(u).max(self.len(v))
        {
            return self
                .before_gather(prim, &[x, y])
                .unwrap_or_else(|| self.map(prim, &[x, y]));
        }
        self.map(prim, &[x.min(y), x.max(y)])
    }

    /// The literal factor of a node and the rest.
    fn coefficient(&self, id: NodeId) -> (f64, NodeId) {
        let scaled = |[c, rest]: [NodeId; 2]| Some((self.literal(c)?, rest));
        let found = self.pair_of(Prim::Mul, id).and_then(scaled);
        found.unwrap_or((1.0, id))
    }

    /// Whether both have the same axes, and both or neither depends on data alone.
    fn is_pure(&self, args: [NodeId; 2]) -> bool {
        let [a, b] = args.map(|id| {
            (
                self.node_axes(id),
                self.is_fixed(id),
                self.literal(id).is_some(),
            )
        });
        a == b
    }
}
