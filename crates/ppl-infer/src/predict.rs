//! Draws from the posterior predictive distribution: of `predict` statements, and of missing entries that the fit
//! integrated out. They need nothing but the draws of the fit, so that new rows are predicted in the same way.

use crate::columns::Columns;
use crate::fit::Draws;
use crate::labels::Labels;
use crate::objective::ObjectiveError;
use ndarray::Array2;
use ppl_core::{AxisSet, Builder, Expr, NodeId};
use ppl_dist::{Distribution, Domain, Shape, Support, truncated::sample_truncated};
use ppl_engine::Kernels;
use ppl_model::graph::{Role, Statement, SymbolId, TDist, TExpr, TKind};
use ppl_model::lower::{AxisMap, Lowering};
use ppl_model::{AxisRef, Bound};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeSet, HashMap};
use thiserror::Error;

/// Why there are no predictions.
#[derive(Debug, Error)]
pub enum PredictError {
    /// The model could not be lowered.
    #[error(transparent)]
    Objective(#[from] ObjectiveError),
    /// The draws are those of another model, or of other data.
    #[error("the fit has no draws of `{0}`")]
    Draws(String),
}

/// Predicted quantities: one row a draw of the fit.
#[derive(Debug, Clone, Default)]
pub struct Predictions {
    /// The draws.
    pub draws: Draws,
    /// `predict` or `imputed` for each column.
    pub roles: Vec<&'static str>,
    /// What could not be drawn, in words.
    pub notes: Vec<String>,
}

/// What is predicted.
struct Wanted<'m> {
    name: &'m str,
    role: &'static str,
    axes: Vec<AxisRef>,
    dist: &'m TDist,
    /// Elements in declared order; all where `None`.
    keep: Option<Vec<bool>>,
}

/// One branch as places among the outputs.
struct Branch {
    condition: Option<usize>,
    distribution: &'static dyn Distribution,
    arguments: Vec<Vec<usize>>,
    bounds: Option<[Option<usize>; 2]>,
}

struct Target {
    branches: Vec<Branch>,
    /// Elements that are drawn, in declared order, as positions in program order.
    elements: Vec<usize>,
    /// Numbers of one draw.
    event: usize,
}

/// How far an argument that was computed may be off.
const ROUNDING: f64 = 1e-9;

/// The purpose in the address of the random numbers.
const PURPOSE: u64 = 4;

/// Symbols that expressions read, through deterministic values.
pub(crate) fn reads(bound: &Bound, expressions: &[&TExpr]) -> BTreeSet<SymbolId> {
    let mut stack = vec![];
    for e in expressions {
        e.symbols(&mut stack);
    }
    let mut seen = BTreeSet::new();
    // The columns that group a loop are read where earlier elements are.
    let groups = |e: &TExpr, out: &mut Vec<SymbolId>| {
        e.visit(&mut |e| match e.kind {
            TKind::Shift(_, _, Some(by))
            | TKind::First(_, _, Some(by))
            | TKind::Last(_, _, Some(by)) => out.push(by),
            _ => {}
        })
    };
    for e in expressions {
        groups(e, &mut stack);
    }
    while let Some(id) = stack.pop() {
        if !seen.insert(id) {
            continue;
        }
        if let Role::Let(e) = &bound.model.symbols[id].role {
            e.symbols(&mut stack);
            groups(e, &mut stack);
        }
        // Missing cells are read with their column.
        let imputed = bound.model.imputations.iter().find(|i| i.data == id);
        stack.extend(imputed.map(|i| i.site));
    }
    seen
}

fn expressions<'e>(dists: &[&'e TDist]) -> Vec<&'e TExpr> {
    dists.iter().flat_map(|d| d.expressions()).collect()
}

/// Symbols that the model's predictions read.
pub fn needed(bound: &Bound) -> BTreeSet<SymbolId> {
    let model = bound.model.clone();
    let dists: Vec<&TDist> = model
        .statements
        .iter()
        .filter_map(|s| match &s.statement {
            Statement::Predict { dist, .. } => Some(dist),
            _ => None,
        })
        .collect();
    reads(bound, &expressions(&dists))
}

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// `predict` statements; and missing entries that were integrated out.
    Predicted { imputed: bool },
    /// A site, from its prior.
    Site(SymbolId),
    /// All entries of what the statement of that number observes.
    Observed(usize),
}

/// Statements to draw from.
fn wanted(bound: &Bound, what: What) -> Vec<Wanted<'_>> {
    let model = &bound.model;
    let mut out = vec![];
    let imputed = match what {
        What::Predicted { imputed } => imputed,
        What::Site(id) => {
            let own = model.dist(id).map(|dist| Wanted {
                name: model.reported_name(id),
                role: "site",
                axes: model.symbols[id].axes.clone(),
                dist,
                keep: None,
            });
            return own.into_iter().collect();
        }
        What::Observed(k) => {
            if let Statement::Observe { value, dist } = &model.statements[k].statement {
                out.push(Wanted {
                    name: "observed",
                    role: "predict",
                    axes: value.axes.clone(),
                    dist,
                    keep: None,
                });
            }
            return out;
        }
    };
    for located in &model.statements {
        match &located.statement {
            Statement::Predict { name, axes, dist } => out.push(Wanted {
                name,
                role: "predict",
                axes: axes.clone(),
                dist,
                keep: None,
            }),
            Statement::Observe { value, dist } if imputed => {
                let Some(id) = value.whole_symbol() else {
                    continue;
                };
                let symbol = &model.symbols[id];
                let is_site = model.imputations.iter().any(|i| i.data == id);
                let Some(ppl_model::bind::Values::Real(cells)) = bound.values.get(&id) else {
                    continue;
                };
                let mut keep: Vec<bool> = cells.iter().map(|v| v.is_nan()).collect();
                if let Some(skip) = located.skip {
                    let first = TExpr::first(skip, located.span);
                    let skipped = bound.evaluate(&first, &value.axes).unwrap_or_default();
                    for (k, s) in keep.iter_mut().zip(&skipped) {
                        *k &= *s == 0.0;
                    }
                }
                if !symbol.is_optional() || is_site || !keep.contains(&true) {
                    continue;
                }
                out.push(Wanted {
                    name: &symbol.name,
                    role: "imputed",
                    axes: value.axes.clone(),
                    dist,
                    keep: Some(keep),
                });
            }
            _ => {}
        }
    }
    out
}

/// Draws everything that is predicted, once for each draw of the fit. One seed gives the same bits on any number of threads.
///
/// # Errors
/// Where the model cannot be lowered, or `fit` lacks draws of what the predictions read.
pub fn predict(
    bound: &Bound,
    fit: &Draws,
    seed: u64,
    imputed: bool,
) -> Result<Predictions, PredictError> {
    draw(bound, fit, seed, What::Predicted { imputed })
}

/// Draws what is asked for, once for each draw of the unknowns.
pub(crate) fn draw(
    bound: &Bound,
    fit: &Draws,
    seed: u64,
    what: What,
) -> Result<Predictions, PredictError> {
    let mut out = Predictions::default();
    let summed = wanted(bound, what).iter().any(|w| {
        let expressions = w.dist.expressions();
        expressions.iter().any(|e| bound.model.reads_summed_out(e))
    });
    // Summed-out sites are drawn for each draw of the others, and then read like those.
    let mut labels = summed.then(|| Labels::new(bound)).transpose()?;
    let mut known = bound.clone();
    let mut model = (*known.model).clone();
    let sites = 0..model.symbols.len();
    let sites: Vec<SymbolId> = sites.filter(|&id| model.is_summed_out(id)).collect();
    model.sampled.extend(&sites);
    known.model = model.into();
    let all = bound;
    let bound = &known;
    let wanted = wanted(bound, what);
    if wanted.is_empty() {
        return Ok(out);
    }
    let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
    let builder = Builder::new(axes.program_axes(1));
    let lowering = Lowering::new(bound, &axes, &builder);
    let dists: Vec<&TDist> = wanted.iter().map(|w| w.dist).collect();
    let columns = Columns::new(&fit.names);
    let columns_of = |axes: &AxisMap, id: SymbolId| -> Result<Vec<usize>, PredictError> {
        let found = columns.of(bound, id).map_err(PredictError::Draws)?;
        Ok(axes.to_program(&found, &bound.model.symbols[id].axes))
    };
    let mut label_columns = vec![];
    if let Some(labels) = &labels {
        let axes = AxisMap::new(all).ok_or(ObjectiveError::TooManyAxes)?;
        for &id in &labels.latents {
            label_columns.extend(columns_of(&axes, id)?);
        }
    }
    // Where each number of the point stands among the fit's columns, or among the drawn labels.
    let mut point_columns: Vec<From> = vec![];
    for id in reads(bound, &expressions(&dists)) {
        let symbol = &bound.model.symbols[id];
        if !bound.model.is_latent(id) {
            continue;
        }
        let (leaf, _) = builder.param(axes.set(&symbol.axes));
        lowering.set_latent(id, leaf);
        match sites.contains(&id) {
            true => {
                let n = bound.len(&symbol.axes);
                let own: Vec<From> = (0..n).map(|i| From::Label(id, i)).collect();
                point_columns.extend(axes.to_program(&own, &symbol.axes));
            }
            false => point_columns.extend(columns_of(&axes, id)?.into_iter().map(From::Column)),
        }
    }
    let mut outputs: Vec<NodeId> = vec![];
    let mut targets = vec![];
    for w in &wanted {
        let (batch, event) = w.axes.split_at(w.axes.len() - n_event(w.dist));
        let event = bound.len(event);
        let set = axes.set(batch);
        let mut output = |e: Expr<'_>| {
            outputs.push(over(&builder, e, set));
            outputs.len() - 1
        };
        let mut branches = vec![];
        for b in lowering.predicted(w.dist).map_err(ObjectiveError::from)? {
            let bounds = (b.lower.is_some() || b.upper.is_some())
                .then(|| [b.lower.map(&mut output), b.upper.map(&mut output)]);
            branches.push(Branch {
                condition: b.condition.map(&mut output),
                distribution: b.distribution,
                arguments: b
                    .arguments
                    .iter()
                    .map(|a| a.iter().map(|e| output(*e)).collect())
                    .collect(),
                bounds,
            });
        }
        let order = axes.order(batch);
        let mut place = vec![0; order.len()];
        for (program, declared) in order.into_iter().enumerate() {
            place[declared] = program;
        }
        let declared: Vec<AxisRef> = w.axes.iter().map(|a| a.declared()).collect();
        let names = bound.element_names(w.name, &declared);
        let kept = |i: &usize| w.keep.as_ref().is_none_or(|k| k[*i]);
        let chosen: Vec<usize> = (0..place.len()).filter(kept).collect();
        for &i in &chosen {
            for name in &names[i * event..(i + 1) * event] {
                out.draws.names.push(name.clone());
                out.roles.push(w.role);
            }
        }
        targets.push(Target {
            branches,
            elements: chosen.into_iter().map(|i| place[i]).collect(),
            event,
        });
    }
    let program = builder.finish(outputs);
    let (program, _) = ppl_core::passes::optimise(program);
    let mut kernels = Kernels::compile(&program).map_err(ObjectiveError::from)?;
    let mut values = Array2::zeros((fit.values.nrows(), out.draws.names.len()));
    let mut point = vec![0.0; point_columns.len()];
    for (s, (draw, mut row)) in fit
        .values
        .rows()
        .into_iter()
        .zip(values.rows_mut())
        .enumerate()
    {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(PURPOSE << 32 | s as u64);
        let drawn: HashMap<SymbolId, Vec<f64>> = match &mut labels {
            Some(labels) => {
                let at: Vec<f64> = label_columns.iter().map(|&c| draw[c]).collect();
                labels.draw(&at, &mut rng).into_iter().collect()
            }
            None => HashMap::new(),
        };
        for (p, from) in point.iter_mut().zip(&point_columns) {
            *p = match from {
                From::Column(c) => draw[*c],
                From::Label(id, i) => drawn.get(id).map_or(f64::NAN, |v| v[*i]),
            };
        }
        kernels.run(&point, &[]);
        let mut at = 0;
        for target in &targets {
            for &element in &target.elements {
                let mut numbers = vec![f64::NAN; target.event];
                draw_one(&target.branches, &kernels, element, &mut rng, &mut numbers);
                for number in numbers {
                    row[at] = number;
                    at += 1;
                }
            }
        }
    }
    out.draws.values = values;
    Ok(out)
}

/// The expression over all of the axes, as an output.
fn over(builder: &Builder, e: Expr<'_>, axes: AxisSet) -> NodeId {
    let n: usize = axes.iter().map(|a| builder.size(a)).product();
    let zeros = builder.data(vec![0.0; n].into(), axes);
    let node = Expr::Node(e.node(builder), builder);
    Expr::apply(ppl_core::Prim::Add, &[node, zeros]).node(builder)
}

/// Where a number of the point comes from.
#[derive(Clone, Copy)]
enum From {
    /// A column of the fit's draws.
    Column(usize),
    /// An element of a summed-out site, in declared order.
    Label(SymbolId, usize),
}

/// How many of the last axes are one draw's.
fn n_event(d: &TDist) -> usize {
    match d.distribution.definition().event {
        Shape::Scalar => 0,
        Shape::Matrix => 2,
        _ => 1,
    }
}

/// Whether a number may be an argument, but for rounding: of what none may be there is no draw.
fn may_be(domain: Domain, v: f64) -> bool {
    match domain {
        Domain::Positive | Domain::PositiveVector | Domain::NonNegative | Domain::Count => {
            v >= -ROUNDING
        }
        Domain::Unit => (-ROUNDING..=1.0 + ROUNDING).contains(&v),
        _ => !v.is_nan(),
    }
}

fn draw_one(
    branches: &[Branch],
    kernels: &Kernels,
    element: usize,
    rng: &mut ChaCha8Rng,
    out: &mut [f64],
) {
    let value = |output: usize| {
        let v = kernels.output(output);
        v[if v.len() == 1 { 0 } else { element }]
    };
    let taken = |b: &&Branch| b.condition.is_none_or(|c| value(c) != 0.0);
    let Some(b) = branches.iter().find(taken) else {
        return;
    };
    let arguments: Vec<Vec<f64>> = b
        .arguments
        .iter()
        .map(|a| a.iter().map(|&o| value(o)).collect())
        .collect();
    let wanted = b.distribution.definition().parameters();
    let constant = matches!(b.distribution.definition().support, Support::Integers(a, b) if a == b);
    let mut pairs = wanted.iter().zip(&arguments);
    if !constant && pairs.any(|(p, a)| a.iter().any(|v| !may_be(p.domain, *v))) {
        return;
    }
    let p: Vec<&[f64]> = arguments.iter().map(Vec::as_slice).collect();
    match b.bounds {
        Some([lower, upper]) => {
            out[0] = sample_truncated(
                b.distribution,
                &p,
                lower.map_or(f64::NEG_INFINITY, value),
                upper.map_or(f64::INFINITY, value),
                rng,
            )
        }
        None => b.distribution.sample(&p, rng, out),
    }
}
