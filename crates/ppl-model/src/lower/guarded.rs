//! Densities of given values: minus infinity wherever the value is no possible draw, or an argument is outside of its domain.
//!
//! A family's formula says nothing about where it holds: that of `Uniform(0, b)` is -ln(b) for any value, also above b. Draws from a
//! guide are in their support by construction; values that are given are not. What can be shown to hold costs nothing.

use super::Lowering;
use crate::graph::TDist;
use crate::simplex::Total;
use ppl_core::{AxisId, AxisSet, Expr, Real, interpret};
use ppl_dist::{Bound, Domain, Parameter, Shape, Support};

/// How far a calculated value may be outside by rounding, relative to the larger of 1 and the end.
pub(super) const ROUNDING: f64 = 1e-9;

impl<'b> Lowering<'_, 'b> {
    /// `density`, the formula's value, where `value` can be drawn and all arguments are in their domains; elsewhere minus infinity.
    /// `inside`: the value is a draw, so it is in its support.
    pub(super) fn guarded(
        &self,
        d: &TDist,
        args: &[&[Expr<'b>]],
        value: Expr<'b>,
        density: Expr<'b>,
        inside: bool,
    ) -> Expr<'b> {
        let def = d.distribution.definition();
        let mut conditions = vec![];
        if !inside && def.event == Shape::Scalar {
            let (low, high) = match def.support {
                Support::Interval(low, high) | Support::Integers(low, high) => (low, high),
                Support::Bool => (Bound::At(0.0), Bound::At(1.0)),
                _ => (Bound::At(f64::NEG_INFINITY), Bound::At(f64::INFINITY)),
            };
            let end = |b: Bound| match b {
                Bound::At(v) => Expr::Const(v),
                Bound::Parameter(i) => args[i][0],
            };
            conditions.extend(self.at_most(end(low), value));
            conditions.extend(self.at_most(value, end(high)));
        }
        for (parameter, argument) in def.parameters().iter().zip(args) {
            if parameter.domain == Domain::Simplex && !self.is_simplex(d, parameter) {
                let total = argument.iter().copied().reduce(|a, b| a + b);
                let total = total.unwrap_or(Expr::Const(0.0));
                conditions.extend(self.at_most(total, Expr::Const(1.0)));
                conditions.extend(self.at_most(Expr::Const(1.0), total));
                for &weight in *argument {
                    conditions.extend(self.at_most(Expr::Const(0.0), weight));
                }
            }
            let (low, high) = match parameter.domain {
                Domain::Positive | Domain::NonNegative | Domain::Count => (0.0, f64::INFINITY),
                Domain::Unit => (0.0, 1.0),
                _ => continue,
            };
            if parameter.shape == Shape::Scalar {
                conditions.extend(self.at_most(Expr::Const(low), argument[0]));
                conditions.extend(self.at_most(argument[0], Expr::Const(high)));
            }
        }
        let impossible = Expr::Const(f64::NEG_INFINITY);
        conditions
            .into_iter()
            .fold(density, |density, holds| holds.select(density, impossible))
    }

    /// `density` of labels, each by its own weight alone, where all `weights` along `axis` are a simplex; elsewhere minus infinity.
    pub(super) fn guarded_weights(
        &self,
        d: &TDist,
        weights: Expr<'b>,
        axis: AxisId,
        density: Expr<'b>,
    ) -> Expr<'b> {
        let parameters = d.distribution.definition().parameters();
        let simplex = parameters.iter().find(|p| p.domain == Domain::Simplex);
        if simplex.is_none_or(|p| self.is_simplex(d, p)) {
            return density;
        }
        // Not below 1 in sum, nor above 1 in absolute values: then none is negative.
        let axes = AxisSet::EMPTY.with(axis);
        let one = Expr::Const(1.0);
        let conditions = [
            self.at_most(one, self.builder.sum(weights, axes)),
            self.at_most(self.builder.sum(weights.abs(), axes), one),
        ];
        let impossible = Expr::Const(f64::NEG_INFINITY);
        let conditions = conditions.into_iter().flatten();
        conditions.fold(density, |density, holds| holds.select(density, impossible))
    }

    /// Whether a vector argument adds up to 1 along the event by its construction: a simplex site, or a softmax.
    fn is_simplex(&self, d: &TDist, parameter: &Parameter) -> bool {
        let form = d.distribution.definition().forms[d.form].parameters;
        let place = form.iter().position(|p| p.name == parameter.name);
        match (place.and_then(|i| d.args.get(i)), d.event.last()) {
            (None, _) => true,
            (Some(e), Some(&along)) => self.bound.model.total(e, along) == Total::One,
            (Some(_), None) => false,
        }
    }

    /// 1 where a is not above b, but for rounding; `None` where it never is.
    pub(super) fn at_most(&self, a: Expr<'b>, b: Expr<'b>) -> Option<Expr<'b>> {
        if self.range(a).1 <= self.range(b).0 {
            return None;
        }
        let slack = match (a, b) {
            (Expr::Const(v), _) | (_, Expr::Const(v)) => Expr::Const(ROUNDING * v.abs().max(1.0)),
            (_, b) => b.abs().max(Expr::Const(1.0)) * Expr::Const(ROUNDING),
        };
        self.unless_sure(a.less_eq(b + slack))
    }

    /// A condition; `None` where data alone show that it always holds.
    pub(super) fn unless_sure(&self, holds: Expr<'b>) -> Option<Expr<'b>> {
        let node = holds.node(self.builder);
        if self.builder.is_fixed(node) {
            let values = interpret::evaluate(&self.builder.snapshot(), &[], &[], &[node]);
            if values[0].iter().all(|v| *v == 1.0) {
                return None;
            }
        }
        Some(holds)
    }
}
