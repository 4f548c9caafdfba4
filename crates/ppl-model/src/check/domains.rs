//! Supports: literals outside a parameter's domain, latents that provably leave it, kinds that do not go with a distribution.

use super::Checker;
use super::statements::not_available;
use crate::graph::*;
use crate::simplex::Total;
use ppl_dist::{Bound, Definition, Domain, Parameter, Support};
use ppl_syntax::ast;
use ppl_syntax::diagnostic::Diagnostic;

impl Checker {
    /// Refuses arguments that are provably outside the parameter's domain.
    ///
    /// `along`: the axis of the event, for arguments that are vectors.
    pub(super) fn domain(
        &mut self,
        def: &Definition,
        parameter: &Parameter,
        e: &TExpr,
        along: Option<&AxisRef>,
    ) -> Option<()> {
        if let TKind::Number(v) = e.kind {
            let (inside, want) = match parameter.domain {
                Domain::Positive | Domain::PositiveVector => (v > 0.0, "positive"),
                Domain::NonNegative => (v >= 0.0, "0 or above"),
                Domain::Unit => ((0.0..=1.0).contains(&v), "between 0 and 1"),
                Domain::Count => (v >= 0.0 && v.fract() == 0.0, "a whole number, 0 or above"),
                _ => (true, ""),
            };
            if !inside {
                let d = Diagnostic::error(
                    "E0107",
                    e.span,
                    format!("`{}` ({}) must be {want}", parameter.name, parameter.doc),
                )
                .at(format!("this is {v}"));
                let d = if v < 0.0 {
                    d.help(format!("did you mean {}?", -v))
                        .fix(e.span, format!("{}", -v))
                } else {
                    d.help(format!("give a value that is {want}"))
                };
                return self.fail(d);
            }
        }
        self.matrix_argument(def, parameter, e)?;
        match (parameter.domain, along) {
            (Domain::Simplex, Some(&along)) => match self.model.total(e, along) {
                Total::One => return Some(()),
                Total::Elsewhere(site, at) => {
                    return self.weights_by_columns(def, e, along, (site, at));
                }
                Total::Unknown => self.written_weights(parameter, e)?,
            },
            (Domain::Ordered, _) => self.cutpoints_without_order(def, parameter, e)?,
            _ => {}
        }
        if matches!(parameter.domain, Domain::Simplex | Domain::Count) {
            return self.leaves_simplex_or_counts(parameter, e);
        }
        let needs = match parameter.domain {
            Domain::Positive | Domain::PositiveVector | Domain::NonNegative => "positive",
            Domain::Unit => "unit",
            _ => return Some(()),
        };
        let mut source = e;
        while let TKind::Gather(inner, _) | TKind::Rename(inner, ..) = &source.kind {
            source = inner;
        }
        // `-sigma`, of a sigma that is never negative.
        if let TKind::Prim(ppl_dist::Prim::Mul, args) = &source.kind
            && let [
                TExpr {
                    kind: TKind::Number(v),
                    ..
                },
                TExpr {
                    kind: TKind::Symbol(id),
                    ..
                },
            ] = args.as_slice()
            && *v < 0.0
            && self.range(&self.model.symbols[*id]).0 >= 0.0
        {
            let name = self.model.symbols[*id].name.clone();
            return self.fail(
                Diagnostic::error("E0107", e.span, format!("`{}` ({}) must not be negative, but `{name}` never is and this is its negative", parameter.name, parameter.doc))
                    .at("cannot be positive")
                    .help(format!("did you mean `{name}`?")),
            );
        }
        let TKind::Symbol(id) = source.kind else {
            return Some(());
        };
        let symbol = self.model.symbols[id].clone();
        let (low, high) = self.range(&symbol);
        let outside = if needs == "unit" {
            low < 0.0 || high > 1.0
        } else {
            low < 0.0 && high > 0.0 || high <= 0.0
        };
        if !outside || !matches!(symbol.role, Role::Site(_) | Role::Param(_)) {
            return Some(());
        }
        let wording = if needs == "unit" {
            "between 0 and 1"
        } else {
            "positive"
        };
        let fix = if needs == "unit" {
            format!("inv_logit({})", symbol.name)
        } else {
            format!("exp({})", symbol.name)
        };
        self.fail(
            Diagnostic::error("E0107", e.span, format!("`{}` ({}) must be {wording}, but `{}` can be any value from {low} to {high}", parameter.name, parameter.doc, symbol.name))
                .at("can leave its domain")
                .label(symbol.span, "declared here")
                .help(format!("give it a prior on the right support, write its kind (`{}: {needs} ~ …`), or transform it: `{fix}`", symbol.name)),
        )
    }

    /// Refuses a continuous unknown as a count, and unknowns that almost never add up to 1 as probabilities.
    fn leaves_simplex_or_counts(&mut self, parameter: &Parameter, e: &TExpr) -> Option<()> {
        let mut source = e;
        while let TKind::Gather(inner, _) | TKind::Rename(inner, ..) = &source.kind {
            source = inner;
        }
        let TKind::Symbol(id) = source.kind else {
            return Some(());
        };
        let symbol = self.model.symbols[id].clone();
        let Role::Site(d) = &symbol.role else {
            return Some(());
        };
        let simplex = d.distribution.definition().support == Support::Simplex
            || matches!(symbol.kind, Some(Kind::Simplex));
        let (name, counts) = (&symbol.name, parameter.domain == Domain::Count);
        if symbol.is_discrete_site() || !counts && simplex {
            return Some(());
        }
        let (what, help) = if counts {
            (
                "a whole number, but",
                "give it a number, data of the kind `int`, or a discrete unknown".to_owned(),
            )
        } else {
            (
                "probabilities that add up to 1, but",
                format!(
                    "give it such a prior, `{name}[…] ~ Dirichlet(1)`, or transform it: `softmax({name}, over = …)`"
                ),
            )
        };
        let found = if counts {
            "is a continuous unknown"
        } else {
            "is drawn without that constraint"
        };
        self.fail(
            Diagnostic::error(
                "E0107",
                e.span,
                format!(
                    "`{}` ({}) must be {what} `{name}` {found}",
                    parameter.name, parameter.doc
                ),
            )
            .at("can leave its domain")
            .label(symbol.span, "declared here")
            .help(help),
        )
    }

    /// Refuses weights that are written out, `[p, q]`, where unknowns that are free of each other stay in their sum.
    fn written_weights(&mut self, parameter: &Parameter, e: &TExpr) -> Option<()> {
        let mut source = e;
        while let TKind::Symbol(id) = source.kind
            && let Role::Let(inner) = &self.model.symbols[id].role
        {
            source = inner;
        }
        let TKind::Vector(parts, _) = &source.kind else {
            return Some(());
        };
        let sum = self.model.written_sum(parts);
        let left: Vec<&TExpr> = sum.iter().flat_map(|s| s.left()).collect();
        let free: Option<Vec<SymbolId>> = left.iter().map(|t| self.model.free_unknown(t)).collect();
        let Some(mut free) = free.filter(|f| !f.is_empty()) else {
            return Some(());
        };
        free.dedup();
        let names: Vec<String> = free
            .iter()
            .map(|id| format!("`{}`", self.model.symbols[*id].name))
            .collect();
        let first = self.model.symbols[free[0]].clone();
        let names = names.join(" and ");
        let message = format!(
            "`{}` ({}) must be probabilities that add up to 1, but what these add up to moves with {names}",
            parameter.name, parameter.doc
        );
        self.fail(
            Diagnostic::error("E0107", e.span, message)
                .at("can leave its domain")
                .label(first.span, "declared here")
                .help("write the last one as what the others leave, `[p, 1 - p]`, draw them together, `w[k] ~ Dirichlet(1)`, or scale them, `softmax(…)`"),
        )
    }

    /// Smallest and largest value that a symbol can take, as far as its declaration says.
    fn range(&self, s: &Symbol) -> (f64, f64) {
        // An unknown bound may be anything on its side; never an error on that account.
        let end = |e: Option<&TExpr>, open: f64| match e.map(|e| &e.kind) {
            None => open,
            Some(TKind::Number(v)) => *v,
            Some(_) if open < 0.0 => 0.0,
            Some(_) => 1.0,
        };
        let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
        let by_kind = match &s.kind {
            Some(Kind::Real(lo, hi)) => (end(lo.as_ref(), low), end(hi.as_ref(), high)),
            Some(Kind::Simplex) => (0.0, 1.0),
            Some(Kind::PositiveOrdered) => (0.0, f64::INFINITY),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let by_dist = match &s.role {
            Role::Site(d) => match d.distribution.definition().support {
                Support::Interval(lo, hi) => {
                    let end = |b: Bound, open: f64| match b {
                        Bound::At(v) => v,
                        Bound::Parameter(i) => match d.args.get(i).map(|a| &a.kind) {
                            Some(TKind::Number(v)) if d.form == 0 => *v,
                            _ => {
                                if open < 0.0 {
                                    0.0
                                } else {
                                    1.0
                                }
                            }
                        },
                    };
                    (end(lo, -1.0), end(hi, 1.0))
                }
                Support::Simplex | Support::Bool => (0.0, 1.0),
                Support::Integers(..) | Support::Category | Support::OrderedCategory => {
                    (0.0, f64::INFINITY)
                }
                _ => (f64::NEG_INFINITY, f64::INFINITY),
            },
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let truncated = match &s.role {
            Role::Site(d) if d.otherwise.is_none() => {
                let m = &d.modifiers;
                (end(m.lower.as_deref(), low), end(m.upper.as_deref(), high))
            }
            _ => (low, high),
        };
        (
            by_kind.0.max(by_dist.0).max(truncated.0),
            by_kind.1.min(by_dist.1).min(truncated.1),
        )
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
