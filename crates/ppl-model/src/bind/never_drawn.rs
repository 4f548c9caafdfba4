//! Observed values whose density is 0 at arguments that no unknown moves: a count at a rate that a product with 0 makes 0.

use super::arguments::Place;
use super::{Binder, Bound};
use crate::graph::*;
use ppl_dist::{Prim, Shape};
use ppl_syntax::diagnostic::Diagnostic;

impl Binder<'_> {
    /// An observed value whose density is 0 at arguments that data alone determine.
    pub(super) fn never_drawn(&self, bound: &Bound, place: &Place) -> Option<Diagnostic> {
        let value = place.observed?;
        let censored = value
            .whole_symbol()
            .is_some_and(|id| bound.model.symbols[id].is_censored());
        if censored || value.axes != place.batch {
            return None;
        }
        for (number, d) in place.dist.branches().into_iter().enumerate() {
            let def = d.distribution.definition();
            let parameters = def.forms[d.form].parameters;
            if def.event != Shape::Scalar
                || def.improper
                || d.modifiers.expressions().next().is_some()
                || parameters.iter().any(|p| p.shape != Shape::Scalar)
                || d.args.iter().all(|e| e.stochastic && !bound.has_certain(e))
            {
                continue;
            }
            let args: Option<Vec<Vec<Option<f64>>>> = d
                .args
                .iter()
                .map(|e| bound.certain(e, &place.batch))
                .collect();
            let Some(args) = args else { continue };
            let (Some(values), Some(counts)) = (
                bound.evaluate(value, &place.batch),
                self.counts(bound, place, number, &place.batch),
            ) else {
                continue;
            };
            let at = |i: usize| args.iter().map(|a| a[i]).collect::<Option<Vec<f64>>>();
            let impossible = |i: &usize| {
                let Some(args) = at(*i) else { return false };
                let args: Vec<Vec<f64>> = args.into_iter().map(|v| vec![v]).collect();
                let args = match d.form {
                    0 => args,
                    form => d.distribution.canonical(form, &args),
                };
                let args: Vec<&[f64]> = args.iter().map(Vec::as_slice).collect();
                d.distribution.ln_density(&[values[*i]], &args) == f64::NEG_INFINITY
            };
            let mut found = (0..values.len()).filter(|i| counts[*i]).filter(impossible);
            let Some(first) = found.next() else { continue };
            let given: Vec<String> = parameters
                .iter()
                .zip(at(first)?)
                .map(|(p, v)| format!("`{}` {v}", p.name))
                .collect();
            let message = format!(
                "{} with {} cannot draw {}, and data alone make it so{}",
                def.name,
                given.join(" and "),
                values[first],
                match found.count() {
                    0 => String::new(),
                    1 => ", here and once more".into(),
                    n => format!(", here and {n} times more"),
                }
            );
            let symbol = value.whole_symbol().map(|id| &bound.model.symbols[id]);
            let cell = symbol.and_then(|s| Some((s, self.cell(s, first)?)));
            let diagnostic = match cell {
                Some((s, cell)) => {
                    Diagnostic::data("E0211", cell, format!("`{}`: {message}", s.name))
                        .label(d.span, "observed under this")
                }
                None => Diagnostic::error(
                    "E0211",
                    d.span,
                    format!("{message}{}", bound.where_(&place.batch, first)),
                ),
            };
            return Some(diagnostic.help("no value of an unknown helps there: mend the data, add what else can bring it about (`… + other`, with a rate from outside), or leave such rows out with an `if` around the statement"));
        }
        None
    }
}

impl Bound {
    /// The values of `e` over `axes` that no unknown moves: all where it reads none, and 0 where a factor of a product is.
    pub(super) fn certain(&self, e: &TExpr, axes: &[AxisRef]) -> Option<Vec<Option<f64>>> {
        let known = |a: &AxisRef| axes.iter().any(|b| b.declared() == a.declared());
        if !e.axes.iter().all(known) {
            return None;
        }
        if !e.stochastic {
            let values = self.evaluate(e, axes)?;
            return Some(values.into_iter().map(Some).collect());
        }
        match &e.kind {
            TKind::Symbol(id) => match &self.model.symbols[*id].role {
                Role::Let(inner) => self.certain(inner, axes),
                _ => None,
            },
            TKind::Prim(Prim::Mul, factors) => {
                let known = factors.iter().filter_map(|f| self.certain(f, axes));
                let zero = |v: Option<f64>| v.filter(|v| *v == 0.0);
                known
                    .map(|f| f.into_iter().map(zero).collect::<Vec<_>>())
                    .reduce(|a, b| a.into_iter().zip(b).map(|(a, b)| a.or(b)).collect())
            }
            _ => None,
        }
    }

    /// Whether there may be such values, without looking at data.
    fn has_certain(&self, e: &TExpr) -> bool {
        match &e.kind {
            _ if !e.stochastic => true,
            TKind::Symbol(id) => match &self.model.symbols[*id].role {
                Role::Let(inner) => self.has_certain(inner),
                _ => false,
            },
            TKind::Prim(Prim::Mul, factors) => factors.iter().any(|f| self.has_certain(f)),
            _ => false,
        }
    }

    /// ` at county OSLO, row 3`; nothing for a single number.
    pub(super) fn where_(&self, axes: &[AxisRef], element: usize) -> String {
        let mut words = vec![];
        let mut rest = element;
        for a in axes.iter().rev() {
            let axis = &self.axes[a.axis];
            let size = axis.size().max(1);
            let label = axis.labels.get(rest % size).map_or("", |l| l);
            words.push(format!("{} {label}", self.model.axis_name(*a)));
            rest /= size;
        }
        words.reverse();
        match words.is_empty() {
            true => String::new(),
            false => format!(" at {}", words.join(", ")),
        }
    }
}
