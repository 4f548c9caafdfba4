//! Fresh draws of everything that certificates and summaries need.

use crate::compiled::{Compiled, Purpose};
use crate::objective::{Joint, ObjectiveError};
use crate::source::Source;
use ppl_core::{AxisSet, Builder, DRAW, Expr, Program, passes};
use ppl_model::lower::{AxisMap, Role};
use ppl_model::{Bound, graph::SymbolId};

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
    /// Numbers that one draw computes.
    pub(crate) work: usize,
}

/// Output numbers of a [`Sampler`].
const LOG_PRIOR: usize = 0;
const LOG_LIKELIHOOD: usize = 1;
const LOG_Q: usize = 2;
const LOG_JACOBIAN: usize = 3;
const ENTROPY: usize = 4;
const N_FIXED: usize = 5;

impl Sampler {
    /// Draws from now on have the noise of another seed.
    pub(crate) fn reseed(&mut self, seed: u64) {
        self.compiled.reseed(seed);
    }

    /// Compiles.
    pub fn new(bound: &Bound, batch: usize, seed: u64) -> Result<Sampler, ObjectiveError> {
        Self::of(bound, batch, seed, Source::guide(&[]))
    }

    /// Compiles for draws from there.
    pub(crate) fn of(
        bound: &Bound,
        batch: usize,
        seed: u64,
        source: Source<'_>,
    ) -> Result<Sampler, ObjectiveError> {
        let axes = AxisMap::new(bound).ok_or(ObjectiveError::TooManyAxes)?;
        let builder = Builder::new(axes.program_axes(batch));
        let joint = Joint::with(source.lowering(bound, &axes, &builder))?;
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
        let entropy_is_closed = entropy.is_some() && source.outside.is_none();
        let program = Program {
            outputs,
            ..builder.snapshot()
        };
        let (program, _) = passes::optimise_with(program, bound.folding);
        let work = program.work() / batch.max(1);
        let compiled = Compiled::new(&program, blocks, seed, Purpose::Certify)?;
        Ok(Sampler {
            compiled,
            batch,
            quantities,
            n_terms,
            spans,
            entropy_is_closed,
            work,
        })
    }

    /// Draws a batch; `step` addresses it.
    pub fn run(&mut self, params: &[f64], step: u64) {
        self.compiled.run(params, step);
    }

    /// A batch of the draws from there.
    pub(crate) fn run_from(&mut self, source: Source<'_>, step: u64) {
        self.compiled.run_from(source, step, self.batch);
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
        self.compiled.can_be_wider()
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

impl Sampler {
    /// Copies the first draws of quantity `i`, so many, into columns of `n` numbers each, a column an element in declared order,
    /// from row `first` on.
    pub(crate) fn copy_columns(
        &self,
        i: usize,
        (first, take): (usize, usize),
        columns: &mut [f64],
        n: usize,
    ) {
        let q = &self.quantities[i];
        let width = q.order.len();
        let values = self.compiled.output(N_FIXED + self.n_terms + i);
        for (k, &at) in q.order.iter().enumerate() {
            let column = &mut columns[at * n + first..at * n + first + take];
            let drawn = values.iter().skip(k).step_by(width.max(1));
            column.iter_mut().zip(drawn).for_each(|(to, v)| *to = *v);
        }
    }
}

/// Name, role, axes and value.
pub(crate) type Named<'b> = (String, &'static str, Vec<ppl_model::AxisRef>, Expr<'b>);

/// Sites, reports and the model's own params, in order.
pub(crate) fn named_values<'b>(
    bound: &Bound,
    joint: &Joint<'_, 'b>,
) -> Result<Vec<Named<'b>>, ObjectiveError> {
    use ppl_model::graph::{Statement, Ty};
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
    for id in 0..bound.model.symbols.len() {
        if bound.model.is_own_param(id) {
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
