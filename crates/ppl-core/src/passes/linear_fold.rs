//! Linear folding: a sum with data-only weights is taken through what is linear in it, so that no work over the rows is
//! left: `Σ_n w_n u[g_n] = Σ_j u_j (Σ_{n in j} w_n)`, where the inner sum folds. Scatters likewise.
//!
//! A sum is distributed over an addition only where all of its terms fold, or where the addition has no other use (then
//! the terms that fold leave it); what is needed as a column anyway is summed as it stands.

mod term;

use super::rebuild::{copy, live, rebuild};
use crate::axes::AxisSet;
use crate::builder::Builder;
use crate::program::{IndexId, Op, Program};
use ppl_dist::{Expr, NodeId, Prim};
use term::{Term, expand};

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
                if plain { Reduction::Scatter(*index, axes).fold(b, of(*src), uses[src.0 as usize] == 1) } else { None }
            }
            _ => None,
        };
        folded.unwrap_or_else(|| copy(b, program, id, of))
    })
}

fn count_uses(program: &Program) -> Vec<usize> {
    let mut uses = vec![0; program.nodes.len()];
    for (node, _) in program.nodes.iter().zip(live(program)).filter(|(_, live)| *live) {
        for a in node.op.args() {
            uses[a.0 as usize] += 1;
        }
    }
    for id in &program.outputs {
        uses[id.0 as usize] += 1;
    }
    uses
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
        let parts = b.parts(Prim::Add, &[id], false);
        let mut folded = vec![];
        let mut rest = vec![];
        for part in parts.nodes {
            // A data-only term is a column: its sum folds.
            let fixed = b.is_fixed(part);
            match if fixed { Some(vec![self.apply(b, b.handle(part))]) } else { self.terms(b, part) } {
                Some(values) => folded.extend(values),
                None => rest.push(b.handle(part)),
            }
        }
        if parts.literal != 0.0 {
            folded.push(self.apply(b, Expr::Const(parts.literal)));
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
        expand(b, id, self.over(b))?.iter().map(|term| self.value(b, term)).collect()
    }
}
