//! The objective: model and guide lowered into one program, the bound, and an unbiased gradient of it.
//!
//! Reparameterised sites carry gradients through their noise, with the Gaussian part of the entropy in closed form. Sites
//! that cannot (discrete ones) get the score-function estimator with a leave-one-out baseline over the draws:
//! the surrogate mean_s stop(f_s - b_s) log q(z_s) is added, whose gradient is unbiased because b_s does not depend on z_s
//! (Mnih and Rezende 2016; Kool, van Hoof and Welling 2019).

use crate::deterministic::Layout;
use crate::stochastic::Target;
use crate::wider;
use ppl_core::{AxisSet, Builder, DRAW, Expr, Op, Program, gradient, passes};
use ppl_engine::Kernels;
use ppl_engine::random::{Address, fill_normal, fill_uniform};
use ppl_model::lower::{
    AxisMap, GuideDraw, Lowering, NoiseBlock, NoiseKind, ParamBlock, Role, Term,
};
use ppl_model::{Bound, graph::SymbolId};
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

/// What the random numbers of a program are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Gradient steps and their comparisons.
    Gradient = 1,
    /// Certificates and summaries.
    Certify = 2,
    /// Which draws are wider than the guide's.
    Wider = 5,
}

/// A compiled program together with the parameters and noise that it reads.
pub struct Compiled {
    kernels: Kernels,
    noise: Vec<f64>,
    blocks: Vec<NoiseBlock>,
    seed: u64,
    purpose: Purpose,
}

impl Compiled {
    /// Compiles; noise outside of the blocks stays 0.
    pub(crate) fn new(
        program: &Program,
        n_noise: usize,
        blocks: Vec<NoiseBlock>,
        seed: u64,
        purpose: Purpose,
    ) -> Result<Compiled, ObjectiveError> {
        Ok(Compiled {
            kernels: Kernels::compile(program)?,
            noise: vec![0.0; n_noise],
            blocks,
            seed,
            purpose,
        })
    }

    /// Evaluates all outputs with all noise at 0 (uniform noise at its middle): the centre of the guide.
    pub(crate) fn run_without_noise(&mut self, params: &[f64]) {
        self.noise.fill(0.0);
        for b in self.blocks.iter().filter(|b| b.kind == NoiseKind::Uniform) {
            self.noise[b.offset..b.offset + b.len].fill(0.5);
        }
        self.kernels.run(params, &self.noise);
    }

    /// Draws the noise of a step and evaluates all outputs.
    pub fn run(&mut self, params: &[f64], step: u64) {
        self.draw(step);
        self.kernels.run(params, &self.noise);
    }

    /// The same with draws wider than the guide's; for each, the log density of what was drawn over the guide's own.
    fn run_wider(&mut self, params: &[f64], step: u64, draws: usize) -> Vec<f64> {
        self.draw(step);
        let address = Address {
            seed: self.seed,
            purpose: Purpose::Wider as u32,
            step,
            block: 0,
        };
        let ratio = wider::widen(&mut self.noise, &self.blocks, draws, address);
        self.kernels.run(params, &self.noise);
        ratio
    }

    fn draw(&mut self, step: u64) {
        for (i, b) in self.blocks.iter().enumerate() {
            let out = &mut self.noise[b.offset..b.offset + b.len];
            let address = Address {
                seed: self.seed,
                purpose: self.purpose as u32,
                step,
                block: i as u64,
            };
            match b.kind {
                NoiseKind::Normal => fill_normal(out, address),
                NoiseKind::Uniform => fill_uniform(out, address),
            }
        }
    }

    /// An output of the last run.
    pub fn output(&self, i: usize) -> &[f64] {
        self.kernels.output(i)
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

    fn with(lowering: Lowering<'a, 'b>) -> Result<Self, ObjectiveError> {
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
        if !self.draws.iter().any(|d| d.score) {
            let elbo = mean(smooth);
            return (elbo, elbo);
        }
        let per_draw = smooth - self.log_q(|d| d.score);
        // By expectation over each element's values where the terms that read it can be told apart.
        let (mut local, mut by_score) = (Expr::Const(0.0), Expr::Const(0.0));
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
        let (n_params, n_noise) = (value.n_params, value.n_noise);
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
        let kernels = Kernels::compile(&program)?;
        let explain = kernels.explain();
        let compiled = Compiled {
            kernels,
            noise: vec![0.0; n_noise],
            blocks,
            seed,
            purpose: Purpose::Gradient,
        };
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

/// The role of labels that the guide draws, which are not summarised as numbers.
pub(crate) const LABEL: &str = "label";

/// A quantity that a fit summarises.
pub struct Quantity {
    /// Its name.
    pub name: String,
    /// `site`, `report`, `param`, or `label`: one that the guide draws.
    pub role: &'static str,
    /// Names of its elements in declared order.
    pub elements: Vec<String>,
    /// Position in declared order of each element in program order.
    order: Vec<usize>,
}

/// Fresh draws of everything that certificates and summaries need.
pub struct Sampler {
    compiled: Compiled,
    /// Draws per run.
    pub batch: usize,
    /// What is summarised.
    pub quantities: Vec<Quantity>,
    n_terms: usize,
    /// Place of each term of the log joint density.
    pub spans: Vec<ppl_syntax::Span>,
    /// Whether the entropy has a closed form.
    pub entropy_is_closed: bool,
}

/// Output numbers of a [`Sampler`].
const LOG_PRIOR: usize = 0;
const LOG_LIKELIHOOD: usize = 1;
const LOG_Q: usize = 2;
const LOG_JACOBIAN: usize = 3;
const ENTROPY: usize = 4;
const N_FIXED: usize = 5;

impl Sampler {
    /// Compiles.
    pub fn new(bound: &Bound, batch: usize, seed: u64) -> Result<Sampler, ObjectiveError> {
        let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
        let builder = Builder::new(axes.program_axes(batch));
        let joint = Joint::new(bound, &axes, &builder)?;
        let entropy = joint.entropy();
        let (closed, jacobian) = entropy.unwrap_or((Expr::Const(0.0), Expr::Const(0.0)));
        // Outputs get all their axes, so that a constant is repeated over the draws.
        let over = |e: Expr<'_>, axes: AxisSet| {
            let n: usize = axes.iter().map(|a| builder.size(a)).product();
            let zeros = builder.data(vec![0.0; n].into(), axes);
            e.node(&builder);
            Expr::apply(
                ppl_core::Prim::Add,
                &[Expr::Node(e.node(&builder), &builder), zeros],
            )
            .node(&builder)
        };
        let draw = AxisSet::EMPTY.with(DRAW);
        let mut outputs = vec![
            over(joint.log_density(|r| matches!(r, Role::Prior(_))), draw),
            over(joint.log_density(|r| r == Role::Likelihood), draw),
            over(joint.log_q(|_| true), draw),
            over(jacobian, draw),
            over(closed, AxisSet::EMPTY),
        ];
        let spans = joint.terms.iter().map(|t| t.span).collect();
        let n_terms = joint.terms.len();
        for t in &joint.terms {
            outputs.push(over(t.value, draw));
        }
        let mut quantities = vec![];
        for (name, role, quantity_axes, value) in named_values(bound, &joint)? {
            outputs.push(over(value, axes.set(&quantity_axes).with(DRAW)));
            quantities.push(Quantity {
                elements: bound.element_names(&name, &quantity_axes),
                order: axes.order(&quantity_axes),
                name,
                role,
            });
        }
        let blocks = joint.lowering.noise.borrow().clone();
        let entropy_is_closed = entropy.is_some();
        let program = Program {
            outputs,
            ..builder.snapshot()
        };
        let n_noise = program.n_noise;
        let (program, _) = passes::optimise_with(program, bound.folding);
        let kernels = Kernels::compile(&program)?;
        let compiled = Compiled {
            kernels,
            noise: vec![0.0; n_noise],
            blocks,
            seed,
            purpose: Purpose::Certify,
        };
        Ok(Sampler {
            compiled,
            batch,
            quantities,
            n_terms,
            spans,
            entropy_is_closed,
        })
    }

    /// Draws a batch; `step` addresses it.
    pub fn run(&mut self, params: &[f64], step: u64) {
        self.compiled.run(params, step);
    }

    /// The quantities at the centre of a guide with these parameters; nothing where there are more than so many.
    pub(crate) fn centre(&mut self, params: &[f64], at_most: usize) -> Vec<(String, f64)> {
        let n: usize = self.quantities.iter().map(|q| q.elements.len()).sum();
        if n > at_most {
            return vec![];
        }
        self.compiled.run_without_noise(params);
        let mut out = vec![];
        for i in 0..self.quantities.len() {
            let mut values = vec![0.0; self.quantities[i].elements.len()];
            self.copy(i, 0, &mut values);
            out.extend(self.quantities[i].elements.iter().cloned().zip(values));
        }
        out
    }

    /// Whether draws can be wider than the guide's.
    pub(crate) fn can_be_wider(&self) -> bool {
        wider::applies(&self.compiled.blocks)
    }

    /// Draws a batch that is wider than the guide's; gives the log density of each over the guide's own.
    pub(crate) fn run_wider(&mut self, params: &[f64], step: u64) -> Vec<f64> {
        self.compiled.run_wider(params, step, self.batch)
    }

    /// log p(z) of each draw.
    pub fn log_prior(&self) -> &[f64] {
        self.compiled.output(LOG_PRIOR)
    }
    /// log p(x | z) of each draw.
    pub fn log_likelihood(&self) -> &[f64] {
        self.compiled.output(LOG_LIKELIHOOD)
    }
    /// log q(z) of each draw.
    pub fn log_q(&self) -> &[f64] {
        self.compiled.output(LOG_Q)
    }
    /// Log Jacobian of each draw.
    pub fn log_jacobian(&self) -> &[f64] {
        self.compiled.output(LOG_JACOBIAN)
    }
    /// Closed-form entropy.
    pub fn entropy(&self) -> f64 {
        self.compiled.output(ENTROPY)[0]
    }
    /// One statement's term of each draw.
    pub fn term(&self, i: usize) -> &[f64] {
        self.compiled.output(N_FIXED + i)
    }

    /// Copies draw `s` of quantity `i` into `out`, in declared order.
    pub fn copy(&self, i: usize, s: usize, out: &mut [f64]) {
        let q = &self.quantities[i];
        let n = q.order.len();
        let values = &self.compiled.output(N_FIXED + self.n_terms + i)[s * n..(s + 1) * n];
        for (v, &at) in values.iter().zip(&q.order) {
            out[at] = *v;
        }
    }
}

type Named<'b> = (String, &'static str, Vec<ppl_model::AxisRef>, Expr<'b>);

/// Sites, reports and the model's own params, in order.
fn named_values<'b>(
    bound: &Bound,
    joint: &Joint<'_, 'b>,
) -> Result<Vec<Named<'b>>, ObjectiveError> {
    use ppl_model::graph::{Role as SymbolRole, Statement, Ty};
    let mut out: Vec<Named<'b>> = vec![];
    let symbol = |id: SymbolId, role| -> Result<Named<'b>, ObjectiveError> {
        let s = &bound.model.symbols[id];
        Ok((
            bound.model.reported_name(id).to_string(),
            role,
            s.axes.clone(),
            joint.lowering.symbol(id)?,
        ))
    };
    for (id, s) in bound.model.symbols.iter().enumerate() {
        if matches!(s.role, SymbolRole::Param(_)) && bound.model.names.get(&s.name) == Some(&id) {
            out.push(symbol(id, "param")?);
        }
    }
    let expectations = joint.lowering.expectations()?;
    for (i, s) in bound.model.statements.iter().enumerate() {
        match &s.statement {
            Statement::Sample(id) if !bound.model.is_summed_out(*id) => {
                // A label is no number: its probabilities are reported, and its draws serve predictions.
                out.push(match bound.model.symbols[*id].ty {
                    Ty::Index(_) => symbol(*id, LABEL)?,
                    _ => symbol(*id, "site")?,
                })
            }
            Statement::Report { name, axes, value } => {
                let axes: Vec<_> = axes.iter().map(|a| a.declared()).collect();
                let value = match expectations.get(&i) {
                    Some(expectation) => *expectation,
                    None => joint.lowering.number(value)?,
                };
                out.push((name.clone(), "report", axes, value));
            }
            _ => {}
        }
    }
    Ok(out)
}
