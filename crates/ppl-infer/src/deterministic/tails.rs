//! Whether a density falls off far away: what has no finite integral has no posterior.
//!
//! Along a ray x = m + t v a density falls off fast enough only if t times it goes to 0, that is if log p falls faster
//! than -log t. Rays that fail this come in bundles, as densities are continuous. The axes, the principal direction
//! of the fitted Gaussian and that of its mean are tried, both ways; a density may still have no finite integral where
//! none of these shows it. From the origin the directions are tried in which nothing is known, see [`aliases`](super::aliases).

use super::Solver;
use super::aliases::aliases;
use super::gaussian::Gaussian;
use super::smooth::{BATCH, Smooth};
use crate::objective::ObjectiveError;
use ppl_model::Bound;
use ppl_model::graph::Statement;
use ppl_model::lower::Role;

/// A direction in which the density does not fall off.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Escape {
    /// In words, to follow "the posterior is improper: ".
    pub(crate) words: String,
}

/// Distances in sds.
const FAR: [f64; 4] = [30.0, 300.0, 3e3, 3e4];

/// The largest slope of log p by log t that may be taken to fall off.
pub(super) const SLOPE: f64 = -1.001;

/// Axes that are tried, at most.
const AXES: usize = 200;

/// Steps towards the principal direction.
const POWER: usize = 50;

/// A mean that is nearer to 0 than so many sds.
const NO_DIRECTION: f64 = 1e-6;

/// Corrections of the principal direction, and the length in sds that a flat one keeps at least.
const CORRECTIONS: usize = 20;
const LEFT: f64 = 0.1;

/// A log likelihood of discrete data so near 0 says that all of them are predicted with certainty.
const CERTAIN: f64 = 1e-6;

/// Elements of a direction that are named.
const NAMED: usize = 3;

/// A direction in which the density does not fall off, if one is found.
pub(super) fn escape(
    bound: &Bound,
    solver: &mut Solver<'_>,
    q: &Gaussian,
    (names, improper): (&[String], &[bool]),
) -> Result<Option<Escape>, ObjectiveError> {
    let d = solver.smooth.d;
    let sds: Vec<f64> = q.factor.variances().into_iter().map(f64::sqrt).collect();
    let covariance = |v: &[f64]| -> Vec<f64> {
        let mut out = v.to_vec();
        q.factor.solve(&mut out);
        out
    };
    let mut directions: Vec<Vec<f64>> = vec![];
    // A mean of rounding errors is no direction, and no step is shorter than an sd.
    let length = in_sds(&q.mean, &sds);
    if length > NO_DIRECTION {
        let by = length.recip().max(1.0);
        directions.push(q.mean.iter().map(|m| m * by).collect());
    }
    for i in 0..d.min(AXES) {
        let mut v = vec![0.0; d];
        v[i] = sds[i];
        directions.push(v);
    }
    let mut principal = sds.clone();
    for _ in 0..POWER {
        let next = covariance(&principal);
        let length = next.iter().map(|v: &f64| v * v).sum::<f64>().sqrt();
        principal = next.iter().map(|v| v / length).collect();
    }
    let spread = |v: &[f64]| -> f64 {
        let rows = covariance(v);
        rows.iter().zip(v).map(|(r, v)| r * v).sum::<f64>().sqrt()
    };
    let sd = spread(&principal);
    let principal: Vec<f64> = principal.iter().map(|v| v * sd).collect();
    directions.push(principal.clone());
    directions.extend(flattest(solver, q, (&principal, &sds), covariance));
    let origin = vec![0.0; d];
    let levels = aliases(solver, q, improper).into_iter();
    let rays = levels.map(|v| (&origin, v));
    for (from, direction) in rays.chain(directions.into_iter().map(|v| (&q.mean, v))) {
        for sign in [1.0, -1.0] {
            let v: Vec<f64> = direction.iter().map(|v| sign * v).collect();
            if !falls_off(solver, from, &v) {
                let mut words = format!(
                    "the density does not fall off towards {}",
                    named(&v, &sds, names)
                );
                if predicts_with_certainty(bound, solver.smooth.d, from, &v)? {
                    words += ", where every observed outcome has probability 1: the data are separated, and no prior holds the unknowns back";
                } else if !bound.evidence_defined() {
                    words += ", and no prior holds it back there";
                }
                return Ok(Some(Escape { words }));
            }
        }
    }
    Ok(None)
}

/// A direction without what bends down along it. The principal direction of a Gaussian is that of its draws, and a ray that
/// misses a flat valley by a billionth leaves it far away. One step of Newton's method in all that is curved, as often as rounding asks.
fn flattest(
    solver: &mut Solver<'_>,
    q: &Gaussian,
    (v, sds): (&[f64], &[f64]),
    covariance: impl Fn(&[f64]) -> Vec<f64>,
) -> Option<Vec<f64>> {
    let whole = in_sds(v, sds);
    let mut v = v.to_vec();
    for _ in 0..CORRECTIONS {
        let mut change = vec![0.0; v.len()];
        for sign in [1.0, -1.0] {
            let at: Vec<f64> = q.mean.iter().zip(&v).map(|(m, v)| m + sign * v).collect();
            let mut gradient = vec![0.0; v.len()];
            // Sums over a batch of points, all the same.
            if !solver
                .smooth
                .add_gradients(&at.repeat(BATCH), &mut gradient)
            {
                return None;
            }
            change
                .iter_mut()
                .zip(&gradient)
                .for_each(|(c, g)| *c += 0.5 * sign * g / BATCH as f64);
        }
        let step = covariance(&change);
        v.iter_mut().zip(&step).for_each(|(v, s)| *v += s);
    }
    // Where the density bends down along all of it, next to nothing is left.
    let length = in_sds(&v, sds);
    let left = length / whole;
    (left > LEFT && left.is_finite()).then(|| v.iter().map(|v| v / length).collect())
}

/// Length as the largest share of an element's sd. By the precision it could not be had where that is nearly singular.
fn in_sds(v: &[f64], sds: &[f64]) -> f64 {
    let each = v.iter().zip(sds).map(|(v, sd)| (v / sd).abs());
    each.fold(0.0, f64::max)
}

/// Points on a ray.
fn ray(mean: &[f64], v: &[f64]) -> Vec<f64> {
    FAR.iter()
        .flat_map(|t| mean.iter().zip(v).map(move |(m, v)| m + t * v))
        .collect()
}

/// Whether the density falls off along a ray. What is not finite has fallen off, or cannot be told; what rises again from
/// far below will fall again.
fn falls_off(solver: &mut Solver<'_>, mean: &[f64], v: &[f64]) -> bool {
    let (mut centre, mut values) = (vec![], vec![]);
    solver.smooth.values(mean, &mut centre);
    solver.smooth.values(&ray(mean, v), &mut values);
    let finite: Vec<f64> = values.into_iter().take_while(|v| v.is_finite()).collect();
    let slopes = finite.windows(2).zip(FAR.windows(2));
    let slopes: Vec<f64> = slopes
        .map(|(p, t)| (p[1] - p[0]) / (t[1] / t[0]).ln())
        .collect();
    let [.., a, b] = slopes.as_slice() else {
        return true;
    };
    let rises_from_below = a.max(*b) > 1.0 && finite[finite.len() - 1] < centre[0];
    *a < SLOPE || *b < SLOPE || rises_from_below
}

/// Whether all data are discrete and have probability 1 far along the ray.
fn predicts_with_certainty(
    bound: &Bound,
    d: usize,
    mean: &[f64],
    v: &[f64],
) -> Result<bool, ObjectiveError> {
    let mut any = false;
    for s in &bound.model.statements {
        match &s.statement {
            Statement::Observe { dist, .. } if dist.distribution.definition().is_discrete() => {
                any = true
            }
            Statement::Observe { .. } | Statement::Factor(_) => return Ok(false),
            _ => {}
        }
    }
    if !any {
        return Ok(false);
    }
    let mut likelihood = Smooth::new(bound, |role| role == Role::Likelihood)?;
    if likelihood.d != d {
        return Ok(false);
    }
    let mut values = vec![];
    likelihood.values(&ray(mean, v), &mut values);
    // The Jacobians of the unknowns are in as well, and say nothing here unless they are zero.
    Ok(values[FAR.len() - 1].abs() < CERTAIN)
}

/// The elements that the direction moves most, in units of their sds.
fn named(v: &[f64], sds: &[f64], names: &[String]) -> String {
    let share = |i: usize| (v[i] / sds[i]).abs();
    let mut order: Vec<usize> = (0..v.len()).filter(|i| v[*i] != 0.0).collect();
    order.sort_by(|a, b| share(*b).total_cmp(&share(*a)));
    let most = order.first().map_or(0.0, |i| share(*i));
    order.retain(|i| share(*i) >= 0.2 * most);
    let more = order.len().saturating_sub(NAMED);
    order.truncate(NAMED);
    let words: Vec<String> = order
        .iter()
        .map(|&i| {
            format!(
                "{} `{}`",
                if v[i] > 0.0 { "large" } else { "small" },
                names[i]
            )
        })
        .collect();
    match more {
        0 => words.join(" and "),
        n => format!("{} and {n} more", words.join(", ")),
    }
}
