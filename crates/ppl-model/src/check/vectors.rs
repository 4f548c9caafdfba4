//! Vectors written out: along the left side's last axis, or along the axis whose levels they name.

use super::Checker;
use super::expressions::{Frame, join};
use crate::graph::*;
use ppl_syntax::ast;
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    pub(super) fn vector(&mut self, parts: &[ast::Arg], frame: Frame, span: Span) -> Option<TExpr> {
        let values: Vec<Option<TExpr>> = parts.iter().map(|p| self.expr(&p.value, frame)).collect();
        let values: Vec<TExpr> = values.into_iter().collect::<Option<_>>()?;
        let named: Vec<String> = parts
            .iter()
            .filter_map(|p| p.name.as_ref().map(|n| n.name.clone()))
            .collect();
        let (axis, order): (AxisRef, Vec<usize>) = if named.len() == parts.len() {
            let found = self.model.axes.iter().position(|a| {
                matches!(&a.levels, Levels::Listed(l) if l.len() == named.len() && named.iter().all(|n| l.contains(n)))
            });
            let Some(axis) = found else {
                return self.fail(
                    Diagnostic::error("E0110", span, "no axis has exactly these levels")
                        .help(format!("declare one: `axis a = {{{}}};`", named.join(", "))),
                );
            };
            let Levels::Listed(levels) = &self.model.axes[axis].levels else {
                return None;
            };
            (
                AxisRef::of(axis),
                levels
                    .iter()
                    .filter_map(|l| named.iter().position(|n| n == l))
                    .collect(),
            )
        } else if named.is_empty() {
            let Some(&axis) = frame.and_then(|f| f.last()) else {
                return self.fail(
                    Diagnostic::error("E0110", span, "these values lie along no axis")
                        .help("name the left side's axes, as in `let w[k] = [0.2, 0.8];`, or the levels: `[a = 0.2, b = 0.8]`"),
                );
            };
            if let Levels::Listed(l) = &self.model.axes[axis.axis].levels
                && l.len() != values.len()
            {
                let (have, want, name) = (
                    values.len(),
                    l.len(),
                    self.model.axes[axis.axis].name.clone(),
                );
                return self.fail(Diagnostic::error(
                    "E0110",
                    span,
                    format!("{have} values, but `{name}` has {want} levels"),
                ));
            }
            (axis, (0..values.len()).collect())
        } else {
            return self.fail(Diagnostic::error(
                "E0106",
                span,
                "either all values are named or none",
            ));
        };
        for v in &values {
            self.numeric(v)?;
        }
        let mut axes: Vec<AxisRef> = vec![];
        for v in &values {
            for x in &v.axes {
                if !axes.contains(x) {
                    axes.push(*x);
                }
            }
        }
        axes.push(axis);
        let stochastic = values.iter().any(|v| v.stochastic);
        let ty = values.iter().fold(Ty::Int, |t, v| join(t, v.ty));
        let parts = order.into_iter().map(|i| values[i].clone()).collect();
        Some(TExpr {
            kind: TKind::Vector(parts, axis),
            axes,
            ty,
            stochastic,
            span,
        })
    }
}
