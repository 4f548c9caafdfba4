//! A statement's density taken apart: elementwise, with every value that went into it.

use super::{Lowered, Lowering};
use crate::graph::{AxisRef, LinearOp, Located, Role, Statement, TDist, TExpr, TKind};
use ppl_core::{AxisSet, Expr, Real};
use ppl_syntax::Span;

/// The density of one statement, one number for each of its elements.
pub struct Inspection<'b> {
    /// What to underline: the distribution, or the factor.
    pub span: Span,
    /// The log density, along the batch's axes or some of them.
    pub density: Expr<'b>,
    /// Axes of the statement's elements.
    pub batch: Vec<AxisRef>,
    /// Values that went in; operands come after what they are operands of.
    pub parts: Vec<Part<'b>>,
}

/// A value that went into a density.
pub struct Part<'b> {
    /// The value.
    pub value: Expr<'b>,
    /// Where it stands.
    pub span: Span,
    /// Its name, where it is a named quantity or an element of one.
    pub name: Option<String>,
    /// What helps where it is the first that is not finite.
    pub advice: Option<&'static str>,
    /// Whether it is the value itself or an argument of the distribution.
    pub is_argument: bool,
    /// A literal shows its value in the text already.
    pub is_literal: bool,
    /// Parts that it was computed from.
    pub operands: Vec<usize>,
    /// Axes that its operands' elements do not share with it, since it looks them up.
    pub looked_up: AxisSet,
}

/// Most values that are looked at in one statement.
const MAX_PARTS: usize = 200;

impl<'a, 'b> Lowering<'a, 'b> {
    /// Takes a statement's density apart at the latents' values; `None` for statements without a density of their own: reports, guides,
    /// and what belongs to a summed-out site.
    pub fn inspect(&self, located: &Located) -> Lowered<Option<Inspection<'b>>> {
        let model = &self.bound.model;
        let summed_out = |e: &TExpr| model.reads_summed_out(e);
        let mut parts = vec![];
        let (span, density, batch) = match &located.statement {
            Statement::Sample(id) => {
                let Some(dist) = model.dist(*id) else {
                    return Ok(None);
                };
                let symbol = &model.symbols[*id];
                if model.is_summed_out(*id) || dist.expressions().into_iter().any(summed_out) {
                    return Ok(None);
                }
                parts.push(Part {
                    value: self.symbol(*id)?,
                    span: symbol.span,
                    name: Some(symbol.name.clone()),
                    advice: None,
                    is_argument: true,
                    is_literal: false,
                    operands: vec![],
                    looked_up: AxisSet::EMPTY,
                });
                self.arguments_of(dist, &mut parts)?;
                let (density, batch) = self.site_density(*id)?;
                (dist.span, density, batch)
            }
            Statement::Observe { value, dist } => {
                if dist.expressions().into_iter().any(summed_out) {
                    return Ok(None);
                }
                self.part(value, true, &mut parts)?;
                self.arguments_of(dist, &mut parts)?;
                let density = self.density(dist, self.expr(value)?)?;
                let density = match self.present(value) {
                    Some(present) => present.select(density, Expr::Const(0.0)),
                    None => density,
                };
                let n = value.axes.len() - super::density::n_event_axes(dist);
                (dist.span, density, value.axes[..n].to_vec())
            }
            Statement::Factor(e) if !summed_out(e) => {
                self.part(e, true, &mut parts)?;
                (e.span, self.expr(e)?, e.axes.clone())
            }
            Statement::Within(id) if !model.reads_summed_out(&model.whole(*id)) => {
                let Some((density, batch)) = self.within_kind(*id)? else {
                    return Ok(None);
                };
                self.part(&model.whole(*id), true, &mut parts)?;
                (model.symbols[*id].span, density, batch)
            }
            _ => return Ok(None),
        };
        let density = match located.skip {
            Some((axis, n, by)) if batch.contains(&axis) => self
                .end_flags(axis, n, by, false)
                .select(Expr::Const(0.0), density),
            _ => density,
        };
        let density = match &located.when {
            Some(when) if summed_out(&when.condition) => return Ok(None),
            Some(when) => self
                .expr(&when.condition)?
                .select(density, Expr::Const(0.0)),
            None => density,
        };
        Ok(Some(Inspection {
            span,
            density,
            batch,
            parts,
        }))
    }

    fn arguments_of(&self, dist: &TDist, parts: &mut Vec<Part<'b>>) -> Lowered<()> {
        for argument in dist.expressions() {
            self.part(argument, true, parts)?;
        }
        Ok(())
    }

    /// Adds an expression and what it is computed from, through the names of deterministic values; gives its number.
    fn part(
        &self,
        e: &TExpr,
        is_argument: bool,
        parts: &mut Vec<Part<'b>>,
    ) -> Lowered<Option<usize>> {
        if parts.len() >= MAX_PARTS {
            return Ok(None);
        }
        let name = e
            .named()
            .map(|id| self.bound.model.symbols[id].name.clone());
        let own = parts.len();
        let mut looked_up = AxisSet::EMPTY;
        if let TKind::Gather(src, by) = &e.kind {
            looked_up = by
                .iter()
                .fold(AxisSet::EMPTY, |all, (a, _)| all.with(self.axes.id(*a)));
            looked_up = looked_up.intersection(self.axes.set(&src.axes));
        }
        parts.push(Part {
            value: self.expr(e)?,
            span: e.span,
            name,
            advice: advice(&e.kind),
            is_argument,
            is_literal: matches!(e.kind, TKind::Number(_)),
            operands: vec![],
            looked_up,
        });
        let inner;
        let operands: Vec<&TExpr> = match &e.kind {
            TKind::Prim(_, a) | TKind::Function(_, a) | TKind::Vector(a, _) => a.iter().collect(),
            TKind::Gather(src, _) => vec![src],
            TKind::Rename(e, ..) | TKind::Reduce(_, e, _) | TKind::Diag(e, ..) => vec![e],
            TKind::Linear(call) => call.args.iter().collect(),
            TKind::Ode(equation) => equation.args.iter().collect(),
            TKind::MatMul(l, r, ..) => vec![l, r],
            TKind::LogDensity(d, x) => std::iter::once(&**x).chain(d.expressions()).collect(),
            TKind::Symbol(id) => match &self.bound.model.symbols[*id].role {
                Role::Let(e) => {
                    inner = e.clone();
                    vec![&*inner]
                }
                _ => vec![],
            },
            _ => vec![],
        };
        for operand in operands {
            if let Some(number) = self.part(operand, false, parts)? {
                parts[own].operands.push(number);
            }
        }
        Ok(Some(own))
    }
}

/// What helps where values of this kind are not finite although what they are computed from is.
fn advice(kind: &TKind) -> Option<&'static str> {
    match kind {
        TKind::Ode(_) => Some(
            "no solution reaches the last time from these values: it grows without bound, or changes too fast for 5,000 steps; look at the units of times and rates, and keep the rates where there is a solution, by their kinds or priors",
        ),
        TKind::Linear(call) if call.op == LinearOp::Cholesky => Some(
            "a matrix has a factor where it is symmetric and positive definite: for a covariance of points add to the diagonal, `K + diag(v)`",
        ),
        _ => None,
    }
}

impl TExpr {
    /// The named quantity that this is, or is an element of.
    fn named(&self) -> Option<usize> {
        match &self.kind {
            TKind::Symbol(id) => Some(*id),
            TKind::Gather(src, _) => src.named(),
            _ => None,
        }
    }
}
