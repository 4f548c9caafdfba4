//! What is timed: one value and gradient of the log density, one product with its Hessian, and one whole step of a
//! mean-field fit.

use crate::objective::{Joint, Objective, ObjectiveError};
use crate::stochastic::{Adam, Target};
use ppl_core::{AxisSet, Builder, DRAW, Expr, NodeId, gradient, passes};
use ppl_engine::Kernels;
use ppl_engine::random::{Address, fill_normal};
use ppl_model::Bound;
use ppl_model::lower::AxisMap;
use std::time::Instant;

/// Spread of the points around the origin of the unconstrained scale.
const SPREAD: f64 = 0.1;
/// Step size of Adam.
const STEP_SIZE: f64 = 0.01;

/// The log density on the unconstrained scale, Jacobians included, at several points at a time, with its gradients.
pub struct LogDensity {
    kernels: Kernels,
    n_gradients: usize,
    /// Seconds that model and guide took to become an optimised program of density and gradient.
    pub lower_seconds: f64,
    /// Seconds that this took to become kernels.
    pub compile_seconds: f64,
}

impl LogDensity {
    /// Compiles for `draws` points, fixed ones near the origin. The guide only says which numbers are free: the bound model
    /// has one.
    ///
    /// # Errors
    /// Where the model cannot be lowered or compiled.
    pub fn new(bound: &Bound, draws: usize) -> Result<LogDensity, ObjectiveError> {
        let started = Instant::now();
        let (builder, density, leaves) = differentiable(bound, draws)?;
        let mut outputs = vec![density];
        outputs.extend(gradient(&builder, density, &leaves));
        let (program, _) = passes::optimise_with(builder.finish(outputs), bound.folding);
        let lower_seconds = started.elapsed().as_secs_f64();
        let started = Instant::now();
        let mut kernels = Kernels::compile(&program)?;
        let compile_seconds = started.elapsed().as_secs_f64();
        let points = points(program.n_noise);
        kernels.inputs().noise.copy_from_slice(&points);
        Ok(LogDensity {
            lower_seconds,
            compile_seconds,
            kernels,
            n_gradients: leaves.len(),
        })
    }

    /// Evaluates densities and gradients; the sum of the densities.
    pub fn run(&mut self) -> f64 {
        self.kernels.run_filled();
        self.kernels.output(0).iter().sum()
    }

    /// The gradients of the last run, site by site.
    pub fn gradients(&self) -> impl Iterator<Item = &[f64]> {
        (1..=self.n_gradients).map(|i| self.kernels.output(i))
    }

    /// Bytes of working memory: points, gradients and what passes between kernels, without the data.
    pub fn memory(&self) -> usize {
        self.kernels.memory()
    }

    /// The engine's account of its kernels.
    pub fn explain(&self) -> String {
        self.kernels.explain()
    }
}

/// The log density at several points together, optimised, and the nodes of the points.
fn differentiable(
    bound: &Bound,
    draws: usize,
) -> Result<(Builder, NodeId, Vec<NodeId>), ObjectiveError> {
    let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
    let builder = Builder::new(axes.program_axes(draws));
    let joint = Joint::of_noise(bound, &axes, &builder)?;
    let jacobian = joint
        .draws
        .iter()
        .fold(Expr::Const(0.0), |sum, d| sum + d.log_jacobian);
    let draw = AxisSet::EMPTY.with(DRAW);
    let density = builder.broadcast(joint.log_density(|_| true) + jacobian, draw);
    let value = builder.snapshot_with(vec![density.node(&builder)]);
    let (value, _) = passes::optimise_with(value, bound.folding);
    let leaves = value.noises();
    let builder = Builder::from_program(value);
    let density = builder.snapshot().outputs[0];
    Ok((builder, density, leaves))
}

/// Fixed points near the origin.
fn points(n: usize) -> Vec<f64> {
    let mut points = vec![0.0; n];
    let address = Address {
        seed: 1,
        purpose: 0,
        step: 0,
        block: 0,
    };
    fill_normal(&mut points, address);
    points.iter_mut().for_each(|x| *x *= SPREAD);
    points
}

/// Products of the Hessian of the log density with a vector, at several points at a time. As in a fit, what all products at the
/// same points have in common is computed once for them.
pub struct HessianProduct {
    /// Their noise is the points, the directions, and what the products have in common.
    kernels: Kernels,
    /// The program of the latter, and where its results lie in that noise.
    common: Option<(Kernels, Vec<(usize, usize)>)>,
}

impl HessianProduct {
    /// Compiles for `draws` points, those of [`LogDensity`], with a direction of ones at each.
    ///
    /// # Errors
    /// Where the model cannot be lowered or compiled.
    pub fn new(bound: &Bound, draws: usize) -> Result<HessianProduct, ObjectiveError> {
        let (builder, density, leaves) = differentiable(bound, draws)?;
        let gradients = gradient(&builder, density, &leaves);
        let mut along = Expr::Const(0.0);
        let n_points = builder.snapshot().n_noise;
        for &g in &gradients {
            let slope = builder.literal_or_node(g);
            let axes = builder.axes_of(builder.handle(g));
            along = along + builder.sum(slope * builder.noise(axes).0, axes);
        }
        let along = along.node(&builder);
        let outputs = gradient(&builder, along, &leaves);
        let (program, _) = passes::optimise_with(builder.finish(outputs), bound.folding);
        let staged = passes::stage::stage(&program, |offset| offset >= n_points);
        let mut given = points(n_points);
        given.resize(program.n_noise, 1.0);
        let mut kernels = Kernels::compile(&staged.each)?;
        kernels.inputs().noise[..given.len()].copy_from_slice(&given);
        let common = match staged.kept.is_empty() {
            true => None,
            false => {
                let mut common = Kernels::compile(&staged.once)?;
                common.inputs().noise.copy_from_slice(&given);
                Some((common, staged.kept))
            }
        };
        let mut product = HessianProduct { kernels, common };
        product.prepare();
        Ok(product)
    }

    /// Computes what products at these points have in common.
    pub fn prepare(&mut self) {
        if let Some((common, kept)) = &mut self.common {
            common.run_filled();
            let noise = self.kernels.inputs().noise;
            for (i, (offset, len)) in kept.iter().enumerate() {
                noise[*offset..offset + len].copy_from_slice(common.output(i));
            }
        }
    }

    /// Evaluates the products; the first element.
    pub fn run(&mut self) -> f64 {
        self.kernels.run_filled();
        self.kernels.output(0)[0]
    }
}

/// Steps of a stochastic fit: noise, draws, bound, gradient, Adam.
pub struct Steps {
    objective: Objective,
    adam: Adam,
    params: Vec<f64>,
    gradient: Vec<f64>,
    step: u64,
}

impl Steps {
    /// Compiles for a bound model with its guide.
    ///
    /// # Errors
    /// Where the model cannot be lowered or compiled.
    pub fn new(bound: &Bound, draws: usize) -> Result<Steps, ObjectiveError> {
        let objective = Objective::new(bound, draws, 1)?;
        let params = objective.initial();
        Ok(Steps {
            adam: Adam::new(params.len()),
            gradient: vec![0.0; params.len()],
            params,
            objective,
            step: 0,
        })
    }

    /// Back to the start.
    pub fn restart(&mut self) {
        self.params = self.objective.initial();
        self.adam.reset();
        self.step = 0;
    }

    /// One step; the bound before it.
    pub fn run(&mut self) -> f64 {
        let value = self
            .objective
            .estimate(&self.params, self.step, &mut self.gradient);
        self.adam.step(&mut self.params, &self.gradient, STEP_SIZE);
        self.step += 1;
        value
    }

    /// The engine's account of its kernels.
    pub fn explain(&self) -> &str {
        &self.objective.kernels
    }
}
