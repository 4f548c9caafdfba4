//! Reductions over named axes: `sum(x, over = k)`.

use super::Checker;
use super::statements::not_available;
use crate::graph::*;
use ppl_syntax::ast::{self, Arg, ExprKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};

pub(super) const REDUCTIONS: &[(&str, Reduction)] = &[
    ("sum", Reduction::Sum),
    ("mean", Reduction::Mean),
    ("sd", Reduction::Sd),
    ("var", Reduction::Var),
    ("min", Reduction::Min),
    ("max", Reduction::Max),
    ("log_sum_exp", Reduction::LogSumExp),
    ("softmax", Reduction::Softmax),
];

impl Checker {
    pub(super) fn reduction(
        &mut self,
        reduction: Reduction,
        name: &ast::Ident,
        args: &[Arg],
        span: Span,
    ) -> Option<TExpr> {
        let positional: Vec<&Arg> = args.iter().filter(|a| a.name.is_none()).collect();
        let [argument] = positional.as_slice() else {
            return self.fail(
                Diagnostic::error("E0106", span, format!("`{}` takes one array", name.name))
                    .help(format!("write `{}(x, over = k)`", name.name)),
            );
        };
        let e = self.expr(&argument.value, None)?;
        self.numeric(&e)?;
        let mut over: Vec<AxisRef> = vec![];
        for a in args
            .iter()
            .filter_map(|a| a.name.as_ref().map(|n| (n, &a.value)))
        {
            match a.0.name.as_str() {
                "over" => {
                    let ExprKind::Name(axis) = &a.1.kind else {
                        return self.fail(Diagnostic::error(
                            "E0106",
                            a.1.span,
                            "an axis is expected after `over =`",
                        ));
                    };
                    let axis = self.axis_or_fail(&ast::Ident {
                        name: axis.clone(),
                        span: a.1.span,
                    })?;
                    let here: Vec<AxisRef> =
                        e.axes.iter().copied().filter(|x| x.axis == axis).collect();
                    match here.as_slice() {
                        [one] if !one.is_loop() => over.push(*one),
                        [] => {
                            let lies = self.lies(&e.axes);
                            return self.fail(
                                Diagnostic::error(
                                    "E0106",
                                    a.1.span,
                                    format!(
                                        "the array does not lie along `{}`: it {lies}",
                                        self.model.axes[axis].name
                                    ),
                                )
                                .label(e.span, format!("this {lies}")),
                            );
                        }
                        _ => {
                            return self.fail(Diagnostic::error(
                                "E0106",
                                a.1.span,
                                format!(
                                    "`over = {}` is ambiguous here",
                                    self.model.axes[axis].name
                                ),
                            ));
                        }
                    }
                }
                "by" => return self.fail(not_available(a.0.span, "`by =` in a reduction")),
                other => {
                    let other = other.to_string();
                    return self.fail(
                        Diagnostic::error(
                            "E0106",
                            a.0.span,
                            format!("`{}` has no argument `{other}`", name.name),
                        )
                        .help("`over = axis` names what is reduced"),
                    );
                }
            }
        }
        let open: Vec<AxisRef> = e.axes.iter().copied().filter(|a| !a.is_loop()).collect();
        if over.is_empty() {
            match open.as_slice() {
                [one] => over.push(*one),
                [] => {
                    return self.fail(
                        Diagnostic::error(
                            "E0106",
                            e.span,
                            format!("`{}` of a single number", name.name),
                        )
                        .at("this has no axis to reduce")
                        .help("leave it away"),
                    );
                }
                _ => {
                    let lies = self.lies(&e.axes);
                    let axis = self.model.axis_name(open[0]).to_string();
                    return self.fail(
                        Diagnostic::error(
                            "E0106",
                            span,
                            format!("`{}` must say over which axis: the array {lies}", name.name),
                        )
                        .help(format!("write `{}(…, over = {axis})`", name.name)),
                    );
                }
            }
        }
        let axes = if reduction == Reduction::Softmax {
            e.axes.clone()
        } else {
            e.axes
                .iter()
                .copied()
                .filter(|a| !over.contains(a))
                .collect()
        };
        let ty = match reduction {
            Reduction::Sum | Reduction::Min | Reduction::Max if e.ty != Ty::Real => Ty::Int,
            _ => Ty::Real,
        };
        let stochastic = e.stochastic;
        Some(TExpr {
            kind: TKind::Reduce(reduction, Box::new(e), over),
            axes,
            ty,
            stochastic,
            span,
        })
    }
}
