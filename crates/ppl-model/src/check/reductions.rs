//! Reductions over named axes: `sum(x, over = k)`.

use super::Checker;
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
    ("prod", Reduction::Prod),
    ("softmax", Reduction::Softmax),
    ("log_softmax", Reduction::LogSoftmax),
    ("cumsum", Reduction::CumSum),
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
            let help = match (name.name.as_str(), positional.len()) {
                ("log_sum_exp", 2) => "of two numbers write `log_add_exp(a, b)`; of an array `log_sum_exp(x, over = k)`".to_owned(),
                _ => format!("write `{}(x, over = k)`", name.name),
            };
            self.report(
                Diagnostic::error("E0106", span, format!("`{}` takes one array", name.name))
                    .help(help),
            );
            self.named_parts(name, args);
            for a in positional {
                self.names_in(std::slice::from_ref(a));
            }
            return None;
        };
        let before = self.diagnostics.len();
        let e = self.expr(&argument.value, None);
        if e.is_none() {
            self.name_before_reducing(reduction, name, args, before);
        }
        let named = self.named_parts(name, args);
        let e = e?;
        self.numeric(&e)?;
        named?;
        let mut over: Vec<AxisRef> = vec![];
        for a in args
            .iter()
            .filter_map(|a| a.name.as_ref().map(|n| (n, &a.value)))
        {
            match a.0.name.as_str() {
                "over" => {
                    for named in axes_named(a.1)? {
                        let axis = self.axis_or_fail(&named)?;
                        let here: Vec<AxisRef> =
                            e.axes.iter().copied().filter(|x| x.axis == axis).collect();
                        match here.as_slice() {
                            [one] if over.contains(one) => {
                                let message =
                                    format!("`{}` is named twice", self.model.axes[axis].name);
                                return self.fail(
                                    Diagnostic::error("E0106", named.span, message)
                                        .help("name each axis once"),
                                );
                            }
                            [one] if !one.is_loop() => over.push(*one),
                            [] => {
                                let lies = self.lies(&e.axes);
                                return self.fail(
                                    Diagnostic::error(
                                        "E0106",
                                        named.span,
                                        format!(
                                            "the array does not lie along `{}`: it {lies}",
                                            self.model.axes[axis].name
                                        ),
                                    )
                                    .label(e.span, format!("this {lies}")),
                                );
                            }
                            _ => {
                                let k = self.model.axes[axis].name.clone();
                                return self.fail(Diagnostic::error(
                                "E0106",
                                named.span,
                                format!("`over = {k}` is ambiguous here: both axes of the square matrix are `{k}`"),
                            ).help(format!("name them: `{0}(j in {k}: m[i, j])` in a loop or with `i` on the left, or `{0}(i in {k}, j in {k}: m[i, j])`", name.name)));
                            }
                        }
                    }
                }
                "by" => {
                    return self.grouped(reduction, name, e, a.1, span);
                }
                _ => return None,
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
                    let axis = |i: usize| self.model.axis_name(open[i]).to_string();
                    let (a, b) = (axis(0), axis(1));
                    let help = match a == b {
                        true => format!(
                            "name the axes: `{}(i in {a}, j in {a}: m[i, j])`",
                            name.name
                        ),
                        false => {
                            let all: Vec<String> = (0..open.len()).map(axis).collect();
                            format!(
                                "write `{0}(…, over = {a})`, or of all of them `{0}(…, over = [{1}])`",
                                name.name,
                                all.join(", ")
                            )
                        }
                    };
                    return self.fail(
                        Diagnostic::error(
                            "E0106",
                            span,
                            format!("`{}` must say over which axis: the array {lies}", name.name),
                        )
                        .help(help),
                    );
                }
            }
        }
        if reduction == Reduction::CumSum
            && let [one] = over.as_slice()
            && !self.is_ordered(one.axis)
        {
            let axis = self.model.axis_name(*one).to_string();
            return self.fail(
                Diagnostic::error(
                    "E0123",
                    span,
                    format!("the levels of `{axis}` have no order, so nothing adds up along it"),
                )
                .help(format!(
                    "list them in order: `axis {axis} = {{…}};`, or give a size"
                )),
            );
        }
        let axes = if reduction.keeps_axis() {
            e.axes.clone()
        } else {
            e.axes
                .iter()
                .copied()
                .filter(|a| !over.contains(a))
                .collect()
        };
        let ty = match reduction {
            Reduction::Sum
            | Reduction::Min
            | Reduction::Max
            | Reduction::Prod
            | Reduction::CumSum
                if e.ty != Ty::Real =>
            {
                Ty::Int
            }
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

    /// What stands behind the array: `over =` axes, or one `by =`. Whatever is wrong by itself is told.
    fn named_parts(&mut self, name: &ast::Ident, args: &[Arg]) -> Option<()> {
        let before = self.diagnostics.len();
        let named = || {
            let with_name = |a: &'_ Arg| a.name.clone().map(|n| (n, a.value.clone()));
            args.iter().filter_map(with_name)
        };
        let given = |n: &str| named().any(|a| a.0.name == n);
        if given("over") && given("by") {
            let d = Diagnostic::error("E0106", name.span, "either `over =` or `by =`");
            self.report(d.help("`by = g` reduces over the axes of `g`"));
        }
        for (argument, value) in named() {
            match (argument.name.as_str(), &value.kind) {
                ("over", _) if axes_named(&value).is_some() => {
                    for axis in axes_named(&value).into_iter().flatten() {
                        self.axis_or_fail(&axis);
                    }
                }
                ("over", _) => {
                    let message = "an axis is expected after `over =`";
                    let d = Diagnostic::error("E0106", value.span, message);
                    self.report(d.help(format!(
                        "write `{0}(x, over = k)` or `{0}(x, over = [a, b])`",
                        name.name
                    )));
                }
                ("by", _) => {}
                (other, _) => {
                    let message = format!("`{}` has no argument `{other}`", name.name);
                    let d = Diagnostic::error("E0106", argument.span, message);
                    self.report(d.help("`over = axis` names what is reduced"));
                }
            }
        }
        (self.diagnostics.len() == before).then_some(())
    }

    /// `mean(x, by = school)`: reduced over the axes of `school`, which says each element's group.
    fn grouped(
        &mut self,
        reduction: Reduction,
        name: &ast::Ident,
        e: TExpr,
        by: &ast::Expr,
        span: Span,
    ) -> Option<TExpr> {
        if reduction.keeps_axis() {
            let message = format!("`{}` has no groups", name.name);
            return self.fail(
                Diagnostic::error("E0106", by.span, message).help("`over = axis` is what it takes"),
            );
        }
        let index = self.expr(by, None)?;
        let Ty::Index(target) = index.ty else {
            return self.fail(
                Diagnostic::error("E0106", by.span, "labels are expected after `by =`")
                    .at("not labels of an axis")
                    .help(
                        "declare the column with the axis as its kind: `data school[row]: school;`",
                    ),
            );
        };
        if index.stochastic {
            return self.fail(
                Diagnostic::error(
                    "E0112",
                    by.span,
                    "groups are known from the data, but this depends on a latent",
                )
                .help("for a discrete latent, look values up by it instead"),
            );
        }
        let axis = self.model.axes[target].name.clone();
        if let Some(l) = index.axes.iter().find(|a| a.is_loop()) {
            let over = self.model.axis_name(*l).to_string();
            return self.fail(
                Diagnostic::error(
                    "E0115",
                    by.span,
                    format!("this is the group of one `{over}`"),
                )
                .at("one element at a time")
                .help("write the reduction outside of the loop, of the whole columns"),
            );
        }
        let (lacking, own) = (
            index.axes.iter().find(|a| !e.axes.contains(a)),
            e.axes.iter().any(|a| a.axis == target),
        );
        if index.axes.is_empty() || (!e.axes.is_empty() && lacking.is_some()) {
            let (lx, lb) = (self.lies(&e.axes), self.lies(&index.axes));
            return self.fail(
                Diagnostic::error(
                    "E0109",
                    span,
                    "what is reduced and its groups do not line up",
                )
                .label(e.span, format!("this {lx}"))
                .label(by.span, format!("this {lb}"))
                .help("every element needs a group: both lie along the same axis"),
            );
        }
        if own {
            let message = format!("this lies along `{axis}` already, and the groups are `{axis}`");
            return self.fail(Diagnostic::error("E0109", e.span, message).help(format!(
                "look one element up first, or reduce `over = {axis}`"
            )));
        }
        let mut axes: Vec<AxisRef> = e
            .axes
            .iter()
            .copied()
            .filter(|a| !index.axes.contains(a))
            .collect();
        axes.push(AxisRef::of(target));
        let ty = match reduction {
            Reduction::Sum | Reduction::Min | Reduction::Max | Reduction::Prod
                if e.ty != Ty::Real =>
            {
                Ty::Int
            }
            _ => Ty::Real,
        };
        let stochastic = e.stochastic;
        Some(TExpr {
            kind: TKind::Group(reduction, Box::new(e), Box::new(index)),
            axes,
            ty,
            stochastic,
            span,
        })
    }
}

/// `k`, or `[a, b]`: the axes behind `over =`. `None`: something else stands there.
fn axes_named(e: &ast::Expr) -> Option<Vec<ast::Ident>> {
    let name = |e: &ast::Expr| match &e.kind {
        ExprKind::Name(name) => Some(ast::Ident {
            name: name.clone(),
            span: e.span,
        }),
        _ => None,
    };
    match &e.kind {
        ExprKind::Vector(all) if !all.is_empty() => {
            let plain = all.iter().map(|a| match a.name {
                None => name(&a.value),
                Some(_) => None,
            });
            plain.collect()
        }
        _ => Some(vec![name(e)?]),
    }
}
