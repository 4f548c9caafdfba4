//! `predict name[axes] ~ D(…);`: draws from the posterior predictive distribution.

use super::Checker;
use super::statements::not_available;
use crate::graph::*;
use ppl_dist::{Shape, Support};
use ppl_syntax::ast::{self, ExprKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};

/// The call that a distribution's text begins with.
fn first_call(dist: &ast::Expr) -> Option<&ast::Ident> {
    match &dist.kind {
        ExprKind::Call(name, _) => Some(name),
        ExprKind::Method(inner, ..) => first_call(inner),
        ExprKind::If(_, a, _) => first_call(a),
        _ => None,
    }
}

impl Checker {
    pub(super) fn predict(
        &mut self,
        span: Span,
        target: &ast::Target,
        dist: &ast::Expr,
    ) -> Option<()> {
        if self.in_guide {
            return self.fail(
                Diagnostic::error(
                    "E0116",
                    span,
                    "a prediction stands in the model, not in a guide",
                )
                .help("move it out of the guide"),
            );
        }
        let Some(axes) = self.target_axes(target) else {
            self.names_only(dist);
            return None;
        };
        if let Some(id) = self.lookup(&target.name.name) {
            return self.fail(
                Diagnostic::error(
                    "E0105",
                    target.span,
                    format!("`{}` is defined already", target.name.name),
                )
                .label(self.model.symbols[id].span, "first definition")
                .help(format!(
                    "choose another name, such as `{}_new`",
                    target.name.name
                )),
            );
        }
        if self.model.statements.iter().any(|s| {
            matches!(&s.statement, Statement::Report { name, .. } | Statement::Predict { name, .. } if *name == target.name.name)
        }) {
            return self.fail(
                Diagnostic::error(
                    "E0105",
                    target.span,
                    format!("`{}` is reported twice", target.name.name),
                )
                .help("choose another name"),
            );
        }
        // Like an observation: branches may fall on different sets, and a label's axis is that of the weights.
        let label = first_call(dist)
            .and_then(|n| ppl_dist::find(&n.name))
            .is_some_and(|d| d.definition().support == Support::Category);
        self.in_prediction = true;
        let tdist = self.distribution(dist, &axes, (!label).then_some(Ty::Int));
        self.in_prediction = false;
        let tdist = tdist?;
        self.mentions_loops(span, &axes, "prediction");
        if let Some(l) = self.loops.iter().find(|l| l.skip > 0) {
            let d = not_available(span, "a prediction in a loop that skips elements");
            let d = d.label(l.span, "the loop");
            return self.fail(d);
        }
        for d in tdist.branches() {
            let def = d.distribution.definition();
            if def.improper {
                return self.fail(Diagnostic::error(
                    "E0118",
                    d.span,
                    format!("{} has no draws", def.name),
                ));
            }
            let along = |e: &&TExpr| d.event.first().is_some_and(|t| e.axes.contains(t));
            if def.event == Shape::Sequence && d.args.iter().any(|e| along(&e)) {
                return self.fail(not_available(
                    d.span,
                    &format!(
                        "a prediction from {} with arguments that vary along its axis",
                        def.name
                    ),
                ));
            }
            if d.modifiers.censors() {
                return self.fail(
                    Diagnostic::error("E0118", d.span, "a prediction is a value, not a limit")
                        .help("leave `.censored(…)` away"),
                );
            }
        }
        self.push(
            Statement::Predict {
                name: target.name.name.clone(),
                axes,
                dist: tdist,
            },
            span,
        );
        Some(())
    }
}
