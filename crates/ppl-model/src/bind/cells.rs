//! Which cells of a statement have a term, and which branch each of them falls in, as far as data tell.

use super::Bound;
use crate::graph::*;

/// Whether each cell over `axes` has a term of its statement: neither `skip` nor a condition around it leaves it out. `None` where
/// latents decide, or where the condition is about more than these axes.
pub(super) fn counted(bound: &Bound, located: &Located, axes: &[AxisRef]) -> Option<Vec<f64>> {
    let mut out = vec![1.0; bound.len(axes)];
    if let Some(when) = &located.when {
        if !when.condition.axes.iter().all(|a| axes.contains(a)) {
            return None;
        }
        out = both(&out, &bound.evaluate(&when.condition, axes)?, true);
    }
    if let Some(skip) = located.skip
        && axes.contains(&skip.0)
    {
        let first = TExpr::first(skip, located.span);
        out = both(&out, &bound.evaluate(&first, axes)?, false);
    }
    Some(out)
}

/// Each branch with whether each cell over `axes` falls in it; `None` where that depends on latents.
pub(super) fn branches<'m>(
    bound: &Bound,
    dist: &'m TDist,
    axes: &[AxisRef],
) -> Vec<(&'m TDist, Option<Vec<f64>>)> {
    let mut out = vec![];
    // The cells that no earlier branch has taken.
    let mut left_over = Some(vec![1.0; bound.len(axes)]);
    let mut next = Some(dist);
    while let Some(d) = next {
        let condition = d.otherwise.as_ref().map(|o| bound.evaluate(&o.0, axes));
        let (taken, rest) = match (left_over, condition) {
            (all, None) => (all, None),
            (Some(all), Some(Some(c))) => (Some(both(&all, &c, true)), Some(both(&all, &c, false))),
            (_, Some(_)) => (None, None),
        };
        left_over = rest;
        out.push((d, taken));
        next = d.otherwise.as_ref().map(|o| &o.1);
    }
    out
}

/// 1 where `a` holds, and `b` does as `yes` says.
fn both(a: &[f64], b: &[f64], yes: bool) -> Vec<f64> {
    let pairs = a.iter().zip(b);
    pairs
        .map(|(a, b)| f64::from(u8::from(*a != 0.0 && (*b != 0.0) == yes)))
        .collect()
}
