//! Sites' values from unconstrained numbers.

use super::site_map::SiteMap;
use super::{Lowered, Lowering};
use crate::graph::{AxisRef, SymbolId};
use ppl_core::{AxisId, Expr, Index};

/// Where a site's unconstrained numbers are.
#[derive(Clone, Copy)]
pub enum Free<'b> {
    /// One for every element of the batch.
    Number(Expr<'b>),
    /// One event's numbers along an axis, for every element of the batch.
    Along(Expr<'b>, AxisId),
    /// A part of a vector along an axis, from an element on: one event's numbers after another's.
    Slice(Expr<'b>, AxisId, usize),
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// A site's value and the log Jacobian of the map, elementwise over the batch; `standardised`: the numbers are in units
    /// of the site's prior.
    pub fn constrain(
        &self,
        site: SymbolId,
        map: &SiteMap<'b>,
        free: Free<'b>,
        standardised: bool,
    ) -> Lowered<(Expr<'b>, Expr<'b>)> {
        if let Some(whole) = self.long_value(site, map, free, standardised)? {
            return Ok(whole);
        }
        if let Some(d) = self.bound.model.dist(site) {
            self.written_out(d, &map.event)?;
        }
        let n_event: usize = map.event.iter().map(|&e| self.builder.size(e)).product();
        let base = map.bijection.unconstrained_len(n_event);
        let parts = match free {
            Free::Number(e) => vec![e],
            Free::Along(e, axis) => (0..base).map(|i| self.component(e, axis, i)).collect(),
            Free::Slice(e, axis, from) => self.slices(e, axis, from, site, &map.event, base),
        };
        let (values, ln_jacobian) = if standardised {
            self.standardised(site, &map.event, &parts)?
        } else {
            map.bijection.forward(&parts, n_event.max(1))
        };
        Ok((self.lay_out(&values, &map.event), ln_jacobian))
    }

    /// A site's value under the inverse of its map and back, along its own axes, then its unconstrained numbers: the value
    /// itself and no NaN inside the support.
    pub fn image(&self, map: &SiteMap<'b>, value: Expr<'b>) -> Vec<Expr<'b>> {
        if let Some((image, free)) = self.long_image(map, value) {
            return vec![image, free];
        }
        let parts = self.event_parts(value, &map.event);
        let free = map.bijection.inverse(&parts);
        let (back, _) = map.bijection.forward(&free, parts.len());
        let mut out = vec![self.lay_out(&back, &map.event)];
        out.extend(free);
        out
    }

    /// The parts of a joint vector that belong to one site: element i of every event, laid over the site's batch.
    fn slices(
        &self,
        draw: Expr<'b>,
        axis: AxisId,
        offset: usize,
        site: SymbolId,
        event: &[AxisId],
        base: usize,
    ) -> Vec<Expr<'b>> {
        let b = self.builder;
        let axes = &self.bound.model.symbols[site].axes;
        let batch: Vec<AxisRef> = axes
            .iter()
            .copied()
            .filter(|a| !event.contains(&self.axes.id(*a)))
            .collect();
        if batch.is_empty() {
            return (0..base)
                .map(|i| self.component(draw, axis, offset + i))
                .collect();
        }
        let order = self.axes.order(&batch);
        (0..base)
            .map(|i| {
                let values: Vec<u32> = order
                    .iter()
                    .map(|&e| (offset + e * base + i) as u32)
                    .collect();
                let index = b.index(Index {
                    target: axis,
                    axes: self.axes.set(&batch),
                    values: values.into(),
                });
                b.gather(draw, index)
            })
            .collect()
    }
}
