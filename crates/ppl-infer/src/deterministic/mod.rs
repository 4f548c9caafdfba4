//! The deterministic engine: the best Gaussian for a smooth log density, by natural gradients on frozen draws.
//!
//! With S the covariance, L its inverse, g the gradient and H the negative Hessian of the log density, Bonnet's and
//! Price's identities give the natural-gradient step (Khan and Rue 2023, "The Bayesian learning rule")
//!
//! ```text
//! L+ = (1 - r) L + r E[H]        m+ = m + r L+^-1 E[g]
//! ```
//!
//! with `r^2 / 2 (L - E[H]) S (L - E[H])` added where E[H] is indefinite, which keeps L+ positive definite (Lin, Schmidt and
//! Khan 2020). Expectations are means over frozen draws; a step is taken if the bound on other frozen draws
//! does not fall. A Gaussian target is met in one step whatever the draws. More draws follow in rungs.

mod aliases;
mod anderson;
mod annealed;
mod ascent;
mod beyond;
mod causes;
mod climb;
mod copies;
mod curvature;
mod definite;
mod dense;
mod differences;
mod estimates;
mod further;
mod gaussian;
mod inspect;
mod layout;
mod low_rank;
mod matrix_free;
mod modes;
mod natural;
mod nested;
mod outline;
mod polish;
mod products;
mod proposals;
mod response;
mod rungs;
mod smooth;
mod splits;
mod spread;
mod starts;
mod tails;
mod trials;
mod warm;
mod workers;

pub(crate) use annealed::{Annealed, Begin, EFFORTS, Held, Lost as LostWay, Part};
pub(crate) use beyond::{Beyond, Own};
pub(crate) use further::further;
pub(crate) use inspect::{Inspection, inspect};
pub(crate) use layout::Layout;
pub(crate) use low_rank::factors;
pub(crate) use nested::{Base, NO_BASE, Nested, Rest, Wanted, conjugate, conjugate_start, nest};
pub(crate) use outline::{Outline, outline};

use crate::objective::ObjectiveError;
use crate::options::{FitOptions, Observer};
use crate::stochastic::{Optimum, Outcome};
use climb::Next;
use gaussian::Gaussian;
use ppl_model::Bound;
use ppl_model::lower::Role;
use ppl_sparse::{Elimination, Pattern};
pub use rungs::Rung;
use rungs::{MOST_WORK, RUNGS};
use smooth::Smooth;
use std::sync::Arc;
use std::time::Instant;

/// Longest unconstrained vector whose Gaussian may have any covariance: dense matrices are factored at every step.
const MOST: usize = 1000;

/// Multiplications that one factorisation may take.
const MOST_ELIMINATION: f64 = 2e11;

/// The same where the covariance is diagonal, and the factor serves the mean alone: conjugate gradients move it as well.
const MOST_FOR_MEAN: f64 = 1e10;

/// Longest unconstrained vector of a mean-field guide here.
const MOST_DIAGONAL: usize = 100_000;

/// For diagonal guides of longer vectors, curvatures with so many elements for each unknown are not formed: innovations of a long chain all
/// meet, and what costs a product for each would not be linear in its length.
const MOST_MEETING: usize = 500;
const MEETING: usize = 100;

/// Fresh draws that rungs are compared on.
const FRESH: usize = 400;

/// Steps of a rung, at most.
const STEPS: usize = 60;

/// Draws that the bound is compared on.
const MERIT: usize = 64;

/// Draws that the last bound is taken from.
const FINAL: usize = 2048;

/// Why there is no optimum.
enum Lost {
    /// The observer stopped it, or the limit of steps did.
    Stopped,
    /// No start is finite, or the steps led nowhere.
    Failed,
}

/// What the precision may be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// Anything.
    Dense,
    /// Other than zero where the model's structure is.
    Sparse,
    /// Diagonal; the curvature has the model's structure all the same.
    Diagonal,
    /// Diagonal; of the curvature there are products and estimates of the diagonal alone.
    MatrixFree,
}

impl Shape {
    /// Whether the elements are independent.
    fn is_diagonal(self) -> bool {
        matches!(self, Shape::Diagonal | Shape::MatrixFree)
    }

    /// The target with what its slopes are made from.
    fn smooth(self, bound: &Bound, keep: impl Fn(Role) -> bool) -> Result<Smooth, ObjectiveError> {
        match self {
            Shape::MatrixFree => Smooth::with_directions(bound, keep),
            _ => Smooth::new(bound, keep),
        }
    }
}

struct Solver<'o> {
    smooth: Smooth,
    shape: Shape,
    /// How precisions are factored.
    by: Arc<Elimination>,
    /// Where the curvature may be other than zero.
    structure: Arc<Pattern>,
    seed: u64,
    observer: &'o mut dyn Observer,
    steps: usize,
    max_steps: usize,
    elbo: f64,
    /// Steps that cannot lead to such a bound on the merit set are given up.
    least: f64,
    /// Ends of former starts, with their bounds on the merit set: an optimisation that comes near one goes no further.
    ends: Vec<(f64, Gaussian)>,
    /// The unit of each unknown: one, or its prior's sd where that is far from it.
    units: Vec<f64>,
}

impl<'o> Solver<'o> {
    /// For the Gaussian of a guide; `None` where this engine is not for it. No limit of steps.
    fn open(
        bound: &Bound,
        layout: &Layout,
        seed: u64,
        observer: &'o mut dyn Observer,
    ) -> Result<Option<Solver<'o>>, ObjectiveError> {
        let Some((shape, by, structure)) = shape(bound, layout) else {
            return Ok(None);
        };
        let smooth = shape.smooth(bound, |_| true)?;
        let solver = (smooth.d == layout.d).then_some(Solver {
            units: vec![1.0; layout.d],
            smooth,
            shape,
            by,
            structure,
            seed,
            observer,
            steps: 0,
            max_steps: usize::MAX,
            elbo: f64::NAN,
            least: f64::NEG_INFINITY,
            ends: vec![],
        });
        Ok(solver)
    }

    /// The same with the Gaussian that the guide's parameters stand for.
    fn open_at(
        bound: &Bound,
        layout: &Layout,
        params: &[f64],
        seed: u64,
        observer: &'o mut dyn Observer,
    ) -> Result<Option<(Solver<'o>, Gaussian)>, ObjectiveError> {
        let solver = Solver::open(bound, layout, seed, observer)?;
        Ok(solver.and_then(|solver| {
            let q = layout.gaussian(&solver.by, params)?;
            Some((solver, q))
        }))
    }
}

/// How much is done to find the optimum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Effort {
    /// All starts and all rungs.
    Full,
    /// All starts and the first rungs, which tell how a parametrisation stands beside others.
    First,
    /// Two rungs: enough to compare parametrisations.
    Quick,
    /// All rungs from a former fit, and nothing where that leads elsewhere.
    Resume,
    /// The rungs from there on, the dear ones among them.
    Onwards(Next),
}

/// An optimum, and what the starts led to.
pub(crate) struct Solved {
    pub(crate) optimum: Optimum,
    pub(crate) starts: Found,
    /// Nats that more draws may still bring; infinite where nothing is known.
    pub(crate) left: f64,
    /// The rung to go on from.
    pub(crate) next: Next,
}

/// What the starts led to.
pub(crate) struct Found {
    pub(crate) tried: usize,
    pub(crate) agreeing: usize,
    /// The share of starts that lead to optima which none has led to, as far as that can be told.
    pub(crate) unseen: f64,
    /// Importance-weighted log evidence of the optimum.
    pub(crate) log_evidence: f64,
    /// Parameters, bound and log evidence of the optima apart from it.
    pub(crate) others: Vec<(Vec<f64>, f64, f64)>,
}

/// Fits the guide's Gaussian; `None` where this engine is not for it, or got nowhere (the stochastic engine then starts).
/// `StepLimit` says that more draws would still have changed it: the stochastic engine goes on from there.
pub(crate) fn solve(
    bound: &Bound,
    layout: &Layout,
    n_params: usize,
    options: &FitOptions,
    effort: Effort,
    observer: &mut dyn Observer,
) -> Result<Option<Solved>, ObjectiveError> {
    let started = Instant::now();
    let Some(mut solver) = Solver::open(bound, layout, options.seed, observer)? else {
        return Ok(None);
    };
    solver.max_steps = options.max_steps;
    let former = match &options.former {
        Some(former) => warm::gaussian(bound, former, &solver)?,
        None => None,
    };
    let merit = solver.draws(MERIT, 1 << 20);
    let mut ends = match &former {
        Some(former) => solver.resume(former, &merit),
        None => Ok(None),
    };
    let resumed = matches!(ends, Ok(Some(_)));
    if let Ok(None) = ends
        && effort != Effort::Resume
    {
        let mut starts = starts::starts(bound, layout, &mut solver)?;
        starts.extend(former.map(|f| f.start));
        let form = (layout, n_params);
        let mut found = solver.best_start(starts, &merit);
        if let Ok(own) = found {
            found = splits::improve(bound, form, &mut solver, own, &merit)?;
        }
        if let Ok(own) = found {
            found = copies::complete(bound, form, &mut solver, own, &merit)?;
        }
        if let Ok(own) = found {
            found = nested::raise(bound, layout, &mut solver, own, &merit)?;
        }
        ends = found.map(Some);
    }
    let Ok(Some(ends)) = ends else {
        return Ok(None);
    };
    let (tried, agreeing, mut unseen) = (ends.tried, ends.agreeing, ends.unseen);
    let mut others = ends.others;
    let (found, outcome, left, next) = match solver.climb(ends.best, ends.known, (effort, resumed))
    {
        Ok(s) if s.reached && effort != Effort::Quick => match solver.polished(s.q.clone()) {
            Ok(q) => (q, Outcome::Converged, s.left, s.next),
            Err(_) => (s.q, Outcome::Interrupted, f64::INFINITY, Next::NONE),
        },
        Ok(s) if s.reached => (s.q, Outcome::Converged, s.left, s.next),
        Ok(s) => (s.q, Outcome::StepLimit, s.left, s.next),
        Err((Some(found), Lost::Stopped)) => {
            (found, Outcome::Interrupted, f64::INFINITY, Next::NONE)
        }
        Err((Some(found), Lost::Failed)) => match solver.inside(found, &mut others) {
            Some(found) => {
                // Ends at the edge of the support are no optima.
                others.clear();
                unseen = 0.0;
                (found, Outcome::StepLimit, f64::INFINITY, Next::NONE)
            }
            None => return Ok(None),
        },
        Err(_) => return Ok(None),
    };
    let Some(params) = layout.params(n_params, &found) else {
        return Ok(None);
    };
    let (elbo, elbo_se) = match outcome {
        Outcome::Interrupted => (f64::NAN, f64::NAN),
        _ => match solver.bound(&found) {
            (elbo, _) if !elbo.is_finite() => {
                (solver.bound_inside(&found)).unwrap_or((elbo, f64::NAN))
            }
            found => found,
        },
    };
    if !elbo.is_finite() && outcome != Outcome::Interrupted {
        return Ok(None);
    }
    let mut starts = Found {
        tried,
        agreeing,
        unseen,
        log_evidence: f64::NAN,
        others: vec![],
    };
    if outcome != Outcome::Interrupted && !others.is_empty() {
        starts.log_evidence = solver.weight(&found).1;
        let mut kept = vec![found];
        for other in &others {
            // Where the best is no optimum, ways of others to theirs are as long.
            let q = match outcome {
                Outcome::Converged => solver.refined(other),
                _ => other.clone(),
            };
            if kept.iter().any(|k| !modes::apart(k, &q)) {
                continue;
            }
            let (elbo, log_evidence) = solver.weight(&q);
            let params = layout.params(n_params, &q);
            kept.push(q);
            starts
                .others
                .extend(params.map(|p| (p, elbo, log_evidence)));
        }
    }
    let optimum = Optimum {
        params,
        elbo,
        elbo_se,
        steps: solver.steps,
        estimates: solver
            .smooth
            .evaluations
            .div_ceil(options.draws_per_step.max(1)),
        skipped: 0,
        outcome,
        step_size: 1.0,
        race_seconds: 0.0,
        optimise_seconds: started.elapsed().as_secs_f64(),
        deterministic: true,
    };
    Ok(Some(Solved {
        optimum,
        starts,
        left,
        next,
    }))
}

/// Whether this engine is for a guide.
pub(crate) fn serves(bound: &Bound, layout: &Layout) -> bool {
    shape(bound, layout).is_some()
}

/// Whether the Hessian is formed and factored for a guide that this engine serves.
pub(crate) fn forms_curvature(bound: &Bound, layout: &Layout) -> bool {
    shape(bound, layout).is_some_and(|(shape, ..)| shape != Shape::MatrixFree)
}

/// What the guide's precision may be, how it is factored, and where the curvature may be other than zero.
fn shape(bound: &Bound, layout: &Layout) -> Option<(Shape, Arc<Elimination>, Arc<Pattern>)> {
    // Where too many meet for their curvature to be formed, an order of elimination is no use.
    let known = bound.meetings().filter(|known| known.n() == layout.d);
    let few =
        |structure: &Pattern| layout.d <= MOST_MEETING || structure.len() <= MEETING * layout.d;
    let formed = !layout.is_diagonal() || known.is_none_or(|known| few(known));
    let own = formed.then(|| bound.elimination()).flatten();
    let own = own.filter(|own| own.pattern().n() == layout.d);
    let affordable = |by: &&Arc<Elimination>| by.work() <= MOST_ELIMINATION;
    if layout.is_dense() {
        if layout.d > MOST {
            return None;
        }
        let full = Arc::new(Pattern::full(layout.d));
        let by = Arc::new(Elimination::new(full.clone(), full.len())?);
        let structure = own.map_or(full, |own| own.pattern().clone());
        return Some((Shape::Dense, by, structure));
    }
    let own = own.filter(affordable);
    if layout.is_linked() {
        let by = own?.clone();
        let structure = by.pattern().clone();
        return Some((Shape::Sparse, by, structure));
    }
    if !layout.is_diagonal() || layout.d > MOST_DIAGONAL {
        return None;
    }
    let by = match own.filter(|by| by.work() <= MOST_FOR_MEAN) {
        Some(own) => Some(own.clone()),
        None if layout.d <= MOST_MEETING => {
            let full = Arc::new(Pattern::full(layout.d));
            Elimination::new(full.clone(), full.len()).map(Arc::new)
        }
        None => None,
    };
    if let Some(by) = by.filter(|by| few(by.pattern())) {
        let structure = by.pattern().clone();
        return Some((Shape::Diagonal, by, structure));
    }
    let alone = Arc::new(Pattern::new(layout.d, []));
    let by = Arc::new(Elimination::new(alone.clone(), alone.len())?);
    // Few meet, but what is eliminated fills in, as crossed factors do.
    let structure = known.filter(|known| few(known)).cloned();
    Some((Shape::MatrixFree, by, structure.unwrap_or(alone)))
}
