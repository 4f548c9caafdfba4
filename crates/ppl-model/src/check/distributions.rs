//! The right side of `~`: which distribution, which form of it, and whether its arguments fit the left side's frame.

use super::Checker;
use super::expressions::Frame;
use super::other_densities;
use super::other_names::{self, Here};
use crate::graph::*;
use ppl_dist::{Domain, Shape, Support};
use ppl_syntax::ast::{self, Arg, ExprKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};

/// Kinds that are written like distributions elsewhere: `ordered(Normal(0, 1))`.
const KINDS: [&str; 6] = [
    "ordered",
    "positive_ordered",
    "positive",
    "simplex",
    "sum_to_zero",
    "unit",
];

impl Checker {
    /// Axes of a distribution's arguments together, for `log_density`.
    pub(super) fn argument_axes(&mut self, dist: &ast::Expr, frame: Frame) -> Option<Vec<AxisRef>> {
        let (mut axes, args, name) = match &dist.kind {
            ExprKind::Call(name, args) => (vec![], args, name.name.as_str()),
            ExprKind::Method(inner, _, args) => (self.argument_axes(inner, frame)?, args, ""),
            _ => return Some(vec![]),
        };
        for (i, a) in args.iter().enumerate() {
            let mut own = self.expr(&a.value, frame)?.axes;
            if super::own_axis::is_own(name, i, a) {
                own.pop();
            }
            for x in own {
                if !axes.contains(&x) {
                    axes.push(x);
                }
            }
        }
        Some(axes)
    }

    /// Checks a distribution that is drawn along `axes`. `observed`: the type of the data left of it.
    pub(super) fn distribution(
        &mut self,
        dist: &ast::Expr,
        axes: &[AxisRef],
        observed: Option<Ty>,
    ) -> Option<TDist> {
        match &dist.kind {
            ExprKind::Call(name, args) => {
                self.distribution_call(name, args, axes, observed, false, dist.span)
            }
            ExprKind::Method(inner, method, args) => match method.name.as_str() {
                "transformed" => {
                    if !self.in_guide {
                        return self.fail(
                            Diagnostic::error(
                                "E0117",
                                method.span,
                                "`.transformed()` belongs into a guide",
                            )
                            .help("in a model, write the kind on the left: `tau: positive ~ …`"),
                        );
                    }
                    let (noncentered, linked) = self.transformed(args)?;
                    let markov = self.markov(args, inner.span)?;
                    let departure = self.departure(args, inner.span)?;
                    let ExprKind::Call(name, args) = &inner.kind else {
                        return self.fail(Diagnostic::error(
                            "E0102",
                            inner.span,
                            "a distribution is expected before `.transformed()`",
                        ));
                    };
                    let d = self.distribution_call(name, args, axes, observed, true, dist.span)?;
                    if linked.is_some()
                        && (markov.is_some() || d.distribution.definition().name != "Normal")
                    {
                        return self.fail(
                            Diagnostic::error(
                                "E0117",
                                d.span,
                                "linked unknowns are drawn by `Normal(location, scale)`",
                            )
                            .help(
                                "`ppl guide --guide sparse` prints a complete guide to start from",
                            ),
                        );
                    }
                    let d = TDist {
                        noncentered,
                        markov,
                        linked,
                        departure,
                        ..d
                    };
                    self.departs(&d)?;
                    Some(d)
                }
                "truncated" | "censored" => {
                    self.modified(inner, method, args, axes, observed, dist.span)
                }
                other => {
                    let other = other.to_string();
                    let d = Diagnostic::error(
                        "E0102",
                        method.span,
                        format!("a distribution has no `.{other}`"),
                    );
                    self.fail(
                        match ppl_syntax::suggest(
                            &other,
                            ["transformed", "truncated", "censored"].into_iter(),
                        ) {
                            Some(s) => d
                                .help(format!("did you mean `.{s}(…)`?"))
                                .fix(method.span, s),
                            None => d.help("there are `.truncated(lower = …, upper = …)` and `.censored(left = …, right = …)`, and `.transformed()` in a guide"),
                        },
                    )
                }
            },
            ExprKind::If(c, a, b) => self.branch((c, a, b), axes, observed, dist.span),
            ExprKind::Error => None,
            _ => {
                let d = self.no_distribution(dist, axes);
                self.fail(d)
            }
        }
    }

    fn distribution_call(
        &mut self,
        name: &ast::Ident,
        args: &[Arg],
        axes: &[AxisRef],
        observed: Option<Ty>,
        transformed: bool,
        span: Span,
    ) -> Option<TDist> {
        let Some(distribution) = ppl_dist::find(&name.name) else {
            let d = Diagnostic::error(
                "E0102",
                name.span,
                format!("there is no distribution `{}`", name.name),
            )
            .at("unknown distribution");
            let names = || ppl_dist::ALL.iter().map(|d| d.definition().name);
            let elsewhere =
                || other_densities::advice(&name.name, observed.is_none()).map(Here::Advice);
            let d = match (
                other_names::distribution(&name.name).or_else(elsewhere),
                ppl_syntax::suggest(&name.name, names()),
            ) {
                (Some(Here::Name(s)), _) | (None, Some(s)) => {
                    d.help(format!("did you mean `{s}`?")).fix(name.span, s)
                }
                (Some(Here::Advice(help)), _) => d.help(help),
                (None, None) if KINDS.contains(&name.name.as_str()) => {
                    // What stands in it is a distribution, as it should be.
                    return self.fail(d.help(format!(
                        "`{0}` is a kind, which stands before `~`: `x[k]: {0} ~ Normal(0, 1);`",
                        name.name
                    )));
                }
                (None, None) => d.help("a distribution that is not here is written by its log density, as that of Laplace by `factor -abs(y - m) / s - log(2 * s);`, of an unknown with `y: real ~ Flat();` above it; the reference lists all that are"),
            };
            self.report(d);
            self.names_in(args);
            return None;
        };
        let def = distribution.definition();
        let (form, ordered) = self.choose_form(def, args, name.span)?;
        let n_event = match def.event {
            Shape::Scalar | Shape::OwnAxis => 0,
            Shape::Vector | Shape::Sequence => 1,
            Shape::Matrix => 2,
        };
        // A transformed draw (guide) lives on its own base axis; the lowering matches sizes.
        let (batch, event): (Vec<AxisRef>, Vec<AxisRef>) = if transformed {
            (axes.to_vec(), vec![])
        } else {
            if axes.len() < n_event {
                let what = if n_event == 1 {
                    "a vector"
                } else {
                    "a square matrix"
                };
                let help = if n_event == 1 {
                    "name its axis on the left: `w[k] ~ …`"
                } else {
                    "name its axis twice on the left: `L[k, k] ~ …`"
                };
                return self.fail(
                    Diagnostic::error(
                        "E0110",
                        span,
                        format!(
                            "a draw from {} is {what}, but the left {}",
                            def.name,
                            self.lies(axes)
                        ),
                    )
                    .help(help),
                );
            }
            let (b, e) = axes.split_at(axes.len() - n_event);
            (b.to_vec(), e.to_vec())
        };
        if n_event == 2 && !transformed && event[0].axis != event[1].axis {
            return self.fail(
                Diagnostic::error(
                    "E0110",
                    span,
                    format!("a draw from {} is a square matrix", def.name),
                )
                .help("name the same axis twice: `L[k, k]`"),
            );
        }
        if def.event == Shape::Sequence {
            if transformed {
                return self.fail(super::not_available(
                    span,
                    &format!("{} in a guide", def.name),
                ));
            }
            self.in_time(def, event[0], span)?;
        }
        if event.iter().any(|a| a.is_loop()) {
            return self.fail(
                Diagnostic::error("E0115", span, format!("a draw from {} is one event along its axis; the loop would cut it into elements", def.name))
                    .help("move the statement out of the loop"),
            );
        }
        if def.support == Support::OrderedCategory {
            self.ordered_labels(def, observed, span)?;
        }
        let mut typed = vec![];
        let before = self.diagnostics.len();
        let mut ok = true;
        let mut event_axes = event.clone();
        for (parameter, arg) in def.forms[form].parameters.iter().zip(&ordered) {
            let Some(arg) = arg else { continue };
            let mut frame = batch.clone();
            match parameter.shape {
                Shape::Scalar | Shape::OwnAxis | Shape::Sequence => {}
                Shape::Vector => frame.extend(event.last()),
                Shape::Matrix => {
                    if let Some(e) = event.last() {
                        frame.push(AxisRef {
                            axis: e.axis,
                            copy: 0,
                        });
                        frame.push(AxisRef {
                            axis: e.axis,
                            copy: 1,
                        });
                    }
                }
            }
            // A vector of weights beside a scalar draw: its axis is the one that the draw is a label of.
            let category = n_event == 0
                && !matches!(parameter.shape, Shape::Scalar | Shape::OwnAxis)
                && !transformed;
            if category && let Some(Ty::Index(a)) = observed {
                frame.push(AxisRef::of(a));
            }
            let own = parameter.shape == Shape::OwnAxis;
            let open = transformed || own || (category && !matches!(observed, Some(Ty::Index(_))));
            let read = match (open, category) {
                (false, _) => self.expr(&arg.value, Some(&frame)),
                (true, true) => self.weights_of_label(&arg.value, &frame),
                (true, false) => self.expr(&arg.value, None),
            };
            let Some(e) = read else {
                ok = false;
                continue;
            };
            let e = match parameter.shape {
                Shape::Vector => along_event(e, event.last()),
                _ => e,
            };
            if matches!(parameter.domain, Domain::Element | Domain::Adjacency)
                || graph_weight(def, parameter)
            {
                ok &= self.neighbours(parameter, &e, &event).is_some();
                typed.push(e);
                continue;
            }
            if self.numeric(&e).is_none() {
                ok = false;
                continue;
            }
            let labels = match (observed, event.last()) {
                (Some(Ty::Index(a)), _) if category => Some(AxisRef::of(a)),
                (_, last) if parameter.domain == Domain::Simplex => last.copied(),
                _ => None,
            };
            if let Some(own) = labels
                && self
                    .along_labels(def, parameter, (&e, &arg.value), (own, &batch))
                    .is_none()
            {
                ok = false;
                continue;
            }
            if !open && self.inside_frame(&e, &frame, span_of_left(span)).is_none() {
                ok = false;
                continue;
            }
            if category && let Some(Ty::Index(a)) = observed {
                event_axes = vec![AxisRef::of(a)];
            }
            if own {
                if def.event == Shape::Sequence {
                    event_axes.extend(self.coefficients(parameter, &e, &event, &batch)?);
                } else {
                    event_axes = vec![self.own_axis(parameter, &e, &batch)?];
                }
            }
            if category && observed.is_none() {
                // A latent: the axis that the weights have and the left side lacks is the one it is a label of.
                let extra: Vec<AxisRef> = e
                    .axes
                    .iter()
                    .copied()
                    .filter(|a| !batch.contains(a))
                    .collect();
                let [own] = extra.as_slice() else {
                    let of_kind = self.label_of.map(AxisRef::of);
                    if let (Some(own), true) = (of_kind, extra.is_empty()) {
                        return self
                            .along_labels(def, parameter, (&e, &arg.value), (own, &batch))
                            .and(None);
                    }
                    let lies = self.lies(&e.axes);
                    return self.fail(
                        Diagnostic::error("E0110", e.span, format!("a draw from {} is a label of the one axis that its weights have and the left side lacks; these have {}", def.name, if extra.is_empty() { "none" } else { "more than one" }))
                            .at(format!("this {lies}"))
                            .help("weights lie along the category axis: `w[k] ~ Dirichlet(1); z[row] ~ Categorical(w);`"),
                    );
                };
                event_axes = vec![*own];
            } else if category && !matches!(observed, Some(Ty::Index(_))) {
                return self.fail(
                    Diagnostic::error("E0114", span, format!("{} draws labels", def.name)).help("the observed column's kind must be the name of an axis: `data label[row]: class;`"),
                );
            }
            ok &= self.domain(def, parameter, &e, event_axes.last()).is_some();
            typed.push(e);
        }
        if !ok {
            let all: Vec<&TExpr> = typed.iter().collect();
            if let Some(order) = self.order_of(def, def.forms[form].parameters, &all) {
                let outside = self.diagnostics[before..].iter_mut();
                outside
                    .filter(|d| d.code == "E0107")
                    .for_each(|d| d.help = Some(order.clone()));
            }
            return None;
        }
        self.finite_arguments(def.forms[form].parameters, def, &typed)?;
        if form == 0 {
            self.empty_support(def, &typed)?;
        }
        if let Some(ty) = observed {
            let wrong = match def.support {
                Support::Bool => !matches!(ty, Ty::Bool | Ty::Int),
                Support::Integers(..) | Support::Counts(_) => {
                    matches!(ty, Ty::Real | Ty::Index(_))
                }
                Support::Category | Support::OrderedCategory => false,
                _ => matches!(ty, Ty::Index(_)),
            };
            if wrong {
                let want = if matches!(def.support, Support::Bool) {
                    "`bool`"
                } else {
                    "`int`"
                };
                if matches!(ty, Ty::Index(_)) {
                    return self.fail(
                        Diagnostic::error(
                            "E0114",
                            span,
                            format!("{} draws numbers, but the left side is a label", def.name),
                        )
                        .help("observe a column that is declared as a number"),
                    );
                }
                return self.fail(
                    Diagnostic::error(
                        "E0114",
                        span,
                        format!(
                            "{} draws whole numbers, but the left side is declared as real",
                            def.name
                        ),
                    )
                    .help(match def.name {
                        "Constant" => "declare the column as `int`; for one exact value beside a density model them apart: `observe y > 0 ~ Bernoulli(p);`, and in a loop `if y[i] > 0 { observe y[i] ~ …; }`".into(),
                        _ => format!("declare the column as {want}"),
                    }),
                );
            }
        }
        Some(TDist {
            distribution,
            form,
            args: typed,
            transformed,
            noncentered: vec![],
            markov: None,
            linked: None,
            departure: None,
            modifiers: Modifiers::default(),
            otherwise: None,
            event: event_axes,
            span,
        })
    }
}

/// A vector argument lies along the event: of a draw `P[k, k]`, whose rows are the events, along the second `k`.
fn along_event(e: TExpr, event: Option<&AxisRef>) -> TExpr {
    let Some(&second) = event.filter(|a| a.copy == 1 && !e.axes.contains(a)) else {
        return e;
    };
    let first = AxisRef::of(second.axis);
    if !e.axes.contains(&first) {
        return e;
    }
    let renamed = |x: &AxisRef| if *x == first { second } else { *x };
    TExpr {
        axes: e.axes.iter().map(renamed).collect(),
        ty: e.ty,
        stochastic: e.stochastic,
        span: e.span,
        kind: TKind::Rename(Box::new(e), first, second),
    }
}

/// Whether a parameter weighs the edges of a graph.
fn graph_weight(def: &ppl_dist::Definition, parameter: &ppl_dist::Parameter) -> bool {
    def.support == Support::SumToZero && parameter.shape == Shape::OwnAxis
}

/// The left side's own span is not at hand everywhere; the call's stands for it.
fn span_of_left(call: Span) -> Span {
    Span {
        start: call.start,
        end: call.start,
    }
}
