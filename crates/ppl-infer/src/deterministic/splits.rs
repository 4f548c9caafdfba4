//! Labels of a mixture that took nothing get another chance: starts at which one label has the numbers of another.
//!
//! The posterior of a mixture or of hidden states has optima at which one label describes what two should, and another describes
//! nothing and follows its prior; most starts far from the data lead there. From such an optimum every pair of labels is tried in which the first
//! gives half of what it has to the second: the numbers of the one stand where those of the other were, a little
//! apart (split and merge, Ueda, Nakano, Ghahramani and Hinton 2000).

use super::estimates::mean;
use super::gaussian::Gaussian;
use super::layout::Layout;
use super::modes::{CHANCE, Ends, apart};
use super::starts::{MANY, SDS};
use super::trials::TRIAL_STEPS;
use super::{Lost, MOST_WORK, RUNGS, STEPS, Solver};
use crate::fit::Draws;
use crate::former::{Former, unconstrained};
use crate::objective::ObjectiveError;
use crate::sampler::Sampler;
use ndarray::Array2;
use ppl_core::{Builder, Expr};
use ppl_dist::Bijection;
use ppl_model::graph::{SymbolId, Ty};
use ppl_model::lower::{AxisMap, Lowering};
use ppl_model::{AxisRef, Bound};
use std::ops::Range;

/// Draws that sds are taken from.
const DRAWS: usize = 64;

/// Pairs of labels, and how often all pairs are tried anew.
const MOST_PAIRS: usize = 12;
const GENERATIONS: usize = 4;

/// A split label stands so many of its sds on either side, times the root of the number of elements that draw a label: half of
/// what one element says.
const ASIDE: f64 = 0.5;

/// The share of its distance from an end of its support that a number keeps at least.
const INSIDE: f64 = 0.3;

/// How a site lies along an axis of labels.
pub(super) struct Along {
    pub(super) columns: Range<usize>,
    sizes: Vec<usize>,
    /// Which of its axes are the labels'.
    pub(super) places: Vec<usize>,
    is_simplex: bool,
    pub(super) is_ordered: bool,
    ends: (f64, f64),
}

/// The labels of summed-out sites with the number of elements that draw one.
pub(super) fn label_axes(bound: &Bound) -> Vec<(usize, usize)> {
    let mut out: Vec<(usize, usize)> = vec![];
    for (id, symbol) in bound.model.symbols.iter().enumerate() {
        let Ty::Index(axis) = symbol.ty else {
            continue;
        };
        let labels = bound.axes[axis].labels.len();
        if !bound.model.is_summed_out(id) || labels < 2 || labels * (labels - 1) > MOST_PAIRS {
            continue;
        }
        let n = bound.len(&symbol.axes);
        match out.iter_mut().find(|o| o.0 == axis) {
            Some(known) => known.1 = known.1.max(n),
            None => out.push((axis, n)),
        }
    }
    out
}

/// What lies along the axis, by its columns; `None` where something there has no numbers that could change places.
pub(super) fn along(
    bound: &Bound,
    axis: usize,
    columns: &[(SymbolId, Range<usize>)],
) -> Result<Option<Vec<Along>>, ObjectiveError> {
    let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
    let builder = Builder::new(axes.program_axes(1));
    let lowering = Lowering::new(bound, &axes, &builder);
    for (id, _) in columns {
        let (leaf, _) = builder.param(axes.set(&bound.model.symbols[*id].axes));
        lowering.set_latent(*id, leaf);
    }
    let mut out = vec![];
    for (id, range) in columns {
        let symbol = &bound.model.symbols[*id];
        let on = |a: &AxisRef| a.axis == axis;
        let places: Vec<usize> = (0..symbol.axes.len())
            .filter(|&p| on(&symbol.axes[p]))
            .collect();
        if places.is_empty() {
            continue;
        }
        if symbol.ty != Ty::Real || bound.model.is_own_param(*id) {
            return Ok(None);
        }
        let constant = |e: &Expr<'_>| match e {
            Expr::Const(v) => Some(*v),
            _ => None,
        };
        let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
        let (is_simplex, is_ordered, ends) = match &lowering.site_map(*id)?.bijection {
            Bijection::Identity => (false, false, Some((low, high))),
            Bijection::Lower(lo) => (false, false, constant(lo).map(|lo| (lo, high))),
            Bijection::Upper(hi) => (false, false, constant(hi).map(|hi| (low, hi))),
            Bijection::Interval(lo, hi) => (false, false, constant(lo).zip(constant(hi))),
            Bijection::Simplex => (true, false, Some((0.0, 1.0))),
            Bijection::Ordered => (false, true, Some((low, high))),
            Bijection::OrderedAbove(lo) => (false, true, constant(lo).map(|lo| (lo, high))),
            _ => return Ok(None),
        };
        let Some(ends) = ends else {
            return Ok(None);
        };
        out.push(Along {
            columns: range.clone(),
            sizes: symbol.axes.iter().map(|&a| bound.size(a)).collect(),
            places,
            is_simplex,
            is_ordered,
            ends,
        });
    }
    Ok((!out.is_empty()).then_some(out))
}

impl Along {
    /// The element that differs from another by its position along one axis.
    pub(super) fn at(&self, element: usize, place: usize, level: usize) -> usize {
        let step: usize = self.sizes[place + 1..].iter().product();
        let own = element / step % self.sizes[place];
        element - own * step + level * step
    }

    pub(super) fn level(&self, element: usize, place: usize) -> usize {
        let step: usize = self.sizes[place + 1..].iter().product();
        element / step % self.sizes[place]
    }

    /// A number moved, but not out of its support.
    fn moved(&self, value: f64, by: f64) -> f64 {
        let (lo, hi) = self.ends;
        (value + by)
            .max(lo + INSIDE * (value - lo))
            .min(hi - INSIDE * (hi - value))
    }

    /// Gives half of a label to another, in place.
    fn split(&self, row: &mut [f64], sds: &[f64], (from, to): (usize, usize), aside: f64) {
        let row = &mut row[self.columns.clone()];
        let sds = &sds[self.columns.clone()];
        let last = self.sizes.len() - 1;
        for &place in &self.places {
            for element in (0..row.len()).filter(|&e| self.level(e, place) == to) {
                let other = self.at(element, place, from);
                let value = row[other];
                if self.is_simplex && place == last {
                    let half = 0.5 * (value + row[element]);
                    (row[element], row[other]) = (half, half);
                } else if self.is_simplex {
                    row[element] = value;
                } else {
                    let by = aside * sds[other];
                    (row[element], row[other]) = (self.moved(value, by), self.moved(value, -by));
                }
            }
        }
        if self.is_ordered {
            let n = self.sizes[last];
            row.chunks_mut(n)
                .for_each(|event| event.sort_by(f64::total_cmp));
        }
    }
}

/// What an optimum says of the sites, on their own scale.
pub(super) struct Numbers {
    names: Vec<String>,
    /// The sites, and where their elements stand.
    pub(super) columns: Vec<(SymbolId, Range<usize>)>,
    pub(super) means: Vec<f64>,
    sds: Vec<f64>,
}

impl Numbers {
    /// By draws of a Gaussian.
    pub(super) fn of(
        bound: &Bound,
        (layout, n_params): (&Layout, usize),
        q: &Gaussian,
        seed: u64,
    ) -> Result<Option<Numbers>, ObjectiveError> {
        let Some(params) = layout.params(n_params, q) else {
            return Ok(None);
        };
        let mut sampler = Sampler::new(bound, DRAWS, seed)?;
        sampler.run(&params, 0);
        let (mut names, mut columns) = (vec![], vec![]);
        let (mut means, mut sds) = (vec![], vec![]);
        for (i, quantity) in sampler.quantities.iter().enumerate() {
            let Some(&id) = bound.model.names.get(&quantity.name) else {
                continue;
            };
            let n = quantity.elements.len();
            if !matches!(quantity.role, "site" | "param") {
                continue;
            }
            let mut draws = vec![0.0; DRAWS * n];
            for s in 0..DRAWS {
                sampler.copy(i, s, &mut draws[s * n..(s + 1) * n]);
            }
            columns.push((id, names.len()..names.len() + n));
            names.extend(quantity.elements.iter().cloned());
            for j in 0..n {
                let own: Vec<f64> = (0..DRAWS).map(|s| draws[s * n + j]).collect();
                let centre = mean(&own);
                let squares = own.iter().map(|x| (x - centre).powi(2)).sum::<f64>();
                means.push(centre);
                sds.push((squares / DRAWS as f64).sqrt());
            }
        }
        Ok(Some(Numbers {
            names,
            columns,
            means,
            sds,
        }))
    }

    /// The unconstrained vectors of rows of such numbers, those that are finite.
    pub(super) fn unconstrained(
        &self,
        bound: &Bound,
        rows: Vec<f64>,
        d: usize,
    ) -> Result<Vec<Vec<f64>>, ObjectiveError> {
        let n = rows.len() / self.names.len().max(1);
        let Ok(values) = Array2::from_shape_vec((n, self.names.len()), rows) else {
            return Ok(vec![]);
        };
        let former = Former {
            draws: Draws {
                names: self.names.clone(),
                values,
            },
            guide_text: String::new(),
        };
        let found = unconstrained(bound, &former)?;
        let rows = found.iter().flat_map(|all| all.rows());
        Ok(rows
            .map(|row| row.to_vec())
            .filter(|row| row.len() == d && row.iter().all(|v| v.is_finite()))
            .collect())
    }
}

/// The unconstrained vectors at which one label has given half to another.
fn candidates(
    bound: &Bound,
    layout: (&Layout, usize),
    q: &Gaussian,
    seed: u64,
) -> Result<Vec<Vec<f64>>, ObjectiveError> {
    let axes = label_axes(bound);
    if axes.is_empty() {
        return Ok(vec![]);
    }
    let Some(numbers) = Numbers::of(bound, layout, q, seed)? else {
        return Ok(vec![]);
    };
    let mut rows: Vec<f64> = vec![];
    for (axis, n) in axes {
        let Some(all) = along(bound, axis, &numbers.columns)? else {
            continue;
        };
        let labels = bound.axes[axis].labels.len();
        let pairs = (0..labels).flat_map(|a| (0..labels).map(move |b| (a, b)));
        for pair in pairs.filter(|(a, b)| a != b) {
            let mut row = numbers.means.clone();
            for (k, site) in all.iter().enumerate() {
                // Not all to the same side, for one of the two orders.
                let side = if pair.0 > pair.1 && k % 2 == 1 {
                    -1.0
                } else {
                    1.0
                };
                site.split(
                    &mut row,
                    &numbers.sds,
                    pair,
                    side * ASIDE * (n as f64).sqrt(),
                );
            }
            rows.extend(row);
        }
    }
    numbers.unconstrained(bound, rows, q.mean.len())
}

/// Splits labels as long as that leads to a better optimum.
///
/// # Errors
/// Where the model cannot be lowered.
pub(super) fn improve(
    bound: &Bound,
    (layout, n_params): (&Layout, usize),
    solver: &mut Solver<'_>,
    mut ends: Ends,
    merit: &[f64],
) -> Result<Result<Ends, Lost>, ObjectiveError> {
    let step = (RUNGS[0] * (1 + ends.known.cost())) as f64 * solver.smooth.work as f64;
    if solver.smooth.d > MANY || step > MOST_WORK / 10.0 {
        return Ok(Ok(ends));
    }
    let draws = solver.draws(RUNGS[0], 0);
    for _ in 0..GENERATIONS {
        let value = solver.merit(&ends.best, merit);
        let mut best: Option<(f64, Gaussian)> = None;
        for at in candidates(bound, (layout, n_params), &ends.best, solver.seed)? {
            let start = solver.around(at, SDS[1]);
            let Some(start) = start.and_then(|start| solver.finite(&start, merit)) else {
                continue;
            };
            ends.tried += 1;
            match solver.rung(start, &draws, merit, &mut ends.known, TRIAL_STEPS) {
                Ok((q, _)) => {
                    let own = solver.merit(&q, merit);
                    ends.agreeing += usize::from(!apart(&q, &ends.best));
                    let least = best.as_ref().map_or(value + CHANCE, |b| b.0);
                    if own > least {
                        best = Some((own, q));
                    }
                }
                Err(Lost::Stopped) => return Ok(Err(Lost::Stopped)),
                Err(Lost::Failed) => {}
            }
        }
        let Some((_, q)) = best else {
            break;
        };
        let (q, _) = match solver.rung(q.clone(), &draws, merit, &mut ends.known, STEPS) {
            Ok(found) => found,
            Err(Lost::Stopped) => return Ok(Err(Lost::Stopped)),
            Err(Lost::Failed) => (q, false),
        };
        let found = solver.merit(&q, merit);
        if found.is_nan() || found <= value {
            break;
        }
        ends.found(q, found - value);
    }
    Ok(Ok(ends))
}
