//! Kinds of deterministic values: what the text alone tells about them.

use super::Checker;
use crate::graph::*;
use ppl_syntax::ast;
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    /// Whether a kind can be that of a `let`, and the type that its elements then have.
    pub(super) fn let_kind(
        &mut self,
        target: &ast::Target,
        kind: &Kind,
        axes: &[AxisRef],
        value: &TExpr,
    ) -> Option<Ty> {
        let name = &target.name.name;
        if let Kind::Index(axis) = kind {
            if value.ty == Ty::Index(*axis) {
                return Some(value.ty);
            }
            let of = self.model.axes[*axis].name.clone();
            return self.fail(
                Diagnostic::error(
                    "E0114",
                    value.span,
                    format!("`{name}` is declared to be a level of `{of}`, and this is none"),
                )
                .help("leave the kind away, or look the level up in an index column"),
            );
        }
        if let Ty::Index(axis) = value.ty {
            let of = self.model.axes[axis].name.clone();
            return self.fail(
                Diagnostic::error(
                    "E0114",
                    value.span,
                    format!(
                        "`{name}` is declared as `{}`, and this is a level of `{of}`",
                        kind.keyword()
                    ),
                )
                .help(format!("leave the kind away, or write `: {of}`")),
            );
        }
        self.kind_axes(kind, axes, target.span)?;
        if let Kind::Real(lo, hi) | Kind::Int(lo, hi) = kind {
            for bound in [lo, hi].into_iter().flatten() {
                let frame: Vec<AxisRef> = axes.iter().map(|a| a.declared()).collect();
                self.inside_frame(bound, &frame, target.span)?;
            }
        }
        Some(match kind {
            Kind::Int(..) | Kind::Bool => self.kind_type(kind),
            _ => value.ty,
        })
    }

    /// Whether there are the axes that the kind of a vector or of a matrix needs.
    pub(super) fn kind_axes(&mut self, kind: &Kind, axes: &[AxisRef], at: Span) -> Option<()> {
        let keyword = kind.keyword();
        let d = match (kind.event_axes(), axes) {
            (0, _) | (1, [.., _]) => return Some(()),
            (2, [.., r, c]) if r.axis == c.axis => return Some(()),
            (1, _) => {
                Diagnostic::error("E0118", at, format!("`{keyword}` is the kind of a vector"))
                    .help(format!("name its axis, the last one: `w[k]: {keyword}`"))
            }
            _ => Diagnostic::error(
                "E0118",
                at,
                format!("`{keyword}` is the kind of a square matrix"),
            )
            .help(format!("name its axis twice: `L[k, k]: {keyword}`")),
        };
        self.fail(d)
    }

    /// What is not settled by the data is watched during the fit.
    pub(super) fn watch_kind(&mut self, id: SymbolId, span: Span) {
        let symbol = &self.model.symbols[id];
        let settled = !symbol.stochastic && self.when.is_none();
        let says_nothing = matches!(
            symbol.kind,
            None | Some(Kind::Real(None, None) | Kind::Index(_))
        );
        if settled || says_nothing {
            return;
        }
        self.push(Statement::Within(id), span);
        // The statement is about the whole value, not about the loop's element.
        if let Some(located) = self.model.statements.last_mut() {
            located.skip = located.skip.map(|(axis, n, by)| (axis.declared(), n, by));
        }
    }
}
