//! Arguments that are no number whatever the unknowns are: a logarithm of 0 in a column, a division by a standard deviation of 0.

use super::Bound;
use crate::graph::*;
use ppl_dist::Prim;
use std::cell::Cell;
use std::collections::HashSet;

/// How deep lets are followed.
const DEPTH: usize = 16;

/// Expressions looked at before it is given up: lets may read lets that read lets.
const MOST: usize = 200;

/// What an element is, whatever the unknowns are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Undefined {
    /// A number, or it depends on the unknowns.
    No,
    /// Infinite, or not a number where an unknown is 0.
    Infinite,
    /// Not a number.
    NotANumber,
}

impl Bound {
    /// The elements of `e` over `axes` that sums and products of data make undefined. `None`: nothing is.
    pub(super) fn undefined(&self, e: &TExpr, axes: &[AxisRef]) -> Option<Vec<Undefined>> {
        let found = self.undefined_within(e, axes, (DEPTH, &Cell::new(MOST)))?;
        found.iter().any(|u| *u != Undefined::No).then_some(found)
    }

    fn undefined_within(
        &self,
        e: &TExpr,
        axes: &[AxisRef],
        (depth, left): (usize, &Cell<usize>),
    ) -> Option<Vec<Undefined>> {
        let depth = depth.checked_sub(1)?;
        left.set(left.get().checked_sub(1)?);
        let known = |a: &AxisRef| axes.iter().any(|b| b.declared() == a.declared());
        if !e.axes.iter().all(known) || matches!(e.ty, Ty::Index(_)) {
            return None;
        }
        if !e.stochastic {
            if !self.is_calculated(e) {
                return None;
            }
            let values = self.evaluate(e, axes)?;
            let of = |v: f64| match v {
                v if v.is_nan() => Undefined::NotANumber,
                v if v.is_infinite() => Undefined::Infinite,
                _ => Undefined::No,
            };
            return Some(values.into_iter().map(of).collect());
        }
        match &e.kind {
            TKind::Symbol(id) => match &self.model.symbols[*id].role {
                Role::Let(inner) => self.undefined_within(inner, axes, (depth, left)),
                _ => None,
            },
            TKind::Prim(Prim::Mul | Prim::Add, parts) => {
                let parts = parts
                    .iter()
                    .filter_map(|p| self.undefined_within(p, axes, (depth, left)));
                parts.reduce(|a, b| a.into_iter().zip(b).map(|(a, b)| a.max(b)).collect())
            }
            _ => None,
        }
    }

    /// Whether a value of data can be undefined where the data are not: more than sums, products and look-ups of columns
    /// without missing cells.
    fn is_calculated(&self, e: &TExpr) -> bool {
        let mut calculated = false;
        let mut missing = false;
        let mut seen = HashSet::new();
        let mut lets: Vec<&TExpr> = vec![e];
        while let Some(next) = lets.pop() {
            next.visit(&mut |part| match &part.kind {
                TKind::Symbol(id) => {
                    let symbol = &self.model.symbols[*id];
                    missing |= symbol.is_optional() || symbol.is_censored();
                    if let (Role::Let(inner), true) = (&symbol.role, seen.insert(*id)) {
                        lets.push(inner);
                    }
                }
                TKind::Function(..) | TKind::Group(..) => calculated = true,
                TKind::Reduce(Reduction::Sd | Reduction::Var | Reduction::Mean, ..) => {
                    calculated = true;
                }
                TKind::Prim(p, _) => {
                    calculated |= !matches!(
                        p,
                        Prim::Add
                            | Prim::Mul
                            | Prim::Less
                            | Prim::LessEq
                            | Prim::Equal
                            | Prim::Select
                            | Prim::Min
                            | Prim::Max
                    );
                }
                _ => {}
            });
        }
        calculated && !missing
    }
}
