//! One number added to a covariance matrix: it goes to every element, and the diagonal is usually meant.

use super::Checker;
use crate::graph::*;
use ppl_dist::Prim;
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::HashSet;

impl Checker {
    /// Warns of `exp_quad(x, …) + s^2`, which is noise in a paper and a common level of all points here.
    pub(super) fn covariance_sums(&mut self) {
        let mut found: Vec<Diagnostic> = vec![];
        let mut seen = HashSet::new();
        let mut look = |e: &TExpr| {
            e.visit(&mut |e| {
                if seen.insert((e.span.start, e.span.end)) {
                    found.extend(self.covariance_sum(e));
                }
            });
        };
        for symbol in &self.model.symbols {
            if let Role::Let(e) = &symbol.role {
                look(e);
            }
        }
        for located in &self.model.statements {
            if let Some(d) = self.model.dist_of(&located.statement) {
                d.expressions().into_iter().for_each(&mut look);
            }
        }
        self.diagnostics.extend(found);
    }

    fn covariance_sum(&self, e: &TExpr) -> Option<Diagnostic> {
        let TKind::Prim(Prim::Add, parts) = &e.kind else {
            return None;
        };
        let number = parts.iter().find(|p| p.axes.is_empty())?;
        let matrix = parts.iter().find(|p| self.is_kernel(p))?;
        if matches!(number.kind, TKind::Number(0.0)) {
            return None;
        }
        let axis = matrix.axes.last().map(|a| self.model.axis_name(*a))?;
        let name = match &number.kind {
            TKind::Number(v) => format!("{v}"),
            TKind::Symbol(id) => self.model.symbols[*id].name.clone(),
            _ => "…".to_owned(),
        };
        Some(
            Diagnostic::warning("W0140", number.span, "this number is added to every element of the covariance matrix")
                .at("not to the diagonal alone")
                .label(matrix.span, "the matrix")
                .help(format!(
                    "noise stands on the diagonal: `let noise[{axis}] = {name};`, then `… + diag(noise)`; of a GaussianProcess it is `jitter = {name}`"
                )),
        )
    }

    /// A square matrix made by a kernel, also times something, or under a name.
    fn is_kernel(&self, e: &TExpr) -> bool {
        let inner = self.resolved(e);
        let square = |axis: &AxisRef| e.axes.iter().filter(|a| a.axis == axis.axis).count() == 2;
        match &inner.kind {
            TKind::Linear(call) => {
                matches!(call.op, LinearOp::Kernel(_)) && e.axes.first().is_some_and(square)
            }
            TKind::Prim(Prim::Add | Prim::Mul, parts) => parts.iter().any(|p| self.is_kernel(p)),
            _ => false,
        }
    }
}
