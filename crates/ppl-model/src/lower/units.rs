//! The log likelihood unit by unit: an element of an observation, or, where discrete sites are summed out, an element of the
//! plates that everything they touch has in common. Units are independent given the other unknowns.

use super::{Lowered, Lowering};
use crate::graph::{AxisRef, Located, Statement, SymbolId};
use ppl_core::{AxisSet, DRAW, Expr, Real};
use ppl_syntax::Span;

/// Observations with the log likelihood of each of their elements.
pub struct Observed<'b> {
    /// The statements: several where they share summed-out sites.
    pub spans: Vec<Span>,
    /// Axes of the units.
    pub batch: Vec<AxisRef>,
    /// Log likelihood of each unit, over the batch or a part of it.
    pub value: Expr<'b>,
    /// 1 where something is observed, 0 where a cell is missing or a statement does not hold.
    pub counted: Expr<'b>,
}

/// What was observed.
#[derive(Default)]
pub struct Units<'b> {
    /// By statement, or by set of statements.
    pub observed: Vec<Observed<'b>>,
    /// Summed-out sites through which all observations depend on each other.
    pub entangled: Vec<SymbolId>,
    /// Statements that wait for the sites that they read to be summed out.
    waiting: Vec<(Span, Vec<AxisRef>, Expr<'b>)>,
}

/// The log density of a set of summed-out sites for each element of its common plates.
#[derive(Clone, Copy)]
pub(super) struct Plates<'b> {
    pub(super) each: Expr<'b>,
    pub(super) common: AxisSet,
}

impl<'b> Plates<'b> {
    /// Less a part of the same, whose common plates are at least these.
    pub(super) fn less(self, lowering: &Lowering<'_, 'b>, part: Plates<'b>) -> Plates<'b> {
        let more = part.common.minus(self.common).without(DRAW);
        Plates {
            each: self.each - lowering.builder.sum(part.each, more),
            common: self.common,
        }
    }
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// Notes an observation, if that is asked for: with the density of its elements, or `None` where it reads summed-out sites.
    pub(super) fn note_observed(
        &self,
        located: &Located,
        batch: &[AxisRef],
        density: Option<Expr<'b>>,
    ) -> Lowered<()> {
        let Statement::Observe { value, .. } = &located.statement else {
            return Ok(());
        };
        if self.units.borrow().is_none() {
            return Ok(());
        }
        let mut counted = self.present(value).unwrap_or(Expr::Const(1.0));
        if let Some((axis, n, by)) = located.skip
            && batch.contains(&axis)
        {
            counted = self
                .end_flags(axis, n, by, false)
                .select(Expr::Const(0.0), counted);
        }
        if let Some(when) = &located.when
            && !when.condition.stochastic
        {
            counted = self
                .expr(&when.condition)?
                .select(counted, Expr::Const(0.0));
        }
        if let Some(units) = self.units.borrow_mut().as_mut() {
            match density {
                Some(value) => units.observed.push(Observed {
                    spans: vec![located.span],
                    batch: batch.to_vec(),
                    value,
                    counted,
                }),
                None => units.waiting.push((located.span, batch.to_vec(), counted)),
            }
        }
        Ok(())
    }

    /// Notes the observations that a set of summed-out sites brings together.
    pub(super) fn note_summed_out(&self, plates: Plates<'b>, sites: &[SymbolId], spans: &[Span]) {
        let mut units = self.units.borrow_mut();
        let Some(units) = units.as_mut() else {
            return;
        };
        let b = self.builder;
        let (own, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut units.waiting)
            .into_iter()
            .partition(|w| spans.contains(&w.0));
        units.waiting = rest;
        let Some(first) = own.first() else {
            return;
        };
        if plates.common == AxisSet::EMPTY {
            units.entangled.extend(sites);
            return;
        }
        let in_common = |a: &AxisRef| plates.common.contains(self.axes.id(*a));
        let batch: Vec<AxisRef> = first.1.iter().copied().filter(in_common).collect();
        let counts = own.iter().map(|(_, batch, counted)| {
            let within = self.axes.set(batch).minus(plates.common).without(DRAW);
            b.sum(*counted, within)
        });
        let counted = counts.fold(Expr::Const(0.0), |sum, c| sum + c);
        units.observed.push(Observed {
            spans: own.iter().map(|w| w.0).collect(),
            batch,
            value: plates.each,
            counted: Expr::Const(0.0).less(counted),
        });
    }
}
