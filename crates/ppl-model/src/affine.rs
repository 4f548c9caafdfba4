//! Sums of written-out weights: which literal multiples of which unknowns they come to, so that `[p, 1 - p]` is known to add
//! up to 1 and `[p, q]` not to.

use crate::graph::*;
use ppl_dist::{Prim, Support};

/// Most different terms of one sum, and the deepest expression that is looked into.
const MOST: usize = 200;
const DEEPEST: usize = 64;

/// A literal number and literal multiples of expressions.
#[derive(Debug, Default)]
pub(crate) struct Affine<'a> {
    /// The literal number.
    pub(crate) constant: f64,
    /// Each expression once, with its factor.
    pub(crate) terms: Vec<(f64, &'a TExpr)>,
}

impl<'a> Affine<'a> {
    /// The terms that do not cancel.
    pub(crate) fn left(&self) -> impl Iterator<Item = &'a TExpr> {
        let rest = self.terms.iter().filter(|(factor, _)| factor.abs() > 1e-9);
        rest.map(|(_, e)| *e)
    }

    fn add(&mut self, model: &'a Model, e: &'a TExpr, factor: f64, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match &e.kind {
            TKind::Number(v) => self.constant += factor * v,
            TKind::Prim(Prim::Add, parts) => {
                for p in parts {
                    self.add(model, p, factor, depth + 1)?;
                }
            }
            TKind::Prim(Prim::Mul, parts) => match parts.as_slice() {
                [a, b] => match (literal(a), literal(b)) {
                    (Some(v), _) => self.add(model, b, factor * v, depth + 1)?,
                    (_, Some(v)) => self.add(model, a, factor * v, depth + 1)?,
                    _ => self.term(e, factor)?,
                },
                _ => self.term(e, factor)?,
            },
            TKind::Symbol(id) => match &model.symbols[*id].role {
                Role::Let(inner) if inner.axes == e.axes => {
                    self.add(model, inner, factor, depth + 1)?;
                }
                _ => self.term(e, factor)?,
            },
            _ => self.term(e, factor)?,
        }
        Some(())
    }

    fn term(&mut self, e: &'a TExpr, factor: f64) -> Option<()> {
        if let Some((sum, _)) = self.terms.iter_mut().find(|(_, t)| same(t, e)) {
            *sum += factor;
            return Some(());
        }
        self.terms.push((factor, e));
        (self.terms.len() <= MOST).then_some(())
    }
}

/// A number, or its reciprocal.
fn literal(e: &TExpr) -> Option<f64> {
    match &e.kind {
        TKind::Number(v) => Some(*v),
        TKind::Prim(Prim::Recip, parts) => parts.first().and_then(literal).map(f64::recip),
        _ => None,
    }
}

/// Whether two expressions are equal by the way they are written; of what is not looked into, that is not known.
pub(crate) fn same(a: &TExpr, b: &TExpr) -> bool {
    let all =
        |x: &[TExpr], y: &[TExpr]| x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y));
    if a.axes != b.axes {
        return false;
    }
    match (&a.kind, &b.kind) {
        (TKind::Number(x), TKind::Number(y)) => x == y,
        (TKind::Symbol(x), TKind::Symbol(y)) => x == y,
        (TKind::Label(x, l), TKind::Label(y, m)) => x == y && l == m,
        (TKind::LoopVariable, TKind::LoopVariable) => true,
        (TKind::Prim(p, x), TKind::Prim(q, y)) => p == q && all(x, y),
        (TKind::Function(f, x), TKind::Function(g, y)) => f.name == g.name && all(x, y),
        (TKind::Gather(x, i), TKind::Gather(y, j)) => {
            let by =
                |(m, n): (&(AxisRef, TExpr), &(AxisRef, TExpr))| m.0 == n.0 && same(&m.1, &n.1);
            same(x, y) && i.len() == j.len() && i.iter().zip(j).all(by)
        }
        _ => false,
    }
}

impl Model {
    /// What written-out elements `[a, b, …]` add up to; `None` where that is not looked into.
    pub(crate) fn written_sum<'a>(&'a self, parts: &'a [TExpr]) -> Option<Affine<'a>> {
        let mut sum = Affine::default();
        for p in parts {
            sum.add(self, p, 1.0, 0)?;
        }
        Some(sum)
    }

    /// A continuous unknown that is free of all others: not an element of a vector that is bound to add up to something.
    pub(crate) fn free_unknown(&self, e: &TExpr) -> Option<SymbolId> {
        let mut source = e;
        while let TKind::Gather(inner, _) | TKind::Rename(inner, ..) = &source.kind {
            source = inner;
        }
        let TKind::Symbol(id) = source.kind else {
            return None;
        };
        let symbol = &self.symbols[id];
        let Role::Site(d) = &symbol.role else {
            return None;
        };
        let bound = matches!(symbol.kind, Some(Kind::Simplex | Kind::SumToZero))
            || matches!(
                d.distribution.definition().support,
                Support::Simplex | Support::SumToZero | Support::Counts(_)
            );
        (!bound && !symbol.is_discrete_site()).then_some(id)
    }
}
