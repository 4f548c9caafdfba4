//! Which unknowns meet in the log density: where its Hessian is other than zero, and in which order unknowns are eliminated.

use super::{AxisMap, Lowered, Lowering, NoiseKind};
use crate::bind::Bound;
use ppl_core::call::linear::Links;
use ppl_core::structure::dependencies;
use ppl_core::{AxisSet, Builder, DRAW, Expr, NodeId, Op, gradient, passes};
use ppl_sparse::{Elimination, Pattern};
use ppl_syntax::diagnostic::{Diagnostic, Span};
use std::sync::{Arc, OnceLock};

/// Entries of the factor, at most.
const MOST_LINKS: usize = 30_000_000;

/// Steps of the analysis, at most.
const MOST_STEPS: usize = 400_000_000;

/// Longest unconstrained vector whose numbers are all taken to meet where the analysis gives up.
const MOST_DENSE: usize = 1500;

/// What is found out once for each model with its guide.
#[derive(Debug, Clone, Default)]
pub struct Structure(Arc<Found>);

#[derive(Debug, Default)]
struct Found {
    pattern: OnceLock<Option<Arc<Pattern>>>,
    elimination: OnceLock<Option<Arc<Elimination>>>,
}

impl Bound {
    /// How unknowns are eliminated from the log density as a function of the guide's unconstrained vector; `None` where that
    /// is no vector of real numbers, or far too many meet.
    pub fn elimination(&self) -> Option<&Arc<Elimination>> {
        let found = self.structure.0.elimination.get_or_init(|| {
            let pattern = self.meetings()?;
            Elimination::new(pattern.clone(), MOST_LINKS).map(Arc::new)
        });
        found.as_ref()
    }

    /// The pairs of numbers of that vector that meet in the log density, whether or not it can be eliminated; `None` where that is
    /// no vector of real numbers, or far too many meet.
    pub fn meetings(&self) -> Option<&Arc<Pattern>> {
        let found = self.structure.0.pattern.get_or_init(|| {
            let pattern = pattern(self).ok()??;
            Some(Arc::new(pattern))
        });
        found.as_ref()
    }
}

/// The places of the Hessian that may be other than zero: the unconstrained numbers that each element of the gradient
/// depends on.
fn pattern(bound: &Bound) -> Lowered<Option<Pattern>> {
    let Some(axes) = AxisMap::new(bound) else {
        return Ok(None);
    };
    let builder = Builder::new(axes.program_axes(1));
    let lowering = Lowering::of_noise(bound, &axes, &builder);
    let draws = lowering.guide()?;
    let terms = lowering.terms()?;
    let total = terms
        .iter()
        .map(|t| t.value)
        .chain(draws.iter().map(|d| d.log_jacobian))
        .fold(Expr::Const(0.0), |sum, t| sum + t);
    let total = builder.broadcast(total, AxisSet::EMPTY.with(DRAW));
    let noise = lowering.noise.borrow();
    if noise.is_empty() || noise.iter().any(|b| b.kind != NoiseKind::Normal) {
        return Ok(None);
    }
    let n: usize = noise.iter().map(|b| b.len).sum();
    let (value, _) = passes::optimise(builder.snapshot_with(vec![total.node(&builder)]));
    let leaves = value.noises();
    let rows: Vec<usize> = leaves
        .iter()
        .filter_map(|l| offset(&value.node(*l).op))
        .collect();
    let b = Builder::from_program(value.clone());
    let first = gradient(&b, value.outputs[0], &leaves);
    let (program, _) = passes::optimise(b.snapshot_with(first));
    let leaves = program.noises();
    let columns: Vec<u32> = leaves
        .iter()
        .flat_map(|l| {
            let first = offset(&program.node(*l).op).unwrap_or(0) as u32;
            (0..program.len(program.node(*l).axes) as u32).map(move |k| first + k)
        })
        .collect();
    let outputs: Vec<NodeId> = program.outputs.clone();
    let Some(found) = dependencies(&program, &leaves, &outputs, MOST_STEPS) else {
        return Ok((n <= MOST_DENSE).then(|| Pattern::full(n)));
    };
    let entries: usize = found.iter().flatten().map(|set| set.len()).sum();
    if entries > 4 * MOST_LINKS {
        return Ok(None);
    }
    // Innovations of a chain all meet.
    if entries == n * n {
        return Ok(Some(Pattern::full(n)));
    }
    let pairs = rows.iter().zip(&found).flat_map(|(first, own)| {
        let each = own.iter().enumerate();
        let columns = &columns;
        each.flat_map(move |(k, set)| {
            let row = (first + k) as u32;
            set.iter().map(move |c| (row, columns[*c as usize]))
        })
    });
    Ok(Some(Pattern::new(n, pairs)))
}

fn offset(op: &Op) -> Option<usize> {
    match op {
        Op::Noise { offset } => Some(*offset),
        _ => None,
    }
}

impl<'b> Lowering<'_, 'b> {
    /// Draws that hang on others: `x_i = e_i - Σ w_k x_later(k)` over the links of each element, which are those of the
    /// Cholesky factor of a precision matrix with the model's structure.
    pub(super) fn hung(
        &self,
        (weights, span): (Expr<'b>, Span),
        e: Expr<'b>,
        space: AxisSet,
    ) -> Lowered<Expr<'b>> {
        let b = self.builder;
        let own = b.axes_of(weights).without(DRAW);
        let have: usize = own.iter().map(|a| b.size(a)).product();
        let (Some(along), Some(axis), true) = (
            space.innermost(),
            own.innermost(),
            space.len() == 1 && own.len() == 1,
        ) else {
            return Err(self.no_links(span, have));
        };
        let by = match self.bound.elimination() {
            Some(by) if by.pattern().n() == b.size(along) && by.len().max(1) == have => by,
            _ => return Err(self.no_links(span, have)),
        };
        Ok(b.linked((&links(by), weights, axis), (e, along)))
    }

    pub(super) fn no_links(&self, span: Span, have: usize) -> Box<Diagnostic> {
        let d = match self.bound.elimination() {
            Some(by) => Diagnostic::error(
                "E0117",
                span,
                format!(
                    "the unknowns have {} links, drawn all together; these weights are {have}",
                    by.len().max(1)
                ),
            ),
            None => Diagnostic::error(
                "E0117",
                span,
                "too many unknowns meet, or not all of them are real numbers: they cannot be linked",
            ),
        };
        Box::new(d.help("`ppl guide --guide sparse` prints a complete guide to start from"))
    }
}

fn links(by: &Elimination) -> Arc<Links> {
    let mut first = vec![0];
    let mut later = vec![];
    for step in 0..by.order().len() {
        later.extend(by.later(step));
        first.push(later.len());
    }
    Arc::new(Links {
        order: by.order().to_vec(),
        first,
        later,
    })
}
