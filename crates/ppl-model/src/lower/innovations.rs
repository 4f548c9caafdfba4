//! Sites in units of priors that have several branches or hang on the site's own earlier elements: a chain is drawn by its
//! innovations, h[t] = location(h[t-1], ...) + scale u[t], in one scan.

use super::{Lowered, Lowering};
use crate::graph::*;
use ppl_core::{Expr, Real};
use ppl_dist::Shape;
use std::collections::HashSet;

/// Location and scale of a prior, elementwise.
pub(super) struct Units<'b> {
    pub(super) location: Expr<'b>,
    pub(super) scale: Expr<'b>,
    /// Whether the value is the exponential of what has that location and scale.
    pub(super) exponentiated: bool,
}

impl<'b> Units<'b> {
    /// The value of standardised numbers, and the log Jacobian.
    pub(super) fn value(&self, u: Expr<'b>) -> (Expr<'b>, Expr<'b>) {
        let own = self.location + self.scale * u;
        match self.exponentiated {
            true => (own.exp(), self.scale.ln() + own),
            false => (own, self.scale.ln()),
        }
    }
}

impl TDist {
    /// Whether each branch has a location and a scale, one number each, and no bounds.
    pub(crate) fn has_units(&self) -> bool {
        let own = |d: &TDist| {
            let def = d.distribution.definition();
            let scalar = def.event == Shape::Scalar && !d.modifiers.truncates();
            def.units().filter(|_| scalar).map(|u| u.is_logarithmic())
        };
        let first = own(self);
        first.is_some() && self.branches().into_iter().all(|d| own(d) == first)
    }
}

impl Model {
    /// What is computed element by element where a site is a chain: the lets between its elements and those before, then the site
    /// itself. Empty where it does not read itself; `None` where it does so otherwise than at fixed lags along one axis.
    pub fn chain_members(&self, site: SymbolId) -> Option<Vec<SymbolId>> {
        let forward = self.reach(site);
        if !forward.contains(&site) {
            return Some(vec![]);
        }
        let lets = forward.into_iter().filter(|m| *m != site);
        let mut members: Vec<SymbolId> = lets.filter(|m| self.reach(*m).contains(&site)).collect();
        members.sort_by_key(|m| self.symbols[*m].span.start);
        members.push(site);
        let (mut along, mut fits) = (HashSet::new(), true);
        for m in &members {
            let mut whole = 0;
            let mut by_element = 0;
            for e in self.written(*m) {
                e.visit(&mut |e| match &e.kind {
                    TKind::Symbol(s) if members.contains(s) => whole += 1,
                    TKind::Gather(src, by) => {
                        let TKind::Symbol(read) = src.kind else {
                            return;
                        };
                        if !members.contains(&read) {
                            return;
                        }
                        by_element += 1;
                        let shifts: Vec<_> = (by.iter())
                            .filter_map(|(own, i)| match i.kind {
                                TKind::Shift(axis, lag, group) => Some((*own, axis, lag, group)),
                                _ => None,
                            })
                            .collect();
                        let rest = by
                            .iter()
                            .all(|(_, i)| matches!(i.kind, TKind::LoopVariable | TKind::Shift(..)));
                        let lagged = match shifts.as_slice() {
                            [] => read != site,
                            [(own, axis, lag, group)] => {
                                along.insert((axis.declared(), *group));
                                own.declared() == axis.declared()
                                    && (read != site || *lag != Lag::Literal(0))
                            }
                            _ => false,
                        };
                        fits &= rest && lagged;
                    }
                    _ => {}
                });
            }
            // Each symbol that is read stands within its brackets.
            fits &= whole == by_element;
        }
        (fits && along.len() == 1).then_some(members)
    }

    /// The expressions that a let or a site is written with.
    pub(super) fn written(&self, id: SymbolId) -> Vec<&TExpr> {
        match &self.symbols[id].role {
            Role::Let(e) => vec![e],
            Role::Site(d) => d.expressions(),
            _ => vec![],
        }
    }

    /// What a symbol reads, through lets.
    fn reach(&self, from: SymbolId) -> Vec<SymbolId> {
        let read = |id: SymbolId| {
            let mut out = vec![];
            self.written(id).iter().for_each(|e| e.symbols(&mut out));
            out
        };
        let mut seen: Vec<SymbolId> = vec![];
        let mut open = read(from);
        while let Some(s) = open.pop() {
            if !seen.contains(&s) {
                seen.push(s);
                if matches!(self.symbols[s].role, Role::Let(_)) {
                    open.extend(read(s));
                }
            }
        }
        seen
    }
}

impl<'b> Lowering<'_, 'b> {
    /// Location and scale of a distribution whose branches have these.
    pub(super) fn units(&self, d: &TDist) -> Lowered<Option<Units<'b>>> {
        if !d.has_units() {
            return Ok(None);
        }
        let mut out: Option<Units<'b>> = None;
        // The last branch is what is left where no condition holds.
        for d in d.branches().into_iter().rev() {
            let Some(by) = d.distribution.definition().units() else {
                return Ok(None);
            };
            let mut args = self.arguments(d, &[])?;
            let mut number = |k: usize| args[k].swap_remove(0);
            let (location, scale) = match by {
                ppl_dist::Units::Shifted(l, s) | ppl_dist::Units::Exponentiated(l, s) => {
                    (number(l), number(s))
                }
                ppl_dist::Units::Scaled(s) => (number(s).ln(), Expr::Const(1.0)),
                ppl_dist::Units::Rated(r) => (-number(r).ln(), Expr::Const(1.0)),
            };
            let mut own = Units {
                location,
                scale,
                exponentiated: by.is_logarithmic(),
            };
            if let (Some(other), Some((condition, _))) = (out, d.otherwise.as_deref()) {
                let condition = self.expr(condition)?;
                own.location = condition.select(own.location, other.location);
                own.scale = condition.select(own.scale, other.scale);
            }
            out = Some(own);
        }
        Ok(out)
    }

    /// A site from the innovations of its chain, or in units of the branch that holds, with the log Jacobian; `None` where it has one
    /// branch and does not read itself, or is no such site.
    pub(super) fn innovated(
        &self,
        site: SymbolId,
        u: Expr<'b>,
    ) -> Lowered<Option<(Expr<'b>, Expr<'b>)>> {
        let model = &self.bound.model;
        let Some(d) = model.dist(site).filter(|d| d.has_units()) else {
            return Ok(None);
        };
        match model.chain_members(site) {
            None => Ok(None),
            Some(members) if members.is_empty() => match d.otherwise {
                Some(_) => Ok(self.units(d)?.map(|units| units.value(u))),
                None => Ok(None),
            },
            Some(members) => self.chain(&members, u).map(Some),
        }
    }
}
