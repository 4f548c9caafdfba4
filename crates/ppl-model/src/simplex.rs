//! Which weights add up to 1 by their construction, and which cannot: a transition matrix has simplex rows, not columns.

use crate::graph::*;
use ppl_dist::{Prim, Support};
use ppl_syntax::diagnostic::Span;

/// What is known about the sum of a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Total {
    /// It is 1, whatever the latents are.
    One,
    /// The elements of this site add up to 1 along another axis than the one asked for; where it is read.
    Elsewhere(SymbolId, Span),
    /// Nothing is known before values are.
    Unknown,
}

/// Expressions looked at before it is given up: lets may read lets that read lets.
const MOST: usize = 1_000;

impl Model {
    /// What the elements of `e` along `axis` add up to.
    pub(crate) fn total(&self, e: &TExpr, axis: AxisRef) -> Total {
        self.total_within(e, axis, &mut MOST.clone())
    }

    fn total_within(&self, e: &TExpr, axis: AxisRef, left: &mut usize) -> Total {
        *left = left.saturating_sub(1);
        if *left == 0 || !e.axes.contains(&axis) {
            return Total::Unknown;
        }
        match &e.kind {
            TKind::Symbol(id) => self.total_of_symbol(*id, e.span, axis, left),
            TKind::Gather(src, by) => {
                // The axis is one that no index takes, or one that a loop's variable goes along whole.
                let taken = |a: &AxisRef| by.iter().any(|(f, _)| f == a);
                let whole = |i: &TExpr| matches!(i.kind, TKind::LoopVariable) && i.axes == [axis];
                let mut sources: Vec<AxisRef> = vec![];
                sources.extend(src.axes.iter().filter(|a| **a == axis && !taken(a)));
                for (from, index) in by.iter().filter(|(_, i)| i.axes.contains(&axis)) {
                    if !whole(index) {
                        return Total::Unknown;
                    }
                    sources.push(*from);
                }
                match sources.as_slice() {
                    [one] => self.total_within(src, *one, left),
                    _ => Total::Unknown,
                }
            }
            TKind::Rename(src, from, to) => {
                let inner = if axis == *to { *from } else { axis };
                self.total_within(src, inner, left)
            }
            TKind::Linear(call) if call.op == LinearOp::Transpose => {
                let inner = match axis {
                    a if a == call.row => call.column,
                    a if a == call.column => call.row,
                    a => a,
                };
                match call.args.first() {
                    Some(matrix) => self.total_within(matrix, inner, left),
                    None => Total::Unknown,
                }
            }
            TKind::Reduce(Reduction::Softmax, _, over) if over.as_slice() == [axis] => Total::One,
            TKind::Prim(Prim::Select, parts) => match parts.as_slice() {
                [_, a, b] => match self.total_within(a, axis, left) {
                    Total::One => self.total_within(b, axis, left),
                    other => other,
                },
                _ => Total::Unknown,
            },
            TKind::MatMul(l, r, over_l, over_r) => {
                let of_left = l.axes.contains(&axis) && axis != *over_l;
                let (mine, other, its_sum) = match of_left {
                    true => (l, r, *over_r),
                    false => (r, l, *over_l),
                };
                // An average, by weights that add up to 1, of vectors that add up to 1.
                match self.total_within(mine, axis, left) {
                    Total::One => match self.total_within(other, its_sum, left) {
                        Total::One => Total::One,
                        _ => Total::Unknown,
                    },
                    elsewhere => elsewhere,
                }
            }
            _ => Total::Unknown,
        }
    }

    fn total_of_symbol(&self, id: SymbolId, at: Span, axis: AxisRef, left: &mut usize) -> Total {
        let symbol = &self.symbols[id];
        match &symbol.role {
            Role::Let(inner) => {
                let along = inner.axes.iter().find(|a| a.declared() == axis.declared());
                match along {
                    Some(along) => self.total_within(inner, *along, left),
                    None => Total::Unknown,
                }
            }
            Role::Site(d) => {
                let simplex = d.distribution.definition().support == Support::Simplex
                    || matches!(symbol.kind, Some(Kind::Simplex));
                match symbol.axes.last() {
                    Some(last) if simplex && axis.declared() == *last => Total::One,
                    Some(_) if simplex => Total::Elsewhere(id, at),
                    _ => Total::Unknown,
                }
            }
            _ => Total::Unknown,
        }
    }
}
