//! The posterior of discrete unknowns: the probability of each value of each element, and the most probable values of
//! all elements together.
//!
//! A number that is added to the log density of one value of one element has the posterior probability of that value as
//! its derivative: so the gradient of the summed-out density gives all of them at once, whatever the structure
//! (Darwiche 2003). Of sites that the guide draws the draws are counted. With the largest term in place of each sum the derivative is 1 at the most probable values and 0 elsewhere.

use crate::compiled::{Compiled, Purpose};
use crate::objective::ObjectiveError;
use crate::psis::psis;
use crate::source::Source;
use ppl_core::{AxisId, AxisSet, Builder, DRAW, Expr, NodeId, Real, gradient, passes};
use ppl_model::Bound;
use ppl_model::graph::{SymbolId, Ty};
use ppl_model::lower::AxisMap;

/// The posterior of a discrete site.
#[derive(Debug, Clone, PartialEq)]
pub struct Discrete {
    /// Its name.
    pub name: String,
    /// Names of its elements in declared order, such as `z[3]`.
    pub elements: Vec<String>,
    /// Its values.
    pub values: Vec<String>,
    /// For each element the probability of each value, averaged over draws of the other unknowns.
    pub probabilities: Vec<Vec<f64>>,
    /// For each element the number of its value where all elements together are most probable, with the other unknowns at
    /// the centre of the guide.
    pub most_probable: Vec<usize>,
    /// Whether the guide draws it; otherwise it was summed out.
    pub drawn: bool,
}

/// Draws over which probabilities are averaged, unless the site is large.
const DRAWS: usize = 1000;

/// Numbers that are kept at once.
const KEPT: usize = 4_000_000;

/// A site's derivatives, or its draws: where they stand in the program's output.
struct Probe {
    site: SymbolId,
    /// Place of each (element, value) in declared order within one draw.
    places: Vec<usize>,
    n_values: usize,
    /// Whether the guide draws it.
    drawn: bool,
}

/// The posterior of every discrete site, but 0/1 ones that the guide draws; nothing where they are too large to be listed. `weighted`: draws count by their smoothed importance weights.
///
/// # Errors
/// Where the model cannot be lowered.
pub(crate) fn posterior(
    bound: &Bound,
    source: Source<'_>,
    seed: u64,
    weighted: bool,
) -> Result<Vec<Discrete>, ObjectiveError> {
    let sites: Vec<SymbolId> = (0..bound.model.symbols.len())
        .filter(|&id| {
            let symbol = &bound.model.symbols[id];
            let drawn = symbol.is_discrete_site() && symbol.ty != Ty::Bool;
            drawn || bound.model.is_summed_out(id)
        })
        .collect();
    let count = |id: &SymbolId| {
        bound
            .len(&bound.model.symbols[*id].axes)
            .saturating_mul(bound.values_of(*id).1)
    };
    let total: usize = sites.iter().map(count).sum();
    if sites.is_empty() || total > KEPT {
        return Ok(vec![]);
    }
    let batch = (KEPT / total).clamp(1, 50);
    let n_batches = (DRAWS / batch)
        .clamp(1, DRAWS)
        .min((100 * KEPT / (total * batch)).max(1));
    let (mut compiled, probes) = compile(bound, source, &sites, (batch, seed), false)?;
    let weights = if weighted {
        let mut log_weights = vec![];
        for step in 0..n_batches {
            compiled.run_from(source, step as u64, batch);
            log_weights.extend_from_slice(compiled.output(0));
        }
        if let Some(outside) = source.outside {
            // The output is log p alone.
            log_weights.truncate(outside.log_q.len());
            let pairs = log_weights.iter_mut().zip(&outside.log_q);
            pairs.for_each(|(w, q)| *w -= q);
            log_weights.resize(n_batches * batch, f64::NEG_INFINITY);
        }
        let weights = psis(&log_weights).weights();
        let total: f64 = weights.iter().sum();
        weights.into_iter().map(|w| w / total).collect()
    } else {
        vec![1.0 / (n_batches * batch) as f64; n_batches * batch]
    };
    let mut sums: Vec<Vec<f64>> = probes.iter().map(|p| vec![0.0; p.places.len()]).collect();
    for step in 0..n_batches {
        compiled.run_from(source, step as u64, batch);
        for (i, probe) in probes.iter().enumerate() {
            let n = probe.places.len();
            for (draw, values) in compiled.output(i + 1).chunks(n).enumerate() {
                let weight = weights[step * batch + draw];
                for (sum, &at) in sums[i].iter_mut().zip(&probe.places) {
                    *sum += weight * values[at];
                }
            }
        }
    }
    let (mut centre, probes) =
        compile(bound, Source::guide(source.params), &sites, (1, seed), true)?;
    centre.run_without_noise(source.params);
    let found = probes.iter().enumerate().map(|(i, probe)| {
        let symbol = &bound.model.symbols[probe.site];
        let largest = |values: &mut dyn Iterator<Item = f64>| {
            let best = values
                .enumerate()
                .reduce(|a, b| if b.1 > a.1 { b } else { a });
            best.map_or(0, |b| b.0)
        };
        let best = |(places, averages): (&[usize], &[f64])| match probe.drawn {
            true => largest(&mut averages.iter().copied()),
            false => largest(&mut places.iter().map(|&at| centre.output(i + 1)[at])),
        };
        Discrete {
            name: symbol.name.clone(),
            elements: bound.element_names(&symbol.name, &symbol.axes),
            values: value_names(bound, probe.site),
            probabilities: sums[i]
                .chunks(probe.n_values)
                .map(|p| p.iter().map(|p| p.clamp(0.0, 1.0)).collect())
                .collect(),
            most_probable: (probe.places.chunks(probe.n_values))
                .zip(sums[i].chunks(probe.n_values))
                .map(best)
                .collect(),
            drawn: probe.drawn,
        }
    });
    Ok(found.collect())
}

fn value_names(bound: &Bound, site: SymbolId) -> Vec<String> {
    let (first, n) = bound.values_of(site);
    match bound.model.symbols[site].ty {
        Ty::Index(axis) => bound.axes[axis].labels.to_vec(),
        _ => (0..n).map(|k| format!("{}", first + k as f64)).collect(),
    }
}

/// The log importance weight of each draw, then the derivatives by every site's probes.
fn compile(
    bound: &Bound,
    source: Source<'_>,
    sites: &[SymbolId],
    (draws, seed): (usize, u64),
    most_probable: bool,
) -> Result<(Compiled, Vec<Probe>), ObjectiveError> {
    let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
    let builder = Builder::new(axes.program_axes(draws));
    let lowering = source.lowering(bound, &axes, &builder);
    lowering.most_probable.set(most_probable);
    let guide = lowering.guide()?;
    let (mut probes, mut leaves) = (vec![], vec![]);
    // The draws of each site; none where it is summed out.
    let mut outputs: Vec<Option<NodeId>> = vec![];
    for &site in sites {
        let drawn = lowering.latent(site);
        let (slot, values) = lowering.listed_values(site)?;
        let mut order: Vec<AxisId> = bound.model.symbols[site]
            .axes
            .iter()
            .map(|a| axes.id(*a))
            .collect();
        order.push(slot);
        let all = AxisSet::of(&order).with(DRAW);
        match drawn {
            Some(drawn) => {
                let hit = builder.broadcast(drawn.equal(values), all);
                outputs.push(Some(hit.node(&builder)));
            }
            None => {
                // Noise that is never drawn: zeros.
                let (leaf, _) = builder.noise(all);
                lowering.set_probe(site, leaf);
                leaves.push(leaf.node(&builder));
                outputs.push(None);
            }
        }
        probes.push(Probe {
            site,
            places: places(&builder, &order),
            n_values: builder.size(slot),
            drawn: drawn.is_some(),
        });
    }
    let terms = lowering.terms()?;
    let energy = terms.iter().fold(Expr::Const(0.0), |sum, t| sum + t.value);
    let log_q = guide
        .iter()
        .fold(Expr::Const(0.0), |sum, d| match source.outside {
            None => sum + d.log_q,
            Some(_) => sum - d.log_jacobian,
        });
    let over = AxisSet::EMPTY.with(DRAW);
    let weight = builder.broadcast(energy - log_q, over).node(&builder);
    let whole = builder.sum(energy, over).node(&builder);
    let mut derivatives = gradient(&builder, whole, &leaves).into_iter();
    let of_site = outputs
        .into_iter()
        .filter_map(|o| o.or_else(|| derivatives.next()));
    let outputs: Vec<NodeId> = std::iter::once(weight).chain(of_site).collect();
    let blocks = lowering.noise.borrow().clone();
    drop(lowering);
    let program = builder.finish(outputs);
    let (program, _) = passes::optimise(program);
    let compiled = Compiled::new(&program, blocks, seed, Purpose::Certify)?;
    Ok((compiled, probes))
}

/// For each element over these axes, row-major in their order, its place in program order.
fn places(builder: &Builder, axes: &[AxisId]) -> Vec<usize> {
    let stride = |axis: AxisId| -> usize {
        let inner = axes.iter().filter(|a| **a > axis);
        inner.map(|a| builder.size(*a)).product()
    };
    axes.iter().fold(vec![0], |out, &axis| {
        let (n, step) = (builder.size(axis), stride(axis));
        let each = |base: usize| (0..n).map(move |k| base + k * step);
        out.into_iter().flat_map(each).collect()
    })
}
