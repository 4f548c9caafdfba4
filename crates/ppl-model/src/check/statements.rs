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

    fn statement(&mut self, s: &ast::Stmt) {
        let outside = self.loops.len();
        if self.bind(s).is_some() {
            self.bound_statement(s);
        }
        self.loops.truncate(outside);
    }

    fn bound_statement(&mut self, s: &ast::Stmt) {
        match &s.kind {
            StmtKind::Axis { .. } | StmtKind::Data { .. }
                if self.loops.is_empty() && !self.in_guide => {}
            StmtKind::Axis { name, definition } if self.in_guide => {
                self.axis_statement(name, definition.as_ref())
            }
            StmtKind::Axis { .. } | StmtKind::Data { .. } => {
                self.report(Diagnostic::error(
                    "E0116",
                    s.span,
                    "axes and data are declared outside of loops and guides",
                ));
            }
            StmtKind::Guide(_) => {
                if !self.loops.is_empty() {
                    self.report(Diagnostic::error(
                        "E0116",
                        s.span,
                        "a guide stands outside of loops",
                    ));
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
            StmtKind::If { .. } => self.report(not_available(s.span, "`if` as a statement")),
            StmtKind::Fn { name, .. } => {
                self.poison(&name.name);
                self.report(not_available(s.span, "`fn`"));
            }
            StmtKind::Predict { .. } => self.report(not_available(s.span, "`predict`")),
        }
    }

    fn push(&mut self, statement: Statement, span: Span) {
        let located = Located {
            statement,
            span,
            in_loop: !self.loops.is_empty(),
            skip: self
                .loops
                .iter()
                .find(|l| l.skip > 0)
                .map(|l| (l.axis, l.skip, l.by)),
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
    fn mentions_loops(&mut self, span: Span, axes: &[AxisRef], what: &str) {
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

    fn sample(
        &mut self,
        span: Span,
        target: &ast::Target,
        kind: Option<&ast::Kind>,
        dist: &ast::Expr,
    ) -> Option<()> {
        let axes = self.target_axes(target);
        let resolved = match kind {
            Some(k) => self.kind(k).map(Some),
            None => Some(None),
        };
        let (Some(axes), Some(kind)) = (axes, resolved) else {
            self.names_only(dist);
            return None;
        };
        if let Some(id) = self.lookup(&target.name.name)
            && matches!(self.model.symbols[id].role, Role::Data { .. })
        {
            return self.fail(
                Diagnostic::error(
                    "E0112",
                    target.span,
                    format!(
                        "`{}` is data: a sample statement would ignore it",
                        target.name.name
                    ),
                )
                .label(self.model.symbols[id].span, "declared here")
                .help("condition on it with `observe`")
                .fix(target.span, format!("observe {}", target.name.name)),
            );
        }
        // In a loop a site may read earlier elements of itself, so its name is there before its distribution is known.
        let declared: Vec<AxisRef> = axes.iter().map(|a| a.declared()).collect();
        if !self.loops.is_empty() && self.lookup(&target.name.name).is_none() {
            let placeholder = Symbol {
                name: target.name.name.clone(),
                axes: declared.clone(),
                ty: Ty::Real,
                kind: None,
                role: Role::Let(Box::new(super::expressions::number(f64::NAN, target.span))),
                stochastic: true,
                span: target.span,
            };
            self.defining = self.define(&target.name, placeholder).map(|id| (id, false));
        }
        let tdist = self.distribution(dist, &axes, None);
        let early = self.defining.take();
        let tdist = match tdist {
            Some(d) => d,
            None => {
                if let (Some(_), Some(scope)) = (early, self.scopes.last_mut()) {
                    scope.remove(&target.name.name);
                }
                return None;
            }
        };
        if let Some(l) = self.loops.iter().find(|l| l.skip > 0) {
            let at = l.span;
            return self.fail(
                not_available(span, "a sample statement in a loop that skips elements")
                    .label(at, "the loop")
                    .help("write `if first(t) { … } else { … }`, so that every element has a distribution"),
            );
        }
        self.check_kind_against(&kind, &tdist, &axes, target.span)?;
        self.mentions_loops(span, &axes, "sample statement");
        let def = tdist.distribution.definition();
        let ty = match def.support {
            ppl_dist::Support::Bool => Ty::Bool,
            ppl_dist::Support::Integers(..) => Ty::Int,
            ppl_dist::Support::Category => Ty::Index(tdist.event.first().map_or(0, |a| a.axis)),
            _ => Ty::Real,
        };
        if ty == Ty::Int {
            return self.fail(
                not_available(tdist.span, &format!("the discrete latent `{}` ~ {}", target.name.name, def.name))
                    .help("Bernoulli latents are fitted by the score-function estimator; others can be summed by hand with `factor log_sum_exp(…)`"),
            );
        }
        let symbol = Symbol {
            name: target.name.name.clone(),
            axes: declared,
            ty,
            kind,
            role: Role::Site(Box::new(tdist)),
            stochastic: true,
            span: target.span,
        };
        let id = match early {
            Some((id, _)) => {
                self.model.symbols[id] = symbol;
                id
            }
            None => self.define(&target.name, symbol)?,
        };
        // A site stays visible after its loop.
        if self.scopes.len() > 1 {
            self.scopes[0].insert(target.name.name.clone(), id);
            self.model.names.insert(target.name.name.clone(), id);
        }
        self.push(Statement::Sample(id), span);
        Some(())
    }

    fn observe(&mut self, span: Span, value: &ast::Expr, dist: &ast::Expr) -> Option<()> {
        // The datum itself, or elements of it in a loop.
        self.observing = match &value.kind {
            ast::ExprKind::Name(_) => true,
            ast::ExprKind::Index(src, _) => matches!(src.kind, ast::ExprKind::Name(_)),
            _ => false,
        };
        let typed = self.expr(value, None);
        self.observing = false;
        let Some(typed) = typed else {
            // The right side is still read, so that its errors are told as well.
            self.names_only(dist);
            return None;
        };
        if typed.stochastic {
            self.names_only(dist);
            return self.fail(
                Diagnostic::error("E0112", typed.span, "the left side of observe depends on a latent, which changes the density's scale")
                    .at("only data may stand here")
                    .help("observe the data itself and move the latents to the right: `observe y ~ Normal(mu, sigma)` instead of `observe (y - mu) / sigma ~ Normal(0, 1)`"),
            );
        }
        let tdist = self.distribution(dist, &typed.axes, Some(typed.ty))?;
        self.mentions_loops(span, &typed.axes, "observation");
        if let Ty::Index(_) = typed.ty
            && !matches!(
                tdist.distribution.definition().support,
                ppl_dist::Support::Category
            )
        {
            return self.fail(
                Diagnostic::error(
                    "E0114",
                    typed.span,
                    format!(
                        "a label cannot be drawn from {}",
                        tdist.distribution.definition().name
                    ),
                )
                .help("use Categorical, or declare the column as a number"),
            );
        }
        self.push(
            Statement::Observe {
                value: typed,
                dist: tdist,
            },
            span,
        );
        Some(())
    }

    /// Reads a distribution whose left side is not understood: only what is wrong with its names is told.
    fn names_only(&mut self, dist: &ast::Expr) {
        let before = self.diagnostics.len();
        let ast::ExprKind::Call(name, args) = &dist.kind else {
            return;
        };
        if ppl_dist::find(&name.name).is_none() {
            self.distribution(dist, &[], None);
        }
        for a in args {
            self.expr(&a.value, None);
        }
        let found = self.diagnostics.split_off(before);
        self.diagnostics.extend(
            found
                .into_iter()
                .filter(|d| matches!(d.code, "E0101" | "E0102" | "E0103")),
        );
    }

    fn let_statement(
        &mut self,
        target: &ast::Target,
        kind: Option<&ast::Kind>,
        value: &ast::Expr,
    ) -> Option<()> {
        let kind = match kind {
            Some(k) => Some(self.kind(k)?),
            None => None,
        };
        let (axes, typed) = if target.axes.is_empty() {
            let typed = self.expr(value, None)?;
            (typed.axes.clone(), typed)
        } else {
            let axes = self.target_axes(target)?;
            let typed = self.expr(value, Some(&axes))?;
            self.inside_frame(&typed, &axes, target.span)?;
            (axes, typed)
        };
        let declared = if target.axes.is_empty() {
            axes
        } else {
            axes.iter().map(|a| a.declared()).collect()
        };
        let (ty, stochastic) = (typed.ty, typed.stochastic);
        let explicit = !target.axes.is_empty();
        let id = self.define(
            &target.name,
            Symbol {
                name: target.name.name.clone(),
                axes: declared,
                ty,
                kind,
                role: Role::Let(Box::new(typed)),
                stochastic,
                span: target.span,
            },
        )?;
        if self.scopes.len() > 1 && explicit && !self.in_guide {
            self.scopes[0].insert(target.name.name.clone(), id);
        }
        Some(())
    }

    fn param(
        &mut self,
        target: &ast::Target,
        kind: Option<&ast::Kind>,
        init: &ast::Expr,
    ) -> Option<()> {
        let axes = self.target_axes(target)?;
        let kind = match kind {
            Some(k) => Some(self.kind(k)?),
            None => None,
        };
        if matches!(kind, Some(Kind::Int(..) | Kind::Bool | Kind::Index(_))) {
            return self.fail(
                Diagnostic::error(
                    "E0111",
                    target.span,
                    "a param is optimised by gradients, so it is a real number",
                )
                .help("leave the kind away, or write `positive`"),
            );
        }
        let typed = self.expr(init, Some(&axes))?;
        if typed.stochastic {
            return self.fail(Diagnostic::error(
                "E0112",
                typed.span,
                "the start of a param may not depend on latents or params",
            ));
        }
        self.define(
            &target.name,
            Symbol {
                name: target.name.name.clone(),
                axes,
                ty: Ty::Real,
                kind,
                role: Role::Param(Box::new(typed)),
                stochastic: true,
                span: target.span,
            },
        )?;
        Some(())
    }

    fn report_statement(
        &mut self,
        span: Span,
        target: &ast::Target,
        value: &ast::Expr,
    ) -> Option<()> {
        let (axes, typed) = if target.axes.is_empty() {
            let typed = self.expr(value, None)?;
            (typed.axes.clone(), typed)
        } else {
            let axes = self.target_axes(target)?;
            let typed = self.expr(value, Some(&axes))?;
            self.inside_frame(&typed, &axes, target.span)?;
            (axes, typed)
        };
        if self.model.reads_summed_out(&typed) {
            return self.fail(not_available(
                span,
                "a report of a summed-out discrete site",
            ));
        }
        let used = self.model.statements.iter().any(
            |s| matches!(&s.statement, Statement::Report { name, .. } if *name == target.name.name),
        );
        let is_site = self.model.sites().any(|(_, s)| s.name == target.name.name);
        if used || is_site {
            return self.fail(
                Diagnostic::error(
                    "E0105",
                    target.span,
                    format!("`{}` is reported twice", target.name.name),
                )
                .help("choose another name"),
            );
        }
        self.push(
            Statement::Report {
                name: target.name.name.clone(),
                axes,
                value: typed,
            },
            span,
        );
        Some(())
    }

    fn for_statement(
        &mut self,
        binder: &ast::Binder,
        by: Option<&ast::Ident>,
        skip: Option<&ast::Expr>,
        body: &[ast::Stmt],
    ) {
        let Some(axis) = self.axis_or_fail(&binder.axis) else {
            return;
        };
        let (Some(by), Some(skip)) = (self.grouping(by, axis), self.skipped(skip)) else {
            return;
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
            .label(outer.span, "the outer loop");
            return self.report(d);
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
            return self.report(d);
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
