//! Terms of statements that read discrete sites.

use super::Reading;
use crate::graph::{Statement, SymbolId};
use crate::lower::{Lowered, Lowering};
use ppl_core::{AxisSet, DRAW, Expr};
use ppl_syntax::Span;

/// The log density of a statement for every value of the discrete sites that it reads.
pub(in crate::lower) struct Factor<'b> {
    /// Over the statement's axes and the enumeration axes.
    pub(super) value: Expr<'b>,
    /// The axes of the statement that go through elements of the sites; the others are summed.
    pub(super) over: AxisSet,
    /// How the sites are read.
    pub(super) readings: Vec<Reading>,
    /// The site whose prior it is.
    pub(super) prior: Option<SymbolId>,
    /// The statement.
    pub(super) span: Span,
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// A statement's density, over `over`, as a factor; `None` if it reads no discrete site.
    pub(in crate::lower) fn factor(
        &self,
        statement: &Statement,
        span: Span,
        density: Expr<'b>,
        over: AxisSet,
    ) -> Lowered<Option<Factor<'b>>> {
        let mut readings = self.readings_in(self.builder.axes_of(density));
        let prior = match statement {
            Statement::Sample(id) => Some(*id),
            _ => None,
        };
        if let Some(id) = prior.filter(|id| self.is_enumerated(*id)) {
            // A uniform prior reads its site although its density does not.
            let own = self.builder.axes_of(self.enumerated(id)?);
            for r in self.readings_in(own) {
                if !readings.contains(&r) {
                    readings.push(r);
                }
            }
        }
        if readings.is_empty() {
            return Ok(None);
        }
        let mut elements = AxisSet::EMPTY;
        for r in &readings {
            let own = self.elements(r);
            if !over.contains_all(own) {
                return Err(self.mixed(r.site, span));
            }
            elements = elements.union(own);
        }
        let value = self
            .builder
            .sum(density, over.minus(elements).without(DRAW));
        Ok(Some(Factor {
            value,
            over: elements,
            readings,
            prior,
            span,
        }))
    }
}
