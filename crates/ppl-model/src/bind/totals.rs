//! Counts that are drawn given their sum, against that sum, where data alone determine it.

use super::{Binder, Bound};
use crate::graph::*;
use ppl_dist::Support;
use ppl_syntax::diagnostic::Diagnostic;

/// How many counts are listed in a message.
const SHOWN: usize = 8;

impl Binder<'_> {
    /// The first counts of each observation that do not add up to their total.
    pub(super) fn totals(&self, bound: &Bound) -> Vec<Diagnostic> {
        let statements = self.model.statements.iter();
        statements
            .filter_map(|s| self.wrong_total(bound, s))
            .collect()
    }

    fn wrong_total(&self, bound: &Bound, located: &Located) -> Option<Diagnostic> {
        let Statement::Observe { value, dist } = &located.statement else {
            return None;
        };
        let Support::Counts(total) = dist.distribution.definition().support else {
            return None;
        };
        if dist.otherwise.is_some() || dist.form != 0 {
            return None;
        }
        let total = dist.args.get(total)?;
        let batch = &value.axes[..value.axes.len().checked_sub(dist.event.len())?];
        let size = bound.len(&value.axes[batch.len()..]).max(1);
        let counts = bound.evaluate(value, &value.axes)?;
        let totals = bound.evaluate(total, batch)?;
        let counted = match &located.when {
            None => vec![1.0; totals.len()],
            Some(when) => bound.evaluate(&when.condition, batch)?,
        };
        let sum = |i: usize| counts[i * size..][..size].iter().sum::<f64>();
        let wrong = |i: &usize| counted[*i] != 0.0 && sum(*i) != totals[*i];
        let first = (0..totals.len()).find(wrong)?;
        let more = (first + 1..totals.len()).filter(wrong).count();
        let numbers: Vec<String> = counts[first * size..][..size.min(SHOWN)]
            .iter()
            .map(f64::to_string)
            .collect();
        let numbers = numbers.join(" + ") + if size > SHOWN { " + …" } else { "" };
        let others = match more {
            0 => String::new(),
            1 => "; so it is once more".into(),
            n => format!("; so it is {n} times more"),
        };
        let name = dist.distribution.definition().name;
        let message = |what: String| {
            format!(
                "{what}: {name} draws counts that sum to {}, and {numbers} is {}{others}",
                totals[first],
                sum(first)
            )
        };
        let given = total.whole_symbol().map(|id| &self.model.symbols[id]);
        let place = given.and_then(|s| Some((s, self.cell(s, first).filter(|_| s.axes == batch)?)));
        let counts = match value.whole_symbol() {
            Some(id) => bound.element(&self.model.symbols[id].name, batch, first),
            None => "the counts".into(),
        };
        let d = match place {
            Some((s, place)) => Diagnostic::data(
                "E0211",
                place,
                message(format!("`{}`, the total of `{counts}`", s.name)),
            )
            .label(dist.span, "observed under this"),
            None => Diagnostic::error(
                "E0211",
                total.span,
                message(format!("`{counts}`{}", bound.line(batch, first))),
            )
            .at("not their sum"),
        };
        let sum_of = match (value.whole_symbol(), dist.event.as_slice()) {
            (Some(id), [axis]) if !batch.is_empty() => format!(
                "mend the data, or let the counts say their sum: `{name}(sum({}, over = {}), …)`",
                self.model.symbols[id].name,
                self.model.axis_name(*axis)
            ),
            (Some(id), _) => format!(
                "mend the data, or let the counts say their sum: `{name}(sum({}), …)`",
                self.model.symbols[id].name
            ),
            _ => "mend the data, or the total".into(),
        };
        Some(d.help(sum_of))
    }
}
