//! Shapes of sites on the unconstrained scale, known before anything is lowered: what guides are generated from.

use crate::bind::Bound;
use crate::graph::*;
use ppl_dist::{Bijection, Shape};

/// A site as a guide sees it.
#[derive(Debug, Clone)]
pub struct SiteShape {
    /// The site.
    pub site: SymbolId,
    /// Its name.
    pub name: String,
    /// Names of its axes in declared order.
    pub axes: Vec<String>,
    /// Names of the axes of its batch: all but the event's.
    pub batch: Vec<String>,
    /// Number of events in the batch.
    pub n_batch: usize,
    /// Constrained numbers in one event.
    pub n_event: usize,
    /// Unconstrained numbers in one event; `None` for discrete sites.
    pub unconstrained: Option<usize>,
    /// Whether the support is the real line, so that no transform is needed.
    pub is_real: bool,
    /// The axis along which each element hangs on the one before, else the last of its batch.
    pub chain: Option<String>,
    /// Whether it is 0 or 1.
    pub is_bool: bool,
    /// Where it is discrete and not 0 or 1: the axis of its labels, or the smallest and the largest of its whole numbers.
    pub values: Option<DiscreteValues>,
    /// Whether its prior has a location and a scale, at least one of them a latent or the scale a matrix, so that
    /// non-centring may pay.
    pub hierarchical: bool,
    /// Whether that means innovations: each element hangs on those before, whatever is in units of its prior on all before it.
    pub is_chain: bool,
}

/// The values of a discrete site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiscreteValues {
    /// The labels of this axis.
    Labels(String),
    /// Whole numbers from the first to the second.
    Numbers(i64, i64),
}

/// Whether a site's distribution reads the site itself: a chain.
fn reads(dist: &TDist, site: SymbolId) -> bool {
    let mut symbols = vec![];
    dist.expressions()
        .into_iter()
        .for_each(|e| e.symbols(&mut symbols));
    symbols.contains(&site)
}

impl Bound {
    /// The sites in order.
    pub fn site_shapes(&self) -> Vec<SiteShape> {
        self.model
            .sites()
            .filter_map(|(id, _)| self.site_shape(id))
            .collect()
    }

    /// Whether a site can be drawn in units of its prior, and that may pay: scalar sites with branches or chains as well.
    fn has_units(&self, dist: &TDist, site: SymbolId) -> bool {
        let def = dist.distribution.definition();
        if def.event != Shape::Scalar {
            let alone = dist.otherwise.is_none() && !reads(dist, site);
            return def.location_scale.is_some() && alone && !dist.modifiers.truncates();
        }
        // What has other parameters beside those is not in their units: degrees of freedom, a shape.
        let latent = |d: &TDist| {
            let units = d.distribution.definition().units().filter(|_| d.form == 0);
            let used = |k: usize| units.is_none_or(|u| u.parameters().contains(&Some(k)));
            let mut args = d.args.iter().enumerate();
            args.any(|(k, a)| a.stochastic && used(k))
        };
        dist.has_units()
            && dist.branches().into_iter().any(latent)
            && self.model.chain_members(site).is_some()
    }

    fn site_shape(&self, site: SymbolId) -> Option<SiteShape> {
        let symbol = &self.model.symbols[site];
        let dist = self.model.dist(site)?;
        let def = dist.distribution.definition();
        let vector = symbol.kind.as_ref().is_some_and(|k| k.event_axes() == 1);
        let n_event_axes = match def.event {
            Shape::Scalar if vector => 1,
            Shape::Scalar | Shape::Sequence => 0,
            _ => dist.event.len(),
        };
        let (batch, event) = symbol.axes.split_at(symbol.axes.len() - n_event_axes);
        let n_event = self.len(event);
        // Only the kind of map matters here, not the bounds' values.
        let zero = [0.0];
        let parameters: Vec<&[f64]> = def.parameters().iter().map(|_| &zero[..]).collect();
        let own = def.bijection(&parameters);
        let of_kind = |own| symbol.kind.as_ref().and_then(|k| k.vector_map(own));
        let bijection = own.map(|own| of_kind(own).unwrap_or(own));
        let bounded = dist.modifiers.truncates()
            || matches!(&symbol.kind, Some(Kind::Real(lo, hi)) if lo.is_some() || hi.is_some());
        let name = |a: &AxisRef| self.model.axis_name(*a).to_string();
        Some(SiteShape {
            site,
            name: symbol.name.clone(),
            axes: symbol.axes.iter().map(name).collect(),
            batch: batch.iter().map(name).collect(),
            n_batch: self.len(batch),
            n_event,
            unconstrained: bijection.map(|b| b.unconstrained_len(n_event)),
            is_real: matches!(bijection, Some(Bijection::Identity)) && !bounded,
            chain: dist
                .expressions()
                .into_iter()
                .find_map(TExpr::chain_axis)
                .map(|a| a.declared())
                .filter(|a| batch.contains(a))
                .or(batch.last().copied())
                .map(|a| name(&a)),
            is_bool: symbol.ty == Ty::Bool,
            values: match (symbol.is_discrete_site(), symbol.ty, self.values_of(site)) {
                (true, Ty::Index(axis), (_, n)) => {
                    // An axis stands in a bracket once.
                    let repeated = symbol.axes.iter().any(|a| a.axis == axis);
                    Some(match repeated {
                        true => DiscreteValues::Numbers(1, n as i64),
                        false => DiscreteValues::Labels(self.model.axes[axis].name.clone()),
                    })
                }
                (true, Ty::Int, (first, n)) => {
                    let first = first as i64;
                    Some(DiscreteValues::Numbers(first, first + n as i64 - 1))
                }
                _ => None,
            },
            hierarchical: self.has_units(dist, site)
                && matches!(symbol.kind, None | Some(Kind::Real(None, None)))
                && !dist
                    .expressions()
                    .iter()
                    .any(|a| self.model.reads_summed_out(a)),
            is_chain: reads(dist, site),
        })
    }

    /// Number of unknowns on the unconstrained scale, discrete ones counted once each.
    pub fn n_unknowns(&self) -> usize {
        self.site_shapes()
            .iter()
            .map(|s| s.n_batch * s.unconstrained.unwrap_or(1))
            .sum()
    }

    /// Number of elements of the longest array of data.
    pub fn largest_array(&self) -> usize {
        let len = |v: &crate::bind::Values| match v {
            crate::bind::Values::Real(v) => v.len(),
            crate::bind::Values::Index(v) => v.len(),
        };
        self.values.values().map(len).max().unwrap_or(0)
    }

    /// Whether the evidence is defined: no improper prior.
    pub fn evidence_defined(&self) -> bool {
        !self
            .model
            .sites()
            .any(|(_, s)| matches!(&s.role, Role::Site(d) if d.distribution.definition().improper))
    }
}
