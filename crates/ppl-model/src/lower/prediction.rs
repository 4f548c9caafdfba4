//! What draws from a distribution need: its arguments and bounds as values, branch by branch.

use super::{Lowered, Lowering};
use crate::graph::TDist;
use ppl_core::Expr;
use ppl_dist::{Distribution, Shape};

/// One branch of a distribution whose draws are wanted.
pub struct PredictedBranch<'b> {
    /// Taken where this is not 0, unless an earlier one is; `None` for the last.
    pub condition: Option<Expr<'b>>,
    /// The distribution.
    pub distribution: &'static dyn Distribution,
    /// Canonical arguments, each flat.
    pub arguments: Vec<Vec<Expr<'b>>>,
    /// Smallest value of a truncated distribution.
    pub lower: Option<Expr<'b>>,
    /// Largest value.
    pub upper: Option<Expr<'b>>,
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// The branches of a distribution, over the batch of its draws.
    pub fn predicted(&self, d: &TDist) -> Lowered<Vec<PredictedBranch<'b>>> {
        let mut out = vec![];
        for d in d.branches() {
            let event: Vec<_> = d.event.iter().map(|&a| self.axes.id(a)).collect();
            if !matches!(
                d.distribution.definition().event,
                Shape::Scalar | Shape::Sequence
            ) {
                self.written_out(d, &event)?;
            }
            let read =
                |e: &Option<Box<crate::graph::TExpr>>| e.as_ref().map(|e| self.expr(e)).transpose();
            out.push(PredictedBranch {
                condition: d.otherwise.as_ref().map(|o| self.expr(&o.0)).transpose()?,
                distribution: d.distribution,
                arguments: self.arguments(d, &event)?,
                lower: read(&d.modifiers.lower)?,
                upper: read(&d.modifiers.upper)?,
            });
        }
        Ok(out)
    }
}
