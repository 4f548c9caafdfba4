//! `==` between numbers with decimals where it decides what is censored: 0.3 and 0.1 + 0.2 are not equal.

use super::Checker;
use crate::graph::*;
use ppl_dist::Prim;
use ppl_syntax::diagnostic::Diagnostic;

impl Checker {
    /// Warns of `.censored(right = y == limit)` with real numbers.
    pub(super) fn censored_by_equality(&mut self) {
        let mut found = vec![];
        for located in &self.model.statements {
            let Statement::Observe { dist, .. } = &located.statement else {
                continue;
            };
            for d in dist.branches() {
                let flags = [(&d.modifiers.left, "<="), (&d.modifiers.right, ">=")];
                for (flag, sign) in flags {
                    let Some(flag) = flag else { continue };
                    flag.visit(&mut |e| {
                        let TKind::Prim(Prim::Equal, sides) = &e.kind else {
                            return;
                        };
                        // Whole numbers are read from a file as they are.
                        let exact = |s: &TExpr| {
                            s.ty != Ty::Real
                                || matches!(s.kind, TKind::Number(v) if v.fract() == 0.0)
                        };
                        if sides.iter().any(exact) {
                            return;
                        }
                        found.push(
                            Diagnostic::warning("W0134", e.span, "`==` compares numbers with decimals, and decides what is censored")
                                .at("holds for equal bits alone")
                                .help(format!("a cell that is off by rounding counts as measured: write `{sign}`, or use a `bool` column")),
                        );
                    });
                }
            }
        }
        self.diagnostics.extend(found);
    }
}
