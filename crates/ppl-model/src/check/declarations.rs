//! Declarations: axes, data, kinds, and the axes of a left side.

use super::Checker;
use super::other_names::{self, Here};
use super::statements::not_available;
use crate::graph::*;
use ppl_syntax::ast::{self, AxisDef, StmtKind, TargetAxis};
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    /// Axes and data first: order among declarations is free. Scalars of a plain kind come before the axes, whose sizes
    /// may be made of them.
    pub(super) fn declare(&mut self, statements: &[ast::Stmt]) {
        let axes: Vec<&str> = statements
            .iter()
            .filter_map(|s| {
                if let StmtKind::Axis { name, .. } = &s.kind {
                    Some(name.name.as_str())
                } else {
                    None
                }
            })
            .collect();
        let first = |target: &ast::Target, kind: &ast::Kind| {
            let literal = |e: &ast::Expr| {
                matches!(e.kind, ast::ExprKind::Number(_) | ast::ExprKind::Unary(..))
            };
            target.axes.is_empty()
                && !axes.contains(&kind.name.name.as_str())
                && kind.args.iter().all(literal)
        };
        self.declare_data(statements, first);
        for s in statements {
            if let StmtKind::Axis { name, definition } = &s.kind {
                self.axis_statement(name, definition.as_ref());
            }
        }
        self.declare_data(statements, |target, kind| !first(target, kind));
    }

    fn declare_data(
        &mut self,
        statements: &[ast::Stmt],
        wanted: impl Fn(&ast::Target, &ast::Kind) -> bool,
    ) {
        for s in statements {
            if let StmtKind::Data { target, kind, from } = &s.kind
                && wanted(target, kind)
                && self.data(target, kind, from.as_ref()).is_none()
            {
                self.poison(&target.name.name);
            }
        }
    }

    pub(super) fn axis_statement(&mut self, name: &ast::Ident, definition: Option<&AxisDef>) {
        if let Some(old) = self.axis(&name.name) {
            let first = self.model.axes[old].span;
            let d = Diagnostic::error(
                "E0105",
                name.span,
                format!("the axis `{}` is declared twice", name.name),
            );
            let d = if old == 0 {
                d.at("`row`, the lines of the main table, is there already")
            } else {
                d.label(first, "first here")
            };
            return self.report(d.help("delete this statement"));
        }
        // The axis is known before its size is, so that one error does not breed others.
        let levels = match definition {
            None => Some(Levels::Found),
            Some(AxisDef::Levels(l)) => {
                let mut seen = std::collections::HashSet::new();
                for (label, span) in l {
                    if !seen.insert(label) {
                        self.report(
                            Diagnostic::error(
                                "E0105",
                                *span,
                                format!("the level `{label}` is listed twice"),
                            )
                            .help("delete it"),
                        );
                    }
                }
                Some(Levels::Listed(l.iter().map(|(t, _)| t.clone()).collect()))
            }
            Some(AxisDef::Columns(c)) => {
                Some(Levels::Columns(c.iter().map(|(t, _)| t.clone()).collect()))
            }
            Some(AxisDef::Size(e)) if matches!(e.kind, ast::ExprKind::Vector(_)) => {
                let d = Diagnostic::error("E0001", e.span, "levels stand in braces");
                self.report(d.help(format!("write `axis {} = {{low, high}};`", name.name)));
                None
            }
            Some(AxisDef::Size(e)) => self.size_expr(e).map(Levels::Size),
            Some(AxisDef::Range(a, b)) => {
                let (a, b) = (self.size_expr(a), self.size_expr(b));
                a.zip(b).map(|(a, b)| Levels::Range(a, b))
            }
        };
        match levels {
            Some(levels) => self.model.axes.push(AxisDecl {
                name: name.name.clone(),
                levels,
                span: name.span,
            }),
            None => self.poison(&name.name),
        }
    }

    /// The size of an axis, or an end of its range.
    fn size_expr(&mut self, e: &ast::Expr) -> Option<TExpr> {
        if let ast::ExprKind::Name(name) = &e.kind
            && self.lookup(name).is_none()
            && self.axis(name).is_none()
            && !self.poisoned.contains(name)
            && !super::RESERVED.contains(&name.as_str())
        {
            if let Some(&(span, _)) = self.defined.get(name) {
                let d = Diagnostic::error(
                    "E0101",
                    e.span,
                    format!("`{name}` is no datum, so it cannot be a size"),
                )
                .at("a size is known from the data")
                .label(span, "defined here");
                return self.fail(d.help(
                    "the number of unknowns cannot change while they are inferred: give a number, or `data n: int;` with `--set n=3`",
                ));
            }
            let d = Diagnostic::error("E0101", e.span, format!("nothing is named `{name}` here"))
                .at("a size is known from the data");
            return self.fail(d.help(format!(
                "declare it: `data {name}: int;`, and pass its value: `--set {name}=3`"
            )));
        }
        self.expr(e, Some(&[]))
    }

    fn data(
        &mut self,
        target: &ast::Target,
        kind: &ast::Kind,
        from: Option<&(String, Span)>,
    ) -> Option<()> {
        let axes = self.target_axes(target);
        let kind_resolved = self.kind(kind);
        let (axes, resolved) = (axes?, with_ends(kind_resolved?, kind));
        let ty = self.kind_type(&resolved);
        if kind.censored && (!matches!(resolved, Kind::Real(..) | Kind::Int(..)) || axes.is_empty())
        {
            return self.fail(
                Diagnostic::error(
                    "E0111",
                    kind.span,
                    "only columns of numbers have censored cells",
                )
                .help("write `data y[row]: censored real;`; `positive`, `unit` and `int` are possible as well"),
            );
        }
        self.kind_axes(&resolved, &axes, kind.span)?;
        if let Some((last, _)) = from
            && last.matches('*').count() > 1
        {
            return self.fail(Diagnostic::error(
                "E0111",
                from.map_or(kind.span, |f| f.1),
                "a column pattern has at most one `*`",
            ));
        }
        self.define(
            &target.name,
            Symbol {
                name: target.name.name.clone(),
                axes,
                ty,
                kind: Some(resolved),
                role: Role::Data {
                    from: from.map(|f| f.0.clone()),
                    optional: kind.optional,
                    censored: kind.censored,
                },
                stochastic: false,
                span: target.span,
            },
        )?;
        if kind.optional && matches!(ty, Ty::Bool | Ty::Index(_)) {
            return self.fail(not_available(kind.span, "`?` for a bool or a label"));
        }
        Some(())
    }

    /// Refuses bounds that hold no number between them, where they are written as numbers.
    fn holds_something(
        &mut self,
        kind: &ast::Kind,
        lo: Option<&TExpr>,
        hi: Option<&TExpr>,
    ) -> Option<()> {
        let (Some(TKind::Number(l)), Some(TKind::Number(h))) =
            (lo.map(|e| &e.kind), hi.map(|e| &e.kind))
        else {
            return Some(());
        };
        let name = &kind.name.name;
        if l < h || (name == "int" && l == h) {
            return Some(());
        }
        let d = Diagnostic::error(
            "E0111",
            kind.span,
            format!("no number is a `{name}({l}, {h})`"),
        )
        .at("the first bound must be the smaller one");
        self.fail(match l > h {
            true => d.help(format!("did you mean `{name}({h}, {l})`?")),
            false => d,
        })
    }

    /// The kind as declared.
    pub(super) fn kind(&mut self, kind: &ast::Kind) -> Option<Kind> {
        let name = kind.name.name.as_str();
        let bounds = |this: &mut Self| -> Option<(Option<TExpr>, Option<TExpr>)> {
            match kind.args.as_slice() {
                [] => Some((None, None)),
                [lo, hi] => {
                    let (lo, hi) = (this.expr(lo, None)?, this.expr(hi, None)?);
                    let open = |e: TExpr| {
                        if matches!(e.kind, TKind::Number(v) if v.is_infinite()) {
                            None
                        } else {
                            Some(e)
                        }
                    };
                    Some((open(lo), open(hi)))
                }
                _ => this.fail(
                    Diagnostic::error(
                        "E0111",
                        kind.span,
                        format!("`{name}` takes no bounds, or two"),
                    )
                    .help(format!(
                        "write `{name}(0, 10)`, or `{name}(0, inf)` for one bound"
                    )),
                ),
            }
        };
        if !kind.args.is_empty() && !matches!(name, "real" | "int") {
            return self.fail(
                Diagnostic::error("E0111", kind.span, format!("`{name}` takes no bounds"))
                    .help("only `real` and `int` do"),
            );
        }
        let constant = |v: f64| {
            Some(TExpr {
                kind: TKind::Number(v),
                axes: vec![],
                ty: Ty::Real,
                stochastic: false,
                span: kind.span,
            })
        };
        Some(match name {
            "real" | "int" => {
                let (lo, hi) = bounds(self)?;
                self.holds_something(kind, lo.as_ref(), hi.as_ref())?;
                match name {
                    "real" => Kind::Real(lo, hi),
                    _ => Kind::Int(lo, hi),
                }
            }
            "positive" => Kind::Real(constant(0.0), None),
            "unit" => Kind::Real(constant(0.0), constant(1.0)),
            "bool" => Kind::Bool,
            "simplex" => Kind::Simplex,
            "ordered" => Kind::Ordered,
            "positive_ordered" => Kind::PositiveOrdered,
            "corr_cholesky" => Kind::CorrCholesky,
            "cov_cholesky" => Kind::CovCholesky,
            "corr" => Kind::Corr,
            "cov" => Kind::Cov,
            "sum_to_zero" => Kind::SumToZero,
            _ => match self.axis(name) {
                Some(a) => Kind::Index(a),
                None => {
                    if self.poisoned.contains(name) {
                        return None;
                    }
                    let known = [
                        "real",
                        "int",
                        "bool",
                        "positive",
                        "unit",
                        "simplex",
                        "ordered",
                        "positive_ordered",
                        "corr_cholesky",
                        "cov_cholesky",
                        "corr",
                        "cov",
                        "sum_to_zero",
                    ];
                    let d = Diagnostic::error(
                        "E0111",
                        kind.name.span,
                        format!("there is no kind `{name}`"),
                    )
                    .at("not a kind, nor an axis");
                    let candidates = known
                        .into_iter()
                        .chain(self.model.axes.iter().map(|a| a.name.as_str()));
                    let close = ppl_syntax::suggest(name, candidates).map(str::to_owned);
                    let d = match (other_names::kind(name), close) {
                        (Some(Here::Name(s)), _) => {
                            d.help(format!("write `{s}`")).fix(kind.name.span, s)
                        }
                        (Some(Here::Advice(text)), _) => d.help(text),
                        (None, Some(s)) => d
                            .help(format!("did you mean `{s}`?"))
                            .fix(kind.name.span, s),
                        (None, None) => d.help(format!(
                            "labels have the kind of their axis, which is declared above: `axis {name};`; other kinds are {}",
                            known.join(", ")
                        )),
                    };
                    return self.fail(d);
                }
            },
        })
    }

    pub(super) fn kind_type(&self, kind: &Kind) -> Ty {
        match kind {
            Kind::Int(..) => Ty::Int,
            Kind::Bool => Ty::Bool,
            Kind::Index(a) => Ty::Index(*a),
            _ => Ty::Real,
        }
    }

    /// The axes of a left side, in order; loop variables give their loop's axis.
    pub(super) fn target_axes(&mut self, target: &ast::Target) -> Option<Vec<AxisRef>> {
        let mut axes: Vec<AxisRef> = vec![];
        for a in &target.axes {
            let ident = match a {
                TargetAxis::Name(ident) => ident,
                TargetAxis::Binder(b) => &b.variable,
            };
            let new = match self.loop_axis(&ident.name) {
                Some(l) => l,
                None => AxisRef::of(self.axis_or_fail(ident)?),
            };
            if !new.is_loop()
                && !axes.iter().any(|a| a.axis == new.axis && a.is_loop())
                && let Some(l) = self.loops.iter().find(|l| l.axis.axis == new.axis)
            {
                let (variable, span) = (l.variable.clone(), l.span);
                let message = format!(
                    "inside `for {variable} in {0}` the axis `{0}` is run over already",
                    ident.name
                );
                let d = Diagnostic::error("E0115", ident.span, message);
                let of_this = |a: &TargetAxis| matches!(a, TargetAxis::Binder(b) if b.variable.name == variable);
                return self.fail(match target.axes.iter().any(of_this) {
                    // The variable is of the other side of a square.
                    true => d.help(format!(
                        "write `{0}[{1}, {1}]`, or name both: `{0}[i in {1}, j in {1}]`",
                        target.name.name, ident.name
                    )),
                    false => d
                        .label(span, "the loop")
                        .help(format!("write `{}[{variable}]`", target.name.name))
                        .fix(ident.span, variable),
                });
            }
            match axes.iter().filter(|o| o.axis == new.axis).count() {
                0 => axes.push(new),
                1 if new.copy == 3 => axes.push(new),
                1 if !new.is_loop() => axes.push(AxisRef {
                    axis: new.axis,
                    copy: 1,
                }),
                _ => {
                    return self.fail(
                        Diagnostic::error(
                            "E0106",
                            ident.span,
                            format!("`{}` stands too often in one bracket", ident.name),
                        )
                        .help("a square matrix names its axis twice; more is not possible"),
                    );
                }
            }
        }
        Some(axes)
    }
}

/// The kind of a value that is given: the ends of an interval belong to it, so that `real(0, inf)` may be 0, as nothing
/// has to be mapped onto it. `positive` is above 0.
pub(super) fn with_ends(kind: Kind, written: &ast::Kind) -> Kind {
    match (kind, written.args.as_slice()) {
        (Kind::Real(Some(lo), None), [_, _]) => {
            let inf = super::number(f64::INFINITY, lo.span);
            Kind::Real(Some(lo), Some(inf))
        }
        (kind, _) => kind,
    }
}
