//! Functions that lead to all real numbers where a probability, a rate or a scale belongs: `Binomial(n, logit(a + b * x))`.

use super::Checker;
use crate::graph::*;
use ppl_dist::{Bound, Domain, Parameter, Support};
use ppl_syntax::Span;
use ppl_syntax::diagnostic::Diagnostic;

/// What takes a part of the line to the whole of it, and what leads back.
const LINKS: [(&str, &str); 7] = [
    ("logit", "inv_logit"),
    ("probit", "Phi"),
    ("inv_Phi", "Phi"),
    ("cloglog", "inv_cloglog"),
    ("log", "exp"),
    ("log2", "exp2"),
    ("log10", "exp"),
];

impl Checker {
    /// Warns of an argument that is such a function of unknowns which take every value that it can be given.
    pub(super) fn link_of_probability(
        &self,
        distribution: &str,
        parameter: &Parameter,
        e: &TExpr,
    ) -> Option<Diagnostic> {
        let mut source = e;
        while let TKind::Symbol(id) = source.kind
            && let Role::Let(inner) = &self.model.symbols[id].role
        {
            source = inner;
        }
        let TKind::Function(f, parts) = &source.kind else {
            return None;
        };
        let (link, inverse) = *LINKS.iter().find(|(name, _)| *name == f.name)?;
        let [inner] = parts.as_slice() else {
            return None;
        };
        let unit = parameter.domain == Domain::Unit;
        let of_unit = !link.starts_with("log") || link == "logit";
        let whole = self.takes_all(inner, of_unit);
        if !whole && !self.can_be_any_number(inner) {
            return None;
        }
        let (must, leaves) = match unit {
            true => ("between 0 and 1", "it can be any number"),
            false => ("positive", "it can be negative"),
        };
        let message = format!(
            "`{}` of {distribution} must be {must}, but `{link}` gives any real number",
            parameter.name
        );
        let d = Diagnostic::warning("W0136", e.span, message).at(leaves);
        let written = source.span.start == e.span.start;
        let name = Span {
            start: source.span.start,
            end: source.span.start + link.len(),
        };
        Some(match (whole, unit, of_unit) {
            // A probability, or a positive number, by itself.
            (true, true, true) => d.help(format!(
                "its argument is between 0 and 1 by itself: leave `{link}` away"
            )),
            (true, false, false) => d.help(format!(
                "its argument is positive by itself: leave `{link}` away"
            )),
            (_, true, true) | (_, false, false) => {
                let d = d.help(format!(
                    "the way back is `{inverse}`: it takes any number to what belongs here"
                ));
                match written {
                    true => d.fix(name, inverse),
                    false => d,
                }
            }
            (_, true, false) => d.help("map it to a probability: `inv_logit(…)`"),
            (_, false, true) => d.help("map it to positive numbers: `exp(…)`"),
        })
    }

    /// Whether an expression is a latent that takes all numbers from 0 to 1, or all that are positive.
    fn takes_all(&self, e: &TExpr, unit: bool) -> bool {
        let mut source = e;
        while let TKind::Gather(inner, _) = &source.kind {
            source = inner;
        }
        let TKind::Symbol(id) = source.kind else {
            return false;
        };
        let s = &self.model.symbols[id];
        let Role::Site(d) = &s.role else { return false };
        let at = |b: Bound, v: f64| match b {
            Bound::At(x) => x == v,
            Bound::Parameter(i) => {
                d.form == 0
                    && matches!(d.args.get(i).map(|a| &a.kind), Some(TKind::Number(x)) if *x == v)
            }
        };
        let end = if unit { 1.0 } else { f64::INFINITY };
        let support = d.distribution.definition().support;
        s.kind.is_none()
            && d.otherwise.is_none()
            && !d.modifiers.truncates()
            && match support {
                Support::Interval(lo, hi) => at(lo, 0.0) && at(hi, end),
                _ => false,
            }
    }
}
