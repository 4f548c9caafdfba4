//! What stands right of `~` and is no distribution: sums of distributions, names with a hyphen, values.

use super::Checker;
use super::other_names::{self, Here};
use crate::graph::*;
use ppl_syntax::ast::{self, BinaryOp, ExprKind};
use ppl_syntax::diagnostic::Diagnostic;
use ppl_syntax::print_expr;

impl Checker {
    /// The message for an expression where a distribution belongs.
    pub(super) fn no_distribution(&self, dist: &ast::Expr, axes: &[AxisRef]) -> Diagnostic {
        let d = Diagnostic::error(
            "E0102",
            dist.span,
            "a distribution is expected right of `~`",
        )
        .at("not a distribution");
        match &dist.kind {
            ExprKind::Name(name) if ppl_dist::find(name).is_some() => match name.as_str() {
                "Flat" => d.help("it is written with brackets, `Flat()`"),
                _ => d.help(format!("its arguments stand in brackets: `{name}(…)`")),
            },
            ExprKind::Number(v) => d.help(format!(
                "for a value write `let x = {v};`; as a branch of `if`, `Constant({v})` draws this number"
            )),
            ExprKind::Binary(BinaryOp::Sub, l, r) if let Some(found) = self.hyphenated(l, r) => {
                match found {
                    (Here::Name(name), span) => d
                        .help(format!("did you mean `{name}`? A name has no `-`"))
                        .fix(span, name),
                    (Here::Advice(help), _) => d.help(help),
                }
            }
            ExprKind::Binary(BinaryOp::Mul, l, r)
                if self.observed_datum.is_some() && (is_call(l) || is_call(r)) =>
            {
                let (call, weight) = if is_call(l) { (l, r) } else { (r, l) };
                d.help(format!(
                    "a likelihood with weights is a `factor` in place of the observation: `factor {} * log_density({}, {});`",
                    print_expr(weight),
                    print_expr(call),
                    self.observed_name()
                ))
            }
            ExprKind::Binary(BinaryOp::Add, ..) if let Some(parts) = mixture(dist) => {
                d.help(self.as_mixture(&parts, axes))
            }
            _ if has_call(dist) && self.observed_datum.is_some() => d.help(
                "what is added to a draw or multiplies it belongs to its arguments: `Normal(m + a, s)`; a mixture is a choice by a discrete unknown, `z[row] ~ Bernoulli(p); observe y ~ if z { D1 } else { D2 };`",
            ),
            _ if has_call(dist) => d.help(
                "draw it under a name of its own and calculate with that: `u ~ Normal(0, 1); let x = m + s * u;`",
            ),
            _ => d.help("for a deterministic value write `let x = …;`"),
        }
    }

    /// `Half-Normal(1)`, which reads as a difference: what is meant, and the place of the name.
    fn hyphenated(&self, l: &ast::Expr, r: &ast::Expr) -> Option<(Here, ppl_syntax::Span)> {
        let (ExprKind::Name(first), ExprKind::Call(rest, _)) = (&l.kind, &r.kind) else {
            return None;
        };
        if self.lookup(first).is_some() {
            return None;
        }
        let joined = format!("{first}{}", rest.name);
        let names = ppl_dist::ALL.iter().map(|d| d.definition().name);
        let here = other_names::distribution(&joined)
            .or_else(|| ppl_syntax::suggest(&joined, names).map(Here::Name))?;
        Some((here, l.span.to(rest.span)))
    }

    fn observed_name(&self) -> &str {
        self.observed_datum
            .map_or("y", |id| &self.model.symbols[id].name)
    }

    /// The bracket of a left side along these axes, within a loop by its variable: `[row]`, `[i, part]`.
    pub(super) fn bracket_of(&self, axes: &[AxisRef]) -> String {
        let place = |a: &AxisRef| match self.loops.iter().find(|l| l.axis == *a) {
            Some(l) => l.variable.clone(),
            None => self.model.axis_name(*a).to_owned(),
        };
        match axes.is_empty() {
            true => String::new(),
            false => format!(
                "[{}]",
                axes.iter().map(place).collect::<Vec<_>>().join(", ")
            ),
        }
    }

    /// A mixture as the language has it: a discrete unknown that chooses.
    fn as_mixture(&self, parts: &[(String, String)], axes: &[AxisRef]) -> String {
        let free = |name: &str| self.lookup(name).is_none() && self.axis(name).is_none();
        let z = ["z", "part_of", "chosen"].into_iter().find(|n| free(n));
        let k = ["part", "component", "k"].into_iter().find(|n| free(n));
        let (z, k) = (z.unwrap_or("z"), k.unwrap_or("part"));
        let places = self.bracket_of(axes);
        let looping = axes.iter().any(|a| a.is_loop());
        let read = if looping {
            format!("{z}{places}")
        } else {
            z.to_owned()
        };
        let left = match self.observed_datum {
            Some(id) if looping => format!("observe {}{places}", self.model.symbols[id].name),
            Some(id) => format!("observe {}", self.model.symbols[id].name),
            None => format!("{}{places}", self.drawn_name.as_deref().unwrap_or("x")),
        };
        if let [(w, one), (_, other)] = parts {
            return format!(
                "a mixture is a choice by a discrete unknown, which is summed out: `{z}{places} ~ Bernoulli({w}); {left} ~ if {read} {{ {one} }} else {{ {other} }};`"
            );
        }
        let weights: Vec<&str> = parts.iter().map(|p| p.0.as_str()).collect();
        let mut choice = String::new();
        for (i, (_, dist)) in parts.iter().enumerate() {
            choice += &match i + 1 == parts.len() {
                true => format!("{{ {dist} }}"),
                false => format!("if {read} == {} {{ {dist} }} else ", i + 1),
            };
        }
        format!(
            "a mixture is a choice by a discrete unknown, which is summed out: `axis {k} = {}; {z}{places}: {k} ~ Categorical([{}]); {left} ~ {choice};`",
            parts.len(),
            weights.join(", ")
        )
    }
}

/// Whether an expression is a call of a distribution.
fn is_call(e: &ast::Expr) -> bool {
    matches!(&e.kind, ExprKind::Call(name, _) if ppl_dist::find(&name.name).is_some())
}

/// Whether a distribution is called somewhere in an expression.
fn has_call(e: &ast::Expr) -> bool {
    let mut found = false;
    e.visit(&mut |e| found |= is_call(e));
    found
}

/// The weights and distributions of a sum of at least two weighted distributions.
fn mixture(e: &ast::Expr) -> Option<Vec<(String, String)>> {
    match &e.kind {
        ExprKind::Binary(BinaryOp::Add, l, r) => {
            let mut parts = mixture(l)?;
            parts.extend(mixture(r)?);
            Some(parts)
        }
        ExprKind::Binary(BinaryOp::Mul, w, d) if is_call(d) && !has_call(w) => {
            Some(vec![(print_expr(w), print_expr(d))])
        }
        ExprKind::Binary(BinaryOp::Mul, d, w) if is_call(d) && !has_call(w) => {
            Some(vec![(print_expr(w), print_expr(d))])
        }
        _ => None,
    }
}
