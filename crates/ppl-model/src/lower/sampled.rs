//! Discrete sites that a guide draws: how statements read them, and the gradient of the bound by expectation over an
//! element's values.
//!
//! For an element with probabilities q(k), the gradient of E_q[f] by its parameters is E[sum over k of the derivative of q(k)
//! times f with the element at k, all others as drawn] (Titsias and Lázaro-Gredilla 2015). Only the terms that read the
//! element differ between its values, and they are had by lowering the statements once for each way in which they read
//! the site, with the values listed along an axis for that way alone.

use super::guide::DiscreteDraw;
use super::{Lowered, Lowering};
use crate::graph::{AxisRef, SymbolId, TExpr, TKind};
use ppl_core::{AxisId, AxisSet, DRAW, Expr, Index, IndexId, Real};
use ppl_syntax::Span;
use std::collections::HashSet;

/// One way to read a drawn site: for each of its axes its own elements, or those that an index of data looks up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DrawnRead {
    site: SymbolId,
    by: Vec<Option<IndexId>>,
    /// Whether it reads its own or an earlier element along an axis, nothing else.
    along: bool,
}

/// What is known of how drawn sites are read.
#[derive(Debug, Clone, Default)]
pub(super) struct DrawnReads {
    found: Vec<DrawnRead>,
    /// Sites that are read in ways which cannot be listed, or by the guide itself.
    otherwise: HashSet<SymbolId>,
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// Whether a guide draws a discrete site.
    pub(super) fn is_drawn(&self, id: SymbolId) -> bool {
        self.bound.model.sampled.contains(&id)
    }

    /// A drawn site read by its own elements.
    pub(super) fn drawn(&self, site: SymbolId, value: Expr<'b>) -> Lowered<Expr<'b>> {
        let n = self.bound.model.symbols[site].axes.len();
        let by = vec![None; n];
        self.note_read(DrawnRead {
            site,
            by: by.clone(),
            along: true,
        });
        match self.is_listed(site, &by) {
            true => self.reading(site, by),
            false => Ok(value),
        }
    }

    /// A drawn site read by what stands in brackets.
    pub(super) fn drawn_at(
        &self,
        site: SymbolId,
        indices: &[(AxisRef, TExpr)],
        span: Span,
    ) -> Lowered<Expr<'b>> {
        let Some(value) = self.latent(site) else {
            return self.symbol(site);
        };
        let Ok(by) = self.bracket(site, indices, span) else {
            self.drawn_reads.borrow_mut().otherwise.insert(site);
            return self.look_up(value, indices);
        };
        let looked_up = indices
            .iter()
            .filter(|(_, i)| !matches!(i.kind, TKind::LoopVariable));
        let kinds: Vec<bool> = looked_up
            .map(|(_, i)| matches!(i.kind, TKind::Shift(..)))
            .collect();
        let along = matches!(kinds.as_slice(), [] | [true]);
        self.note_read(DrawnRead {
            site,
            by: by.clone(),
            along,
        });
        match self.is_listed(site, &by) {
            true => self.reading(site, by),
            false => self.look_up(value, indices),
        }
    }

    fn note_read(&self, read: DrawnRead) {
        let mut reads = self.drawn_reads.borrow_mut();
        if !reads.found.contains(&read) {
            reads.found.push(read);
        }
    }

    fn is_listed(&self, site: SymbolId, by: &[Option<IndexId>]) -> bool {
        self.listed
            .as_ref()
            .is_some_and(|l| l.site == site && l.by == by)
    }

    /// What the guide itself reads has more ways to matter than through the terms of the model.
    pub(super) fn reads_of_guide(&self) {
        let mut reads = self.drawn_reads.borrow_mut();
        let found = std::mem::take(&mut reads.found);
        reads.otherwise.extend(found.into_iter().map(|r| r.site));
    }

    /// Elements of a value along an axis by drawn labels: the one that is hit, of all.
    pub(super) fn hit(
        &self,
        value: Expr<'b>,
        axis: AxisId,
        positions: Expr<'b>,
    ) -> Lowered<Expr<'b>> {
        let b = self.builder;
        let taken: Vec<AxisId> = b
            .axes_of(value)
            .union(b.axes_of(positions))
            .iter()
            .chain(self.readings.borrow().iter().map(|r| r.slot))
            .collect();
        let n = b.size(axis);
        let slot = self.free_slot(n, &taken)?;
        let numbers: Vec<f64> = (0..n).map(|k| k as f64).collect();
        let labels = b.data(numbers.into(), AxisSet::of(&[slot]));
        let each = b.rename(value, axis, slot);
        let hit = positions.equal(labels).select(each, Expr::Const(0.0));
        Ok(b.sum(hit, AxisSet::of(&[slot])))
    }

    /// The surrogate whose gradient is that of the bound by the parameters of a discrete draw, one number a draw of the
    /// Monte Carlo estimate: sum over elements and values of q(k) (f(k) - ln q(k)), f and ln q held. `None` where the terms
    /// that read the site cannot be told apart by its elements, or listing its values takes too much: the score function
    /// serves there. The model must have been lowered.
    pub fn local_expectation(&self, site: SymbolId, draw: &DiscreteDraw<'b>) -> Option<Expr<'b>> {
        let reads: Vec<DrawnRead> = {
            let all = self.drawn_reads.borrow();
            if all.otherwise.contains(&site) {
                return None;
            }
            let of_site = all.found.iter().filter(|r| r.site == site);
            of_site.cloned().collect()
        };
        let b = self.builder;
        let model = &self.bound.model;
        let own = self.axes.set(&model.symbols[site].axes);
        let (_, n_values) = self.bound.values_of(site);
        let mut cost = 0.0;
        let mut local = Expr::Const(0.0);
        let mut statements: Vec<(Span, usize)> = vec![];
        for (number, read) in reads.iter().enumerate() {
            let looked_up: Vec<(AxisId, IndexId)> = model.symbols[site]
                .axes
                .iter()
                .zip(&read.by)
                .filter_map(|(a, by)| Some((self.axes.id(*a), (*by)?)))
                .collect();
            if looked_up.len() > 1 {
                return None;
            }
            let elements = self.elements_by(site, &read.by);
            let size = |s: AxisSet| s.iter().map(|a| b.size(a) as f64).product::<f64>();
            cost += size(elements) * n_values as f64;
            if cost > self.bound.table_bound {
                return None;
            }
            let listed = Lowering::listing(self, read.clone());
            let (_, factors) = listed.statements().ok()?;
            *self.more_slots.borrow_mut() = listed.more_slots.take();
            for f in factors {
                let Some(reading) = f.readings.iter().find(|r| r.site == site) else {
                    continue;
                };
                if f.readings.len() > 1 {
                    return None;
                }
                statements.push((f.span, number));
                let value = b.rename(f.value, reading.slot, draw.slot);
                local = local
                    + match looked_up.as_slice() {
                        [(axis, index)] => {
                            let value = b.broadcast(value, b.axes_of(value).union(elements));
                            let gone = b.index_axes(*index).1;
                            let to = b.axes_of(value).minus(gone).with(*axis).union(own);
                            b.scatter(value, *index, to)
                        }
                        _ => value,
                    };
            }
        }
        for (i, (span, one)) in statements.iter().enumerate() {
            for (_, other) in statements[..i].iter().filter(|s| s.0 == *span) {
                let (one, other) = (&reads[*one], &reads[*other]);
                let apart = one.along && other.along;
                if one != other && !apart && self.coincide(one, other) {
                    return None;
                }
            }
        }
        // What cannot be drawn counts nothing, whatever its density.
        let possible = Expr::Const(0.0).less(draw.q);
        let gain = possible.select(local - draw.ln_q, Expr::Const(0.0));
        let term = draw.q * b.stop(gain);
        Some(b.sum(term, own.with(draw.slot).without(DRAW)))
    }

    /// Whether two ways to read a site ever read the same element in one instance of a statement.
    fn coincide(&self, one: &DrawnRead, other: &DrawnRead) -> bool {
        let b = self.builder;
        let space = self
            .elements_by(one.site, &one.by)
            .union(self.elements_by(other.site, &other.by));
        let axes: Vec<AxisId> = space.iter().collect();
        let n: usize = axes.iter().map(|a| b.size(*a)).product();
        if n as f64 > self.bound.table_bound {
            return true;
        }
        let (a, c) = (
            self.elements_at(one.site, &one.by, &axes, AxisSet::EMPTY),
            self.elements_at(other.site, &other.by, &axes, AxisSet::EMPTY),
        );
        a.iter().zip(&c).any(|(x, y)| x == y)
    }

    /// A value for each value of a drawn site, along `slot`, as a function of the drawn one.
    pub(super) fn at_drawn(
        &self,
        each: Expr<'b>,
        slot: AxisId,
        values: Expr<'b>,
        drawn: Expr<'b>,
    ) -> Expr<'b> {
        let hit = drawn.equal(values).select(each, Expr::Const(0.0));
        self.builder.sum(hit, AxisSet::of(&[slot]))
    }

    /// An index of one fixed element.
    pub(super) fn single(&self, axis: AxisId, position: u32) -> IndexId {
        self.builder.index(Index {
            target: axis,
            axes: AxisSet::EMPTY,
            values: [position].into(),
        })
    }
}
