//! Densities of the discrete sites themselves, for all their values at once.

use crate::graph::{SymbolId, TDist};
use crate::lower::{Lowered, Lowering};
use ppl_core::{AxisId, AxisSet, Expr, Prim, Real};
use ppl_dist::{Bound, Distribution, Support};

impl<'a, 'b> Lowering<'a, 'b> {
    /// Log density of every value of a summed-out site; -inf for a value outside the support.
    pub(in crate::lower) fn enumerated_density(&self, site: SymbolId) -> Lowered<Expr<'b>> {
        let values = self.enumerated(site)?;
        match self.bound.model.dist(site) {
            Some(d) => self.branches(d, values),
            None => Ok(Expr::Const(0.0)),
        }
    }

    /// Log density of a discrete site that the guide draws, at the drawn value or at all that are listed.
    pub(in crate::lower) fn drawn_density(
        &self,
        site: SymbolId,
        drawn: Expr<'b>,
    ) -> Lowered<Expr<'b>> {
        let Some(d) = self.bound.model.dist(site) else {
            return Ok(Expr::Const(0.0));
        };
        let (slot, values) = self.own_values(site)?;
        let each = self.branches(d, values)?;
        Ok(self.at_drawn(each, slot, values, drawn))
    }

    /// The values of a discrete site along an axis: that of its own reading where it is summed out.
    pub fn listed_values(&self, site: SymbolId) -> Lowered<(AxisId, Expr<'b>)> {
        if self.is_drawn(site) {
            return self.own_values(site);
        }
        let values = self.enumerated(site)?;
        let slot = self.builder.axes_of(values).innermost();
        Ok((slot.unwrap_or(ppl_core::DRAW), values))
    }

    /// The values of a drawn discrete site along an axis that serves nothing else.
    pub(in crate::lower) fn own_values(&self, site: SymbolId) -> Lowered<(AxisId, Expr<'b>)> {
        let (first, n) = self.bound.values_of(site);
        let known = self.own_slots.borrow().get(&site).copied();
        let slot = match known {
            Some(slot) => slot,
            None => {
                let used: Vec<AxisId> = self.readings.borrow().iter().map(|r| r.slot).collect();
                let slot = self.free_slot(n, &used)?;
                self.own_slots.borrow_mut().insert(site, slot);
                slot
            }
        };
        let values: Vec<f64> = (0..n).map(|k| first + k as f64).collect();
        let values = self.builder.data(values.into(), AxisSet::of(&[slot]));
        Ok((slot, values))
    }

    /// Log density of each of the values of a site under a guide's distribution: of its labels in their order, or of numbers.
    pub(in crate::lower) fn guide_densities(
        &self,
        d: &TDist,
        values: Expr<'b>,
    ) -> Lowered<Expr<'b>> {
        if d.distribution.definition().support != Support::Category || d.otherwise.is_some() {
            return self.branches(d, values);
        }
        let slot = self.builder.axes_of(values).innermost();
        let n = slot.map_or(1, |s| self.builder.size(s));
        let (Some(slot), Some(axis)) = (slot, d.event.first()) else {
            return self.branches(d, values);
        };
        let labels = self.builder.size(self.axes.id(*axis));
        if labels != n {
            return Err(Box::new(
                ppl_syntax::diagnostic::Diagnostic::error(
                    "E0117",
                    d.span,
                    format!("the site has {n} values, and the guide draws from {labels}"),
                )
                .help("`ppl guide` prints a complete guide to start from"),
            ));
        }
        let positions: Vec<f64> = (0..n).map(|k| k as f64).collect();
        let positions = self.builder.data(positions.into(), AxisSet::of(&[slot]));
        self.branches(d, positions)
    }

    fn branches(&self, d: &TDist, values: Expr<'b>) -> Lowered<Expr<'b>> {
        let Some(other) = &d.otherwise else {
            return self.branch(d, values);
        };
        let first = self.branch(d, values)?;
        let condition = self.expr(&other.0)?;
        Ok(condition.select(first, self.branches(&other.1, values)?))
    }

    fn branch(&self, d: &TDist, values: Expr<'b>) -> Lowered<Expr<'b>> {
        let own = TDist {
            otherwise: None,
            ..d.clone()
        };
        match d.distribution.definition().support {
            Support::Category if is_local(d.distribution) && d.form == 0 => {
                // The weight of a label is all that its density reads: the weights in their order are the densities.
                let slot = self.builder.axes_of(values).innermost();
                let (Some(slot), Some(axis)) = (slot, d.event.first()) else {
                    return self.density(&own, values);
                };
                let weights = self.expr(&d.args[0])?;
                let own_axis = self.axes.id(*axis);
                let each = self.builder.rename(weights, own_axis, slot);
                let density = d
                    .distribution
                    .ln_density_expr(&[Expr::Const(0.0)], &[&[each]]);
                Ok(self.guarded_weights(d, weights, own_axis, density))
            }
            Support::Integers(..) => {
                let Some(&(low, high)) = self.ends(&own)?.first() else {
                    return self.density(&own, values);
                };
                let inside = low.less_eq(values) * values.less_eq(high);
                // Outside, the density is asked at an end, where it is finite, and not used.
                let nearest = -((-values.max(low)).max(-high));
                let density = self.density(&own, nearest)?;
                Ok(inside.select(density, Expr::Const(f64::NEG_INFINITY)))
            }
            _ => self.density(&own, values),
        }
    }

    /// The ends of each branch of a distribution of whole numbers.
    pub(crate) fn ends(&self, d: &TDist) -> Lowered<Vec<(Expr<'b>, Expr<'b>)>> {
        let mut out = vec![];
        if let Support::Integers(low, high) = d.distribution.definition().support {
            let end = |b: Bound| match b {
                Bound::At(v) => Ok(Expr::Const(v)),
                // The other arguments may be latents.
                Bound::Parameter(i) if d.form == 0 => self.expr(&d.args[i]),
                Bound::Parameter(i) => Ok(self.arguments(d, &[])?[i][0]),
            };
            // Truncated, it ends at the first and the last whole number between the bounds.
            let floor = |e: Expr<'b>| Expr::apply(Prim::Floor, &[e]);
            let (mut low, mut high) = (end(low)?, end(high)?);
            if let Some(lower) = &d.modifiers.lower {
                low = low.max(-floor(-self.expr(lower)?));
            }
            if let Some(upper) = &d.modifiers.upper {
                high = high.min(floor(self.expr(upper)?));
            }
            out.push((low, high));
        }
        if let Some(other) = &d.otherwise {
            out.extend(self.ends(&other.1)?);
        }
        Ok(out)
    }

    /// Log density of observed labels whose weights are all that it reads: looked up rather than chosen among all.
    pub(in crate::lower) fn observed_label(
        &self,
        value: &crate::graph::TExpr,
        d: &TDist,
    ) -> Lowered<Option<Expr<'b>>> {
        let local = d.otherwise.is_none()
            && d.form == 0
            && d.distribution.definition().support == Support::Category
            && is_local(d.distribution);
        let Some(axis) = d.event.first().filter(|_| local) else {
            return Ok(None);
        };
        // Few labels are chosen among faster than they are looked up.
        if self.builder.size(self.axes.id(*axis)) <= 8 {
            return Ok(None);
        }
        let Some(index) = self.index(value, *axis) else {
            return Ok(None);
        };
        let weights = self.expr(&d.args[0])?;
        if self
            .builder
            .axes_of(weights)
            .intersection(self.builder.index_axes(index).1)
            != AxisSet::EMPTY
        {
            return Ok(None);
        }
        let read = self.builder.gather(weights, index);
        let density = d
            .distribution
            .ln_density_expr(&[Expr::Const(0.0)], &[&[read]]);
        let axis = self.axes.id(*axis);
        Ok(Some(self.guarded_weights(d, weights, axis, density)))
    }
}

/// Whether the density of a label reads its own weight alone, as that of probabilities does and that of log odds does not.
fn is_local(d: &dyn Distribution) -> bool {
    let weights = [0.2, 0.5, 0.3];
    (0..3).all(|k| {
        let whole = d.ln_density(&[k as f64], &[&weights]);
        let alone = d.ln_density(&[0.0], &[&weights[k..=k]]);
        (whole - alone).abs() < 1e-12
    })
}
