//! Distributions with their arguments.

use super::{AxisRef, Modifiers, SymbolId, TExpr};
use ppl_dist::Distribution;
use ppl_syntax::diagnostic::Span;

/// A distribution with its arguments, in the order of the form it was called by.
#[derive(Clone)]
pub struct TDist {
    /// The definition.
    pub distribution: &'static dyn Distribution,
    /// Which of its forms.
    pub form: usize,
    /// Arguments, one for each parameter of that form.
    pub args: Vec<TExpr>,
    /// `.transformed()`: an unconstrained draw pushed through the site's bijection (guides only).
    pub transformed: bool,
    /// Sites drawn in units of their own prior (guides only): `.transformed(noncentered = [theta])`.
    pub noncentered: Vec<SymbolId>,
    /// What each unconstrained number is times the one before along an axis (guides only): `.transformed(markov = b, over = t)`.
    pub markov: Option<Box<(TExpr, AxisRef)>>,
    /// Weights by which each unconstrained number hangs on others (guides only): `.transformed(linked = w)`.
    pub linked: Option<Box<TExpr>>,
    /// How the draw departs from one Gaussian (guides only): `.transformed(skew = e, tail = d)` and others.
    pub departure: Option<Box<crate::departure::Departure>>,
    /// `.truncated(…)` and `.censored(…)`.
    pub modifiers: Modifiers,
    /// `if c { this } else { other }`: the condition and the other.
    pub otherwise: Option<Box<(TExpr, TDist)>>,
    /// Axes of one event, the last ones of the draw.
    pub event: Vec<AxisRef>,
    /// Where.
    pub span: Span,
}

impl TDist {
    /// Every expression in it: arguments, modifiers, conditions, the branches' arguments.
    pub fn expressions(&self) -> Vec<&TExpr> {
        let mut out: Vec<&TExpr> = self.args.iter().collect();
        out.extend(self.modifiers.expressions());
        out.extend(self.markov.iter().map(|m| &m.0));
        out.extend(self.linked.as_deref());
        out.extend(self.departure.iter().flat_map(|d| d.expressions()));
        if let Some(other) = &self.otherwise {
            out.push(&other.0);
            out.extend(other.1.expressions());
        }
        out
    }

    /// Those of a model's own statements, which have nothing that guides alone may have, to be changed.
    pub(crate) fn expressions_mut(&mut self) -> Vec<&mut TExpr> {
        let mut out: Vec<&mut TExpr> = self.args.iter_mut().collect();
        out.extend(self.modifiers.expressions_mut());
        if let Some(other) = &mut self.otherwise {
            out.push(&mut other.0);
            out.extend(other.1.expressions_mut());
        }
        out
    }
}

impl std::fmt::Debug for TDist {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{:?}", self.distribution.definition().name, self.args)
    }
}
