//! Up the marginal density of a few scales: the way out of a funnel's neck.
//!
//! Where the scale of many unknowns is itself unknown, the joint density has a spike at which the scale is nothing and they all
//! are alike, and a Gaussian that starts near zero ends in that neck if the data are measured in large units. With
//! the others integrated out (Laplace's approximation, exact where they are Gaussian given the scales) there is no neck: from
//! the best optimum of the starts this marginal is climbed, and where it rises a Gaussian starts from the top.

use super::conditional::Conditional;
use super::scales::scales;
use super::{PURPOSE, SMALL};
use crate::deterministic::gaussian::Gaussian;
use crate::deterministic::layout::Layout;
use crate::deterministic::modes::{CHANCE, Ends};
use crate::deterministic::smooth::{BATCH, Smooth};
use crate::deterministic::{Lost, RUNGS, STEPS, Solver};
use crate::lbfgs;
use crate::objective::ObjectiveError;
use ppl_engine::random::{Address, fill_uniform};
use ppl_model::Bound;

/// Nats that the marginal must rise by for its top to be a start.
const WORTH: f64 = 2.0;

/// Gradients of the marginal, at most, and numbers that these may compute.
const CALLS: usize = 60;
const MOST_WORK: f64 = 2e9;

/// Points that are looked at beside the centre, and how far beyond the smallest and the largest of theta they may be.
const POINTS: usize = 47;
const ASIDE: f64 = 2.0;

/// Length of difference steps along theta: on the unconstrained scale the unit of what is bounded is one.
const DIFFERENCE: f64 = 0.05;

/// The least curvature along theta that the Gaussian at the top starts with.
const LEAST: f64 = 1.0;

/// A top of the marginal.
struct Top {
    /// All unknowns, those beside theta at their conditional mode.
    point: Vec<f64>,
    /// Minus the second derivatives along each of theta.
    curvature: Vec<f64>,
    /// What the marginal rose by.
    rise: f64,
}

/// Values of the marginal around a point with its gradient and its curvature along each of theta.
struct Slopes {
    value: f64,
    gradient: Vec<f64>,
    curvature: Vec<f64>,
    /// The conditional mode of the others.
    mode: Vec<f64>,
}

/// Slopes by central differences.
fn slopes(conditional: &Conditional, smooth: &mut Smooth, theta: &[f64]) -> Slopes {
    let k = theta.len();
    let mut rows = theta.to_vec();
    for i in 0..k {
        for sign in [1.0, -1.0] {
            let mut row = theta.to_vec();
            row[i] += sign * DIFFERENCE;
            rows.extend(row);
        }
    }
    let (mut values, mut mode) = (vec![], None);
    for batch in rows.chunks(BATCH * k) {
        for given in conditional.given(smooth, batch) {
            values.push(given.marginal());
            mode.get_or_insert(given.mode);
        }
    }
    let of = |i: usize| (values[1 + 2 * i], values[2 + 2 * i]);
    let value = values[0];
    Slopes {
        gradient: (0..k)
            .map(of)
            .map(|(a, b)| (a - b) / (2.0 * DIFFERENCE))
            .collect(),
        curvature: (0..k)
            .map(of)
            .map(|(a, b)| (2.0 * value - a - b) / (DIFFERENCE * DIFFERENCE))
            .collect(),
        mode: mode.unwrap_or_default(),
        value,
    }
}

/// Points anywhere around theta: scales of one model may all be like the largest or the smallest of them.
fn around(theta: &[f64], seed: u64) -> Vec<f64> {
    let address = Address {
        seed,
        purpose: PURPOSE,
        step: 7 << 32,
        block: 0,
    };
    let mut out = vec![0.0; POINTS * theta.len()];
    fill_uniform(&mut out, address);
    let low = theta.iter().fold(0.0, |m: f64, t| m.min(*t)) - ASIDE;
    let high = theta.iter().fold(0.0, |m: f64, t| m.max(*t)) + ASIDE;
    out.iter_mut().for_each(|u| *u = low + (high - low) * *u);
    out
}

/// Climbs the marginal of theta from a Gaussian's centre, or from the highest of the points around it.
fn climb(
    conditional: &mut Conditional,
    smooth: &mut Smooth,
    (centre, mode): (&[f64], &[f64]),
    seed: u64,
) -> Option<Top> {
    let k = centre.len();
    conditional.recentre(centre, mode);
    let mut rows = centre.to_vec();
    rows.extend(around(centre, seed));
    let mut values = vec![];
    for batch in rows.chunks(BATCH * k) {
        let given = conditional.given(smooth, batch);
        values.extend(given.iter().map(|g| g.marginal()));
    }
    let first = values[0];
    let mut from = 0;
    for (i, v) in values.iter().enumerate() {
        // NaN is no value at all.
        if *v > values[from] + WORTH || values[from].is_nan() {
            from = i;
        }
    }
    let from = rows[from * k..(from + 1) * k].to_vec();
    let mut best: Option<(Vec<f64>, Slopes)> = None;
    lbfgs::climb(from, CALLS, &mut |theta, gradient| {
        let found = slopes(conditional, smooth, theta);
        gradient.copy_from_slice(&found.gradient);
        let value = found.value;
        if best.as_ref().is_none_or(|b| value > b.1.value) {
            // The next search begins where this one ended.
            conditional.recentre(theta, &found.mode);
            best = Some((theta.to_vec(), found));
        }
        value
    })?;
    let (theta, found) = best?;
    Some(Top {
        point: conditional.point(&theta, &found.mode),
        rise: found.value - first,
        curvature: found.curvature,
    })
}

/// The Gaussian that a rung starts from: Laplace's approximation of what is beside theta, and theta by itself.
fn at(solver: &mut Solver<'_>, top: Top, scales: &[usize], ends: &mut Ends) -> Option<Gaussian> {
    let point = Gaussian::round(&solver.by, top.point.clone(), 1e-9)?;
    let draws = solver.draws(BATCH, 0);
    let mut h = solver.hessian(&point, &draws, &mut ends.known);
    if solver.shape.is_diagonal() {
        h = h.only_diagonal();
    }
    let pattern = h.pattern.clone();
    for ((i, j), v) in pattern.places().zip(&mut h.values) {
        match (scales.iter().position(|s| *s == i), scales.contains(&j)) {
            (Some(k), true) if i == j => *v = top.curvature[k].max(LEAST),
            (None, false) => {}
            _ => *v = 0.0,
        }
    }
    h.is_finite()
        .then(|| Gaussian::new(&solver.by, top.point, h))?
}

/// A start from the top of the marginal, where that is above the best optimum.
///
/// # Errors
/// Where the model cannot be lowered.
pub(in crate::deterministic) fn raise(
    bound: &Bound,
    layout: &Layout,
    solver: &mut Solver<'_>,
    mut ends: Ends,
    merit: &[f64],
) -> Result<Result<Ends, Lost>, ObjectiveError> {
    let few = layout.few(bound, SMALL);
    let d = solver.smooth.d;
    let none = !few.iter().any(|e| e.is_read) || few.len() == d;
    if none || solver.smooth.quadratic || solver.is_matrix_free() {
        return Ok(Ok(ends));
    }
    let mut smooth = Smooth::of_each(bound)?;
    let sds = || {
        ends.best
            .factor
            .variances()
            .into_iter()
            .map(f64::sqrt)
            .collect()
    };
    let differenced: Option<Vec<f64>> = ends.known.is_differenced().then(sds);
    let theta = scales(
        &few,
        &ends.best.mean,
        ends.known.pattern(),
        differenced.as_deref(),
        &mut smooth,
    );
    let is_read = |i: &usize| few.iter().any(|e| e.is_read && e.at == *i);
    if !theta.iter().any(is_read) {
        return Ok(Ok(ends));
    }
    let conditional = Conditional::new(
        &ends.best,
        (theta.clone(), vec![]),
        ends.known.pattern(),
        differenced.as_deref(),
        &mut smooth,
    );
    let Some(mut conditional) = conditional else {
        return Ok(Ok(ends));
    };
    let each = (2 * theta.len() + 1) * conditional.cost() * solver.smooth.work;
    // The marginal is that of a posterior which independent elements do not describe: worth no more than the search before it.
    let most = match solver.shape.is_diagonal() {
        true => MOST_WORK.min(solver.smooth.evaluations as f64 * solver.smooth.work as f64),
        false => MOST_WORK,
    };
    if each as f64 * CALLS as f64 > most {
        return Ok(Ok(ends));
    }
    let centre: Vec<f64> = theta.iter().map(|i| ends.best.mean[*i]).collect();
    let mode = conditional.rest(&ends.best.mean);
    let top = climb(&mut conditional, &mut smooth, (&centre, &mode), solver.seed);
    solver.smooth.evaluations += smooth.evaluations;
    let Some(top) = top.filter(|top| top.rise > WORTH || top.rise.is_nan()) else {
        return Ok(Ok(ends));
    };
    let value = solver.merit(&ends.best, merit);
    let start = at(solver, top, &theta, &mut ends);
    let Some(start) = start.and_then(|start| solver.finite(&start, merit)) else {
        return Ok(Ok(ends));
    };
    ends.tried += 1;
    let draws = solver.draws(RUNGS[0], 0);
    solver.least = value;
    let found = solver.rung(start, &draws, merit, &mut ends.known, STEPS);
    solver.least = f64::NEG_INFINITY;
    let q = match found {
        Ok((q, _)) => q,
        Err(Lost::Stopped) => return Ok(Err(Lost::Stopped)),
        Err(Lost::Failed) => return Ok(Ok(ends)),
    };
    let by = solver.merit(&q, merit) - value;
    if by > CHANCE {
        ends.found(q, by);
    }
    Ok(Ok(ends))
}
