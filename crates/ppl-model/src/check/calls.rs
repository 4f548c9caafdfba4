//! Calls: elementwise functions, reductions, and the few that change axes.

use super::Checker;
use super::expressions::Frame;
use super::statements::not_available;
use crate::functions;
use crate::graph::*;
use ppl_dist::Prim;
use ppl_syntax::ast::{self, Arg, ExprKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};

const REDUCTIONS: &[(&str, Reduction)] = &[
    ("sum", Reduction::Sum),
    ("mean", Reduction::Mean),
    ("sd", Reduction::Sd),
    ("var", Reduction::Var),
    ("min", Reduction::Min),
    ("max", Reduction::Max),
    ("log_sum_exp", Reduction::LogSumExp),
    ("softmax", Reduction::Softmax),
];

const LATER: &[&str] = &[
    "cumsum",
    "prod",
    "ode",
    "cholesky",
    "solve_tri",
    "inverse",
    "log_det",
    "outer",
    "quad_form",
    "transpose",
    "exp_quad",
    "matern32",
    "matern52",
    "periodic",
    "glorot",
    "mlp",
];

impl Checker {
    pub(super) fn call(
        &mut self,
        name: &ast::Ident,
        args: &[Arg],
        frame: Frame,
        span: Span,
    ) -> Option<TExpr> {
        if let Some((_, r)) = REDUCTIONS.iter().find(|(n, _)| *n == name.name) {
            let two = args.len() == 2 && args.iter().all(|a| a.name.is_none());
            if !(two && matches!(r, Reduction::Min | Reduction::Max)) {
                return self.reduction(*r, name, args, span);
            }
            let prim = if *r == Reduction::Min {
                Prim::Min
            } else {
                Prim::Max
            };
            let (a, b) = (
                self.expr(&args[0].value, frame),
                self.expr(&args[1].value, frame),
            );
            let (a, b) = (a?, b?);
            self.numeric(&a)?;
            self.numeric(&b)?;
            let ty = if a.ty == Ty::Int && b.ty == Ty::Int {
                Ty::Int
            } else {
                Ty::Real
            };
            return self.prim(prim, vec![a, b], ty, frame, span);
        }
        match name.name.as_str() {
            "size" => return self.size(args, span),
            "first" | "last" => return self.end_of_chain(name, args, span),
            "diag" => return self.diag(args, span),
            "log_density" => return self.log_density(args, frame, span),
            n if LATER.contains(&n) => {
                return self.fail(not_available(name.span, &format!("`{n}`")));
            }
            _ => {}
        }
        let Some(f) = functions::find(&name.name) else {
            let d = if ppl_dist::find(&name.name).is_some() {
                Diagnostic::error(
                    "E0103",
                    name.span,
                    format!("`{}` is a distribution; it stands right of `~`", name.name),
                )
                .help(format!(
                    "write `x ~ {0}(…)`, or `log_density({0}(…), x)` for its value",
                    name.name
                ))
            } else {
                let d = Diagnostic::error(
                    "E0103",
                    name.span,
                    format!("there is no function `{}`", name.name),
                )
                .at("unknown function");
                let names = functions::ALL
                    .iter()
                    .map(|f| f.name)
                    .chain(REDUCTIONS.iter().map(|r| r.0))
                    .chain(["size", "diag", "log_density"]);
                match (name.name.as_str(), ppl_syntax::suggest(&name.name, names)) {
                    ("ln", _) => d
                        .help("the natural logarithm is `log`")
                        .fix(name.span, "log"),
                    (_, Some(s)) => d.help(format!("did you mean `{s}`?")).fix(name.span, s),
                    _ => d.help("the language reference lists the functions"),
                }
            };
            return self.fail(d);
        };
        if args.len() != f.arity || args.iter().any(|a| a.name.is_some()) {
            return self.fail(
                Diagnostic::error(
                    "E0106",
                    span,
                    format!(
                        "`{}` takes {} argument{}, not {}",
                        f.name,
                        f.arity,
                        if f.arity == 1 { "" } else { "s" },
                        args.len()
                    ),
                )
                .help("arguments of functions are given by position"),
            );
        }
        let typed: Vec<Option<TExpr>> = args.iter().map(|a| self.expr(&a.value, frame)).collect();
        let typed: Vec<TExpr> = typed.into_iter().collect::<Option<_>>()?;
        for a in &typed {
            self.numeric(a)?;
        }
        let ty = if f.keeps_int && typed.iter().all(|a| a.ty != Ty::Real) {
            Ty::Int
        } else {
            Ty::Real
        };
        let axes = self.unite(&typed, frame, span)?;
        let stochastic = typed.iter().any(|a| a.stochastic);
        Some(TExpr {
            kind: TKind::Function(f, typed),
            axes,
            ty,
            stochastic,
            span,
        })
    }

    fn reduction(
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

    fn size(&mut self, args: &[Arg], span: Span) -> Option<TExpr> {
        let [
            Arg {
                name: None,
                value:
                    ast::Expr {
                        kind: ExprKind::Name(n),
                        span: at,
                    },
            },
        ] = args
        else {
            return self.fail(Diagnostic::error(
                "E0106",
                span,
                "`size` takes the name of an axis",
            ));
        };
        let axis = self.axis_or_fail(&ast::Ident {
            name: n.clone(),
            span: *at,
        })?;
        Some(TExpr {
            kind: TKind::Size(axis),
            axes: vec![],
            ty: Ty::Int,
            stochastic: false,
            span,
        })
    }

    fn diag(&mut self, args: &[Arg], span: Span) -> Option<TExpr> {
        let [Arg { name: None, value }] = args else {
            return self.fail(Diagnostic::error("E0106", span, "`diag` takes one vector"));
        };
        let e = self.expr(value, None)?;
        let Some(&last) = e.axes.last().filter(|a| a.copy == 0) else {
            return self.fail(
                Diagnostic::error("E0106", e.span, "`diag` takes a vector")
                    .at("this has no axis of its own"),
            );
        };
        let second = AxisRef {
            axis: last.axis,
            copy: 1,
        };
        let mut axes = e.axes.clone();
        axes.push(second);
        let stochastic = e.stochastic;
        Some(TExpr {
            kind: TKind::Diag(Box::new(e), last, second),
            axes,
            ty: Ty::Real,
            stochastic,
            span,
        })
    }

    fn log_density(&mut self, args: &[Arg], frame: Frame, span: Span) -> Option<TExpr> {
        let [
            Arg {
                name: None,
                value: dist,
            },
            Arg {
                name: None,
                value: x,
            },
        ] = args
        else {
            return self.fail(
                Diagnostic::error(
                    "E0106",
                    span,
                    "`log_density` takes a distribution and a value",
                )
                .help("write `log_density(Normal(mu, sigma), y)`"),
            );
        };
        let x = self.expr(x, frame)?;
        // The density lies along whatever the value and the arguments lie along: the frame is their union.
        let args_axes = self.argument_axes(dist, frame)?;
        let mut union = x.axes.clone();
        for a in args_axes {
            if !union.contains(&a) {
                union.push(a);
            }
        }
        let d = self.distribution(dist, &union, Some(x.ty))?;
        if d.distribution.definition().event != ppl_dist::Shape::Scalar {
            return self.fail(not_available(span, "`log_density` of a vector"));
        }
        let stochastic = x.stochastic || d.expressions().iter().any(|a| a.stochastic);
        let axes = union
            .iter()
            .copied()
            .filter(|a| !d.event.contains(a))
            .collect();
        Some(TExpr {
            kind: TKind::LogDensity(Box::new(d), Box::new(x)),
            axes,
            ty: Ty::Real,
            stochastic,
            span,
        })
    }

    /// `l @ r`: sums over the one axis that both share; for matrices the left's last with the right's first.
    pub(super) fn matmul(&mut self, l: &ast::Expr, r: &ast::Expr, span: Span) -> Option<TExpr> {
        let (l, r) = (self.expr(l, None), self.expr(r, None));
        let (l, r) = (l?, r?);
        self.numeric(&l)?;
        self.numeric(&r)?;
        let open = |e: &TExpr| {
            e.axes
                .iter()
                .copied()
                .filter(|a| !a.is_loop())
                .collect::<Vec<_>>()
        };
        let (lo, ro) = (open(&l), open(&r));
        let adjacent = match (lo.last(), ro.first()) {
            (Some(a), Some(b)) if a.axis == b.axis => Some((*a, *b)),
            _ => None,
        };
        let shared: Vec<(AxisRef, AxisRef)> = lo
            .iter()
            .flat_map(|a| {
                ro.iter()
                    .filter(move |b| a.axis == b.axis)
                    .map(move |b| (*a, *b))
            })
            .collect();
        let pair = adjacent.or(match shared.as_slice() {
            [one] => Some(*one),
            _ => None,
        });
        let Some((a, b)) = pair else {
            let (ll, rl) = (self.lies(&l.axes), self.lies(&r.axes));
            let what = if shared.is_empty() {
                "share no axis"
            } else {
                "share more than one axis"
            };
            return self.fail(
                Diagnostic::error(
                    "E0109",
                    span,
                    format!("`@` sums over the one axis that both sides share; these {what}"),
                )
                .label(l.span, format!("this {ll}"))
                .label(r.span, format!("this {rl}"))
                .help("use `sum(a * b, over = …)` to say which axis is summed"),
            );
        };
        let mut axes: Vec<AxisRef> = l.axes.iter().copied().filter(|x| *x != a).collect();
        for x in r.axes.iter().copied().filter(|x| *x != b) {
            if !axes.contains(&x) {
                axes.push(x);
            } else if x.axis == a.axis || r.axes.iter().filter(|y| y.axis == x.axis).count() == 2 {
                return self.fail(not_available(span, "this product of square matrices"));
            } else if !x.is_loop() {
                let (over, with) = (
                    self.model.axis_name(a).to_string(),
                    self.model.axis_name(x).to_string(),
                );
                let (ll, rl) = (self.lies(&l.axes), self.lies(&r.axes));
                return self.fail(
                    Diagnostic::error("E0109", span, format!("`@` sums over the one axis that both sides share; these share `{over}` and `{with}`"))
                        .label(l.span, format!("this {ll}"))
                        .label(r.span, format!("this {rl}"))
                        .help(format!("`sum(a * b, over = {over})` lines the sides up along `{with}`; for a matrix, give one side another axis")),
                );
            }
        }
        // A vector times a matrix, or a matrix times a vector, lies along the axis itself.
        let lone: Option<AxisRef> = axes
            .iter()
            .copied()
            .find(|x| x.copy == 1 && !axes.contains(&AxisRef::of(x.axis)));
        let stochastic = l.stochastic || r.stochastic;
        let mut out = TExpr {
            kind: TKind::MatMul(Box::new(l), Box::new(r), a, b),
            axes,
            ty: Ty::Real,
            stochastic,
            span,
        };
        if let Some(second) = lone {
            let first = AxisRef::of(second.axis);
            let axes = out
                .axes
                .iter()
                .map(|x| if *x == second { first } else { *x })
                .collect();
            out = TExpr {
                axes,
                ty: Ty::Real,
                stochastic,
                span,
                kind: TKind::Rename(Box::new(out), second, first),
            };
        }
        Some(out)
    }
}
