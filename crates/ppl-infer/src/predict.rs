//! Draws from the posterior predictive distribution: of `predict` statements, and of missing entries that the fit
//! integrated out. They need nothing but the draws of the fit, so that new rows are predicted in the same way.

use crate::fit::Draws;
use crate::objective::ObjectiveError;
use ndarray::Array2;
use ppl_core::{AxisSet, Builder, Expr, NodeId};
use ppl_dist::{Distribution, truncated::sample_truncated};
use ppl_engine::Kernels;
use ppl_model::graph::{Role, Statement, SymbolId, TDist, TExpr, TKind, Ty};
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
}

/// The purpose in the address of the random numbers.
const PURPOSE: u64 = 4;

/// Symbols that expressions read, through deterministic values.
fn reads(bound: &Bound, dists: &[&TDist]) -> BTreeSet<SymbolId> {
    let mut stack = vec![];
    for e in dists.iter().flat_map(|d| d.expressions()) {
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
    for e in dists.iter().flat_map(|d| d.expressions()) {
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
    reads(bound, &dists)
}

/// Statements to draw from; `imputed`: missing entries that were integrated out as well.
fn wanted<'m>(bound: &'m Bound, imputed: bool, notes: &mut Vec<String>) -> Vec<Wanted<'m>> {
    let model = &bound.model;
    let mut out = vec![];
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
                if let Some((axis, n, by)) = located.skip {
                    let first = TExpr {
                        kind: TKind::First(axis, n, by),
                        axes: vec![axis],
                        ty: Ty::Bool,
                        stochastic: false,
                        span: located.span,
                    };
                    let skipped = bound.evaluate(&first, &value.axes).unwrap_or_default();
                    for (k, s) in keep.iter_mut().zip(&skipped) {
                        *k &= *s == 0.0;
                    }
                }
                if !symbol.is_optional() || is_site || !keep.contains(&true) {
                    continue;
                }
                if dist.expressions().iter().any(|e| model.reads_summed_out(e)) {
                    notes.push(format!(
                        "missing entries of `{}` are not drawn: their distribution reads a discrete site that is summed out",
                        symbol.name
                    ));
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
    let mut out = Predictions::default();
    let wanted = wanted(bound, imputed, &mut out.notes);
    if wanted.is_empty() {
        return Ok(out);
    }
    let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
    let builder = Builder::new(axes.program_axes(1));
    let lowering = Lowering::new(bound, &axes, &builder);
    let dists: Vec<&TDist> = wanted.iter().map(|w| w.dist).collect();
    let columns: HashMap<&str, usize> = fit
        .names
        .iter()
        .enumerate()
        .map(|(i, n)| (n.as_str(), i))
        .collect();
    // Where each number of the point stands among the fit's columns.
    let mut point_columns: Vec<usize> = vec![];
    for id in reads(bound, &dists) {
        let symbol = &bound.model.symbols[id];
        let is_latent = match symbol.role {
            Role::Site(_) => !bound.model.is_summed_out(id),
            Role::Param(_) => true,
            _ => false,
        };
        if !is_latent {
            continue;
        }
        let (leaf, _) = builder.param(axes.set(&symbol.axes));
        lowering.set_latent(id, leaf);
        let names = bound.element_names(bound.model.reported_name(id), &symbol.axes);
        let found: Result<Vec<usize>, PredictError> = names
            .iter()
            .map(|n| {
                let at = columns.get(n.as_str()).copied();
                at.ok_or_else(|| PredictError::Draws(n.clone()))
            })
            .collect();
        point_columns.extend(axes.to_program(&found?, &symbol.axes));
    }
    let mut outputs: Vec<NodeId> = vec![];
    let mut targets = vec![];
    for w in &wanted {
        let set = axes.set(&w.axes);
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
        let order = axes.order(&w.axes);
        let mut place = vec![0; order.len()];
        for (program, declared) in order.into_iter().enumerate() {
            place[declared] = program;
        }
        let declared: Vec<AxisRef> = w.axes.iter().map(|a| a.declared()).collect();
        let names = bound.element_names(w.name, &declared);
        let kept = |i: &usize| w.keep.as_ref().is_none_or(|k| k[*i]);
        let chosen: Vec<usize> = (0..place.len()).filter(kept).collect();
        for &i in &chosen {
            out.draws.names.push(names[i].clone());
            out.roles.push(w.role);
        }
        targets.push(Target {
            branches,
            elements: chosen.into_iter().map(|i| place[i]).collect(),
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
        for (p, &column) in point.iter_mut().zip(&point_columns) {
            *p = draw[column];
        }
        kernels.run(&point, &[]);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(PURPOSE << 32 | s as u64);
        let mut at = 0;
        for target in &targets {
            for &element in &target.elements {
                row[at] = draw_one(&target.branches, &kernels, element, &mut rng);
                at += 1;
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

fn draw_one(branches: &[Branch], kernels: &Kernels, element: usize, rng: &mut ChaCha8Rng) -> f64 {
    let value = |output: usize| {
        let v = kernels.output(output);
        v[if v.len() == 1 { 0 } else { element }]
    };
    let taken = |b: &&Branch| b.condition.is_none_or(|c| value(c) != 0.0);
    let Some(b) = branches.iter().find(taken) else {
        return f64::NAN;
    };
    let arguments: Vec<Vec<f64>> = b
        .arguments
        .iter()
        .map(|a| a.iter().map(|&o| value(o)).collect())
        .collect();
    let p: Vec<&[f64]> = arguments.iter().map(Vec::as_slice).collect();
    match b.bounds {
        Some([lower, upper]) => sample_truncated(
            b.distribution,
            &p,
            lower.map_or(f64::NEG_INFINITY, value),
            upper.map_or(f64::INFINITY, value),
            rng,
        ),
        None => {
            let mut out = [f64::NAN];
            b.distribution.sample(&p, rng, &mut out);
            out[0]
        }
    }
}
