//! Names of axes in a bracket, where values belong: `theta[row]`, `theta[g]` without a column `g`.

use super::Checker;
use crate::graph::*;
use ppl_syntax::Span;
use ppl_syntax::diagnostic::Diagnostic;

impl Checker {
    /// The message for the name of an axis in the bracket of `src`, whose axes that are not looked up yet are `free`; `None` where
    /// the name is no axis.
    pub(super) fn axis_in_bracket(
        &self,
        src: &TExpr,
        free: &[AxisRef],
        name: &str,
        span: Span,
    ) -> Option<Diagnostic> {
        let named = self.axis(name)?;
        let whole = src
            .whole_symbol()
            .map_or("…", |id| &self.model.symbols[id].name);
        let own = free.iter().any(|a| a.copy < 2 && a.axis == named);
        let help = match own {
            true => self.instead_of_own_axis(whole, named),
            false => self.instead_of_other_axis(whole, free, named),
        };
        let message = format!("`{name}` is an axis; a bracket in an expression holds values");
        let d = Diagnostic::error("E0110", span, message).at("an axis, not a value");
        Some(d.help(help))
    }

    /// `theta[g]`, where `theta` lies along `g`.
    fn instead_of_own_axis(&self, whole: &str, axis: usize) -> String {
        let name = &self.model.axes[axis].name;
        let lines = matches!(self.model.axes[axis].levels, Levels::Rows);
        let within = self.loops.iter().find(|l| l.axis.axis == axis);
        match self.column_into(axis) {
            _ if let Some(l) = within => format!(
                "the loop's variable is the one element: `{whole}[{}]`",
                l.variable
            ),
            // What is said of all lines is said of each.
            _ if lines => format!(
                "leave the bracket away to take each line's own: `{whole}`; one line at a time is read in a loop: `for i in {name} {{ … {whole}[i] … }}`"
            ),
            Some(column) => format!(
                "leave the bracket away to take all of it, or look up by the column: `{whole}[{column}]`"
            ),
            None => format!(
                "leave the bracket away to take all of it, or declare the column: `data {name}[row]: {name};`"
            ),
        }
    }

    /// `theta[row]`, where `theta` lies along `g`: it is looked up by the rows' labels of `g`.
    fn instead_of_other_axis(&self, whole: &str, free: &[AxisRef], named: usize) -> String {
        let axis_name = |a: usize| &self.model.axes[a].name;
        // The frame as the statement has it: within a loop one element at a time.
        let within = self.loops.iter().find(|l| l.axis.axis == named);
        let frame = [within.map_or(AxisRef::of(named), |l| l.axis)];
        let places: Vec<String> = free
            .iter()
            .filter(|a| !a.is_loop())
            .filter_map(|a| self.index_into(a.axis, &frame))
            .collect();
        if !places.is_empty() {
            return format!(
                "look up by the labels that each `{}` has: `{whole}[{}]`",
                axis_name(named),
                places.join(", ")
            );
        }
        let can_be_labels = |a: &&AxisRef| {
            let levels = &self.model.axes[a.axis].levels;
            !a.is_loop() && !matches!(levels, Levels::Rows | Levels::Columns(_))
        };
        match free.iter().find(can_be_labels).map(|a| axis_name(a.axis)) {
            Some(g) => {
                let i = within.map_or(String::new(), |l| format!("[{}]", l.variable));
                format!(
                    "declare which `{g}` each `{0}` belongs to, `data {g}[{0}]: {g};`, and look up by it: `{whole}[{g}{i}]`",
                    axis_name(named)
                )
            }
            None => format!("leave the bracket away to take all of it: `{whole}`"),
        }
    }
}
