//! Functions of one node in normal form: inverses cancel, and what can be done on fewer elements is.

use super::Builder;
use crate::program::{IndexId, Op};
use ppl_dist::{NodeId, Prim, Recorder};

impl Builder {
    /// 1/(1/x) = x, 1/e^x = e^-x, and 1/(s v) = (1/s) (1/v) where s has fewer axes than v.
    pub(super) fn recip(&self, a: NodeId) -> Option<NodeId> {
        match self.op_of(a) {
            Op::Map(Prim::Recip, inner) => Some(inner[0]),
            Op::Map(Prim::Exp, inner) => {
                Some(self.normal_form(Prim::Exp, &[self.times(-1.0, inner[0])]))
            }
            Op::Map(Prim::Mul, _) => {
                let parts = self.parts(Prim::Mul, a);
                if parts.nodes.len() == 1 && parts.literal == 1.0 {
                    return None;
                }
                let flipped = parts
                    .nodes
                    .iter()
                    .map(|f| self.normal_form(Prim::Recip, &[*f]));
                let factors: Vec<NodeId> = std::iter::once(self.constant(1.0 / parts.literal))
                    .chain(flipped)
                    .collect();
                Some(self.combine(Prim::Mul, &factors))
            }
            _ => None,
        }
    }

    /// ln e^x = x, ln(1/x) = -ln x, ln √x = ln(x)/2, ln(c e^x v) = ln c + x + ln v for c > 0.
    pub(super) fn ln(&self, a: NodeId) -> Option<NodeId> {
        match self.op_of(a) {
            Op::Map(Prim::Exp, inner) => Some(inner[0]),
            Op::Map(Prim::Recip, inner) => {
                Some(self.times(-1.0, self.normal_form(Prim::Ln, &inner)))
            }
            Op::Map(Prim::Sqrt, inner)
                if !matches!(self.op_of(inner[0]), Op::Map(Prim::Sqrt, _)) =>
            {
                Some(self.times(0.5, self.normal_form(Prim::Ln, &inner)))
            }
            Op::Map(Prim::Mul, _) => {
                let parts = self.parts(Prim::Mul, a);
                let mut rest = vec![];
                let mut terms = vec![];
                if parts.literal > 0.0 {
                    terms.push(self.constant(parts.literal.ln()));
                } else {
                    rest.push(self.constant(parts.literal));
                }
                for factor in parts.nodes {
                    match self.op_of(factor) {
                        Op::Map(Prim::Exp, inner) => terms.push(inner[0]),
                        _ => rest.push(factor),
                    }
                }
                if terms.is_empty() || (terms.len() == 1 && parts.literal == 1.0) {
                    return None;
                }
                terms.push(self.normal_form(Prim::Ln, &[self.combine(Prim::Mul, &rest)]));
                Some(self.combine(Prim::Add, &terms))
            }
            _ => None,
        }
    }

    pub(super) fn power(&self, a: NodeId, exponent: f64) -> Option<NodeId> {
        let square = || self.combine(Prim::Mul, &[a, a]);
        let recip = |id| self.normal_form(Prim::Recip, &[id]);
        match exponent {
            0.0 => Some(self.constant(1.0)),
            1.0 => Some(a),
            2.0 => Some(square()),
            3.0 => Some(self.combine(Prim::Mul, &[square(), a])),
            4.0 => Some(self.combine(Prim::Mul, &[square(), square()])),
            0.5 => Some(self.normal_form(Prim::Sqrt, &[a])),
            -1.0 => Some(recip(a)),
            -2.0 => Some(recip(square())),
            _ => None,
        }
    }

    /// f(u[g]) = f(u)[g] where u is no longer than u[g].
    pub(super) fn before_gather(&self, prim: Prim, args: &[NodeId]) -> Option<NodeId> {
        let mut index: Option<IndexId> = None;
        let mut sources = vec![];
        for a in args {
            match self.op_of(*a) {
                Op::Const(_) => sources.push(*a),
                // Through one gather only: a chain of them would be rewritten link by link.
                Op::Gather(src, _) if matches!(self.op_of(src), Op::Gather(..)) => return None,
                Op::Gather(src, i)
                    if index.is_none_or(|known| known == i) && self.len(*a) >= self.len(src) =>
                {
                    index = Some(i);
                    sources.push(src);
                }
                _ => return None,
            }
        }
        let index = index?;
        let mapped = self.normal_form(prim, &sources);
        Some(self.gather(self.literal_or_node(mapped), index).node(self))
    }
}
