//! The objective: model and guide lowered into one program, the bound, and an unbiased gradient of it.
//!
//! Reparameterised sites carry gradients through their noise, with the Gaussian part of the entropy in closed form. Sites
//! that cannot (discrete ones) get the score-function estimator with a leave-one-out baseline over the draws:
//! the surrogate mean_s stop(f_s - b_s) log q(z_s) is added, whose gradient is unbiased because b_s does not depend on z_s
//! (Mnih and Rezende 2016; Kool, van Hoof and Welling 2019).

use crate::compiled::{Compiled, Purpose};
use crate::deterministic::Layout;
use crate::stochastic::Target;
use ppl_core::{AxisSet, Builder, DRAW, Expr, Op, Program, gradient, passes};
use ppl_model::Bound;
use ppl_model::lower::{AxisMap, GuideDraw, Lowering, ParamBlock, Role, Term};
use ppl_syntax::diagnostic::Diagnostic;
use thiserror::Error;

/// Why an objective could not be built.
#[derive(Debug, Error)]
pub enum ObjectiveError {
    /// A limit that only the data's sizes can tell.
    #[error("{}", .0.message)]
    Limit(Box<Diagnostic>),
    /// Too many axes.
    #[error("the model and its guide have more than 63 axes")]
    TooManyAxes,
    /// The engine refused the program.
    #[error(transparent)]
    Engine(#[from] ppl_engine::EngineError),
}

impl From<Box<Diagnostic>> for ObjectiveError {
    fn from(d: Box<Diagnostic>) -> Self {
        ObjectiveError::Limit(d)
    }
}

/// Model and guide written into one builder.
pub struct Joint<'a, 'b> {
    /// The lowering, for values of named quantities.
    pub lowering: Lowering<'a, 'b>,
    /// Terms of the log joint density.
    pub terms: Vec<Term<'b>>,
    /// The guide's draws.
    pub draws: Vec<GuideDraw<'b>>,
}

impl<'a, 'b> Joint<'a, 'b> {
    /// Lowers the guide, then the model at the guide's values.
    pub fn new(
        bound: &'a Bound,
        axes: &'a AxisMap,
        builder: &'b Builder,
    ) -> Result<Self, ObjectiveError> {
        Self::with(Lowering::new(bound, axes, builder))
    }

    /// The same with the guide's noise for its draws.
    pub(crate) fn of_noise(
        bound: &'a Bound,
        axes: &'a AxisMap,
        builder: &'b Builder,
    ) -> Result<Self, ObjectiveError> {
        Self::with(Lowering::of_noise(bound, axes, builder))
    }

    pub(crate) fn with(lowering: Lowering<'a, 'b>) -> Result<Self, ObjectiveError> {
        let bound = lowering.bound;
        let draws = lowering.guide()?;
        let terms = lowering.terms()?;
        // Params that nothing reads are still parameters.
        for (id, s) in bound.model.symbols.iter().enumerate() {
            if matches!(s.role, ppl_model::graph::Role::Param(_)) {
                lowering.symbol(id)?;
            }
        }
        Ok(Joint {
            lowering,
            terms,
            draws,
        })
    }

    /// Sum of the terms with that role.
    pub fn log_density(&self, keep: impl Fn(Role) -> bool) -> Expr<'b> {
        self.terms
            .iter()
            .filter(|t| keep(t.role))
            .fold(Expr::Const(0.0), |sum, t| sum + t.value)
    }

    /// Sum of log q over the draws that `keep` takes.
    pub fn log_q(&self, keep: impl Fn(&GuideDraw) -> bool) -> Expr<'b> {
        self.draws
            .iter()
            .filter(|d| keep(d))
            .fold(Expr::Const(0.0), |sum, d| sum + d.log_q)
    }

    /// Closed-form entropy (no draw axis), and the sum of log Jacobians that belongs to it; `None` unless every draw has one.
    pub fn entropy(&self) -> Option<(Expr<'b>, Expr<'b>)> {
        self.draws
            .iter()
            .try_fold((Expr::Const(0.0), Expr::Const(0.0)), |(h, j), d| {
                Some((h + d.entropy?, j + d.log_jacobian))
            })
    }

    fn bound_and_surrogate(&self) -> (Expr<'b>, Expr<'b>) {
        let b = self.lowering.builder;
        let n = b.size(DRAW) as f64;
        let over = AxisSet::EMPTY.with(DRAW);
        let mean = |e: Expr<'b>| b.sum(e, over) * Expr::Const(1.0 / n);
        let energy = self.log_density(|_| true);
        let mut smooth = energy;
        for d in self.draws.iter().filter(|d| !d.score) {
            smooth = smooth + d.entropy.map_or(-d.log_q, |h| h + d.log_jacobian);
        }
        let choices = || self.draws.iter().filter_map(|d| d.choice);
        if !self.draws.iter().any(|d| d.score) && choices().next().is_none() {
            let elbo = mean(smooth);
            return (elbo, elbo);
        }
        let per_draw = smooth - self.log_q(|d| d.score);
        // By expectation over each element's values where the terms that read it can be told apart.
        let mut local = Expr::Const(0.0);
        // Which part of a mixture was drawn has a score; where in it, none.
        let mut by_score = choices().fold(Expr::Const(0.0), |sum, c| sum + c);
        for d in self.draws.iter().filter(|d| d.score) {
            let all = match (d.sites.as_slice(), &d.discrete) {
                ([site], Some(draw)) => self.lowering.local_expectation(*site, draw),
                _ => None,
            };
            match all {
                Some(all) => local = local + all,
                None => by_score = by_score + d.log_q,
            }
        }
        let total = b.sum(per_draw, over);
        // The mean of the other draws; with one draw there is no baseline.
        let baseline = if n > 1.0 {
            (total - per_draw) / Expr::Const(n - 1.0)
        } else {
            Expr::Const(0.0)
        };
        let scored = b.stop(per_draw - baseline) * by_score;
        let surrogate = mean(smooth) + mean(local) + mean(scored);
        (mean(per_draw), surrogate)
    }
}

/// The stochastic objective of a bound model with its guide.
pub struct Objective {
    compiled: Compiled,
    slices: Vec<(usize, usize)>,
    /// Parameter blocks in order.
    pub params: Vec<ParamBlock>,
    n_params: usize,
    initial: Vec<f64>,
    draws: usize,
    /// What each pass did.
    pub passes: Vec<passes::PassReport>,
    /// The engine's account of its kernels.
    pub kernels: String,
    /// The guide as one Gaussian over the unconstrained vector, where it is one.
    pub(crate) layout: Option<Layout>,
    /// Numbers that one estimate computes.
    pub(crate) work: usize,
}

impl Objective {
    /// Builds, differentiates and compiles.
    pub fn new(bound: &Bound, draws: usize, seed: u64) -> Result<Objective, ObjectiveError> {
        let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
        let builder = Builder::new(axes.program_axes(draws));
        let joint = Joint::new(bound, &axes, &builder)?;
        let (elbo, surrogate) = joint.bound_and_surrogate();
        let (params, blocks) = (
            joint.lowering.params.borrow().clone(),
            joint.lowering.noise.borrow().clone(),
        );
        let layout = Layout::of(&joint.draws, &params);
        let value = Program {
            outputs: vec![elbo.node(&builder), surrogate.node(&builder)],
            ..builder.snapshot()
        };
        let n_params = value.n_params;
        // Passes before differentiation, so that the adjoints inherit what they gain, and after it on both together.
        let (value, mut passes) = passes::optimise_with(value, bound.folding);
        let leaves = value.params();
        let (elbo, surrogate) = (value.outputs[0], value.outputs[1]);
        let builder = Builder::from_program(value);
        let mut outputs = vec![elbo];
        outputs.extend(gradient(&builder, surrogate, &leaves));
        let program = builder.finish(outputs);
        let slices = leaves
            .iter()
            .filter_map(|&id| match program.node(id).op {
                Op::Param { offset } => Some((offset, program.len(program.node(id).axes))),
                _ => None,
            })
            .collect();
        let mut initial = vec![0.0; n_params];
        for p in &params {
            initial[p.offset..p.offset + p.init.len()].copy_from_slice(&p.init);
        }
        let (program, after) = passes::optimise_with(program, bound.folding);
        passes.extend(after);
        let compiled = Compiled::new(&program, blocks, seed, Purpose::Gradient)?;
        let explain = compiled.explain();
        Ok(Objective {
            compiled,
            slices,
            params,
            n_params,
            initial,
            draws,
            passes,
            kernels: explain,
            layout,
            work: program.work(),
        })
    }
}

impl Objective {
    /// The start with draws narrower by a factor of e^`by`: log scales move down, locations stay.
    fn narrower(&self, by: f64) -> Vec<f64> {
        let mut start = self.initial.clone();
        for p in &self.params {
            let scales = p.log_scales.clone();
            start[p.offset + scales.start..p.offset + scales.end]
                .iter_mut()
                .for_each(|x| *x -= by);
        }
        start
    }

    /// From now on draws come in antithetic pairs; their number is even.
    pub(crate) fn mirror(&mut self) {
        debug_assert!(self.draws.is_multiple_of(2));
        self.compiled.mirror();
    }

    /// Starts there from now on.
    pub(crate) fn start_at(&mut self, params: &[f64]) {
        self.initial.copy_from_slice(params);
    }

    /// Starts with narrower draws from now on.
    pub fn start_narrower(&mut self, by: f64) {
        self.initial = self.narrower(by);
    }

    fn gather(&self, gradient: &mut [f64]) -> f64 {
        gradient.fill(0.0);
        for (i, &(offset, len)) in self.slices.iter().enumerate() {
            gradient[offset..offset + len].copy_from_slice(self.compiled.output(i + 1));
        }
        self.compiled.output(0)[0]
    }
}

impl Target for Objective {
    fn n_params(&self) -> usize {
        self.n_params
    }

    fn initial(&self) -> Vec<f64> {
        self.initial.clone()
    }

    fn draws(&self) -> usize {
        self.draws
    }

    fn estimate(&mut self, params: &[f64], step: u64, gradient: &mut [f64]) -> f64 {
        self.compiled.run(params, step);
        self.gather(gradient)
    }

    fn careful_start(&self, attempt: u32) -> Option<Vec<f64>> {
        (attempt <= 6).then(|| self.narrower(f64::from(attempt)))
    }
}
