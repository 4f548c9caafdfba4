//! `if c { … } else { … }` as a statement: observations and factors that count where a condition holds.

use super::Checker;
use super::expressions::number;
use super::statements::not_available;
use crate::graph::*;
use ppl_syntax::ast::{self, StmtKind};
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::HashMap;

impl Checker {
    pub(super) fn if_statement(
        &mut self,
        condition: &ast::Expr,
        then: &[ast::Stmt],
        otherwise: &[ast::Stmt],
    ) {
        if self.in_guide {
            return self.report(
                Diagnostic::error("E0116", condition.span, "a guide has no `if` statement")
                    .help("write `let m = if c { a } else { b };`, and draw from it"),
            );
        }
        let typed = self.condition(condition);
        let mut outside = true;
        for s in then.iter().chain(otherwise) {
            outside &= self.belongs_into_branch(s);
        }
        let (Some(typed), true) = (typed, outside) else {
            return;
        };
        let id = condition.span.start;
        let negated = self.negate(typed.clone(), typed.span);
        let [mut holds, mut fails] = self.guards_of(condition);
        let before = self.when.clone();
        for (first, statements, own) in [(true, then, Some(typed)), (false, otherwise, negated)] {
            let Some(own) = own else { continue };
            let mut branches = before.as_ref().map_or(vec![], |w| w.branches.clone());
            branches.push((id, first));
            let condition = match &before {
                None => Some(own),
                Some(w) => {
                    let span = own.span;
                    let both = vec![w.condition.clone(), own];
                    self.prim(ppl_dist::Prim::Min, both, Ty::Bool, None, span)
                }
            };
            let Some(condition) = condition else { continue };
            self.when = Some(When {
                condition,
                branches,
            });
            self.scopes.push(HashMap::new());
            let guard = std::mem::take(if first { &mut holds } else { &mut fails });
            self.guarded(guard, |this| this.statements(statements));
            self.scopes.pop();
        }
        self.when = before;
    }

    /// One condition for all that stands in the branches, or one for each element of the loops around.
    fn condition(&mut self, condition: &ast::Expr) -> Option<TExpr> {
        let typed = self.expr(condition, None)?;
        self.boolean(&typed)?;
        if let Some(open) = typed.axes.iter().find(|a| !a.is_loop()) {
            let axis = self.model.axis_name(*open).to_string();
            return self.fail(
                Diagnostic::error("E0114", typed.span, format!("an `if` statement takes one condition, but this lies along `{axis}`"))
                    .at("many conditions")
                    .help(format!("go through them, `for i in {axis} {{ if …[i] {{ … }} }}`, or choose elementwise: `observe y ~ if c {{ D1 }} else {{ D2 }}`")),
            );
        }
        Some(typed)
    }

    /// Whether a statement may stand in a branch; if not, that is reported.
    fn belongs_into_branch(&mut self, s: &ast::Stmt) -> bool {
        let (what, help) = match &s.kind {
            StmtKind::Observe { .. }
            | StmtKind::Factor { .. }
            | StmtKind::For { .. }
            | StmtKind::If { .. } => return true,
            StmtKind::Let { target, .. } if target.axes.is_empty() => return true,
            StmtKind::Let { target, .. } => (
                format!(
                    "`{}` would be defined in one branch alone",
                    target.name.name
                ),
                "leave the bracket away to name a value within the branch, or move it out: `let x[t] = if c { a } else { b };`",
            ),
            StmtKind::Sample { target, .. } => (
                format!("`{}` would be drawn in one branch alone", target.name.name),
                "move it out of the `if`, and choose between distributions: `x ~ if c { D1 } else { D2 };`",
            ),
            _ => (
                "this statement does not depend on conditions".to_string(),
                "move it out of the `if`",
            ),
        };
        let d = Diagnostic::error("E0116", s.span, what).at("in a branch");
        self.report(d.help(help));
        false
    }

    /// A value along the loops that the conditions around it read beside its own axes: what stands under `if y[i] == 0` is there
    /// once for each `i` of which that is true, although it does not read `i` itself.
    pub(super) fn along_conditions(&self, value: TExpr) -> TExpr {
        let Some(when) = &self.when else { return value };
        let read = when.condition.axes.iter().copied();
        let mut axes: Vec<AxisRef> = read.filter(|a| !value.axes.contains(a)).collect();
        if axes.is_empty() {
            return value;
        }
        axes.extend(&value.axes);
        // The value itself, once for each element.
        let parts = vec![number(1.0, value.span), value.clone(), value.clone()];
        TExpr {
            axes,
            kind: TKind::Prim(ppl_dist::Prim::Select, parts),
            ..value
        }
    }

    /// Missing entries are drawn wherever their column is observed, so a condition on that is left out.
    pub(super) fn conditional_missing(&mut self, value: &TExpr) -> Option<()> {
        let optional = value
            .whole_symbol()
            .is_some_and(|id| self.model.symbols[id].is_optional());
        if optional && self.when.is_some() {
            return self.fail(
                not_available(
                    value.span,
                    "an observation of a column with missing entries, within `if`,",
                )
                .help("choose between distributions, `observe y ~ if c { D1 } else { D2 };`; where the condition leaves the missing rows out, declare the column without `?` and fill their cells with any number, such as 0: it is never read"),
            );
        }
        Some(())
    }
}

/// Whether two statements stand in different branches of one `if`.
pub(super) fn exclude(a: &Option<When>, b: &Option<When>) -> bool {
    let (Some(a), Some(b)) = (a, b) else {
        return false;
    };
    a.branches
        .iter()
        .any(|(id, first)| b.branches.contains(&(*id, !first)))
}
