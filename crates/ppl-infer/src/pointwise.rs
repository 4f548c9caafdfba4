//! The log likelihood of every observed unit at draws of the guide, with the draws' importance weights: what leave-one-out
//! needs.
//!
//! A unit is an element of an observation. Where it reads discrete sites that are summed out, a unit is an element of the
//! plates that everything which those sites touch has in common, such as a row of a mixture or one of many chains, and its
//! likelihood is the marginal one. Where there are no such plates, nothing can be left out on its own.

use crate::columns::Columns;
use crate::objective::ObjectiveError;
use crate::origin::{Fingerprint, cells};
use ndarray::{Array2, ArrayView2};
use ppl_core::{AxisId, Builder, passes};
use ppl_engine::Kernels;
use ppl_model::graph::{Statement, SymbolId, TExpr};
use ppl_model::lower::{AxisMap, Lowering, Units};
use ppl_model::{AxisRef, Bound};
use ppl_syntax::Span;

/// Draws at most.
pub const MOST_DRAWS: usize = 2000;

/// Draws at least: fewer say nothing of tails.
pub const LEAST_DRAWS: usize = 400;

/// Numbers at most.
pub const MOST_NUMBERS: usize = 8_000_000;

/// Units that are observed together, and what was observed.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Names of the observed columns; `y` and others where summed-out sites join them.
    pub name: String,
    /// Names of the units, as `y[3]`.
    pub units: Vec<String>,
    /// A hash of the observed values: equal for equal data.
    pub fingerprint: u64,
}

/// Log likelihoods at draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Pointwise {
    /// What was observed, by name.
    pub outcomes: Vec<Outcome>,
    /// Log importance weight of each draw: log p(x, z) - log q(z), up to a constant.
    pub log_weights: Vec<f64>,
    /// Draw x unit, in the order of the outcomes.
    pub log_likelihood: Array2<f32>,
}

/// How many draws are kept for so many units; `None` where it would be too few.
fn n_draws(units: usize, available: usize) -> Option<usize> {
    let n = MOST_DRAWS.min(available).min(MOST_NUMBERS / units.max(1));
    (n >= LEAST_DRAWS).then_some(n)
}

/// An outcome with the places of its units among the outputs.
struct Place {
    outcome: Outcome,
    output: usize,
    elements: Vec<usize>,
}

/// Evaluates the log likelihood of each unit at the first of the draws; why not, where that cannot be done.
///
/// # Errors
/// Where the model cannot be lowered.
pub fn pointwise(
    bound: &Bound,
    draws: (&[String], ArrayView2<'_, f64>),
    log_weights: &[f64],
) -> Result<Result<Pointwise, String>, ObjectiveError> {
    let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
    let builder = Builder::new(axes.program_axes(1));
    let lowering = Lowering::new(bound, &axes, &builder);
    *lowering.units.borrow_mut() = Some(Units::default());
    let known = Columns::new(draws.0);
    let mut columns = vec![];
    for (id, symbol) in bound.model.symbols.iter().enumerate() {
        if !bound.model.is_latent(id) {
            continue;
        }
        let (leaf, _) = builder.param(axes.set(&symbol.axes));
        lowering.set_latent(id, leaf);
        let Ok(own) = known.of(bound, id) else {
            return Ok(Err(format!("there are no draws of `{}`", symbol.name)));
        };
        columns.extend(axes.to_program(&own, &symbol.axes));
    }
    lowering.terms()?;
    let units = lowering.units.take().unwrap_or_default();
    if let Some(&site) = units.entangled.first() {
        return Ok(Err(format!(
            "what reads the summed-out `{}` shares no axis with it element by element, so that no observation can be left out on its own",
            bound.model.symbols[site].name
        )));
    }
    if units.observed.is_empty() {
        return Ok(Err("the model has no `observe` statement".to_owned()));
    }
    let mut outputs = vec![];
    let mut found = vec![];
    for observed in &units.observed {
        let set = axes.set(&observed.batch).without(ppl_core::DRAW);
        let zeros = vec![0.0; set.iter().map(|a: AxisId| builder.size(a)).product()];
        for e in [observed.value, observed.counted] {
            let full = ppl_core::Expr::apply(
                ppl_core::Prim::Add,
                &[e, builder.data(zeros.clone().into(), set)],
            );
            outputs.push(full.node(&builder));
        }
        found.push((observed.spans.clone(), observed.batch.clone()));
    }
    drop((units, lowering));
    let (program, _) = passes::optimise(builder.finish(outputs));
    let mut kernels = Kernels::compile(&program)?;
    let mut point = vec![0.0; columns.len()];
    let at = |point: &mut Vec<f64>, s: usize| {
        let row = draws.1.row(s);
        point
            .iter_mut()
            .zip(&columns)
            .for_each(|(p, c)| *p = row[*c]);
    };
    if log_weights.is_empty() {
        return Ok(Err("there are no draws".to_owned()));
    }
    at(&mut point, 0);
    kernels.run(&point, &[]);
    let mut places = vec![];
    for (i, (spans, batch)) in found.iter().enumerate() {
        places.push(place(
            bound,
            &axes,
            spans,
            batch,
            kernels.output(2 * i + 1),
            2 * i,
        ));
    }
    places.sort_by(|a, b| a.outcome.name.cmp(&b.outcome.name));
    let n_units: usize = places.iter().map(|p| p.elements.len()).sum();
    let Some(n) = n_draws(n_units, log_weights.len()) else {
        return Ok(Err(format!(
            "the log likelihoods of {n_units} observations at {LEAST_DRAWS} draws would be more than {MOST_NUMBERS} numbers"
        )));
    };
    let mut log_likelihood = Array2::zeros((n, n_units));
    for (s, mut row) in log_likelihood.rows_mut().into_iter().enumerate() {
        at(&mut point, s);
        kernels.run(&point, &[]);
        let values = places.iter().flat_map(|p| {
            let output = kernels.output(p.output);
            p.elements.iter().map(move |e| output[*e] as f32)
        });
        row.iter_mut().zip(values).for_each(|(to, v)| *to = v);
    }
    Ok(Ok(Pointwise {
        outcomes: places.into_iter().map(|p| p.outcome).collect(),
        log_weights: log_weights[..n].to_vec(),
        log_likelihood,
    }))
}

/// Names, fingerprint and places of the units of one or more statements.
fn place(
    bound: &Bound,
    axes: &AxisMap,
    spans: &[Span],
    batch: &[AxisRef],
    counted: &[f64],
    output: usize,
) -> Place {
    let mut names: Vec<String> = vec![];
    let mut hash = Fingerprint::new();
    let mut missing = vec![];
    for located in &bound.model.statements {
        let Statement::Observe { value, .. } = &located.statement else {
            continue;
        };
        if !spans.contains(&located.span) {
            continue;
        }
        let own = name_of(bound, value);
        if !names.contains(&own) {
            names.push(own);
        }
        let cells = cells_of(bound, value);
        cells.iter().for_each(|v| hash.add(*v));
        // Cells that an unknown stands for are no observations, whichever way they are written.
        if spans.len() == 1 && cells.len() == counted.len() {
            missing = cells.iter().map(|v| v.is_nan()).collect();
        }
    }
    let order = axes.order(batch);
    let mut at = vec![0; order.len()];
    for (program, declared) in order.into_iter().enumerate() {
        at[declared] = program;
    }
    let name = names.join(", ");
    let declared: Vec<AxisRef> = batch.iter().map(|a| a.declared()).collect();
    let all = bound.element_names(&name, &declared);
    let kept: Vec<usize> = (0..at.len())
        .filter(|&i| counted[at[i]] != 0.0 && !missing.get(i).copied().unwrap_or(false))
        .collect();
    kept.iter().for_each(|&i| hash.add(i as f64));
    Place {
        outcome: Outcome {
            units: kept.iter().map(|&i| all[i].clone()).collect(),
            name,
            fingerprint: hash.value(),
        },
        output,
        elements: kept.into_iter().map(|i| at[i]).collect(),
    }
}

/// The column that is observed, or those of which a function is.
fn name_of(bound: &Bound, value: &TExpr) -> String {
    if let Some(id) = value.whole_symbol() {
        return bound.model.symbols[id].name.clone();
    }
    let mut read: Vec<SymbolId> = vec![];
    value.symbols(&mut read);
    let mut names: Vec<&str> = vec![];
    for id in read {
        let name = bound.model.symbols[id].name.as_str();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match names.is_empty() {
        true => "a number".to_owned(),
        false => format!("f({})", names.join(", ")),
    }
}

/// Everything that was observed; intervals by both of their ends.
fn cells_of(bound: &Bound, value: &TExpr) -> Vec<f64> {
    match value.whole_symbol() {
        Some(id) if bound.values.contains_key(&id) => cells(bound, id),
        _ => bound.evaluate(value, &value.axes).unwrap_or_default(),
    }
}
