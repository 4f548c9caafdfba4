//! Expressions at some places along their axes: the index goes in where it is read, so that what is looked up of a
//! deterministic value is looked up of the discrete sites that it reads.

use super::{Lowered, Lowering};
use crate::graph::*;
use ppl_core::{AxisSet, Expr};
use ppl_syntax::Span;

/// Elements of discrete sites that one reduction, or one product `@`, may mix.
pub(crate) const MOST_MIXED: usize = 8;

/// The axes of an expression when some of them are looked up.
fn axes_at(axes: &[AxisRef], by: &[(AxisRef, TExpr)]) -> Vec<AxisRef> {
    let mut out: Vec<AxisRef> = vec![];
    for a in axes {
        let index = by.iter().find(|(b, _)| b.declared() == a.declared());
        let one = [*a];
        for a in index.map_or(&one[..], |(_, i)| &i.axes) {
            if !out.contains(a) {
                out.push(*a);
            }
        }
    }
    out
}

/// `e` with some axes looked up; `None` where that does not go through to what it reads.
fn at(e: &TExpr, by: &[(AxisRef, TExpr)]) -> Option<TExpr> {
    let touched = |axes: &[AxisRef]| {
        let mut found = by.iter();
        found.any(|(b, _)| axes.iter().any(|a| a.declared() == b.declared()))
    };
    if !touched(&e.axes) {
        return Some(e.clone());
    }
    let all = |es: &[TExpr]| es.iter().map(|e| at(e, by)).collect::<Option<Vec<_>>>();
    let looked_up = |src: &TExpr, known: Vec<(AxisRef, TExpr)>| {
        let mut indices = known;
        for (axis, index) in by {
            let own = src.axes.iter().find(|a| a.declared() == axis.declared());
            if let Some(own) = own
                && !indices.iter().any(|(a, _)| a == own)
            {
                indices.push((*own, index.clone()));
            }
        }
        TKind::Gather(Box::new(src.clone()), indices)
    };
    let kind = match &e.kind {
        TKind::LoopVariable => {
            let own = e.axes.first()?.declared();
            let index = by.iter().find(|(b, _)| b.declared() == own);
            return index.map(|(_, i)| i.clone());
        }
        TKind::Symbol(_) => looked_up(e, vec![]),
        TKind::Prim(p, args) => TKind::Prim(*p, all(args)?),
        TKind::Function(f, args) => TKind::Function(f, all(args)?),
        TKind::Gather(src, inner) => {
            let inner = inner
                .iter()
                .map(|(a, i)| Some((*a, at(i, by)?)))
                .collect::<Option<Vec<_>>>()?;
            looked_up(src, inner)
        }
        _ => return None,
    };
    Some(TExpr {
        kind,
        axes: axes_at(&e.axes, by),
        ..e.clone()
    })
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// What a look-up in a deterministic value reads, where the value's elements are those of discrete sites.
    pub(super) fn looked_up_within(
        &self,
        src: &TExpr,
        value: Expr<'b>,
        indices: &[(AxisRef, TExpr)],
    ) -> Option<Lowered<Expr<'b>>> {
        let TKind::Symbol(id) = src.kind else {
            return None;
        };
        let model = &self.bound.model;
        let Role::Let(inner) = &model.symbols[id].role else {
            return None;
        };
        let away = indices
            .iter()
            .filter(|(_, i)| !matches!(i.kind, TKind::LoopVariable));
        let axes: Vec<AxisRef> = away.map(|(a, _)| *a).collect();
        if !self.mixes(value, self.axes.set(&axes)) || !self.lets().recurrence(id).is_empty() {
            return None;
        }
        Some(self.expr(&at(inner, indices)?))
    }

    /// A reduction over elements of discrete sites, each read by itself.
    pub(super) fn reduced_apart(
        &self,
        r: Reduction,
        inner: &TExpr,
        over: &[AxisRef],
        mixed: Expr<'b>,
    ) -> Lowered<Expr<'b>> {
        let b = self.builder;
        let set = self.axes.set(over);
        let parts = self.apart(&[(inner, over)], &[(mixed, set)], inner.span)?;
        match (r, over) {
            (Reduction::Sum, _) => Ok(added(&parts)),
            (Reduction::Mean, _) => Ok(added(&parts) / Expr::Const(parts.len() as f64)),
            (_, [axis]) => Ok(self.reduced(r, b.stack(&parts, self.axes.id(*axis)), set)),
            _ => Err(self.not_apart(&[(mixed, set)], inner.span)),
        }
    }

    /// `l @ r` along an axis whose elements are those of discrete sites: the sum of the products, each factor read by itself.
    pub(super) fn product_apart(
        &self,
        (l, x, a): (&TExpr, Expr<'b>, AxisRef),
        (r, y, b): (&TExpr, Expr<'b>, AxisRef),
    ) -> Lowered<Expr<'b>> {
        let mixed = [(x, self.axes.set(&[a])), (y, self.axes.set(&[b]))];
        let parts = self.apart(&[(l, &[a]), (r, &[b])], &mixed, l.span.to(r.span))?;
        Ok(added(&parts))
    }

    /// For each place along axes of the same sizes the product of the factors there, each of which is lowered with that place in
    /// what it reads: so the elements of a discrete site are told apart. `mixed` are the factors as a whole.
    fn apart(
        &self,
        factors: &[(&TExpr, &[AxisRef])],
        mixed: &[(Expr<'b>, AxisSet)],
        span: Span,
    ) -> Lowered<Vec<Expr<'b>>> {
        let b = self.builder;
        let n: usize = factors.first().map_or(1, |(_, over)| {
            over.iter().map(|a| self.bound.size(*a)).product()
        });
        let axes = mixed
            .iter()
            .fold(AxisSet::EMPTY, |all, (e, _)| all.union(b.axes_of(*e)));
        let values: f64 = self
            .readings_in(axes)
            .iter()
            .map(|r| b.size(r.slot) as f64)
            .product();
        if n == 0 {
            return Err(self.not_apart(mixed, span));
        }
        if n > MOST_MIXED || n as f64 * values.powi(n as i32) > self.bound.table_bound {
            return Err(self.too_mixed(mixed, n, span));
        }
        let mut places: Vec<Vec<Vec<(AxisRef, TExpr)>>> = vec![];
        for (e, over) in factors {
            places.push(self.places(over, e.span));
        }
        let mut parts = vec![];
        for i in 0..n {
            let mut product = None;
            for (f, (e, over)) in factors.iter().enumerate() {
                let (whole, along) = mixed[f];
                let factor = match over {
                    // What mixes nothing is read as any value is.
                    [axis] if !self.mixes(whole, along) => {
                        self.component(whole, self.axes.id(*axis), i)
                    }
                    _ => match places[f].get(i).and_then(|place| at(e, place)) {
                        Some(e) => self.number(&e)?,
                        None => return Err(self.not_apart(mixed, span)),
                    },
                };
                product = Some(product.map_or(factor, |p: Expr<'b>| p * factor));
            }
            parts.extend(product);
        }
        Ok(parts)
    }

    /// The places along some axes, row-major.
    fn places(&self, over: &[AxisRef], span: Span) -> Vec<Vec<(AxisRef, TExpr)>> {
        let mut places: Vec<Vec<(AxisRef, TExpr)>> = vec![vec![]];
        for axis in over {
            let labels = &self.bound.axes[axis.axis].labels;
            let label = |l: &String| TExpr {
                kind: TKind::Label(axis.axis, l.clone()),
                axes: vec![],
                ty: Ty::Index(axis.axis),
                stochastic: false,
                span,
            };
            places = places
                .into_iter()
                .flat_map(|p| {
                    let with = |l| [p.clone(), vec![(*axis, label(l))]].concat();
                    labels.iter().map(with).collect::<Vec<_>>()
                })
                .collect();
        }
        places
    }
}

fn added<'b>(parts: &[Expr<'b>]) -> Expr<'b> {
    let sum = parts.iter().copied().reduce(|x, y| x + y);
    sum.unwrap_or(Expr::Const(0.0))
}
