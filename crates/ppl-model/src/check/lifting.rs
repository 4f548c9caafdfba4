//! Axes of arguments beyond those that a function states: it is applied to each element along them.

use super::Checker;
use super::user_functions::UserFunction;
use crate::graph::*;
use ppl_syntax::diagnostic::Diagnostic;

impl Checker {
    /// The axes of each argument beyond those of the definition; an argument that lacks a stated axis is refused.
    pub(super) fn lifted(&mut self, f: &UserFunction, args: &[TExpr]) -> Option<Vec<Vec<AxisRef>>> {
        let mut out = vec![];
        for ((value, declared), name) in args.iter().zip(&f.axes).zip(&f.args) {
            if let Some(lacking) = declared.iter().find(|a| !value.axes.contains(a)) {
                let axis = self.model.axis_name(*lacking).to_string();
                let lies = self.lies(&value.axes);
                let message = format!(
                    "`{}` of `{}` lies along `{axis}`, but this {lies}",
                    name.name.name,
                    f.signature()
                );
                return self.fail(
                    Diagnostic::error("E0109", value.span, message)
                        .at(format!("this {lies}"))
                        .label(name.name.span, "the argument")
                        .help(format!("give an array along `{axis}`")),
                );
            }
            let lifted: Vec<AxisRef> = value
                .axes
                .iter()
                .copied()
                .filter(|a| !declared.contains(a))
                .collect();
            for a in &lifted {
                let own = f
                    .axes
                    .iter()
                    .zip(&f.args)
                    .find(|(axes, _)| axes.iter().any(|b| b.axis == a.axis));
                if let Some((_, other)) = own {
                    let axis = self.model.axis_name(*a).to_string();
                    let message = format!(
                        "`{}` of `{}` is one number, but this lies along `{axis}`",
                        name.name.name,
                        f.signature()
                    );
                    return self.fail(
                        Diagnostic::error("E0109", value.span, message)
                            .at(format!("this lies along `{axis}`"))
                            .label(
                                other.name.span,
                                format!("the function takes `{axis}` as a whole here"),
                            )
                            .help(format!(
                                "look one element up, or declare the argument as `{}[{axis}]`",
                                name.name.name
                            )),
                    );
                }
                if let Some(l) = self
                    .loops
                    .iter()
                    .find(|l| !a.is_loop() && l.axis.axis == a.axis)
                {
                    let (axis, variable) =
                        (self.model.axis_name(*a).to_string(), l.variable.clone());
                    let message =
                        format!("this is the whole of `{axis}` inside a loop over `{axis}`");
                    return self.fail(
                        Diagnostic::error("E0115", value.span, message)
                            .at(format!("counted once for every `{axis}`"))
                            .help(format!("index it: `…[{variable}]`")),
                    );
                }
            }
            out.push(lifted);
        }
        Some(out)
    }
}

/// A lifted axis as a loop would see it.
pub(super) fn loop_of(a: AxisRef) -> AxisRef {
    match a.is_loop() {
        true => a,
        false => AxisRef {
            copy: a.copy + 2,
            ..a
        },
    }
}

/// A value as the loops over these axes see it.
pub(super) fn as_loops(value: TExpr, lifted: &[AxisRef]) -> TExpr {
    let axes = value
        .axes
        .iter()
        .map(|a| if lifted.contains(a) { loop_of(*a) } else { *a })
        .collect();
    TExpr { axes, ..value }
}
