//! Covariance kernels of Gaussian processes: `exp_quad(x, scale = a, length = l)` and its like.

use super::Checker;
use super::linear::union;
use crate::graph::*;
use ppl_syntax::ast::{self, Arg};
use ppl_syntax::diagnostic::{Diagnostic, Span};

/// The kernels.
pub(super) const KERNELS: &[(&str, Kernel)] = &[
    ("exp_quad", Kernel::ExpQuad),
    ("matern32", Kernel::Matern32),
    ("matern52", Kernel::Matern52),
    ("periodic", Kernel::Periodic),
];

impl Checker {
    pub(super) fn kernel(
        &mut self,
        kernel: Kernel,
        name: &ast::Ident,
        args: &[Arg],
        span: Span,
    ) -> Option<TExpr> {
        let named: &[&str] = match kernel {
            Kernel::Periodic => &["scale", "length", "period"],
            _ => &["scale", "length"],
        };
        let list: Vec<String> = named.iter().map(|n| format!("{n} = …")).collect();
        let form = format!("{}(x, {})", name.name, list.join(", "));
        let points: Vec<&Arg> = args.iter().filter(|a| a.name.is_none()).collect();
        if points.is_empty() || points.len() > 2 {
            return self.fail(
                Diagnostic::error(
                    "E0106",
                    span,
                    format!("`{}` takes points, and its parameters by name", name.name),
                )
                .help(format!(
                    "write `{form}`, or give points along two axes before the parameters"
                )),
            );
        }
        let mut typed = vec![];
        for a in &points {
            typed.push(self.expr(&a.value, None));
        }
        let strange: Vec<&ast::Ident> = args
            .iter()
            .filter_map(|a| a.name.as_ref())
            .filter(|n| !named.contains(&n.name.as_str()))
            .collect();
        for n in &strange {
            let d = Diagnostic::error(
                "E0106",
                n.span,
                format!("`{}` has no parameter `{}`", name.name, n.name),
            )
            .at("unknown parameter");
            let d = match ppl_syntax::suggest(&n.name, named.iter().copied()) {
                Some(s) => d.help(format!("did you mean `{s}`?")).fix(n.span, s),
                None => d.help(format!("write `{form}`")),
            };
            self.report(d);
            typed.push(None);
        }
        let mut missing = vec![];
        for wanted in named {
            let is_it = |a: &&Arg| a.name.as_ref().is_some_and(|n| n.name == *wanted);
            let mut given = args.iter().filter(is_it);
            match given.next() {
                Some(first) => typed.push(self.expr(&first.value, None)),
                None => missing.push(format!("its `{wanted}`")),
            }
            for again in given {
                let message = format!("`{wanted}` is given twice");
                self.report(Diagnostic::error("E0106", again.value.span, message));
                typed.push(None);
            }
        }
        if missing.len() > strange.len() {
            return self.fail(
                Diagnostic::error(
                    "E0106",
                    span,
                    format!("`{}` needs {}", name.name, missing.join(" and ")),
                )
                .at(match missing.len() {
                    1 => "an argument is missing",
                    _ => "arguments are missing",
                })
                .help(format!("write `{form}`")),
            );
        }
        let typed: Vec<TExpr> = typed.into_iter().collect::<Option<_>>()?;
        self.all_numeric(&typed)?;
        let n_points = points.len();
        let (row, dimension) = self.point_axes(name, &typed[0])?;
        let column = if n_points == 2 {
            let (column, other) = self.point_axes(name, &typed[1])?;
            if column == row || other != dimension {
                let (a, b) = (self.lies(&typed[0].axes), self.lies(&typed[1].axes));
                return self.fail(
                    Diagnostic::error("E0109", span, format!("`{}` between two sets of points takes them along two axes, with the same coordinates", name.name))
                        .label(typed[0].span, format!("this {a}"))
                        .label(typed[1].span, format!("this {b}"))
                        .help(format!("for one set of points write `{form}`")),
                );
            }
            column
        } else {
            AxisRef {
                axis: row.axis,
                copy: 1,
            }
        };
        let mut axes = vec![];
        for (i, e) in typed.iter().enumerate() {
            let own: Vec<AxisRef> = e
                .axes
                .iter()
                .copied()
                .filter(|a| Some(*a) != dimension)
                .collect();
            if i >= n_points
                && let Some(a) = own.iter().find(|a| **a == row || **a == column)
            {
                let axis = self.model.axis_name(*a).to_string();
                return self.fail(
                    Diagnostic::error("E0109", e.span, format!("a kernel's parameters are the same for all points, but this differs along `{axis}`"))
                        .help("scale the points or the function instead"),
                );
            }
            axes = union(
                &axes,
                &own.into_iter()
                    .filter(|a| *a != row && *a != column)
                    .collect::<Vec<_>>(),
            );
        }
        axes.extend([row, column]);
        Some(TExpr {
            axes,
            ty: Ty::Real,
            stochastic: typed.iter().any(|e| e.stochastic),
            span,
            kind: TKind::Linear(LinearCall {
                op: LinearOp::Kernel(kernel),
                args: typed,
                row,
                column,
                dimension,
            }),
        })
    }

    /// The axis that lists the points, and that of their coordinates where they have several.
    fn point_axes(&mut self, name: &ast::Ident, e: &TExpr) -> Option<(AxisRef, Option<AxisRef>)> {
        let open: Vec<AxisRef> = e.axes.iter().copied().filter(|a| !a.is_loop()).collect();
        match open.as_slice() {
            [points] => Some((*points, None)),
            [points, dimension] if points.axis != dimension.axis => {
                Some((*points, Some(*dimension)))
            }
            _ => {
                let lies = self.lies(&e.axes);
                self.fail(
                    Diagnostic::error(
                        "E0109",
                        e.span,
                        format!("`{}` takes points: numbers along one axis, or vectors along a second one", name.name),
                    )
                    .at(format!("this {lies}"))
                    .help("such as `data x[row]: real;`, or `data X[row, coordinate]: real;`"),
                )
            }
        }
    }
}
