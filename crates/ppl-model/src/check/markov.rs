//! `.transformed(markov = b, over = t)`: a guide's draw whose unconstrained numbers hang on the one before.

use super::Checker;
use crate::graph::*;
use ppl_syntax::ast::{Arg, ExprKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};

fn named(a: &Arg, name: &str) -> bool {
    a.name.as_ref().is_some_and(|n| n.name == name)
}

/// Whether an argument is one of these two.
pub(super) fn is_of_chain(a: &Arg) -> bool {
    named(a, "markov") || named(a, "over")
}

impl Checker {
    /// The coefficients and the axis; `None` within where there are none.
    pub(super) fn markov(
        &mut self,
        args: &[Arg],
        dist: Span,
    ) -> Option<Option<Box<(TExpr, AxisRef)>>> {
        let by = args.iter().find(|a| named(a, "markov"));
        let over = args.iter().find(|a| named(a, "over"));
        let (by, over) = match (by, over) {
            (None, None) => return Some(None),
            (Some(by), Some(over)) => (by, over),
            (Some(one), None) | (None, Some(one)) => {
                return self.fail(
                    Diagnostic::error("E0106", one.value.span, "`markov` and `over` go together")
                        .label(dist, "this draw")
                        .help(
                            "write `.transformed(markov = b, over = t)`, `b` along the draw's axes",
                        ),
                );
            }
        };
        let coefficients = self.expr(&by.value, None)?;
        self.numeric(&coefficients)?;
        let axis = match &over.value.kind {
            ExprKind::Name(name) => self.model.axes.iter().position(|a| a.name == *name),
            _ => None,
        };
        let Some(axis) = axis.map(AxisRef::of) else {
            return self.fail(Diagnostic::error(
                "E0104",
                over.value.span,
                "the name of the axis is expected that the chain goes along",
            ));
        };
        Some(Some(Box::new((coefficients, axis))))
    }
}
