//! `x ~ D(…);` and `observe y ~ D(…);`.

use super::Checker;
use super::statements::not_available;
use crate::graph::*;
use ppl_syntax::ast;
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    pub(super) fn sample(
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
        let label = match &kind {
            Some(Kind::Index(axis)) => Some(*axis),
            _ => None,
        };
        self.label_of = label;
        self.drawn_name = Some(target.name.name.clone());
        let drawn = self.drawn(span, target, kind, dist, axes);
        (self.label_of, self.drawn_name) = (None, None);
        drawn
    }

    /// The site, whose left side is understood.
    fn drawn(
        &mut self,
        span: Span,
        target: &ast::Target,
        kind: Option<Kind>,
        dist: &ast::Expr,
        axes: Vec<AxisRef>,
    ) -> Option<()> {
        // In a loop a site may read earlier elements of itself, so its name is there before its distribution is known.
        let declared: Vec<AxisRef> = axes.iter().map(|a| a.declared()).collect();
        if !self.loops.is_empty() && self.lookup(&target.name.name).is_none() {
            let Some(ty) = self.expected_type(dist, &axes) else {
                // What is wrong with the distribution is told; that its own name means nothing yet is no second mistake.
                self.poison(&target.name.name);
                self.distribution(dist, &axes, None);
                return None;
            };
            let placeholder = Symbol {
                name: target.name.name.clone(),
                axes: declared.clone(),
                ty,
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
        self.not_constant_alone(&tdist)?;
        // The axis of a label's weights says the same as its kind.
        let kind = kind.filter(|k| {
            let own = tdist.event.first().map(|a| a.axis);
            let label = tdist.distribution.definition().support == ppl_dist::Support::Category;
            !matches!(k, Kind::Index(axis) if label && own == Some(*axis))
        });
        let (kind, tdist) = self.narrow_counts(kind, tdist, &axes, target.span)?;
        self.modified_site(&tdist)?;
        self.check_kind_against(&kind, &tdist, &axes, target, dist)?;
        self.mentions_loops(span, &axes, "sample statement");
        let def = tdist.distribution.definition();
        let ty = match def.support {
            ppl_dist::Support::Bool => Ty::Bool,
            ppl_dist::Support::Integers(..) | ppl_dist::Support::Counts(_) => Ty::Int,
            ppl_dist::Support::Category => Ty::Index(tdist.event.first().map_or(0, |a| a.axis)),
            _ => Ty::Real,
        };
        self.finite(&target.name.name, &tdist)?;
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

    pub(super) fn observe(
        &mut self,
        span: Span,
        value: &ast::Expr,
        dist: &ast::Expr,
    ) -> Option<()> {
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
        self.conditional_missing(&typed)?;
        let typed = self.along_conditions(typed);
        self.observed_datum = typed.whole_symbol();
        self.label_of = match typed.ty {
            Ty::Index(axis) => Some(axis),
            _ => None,
        };
        let tdist = self.distribution(dist, &typed.axes, Some(typed.ty));
        (self.observed_datum, self.label_of) = (None, None);
        let tdist = tdist?;
        self.not_constant_alone(&tdist)?;
        self.special_cells(&typed, &tdist)?;
        self.mentions_loops(span, &typed.axes, "observation");
        if let Ty::Index(_) = typed.ty
            && !matches!(
                tdist.distribution.definition().support,
                ppl_dist::Support::Category | ppl_dist::Support::OrderedCategory
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
    pub(super) fn names_only(&mut self, dist: &ast::Expr) {
        let before = self.diagnostics.len();
        let ast::ExprKind::Call(name, args) = &dist.kind else {
            return;
        };
        match ppl_dist::find(&name.name) {
            // Which reads its arguments as well.
            None => drop(self.distribution(dist, &[], None)),
            Some(_) => args.iter().for_each(|a| drop(self.expr(&a.value, None))),
        }
        let found = self.diagnostics.split_off(before);
        self.diagnostics.extend(
            found
                .into_iter()
                .filter(|d| matches!(d.code, "E0101" | "E0102" | "E0103")),
        );
    }
}
