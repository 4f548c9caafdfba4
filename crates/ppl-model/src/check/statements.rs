//! Statements: samples, observations, deterministic values, loops.

use super::{Checker, Loop};
use crate::graph::*;
use ppl_syntax::ast::{self, StmtKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};
use std::collections::HashMap;

impl Checker {
    pub(super) fn statements(&mut self, statements: &[ast::Stmt]) {
        for s in statements {
            self.statement(s);
        }
    }

    pub(super) fn statement(&mut self, s: &ast::Stmt) {
        let outside = self.loops.len();
        if self.bind(s).is_some() {
            self.bound_statement(s);
        }
        self.loops.truncate(outside);
    }

    pub(super) fn bound_statement(&mut self, s: &ast::Stmt) {
        match &s.kind {
            StmtKind::Axis { .. } | StmtKind::Data { .. }
                if self.loops.is_empty() && !self.in_guide => {}
            StmtKind::Axis { name, definition } if self.in_guide => {
                self.axis_statement(name, definition.as_ref())
            }
            StmtKind::Axis { .. } | StmtKind::Data { .. } => {
                self.report(
                    Diagnostic::error(
                        "E0116",
                        s.span,
                        "axes and data are declared outside of loops and guides",
                    )
                    .help("move the declaration to the top of the file"),
                );
            }
            StmtKind::Guide(_) => {
                if !self.loops.is_empty() {
                    self.report(
                        Diagnostic::error("E0116", s.span, "a guide stands outside of loops")
                            .help("move it to the end of the file"),
                    );
                }
            }
            StmtKind::Sample { target, .. } if self.in_guide => self.guide_sample(s, target),
            StmtKind::Sample { target, kind, dist } => {
                if self.sample(s.span, target, kind.as_ref(), dist).is_none() {
                    self.poison(&target.name.name);
                }
            }
            StmtKind::SampleJoint { sites, dist } => self.guide_joint(s.span, sites, dist),
            StmtKind::Observe { value, dist, .. } => {
                self.observe(s.span, value, dist);
            }
            StmtKind::Factor { value } => {
                if let Some(value) = self.expr(value, None) {
                    let value = self.along_conditions(value);
                    self.mentions_loops(s.span, &value.axes, "factor");
                    self.push(Statement::Factor(value), s.span);
                }
            }
            StmtKind::Let {
                target,
                kind,
                value,
            } => {
                if self.let_statement(target, kind.as_ref(), value).is_none() {
                    self.abandon_recurrence(&target.name.name);
                    self.poison(&target.name.name);
                }
            }
            StmtKind::Param { target, kind, init } => {
                if self.param(target, kind.as_ref(), init).is_none() {
                    self.poison(&target.name.name);
                }
            }
            StmtKind::Report { target, value } => {
                self.report_statement(s.span, target, value);
            }
            StmtKind::For {
                binder,
                by,
                skip,
                body,
            } => self.for_statement(binder, by.as_ref(), skip.as_ref(), body),
            StmtKind::If {
                condition,
                then,
                otherwise,
            } => self.if_statement(condition, then, otherwise),
            StmtKind::Fn { name, .. } | StmtKind::Net { name, .. } => {
                if self.loops.is_empty() && !self.in_guide {
                    return;
                }
                self.report(
                    Diagnostic::error(
                        "E0116",
                        name.span,
                        "a function or a net stands outside of loops and guides",
                    )
                    .help("move it to the top of the file"),
                );
            }
            StmtKind::Predict { target, dist } => {
                self.predict(s.span, target, dist);
            }
        }
    }

    pub(super) fn push(&mut self, statement: Statement, span: Span) {
        let located = Located {
            statement,
            span,
            in_loop: !self.loops.is_empty(),
            skip: self
                .loops
                .iter()
                .find(|l| l.skip > 0)
                .map(|l| (l.axis, l.skip, l.by)),
            when: self.when.clone(),
        };
        if self.in_guide {
            self.model.guide.push(located);
        } else {
            self.model.statements.push(located);
        }
    }

    pub(super) fn push_guide(&mut self, statement: Statement, span: Span) {
        self.push(statement, span);
    }

    /// Every sample, observe and factor of a loop mentions its variable.
    pub(super) fn mentions_loops(&mut self, span: Span, axes: &[AxisRef], what: &str) {
        let missing: Vec<(String, String, Span)> = self
            .loops
            .iter()
            .filter(|l| !axes.contains(&l.axis))
            .map(|l| {
                (
                    l.variable.clone(),
                    self.model.axis_name(l.axis).to_string(),
                    l.span,
                )
            })
            .collect();
        for (variable, axis, at) in missing {
            self.report(
                Diagnostic::error("E0115", span, format!("this {what} does not mention `{variable}`, so the loop would repeat it once for every `{axis}`"))
                    .at(format!("counted once for each of the loop's `{axis}`"))
                    .label(at, "the loop")
                    .help(format!("index it by `{variable}`, or move it out of the loop")),
            );
        }
    }

    pub(super) fn for_statement(
        &mut self,
        binder: &ast::Binder,
        by: Option<&ast::Ident>,
        skip: Option<&ast::Expr>,
        body: &[ast::Stmt],
    ) {
        let Some(axis) = self.axis_or_fail(&binder.axis) else {
            let Some(name) = self.meant_axis(&binder.axis.name) else {
                return self.body_of_broken_head(binder, body);
            };
            let span = binder.axis.span;
            let meant = ast::Binder {
                axis: ast::Ident { name, span },
                ..binder.clone()
            };
            return self.for_statement(&meant, by, skip, body);
        };
        let (Some(by), Some(skip)) = (self.grouping(by, axis), self.skipped(skip)) else {
            return self.body_of_broken_head(binder, body);
        };
        if let Some(outer) = self.loops.iter().find(|l| l.axis.axis == axis) {
            let d = Diagnostic::error(
                "E0115",
                binder.axis.span,
                format!(
                    "a loop over `{}` inside a loop over `{}`",
                    binder.axis.name, binder.axis.name
                ),
            )
            .label(outer.span, "the outer loop")
            .help(
                "one loop visits every element; for pairs declare a second axis of the same size",
            );
            self.report(d);
            return self.body_of_broken_head(binder, body);
        }
        if let Some(id) = self.lookup(&binder.variable.name) {
            let name = &binder.variable.name;
            let d = Diagnostic::error(
                "E0105",
                binder.variable.span,
                format!("`{name}` is defined already, so it cannot be a loop's variable"),
            )
            .label(self.model.symbols[id].span, "first definition")
            .help("choose another name, as in `for i in row { … }`");
            self.report(d);
            return self.body_of_broken_head(binder, body);
        }
        self.loops.push(Loop {
            variable: binder.variable.name.clone(),
            axis: AxisRef { axis, copy: 2 },
            span: binder.variable.span.to(binder.axis.span),
            by,
            skip,
        });
        self.scopes.push(HashMap::new());
        let sure = (AxisRef { axis, copy: 2 }, skip);
        self.expect_recurrences(body);
        self.guarded(Some(sure), |this| this.statements(body));
        self.scopes.pop();
        self.loops.pop();
    }
}

/// A part of the language that is documented as a limit.
pub(crate) fn not_available(span: Span, what: &str) -> Diagnostic {
    let mut message = format!("{what} cannot be used in this version");
    if let Some(first) = message.get(..1) {
        let upper = first.to_uppercase();
        message.replace_range(..1, &upper);
    }
    Diagnostic::error("E0113", span, message)
        .help("docs/src/limits.md lists what is left out, and what to write instead")
}
