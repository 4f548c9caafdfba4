//! Declared kinds beside the supports of distributions: whether they go together, and the normaliser is known.

use super::Checker;
use super::statements::not_available;
use crate::graph::*;
use ppl_dist::{Bound, Support};
use ppl_syntax::ast;
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    /// `real(0, if b > 0 { 3 / b } else { inf })`: an end that is there for some values of the unknowns alone is no end of an interval, and what
    /// is open beyond it no half line.
    fn finite_end(&mut self, end: &TExpr, at: Span) -> Option<()> {
        if !end.stochastic || !self.reads_infinity(end) {
            return Some(());
        }
        let d = Diagnostic::error(
            "E0107",
            at,
            "an end of this kind is infinite for some values of the unknowns",
        );
        self.fail(d.help(
            "leave that end open, and cut the support off by a term of its own: `factor if x < 3 / b { 0 } else { -inf };`",
        ))
    }

    /// Whether an infinite number is written in an expression, or in a deterministic value that it reads.
    fn reads_infinity(&self, e: &TExpr) -> bool {
        let (mut stack, mut found) = (vec![], false);
        let mut look = |e: &TExpr| {
            e.visit(&mut |e| found |= matches!(e.kind, TKind::Number(v) if v.is_infinite()));
        };
        look(e);
        e.symbols(&mut stack);
        for id in self.model.read_through(stack) {
            if let Role::Let(e) = &self.model.symbols[id].role {
                look(e);
            }
        }
        found
    }

    /// Whether a declared kind goes with a distribution, so that the normaliser is known.
    pub(super) fn check_kind_against(
        &mut self,
        kind: &Option<Kind>,
        dist: &TDist,
        axes: &[AxisRef],
        target: &ast::Target,
        written: &ast::Expr,
    ) -> Option<()> {
        let Some(kind) = kind else {
            return Some(());
        };
        let at = target.span;
        let def = dist.distribution.definition();
        let pair = |what: &str| {
            Diagnostic::error(
                "E0118",
                at,
                format!("the kind `{what}` does not go with {}", def.name),
            )
            .label(dist.span, format!("draws of {}", def.name))
        };
        match kind {
            Kind::Real(lo, hi) => {
                if def.event != ppl_dist::Shape::Scalar || def.is_discrete() {
                    return self.fail(
                        pair("real")
                            .help("leave the kind away: the distribution has its own support"),
                    );
                }
                for end in [lo, hi].into_iter().flatten() {
                    self.finite_end(end, at)?;
                }
                let narrower = lo.is_some() || hi.is_some();
                let same = self.kind_is_support(lo.as_ref(), hi.as_ref(), def.support);
                if narrower && !same && !def.improper && !has_cdf(dist) {
                    return self.fail(
                        not_available(at, &format!("narrowing {} to an interval (its distribution function is not implemented)", def.name)),
                    );
                }
                Some(())
            }
            Kind::Ordered | Kind::PositiveOrdered => {
                let Some(last) = axes.last().copied() else {
                    return self.fail(
                        pair("ordered").help("an ordered vector has an axis: `mu[k]: ordered ~ …`"),
                    );
                };
                if last.is_loop() {
                    return self
                        .fail(pair("ordered").help("write the statement outside of the loop"));
                }
                let along = &self.model.axes[last.axis];
                if matches!(along.levels, Levels::Found) {
                    let name = along.name.clone();
                    return self.fail(
                        pair("ordered")
                            .at(format!(
                                "the levels of `{name}` have no order: they are found in the data"
                            ))
                            .help(format!(
                                "list them in order: `axis {name} = {{low, middle, high}};`"
                            )),
                    );
                }
                if def.event != ppl_dist::Shape::Scalar || def.is_discrete() {
                    return self.fail(pair("ordered").help("ordered vectors have independent components: Normal, StudentT, Cauchy, Flat, …"));
                }
                let positive = matches!(kind, Kind::PositiveOrdered);
                if positive && dist.modifiers.truncates() {
                    return self.fail(
                        not_available(at, "a `positive_ordered` vector with truncated components")
                            .help("write `ordered`; `positive_ordered` narrows a distribution on the real line to positive numbers"),
                    );
                }
                let above_zero =
                    matches!(def.support, Support::Interval(Bound::At(lo), _) if lo >= 0.0);
                let ok = def.improper
                    || match def.support {
                        Support::Real => !positive || has_cdf(dist),
                        Support::Interval(..) => !positive || above_zero,
                        _ => false,
                    };
                if !ok {
                    let help = match positive {
                        true => {
                            "use a distribution on the positive half-line, or one on the real line with a distribution function"
                        }
                        false => "use a distribution on the real line or on an interval",
                    };
                    return self.fail(pair(kind.keyword()).help(help));
                }
                // Each element would have a support of its own.
                let bounds = [&dist.modifiers.lower, &dist.modifiers.upper];
                let bounds = bounds.into_iter().flatten().map(|e| &**e);
                let ends: Vec<&TExpr> = match def.support {
                    Support::Interval(lo, hi) => [lo, hi]
                        .into_iter()
                        .filter(|_| dist.form == 0)
                        .filter_map(|b| match b {
                            Bound::Parameter(i) => dist.args.get(i),
                            Bound::At(_) => None,
                        })
                        .collect(),
                    _ => vec![],
                };
                if let Some(end) = bounds.chain(ends).find(|e| e.axes.contains(&last)) {
                    let name = self.model.axis_name(last).to_string();
                    return self.fail(
                        pair(kind.keyword())
                            .at("the elements have ends of their own")
                            .label(end.span, format!("varies along `{name}`"))
                            .help("give all elements the same ends"),
                    );
                }
                let varies = |e: &&TExpr| e.axes.contains(&last);
                let arguments = dist.expressions();
                let latent = arguments.iter().find(|e| e.stochastic);
                if let (Some(apart), Some(latent)) = (arguments.iter().find(|e| varies(e)), latent)
                {
                    return self.fail(
                        pair(kind.keyword())
                            .at("the normaliser of the ordering is not known")
                            .label(apart.span, "the components differ")
                            .label(latent.span, "and a latent moves them")
                            .help(self.without_normaliser(kind, target, written)),
                    );
                }
                Some(())
            }
            Kind::SumToZero if def.support == Support::SumToZero => Some(()),
            Kind::SumToZero => {
                self.kind_axes(kind, axes, at)?;
                let last = axes[axes.len() - 1];
                if last.is_loop() {
                    return self
                        .fail(pair("sum_to_zero").help("write the statement outside of the loop"));
                }
                let normal = def
                    .location_scale
                    .filter(|ls| !ls.exponentiated && def.event == ppl_dist::Shape::Scalar);
                let plain = dist.otherwise.is_none() && !dist.modifiers.truncates();
                if !plain || (normal.is_none() && !def.improper) {
                    return self.fail(
                        pair("sum_to_zero")
                            .help("use `Normal(m, s)` with one `s` for the vector, or `Flat()`"),
                    );
                }
                if let Some(sd) = normal.and_then(|ls| dist.args.get(ls.scale))
                    && sd.axes.contains(&last)
                {
                    let name = self.model.axis_name(last).to_string();
                    return self.fail(
                        pair("sum_to_zero")
                            .at("the normaliser is known for one scale")
                            .label(sd.span, format!("varies along `{name}`"))
                            .help("give all elements one standard deviation"),
                    );
                }
                Some(())
            }
            Kind::Simplex if def.support == Support::Simplex => Some(()),
            Kind::Simplex if def.improper => {
                self.kind_axes(kind, axes, at)?;
                if axes.last().is_some_and(|a| a.is_loop()) {
                    return self
                        .fail(pair("simplex").help("write the statement outside of the loop"));
                }
                Some(())
            }
            Kind::Corr if def.support == Support::Correlation => Some(()),
            Kind::Cov if def.support == Support::Covariance => Some(()),
            Kind::Corr => self.fail(pair("corr").help("use LkjCorr")),
            Kind::Cov => self.fail(pair("cov").help("use Wishart or InvWishart")),
            Kind::CorrCholesky if def.support == Support::CorrCholesky => Some(()),
            Kind::Bool if def.support == Support::Bool => Some(()),
            Kind::Int(..) if def.is_discrete() => Some(()),
            Kind::Simplex => self.fail(pair("simplex").help("use Dirichlet, or Flat")),
            Kind::CorrCholesky => self.fail(pair("corr_cholesky").help("use LkjCholesky")),
            Kind::CovCholesky => self.fail(
                not_available(at, "a covariance factor as a latent")
                    .help("scale an LkjCholesky factor: `diag(tau) @ L`"),
            ),
            Kind::Bool | Kind::Int(..) | Kind::Index(_) => {
                self.fail(pair("int").help("leave the kind away"))
            }
        }
    }

    /// How an ordered vector has the density that is written, without the normaliser of its order.
    fn without_normaliser(&self, kind: &Kind, target: &ast::Target, written: &ast::Expr) -> String {
        let name = &target.name.name;
        let axes = target.axes.iter().map(|a| match a {
            ast::TargetAxis::Name(axis) => axis.name.clone(),
            ast::TargetAxis::Binder(b) => format!("{} in {}", b.variable.name, b.axis.name),
        });
        let axes: Vec<String> = axes.collect();
        let own: Vec<&str> = { self.loops.iter() }
            .map(|l| l.variable.as_str())
            .filter(|v| axes.iter().any(|a| a == v))
            .collect();
        let element = match own.is_empty() {
            true => name.clone(),
            false => format!("{name}[{}]", own.join(", ")),
        };
        let same = "give all components the same distribution, or one that data alone determine";
        let text = ppl_syntax::print_expr(written);
        // A vector that is written out lies along the left side, which `log_density` has not.
        if text.contains("([") || text.contains(", [") {
            return same.to_owned();
        }
        format!(
            "{same}; or take the density as it is, as Stan does: `{name}[{}]: {} ~ Flat(); factor log_density({}, {element});`, whose evidence is not defined",
            axes.join(", "),
            kind.keyword(),
            text
        )
    }

    fn kind_is_support(&self, lo: Option<&TExpr>, hi: Option<&TExpr>, support: Support) -> bool {
        let same = |e: Option<&TExpr>, b: Bound, open: f64| match (e, b) {
            (None, Bound::At(v)) => v == open,
            (
                Some(TExpr {
                    kind: TKind::Number(v),
                    ..
                }),
                Bound::At(w),
            ) => *v == w,
            _ => false,
        };
        match support {
            Support::Real => lo.is_none() && hi.is_none(),
            Support::Interval(a, b) => same(lo, a, f64::NEG_INFINITY) && same(hi, b, f64::INFINITY),
            _ => false,
        }
    }
}

/// Whether the distribution function can be written into a program.
pub(crate) fn has_cdf(d: &TDist) -> bool {
    let parameters: Vec<[f64; 1]> = d
        .distribution
        .definition()
        .parameters()
        .iter()
        .map(|_| [0.5])
        .collect();
    let consts: Vec<[ppl_dist::Expr; 1]> = parameters
        .iter()
        .map(|p| [ppl_dist::Expr::Const(p[0])])
        .collect();
    let refs: Vec<&[ppl_dist::Expr]> = consts.iter().map(|c| &c[..]).collect();
    d.distribution
        .cdf_expr(ppl_dist::Expr::Const(0.5), &refs)
        .is_some()
}
