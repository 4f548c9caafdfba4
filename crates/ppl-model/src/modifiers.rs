//! What may follow a distribution's call: truncation and censoring.

use crate::graph::{TDist, TExpr, TKind};
use ppl_dist::Support;

/// `.truncated(lower = …, upper = …)` and `.censored(left = …, right = …)`.
#[derive(Debug, Clone, Default)]
pub struct Modifiers {
    /// Smallest value of the truncated distribution, itself included.
    pub lower: Option<Box<TExpr>>,
    /// Largest value, itself included.
    pub upper: Option<Box<TExpr>>,
    /// Where true, the draw is the observed value or less.
    pub left: Option<Box<TExpr>>,
    /// Where true, the draw is the observed value or more.
    pub right: Option<Box<TExpr>>,
}

impl Modifiers {
    /// Whether the distribution is truncated.
    pub fn truncates(&self) -> bool {
        self.lower.is_some() || self.upper.is_some()
    }

    /// Whether observations may be censored.
    pub fn censors(&self) -> bool {
        self.left.is_some() || self.right.is_some()
    }

    /// The expressions in it.
    pub fn expressions(&self) -> impl Iterator<Item = &TExpr> {
        [&self.lower, &self.upper, &self.left, &self.right]
            .into_iter()
            .flatten()
            .map(|e| &**e)
    }

    /// The same, to be changed.
    pub(crate) fn expressions_mut(&mut self) -> impl Iterator<Item = &mut TExpr> {
        let all = [
            &mut self.lower,
            &mut self.upper,
            &mut self.left,
            &mut self.right,
        ];
        all.into_iter().flatten().map(|e| &mut **e)
    }
}

impl TDist {
    /// This and the branches after it, without the conditions between them.
    pub fn branches(&self) -> Vec<&TDist> {
        let mut out = vec![self];
        let mut rest = &self.otherwise;
        while let Some(other) = rest {
            out.push(&other.1);
            rest = &other.1.otherwise;
        }
        out
    }

    /// Whether it draws one value and no other: its support is a single whole number.
    pub fn is_constant(&self) -> bool {
        matches!(self.distribution.definition().support, Support::Integers(a, b) if a == b)
    }

    /// Whether every branch is truncated to the same literal bounds, or none is.
    pub fn truncated_alike(&self) -> bool {
        let number = |e: &Option<Box<TExpr>>| match e.as_ref().map(|e| &e.kind) {
            None => Some(None),
            Some(TKind::Number(v)) => Some(Some(*v)),
            Some(_) => None,
        };
        let bounds = |d: &TDist| (number(&d.modifiers.lower), number(&d.modifiers.upper));
        let branches = self.branches();
        if branches.len() == 1 {
            return true;
        }
        let first = bounds(branches[0]);
        first.0.is_some() && first.1.is_some() && branches.iter().all(|d| bounds(d) == first)
    }
}
