//! Draws of a former fit on the unconstrained scale of a guide.

use super::{Former, unknowns};
use crate::objective::ObjectiveError;
use ndarray::Array2;
use ppl_core::{AxisId, AxisSet, Builder, Expr, passes};
use ppl_dist::Bijection;
use ppl_engine::Kernels;
use ppl_model::graph::{Role, Statement, SymbolId, TDist};
use ppl_model::lower::{AxisMap, Lowering};
use ppl_model::{AxisRef, Bound};
use std::collections::{BTreeMap, HashMap, HashSet};

/// One site's numbers: draw by draw, event after event of its batch in declared order. NaN where they are not known.
struct Numbers {
    base: usize,
    values: Array2<f64>,
}

/// The former draws on the unconstrained scale of a guide whose draws are Gaussian, in the order of its noise, a row a draw; NaN
/// where there are none. `None` where a draw of the guide is none of these.
///
/// # Errors
/// Where the guide cannot be lowered.
pub(crate) fn unconstrained(
    bound: &Bound,
    former: &Former,
) -> Result<Option<Array2<f64>>, ObjectiveError> {
    let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
    let builder = Builder::new(axes.program_axes(1));
    let draws = Lowering::new(bound, &axes, &builder).guide()?;
    let mut spaces = vec![];
    for d in &draws {
        let Some(g) = d.gaussian else {
            return Ok(None);
        };
        spaces.push(builder.axes_of(builder.handle(g.location)));
    }
    let statements = bound.model.guide.iter();
    let statements = statements.filter_map(|s| match &s.statement {
        Statement::GuideSample { sites, dist } => Some((sites, dist)),
        _ => None,
    });
    let standardised: HashSet<SymbolId> = statements
        .clone()
        .flat_map(|(_, d)| d.noncentered.iter().copied())
        .collect();
    let mut known = site_numbers(bound, &axes, former, &standardised)?;
    let n = former.draws.values.nrows();
    let mut columns: Vec<Vec<f64>> = vec![];
    for ((sites, dist), space) in statements.zip(spaces) {
        let order = positions(bound, &axes, &builder, (sites, dist), space)?;
        for (site, place) in order {
            let column = match known.get_mut(&site) {
                Some(numbers) if dist.transformed => numbers.values.column(place).to_vec(),
                _ => vec![f64::NAN; n],
            };
            columns.push(match dist.transformed {
                true => column,
                // The draw is the value itself.
                false => own_column(bound, former, site, place),
            });
        }
    }
    let mut out = Array2::zeros((n, columns.len()));
    for (mut to, from) in out.columns_mut().into_iter().zip(columns) {
        to.iter_mut().zip(from).for_each(|(t, v)| *t = v);
    }
    Ok(Some(out))
}

/// The draws of one element, in declared order.
fn own_column(bound: &Bound, former: &Former, site: SymbolId, element: usize) -> Vec<f64> {
    let symbol = &bound.model.symbols[site];
    let names = bound.element_names(bound.model.reported_name(site), &symbol.axes);
    match former.draws.names.iter().position(|n| *n == names[element]) {
        Some(at) => former.draws.values.column(at).to_vec(),
        None => vec![f64::NAN; former.draws.values.nrows()],
    }
}

/// For each element of a guide statement's noise: the site, and which of its numbers it is.
fn positions(
    bound: &Bound,
    axes: &AxisMap,
    builder: &Builder,
    (sites, dist): (&[SymbolId], &TDist),
    space: AxisSet,
) -> Result<Vec<(SymbolId, usize)>, ObjectiveError> {
    let first = sites[0];
    let own = &bound.model.symbols[first].axes;
    if !dist.transformed {
        return Ok(axes.order(own).into_iter().map(|e| (first, e)).collect());
    }
    let lowering = Lowering::new(bound, axes, builder);
    lowering.guide()?;
    let batch_of = |site: SymbolId, event: &[AxisId]| -> Vec<AxisRef> {
        let own = bound.model.symbols[site].axes.iter();
        own.copied()
            .filter(|a| !event.contains(&axes.id(*a)))
            .collect()
    };
    let map = lowering.site_map(first)?;
    let batch = batch_of(first, &map.event);
    let set = axes.set(&batch);
    let extra = space.minus(set);
    // As the guide's draws are pushed through their supports.
    let joint = sites.len() > 1
        || dist.linked.is_some()
        || !space.contains_all(set)
        || (map.event.is_empty() && space != set);
    if joint {
        let mut out = vec![];
        for &site in sites {
            let map = lowering.site_map(site)?;
            let n_event: usize = map.event.iter().map(|&e| builder.size(e)).product();
            let base = map.bijection.unconstrained_len(n_event);
            let n = base * bound.len(&batch_of(site, &map.event));
            out.extend((0..n).map(|i| (site, i)));
        }
        return Ok(out);
    }
    let order = axes.order(&batch);
    let Some(along) = extra.iter().next() else {
        return Ok(order.into_iter().map(|e| (first, e)).collect());
    };
    // The unconstrained numbers lie along an axis of their own, somewhere among the others.
    let base = builder.size(along);
    let inner: usize = space
        .iter()
        .filter(|a| a.0 > along.0)
        .map(|a| builder.size(a))
        .product();
    let n = order.len() * base;
    Ok((0..n)
        .map(|flat| {
            let (outer, rest) = (flat / (base * inner), flat % (base * inner));
            let (i, within) = (rest / inner, rest % inner);
            (first, order[outer * inner + within] * base + i)
        })
        .collect())
}

/// Where a number that a map needs comes from.
enum Needed {
    Number(f64),
    /// An output over the batch, in declared order after `order`.
    Output(usize),
}

/// What a site's map needs, draw by draw.
struct Source {
    site: SymbolId,
    columns: Vec<Option<usize>>,
    n_event: usize,
    base: usize,
    bijection: Bijection<Needed>,
    location: Vec<Needed>,
    scale: Vec<Needed>,
    exponentiated: bool,
    /// For each event in declared order, its position in program order.
    order: Vec<usize>,
}

/// The unconstrained numbers of every site.
fn site_numbers(
    bound: &Bound,
    axes: &AxisMap,
    former: &Former,
    standardised: &HashSet<SymbolId>,
) -> Result<BTreeMap<SymbolId, Numbers>, ObjectiveError> {
    let names = former.draws.names.iter().enumerate();
    let columns: HashMap<&str, usize> = names.map(|(i, n)| (n.as_str(), i)).collect();
    let builder = Builder::new(axes.program_axes(1));
    let lowering = Lowering::new(bound, axes, &builder);
    let mut point_columns: Vec<Option<usize>> = vec![];
    let mut own_columns = HashMap::new();
    for (id, symbol) in unknowns(bound) {
        let names = bound.element_names(bound.model.reported_name(id), &symbol.axes);
        let own: Vec<Option<usize>> = names
            .iter()
            .map(|n| columns.get(n.as_str()).copied())
            .collect();
        let (leaf, _) = builder.param(axes.set(&symbol.axes));
        lowering.set_latent(id, leaf);
        point_columns.extend(axes.to_program(&own, &symbol.axes));
        own_columns.insert(id, own);
    }
    let mut outputs = vec![];
    let mut sources = vec![];
    for (id, symbol) in unknowns(bound) {
        if !matches!(symbol.role, Role::Site(_)) || symbol.is_discrete_site() {
            continue;
        }
        let Some(inverse) = lowering.inverse(id, standardised.contains(&id))? else {
            continue;
        };
        let batch_set = lowering.batch_set(id, &inverse.map.event);
        let batch: Vec<AxisRef> = symbol
            .axes
            .iter()
            .copied()
            .filter(|a| batch_set.contains(axes.id(*a)))
            .collect();
        let mut needed = |e: &Expr<'_>| match e {
            Expr::Const(v) => Needed::Number(*v),
            _ => {
                let over = lowering
                    .builder
                    .broadcast(Expr::Node(e.node(&builder), &builder), batch_set);
                outputs.push(over.node(&builder));
                Needed::Output(outputs.len() - 1)
            }
        };
        let bijection = inverse.map.bijection.map(&mut needed);
        let (mut location, mut scale, mut exponentiated) = (vec![], vec![], false);
        if let Some(units) = &inverse.units {
            location = units.location.iter().map(&mut needed).collect();
            scale = units.scale.iter().map(&mut needed).collect();
            exponentiated = units.exponentiated;
        }
        let n_event: usize = inverse.map.event.iter().map(|&e| builder.size(e)).product();
        let mut order = vec![0; bound.len(&batch)];
        for (program, declared) in axes.order(&batch).into_iter().enumerate() {
            order[declared] = program;
        }
        sources.push(Source {
            site: id,
            columns: own_columns.remove(&id).unwrap_or_default(),
            base: inverse.map.bijection.unconstrained_len(n_event),
            n_event,
            bijection,
            location,
            scale,
            exponentiated,
            order,
        });
    }
    let mut kernels = match outputs.is_empty() {
        true => None,
        false => {
            let (program, _) = passes::optimise(builder.finish(outputs));
            Some(Kernels::compile(&program)?)
        }
    };
    let n = former.draws.values.nrows();
    let mut out: BTreeMap<SymbolId, Numbers> = sources
        .iter()
        .map(|p| {
            let values = Array2::from_elem((n, p.order.len() * p.base), f64::NAN);
            (
                p.site,
                Numbers {
                    base: p.base,
                    values,
                },
            )
        })
        .collect();
    let mut point = vec![0.0; point_columns.len()];
    for (s, draw) in former.draws.values.rows().into_iter().enumerate() {
        if let Some(kernels) = &mut kernels {
            for (p, c) in point.iter_mut().zip(&point_columns) {
                *p = c.map_or(f64::NAN, |c| draw[c]);
            }
            kernels.run(&point, &[]);
        }
        for source in &sources {
            let Some(numbers) = out.get_mut(&source.site) else {
                continue;
            };
            let mut row = numbers.values.row_mut(s);
            for (e, at) in source.order.iter().enumerate() {
                let value = |needed: &Needed| match (needed, &kernels) {
                    (Needed::Number(v), _) => *v,
                    (Needed::Output(o), Some(k)) => {
                        let all = k.output(*o);
                        all[if all.len() == 1 { 0 } else { *at }]
                    }
                    (Needed::Output(_), None) => f64::NAN,
                };
                let own = &source.columns[e * source.n_event..(e + 1) * source.n_event];
                let x: Vec<f64> = own
                    .iter()
                    .map(|c| c.map_or(f64::NAN, |c| draw[c]))
                    .collect();
                let u = source.numbers(&x, value);
                for (i, u) in u.into_iter().enumerate() {
                    row[e * numbers.base + i] = u;
                }
            }
        }
    }
    Ok(out)
}

impl Source {
    /// The unconstrained numbers of one event.
    fn numbers(&self, x: &[f64], value: impl Fn(&Needed) -> f64) -> Vec<f64> {
        if !self.scale.is_empty() {
            return self.in_units(x, value);
        }
        self.bijection.map(value).inverse(x)
    }

    /// The same in units of the prior: u with x = location + scale u.
    fn in_units(&self, x: &[f64], value: impl Fn(&Needed) -> f64) -> Vec<f64> {
        let n = x.len();
        let location =
            |i: usize| value(&self.location[if self.location.len() == 1 { 0 } else { i }]);
        let mut u: Vec<f64> = Vec::with_capacity(n);
        for (i, x) in x.iter().enumerate() {
            let x = if self.exponentiated { x.ln() } else { *x };
            let mut rest = x - location(i);
            let own = match self.scale.as_slice() {
                [all] => value(all),
                rows => {
                    let before = u.iter().zip(&rows[i * n..]);
                    rest -= before.map(|(u, l)| u * value(l)).sum::<f64>();
                    value(&rows[i * n + i])
                }
            };
            u.push(rest / own);
        }
        u
    }
}
