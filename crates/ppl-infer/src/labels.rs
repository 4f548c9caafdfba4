//! Joint draws of summed-out sites from their posterior, given everything else.
//!
//! The derivative of the summed-out log density by what is added to a value of an element is that value's probability
//! (see [`crate::discrete`]). An element is drawn from it, its other values are then made impossible, and the probabilities of
//! the elements that are left are those given what was drawn. Elements that no longer meet, directly or through others, are
//! drawn at once: in each round the middle of every connected part, so that a chain takes as many rounds as it can be halved.

use crate::objective::ObjectiveError;
use ppl_core::{AxisId, AxisSet, Builder, Expr, NodeId, gradient, passes};
use ppl_engine::Kernels;
use ppl_model::Bound;
use ppl_model::graph::SymbolId;
use ppl_model::lower::{AxisMap, Coupled, Lowering};
use rand::{Rng, RngExt};
use std::collections::VecDeque;

/// A value that is made impossible.
const NEVER: f64 = -1e290;

/// One site.
struct Site {
    id: SymbolId,
    /// Where its numbers stand among the parameters.
    offset: usize,
    /// Its output.
    output: usize,
    /// For each element in program order the place of each value.
    places: Vec<Vec<usize>>,
    /// Position in declared order of each element in program order.
    order: Vec<usize>,
    /// The smallest value.
    first: f64,
}

/// Draws the summed-out sites at values of the other unknowns.
pub struct Labels {
    kernels: Kernels,
    sites: Vec<Site>,
    /// Elements that are drawn at once, round by round: site, element in program order.
    rounds: Vec<Vec<(usize, usize)>>,
    params: Vec<f64>,
    /// The other unknowns, in the order in which [`Labels::draw`] takes their values: each in program order.
    pub latents: Vec<SymbolId>,
}

impl Labels {
    /// Compiles.
    pub fn new(bound: &Bound) -> Result<Labels, ObjectiveError> {
        let model = &bound.model;
        let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
        let builder = Builder::new(axes.program_axes(1));
        let lowering = Lowering::new(bound, &axes, &builder);
        *lowering.couplings.borrow_mut() = Some(vec![]);
        let mut latents = vec![];
        for (id, symbol) in model.symbols.iter().enumerate() {
            if model.is_latent(id) {
                let (leaf, _) = builder.param(axes.set(&symbol.axes));
                lowering.set_latent(id, leaf);
                latents.push(id);
            }
        }
        let (mut sites, mut leaves) = (vec![], vec![]);
        for (id, symbol) in model.symbols.iter().enumerate() {
            if !model.is_summed_out(id) {
                continue;
            }
            let (slot, _) = lowering.listed_values(id)?;
            let own = axes.set(&symbol.axes);
            let (leaf, offset) = builder.param(own.with(slot));
            lowering.set_probe(id, leaf);
            leaves.push(leaf.node(&builder));
            sites.push(Site {
                id,
                offset,
                output: sites.len(),
                places: places(&builder, own, slot),
                order: axes.order(&symbol.axes),
                first: bound.values_of(id).0,
            });
        }
        let terms = lowering.terms()?;
        let whole = terms.iter().fold(Expr::Const(0.0), |sum, t| sum + t.value);
        let over = AxisSet::EMPTY.with(ppl_core::DRAW);
        let whole = builder.sum(whole, over).node(&builder);
        let outputs: Vec<NodeId> = gradient(&builder, whole, &leaves);
        let coupled = lowering.couplings.take().unwrap_or_default();
        let rounds = rounds(&coupled, &sites, bound, &axes, &builder);
        drop(lowering);
        let program = builder.finish(outputs);
        let params = vec![0.0; program.n_params];
        let (program, _) = passes::optimise(program);
        Ok(Labels {
            kernels: Kernels::compile(&program)?,
            sites,
            rounds,
            params,
            latents,
        })
    }

    /// One joint draw at `point`, the values of [`Labels::latents`]: for each site its values in declared order, a label as its position.
    pub fn draw(&mut self, point: &[f64], rng: &mut dyn Rng) -> Vec<(SymbolId, Vec<f64>)> {
        self.params.fill(0.0);
        self.params[..point.len()].copy_from_slice(point);
        let mut out: Vec<(SymbolId, Vec<f64>)> = self
            .sites
            .iter()
            .map(|s| (s.id, vec![s.first; s.order.len()]))
            .collect();
        for round in &self.rounds {
            self.kernels.run(&self.params, &[]);
            for &(site, element) in round {
                let s = &self.sites[site];
                let output = self.kernels.output(s.output);
                let weights: Vec<f64> = s.places[element]
                    .iter()
                    .map(|&p| output[p].max(0.0))
                    .collect();
                let total: f64 = weights.iter().sum();
                let mut left = rng.random::<f64>() * total;
                let drawn = weights.iter().position(|w| {
                    left -= w;
                    left < 0.0
                });
                // Where rounding leaves nothing: the likeliest.
                let drawn = drawn.unwrap_or_else(|| {
                    let best = weights.iter().enumerate();
                    let best = best.max_by(|a, b| a.1.total_cmp(b.1));
                    best.map_or(0, |b| b.0)
                });
                for (k, &p) in s.places[element].iter().enumerate() {
                    if k != drawn {
                        self.params[s.offset + p] = NEVER;
                    }
                }
                out[site].1[s.order[element]] += drawn as f64;
            }
        }
        out
    }
}

/// For each element over `own` in program order the place of each value within an array over `own` and `slot`.
fn places(b: &Builder, own: AxisSet, slot: AxisId) -> Vec<Vec<usize>> {
    let axes: Vec<AxisId> = own.with(slot).iter().collect();
    let stride = |axis: AxisId| -> usize {
        let inner = axes.iter().filter(|a| **a > axis);
        inner.map(|a| b.size(*a)).product()
    };
    let bases = own.iter().fold(vec![0], |out: Vec<usize>, axis| {
        let each = |base: usize| (0..b.size(axis)).map(move |k| base + k * stride(axis));
        out.into_iter().flat_map(each).collect()
    });
    let each = |base: usize| {
        let values = (0..b.size(slot)).map(|k| base + k * stride(slot));
        values.collect()
    };
    bases.into_iter().map(each).collect()
}

/// The rounds of all sets of elements side by side, each element for every element of the plates that its set shares.
fn rounds(
    all: &[Coupled],
    sites: &[Site],
    bound: &Bound,
    axes: &AxisMap,
    b: &Builder,
) -> Vec<Vec<(usize, usize)>> {
    let mut out: Vec<Vec<(usize, usize)>> = vec![];
    for c in all {
        for (k, round) in halvings(c).into_iter().enumerate() {
            if out.len() == k {
                out.push(vec![]);
            }
            for v in round {
                let at = c.sites.partition_point(|s| s.1 <= v) - 1;
                let (id, base) = c.sites[at];
                let Some(site) = sites.iter().position(|s| s.id == id) else {
                    continue;
                };
                let own = axes.set(&bound.model.symbols[id].axes);
                let elements = spread(b, own, c.common, (v - base) as usize);
                out[k].extend(elements.into_iter().map(|e| (site, e)));
            }
        }
    }
    out
}

/// The elements over `own`, in program order, that have this number among those without the axes in `common`.
fn spread(b: &Builder, own: AxisSet, common: AxisSet, number: usize) -> Vec<usize> {
    let mut found = vec![0];
    let mut inner: usize = own.minus(common).iter().map(|a| b.size(a)).product();
    for axis in own.iter() {
        let n = b.size(axis);
        let choices: Vec<usize> = if common.contains(axis) {
            (0..n).collect()
        } else {
            inner /= n;
            vec![number / inner % n]
        };
        let each = |base: usize| {
            choices
                .iter()
                .map(move |k| base * n + k)
                .collect::<Vec<_>>()
        };
        found = found.into_iter().flat_map(each).collect();
    }
    found
}

/// Elements in rounds: of each connected part of what is left the middle one.
fn halvings(c: &Coupled) -> Vec<Vec<u32>> {
    let mut neighbours: Vec<Vec<u32>> = vec![vec![]; c.n];
    for m in &c.meetings {
        for &a in m {
            neighbours[a as usize].extend(m.iter().filter(|&&b| b != a));
        }
    }
    neighbours.iter_mut().for_each(|n| {
        n.sort_unstable();
        n.dedup();
    });
    let mut gone = vec![false; c.n];
    let mut left = c.n;
    let mut out = vec![];
    // From one element along what is left: the order of visit and from where each was reached.
    let walk = |from: u32, gone: &[bool]| -> Vec<(u32, usize)> {
        let (mut order, mut seen) = (vec![(from, 0)], std::collections::HashSet::from([from]));
        let mut queue = VecDeque::from([0]);
        while let Some(at) = queue.pop_front() {
            for &u in &neighbours[order[at].0 as usize] {
                if !gone[u as usize] && seen.insert(u) {
                    order.push((u, at));
                    queue.push_back(order.len() - 1);
                }
            }
        }
        order
    };
    while left > 0 {
        let mut round = vec![];
        let mut seen = gone.clone();
        for v in 0..c.n as u32 {
            if seen[v as usize] {
                continue;
            }
            let part = walk(v, &gone);
            part.iter().for_each(|(u, _)| seen[*u as usize] = true);
            // Halfway along the longest of the shortest paths from the farthest element.
            let far = part.last().map_or(v, |p| p.0);
            let path = walk(far, &gone);
            let (mut at, mut length) = (path.len() - 1, 0);
            while at != 0 {
                at = path[at].1;
                length += 1;
            }
            at = path.len() - 1;
            for _ in 0..length / 2 {
                at = path[at].1;
            }
            round.push(path[at].0);
        }
        round.iter().for_each(|v| gone[*v as usize] = true);
        left -= round.len();
        out.push(round);
    }
    out
}
