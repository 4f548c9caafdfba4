//! Linear folding: a sum with data-only weights is taken through what is linear in it, so that no work over the rows is
//! left: `Σ_n w_n u[g_n] = Σ_j u_j (Σ_{n in j} w_n)`, where the inner sum folds. Scatters likewise.
//!
//! A sum is distributed over an addition only where all of its terms fold, or where the addition has no other use (then
//! the terms that fold leave it); what is needed as a column anyway is summed as it stands.

pub(super) mod term;

use super::rebuild::{copy, live, rebuild};
use crate::axes::AxisSet;
use crate::builder::Builder;
use crate::program::{IndexId, Op, Program};
use ppl_dist::{Expr, NodeId, Prim};
use term::{Term, expand};

/// Most terms of an addition that are looked at.
const MOST_TERMS: usize = 16;

/// The program with its linear sums and scatters folded. The data-only weights are nodes: `fold` evaluates them.
pub fn linear_fold(program: &Program) -> Program {
    let uses = count_uses(program);
    rebuild(program, |b, id, of| {
        let axes = program.node(id).axes;
        let folded = match &program.node(id).op {
            Op::Sum(src) => {
                let over = program.node(*src).axes.minus(axes);
                Reduction::Sum(over).fold(b, of(*src), uses[src.0 as usize] == 1)
            }
            Op::Scatter(src, index) => {
                let (target, index_axes) = b.index_axes(*index);
                let src_axes = program.node(*src).axes;
                let plain = axes.intersection(index_axes).is_empty()
                    && !src_axes.contains(target)
                    && index_axes.union(axes).contains_all(src_axes);
                if plain {
                    Reduction::Scatter(*index, axes).fold(b, of(*src), uses[src.0 as usize] == 1)
                } else {
                    None
                }
            }
            _ => None,
        };
        folded.unwrap_or_else(|| copy(b, program, id, of))
    })
}

pub(super) fn count_uses(program: &Program) -> Vec<usize> {
    let mut uses = vec![0; program.nodes.len()];
    for (node, _) in program
        .nodes
        .iter()
        .zip(live(program))
        .filter(|(_, live)| *live)
    {
        for a in node.op.args() {
            uses[a.0 as usize] += 1;
        }
    }
    for id in &program.outputs {
        uses[id.0 as usize] += 1;
    }
    uses
}

/// The terms of nested additions, in order.
pub(super) fn addends(b: &Builder, id: NodeId) -> Vec<NodeId> {
    let mut open = vec![id];
    let mut terms = vec![];
    while let Some(id) = open.pop() {
        match b.op_of(id) {
            Op::Map(Prim::Add, args) if open.len() + terms.len() < MOST_TERMS => {
                open.extend(args.iter().rev())
            }
            _ => terms.push(id),
        }
    }
    terms
}

/// What adds up: a sum over axes, or a scatter by an index to the result's axes.
#[derive(Clone, Copy)]
enum Reduction {
    Sum(AxisSet),
    Scatter(IndexId, AxisSet),
}

impl Reduction {
    /// The axes that are summed away.
    fn over(self, b: &Builder) -> AxisSet {
        match self {
            Reduction::Sum(over) => over,
            Reduction::Scatter(index, _) => b.index_axes(index).1,
        }
    }

    fn apply<'b>(self, b: &'b Builder, src: Expr<'b>) -> Expr<'b> {
        match self {
            Reduction::Sum(over) => b.sum(src, over),
            Reduction::Scatter(index, axes) => b.scatter(src, index, axes),
        }
    }

    fn value<'b>(self, b: &'b Builder, term: &Term) -> Option<Expr<'b>> {
        match self {
            Reduction::Sum(_) => term.sum(b),
            Reduction::Scatter(index, axes) => term.scatter(b, index, axes),
        }
    }

    /// The folded value of the reduction of `src`; `lone` says that nothing else needs `src`.
    fn fold<'b>(self, b: &'b Builder, src: Expr<'b>, lone: bool) -> Option<Expr<'b>> {
        let Expr::Node(id, _) = src else { return None };
        if b.is_fixed(id) {
            return None;
        }
        let add = |x: Expr<'b>, y: Expr<'b>| x + y;
        if let Some(values) = self.terms(b, id) {
            return values.into_iter().reduce(add);
        }
        if !lone || !matches!(b.op_of(id), Op::Map(Prim::Add, _)) {
            return None;
        }
        let mut folded = vec![];
        let mut rest = vec![];
        for part in addends(b, id) {
            // A data-only term is a column: its sum folds.
            let fixed = b.is_fixed(part);
            match if fixed {
                Some(vec![self.apply(b, b.literal_or_node(part))])
            } else {
                self.terms(b, part)
            } {
                Some(values) => folded.extend(values),
                None => rest.push(b.handle(part)),
            }
        }
        if folded.is_empty() {
            return None;
        }
        if let Some(rest) = rest.into_iter().reduce(add) {
            folded.push(self.apply(b, rest));
        }
        folded.into_iter().reduce(add)
    }

    /// The values of all linear terms of a node, if every one folds.
    fn terms<'b>(self, b: &'b Builder, id: NodeId) -> Option<Vec<Expr<'b>>> {
        expand(b, id, self.over(b))?
            .iter()
            .map(|term| self.value(b, term))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::linear_fold;
    use crate::interpret::evaluate;
    use crate::passes::{dead::dead, fold::fold};
    use crate::{Axis, AxisId, AxisSet, Builder, Index};

    /// `Σ_n w_n (u[g_n] + c x_n)` needs no row once its weights are folded.
    #[test]
    fn linear_terms_leave_the_rows() {
        let axis = |name: &str, size| Axis {
            name: name.into(),
            size,
        };
        let b = Builder::new(vec![axis("draw", 1), axis("group", 5), axis("row", 90)]);
        let (group, row) = (AxisSet::of(&[AxisId(1)]), AxisSet::of(&[AxisId(2)]));
        let column = |step: usize| b.data((0..90).map(|i| (i * step % 17) as f64).collect(), row);
        let g = b.index(Index {
            target: AxisId(1),
            axes: row,
            values: (0..90).map(|i| i * 7 % 5).collect(),
        });
        let (u, c) = (b.param(group).0, b.param(AxisSet::EMPTY).0);
        let out = b
            .sum(column(3) * (b.gather(u, g) + c * column(5)), row)
            .node(&b);
        let program = b.finish(vec![out]);
        let folded = dead(&fold(&linear_fold(&program)));
        assert!(
            folded.nodes.iter().all(|n| !n.axes.contains_all(row)),
            "{folded}"
        );
        let x = [0.3, -1.0, 0.5, 2.0, 0.1, 0.7];
        let value = |p: &crate::Program| evaluate(p, &x, &[], &p.outputs)[0][0];
        assert!((value(&program) / value(&folded) - 1.0).abs() < 1e-12);
    }
}
