//! Terms of statements that read discrete sites.

use super::Reading;
use crate::graph::{Statement, SymbolId};
use crate::lower::{Lowered, Lowering};
use ppl_core::{AxisSet, DRAW, Expr, Real};
use ppl_syntax::Span;

/// The log density of a statement for every value of the discrete sites that it reads.
pub(in crate::lower) struct Factor<'b> {
    /// Over the statement's axes and the enumeration axes.
    pub(in crate::lower) value: Expr<'b>,
    /// The axes of the statement that go through elements of the sites; the others are summed.
    pub(super) over: AxisSet,
    /// How the sites are read.
    pub(in crate::lower) readings: Vec<Reading>,
    /// The site whose prior it is.
    pub(super) prior: Option<SymbolId>,
    /// Whether it is there for a report.
    pub(super) reported: bool,
    /// The statement.
    pub(in crate::lower) span: Span,
}

/// The log density of the impossible, while factors are added and multiplied by counts: -inf times a count of 0 would be NaN.
pub(super) const NEVER: f64 = -1e300;

impl<'a, 'b> Lowering<'a, 'b> {
    /// Whether a value is computed from -inf as a literal.
    fn may_be_never(&self, value: Expr<'b>) -> bool {
        let Expr::Node(id, _) = value else {
            return matches!(value, Expr::Const(v) if v == f64::NEG_INFINITY);
        };
        let (mut stack, mut seen) = (vec![id], std::collections::HashSet::new());
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            if self.builder.literal(id) == Some(f64::NEG_INFINITY) {
                return true;
            }
            stack.extend(self.builder.op_of(id).args());
        }
        false
    }

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
        let density = if self.may_be_never(density) {
            density.max(Expr::Const(NEVER))
        } else {
            density
        };
        let value = self
            .builder
            .sum(density, over.minus(elements).without(DRAW));
        Ok(Some(Factor {
            value,
            over: elements,
            readings,
            prior,
            reported: matches!(statement, Statement::Report { .. }),
            span,
        }))
    }
}
