//! Whether the marginal density of a scale falls off: what has no finite integral has no posterior.
//!
//! A flat prior of a scale may leave the posterior improper although the density falls off along every ray: what hangs on the scale
//! moves with it, and the volume left to that grows or shrinks. With the others integrated out (Laplace's approximation, exact where
//! they are Gaussian given the scale) the tail is that of a function of one number: on the logarithmic scale it must fall as a power of e. So are found a
//! scale of groups whose logarithm is flat, a flat scale of two groups, two scales of which the data know the product, and data that a
//! model can meet exactly, for which the density grows without bound as their sd goes to 0.

use super::SMALL;
use super::conditional::{Conditional, Given};
use super::scales::scales;
use crate::deterministic::Solver;
use crate::deterministic::gaussian::Gaussian;
use crate::deterministic::layout::Layout;
use crate::deterministic::smooth::Smooth;
use crate::deterministic::tails::{Escape, SLOPE};
use crate::objective::ObjectiveError;
use ppl_model::Bound;
use ppl_model::graph::Statement;

/// Distances from the fitted mean: on a logarithmic scale, and this part of the sd for those that are wide. What is nearer is the posterior itself, and
/// what is further is lost to rounding where curvatures are differences of numbers that grow as the square of e to this power.
const FAR: [f64; 5] = [4.0, 5.5, 7.5, 10.0, 13.5];
const WIDE: f64 = 0.7;

/// Nats below the top from which on a tail is nowhere.
const NOWHERE: f64 = 100.0;

/// From this power of e a density rises as one that is not bounded; how alike the powers of two stretches then are.
const RISES: f64 = 0.05;
const ALIKE: f64 = 0.02;

/// Numbers that may be computed, and rounds that a search takes, roughly.
const MOST_WORK: f64 = 2e8;
const ROUNDS: f64 = 6.0;

/// How a tail does not end.
#[derive(Clone, Copy, PartialEq)]
enum Tail {
    Level,
    Rising,
}

/// A scale whose marginal does not fall off, if one is found. `settled`: whether the Gaussian is an optimum and the posterior
/// is where it is; where not, an unbounded density is looked for with proper priors as well.
pub(in crate::deterministic) fn endless(
    bound: &Bound,
    layout: &Layout,
    solver: &mut Solver<'_>,
    q: &Gaussian,
    (names, settled): (&[String], bool),
) -> Result<Option<Escape>, ObjectiveError> {
    let improper = layout.improper(bound);
    let factors = bound.model.statements.iter();
    let any = factors
        .map(|s| &s.statement)
        .any(|s| matches!(s, Statement::Factor(_)));
    let mut few = layout.few(bound, SMALL);
    // On the logarithmic scale of a bounded number a proper prior is an exponential, which a density without bound outgrows; that of
    // a real number falls faster than any.
    few.retain(|e| improper[e.at] || any || !settled && !e.is_real);
    if few.is_empty() || solver.is_matrix_free() {
        return Ok(None);
    }
    let known = solver.curvature(q);
    let variances = q.factor.variances();
    let sds: Vec<f64> = variances.into_iter().map(f64::sqrt).collect();
    let differenced = known.is_differenced().then_some(sds.as_slice());
    let mut smooth = Smooth::of_each(bound)?;
    let mut all = scales(&few, &q.mean, known.pattern(), differenced, &mut smooth);
    all.retain(|i| few.iter().any(|e| e.at == *i));
    // One by one, and all together: where everything is alike, no scale has a mode given the others.
    let mut groups: Vec<Vec<usize>> = all.iter().map(|i| vec![*i]).collect();
    if all.len() > 1 && !settled {
        groups.push(all);
    }
    let mut work = 0.0;
    let mut found = None;
    for group in groups {
        let split = (group.clone(), vec![]);
        let conditional = Conditional::new(q, split, known.pattern(), differenced, &mut smooth);
        let Some(conditional) = conditional else {
            continue;
        };
        let each = (conditional.cost() * solver.smooth.work) as f64;
        work += each * ROUNDS * (2 * FAR.len()) as f64;
        if work > MOST_WORK {
            break;
        }
        // The sds of what is no optimum say nothing.
        let unit = match (settled, group.as_slice()) {
            (true, [at]) => (WIDE * sds[*at]).max(1.0),
            _ => 1.0,
        };
        let open = group.len() == 1 && (improper[group[0]] || any);
        let own: Vec<f64> = group.iter().map(|i| q.mean[*i]).collect();
        let mut ends = tails(&conditional, &mut smooth, &q.mean, &own, (unit, open));
        if ends.is_none() && !settled {
            // Deep in a spike everything is rounding.
            let middle = vec![0.0; group.len()];
            ends = tails(&conditional, &mut smooth, &q.mean, &middle, (unit, false));
        }
        if let Some((upward, tail)) = ends {
            let named: Vec<String> = group.iter().map(|i| format!("`{}`", names[*i])).collect();
            let words = words(&named.join(" and "), upward, tail, bound);
            found = Some(Escape { words });
            break;
        }
    }
    solver.smooth.evaluations += smooth.evaluations;
    Ok(found)
}

/// What is said of it.
fn words(name: &str, upward: bool, tail: Tail, bound: &Bound) -> String {
    match (upward, tail) {
        (false, Tail::Rising) => format!(
            "the density grows without bound towards small {name}, as where the data can be met exactly (all values equal, or as many coefficients as rows); a prior that keeps {name} from 0, as `LogNormal` or `InvGamma`, mends that"
        ),
        _ => {
            let side = if upward { "large" } else { "small" };
            let held = match bound.evidence_defined() {
                true => "",
                false => ", and no prior holds it back there",
            };
            format!(
                "with all others integrated out, the density does not fall off towards {side} {name}{held}"
            )
        }
    }
}

/// The tail of one unknown, or of several that move together, that does not end, and whether it is the upper one.
fn tails(
    conditional: &Conditional,
    smooth: &mut Smooth,
    mean: &[f64],
    centre: &[f64],
    (unit, open): (f64, bool),
) -> Option<(bool, Tail)> {
    let rest = conditional.rest(mean);
    let top = conditional.given_from(smooth, centre, vec![rest.clone()]);
    let top = top.into_iter().find(|g| g.met);
    let level = top.as_ref().map(Given::marginal);
    let start = top.map_or(rest, |g| g.mode);
    let mut modes = vec![start.clone(), start];
    let mut sides: [Vec<(f64, f64)>; 2] = [vec![], vec![]];
    let (mut going, mut beyond) = ([true, true], [true, true]);
    for far in FAR.map(|far| unit * far) {
        let moved = |sign: f64| centre.iter().map(move |c| c + sign * far);
        let thetas: Vec<f64> = moved(1.0).chain(moved(-1.0)).collect();
        let all = conditional.given_from(smooth, &thetas, modes.clone());
        for (side, given) in all.into_iter().enumerate() {
            let value = given.marginal();
            beyond[side] &= !going[side] || given.is_finite();
            going[side] &= given.met && value.is_finite();
            if going[side] {
                sides[side].push((far, value));
                modes[side] = given.mode;
            }
        }
    }
    [true, false].into_iter().find_map(|upward| {
        let (own, other) = (usize::from(!upward), usize::from(upward));
        // Where a flat prior leads to what is not finite, what leads there tells.
        let led = (open && !beyond[own]).then(|| sides[other].iter().rev());
        let before = led.into_iter().flatten().map(|(far, v)| (-far, *v));
        let here = level.map(|v| (0.0, v));
        let all: Vec<(f64, f64)> = before
            .chain(here)
            .chain(sides[own].iter().copied())
            .collect();
        Some((upward, tail(&all, level, open)?))
    })
}

/// How a tail with these distances and values does not end, if so.
fn tail(all: &[(f64, f64)], level: Option<f64>, open: bool) -> Option<Tail> {
    let [.., a, b, c] = *all else {
        return None;
    };
    let slope = |a: (f64, f64), b: (f64, f64)| (b.1 - a.1) / (b.0 - a.0);
    let (near, far) = (slope(a, b), slope(b, c));
    if near > RISES && (near - far).abs() < ALIKE * near && level.is_none_or(|top| c.1 >= top) {
        return Some(Tail::Rising);
    }
    let by_log = |a: (f64, f64), b: (f64, f64)| (b.1 - a.1) / (b.0 / a.0).ln();
    let somewhere = level.is_some_and(|top| c.1 > top - NOWHERE);
    let is_level = a.0 > 0.0 && near.max(far) < RISES && by_log(a, b).min(by_log(b, c)) > SLOPE;
    (open && somewhere && is_level).then_some(Tail::Level)
}
