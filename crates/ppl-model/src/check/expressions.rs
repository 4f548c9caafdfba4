//! Expressions: types, and axes that line up by name.

use super::Checker;
use crate::graph::*;
use ppl_dist::Prim;
use ppl_syntax::ast::{self, ExprKind, UnaryOp};
use ppl_syntax::diagnostic::{Diagnostic, Span};

/// What the left side allows: `None` where there is no left side (one operand must then contain the others).
pub(crate) type Frame<'a> = Option<&'a [AxisRef]>;

impl Checker {
    /// Types an expression; `None` if something was wrong with it, which is then reported.
    pub(crate) fn expr(&mut self, e: &ast::Expr, frame: Frame) -> Option<TExpr> {
        let scalar = |kind, ty| {
            Some(TExpr {
                kind,
                axes: vec![],
                ty,
                stochastic: false,
                span: e.span,
            })
        };
        match &e.kind {
            ExprKind::Error => None,
            ExprKind::Number(v) => scalar(
                TKind::Number(*v),
                if v.fract() == 0.0 && v.abs() < 1e15 {
                    Ty::Int
                } else {
                    Ty::Real
                },
            ),
            ExprKind::Bool(b) => scalar(TKind::Number(f64::from(u8::from(*b))), Ty::Bool),
            ExprKind::Str(_) => self.fail(
                Diagnostic::error(
                    "E0114",
                    e.span,
                    "a string stands only in brackets and after `from`",
                )
                .at("not a number"),
            ),
            ExprKind::Name(name) => self.name(name, e.span),
            ExprKind::Unary(op, a) => {
                let a = self.expr(a, frame)?;
                match op {
                    UnaryOp::Neg => {
                        if let TKind::Number(v) = a.kind {
                            return Some(TExpr {
                                kind: TKind::Number(-v),
                                span: e.span,
                                ..a
                            });
                        }
                        self.numeric(&a)?;
                        let ty = if a.ty == Ty::Bool { Ty::Int } else { a.ty };
                        let minus = number(-1.0, e.span);
                        self.prim(Prim::Mul, vec![minus, a], ty, frame, e.span)
                    }
                    UnaryOp::Not => {
                        self.boolean(&a)?;
                        let zero = number(0.0, e.span);
                        self.prim(Prim::Equal, vec![a, zero], Ty::Bool, frame, e.span)
                    }
                }
            }
            ExprKind::Binary(op, l, r) => self.binary(*op, l, r, frame, e.span),
            ExprKind::Index(src, indices) => self.index(src, indices, frame, e.span),
            ExprKind::Call(name, args) => self.call(name, args, frame, e.span),
            ExprKind::Method(_, name, _) => self.fail(
                Diagnostic::error(
                    "E0114",
                    name.span,
                    format!("`.{}` belongs to a distribution", name.name),
                )
                .help("it stands right of `~`"),
            ),
            ExprKind::Comprehension {
                function,
                binders,
                filter,
                value,
            } => self.comprehension((function, binders, filter.as_deref(), value), frame, e.span),
            ExprKind::If(c, a, b) => {
                let [c, a, b] = self.branch_value((c, a, b), frame);
                let (c, a, b) = (c?, a?, b?);
                self.boolean(&c)?;
                self.numeric(&a)?;
                self.numeric(&b)?;
                let ty = join(a.ty, b.ty);
                self.prim(Prim::Select, vec![c, a, b], ty, frame, e.span)
            }
            ExprKind::Vector(parts) => self.vector(parts, frame, e.span),
        }
    }

    pub(super) fn name(&mut self, name: &str, span: Span) -> Option<TExpr> {
        if let Some(axis) = self.loop_axis(name) {
            return Some(TExpr {
                kind: TKind::LoopVariable,
                axes: vec![axis],
                ty: Ty::Index(axis.axis),
                stochastic: false,
                span,
            });
        }
        if let Some(id) = self.lookup(name) {
            let mut imputed = false;
            if self.model.symbols[id].is_optional() && !self.observing {
                if self.in_guide {
                    let declared = self.model.symbols[id].span;
                    return self.fail(
                        Diagnostic::error(
                            "E0117",
                            span,
                            format!("a guide draws the missing entries of `{name}`, so it cannot read them"),
                        )
                        .label(declared, "declared with `?`")
                        .help("let the guide depend on columns without missing entries"),
                    );
                }
                imputed = true;
            }
            if self.model.symbols[id].is_censored() && !self.observing {
                let declared = self.model.symbols[id].span;
                return self.fail(
                    Diagnostic::error("E0114", span, format!("a cell of `{name}` may be an interval, so it is no number to calculate with"))
                        .label(declared, "declared as `censored`")
                        .help(format!("observe it as it is: `observe {name} ~ …`")),
                );
            }
            if self.defining == Some((id, false)) {
                return self.fail(
                    Diagnostic::error("E0123", span, format!("`{name}` is defined by itself: only earlier elements of it may be read here"))
                        .at("not known yet")
                        .help(format!("did you mean `{name}[t - 1]`?")),
                );
            }
            if let Some(value) = self.inlined(id) {
                return Some(TExpr {
                    span,
                    ..value.clone()
                });
            }
            self.not_yet(id, span)?;
            if imputed {
                self.needs_values(id, span)?;
            }
            let s = &self.model.symbols[id];
            return Some(TExpr {
                kind: TKind::Symbol(id),
                axes: s.axes.clone(),
                ty: s.ty,
                stochastic: s.stochastic || imputed,
                span,
            });
        }
        if self.poisoned.contains(name) {
            return None;
        }
        let constant = match name {
            "pi" => Some(std::f64::consts::PI),
            "inf" => Some(f64::INFINITY),
            _ => None,
        };
        if let Some(v) = constant {
            return Some(TExpr {
                ty: Ty::Real,
                ..number(v, span)
            });
        }
        if let Some(function) = self.inside_function()
            && (self.model.names.contains_key(name) || self.defined.contains_key(name))
        {
            let d = Diagnostic::error(
                "E0101",
                span,
                format!("`{name}` is no argument of `{function}`"),
            )
            .at("a function reads its arguments alone");
            return self.fail(d.help(format!(
                "add it to the arguments of `{function}`, and pass it"
            )));
        }
        if self.axis(name).is_some() {
            return self.fail(
                Diagnostic::error("E0101", span, format!("`{name}` is an axis, not a value"))
                    .at("an axis stands left of `~` and `=`, after `in` and after `over =`")
                    .help(self.instead_of_axis(name)),
            );
        }
        let level = self
            .model
            .axes
            .iter()
            .find(|a| matches!(&a.levels, Levels::Listed(l) if l.iter().any(|x| x == name)));
        if let Some(axis) = level {
            let d = Diagnostic::error(
                "E0101",
                span,
                format!(
                    "`{name}` is a level of `{}`; it stands in a bracket or beside `==`",
                    axis.name
                ),
            );
            return self.fail(d.help(format!("to look a value up by it: `m[{name}]`")));
        }
        if let Some(d) = self.used_too_early(name, span) {
            return self.fail(d);
        }
        let scope: Vec<String> = self
            .scopes
            .iter()
            .flat_map(|s| s.keys().cloned())
            .chain(self.loops.iter().map(|l| l.variable.clone()))
            .collect();
        let d = Diagnostic::error("E0101", span, format!("nothing is named `{name}` here"))
            .at("unknown name");
        let d = match ppl_syntax::suggest(name, scope.iter().map(String::as_str)) {
            Some(s) => d.help(format!("did you mean `{s}`?")).fix(span, s),
            None => match self.inside_function() {
                Some(function) => d.help(format!(
                    "a function reads its arguments alone: add `{name}` to those of `{function}`, and pass it in every call"
                )),
                None => d.help(format!("declare it above: `data {name}[row]: real;` for a column, `{name} ~ Normal(0, 1);` for an unknown")),
            },
        };
        self.fail(d)
    }

    /// A column whose cells are labels of an axis.
    pub(super) fn column_into(&self, axis: usize) -> Option<&str> {
        let mut symbols = self.model.symbols.iter();
        let found = symbols.find(|s| {
            matches!(s.role, Role::Data { .. }) && s.ty == Ty::Index(axis) && !s.name.is_empty()
        });
        found.map(|s| s.name.as_str())
    }

    /// What to write where the name of an axis stands for a value.
    fn instead_of_axis(&self, name: &str) -> String {
        let axis = self.axis(name);
        if let Some(column) = axis.and_then(|a| self.column_into(a)) {
            return format!(
                "the labels of the rows are `{column}`: look values up by it, `…[{column}]`"
            );
        }
        let numbered = axis.is_some_and(|a| {
            let levels = &self.model.axes[a].levels;
            matches!(levels, Levels::Size(_) | Levels::Range(..) | Levels::Rows)
        });
        match (name, numbered) {
            ("row", _) => "give the line a name: a loop, `for t in row { … y[t - 1] … }`, or a bracket on the left, `let v[i in row] = …;`".to_owned(),
            (_, true) => {
                let k = if name == "k" { "j" } else { "k" };
                format!("its numbers need a name of their own, bound on the left, `let v[i in row, {k} in {name}] = x[i] ^ {k};`, or by a loop, `for {k} in {name} {{ … }}`; a column of its labels is declared, `data {name}[row]: {name};`")
            }
            _ => format!("to look values up, declare the column: `data {name}[row]: {name};`; to choose by its levels, bind them on the left: `let v[k in {name}] = if k == … {{ … }} else {{ … }};`"),
        }
    }

    /// Every one that is no number is told.
    pub(super) fn all_numeric(&mut self, es: &[TExpr]) -> Option<()> {
        let numeric: Vec<Option<()>> = es.iter().map(|e| self.numeric(e)).collect();
        numeric.into_iter().collect()
    }

    pub(crate) fn numeric(&mut self, e: &TExpr) -> Option<()> {
        if let Ty::Index(a) = e.ty {
            let axis = self.model.axes[a].name.clone();
            let numbered = matches!(
                self.model.axes[a].levels,
                Levels::Size(_) | Levels::Range(..) | Levels::Rows
            );
            if numbered && !self.is_summed_out(e) {
                return Some(());
            }
            let help = if numbered {
                format!("look its number up: `let number[i in {axis}] = i;`, then `number[…]`")
            } else {
                "labels look values up, as in `a[…]`; declare the column as `real` to calculate with it".to_owned()
            };
            return self.fail(
                Diagnostic::error(
                    "E0114",
                    e.span,
                    format!("this is a label of `{axis}`, not a number"),
                )
                .at("a label")
                .help(help),
            );
        }
        Some(())
    }

    pub(super) fn boolean(&mut self, e: &TExpr) -> Option<()> {
        if e.ty == Ty::Bool {
            return Some(());
        }
        self.fail(
            Diagnostic::error("E0114", e.span, "a condition is expected here")
                .at("not true or false")
                .help("compare it: `… > 0`, `… == 1`"),
        )
    }
}

/// A literal.
pub(crate) fn number(v: f64, span: Span) -> TExpr {
    let ty = if v.fract() == 0.0 { Ty::Int } else { Ty::Real };
    TExpr {
        kind: TKind::Number(v),
        axes: vec![],
        ty,
        stochastic: false,
        span,
    }
}

/// Bool and labels of numbered axes count as whole numbers.
pub(super) fn plain(t: Ty) -> Ty {
    match t {
        Ty::Bool | Ty::Index(_) => Ty::Int,
        t => t,
    }
}

pub(super) fn join(a: Ty, b: Ty) -> Ty {
    if a == b {
        return a;
    }
    match (plain(a), plain(b)) {
        (Ty::Int, Ty::Int) => Ty::Int,
        _ => Ty::Real,
    }
}
