//! `if` between distributions: `if c { D1 } else { D2 }`.

use super::Checker;
use super::statements::not_available;
use crate::graph::*;
use ppl_dist::Prim;
use ppl_syntax::ast;
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    pub(super) fn branch(
        &mut self,
        parts: (&ast::Expr, &ast::Expr, &ast::Expr),
        axes: &[AxisRef],
        observed: Option<Ty>,
        span: Span,
    ) -> Option<TDist> {
        let (c, a, b) = parts;
        let condition = self.expr(c, Some(axes));
        let [holds, fails] = self.guards_of(c);
        let then = self.guarded(holds, |this| this.distribution(a, axes, observed));
        let otherwise = self.guarded(fails, |this| this.distribution(b, axes, observed));
        let (condition, then, otherwise) = (condition?, then?, otherwise?);
        if condition.ty != Ty::Bool {
            return self.fail(
                Diagnostic::error("E0114", condition.span, "a condition is expected here")
                    .at("not true or false")
                    .help("compare it: `… > 0`, `… == 1`"),
            );
        }
        self.inside_frame(&condition, axes, span)?;
        let (d1, d2) = (
            then.distribution.definition(),
            otherwise.distribution.definition(),
        );
        if then.event != otherwise.event || d1.event != d2.event {
            return self.fail(
                Diagnostic::error(
                    "E0118",
                    span,
                    format!("{} and {} draw different shapes", d1.name, d2.name),
                )
                .label(then.span, "one shape")
                .label(otherwise.span, "another")
                .help(
                    "choose between distributions over the same axes, or between their arguments",
                ),
            );
        }
        if d1.improper || d2.improper || then.transformed || otherwise.transformed {
            return self.fail(not_available(
                span,
                "Flat or a transformed draw in a branch",
            ));
        }
        self.mass_beside_mass(&then, &otherwise)?;
        let literal = |d: &ppl_dist::Definition| !matches!(d.support, ppl_dist::Support::Interval(a, b) if matches!(a, ppl_dist::Bound::Parameter(_)) || matches!(b, ppl_dist::Bound::Parameter(_)));
        let one_kind = if d1.is_discrete() {
            Self::same_values(&then, &otherwise)
        } else {
            d1.support == d2.support && literal(d1)
        };
        if observed.is_none() && !one_kind {
            return self.fail(
                Diagnostic::error(
                    "E0118",
                    span,
                    format!(
                        "a site has one support, but {} and {} fall on different sets",
                        d1.name, d2.name
                    ),
                )
                .label(then.span, "one support")
                .label(otherwise.span, "another")
                .help("choose between distributions on one set, or write two sites and choose between their values"),
            );
        }
        Some(chain(condition, then, otherwise, span))
    }

    /// A point mass beside a density would outweigh it wherever the two meet, whatever the parameters are.
    fn mass_beside_mass(&mut self, then: &TDist, otherwise: &TDist) -> Option<()> {
        let all = || then.branches().into_iter().chain(otherwise.branches());
        let discrete = |d: &&TDist| d.distribution.definition().is_discrete();
        let (Some(mass), Some(density)) = (all().find(discrete), all().find(|d| !discrete(d)))
        else {
            return Some(());
        };
        let name = |d: &TDist| d.distribution.definition().name;
        self.fail(
            Diagnostic::error(
                "E0118",
                mass.span,
                format!(
                    "{} has a probability at each value, {} a density: the two cannot be compared",
                    name(mass),
                    name(density)
                ),
            )
            .at("a probability")
            .label(density.span, "a density")
            .help("choose between two discrete or two continuous distributions; for zeros beside a density model them apart: a `bool` column for zero or not, and the density of the values above 0"),
        )
    }

    /// `Constant(c)` alone explains nothing.
    pub(super) fn not_constant_alone(&mut self, dist: &TDist) -> Option<()> {
        if dist.branches().iter().all(|d| d.is_constant()) {
            return self.fail(
                Diagnostic::error(
                    "E0118",
                    dist.span,
                    "`Constant` stands only in a branch beside a discrete distribution",
                )
                .help("write `if never { Constant(0) } else { Poisson(rate) }`; for a deterministic value write `let`"),
            );
        }
        Some(())
    }
}

/// `if c { then } else { otherwise }` as one list of branches. An `if` within `then` comes out in front:
/// `if c { if b { X } else { Y } } else { Z }` is `if c && b { X } else if c { Y } else { Z }`.
fn chain(condition: TExpr, then: TDist, otherwise: TDist, span: Span) -> TDist {
    let mut then = then;
    let tail = match then.otherwise.take() {
        None => (condition, otherwise),
        Some(inner) => {
            let (inner_condition, inner_rest) = *inner;
            let mut axes = condition.axes.clone();
            for a in &inner_condition.axes {
                if !axes.contains(a) {
                    axes.push(*a);
                }
            }
            let both = TExpr {
                axes,
                ty: Ty::Bool,
                stochastic: condition.stochastic || inner_condition.stochastic,
                span: inner_condition.span,
                kind: TKind::Prim(Prim::Mul, vec![condition.clone(), inner_condition]),
            };
            let rest_span = inner_rest.span;
            (both, chain(condition, inner_rest, otherwise, rest_span))
        }
    };
    TDist {
        otherwise: Some(Box::new(tail)),
        span,
        ..then
    }
}
