//! Calls: elementwise functions, reductions, and the few that change axes.

use super::expressions::Frame;
use super::reductions::REDUCTIONS;
use super::statements::not_available;
use super::{Checker, other_names};
use crate::functions;
use crate::graph::*;
use ppl_dist::Prim;
use ppl_syntax::ast::{self, Arg, ExprKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};

/// Names with a place of their own.
const SPECIAL: &[&str] = &["mlp", "glorot"];

impl Checker {
    pub(super) fn call(
        &mut self,
        name: &ast::Ident,
        args: &[Arg],
        frame: Frame,
        span: Span,
    ) -> Option<TExpr> {
        if let Some(f) = self.user_function(&name.name) {
            return self.user_call(&f, args, frame, span);
        }
        if let Some(net) = self.net_named(&name.name) {
            return self.net_call(&net, args, frame, span);
        }
        if self.poisoned.contains(&name.name) {
            return None;
        }
        if let Some((_, r)) = REDUCTIONS.iter().find(|(n, _)| *n == name.name) {
            let several = args.len() > 1 && args.iter().all(|a| a.name.is_none());
            let prim = match r {
                Reduction::Min if several => Prim::Min,
                Reduction::Max if several => Prim::Max,
                _ => return self.reduction(*r, name, args, span),
            };
            let typed: Vec<Option<TExpr>> =
                args.iter().map(|a| self.expr(&a.value, frame)).collect();
            let typed: Vec<TExpr> = typed.into_iter().collect::<Option<_>>()?;
            self.all_numeric(&typed)?;
            let mut out: Option<TExpr> = None;
            for e in typed {
                out = Some(match out {
                    None => e,
                    Some(o) => {
                        let ty = if o.ty == Ty::Int && e.ty == Ty::Int {
                            Ty::Int
                        } else {
                            Ty::Real
                        };
                        self.prim(prim, vec![o, e], ty, frame, span)?
                    }
                });
            }
            return out;
        }
        match name.name.as_str() {
            "size" => return self.size(args, span),
            "first" | "last" => return self.end_of_chain(name, args, span),
            "diag" => return self.diag(args, frame, span),
            "ode" => return self.ode(args, frame, span),
            "glorot" => {
                return self.fail(
                    Diagnostic::error(
                        "E0103",
                        span,
                        "`glorot()` is the start of a param, not a value",
                    )
                    .help("write `param W[hidden, feature] = glorot();`"),
                );
            }
            "log_density" => return self.log_density(args, frame, span),
            _ if let Some(out) = self.linear_call(name, args, span) => return out,
            "mlp" => {
                return self.fail(
                    Diagnostic::error("E0103", span, "`mlp` makes a net, not a value").help(
                        "write `net f = mlp(hidden = [64]);`, and `f(x)` where the value stands",
                    ),
                );
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
                let own = self.user_function_names();
                let names = built_in().chain(own.iter().map(String::as_str));
                match (name.name.as_str(), ppl_syntax::suggest(&name.name, names)) {
                    ("normal_cdf" | "pnorm" | "Phi_approx", _) if args.len() == 3 => {
                        let [x, m, s] = [0, 1, 2].map(|i| ppl_syntax::print_expr(&args[i].value));
                        d.help(format!(
                            "the distribution function of Normal(0, 1) is `Phi`: write `Phi(({x} - ({m})) / ({s}))`"
                        ))
                    }
                    ("ln", _) => d
                        .help("the natural logarithm is `log`")
                        .fix(name.span, "log"),
                    (other, _) if elsewhere(other).is_some() => {
                        let here = elsewhere(other).unwrap_or_default();
                        d.help(format!("it is called `{here}` here"))
                            .fix(name.span, here)
                    }
                    (other, _) if other_names::function(other).is_some() => {
                        d.help(other_names::function(other).unwrap_or_default())
                    }
                    (_, Some(s)) => d.help(format!("did you mean `{s}`?")).fix(name.span, s),
                    (other, _) if self.lookup(other).is_some() => d.help(format!(
                        "`{other}` is a value: a product is written `{other} * (…)`, a look-up `{other}[…]`"
                    )),
                    _ => d.help("the language reference lists the functions"),
                }
            };
            return self.fail(d);
        };
        if args.len() != f.arity || args.iter().any(|a| a.name.is_some()) {
            self.names_in(args);
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
        self.all_numeric(&typed)?;
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
        let Some(x) = self.expr(x, frame) else {
            self.only_names(|this| drop(this.distribution(dist, &[], None)));
            return None;
        };
        // The density lies along whatever the value and the arguments lie along: the frame is their union.
        let args_axes = self.argument_axes(dist, frame)?;
        let mut union = x.axes.clone();
        for a in args_axes {
            if !union.contains(&a) {
                union.push(a);
            }
        }
        let d = self.distribution(dist, &union, Some(x.ty))?;
        self.not_constant_alone(&d)?;
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
}

/// What is neither elementwise nor a reduction.
const OTHERS: &[&str] = &[
    "glorot",
    "size",
    "first",
    "last",
    "diag",
    "ode",
    "log_density",
];

/// Names of the language's functions.
fn built_in<'a>() -> impl Iterator<Item = &'a str> {
    functions::ALL
        .iter()
        .map(|f| f.name)
        .chain(REDUCTIONS.iter().map(|r| r.0))
        .chain(OTHERS.iter().copied())
        .chain(super::linear::names())
}

/// Whether the language has a function of that name.
pub(super) fn is_built_in(name: &str) -> bool {
    built_in().chain(SPECIAL.iter().copied()).any(|n| n == name)
}

/// The name that a function of other languages has here.
fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "sigmoid" | "expit" => "inv_logit",
        "fabs" => "abs",
        "cumulative_sum" => "cumsum",
        "logsumexp" => "log_sum_exp",
        "gammaln" | "loggamma" => "lgamma",
        "pnorm" | "normal_cdf" => "Phi",
        "qnorm" => "inv_Phi",
        "std" | "stdev" => "sd",
        "variance" => "var",
        "average" => "mean",
        "power" => "pow",
        "gp_exp_quad_cov" | "rbf" => "exp_quad",
        "mdivide_left_tri_low" => "solve_tri",
        "log_determinant" | "logdet" => "log_det",
        _ => return None,
    })
}
