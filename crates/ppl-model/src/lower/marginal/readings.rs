//! The ways in which statements read a discrete site, each with its enumeration axis.

use crate::graph::{AxisRef, SymbolId, TExpr, TKind, Ty};
use crate::lower::{Lowered, Lowering};
use ppl_core::{Axis, AxisId, AxisSet, Expr, Index, IndexId};
use ppl_syntax::Span;
use ppl_syntax::diagnostic::Diagnostic;

/// What helps where a term mixes elements of a site.
const EXACT_SUM: &str = "what mixes at most 8 elements is summed out exactly, in `sum(x * on, over = k)` and in `x @ on` (fewer elements where they have many values)";

/// One way to read a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lower) struct Reading {
    /// The site.
    pub(in crate::lower) site: SymbolId,
    /// For each of its axes in declared order: its own elements, or those that an index of data looks up.
    pub(super) by: Vec<Option<IndexId>>,
    /// Along which its values are listed.
    pub(in crate::lower) slot: AxisId,
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// Whether a symbol's value is the list of all its values.
    pub(in crate::lower) fn is_enumerated(&self, id: SymbolId) -> bool {
        self.bound.model.is_summed_out(id)
    }

    /// The values of a site, read by its own elements.
    pub(in crate::lower) fn enumerated(&self, site: SymbolId) -> Lowered<Expr<'b>> {
        let n = self.bound.model.symbols[site].axes.len();
        self.reading(site, vec![None; n])
    }

    /// The values of a site, read by what stands in brackets.
    pub(in crate::lower) fn enumerated_at(
        &self,
        site: SymbolId,
        indices: &[(AxisRef, TExpr)],
        span: Span,
    ) -> Lowered<Expr<'b>> {
        let by = self.bracket(site, indices, span)?;
        self.reading(site, by)
    }

    /// For each axis of a site what its bracket looks up; none: its own elements.
    pub(in crate::lower) fn bracket(
        &self,
        site: SymbolId,
        indices: &[(AxisRef, TExpr)],
        span: Span,
    ) -> Lowered<Vec<Option<IndexId>>> {
        let mut by = vec![];
        for axis in &self.bound.model.symbols[site].axes {
            let index = indices.iter().find(|(a, _)| a == axis).map(|(_, i)| i);
            by.push(match index {
                None => None,
                Some(i) => match &i.kind {
                    TKind::LoopVariable => {
                        if i.axes.first().map(|a| self.axes.id(*a)) != Some(self.axes.id(*axis)) {
                            return Err(self.unreadable(span, site));
                        }
                        None
                    }
                    TKind::Label(of, label) => {
                        Some(self.single(self.axes.id(*axis), self.label(*of, label)))
                    }
                    _ => match self.index(i, *axis) {
                        Some(index) => Some(index),
                        None => return Err(self.unreadable(span, site)),
                    },
                },
            });
        }
        Ok(by)
    }

    pub(in crate::lower) fn reading(
        &self,
        site: SymbolId,
        by: Vec<Option<IndexId>>,
    ) -> Lowered<Expr<'b>> {
        let (first, n) = self.bound.values_of(site);
        let known = self
            .readings
            .borrow()
            .iter()
            .find(|r| r.site == site && r.by == by)
            .map(|r| r.slot);
        let slot = match known {
            Some(slot) => slot,
            None => {
                let used: Vec<AxisId> = self.readings.borrow().iter().map(|r| r.slot).collect();
                let slot = self.free_slot(n, &used)?;
                self.readings.borrow_mut().push(Reading { site, by, slot });
                slot
            }
        };
        let values: Vec<f64> = (0..n).map(|k| first + k as f64).collect();
        Ok(self.builder.data(values.into(), AxisSet::of(&[slot])))
    }

    /// An enumeration axis of that size which is not among `used`.
    pub(in crate::lower) fn free_slot(&self, n: usize, used: &[AxisId]) -> Lowered<AxisId> {
        let mut pool = self.axes.slots(n);
        pool.extend(
            self.more_slots
                .borrow()
                .iter()
                .filter(|s| s.0 == n)
                .map(|s| s.1),
        );
        let own: Vec<AxisId> = self.own_slots.borrow().values().copied().collect();
        let free = |s: &AxisId| !used.contains(s) && !own.contains(s);
        if let Some(free) = pool.into_iter().find(free) {
            return Ok(free);
        }
        let axis = self.new_axis("any", n)?;
        self.more_slots.borrow_mut().push((n, axis));
        Ok(axis)
    }

    /// One more axis of the program.
    pub(in crate::lower) fn new_axis(&self, name: &str, size: usize) -> Lowered<AxisId> {
        let axis = Axis {
            name: format!("{name} {size}"),
            size,
        };
        self.builder.add_axis(axis).ok_or_else(|| {
            Box::new(
                Diagnostic::error("E0113", Span::default(), "summing out the discrete sites takes more than 63 axes, which cannot be used in this version")
                    .help("docs/src/limits.md lists what is left out, and what to write instead"),
            )
        })
    }

    /// The readings that a value depends on.
    pub(in crate::lower) fn readings_in(&self, axes: AxisSet) -> Vec<Reading> {
        let all = self.readings.borrow();
        all.iter()
            .filter(|r| axes.contains(r.slot))
            .cloned()
            .collect()
    }

    /// Elements along an axis by an index that depends on discrete sites (and data), such as a site itself.
    pub(in crate::lower) fn looked_up_by_value(
        &self,
        value: Expr<'b>,
        axis: AxisRef,
        index: &TExpr,
    ) -> Lowered<Expr<'b>> {
        let b = self.builder;
        let core = self.axes.id(axis);
        let positions = self.expr(index)?;
        let along = b.axes_of(positions);
        if let (Ty::Index(_), Some(slot), 1) =
            (self.site_type(index), along.innermost(), along.len())
            && !b.axes_of(value).contains(slot)
            && b.size(slot) == b.size(core)
            && self.readings.borrow().iter().any(|r| r.slot == slot)
        {
            // The labels in their order: the axis itself.
            return Ok(b.rename(value, core, slot));
        }
        let calculated = || {
            Box::new(
                Diagnostic::error(
                    "E0113",
                    index.span,
                    "an index that is calculated cannot be used in this version",
                )
                .help("look up by a column, a discrete site or a loop variable"),
            )
        };
        let Expr::Node(id, _) = positions else {
            return Err(calculated());
        };
        if !b.is_fixed(id) {
            if let Ty::Index(_) = index.ty {
                return self.hit(value, core, positions);
            }
            return Err(calculated());
        }
        let program = b.snapshot();
        let mut numbers = ppl_core::interpret::evaluate(&program, &[], &[], &[id]);
        let numbers = numbers.pop().unwrap_or_default();
        let n = b.size(core) as f64;
        if numbers
            .iter()
            .any(|v| !(*v >= 0.0 && *v < n && v.fract() == 0.0))
        {
            return Err(calculated());
        }
        let index = b.index(Index {
            target: core,
            axes: along,
            values: numbers.into_iter().map(|v| v as u32).collect(),
        });
        Ok(b.gather(value, index))
    }

    /// The type of the discrete site that an expression is nothing but the labels of.
    fn site_type(&self, index: &TExpr) -> Ty {
        let id = match &index.kind {
            TKind::Symbol(id) => *id,
            TKind::Gather(src, _) => match src.kind {
                TKind::Symbol(id) => id,
                _ => return Ty::Real,
            },
            _ => return Ty::Real,
        };
        if self.is_enumerated(id) || self.is_drawn(id) {
            self.bound.model.symbols[id].ty
        } else {
            Ty::Real
        }
    }

    /// What is added to the log density of each value of each element of a site: its derivative there is the posterior
    /// probability of that value.
    pub fn set_probe(&self, site: SymbolId, value: Expr<'b>) {
        self.probes.borrow_mut().insert(site, value);
    }

    pub(super) fn probe(&self, site: SymbolId) -> Option<Expr<'b>> {
        self.probes.borrow().get(&site).copied()
    }

    /// The axes along which a reading goes through a site's elements.
    pub(in crate::lower) fn elements(&self, r: &Reading) -> AxisSet {
        self.elements_by(r.site, &r.by)
    }

    /// The same of a way to read a site.
    pub(in crate::lower) fn elements_by(&self, site: SymbolId, by: &[Option<IndexId>]) -> AxisSet {
        let own = &self.bound.model.symbols[site].axes;
        own.iter()
            .zip(by)
            .fold(AxisSet::EMPTY, |set, (axis, by)| match by {
                None => set.with(self.axes.id(*axis)),
                Some(index) => set.union(self.builder.index_axes(*index).1),
            })
    }

    /// Whether a value over these axes has several elements of a site.
    pub(in crate::lower) fn mixes(&self, value: Expr<'b>, over: AxisSet) -> bool {
        let readings = self.readings_in(self.builder.axes_of(value));
        let mut elements = readings.iter().map(|r| self.elements(r));
        elements.any(|e| !e.intersection(over).is_empty())
    }

    /// Elements of a site may not be mixed with each other before their factor is complete.
    pub(in crate::lower) fn not_mixed(
        &self,
        value: Expr<'b>,
        over: AxisSet,
        span: Span,
    ) -> Lowered<()> {
        for r in self.readings_in(self.builder.axes_of(value)) {
            if !self.elements(&r).intersection(over).is_empty() {
                return Err(self.mixed(r.site, span));
            }
        }
        Ok(())
    }

    pub(super) fn mixed(&self, site: SymbolId, span: Span) -> Box<Diagnostic> {
        self.given_up.borrow_mut().push(site);
        let name = &self.bound.model.symbols[site].name;
        Box::new(
            Diagnostic::error("E0113", span, format!("this reads several elements of the discrete site `{name}` at once, which cannot be summed out in this version"))
                .help(EXACT_SUM),
        )
    }

    /// The message of factors that mix `n` elements of a site, each along its axes: more than can be told apart.
    pub(in crate::lower) fn too_mixed(
        &self,
        factors: &[(Expr<'b>, AxisSet)],
        n: usize,
        span: Span,
    ) -> Box<Diagnostic> {
        let mut d = self.not_apart(factors, span);
        let names: Vec<String> = self
            .mixed_sites(factors)
            .iter()
            .map(|&id| format!("`{}`", self.bound.model.symbols[id].name))
            .collect();
        d.message = format!(
            "this mixes {n} elements of {}, too many for one term of a sum over all their values",
            names.join(" and of ")
        );
        d
    }

    /// The message of factors that mix elements of sites in a way that cannot be taken apart.
    pub(in crate::lower) fn not_apart(
        &self,
        factors: &[(Expr<'b>, AxisSet)],
        span: Span,
    ) -> Box<Diagnostic> {
        let sites = self.mixed_sites(factors);
        let mut messages = sites.iter().map(|&id| self.mixed(id, span));
        let first = messages.next();
        // Every site that is mixed is given up, whichever the message names.
        messages.for_each(drop);
        first.unwrap_or_else(|| {
            Box::new(
                Diagnostic::error(
                    "E0113",
                    span,
                    "this reduction cannot be summed out in this version",
                )
                .help(EXACT_SUM),
            )
        })
    }

    /// The sites of which factors have several elements along these axes.
    fn mixed_sites(&self, factors: &[(Expr<'b>, AxisSet)]) -> Vec<SymbolId> {
        let mut sites = vec![];
        for (value, over) in factors {
            for r in self.readings_in(self.builder.axes_of(*value)) {
                if !self.elements(&r).intersection(*over).is_empty() && !sites.contains(&r.site) {
                    sites.push(r.site);
                }
            }
        }
        sites
    }

    fn unreadable(&self, span: Span, site: SymbolId) -> Box<Diagnostic> {
        self.given_up.borrow_mut().push(site);
        let name = &self.bound.model.symbols[site].name;
        Box::new(
            Diagnostic::error("E0113", span, format!("this look-up of the discrete site `{name}` cannot be summed out in this version"))
                .help("look it up by a loop variable, an earlier element or a column of data"),
        )
    }
}
