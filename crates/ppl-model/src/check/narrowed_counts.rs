//! `n: int(0, 5) ~ Poisson(m)`: a kind narrows a distribution of whole numbers, normalised by its distribution function.

use super::Checker;
use super::kind_supports::has_cdf;
use super::statements::not_available;
use crate::graph::*;
use ppl_dist::{Bound, Support};
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    /// The distribution cut off at the kind's ends, both of them possible values, and the kind that is left to check.
    pub(super) fn narrow_counts(
        &mut self,
        kind: Option<Kind>,
        dist: TDist,
        axes: &[AxisRef],
        at: Span,
    ) -> Option<(Option<Kind>, TDist)> {
        match kind {
            Some(Kind::Int(lo, hi)) if dist.distribution.definition().is_discrete() => {
                for end in [&lo, &hi].into_iter().flatten() {
                    self.inside_frame(end, axes, at)?;
                }
                let dist = self.cut_off(dist, [&lo, &hi], at)?;
                Some((Some(Kind::Int(None, None)), dist))
            }
            kind => Some((kind, dist)),
        }
    }

    fn cut_off(&mut self, mut dist: TDist, ends: [&Option<TExpr>; 2], at: Span) -> Option<TDist> {
        if let Some(branches) = dist.otherwise.take() {
            let (condition, other) = *branches;
            let other = self.cut_off(other, ends, at)?;
            dist = self.cut_off(dist, ends, at)?;
            dist.otherwise = Some(Box::new((condition, other)));
            return Some(dist);
        }
        let def = dist.distribution.definition();
        let (low, high) = match def.support {
            Support::Bool => (0.0, 1.0),
            Support::Integers(low, high) => (literal_end(low, -1.0), literal_end(high, 1.0)),
            _ => return Some(dist),
        };
        let [lo, hi] = ends;
        let lower = lo.clone().filter(|e| !number(e).is_some_and(|v| v <= low));
        let upper = hi.clone().filter(|e| !number(e).is_some_and(|v| v >= high));
        if lower.is_none() && upper.is_none() {
            return Some(dist);
        }
        let pair = |help: &str| {
            let message = format!("the kind `int` does not narrow {} here", def.name);
            Diagnostic::error("E0118", at, message)
                .label(dist.span, format!("draws of {}", def.name))
                .help(help)
        };
        if matches!(def.support, Support::Bool) {
            return self.fail(pair("its draws are 0 or 1: leave the bounds away"));
        }
        if dist.is_constant() || dist.modifiers.truncates() {
            return self.fail(pair("give both ends behind the distribution: `.truncated(lower = …, upper = …)`, and leave the kind's bounds away"));
        }
        if !has_cdf(&dist) {
            let what = format!(
                "narrowing {} (its distribution function is not implemented)",
                def.name
            );
            return self.fail(not_available(at, &what));
        }
        dist.modifiers.lower = lower.map(Box::new);
        dist.modifiers.upper = upper.map(Box::new);
        Some(dist)
    }
}

fn number(e: &TExpr) -> Option<f64> {
    match e.kind {
        TKind::Number(v) => Some(v),
        _ => None,
    }
}

/// An end of the support that arguments do not move; otherwise one that nothing reaches.
fn literal_end(bound: Bound, beyond: f64) -> f64 {
    match bound {
        Bound::At(v) => v,
        Bound::Parameter(_) => beyond * f64::INFINITY,
    }
}
