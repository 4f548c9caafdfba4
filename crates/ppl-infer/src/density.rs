//! The log joint density of a bound model at one point, statement by statement, with its gradient: how a model is
//! checked against another system.
//!
//! A point is given either on the latents' own scale or as one flat unconstrained vector. Discrete sites that the
//! compiler sums out are no part of a point.

mod mistakes;

use crate::objective::ObjectiveError;
use mistakes::{misfits, not_a_label, outside};
use ppl_core::passes::Folding;
use ppl_core::{Axis, AxisId, AxisSet, Builder, Expr, NodeId, Op, Program, gradient, passes};
use ppl_engine::Kernels;
use ppl_model::graph::{Role as SymbolRole, SymbolId, Ty};
use ppl_model::lower::{AxisMap, Free, Lowering, Role};
use ppl_model::{AxisRef, Bound};
use ppl_syntax::{Diagnostic, Span};
use std::collections::{BTreeMap, HashMap};
use thiserror::Error;

/// An array of numbers, row-major over its shape; a scalar has no shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Lengths of its axes.
    pub shape: Vec<usize>,
    /// Its numbers.
    pub values: Vec<f64>,
}

/// Where a density is wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum Point {
    /// Every latent (and the model's own params) by name, on its own scale, in declared order of its axes.
    Constrained(BTreeMap<String, Array>),
    /// In order of the sites, each batch row-major, each event's unconstrained numbers.
    Unconstrained(Vec<f64>),
}

/// What one statement adds.
#[derive(Debug, Clone, PartialEq)]
pub struct TermValue {
    /// The statement.
    pub span: Span,
    /// The site of a prior; `None` for observations, factors and what was summed out.
    pub site: Option<String>,
    /// Its value, all constants kept.
    pub value: f64,
}

/// The gradient, in the form in which the point was given.
#[derive(Debug, Clone, PartialEq)]
pub enum Gradient {
    /// By name; every number of an array counts as free, those of a simplex or a Cholesky factor too. Discrete sites
    /// have none.
    Constrained(Vec<(String, Array)>),
    /// Of the density with the log Jacobian.
    Unconstrained(Vec<f64>),
}

/// A log density with its terms and its gradient.
#[derive(Debug, Clone, PartialEq)]
pub struct Density {
    /// Sum of the terms, and of the log Jacobian where the point is unconstrained.
    pub log_density: f64,
    /// Log Jacobian of the map from the unconstrained vector; `None` on the latents' own scale.
    pub log_jacobian: Option<f64>,
    /// By statement; summed-out sites at the end.
    pub terms: Vec<TermValue>,
    /// With respect to the point.
    pub gradient: Gradient,
    /// Where it is not finite, if it is not: the statement, the row and the values that went in.
    pub fault: Option<Box<Diagnostic>>,
}

/// Why there is no density.
#[derive(Debug, Error)]
pub enum DensityError {
    /// The model could not be lowered.
    #[error(transparent)]
    Objective(#[from] ObjectiveError),
    /// The point does not fit the model: everything that is wrong with it.
    #[error("{}", .0.first().map_or("", |m| m.message.as_str()))]
    Point(Vec<PointMistake>),
}

/// One thing that is wrong with a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointMistake {
    /// What.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

fn mistake(message: impl Into<String>, help: impl Into<String>) -> PointMistake {
    PointMistake {
        message: message.into(),
        help: help.into(),
    }
}

/// How far a value may be from the nearest one that its support's map reaches.
const TOLERANCE: f64 = 1e-8;

/// Evaluates the log joint density of a model at a point.
///
/// # Errors
/// Where the model cannot be lowered, or the point does not fit it.
pub fn density(bound: &Bound, point: &Point) -> Result<Density, DensityError> {
    match point {
        Point::Constrained(values) => constrained(bound, values),
        Point::Unconstrained(values) => unconstrained(bound, values),
    }
}

/// Sites that are drawn, and the model's own params.
fn latents(bound: &Bound) -> Vec<SymbolId> {
    bound
        .model
        .sites()
        .map(|(id, _)| id)
        .chain(own_params(bound))
        .collect()
}

fn own_params(bound: &Bound) -> impl Iterator<Item = SymbolId> + '_ {
    (0..bound.model.symbols.len()).filter(|&id| bound.model.is_own_param(id))
}

fn shape(bound: &Bound, axes: &[AxisRef]) -> Vec<usize> {
    axes.iter().map(|&a| bound.size(a)).collect()
}

fn constrained(bound: &Bound, values: &BTreeMap<String, Array>) -> Result<Density, DensityError> {
    let latents = latents(bound);
    let mistakes = misfits(bound, &latents, values);
    if !mistakes.is_empty() {
        return Err(DensityError::Point(mistakes));
    }
    let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
    let builder = Builder::new(axes.program_axes(1));
    let lowering = Lowering::new(bound, &axes, &builder);
    let mut point = vec![];
    let mut blocks = vec![];
    for &id in &latents {
        let symbol = &bound.model.symbols[id];
        let (leaf, offset) = builder.param(axes.set(&symbol.axes));
        lowering.set_latent(id, leaf);
        let numbers = axes.to_program(&values[&symbol.name].values, &symbol.axes);
        blocks.push((id, leaf, offset, numbers.len()));
        point.extend(numbers);
    }
    let mut checks = vec![];
    for &(id, leaf, offset, n) in &blocks {
        checks.push((id, offset, n, nearest(&lowering, id, leaf)?));
    }
    let lowered = Lowered::new(&lowering, Expr::Const(0.0))?;
    let extra = checks.iter().flat_map(|c| c.3.clone()).collect();
    let values_at = lowered.evaluate(&builder, extra, &point)?;
    let mut mistakes = vec![];
    let mut found = values_at.extra.as_slice();
    for (id, offset, n, nodes) in &checks {
        let (own, rest) = found.split_at(nodes.len());
        found = rest;
        mistakes.extend(outside(bound, *id, &point[*offset..offset + n], own));
    }
    for &(id, _, offset, n) in &blocks {
        mistakes.extend(not_a_label(bound, id, &point[offset..offset + n]));
    }
    if !mistakes.is_empty() {
        return Err(DensityError::Point(mistakes));
    }
    let gradient = blocks
        .iter()
        .filter(|b| bound.model.symbols[b.0].ty == Ty::Real)
        .map(|&(id, _, offset, n)| {
            let symbol = &bound.model.symbols[id];
            let mut values = vec![0.0; n];
            for (i, at) in axes.order(&symbol.axes).into_iter().enumerate() {
                values[at] = values_at.gradient[offset + i];
            }
            let shape = shape(bound, &symbol.axes);
            (symbol.name.clone(), Array { shape, values })
        })
        .collect();
    let given = || {
        let values = |id: &SymbolId| values[&bound.model.symbols[*id].name].values.clone();
        latents.iter().map(|id| (*id, values(id))).collect()
    };
    Ok(Density {
        fault: fault_at(bound, values_at.total, given)?,
        log_density: values_at.total,
        log_jacobian: None,
        terms: lowered.term_values(bound, &values_at.terms),
        gradient: Gradient::Constrained(gradient),
    })
}

/// The value's image under its support's map and back, over the leaf's axes, then its unconstrained numbers: the value
/// itself and no NaN inside the support.
fn nearest<'b>(
    lowering: &Lowering<'_, 'b>,
    id: SymbolId,
    leaf: Expr<'b>,
) -> Result<Vec<Expr<'b>>, DensityError> {
    let symbol = &lowering.bound.model.symbols[id];
    if symbol.ty != Ty::Real || !matches!(symbol.role, SymbolRole::Site(_)) {
        return Ok(vec![]);
    }
    let map = lowering.site_map(id).map_err(ObjectiveError::from)?;
    let all = lowering.axes.set(&symbol.axes);
    let mut out = lowering.image(&map, leaf);
    out[0] = lowering.builder.broadcast(out[0], all);
    Ok(out)
}

fn unconstrained(bound: &Bound, values: &[f64]) -> Result<Density, DensityError> {
    let shapes = bound.site_shapes();
    let mut mistakes = vec![];
    let own = "give the point on the latents' own scale, without `--unconstrained`";
    for s in shapes.iter().filter(|s| s.unconstrained.is_none()) {
        mistakes.push(mistake(
            format!("`{}` is discrete: it has no unconstrained scale", s.name),
            own,
        ));
    }
    for id in own_params(bound) {
        let name = &bound.model.symbols[id].name;
        mistakes.push(mistake(
            format!("`{name}` is a param: the unconstrained vector holds sites only"),
            own,
        ));
    }
    let n: usize = bound.n_unknowns();
    if mistakes.is_empty() && values.len() != n {
        let parts: Vec<String> = shapes
            .iter()
            .map(|s| {
                format!(
                    "{} of `{}`",
                    s.n_batch * s.unconstrained.unwrap_or(0),
                    s.name
                )
            })
            .collect();
        mistakes.push(mistake(
            format!(
                "the unconstrained point has {} numbers; the model has {n}",
                values.len()
            ),
            format!("in this order: {}", parts.join(", ")),
        ));
    }
    if !mistakes.is_empty() {
        return Err(DensityError::Point(mistakes));
    }
    let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
    let mut program_axes = axes.program_axes(1);
    let along = AxisId(program_axes.len() as u8);
    if program_axes.len() > 63 {
        return Err(ObjectiveError::TooManyAxes.into());
    }
    program_axes.push(Axis {
        name: "unconstrained".into(),
        size: n.max(1),
    });
    let builder = Builder::new(program_axes);
    let lowering = Lowering::new(bound, &axes, &builder);
    let (vector, _) = builder.param(AxisSet::of(&[along]));
    let mut jacobian = Expr::Const(0.0);
    let mut offset = 0;
    let mut extra = vec![];
    for s in &shapes {
        let map = lowering.site_map(s.site).map_err(ObjectiveError::from)?;
        let base = map.bijection.unconstrained_len(s.n_event);
        let batch = lowering.batch_set(s.site, &map.event);
        let free = Free::Slice(vector, along, offset);
        let (value, ln_jacobian) = lowering
            .constrain(s.site, &map, free, false)
            .map_err(ObjectiveError::from)?;
        offset += base * s.n_batch;
        lowering.set_latent(s.site, value);
        extra.push(builder.broadcast(value, axes.set(&bound.model.symbols[s.site].axes)));
        jacobian = jacobian + builder.sum(ln_jacobian, batch);
    }
    let lowered = Lowered::new(&lowering, jacobian)?;
    let mut point = values.to_vec();
    point.resize(n.max(1), 0.0);
    extra.push(jacobian);
    let at = lowered.evaluate(&builder, extra, &point)?;
    let drawn = || {
        let in_order = |(s, values): (&ppl_model::SiteShape, &Vec<f64>)| {
            let order = axes.order(&bound.model.symbols[s.site].axes);
            let mut out = vec![0.0; order.len()];
            order
                .into_iter()
                .zip(values)
                .for_each(|(to, v)| out[to] = *v);
            (s.site, out)
        };
        shapes.iter().zip(&at.extra).map(in_order).collect()
    };
    Ok(Density {
        fault: fault_at(bound, at.total, drawn)?,
        log_density: at.total,
        log_jacobian: at.extra.last().map(|j| j[0]),
        terms: lowered.term_values(bound, &at.terms),
        gradient: Gradient::Unconstrained(at.gradient[..n].to_vec()),
    })
}

/// Where a density that is not finite comes from.
fn fault_at(
    bound: &Bound,
    total: f64,
    latents: impl FnOnce() -> HashMap<SymbolId, Vec<f64>>,
) -> Result<Option<Box<Diagnostic>>, DensityError> {
    if total.is_finite() {
        return Ok(None);
    }
    let found = crate::fault::find(bound, &latents())?;
    Ok(found.map(|fault| Box::new(fault.diagnostic)))
}

/// The nodes of a density.
struct Lowered<'b> {
    total: Expr<'b>,
    terms: Vec<(Span, Role, Expr<'b>)>,
}

/// What the engine made of them.
struct Evaluated {
    total: f64,
    terms: Vec<f64>,
    extra: Vec<Vec<f64>>,
    gradient: Vec<f64>,
}

impl<'b> Lowered<'b> {
    fn new(lowering: &Lowering<'_, 'b>, more: Expr<'b>) -> Result<Self, DensityError> {
        let terms = lowering.terms().map_err(ObjectiveError::from)?;
        let total = terms.iter().fold(Expr::Const(0.0), |sum, t| sum + t.value);
        Ok(Lowered {
            total: total + more,
            terms: terms.iter().map(|t| (t.span, t.role, t.value)).collect(),
        })
    }

    fn evaluate(
        &self,
        builder: &Builder,
        extra: Vec<Expr<'b>>,
        point: &[f64],
    ) -> Result<Evaluated, DensityError> {
        let nodes = |list: &mut Vec<NodeId>, e: Expr<'b>| list.push(e.node(builder));
        let mut outputs = vec![];
        nodes(&mut outputs, self.total);
        self.terms.iter().for_each(|t| nodes(&mut outputs, t.2));
        extra.iter().for_each(|e| nodes(&mut outputs, *e));
        let value = Program {
            outputs,
            ..builder.snapshot()
        };
        let n_params = value.n_params;
        // A density is looked at once: no work beforehand pays.
        let (value, _) = passes::optimise_with(value, Folding::Rows);
        let leaves = value.params();
        let mut outputs = value.outputs.clone();
        let n_values = outputs.len();
        let total = outputs[0];
        let builder = Builder::from_program(value);
        outputs.extend(gradient(&builder, total, &leaves));
        let program = builder.finish(outputs);
        let slices: Vec<(usize, usize)> = leaves
            .iter()
            .filter_map(|&id| match program.node(id).op {
                Op::Param { offset } => Some((offset, program.len(program.node(id).axes))),
                _ => None,
            })
            .collect();
        let (program, _) = passes::optimise_with(program, Folding::Rows);
        let mut kernels = Kernels::compile(&program).map_err(ObjectiveError::from)?;
        kernels.run(point, &[]);
        let mut gradient = vec![0.0; n_params];
        for (i, &(offset, len)) in slices.iter().enumerate() {
            gradient[offset..offset + len].copy_from_slice(kernels.output(n_values + i));
        }
        let n_terms = self.terms.len();
        Ok(Evaluated {
            total: kernels.output(0)[0],
            terms: (0..n_terms).map(|i| kernels.output(1 + i)[0]).collect(),
            extra: (1 + n_terms..n_values)
                .map(|i| kernels.output(i).to_vec())
                .collect(),
            gradient,
        })
    }

    fn term_values(&self, bound: &Bound, values: &[f64]) -> Vec<TermValue> {
        let terms = self.terms.iter().zip(values);
        terms
            .map(|(&(span, role, _), &value)| TermValue {
                span,
                site: match role {
                    Role::Prior(id) => Some(bound.model.symbols[id].name.clone()),
                    Role::Likelihood => None,
                },
                value,
            })
            .collect()
    }
}
