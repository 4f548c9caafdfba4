//! A statement's density taken apart: elementwise, with every value that went into it.

use super::{Lowered, Lowering};
use crate::bind::Bound;
use crate::graph::{AxisRef, LinearOp, Located, Role, Statement, TDist, TExpr, TKind};
use ppl_core::{AxisSet, Expr, Real};
use ppl_dist::Domain;
use ppl_syntax::Span;
use std::sync::Arc;

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
    /// Which element of what is named it is, axis by axis; empty for the whole.
    labels: Vec<Place>,
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

/// Where an element stands along an axis.
#[derive(Debug, Clone)]
enum Place {
    /// At the element's own position.
    Own(AxisRef),
    /// At a label.
    Label(String),
    /// At the positions along an axis that a column of data holds, over its axes.
    At(usize, Vec<AxisRef>, Arc<[u32]>),
    /// Wherever an unknown says.
    Elsewhere,
}

impl Part<'_> {
    /// The name of the element that this is where the statement's element has these positions: `u[g1,a]`; the plain name where
    /// they do not tell it.
    pub fn name_at(
        &self,
        bound: &Bound,
        position: &dyn Fn(AxisRef) -> Option<usize>,
    ) -> Option<String> {
        let name = self.name.as_ref()?;
        // The statement's own element is named by the message already.
        if self.labels.iter().all(|l| matches!(l, Place::Own(_))) {
            return Some(name.clone());
        }
        let label = |axis: usize, i: usize| bound.axes[axis].labels.get(i).cloned();
        let labels = self.labels.iter().map(|place| match place {
            Place::Own(a) => label(a.axis, position(*a)?),
            Place::Label(text) => Some(text.clone()),
            Place::At(axis, over, positions) => {
                let mut element = 0;
                for a in over {
                    element = element * bound.len(&[*a]) + position(*a)?;
                }
                label(*axis, *positions.get(element)? as usize)
            }
            Place::Elsewhere => None,
        });
        let labels: Option<Vec<String>> = labels.collect();
        Some(match labels {
            Some(labels) if !labels.is_empty() => format!("{name}[{}]", labels.join(",")),
            _ => name.clone(),
        })
    }
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
                    labels: vec![],
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
            labels: self.labels_of(e),
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

impl TDist {
    /// What to say where an argument that an unknown moves may have left its domain: the distribution that takes any number there.
    pub fn linked_form(&self) -> Option<String> {
        let def = self.distribution.definition();
        let parameters = def.forms[self.form].parameters.iter();
        let mut moved = parameters.zip(&self.args).filter(|(_, e)| e.stochastic);
        let (ending, takes) = moved.find_map(|(p, _)| match p.domain {
            Domain::Unit => Some(("Logit", "log odds")),
            Domain::Positive | Domain::NonNegative => Some(("Log", "the logarithm")),
            _ => None,
        })?;
        let sibling = ppl_dist::find(&format!("{}{ending}", def.name))?;
        let name = sibling.definition().name;
        Some(format!("`{name}` takes any number there, as {takes}"))
    }
}

impl Lowering<'_, '_> {
    /// Which element of a named quantity an expression is.
    fn labels_of(&self, e: &TExpr) -> Vec<Place> {
        let (id, by): (_, &[(AxisRef, TExpr)]) = match &e.kind {
            TKind::Symbol(id) => (*id, &[]),
            TKind::Gather(src, by) => match src.kind {
                TKind::Symbol(id) => (id, by),
                _ => return vec![],
            },
            _ => return vec![],
        };
        let axes = self.bound.model.symbols[id].axes.iter();
        axes.map(|a| {
            let Some((_, index)) = by.iter().find(|(by, _)| by == a) else {
                return Place::Own(*a);
            };
            match &index.kind {
                TKind::LoopVariable => Place::Own(index.axes.first().copied().unwrap_or(*a)),
                TKind::Label(_, text) => Place::Label(text.clone()),
                _ => match self.positions(index) {
                    Some((over, positions, _)) => Place::At(a.axis, over, positions),
                    None => Place::Elsewhere,
                },
            }
        })
        .collect()
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
