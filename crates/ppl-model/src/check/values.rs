//! Named values without a density: `let`, `param` and `report`.

use super::Checker;
use super::declarations::with_ends;
use super::statements::not_available;
use crate::graph::*;
use ppl_syntax::ast;
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    pub(super) fn let_statement(
        &mut self,
        target: &ast::Target,
        kind: Option<&ast::Kind>,
        value: &ast::Expr,
    ) -> Option<()> {
        let kind = match kind {
            Some(k) if self.in_guide => {
                return self.fail(
                    Diagnostic::error("E0117", k.span, "a `let` of a guide has no kind")
                        .help("leave it away"),
                );
            }
            Some(k) => Some(with_ends(self.kind(k)?, k)),
            None => None,
        };
        let recurrence = self.begin_recurrence(&target.name.name);
        let (axes, typed) = if target.axes.is_empty() {
            let typed = self.expr(value, None)?;
            (typed.axes.clone(), typed)
        } else {
            let axes = self.target_axes(target)?;
            let typed = self.expr(value, Some(&axes))?;
            self.inside_frame(&typed, &axes, target.span)?;
            (axes, typed)
        };
        let declared: Vec<AxisRef> = if target.axes.is_empty() {
            axes
        } else {
            axes.iter().map(|a| a.declared()).collect()
        };
        let explicit = !target.axes.is_empty();
        let ty = match &kind {
            Some(kind) => self.let_kind(target, kind, &declared, &typed)?,
            None => typed.ty,
        };
        let symbol = Symbol {
            name: target.name.name.clone(),
            axes: declared,
            ty,
            kind,
            stochastic: typed.stochastic,
            role: Role::Let(Box::new(typed)),
            span: target.span,
        };
        let id = match recurrence {
            Some(id) => self.end_recurrence(id, symbol)?,
            None => self.define(&target.name, symbol)?,
        };
        self.watch_kind(id, target.span);
        if self.scopes.len() > 1 && explicit && !self.in_guide {
            self.scopes[0].insert(target.name.name.clone(), id);
        }
        Some(())
    }

    pub(super) fn param(
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
        if let Some(kind) = &kind {
            self.kind_axes(kind, &axes, target.span)?;
        }
        let typed = match self.glorot(target, kind.as_ref(), &axes, init) {
            Some(found) => found?,
            None => self.expr(init, Some(&axes))?,
        };
        if typed.stochastic {
            return self.fail(
                Diagnostic::error(
                    "E0112",
                    typed.span,
                    "the start of a param may not depend on latents or params",
                )
                .help("start it from a number, or from data: `param a = 0;`"),
            );
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

    pub(super) fn report_statement(
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
        if matches!(typed.ty, Ty::Index(_)) && self.model.reads_summed_out(&typed) {
            return self.fail(
                not_available(span, "a report of a summed-out label")
                    .help("a label has no mean: report what it looks up, as in `mu[z]`, or the probability of one of them, `z == a`; discrete.csv has the probabilities of all"),
            );
        }
        let used = self.model.statements.iter().any(
            |s| matches!(&s.statement, Statement::Report { name, .. } | Statement::Predict { name, .. } if *name == target.name.name),
        );
        let is_site = self.model.sites().any(|(_, s)| s.name == target.name.name);
        if used || is_site {
            return self.fail(
                Diagnostic::error(
                    "E0105",
                    target.span,
                    match is_site {
                        true => {
                            format!("`{}` is a site, which is reported anyway", target.name.name)
                        }
                        false => format!("`{}` is reported twice", target.name.name),
                    },
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

    /// `glorot()` as a start. Outer `None`: something else stands there.
    fn glorot(
        &mut self,
        target: &ast::Target,
        kind: Option<&Kind>,
        axes: &[AxisRef],
        init: &ast::Expr,
    ) -> Option<Option<TExpr>> {
        let ast::ExprKind::Call(name, args) = &init.kind else {
            return None;
        };
        if name.name != "glorot" {
            return None;
        }
        let wrong = |message: &str, help: &str| {
            Diagnostic::error("E0106", init.span, message.to_string()).help(help.to_string())
        };
        if !args.is_empty() {
            let d = wrong(
                "`glorot()` takes no argument",
                "its spread follows from the sizes of the axes",
            );
            return Some(self.fail(d));
        }
        if axes.len() < 2 {
            let help = format!("start a vector at 0: `param {}[…] = 0;`", target.name.name);
            return Some(self.fail(wrong(
                "`glorot()` is for the weights between two axes",
                &help,
            )));
        }
        if !matches!(kind, None | Some(Kind::Real(None, None))) {
            let d = wrong("`glorot()` takes both signs", "leave the kind away");
            return Some(self.fail(d));
        }
        Some(Some(TExpr {
            kind: TKind::Glorot,
            axes: axes.to_vec(),
            ty: Ty::Real,
            stochastic: false,
            span: init.span,
        }))
    }
}
