//! Kinds of deterministic values: a density of 1 where the value is what it was declared to be, and of 0 elsewhere.

use super::guarded::ROUNDING;
use super::{Lowered, Lowering};
use crate::graph::{AxisRef, Kind, LinearOp, Reduction, Role, SymbolId, TExpr, TKind};
use ppl_core::{AxisId, AxisSet, Expr, Index, Real};
use ppl_dist::Support;

impl<'b> Lowering<'_, 'b> {
    /// The log density 0 or minus infinity of a value with a kind, and the axes that it lies along; `None` where the kind always
    /// holds.
    pub(super) fn within_kind(&self, id: SymbolId) -> Lowered<Option<(Expr<'b>, Vec<AxisRef>)>> {
        let model = self.bound.model.clone();
        let symbol = &model.symbols[id];
        let Some(kind) = &symbol.kind else {
            return Ok(None);
        };
        let Some((batch, event)) = symbol
            .axes
            .len()
            .checked_sub(kind.event_axes())
            .map(|n| symbol.axes.split_at(n))
        else {
            return Ok(None);
        };
        if self.made_as(kind, &model.whole(id), event) {
            return Ok(None);
        }
        let value = self.symbol(id)?;
        let axes: Vec<AxisId> = event.iter().map(|&a| self.axes.id(a)).collect();
        let conditions = match kind {
            Kind::Real(lo, hi) | Kind::Int(lo, hi) => {
                let mut out = vec![];
                if let Some(lo) = lo {
                    out.extend(self.at_most(self.expr(lo)?, value));
                }
                if let Some(hi) = hi {
                    out.extend(self.at_most(value, self.expr(hi)?));
                }
                if matches!(kind, Kind::Int(..)) {
                    let whole = Expr::apply(ppl_core::Prim::Floor, &[value]).equal(value);
                    out.extend(self.unless_sure(whole));
                }
                out
            }
            Kind::Bool => {
                let holds = value
                    .equal(Expr::Const(0.0))
                    .max(value.equal(Expr::Const(1.0)));
                self.unless_sure(holds).into_iter().collect()
            }
            Kind::Index(_) => vec![],
            _ => match axes.as_slice() {
                [e] => self.vector_conditions(kind, value, *e),
                [r, c] => self.matrix_conditions(kind, value, *r, *c),
                _ => vec![],
            },
        };
        if conditions.is_empty() {
            return Ok(None);
        }
        let over = AxisSet::of(&axes);
        let zero = Expr::Const(0.0);
        let density = conditions.into_iter().fold(zero, |density, holds| {
            // One element that is wrong makes the event wrong.
            let wrong = self.builder.sum(
                Expr::Const(1.0) - holds,
                over.intersection(self.builder.axes_of(holds)),
            );
            wrong
                .less_eq(zero)
                .select(density, Expr::Const(f64::NEG_INFINITY))
        });
        Ok(Some((density, batch.to_vec())))
    }

    fn vector_conditions(&self, kind: &Kind, x: Expr<'b>, e: AxisId) -> Vec<Expr<'b>> {
        let b = self.builder;
        let (over, zero, one) = (AxisSet::of(&[e]), Expr::Const(0.0), Expr::Const(1.0));
        let n = b.size(e);
        let increasing = || {
            let index = b.index(Index {
                target: e,
                axes: over,
                values: (0..n).map(|k| k.saturating_sub(1) as u32).collect(),
            });
            let later = b.data((0..n).map(|k| f64::from(u8::from(k > 0))).collect(), over);
            later.select(b.gather(x, index).less(x), one)
        };
        let holds = match kind {
            Kind::Simplex => {
                let total = b.sum(x, over);
                let above = self.at_most(zero, x);
                return above
                    .into_iter()
                    .chain(self.at_most(total, one))
                    .chain(self.at_most(one, total))
                    .collect();
            }
            Kind::Ordered => vec![increasing()],
            Kind::PositiveOrdered => vec![zero.less(x), increasing()],
            Kind::SumToZero => {
                let size = b.sum(x.abs(), over).max(one);
                vec![b.sum(x, over).abs().less_eq(size * Expr::Const(ROUNDING))]
            }
            _ => vec![],
        };
        holds
            .into_iter()
            .filter_map(|h| self.unless_sure(h))
            .collect()
    }

    fn matrix_conditions(&self, kind: &Kind, x: Expr<'b>, r: AxisId, c: AxisId) -> Vec<Expr<'b>> {
        let b = self.builder;
        let (zero, one, slack) = (Expr::Const(0.0), Expr::Const(1.0), Expr::Const(ROUNDING));
        let is_one = |v: Expr<'b>| (v - one).abs().less_eq(slack);
        let lower = || {
            let inside = b.lower_mask(r, c, 1.0);
            inside.select(one, x.equal(zero))
        };
        let symmetric = || {
            let difference = (x - b.transpose(x, r, c)).abs();
            difference.less_eq(x.abs().max(one) * slack)
        };
        let diagonal = |m: Expr<'b>| b.diagonal((m, r, c));
        let definite = || zero.less(diagonal(b.cholesky((x, r, c))));
        let holds = match kind {
            Kind::CorrCholesky => vec![
                lower(),
                zero.less(diagonal(x)),
                is_one(b.sum(x.square(), AxisSet::of(&[c]))),
            ],
            Kind::CovCholesky => vec![lower(), zero.less(diagonal(x))],
            Kind::Corr => vec![symmetric(), is_one(diagonal(x)), definite()],
            Kind::Cov => vec![symmetric(), definite()],
            _ => vec![],
        };
        holds
            .into_iter()
            .filter_map(|h| self.unless_sure(h))
            .collect()
    }

    /// Whether an expression has a kind by the way it is made.
    fn made_as(&self, kind: &Kind, e: &TExpr, event: &[AxisRef]) -> bool {
        let model = &self.bound.model;
        match &e.kind {
            TKind::Symbol(id) => match &model.symbols[*id].role {
                Role::Let(inner) => self.made_as(kind, inner, event),
                Role::Site(d) => {
                    let own = match (
                        &model.symbols[*id].kind,
                        d.distribution.definition().support,
                    ) {
                        (Some(own), _) => {
                            std::mem::discriminant(own) == std::mem::discriminant(kind)
                        }
                        (None, Support::Simplex) => matches!(kind, Kind::Simplex),
                        (None, Support::CorrCholesky) => matches!(kind, Kind::CorrCholesky),
                        (None, Support::Correlation) => matches!(kind, Kind::Corr),
                        (None, Support::Covariance) => matches!(kind, Kind::Cov),
                        _ => false,
                    };
                    own && kind.event_axes() > 0 && e.axes.ends_with(event)
                }
                _ => false,
            },
            TKind::Reduce(Reduction::Softmax, _, over) => {
                matches!(kind, Kind::Simplex) && over == event
            }
            TKind::Linear(call) if call.op == LinearOp::Cholesky => {
                matches!(kind, Kind::CovCholesky)
            }
            _ => false,
        }
    }
}
