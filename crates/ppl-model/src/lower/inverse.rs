//! What turns a site's value back into the unconstrained numbers that a guide draws.

use super::site_map::SiteMap;
use super::{Lowered, Lowering, MAX_EVENT};
use crate::graph::SymbolId;
use ppl_core::Expr;

/// The map of a site, and the units of its prior where the guide draws it in those.
pub struct Inverse<'b> {
    /// From the unconstrained vector to the event.
    pub map: SiteMap<'b>,
    /// Location and scale of the prior.
    pub units: Option<PriorUnits<'b>>,
}

/// Location and scale of a prior, elementwise over the batch.
pub struct PriorUnits<'b> {
    /// One for all numbers of an event, or one for each.
    pub location: Vec<Expr<'b>>,
    /// One for all numbers of an event, or a square lower-triangular matrix by rows.
    pub scale: Vec<Expr<'b>>,
    /// Whether the value is the exponential of what has that location and scale.
    pub exponentiated: bool,
}

impl<'b> Lowering<'_, 'b> {
    /// How a site's numbers come from its value, once its parents have values; `None` for what cannot be written out: long
    /// vectors in units of their priors.
    ///
    /// # Errors
    /// Where the site is discrete, or its prior cannot be lowered.
    pub fn inverse(&self, site: SymbolId, standardised: bool) -> Lowered<Option<Inverse<'b>>> {
        let map = self.site_map(site)?;
        if !standardised {
            return Ok(Some(Inverse { map, units: None }));
        }
        let n: usize = map.event.iter().map(|&e| self.builder.size(e)).product();
        let Some(d) = self.bound.model.dist(site).filter(|_| n <= MAX_EVENT) else {
            return Ok(None);
        };
        if let Some(units) = self.units(d)? {
            let units = PriorUnits {
                location: vec![units.location],
                scale: vec![units.scale],
                exponentiated: units.exponentiated,
            };
            return Ok(Some(Inverse {
                map,
                units: Some(units),
            }));
        }
        let Some(ls) = d.distribution.definition().location_scale else {
            return Ok(None);
        };
        let mut arguments = self.arguments(d, &map.event)?;
        let units = PriorUnits {
            location: std::mem::take(&mut arguments[ls.location]),
            scale: std::mem::take(&mut arguments[ls.scale]),
            exponentiated: ls.exponentiated,
        };
        Ok(Some(Inverse {
            map,
            units: Some(units),
        }))
    }
}
