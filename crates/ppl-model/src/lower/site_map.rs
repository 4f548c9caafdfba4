//! From unconstrained vectors onto the supports of sites.

use super::{Lowered, Lowering};
use crate::graph::{Kind, SymbolId};
use ppl_core::{AxisId, AxisSet, Expr, Real};
use ppl_dist::{Bijection, Shape, Support};
use ppl_syntax::diagnostic::Diagnostic;

/// How a site's unconstrained vector becomes its value.
pub struct SiteMap<'b> {
    /// From the unconstrained vector of one event to the event.
    pub bijection: Bijection<Expr<'b>>,
    /// Program axes of one event: none, one or two.
    pub event: Vec<AxisId>,
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// The map from a site's unconstrained vector onto its support; an error for discrete sites.
    pub fn site_map(&self, id: SymbolId) -> Lowered<SiteMap<'b>> {
        let own = self.own_map(id)?;
        let symbol = &self.bound.model.symbols[id];
        let of_kind = symbol
            .kind
            .as_ref()
            .and_then(|k| k.vector_map(own.bijection));
        Ok(match (of_kind, symbol.axes.last()) {
            (Some(bijection), Some(&last)) => SiteMap {
                bijection,
                event: vec![self.axes.id(last)],
            },
            _ => own,
        })
    }

    /// The map of a draw from a site's distribution within its bounds, whatever vector it is an element of.
    fn own_map(&self, id: SymbolId) -> Lowered<SiteMap<'b>> {
        let symbol = &self.bound.model.symbols[id];
        let discrete = || {
            Box::new(
                Diagnostic::error(
                    "E0117",
                    symbol.span,
                    format!(
                        "`{}` is discrete, so no continuous draw can be transformed onto it",
                        symbol.name
                    ),
                )
                .help("draw it from Bernoulli in the guide"),
            )
        };
        let Some(d) = self.bound.model.dist(id) else {
            return Err(discrete());
        };
        let event = match d.distribution.definition().event {
            Shape::Sequence => vec![],
            _ => self.event_axes(d),
        };
        // Only bounds that are parameters need the arguments, which may read the site itself (a chain).
        let by_parameter = |b| matches!(b, ppl_dist::Bound::Parameter(_));
        let args = match d.distribution.definition().support {
            Support::Interval(lo, hi) if by_parameter(lo) || by_parameter(hi) => {
                self.arguments(d, &event)?
            }
            _ => d
                .distribution
                .definition()
                .parameters()
                .iter()
                .map(|_| vec![Expr::Const(0.0)])
                .collect(),
        };
        let slices: Vec<&[Expr<'b>]> = args.iter().map(Vec::as_slice).collect();
        let own = d
            .distribution
            .definition()
            .bijection(&slices)
            .ok_or_else(discrete)?;
        let (lo, hi) = match &symbol.kind {
            Some(Kind::Real(lo, hi)) => (lo, hi),
            _ if d.modifiers.truncates() => (&None, &None),
            _ => {
                return Ok(SiteMap {
                    bijection: own,
                    event,
                });
            }
        };
        let (own_lo, own_hi) = match own {
            Bijection::Identity => (None, None),
            Bijection::Lower(l) => (Some(l), None),
            Bijection::Upper(h) => (None, Some(h)),
            Bijection::Interval(l, h) => (Some(l), Some(h)),
            _ => {
                return Ok(SiteMap {
                    bijection: own,
                    event,
                });
            }
        };
        let narrower = |own: Option<Expr<'b>>,
                        kind: Option<&crate::graph::TExpr>,
                        upper: bool|
         -> Lowered<Option<Expr<'b>>> {
            let kind = kind.map(|k| self.expr(k)).transpose()?;
            Ok(match (own, kind) {
                (None, k) => k,
                (o, None) => o,
                (Some(o), Some(k)) => Some(if upper { -((-o).max(-k)) } else { o.max(k) }),
            })
        };
        let lo = narrower(own_lo, lo.as_ref(), false)?;
        let hi = narrower(own_hi, hi.as_ref(), true)?;
        let lo = narrower(lo, d.modifiers.lower.as_deref(), false)?;
        let hi = narrower(hi, d.modifiers.upper.as_deref(), true)?;
        let bijection = match (lo, hi) {
            (None, None) => Bijection::Identity,
            (Some(l), None) => Bijection::Lower(l),
            (None, Some(h)) => Bijection::Upper(h),
            (Some(l), Some(h)) => Bijection::Interval(l, h),
        };
        Ok(SiteMap { bijection, event })
    }

    /// Number of unconstrained elements of one event of a site, and of its batch.
    pub fn unconstrained(&self, id: SymbolId) -> Lowered<(usize, usize)> {
        let map = self.site_map(id)?;
        let n_event: usize = map.event.iter().map(|&e| self.builder.size(e)).product();
        let total = self.bound.len(&self.bound.model.symbols[id].axes);
        Ok((
            map.bijection.unconstrained_len(n_event),
            total / n_event.max(1),
        ))
    }

    /// Puts an event's numbers back along its axes.
    pub fn lay_out(&self, parts: &[Expr<'b>], event: &[AxisId]) -> Expr<'b> {
        match event {
            [] => parts[0],
            [e] => self.builder.stack(parts, *e),
            [r, c, ..] => {
                let n = self.builder.size(*r);
                let rows: Vec<Expr<'b>> = parts
                    .chunks(n)
                    .map(|row| self.builder.stack(row, *c))
                    .collect();
                self.builder.stack(&rows, *r)
            }
        }
    }

    /// Program axes of a site's batch.
    pub fn batch_set(&self, id: SymbolId, event: &[AxisId]) -> AxisSet {
        let all = self.axes.set(&self.bound.model.symbols[id].axes);
        event.iter().fold(all, |s, &e| s.without(e))
    }
}
