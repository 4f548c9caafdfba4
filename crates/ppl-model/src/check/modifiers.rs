//! `.truncated(…)` and `.censored(…)` behind a distribution.

use super::Checker;
use super::kind_supports::has_cdf;
use super::statements::not_available;
use crate::graph::*;
use ppl_dist::{Shape, Support};
use ppl_syntax::ast::{self, Arg};
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    /// `inner.method(args)`, where the method is `truncated` or `censored`.
    pub(super) fn modified(
        &mut self,
        inner: &ast::Expr,
        method: &ast::Ident,
        args: &[Arg],
        axes: &[AxisRef],
        observed: Option<Ty>,
        span: Span,
    ) -> Option<TDist> {
        let dist = self.distribution(inner, axes, observed);
        let names: [&str; 2] = if method.name == "truncated" {
            ["lower", "upper"]
        } else {
            ["left", "right"]
        };
        let given = self.named_pair(method, args, names);
        let (dist, [first, second]) = (dist?, given?);
        self.can_be_modified(&dist, method)?;
        let mut typed = [None, None];
        for (slot, arg) in typed.iter_mut().zip([first, second]) {
            let Some(arg) = arg else { continue };
            let e = self.expr(&arg.value, Some(axes))?;
            self.inside_frame(&e, axes, span)?;
            if method.name == "truncated" {
                self.numeric(&e)?;
            } else {
                self.flag(&e)?;
            }
            *slot = Some(Box::new(e));
        }
        let [first, second] = typed;
        let mut dist = TDist { span, ..dist };
        if method.name == "truncated" {
            self.in_order(&first, &second)?;
            (dist.modifiers.lower, dist.modifiers.upper) = (first, second);
        } else {
            (dist.modifiers.left, dist.modifiers.right) = (first, second);
        }
        Some(dist)
    }

    /// The arguments by name; at least one.
    fn named_pair<'a>(
        &mut self,
        method: &ast::Ident,
        args: &'a [Arg],
        names: [&str; 2],
    ) -> Option<[Option<&'a Arg>; 2]> {
        let mut out = [None, None];
        let more = match method.name.as_str() {
            "censored" => {
                "; an interval is a cell `[2, 5]` of a column of the kind `censored real`"
            }
            _ => "",
        };
        let form = format!(
            "write `.{}({} = …, {} = …)`, one of them or both{more}",
            method.name, names[0], names[1]
        );
        if args.is_empty() {
            return self.fail(
                Diagnostic::error(
                    "E0106",
                    method.span,
                    format!("`.{}()` says nothing", method.name),
                )
                .help(form),
            );
        }
        let mut right = true;
        for a in args {
            let wrong = |span: Span, message: String| Diagnostic::error("E0106", span, message);
            let place = a
                .name
                .as_ref()
                .map(|n| (n, names.iter().position(|x| *x == n.name)));
            let d = match place {
                Some((_, Some(i))) if out[i].is_none() => {
                    out[i] = Some(a);
                    continue;
                }
                Some((n, Some(_))) => wrong(n.span, format!("`{}` is given twice", n.name)),
                Some((n, None)) => {
                    let message = format!("`.{}` has no argument `{}`", method.name, n.name);
                    let d = wrong(n.span, message).help(form.clone());
                    match ppl_syntax::suggest(&n.name, names.into_iter()) {
                        Some(s) => d.fix(n.span, s),
                        None => d,
                    }
                }
                None => {
                    let message = format!("the arguments of `.{}` must be named", method.name);
                    let d = wrong(a.value.span, message).at("which of the two is it?");
                    d.help(form.clone())
                }
            };
            self.report(d);
            right = false;
        }
        if !right {
            self.names_in(args);
            return None;
        }
        Some(out)
    }

    fn can_be_modified(&mut self, dist: &TDist, method: &ast::Ident) -> Option<()> {
        let def = dist.distribution.definition();
        let refuse = |what: String| Diagnostic::error("E0118", method.span, what);
        let done = if method.name == "truncated" {
            "truncated"
        } else {
            "censored"
        };
        let d = if self.in_guide {
            Some(
                Diagnostic::error(
                    "E0117",
                    method.span,
                    format!("`.{done}` belongs into the model"),
                )
                .help("a guide's draws are pushed onto the site's support by `.transformed()`"),
            )
        } else if dist.otherwise.is_some() {
            Some(
                refuse(format!("a choice between distributions cannot be {done}"))
                    .help(format!("write `.{done}(…)` behind each branch's own")),
            )
        } else if def.improper {
            Some(
                refuse(format!(
                    "{} has no total mass, so it cannot be {done}",
                    def.name
                ))
                .help("bound it by a kind on the left: `x: real(0, 1) ~ …`"),
            )
        } else if def.event != Shape::Scalar {
            Some(
                refuse(format!(
                    "a draw from {} has several numbers, so it cannot be {done}",
                    def.name
                ))
                .help("only distributions of one number can be"),
            )
        } else if matches!(
            def.support,
            Support::Category | Support::OrderedCategory | Support::Bool
        ) || dist.is_constant()
        {
            Some(
                refuse(format!(
                    "a draw from {} is not on a scale that could be {done}",
                    def.name
                ))
                .help("only distributions of numbers can be"),
            )
        } else if dist.modifiers.censors() {
            Some(if method.name == "censored" {
                refuse("censored twice".into())
                    .help("give both in one: `.censored(left = …, right = …)`")
            } else {
                refuse("a censored observation cannot be truncated".into())
                    .help("truncate first, then censor: `.truncated(…).censored(…)`")
            })
        } else if dist.modifiers.truncates() && method.name == "truncated" {
            Some(
                refuse("truncated twice".into())
                    .help("give both bounds in one: `.truncated(lower = …, upper = …)`"),
            )
        } else if !has_cdf(dist) {
            Some(not_available(
                method.span,
                &format!(
                    "`.{done}` of {}, whose distribution function is not implemented,",
                    def.name
                ),
            ))
        } else {
            None
        };
        match d {
            Some(d) => self.fail(d.label(dist.span, "this distribution")),
            None => Some(()),
        }
    }

    /// A flag of censoring: a bool that the data tell.
    fn flag(&mut self, e: &TExpr) -> Option<()> {
        if e.ty != Ty::Bool {
            return self.fail(
                Diagnostic::error("E0114", e.span, "a condition is expected here")
                    .at("not true or false")
                    .help("name a `bool` column, or compare: `right = time >= 10`"),
            );
        }
        if e.stochastic {
            return self.fail(
                Diagnostic::error(
                    "E0112",
                    e.span,
                    "whether an observation is censored depends on a latent",
                )
                .at("only data may stand here")
                .help("name the column that tells which cells are censored"),
            );
        }
        Some(())
    }

    /// Literal bounds that leave nothing.
    fn in_order(&mut self, lower: &Option<Box<TExpr>>, upper: &Option<Box<TExpr>>) -> Option<()> {
        let number = |e: &Option<Box<TExpr>>| match e.as_ref().map(|e| &e.kind) {
            Some(TKind::Number(v)) => Some(*v),
            _ => None,
        };
        if let (Some(lo), Some(hi), Some(e)) = (number(lower), number(upper), upper)
            && lo > hi
        {
            return self.fail(
                Diagnostic::error(
                    "E0118",
                    e.span,
                    format!("nothing lies between the bounds {lo} and {hi}"),
                )
                .help(format!("did you mean `lower = {hi}, upper = {lo}`?")),
            );
        }
        Some(())
    }

    /// A latent is never censored, and its branches share one support.
    pub(super) fn modified_site(&mut self, dist: &TDist) -> Option<()> {
        if let Some(d) = dist.branches().iter().find(|d| d.modifiers.censors()) {
            return self.fail(
                Diagnostic::error(
                    "E0118",
                    d.span,
                    "only observations are censored, and this is a latent",
                )
                .help("leave `.censored(…)` away, or observe the data: `observe y ~ …`"),
            );
        }
        if !dist.truncated_alike() {
            return self.fail(
                Diagnostic::error(
                    "E0118",
                    dist.span,
                    "a site has one support, but the branches are truncated differently",
                )
                .help("give every branch the same literal bounds"),
            );
        }
        Some(())
    }

    /// A column with missing or censored cells is observed as a whole, by a distribution that knows what to do with them.
    pub(super) fn special_cells(&mut self, value: &TExpr, dist: &TDist) -> Option<()> {
        let mut found = None;
        value.visit(&mut |e| {
            if let TKind::Symbol(id) = e.kind
                && (self.model.symbols[id].is_censored() || self.model.symbols[id].is_optional())
            {
                found = Some(id);
            }
        });
        let Some(id) = found else {
            return Some(());
        };
        let (name, censored) = (
            self.model.symbols[id].name.clone(),
            self.model.symbols[id].is_censored(),
        );
        if value.whole_symbol().is_none() {
            return self.fail(
                not_available(
                    value.span,
                    "a part of a column with missing or censored cells",
                )
                .help(format!("observe the whole of it: `observe {name} ~ …`")),
            );
        }
        if !censored {
            return Some(());
        }
        for d in dist.branches() {
            let def = d.distribution.definition();
            let refused = if d.modifiers.censors() {
                Diagnostic::error(
                    "E0118",
                    d.span,
                    format!("the cells of `{name}` say themselves how they are censored"),
                )
                .help("leave `.censored(…)` away, or declare the column as plain numbers")
            } else if def.event != Shape::Scalar || !has_cdf(d) {
                not_available(
                    d.span,
                    &format!(
                        "a censored column under {}, whose distribution function is not implemented,",
                        def.name
                    ),
                )
            } else {
                continue;
            };
            return self.fail(refused.label(value.span, "a `censored` column"));
        }
        Some(())
    }
}
