//! Which unknowns meet in the log density: where its Hessian is other than zero, and in which order unknowns are eliminated.

use super::{AxisMap, Lowered, Lowering, NoiseKind};
use crate::bind::Bound;
use ppl_core::call::linear::Links;
use ppl_core::passes::lift::lift;
use ppl_core::structure::dependencies;
use ppl_core::{AxisSet, Builder, DRAW, Expr, NodeId, Op, Program, gradient, passes};
use ppl_sparse::{Colouring, Elimination, Pattern};
use ppl_syntax::diagnostic::{Diagnostic, Span};
use std::sync::{Arc, OnceLock};

/// Entries of the factor, at most.
const MOST_LINKS: usize = 30_000_000;

/// Steps of the analysis, at most.
const MOST_STEPS: usize = 400_000_000;

/// Longest unconstrained vector whose numbers are all taken to meet where the analysis gives up.
const MOST_DENSE: usize = 1500;

/// Products with the Hessian that are worth a second look at how it is read, and how many times fewer a look must find.
const MANY_PRODUCTS: usize = 12;
const FEWER: usize = 2;
/// Copies of unknowns, at most: with more of them points and products leave the caches, and are dearer than the products saved (600,000
/// copies of 553 unknowns took a quarter more time and four times the memory).
const MOST_COPIES: usize = 1 << 18;

/// What is found out once for each model with its guide.
#[derive(Debug, Clone, Default)]
pub struct Structure(Arc<Found>);

#[derive(Debug, Default)]
struct Found {
    pattern: OnceLock<Option<Arc<Pattern>>>,
    elimination: OnceLock<Option<Arc<Elimination>>>,
    plain_products: OnceLock<Option<usize>>,
    by_copies: OnceLock<Option<Arc<ByCopies>>>,
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
            let pattern = pattern(density(self).ok()??)?;
            Some(Arc::new(pattern))
        });
        found.as_ref()
    }

    /// Products with the Hessian that give all of it; `None` where [`Bound::meetings`] is.
    pub fn n_products(&self) -> Option<usize> {
        let by_copies = self.by_copies().map(|by| by.colouring.n_colours());
        by_copies.or(self.plain_products())
    }

    /// The same with the unknowns themselves.
    pub fn plain_products(&self) -> Option<usize> {
        let found = self.structure.0.plain_products.get_or_init(|| {
            let pattern = self.meetings()?;
            Some(Colouring::new(pattern.clone()).n_colours())
        });
        *found
    }

    /// How the Hessian is read from products with copies of the unknowns, where that takes half as many products or fewer and they are
    /// known to be many otherwise.
    pub fn by_copies(&self) -> Option<&Arc<ByCopies>> {
        let found = self.structure.0.by_copies.get_or_init(|| {
            let plain = self.plain_products()?;
            let density = (plain >= MANY_PRODUCTS).then(|| density(self).ok()?);
            by_copies(density??, plain).map(Arc::new)
        });
        found.as_ref()
    }
}

/// The log density as a program of a single draw, whose noise is the unconstrained vector; `None` where that is no vector of real
/// numbers.
fn density(bound: &Bound) -> Lowered<Option<Program>> {
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
    Ok(Some(builder.snapshot_with(vec![total.node(&builder)])))
}

/// The places of the Hessian of a program of its noise that may be other than zero: the numbers that each element of the gradient
/// depends on. `None` where far too many meet, or the analysis gives up.
fn pattern(program: Program) -> Option<Pattern> {
    let n = program.n_noise;
    let (value, _) = passes::optimise(program);
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
        return (n <= MOST_DENSE).then(|| Pattern::full(n));
    };
    let entries: usize = found.iter().flatten().map(|set| set.len()).sum();
    if entries > 4 * MOST_LINKS {
        return None;
    }
    // Innovations of a chain all meet.
    if entries == n * n {
        return Some(Pattern::full(n));
    }
    let pairs = rows.iter().zip(&found).flat_map(|(first, own)| {
        let each = own.iter().enumerate();
        let columns = &columns;
        each.flat_map(move |(k, set)| {
            let row = (first + k) as u32;
            set.iter().map(move |c| (row, columns[*c as usize]))
        })
    });
    Some(Pattern::new(n, pairs))
}

/// How the Hessian is read from a density of which rows read copies of the unknowns, see [`lift`].
#[derive(Debug)]
pub struct ByCopies {
    /// What each number stands for: the unknowns themselves, then their copies.
    pub of: Vec<u32>,
    /// The products among these.
    pub colouring: Colouring,
}

fn by_copies(program: Program, plain: usize) -> Option<ByCopies> {
    let n = program.n_noise as u32;
    let lifted = lift(&program)?;
    let copies = lifted.copies.iter().flat_map(|c| c.of.iter());
    let of: Vec<u32> = (0..n).chain(copies.map(|i| *i as u32)).collect();
    if of.len() > MOST_COPIES {
        return None;
    }
    let pattern = pattern(lifted.program)?;
    if pattern.n() != of.len() {
        return None;
    }
    let colouring = Colouring::new(Arc::new(pattern));
    (FEWER * colouring.n_colours() <= plain).then_some(ByCopies { of, colouring })
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
