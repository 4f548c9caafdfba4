//! Discrete sites with labels as values are summed out exactly: log p = log sum_k p(z = k) p(everything that reads z | z = k),
//! independently for every element of the site's plate.
//!
//! While terms are lowered, such a site's value is the list of all its labels along an enumeration axis of its own, so
//! a term that reads it comes out once for every label.

use super::density::{Role, Term};
use super::{Lowered, Lowering};
use crate::graph::{Role as SymbolRole, Statement, SymbolId, TExpr, TKind, Ty};
use ppl_core::{AxisId, AxisSet, DRAW, Expr, IndexId};
use ppl_syntax::Span;
use ppl_syntax::diagnostic::Diagnostic;

/// How a statement reads a summed-out site: by its own elements, or looked up by an index of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Aligned,
    LookedUp(IndexId),
}

/// What has been collected for one summed-out site.
pub(super) struct Summand<'b> {
    site: SymbolId,
    span: Span,
    value: Expr<'b>,
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// Gives every summed-out site the list of its labels.
    pub(super) fn enumerate_sites(&self) {
        for (id, s) in self.bound.model.symbols.iter().enumerate() {
            if s.is_summed_out()
                && let Ty::Index(axis) = s.ty
            {
                let axis = self.axes.enumeration(axis);
                let labels: Vec<f64> = (0..self.builder.size(axis)).map(|k| k as f64).collect();
                self.set_latent(id, self.builder.data(labels.into(), AxisSet::of(&[axis])));
            }
        }
    }

    /// The enumeration axis, if an index is a summed-out site.
    pub(super) fn enumeration_of(&self, index: &TExpr) -> Option<AxisId> {
        let id = match &index.kind {
            TKind::Symbol(id) => *id,
            TKind::Gather(src, _) => match src.kind {
                TKind::Symbol(id) => id,
                _ => return None,
            },
            _ => return None,
        };
        let symbol = &self.bound.model.symbols[id];
        match symbol.ty {
            Ty::Index(axis) if symbol.is_summed_out() => Some(self.axes.enumeration(axis)),
            _ => None,
        }
    }

    /// Adds a statement's density to the site that it reads; gives it back if it reads none.
    pub(super) fn collect(
        &self,
        statement: &Statement,
        span: Span,
        density: Expr<'b>,
        over: AxisSet,
        summands: &mut Vec<Summand<'b>>,
    ) -> Lowered<Option<Expr<'b>>> {
        let mut readings = vec![];
        self.readings_of(statement, &mut readings)?;
        let Some(&(site, reading)) = readings.first() else {
            return Ok(Some(density));
        };
        if readings.iter().any(|r| *r != (site, reading)) {
            let name = &self.bound.model.symbols[site].name;
            return Err(Box::new(
                Diagnostic::error("E0113", span, format!("a statement that reads `{name}` and another discrete site, or two of its elements, cannot be summed out in this version"))
                    .help("docs/src/limits.md lists what is left out, and what to write instead"),
            ));
        }
        let own = self.axes.set(&self.bound.model.symbols[site].axes);
        if !over.contains_all(self.elements(site, reading)) {
            return Err(self.mixed(site, span));
        }
        let value = match reading {
            Reading::Aligned => self.builder.sum(density, over.minus(own).without(DRAW)),
            Reading::LookedUp(index) => {
                let (target, along) = self.builder.index_axes(index);
                let others = own.without(target);
                let kept = self
                    .builder
                    .sum(density, over.minus(along).minus(others).without(DRAW));
                let kept = self
                    .builder
                    .broadcast(kept, self.builder.axes_of(kept).union(along));
                let axes = self.builder.axes_of(kept).minus(along).with(target);
                self.builder.scatter(kept, index, axes)
            }
        };
        match summands.iter_mut().find(|s| s.site == site) {
            Some(s) => s.value = s.value + value,
            None => summands.push(Summand { site, span, value }),
        }
        Ok(None)
    }

    /// The terms of the summed-out sites: log-sum-exp over the labels, summed over the site's plate.
    pub(super) fn sum_out(&self, summands: Vec<Summand<'b>>) -> Vec<Term<'b>> {
        let term = |s: Summand<'b>| {
            let symbol = &self.bound.model.symbols[s.site];
            let axis = match symbol.ty {
                Ty::Index(axis) => self.axes.enumeration(axis),
                _ => DRAW,
            };
            let value = self.builder.log_sum_exp(s.value, AxisSet::of(&[axis]));
            let value = self
                .builder
                .sum(value, self.axes.set(&symbol.axes).without(DRAW));
            Term {
                role: Role::Likelihood,
                span: s.span,
                value,
            }
        };
        summands.into_iter().map(term).collect()
    }

    fn readings_of(
        &self,
        statement: &Statement,
        out: &mut Vec<(SymbolId, Reading)>,
    ) -> Lowered<()> {
        match statement {
            Statement::Sample(id) => {
                if self.bound.model.symbols[*id].is_summed_out() {
                    out.push((*id, Reading::Aligned));
                }
                if let Some(d) = self.bound.model.dist(*id) {
                    d.expressions()
                        .into_iter()
                        .try_for_each(|e| self.readings(e, out))?;
                }
                Ok(())
            }
            Statement::Observe { value, dist } => {
                self.readings(value, out)?;
                dist.expressions()
                    .into_iter()
                    .try_for_each(|e| self.readings(e, out))
            }
            Statement::Factor(e) => self.readings(e, out),
            Statement::Report { .. } | Statement::GuideSample { .. } => Ok(()),
        }
    }

    fn readings(&self, e: &TExpr, out: &mut Vec<(SymbolId, Reading)>) -> Lowered<()> {
        let model = &self.bound.model;
        match &e.kind {
            TKind::Symbol(id) => {
                if model.symbols[*id].is_summed_out() {
                    out.push((*id, Reading::Aligned));
                } else if let SymbolRole::Let(inner) = &model.symbols[*id].role
                    // A recurrence reads itself; one that reads a discrete site is refused when it is lowered.
                    && model.recurrence(*id).is_empty()
                {
                    self.readings(inner, out)?;
                }
            }
            TKind::Gather(src, by) => {
                let site = match src.kind {
                    TKind::Symbol(id) if model.symbols[id].is_summed_out() => Some(id),
                    _ => None,
                };
                match (site, by.as_slice()) {
                    (None, _) => {
                        let before = out.len();
                        self.readings(src, out)?;
                        // An array that reads a site, looked up elsewhere: which element is read where is not followed.
                        let in_place =
                            |i: &TExpr| matches!(i.kind, TKind::LoopVariable | TKind::Label(..));
                        if let (Some(&(id, _)), false) =
                            (out.get(before), by.iter().all(|(_, i)| in_place(i)))
                        {
                            return Err(self.unreadable(e.span, id));
                        }
                        by.iter().try_for_each(|(_, i)| self.readings(i, out))?;
                    }
                    (Some(id), [(_, i)]) if matches!(i.kind, TKind::LoopVariable) => {
                        out.push((id, Reading::Aligned));
                    }
                    (Some(id), [(axis, i)]) => match self.index(i, *axis) {
                        Some(index) => out.push((id, Reading::LookedUp(index))),
                        None => return Err(self.unreadable(e.span, id)),
                    },
                    (Some(id), many) => {
                        if !many
                            .iter()
                            .all(|(_, i)| matches!(i.kind, TKind::LoopVariable))
                        {
                            return Err(self.unreadable(e.span, id));
                        }
                        out.push((id, Reading::Aligned));
                    }
                }
            }
            TKind::Number(_)
            | TKind::LoopVariable
            | TKind::Label(..)
            | TKind::Size(_)
            | TKind::Shift(..)
            | TKind::First(..)
            | TKind::Last(..) => {}
            TKind::Prim(_, a) | TKind::Function(_, a) | TKind::Vector(a, _) => {
                a.iter().try_for_each(|x| self.readings(x, out))?;
            }
            TKind::Rename(x, ..) | TKind::Diag(x, ..) => self.readings(x, out)?,
            TKind::Reduce(_, x, over) => {
                let before = out.len();
                self.readings(x, out)?;
                self.not_reduced(&out[before..], self.axes.set(over), e.span)?;
            }
            TKind::Group(_, x, by) => {
                let before = out.len();
                self.readings(x, out)?;
                self.not_reduced(&out[before..], self.axes.set(&by.axes), e.span)?;
            }
            TKind::MatMul(l, r, a, b) => {
                let before = out.len();
                self.readings(l, out)?;
                self.readings(r, out)?;
                self.not_reduced(&out[before..], self.axes.set(&[*a, *b]), e.span)?;
            }
            TKind::LogDensity(d, x) => {
                d.expressions()
                    .into_iter()
                    .try_for_each(|a| self.readings(a, out))?;
                self.readings(x, out)?;
            }
        }
        Ok(())
    }

    /// Elements of a site are summed out one by one, so none may be mixed with others before its term is complete.
    fn not_reduced(
        &self,
        readings: &[(SymbolId, Reading)],
        over: AxisSet,
        span: Span,
    ) -> Lowered<()> {
        for &(site, reading) in readings {
            if !self.elements(site, reading).intersection(over).is_empty() {
                return Err(self.mixed(site, span));
            }
        }
        Ok(())
    }

    /// The axes along which a reading goes through a site's elements.
    fn elements(&self, site: SymbolId, reading: Reading) -> AxisSet {
        let own = self.axes.set(&self.bound.model.symbols[site].axes);
        match reading {
            Reading::Aligned => own,
            Reading::LookedUp(index) => {
                let (target, along) = self.builder.index_axes(index);
                own.without(target).union(along)
            }
        }
    }

    fn mixed(&self, site: SymbolId, span: Span) -> Box<Diagnostic> {
        let name = &self.bound.model.symbols[site].name;
        Box::new(
            Diagnostic::error("E0113", span, format!("this reads several elements of the discrete site `{name}` at once, which cannot be summed out in this version"))
                .help("docs/src/limits.md lists what is left out, and what to write instead"),
        )
    }

    fn unreadable(&self, span: Span, site: SymbolId) -> Box<Diagnostic> {
        let name = &self.bound.model.symbols[site].name;
        Box::new(
            Diagnostic::error("E0113", span, format!("this look-up of the discrete site `{name}` cannot be summed out in this version"))
                .help("look it up by a loop variable or one column of data"),
        )
    }
}
