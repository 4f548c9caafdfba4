//! Sites that meet in factors, directly or through others, are summed out together.

use super::elimination::{Elimination, Failure, SiteVariables};
use super::tables::Table;
use super::{Factor, Reading};
use crate::graph::SymbolId;
use crate::lower::density::{Role, Term};
use crate::lower::units::Plates;
use crate::lower::{Lowered, Lowering};
use ppl_core::{AxisId, AxisSet, Expr, Index, IndexId, Real};
use ppl_syntax::Span;
use ppl_syntax::diagnostic::Diagnostic;

/// How sites were summed out.
#[derive(Debug, Clone)]
pub struct SummedOut {
    /// The sites.
    pub sites: Vec<SymbolId>,
    /// Elements of the largest table, for each draw.
    pub largest: f64,
    /// Elements of all tables together.
    pub work: f64,
    /// Rounds of eliminations; 1 where no element meets another.
    pub rounds: usize,
}

/// Elements of discrete sites that are summed out together, and which of them meet.
#[derive(Debug, Clone)]
pub struct Coupled {
    /// The sites, each with the number of its first element. Elements are counted row-major in program order, without the
    /// axes in `common`.
    pub sites: Vec<(SymbolId, u32)>,
    /// Plates that all share: for each of their elements the same graph.
    pub common: AxisSet,
    /// How many elements.
    pub n: usize,
    /// Elements that meet in one instance of a factor.
    pub meetings: Vec<Vec<u32>>,
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// The terms of the summed-out sites, one for each set of sites that meet (two where a prior reads a label).
    pub(in crate::lower) fn sum_out(&self, factors: Vec<Factor<'b>>) -> Lowered<Vec<Term<'b>>> {
        let mut terms = vec![];
        for (sites, factors) in connected(factors) {
            let all: Vec<&Factor> = factors.iter().collect();
            let (total, mut plates) = self.connected_sites(&sites, &all, true)?;
            let span = factors.first().map_or(Span::default(), |f| f.span);
            // Priors that read a label belong to the prior: what the labels' and their own densities sum to.
            let reader = factors
                .iter()
                .find_map(|f| f.prior.filter(|id| !self.is_enumerated(*id)));
            let mut rest = total;
            if let Some(reader) = reader {
                let priors: Vec<&Factor> = factors.iter().filter(|f| f.prior.is_some()).collect();
                let (value, of_priors) = self.connected_sites(&sites, &priors, false)?;
                plates = plates.zip(of_priors).map(|(all, own)| all.less(self, own));
                terms.push(Term {
                    role: Role::Prior(reader),
                    span,
                    value,
                });
                rest = total - value;
            }
            if let Some(plates) = plates {
                let spans: Vec<Span> = factors.iter().map(|f| f.span).collect();
                self.note_summed_out(plates, &sites, &spans);
            }
            terms.push(Term {
                role: Role::Likelihood,
                span,
                value: rest,
            });
        }
        Ok(terms)
    }

    /// The log of the sum over all values of the sites that reports read, directly or through others.
    pub(super) fn reported_sites(&self, factors: Vec<Factor<'b>>) -> Lowered<Expr<'b>> {
        let mut total = Expr::Const(0.0);
        for (sites, factors) in connected(factors) {
            if factors.iter().any(|f| f.reported) {
                let all: Vec<&Factor> = factors.iter().collect();
                total = total + self.connected_sites(&sites, &all, false)?.0;
            }
        }
        Ok(total)
    }

    fn connected_sites(
        &self,
        sites: &[SymbolId],
        factors: &[&Factor<'b>],
        note: bool,
    ) -> Lowered<(Expr<'b>, Option<Plates<'b>>)> {
        let b = self.builder;
        let common = self.common(sites, factors);
        let mut run = Elimination {
            lowering: self,
            common,
            sites: vec![],
            tables: vec![],
            total: Expr::Const(0.0),
            by_plate: self.units.borrow().is_some().then_some(Expr::Const(0.0)),
            largest: 0.0,
            widest: 0.0,
            work: 0.0,
            steps: 0,
            rounds: 0,
        };
        let mut base = 0u32;
        for &id in sites {
            let own = self
                .axes
                .set(&self.bound.model.symbols[id].axes)
                .minus(common);
            let n: usize = own.iter().map(|a| b.size(a)).product();
            let axis = match own.len() {
                1 => own.innermost(),
                _ => run.instance_axis(n)?,
            };
            let slot = b
                .axes_of(self.enumerated(id)?)
                .innermost()
                .unwrap_or(ppl_core::DRAW);
            let mut unary = Expr::Const(0.0);
            if let Some(probe) = self.probe(id) {
                unary = if own.len() > 1 {
                    run.flattened(probe, own, axis)
                } else {
                    probe
                };
            }
            run.sites.push(SiteVariables {
                id,
                axis,
                n,
                base,
                values: b.size(slot),
                slot,
                unary,
            });
            base += n as u32;
        }
        let outcome = factors
            .iter()
            .try_for_each(|f| run.factor(f))
            .and_then(|()| {
                if let (true, Some(all)) = (note, self.couplings.borrow_mut().as_mut()) {
                    all.push(run.coupled());
                }
                run.run()
            });
        match outcome {
            Ok(()) => {}
            // Axes that run short are a cost like others.
            Err(Failure::Message(d)) if d.code != "E0113" => return Err(d),
            Err(Failure::Message(_)) => {
                return Err(self.too_dear(sites, factors, "more than 63 axes, the bound"));
            }
            Err(Failure::Cost(what)) => return Err(self.too_dear(sites, factors, &what)),
        }
        if note {
            self.summed_out.borrow_mut().push(SummedOut {
                sites: sites.to_vec(),
                largest: run.largest,
                work: run.work,
                rounds: run.rounds,
            });
        }
        // Impossible altogether: -inf rather than a very low number.
        let never = run.total.less(Expr::Const(-1e299));
        let total = never.select(Expr::Const(f64::NEG_INFINITY), run.total);
        let plates = run.by_plate.map(|each| Plates { each, common });
        Ok((total, plates))
    }

    /// Plates that all sites have and through which all factors read them element by element.
    fn common(&self, sites: &[SymbolId], factors: &[&Factor<'b>]) -> AxisSet {
        let own = |id: &SymbolId| self.axes.set(&self.bound.model.symbols[*id].axes);
        let mut common = sites
            .iter()
            .map(own)
            .reduce(AxisSet::intersection)
            .unwrap_or(AxisSet::EMPTY);
        for r in factors.iter().flat_map(|f| &f.readings) {
            let axes = &self.bound.model.symbols[r.site].axes;
            for (axis, by) in axes.iter().zip(&r.by) {
                if let Some(index) = by {
                    common = common.without(self.axes.id(*axis));
                    common = common.minus(self.builder.index_axes(*index).1);
                }
            }
        }
        common
    }

    fn too_dear(&self, sites: &[SymbolId], factors: &[&Factor<'b>], what: &str) -> Box<Diagnostic> {
        self.given_up.borrow_mut().extend(sites);
        let names: Vec<String> = sites
            .iter()
            .map(|&id| format!("`{}`", self.bound.model.symbols[id].name))
            .collect();
        let span = self.bound.model.symbols[sites[0]].span;
        let mut d = Diagnostic::error(
            "E0113",
            span,
            format!("summing out {} takes {what}", names.join(", ")),
        )
        .at("cannot be summed out at this cost");
        if let Some(f) = factors.iter().find(|f| f.readings.len() > 1) {
            d = d.label(f.span, "couples them");
        }
        Box::new(d.help("use fewer labels, or statements that couple fewer elements"))
    }
}

impl<'l, 'a, 'b> Elimination<'l, 'a, 'b> {
    /// Which elements meet, before any is gone.
    fn coupled(&self) -> Coupled {
        let meetings = self.tables.iter().flat_map(|t| {
            let scope = |&i: &u32| t.scope.iter().map(|c| c[i as usize]).collect();
            t.alive.iter().map(scope)
        });
        Coupled {
            sites: self.sites.iter().map(|s| (s.id, s.base)).collect(),
            common: self.common,
            n: self.sites.iter().map(|s| s.n).sum(),
            meetings: meetings.collect(),
        }
    }

    /// A factor as a table over its instances.
    fn factor(&mut self, f: &Factor<'b>) -> Result<(), Failure> {
        let b = self.lowering.builder;
        let over = f.over.minus(self.common);
        let axes: Vec<AxisId> = over.iter().collect();
        let n: usize = axes.iter().map(|&a| b.size(a)).product();
        let bound = self.lowering.bound.most_cells(1.0);
        if n as f64 > bound {
            return Err(Failure::Cost(format!(
                "a table of at least {n} elements for each draw, where the bound is {bound:.0e}"
            )));
        }
        let instances = match axes.len() {
            1 => over.innermost(),
            _ => self.instance_axis(n)?,
        };
        let value = if axes.len() > 1 {
            self.flattened(f.value, over, instances)
        } else {
            f.value
        };
        let scope = f
            .readings
            .iter()
            .map(|r| self.variables(r, &axes, n))
            .collect();
        self.add(Table {
            value,
            instances,
            scope,
            slots: f.readings.iter().map(|r| r.slot).collect(),
            alive: (0..n as u32).collect(),
        })?;
        Ok(())
    }

    /// A value over several axes, along one axis of all their elements.
    pub(super) fn flattened(&self, value: Expr<'b>, over: AxisSet, to: Option<AxisId>) -> Expr<'b> {
        let b = self.lowering.builder;
        let axes: Vec<AxisId> = over.iter().collect();
        let n: usize = axes.iter().map(|&a| b.size(a)).product();
        let mut value = value;
        for &axis in &axes {
            value = match to {
                None => b.at(value, axis, 0),
                Some(to) => {
                    let index = b.index(Index {
                        target: axis,
                        axes: AxisSet::of(&[to]),
                        values: coordinates(b, &axes, axis, n).into(),
                    });
                    b.gather(value, index)
                }
            };
        }
        value
    }

    /// The variable that a reading names in every instance.
    fn variables(&self, r: &Reading, axes: &[AxisId], n: usize) -> Vec<u32> {
        let site = self.sites.iter().find(|s| s.id == r.site);
        let base = site.map_or(0, |s| s.base);
        let mut out = self.lowering.elements_at(r.site, &r.by, axes, self.common);
        debug_assert_eq!(out.len(), n);
        out.iter_mut().for_each(|v| *v += base);
        out
    }
}

impl<'a, 'b> Lowering<'a, 'b> {
    /// The element of a site that each element of a space reads, counted row-major over the site's axes but those in `common`.
    pub(in crate::lower) fn elements_at(
        &self,
        site: SymbolId,
        by: &[Option<IndexId>],
        axes: &[AxisId],
        common: AxisSet,
    ) -> Vec<u32> {
        let b = self.builder;
        let n: usize = axes.iter().map(|a| b.size(*a)).product();
        let mut own: Vec<(AxisId, Option<IndexId>)> = self.bound.model.symbols[site]
            .axes
            .iter()
            .map(|a| self.axes.id(*a))
            .zip(by.iter().copied())
            .filter(|(a, _)| !common.contains(*a))
            .collect();
        own.sort_by_key(|o| o.0);
        let mut out = vec![0u32; n];
        for (axis, by) in own {
            let size = b.size(axis) as u32;
            let place: Vec<u32> = match by {
                None => coordinates(b, axes, axis, n),
                Some(index) => {
                    let index = b.index_of(index);
                    let mut at = vec![0usize; n];
                    for a in index.axes.iter() {
                        let size = b.size(a);
                        for (flat, c) in at.iter_mut().zip(coordinates(b, axes, a, n)) {
                            *flat = *flat * size + c as usize;
                        }
                    }
                    at.into_iter().map(|i| index.values[i]).collect()
                }
            };
            for (flat, p) in out.iter_mut().zip(place) {
                *flat = *flat * size + p;
            }
        }
        out
    }
}

/// The position along one axis of each element of a space, row-major.
fn coordinates(b: &ppl_core::Builder, axes: &[AxisId], axis: AxisId, n: usize) -> Vec<u32> {
    let inner: usize = axes
        .iter()
        .skip_while(|a| **a != axis)
        .skip(1)
        .map(|&a| b.size(a))
        .product();
    let size = b.size(axis);
    (0..n).map(|i| (i / inner % size) as u32).collect()
}

/// Sites in sets that share no factor, in order of their first, each with its factors.
fn connected(factors: Vec<Factor<'_>>) -> Vec<(Vec<SymbolId>, Vec<Factor<'_>>)> {
    let mut sets: Vec<(Vec<SymbolId>, Vec<Factor<'_>>)> = vec![];
    for f in factors {
        let (mut joined, apart): (Vec<_>, Vec<_>) = sets
            .into_iter()
            .partition(|(sites, _)| f.readings.iter().any(|r| sites.contains(&r.site)));
        sets = apart;
        let mut sites: Vec<SymbolId> = f.readings.iter().map(|r| r.site).collect();
        let mut all = vec![];
        for (more, mut theirs) in joined.drain(..) {
            sites.extend(more);
            all.append(&mut theirs);
        }
        all.push(f);
        sites.sort_unstable();
        sites.dedup();
        sets.push((sites, all));
    }
    sets.sort_by_key(|s| s.0[0]);
    sets
}
