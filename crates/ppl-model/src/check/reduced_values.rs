//! What is reduced lies along all of its axes before it is: `softmax(b * x)` of a `b` for each label and an `x` for each row.

use super::Checker;
use crate::graph::*;
use ppl_syntax::ast::{self, Arg};

impl Checker {
    /// Says how an argument whose operands do not line up is given a name first, where the axis that is reduced is one of
    /// those: to look one operand up by an index would take that axis away. `before`: the diagnostics that stood before it.
    pub(super) fn name_before_reducing(
        &mut self,
        reduction: Reduction,
        name: &ast::Ident,
        args: &[Arg],
        before: usize,
    ) {
        let apart = |d: &ppl_syntax::Diagnostic| {
            d.code == "E0109" && d.message.starts_with("these do not line up")
        };
        if self.diagnostics.len() != before + 1 || !apart(&self.diagnostics[before]) {
            return;
        }
        let Some(argument) = args.iter().find(|a| a.name.is_none()) else {
            return;
        };
        // With a left side that has every axis it lies along the union.
        let all: Vec<AxisRef> = (0..self.model.axes.len()).map(AxisRef::of).collect();
        let first = self.diagnostics.split_off(before);
        let whole = self.expr(&argument.value, Some(&all));
        self.diagnostics.truncate(before);
        self.diagnostics.extend(first);
        let Some(whole) = whole else { return };
        let open = || whole.axes.iter().filter(|a| !a.is_loop());
        let over = args.iter().find_map(|a| match (&a.name, &a.value.kind) {
            (Some(n), ast::ExprKind::Name(axis)) if n.name == "over" => self.axis(axis),
            _ => None,
        });
        let labels = || self.label_of.filter(|l| open().any(|a| a.axis == *l));
        // Lines of the table are seldom what shares out one whole.
        let last = || open().rfind(|a| a.axis != 0).map(|a| a.axis);
        let over = match over {
            Some(axis) if open().any(|a| a.axis == axis) => axis,
            None if reduction.keeps_axis() => match labels().or_else(last) {
                Some(axis) => axis,
                None => return,
            },
            _ => return,
        };
        let variable = |a: &AxisRef| self.loops.iter().find(|l| l.axis == *a);
        let mut bracket: Vec<String> = vec![];
        let loops = whole.axes.iter().filter(|a| a.is_loop());
        bracket.extend(loops.filter_map(variable).map(|l| l.variable.clone()));
        bracket.extend(
            open()
                .filter(|a| a.axis != over)
                .map(|a| self.model.axis_name(*a).to_owned()),
        );
        let over = self.model.axes[over].name.clone();
        bracket.push(over.clone());
        let v = self.unused_name(&["eta", "v", "value"]);
        let read = match bracket.len() - open().count() {
            0 => v.to_owned(),
            n => format!("{v}[{}]", bracket[..n].join(", ")),
        };
        let help = format!(
            "give it a name above, with all of its axes, `let {v}[{}] = {};`, then `{}({read}, over = {over})`",
            bracket.join(", "),
            ppl_syntax::print_expr(&argument.value),
            name.name
        );
        self.diagnostics[before].help = Some(help);
    }
}
