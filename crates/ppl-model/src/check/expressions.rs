//! Expressions: types, and axes that line up by name.

use super::Checker;
use crate::graph::*;
use ppl_dist::Prim;
use ppl_syntax::ast::{self, BinaryOp, ExprKind, UnaryOp};
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

    fn name(&mut self, name: &str, span: Span) -> Option<TExpr> {
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
            if self.model.symbols[id].is_optional() && !self.observing {
                let declared = self.model.symbols[id].span;
                return self.fail(
                    Diagnostic::error("E0113", span, format!("`{name}` may have missing entries, so it can only be observed in this version"))
                        .label(declared, "declared with `?`")
                        .help("observe it as it is: `observe y ~ …`; its missing entries are integrated out"),
                );
            }
            if self.defining == Some((id, false)) {
                return self.fail(
                    Diagnostic::error("E0123", span, format!("`{name}` is defined by itself: only earlier elements of it may be read here"))
                        .at("not known yet")
                        .help(format!("did you mean `{name}[t - 1]`?")),
                );
            }
            let s = &self.model.symbols[id];
            return Some(TExpr {
                kind: TKind::Symbol(id),
                axes: s.axes.clone(),
                ty: s.ty,
                stochastic: s.stochastic,
                span,
            });
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
        if self.poisoned.contains(name) {
            return None;
        }
        if self.axis(name).is_some() {
            return self.fail(
                Diagnostic::error("E0101", span, format!("`{name}` is an axis, not a value"))
                    .at("an axis stands left of `~` and `=`, after `in` and after `over =`")
                    .help(format!(
                        "to look values up, declare the column: `data {name}[row]: {name};`"
                    )),
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
            None => d.help(format!("declare it above: `data {name}[row]: real;` for a column, `{name} ~ Normal(0, 1);` for an unknown")),
        };
        self.fail(d)
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
            return self.fail(
                Diagnostic::error("E0114", e.span, format!("this is a label of `{axis}`, not a number"))
                    .at("a label")
                    .help("labels look values up, as in `a[…]`; declare the column as `real` to calculate with it"),
            );
        }
        Some(())
    }

    fn boolean(&mut self, e: &TExpr) -> Option<()> {
        if e.ty == Ty::Bool {
            return Some(());
        }
        self.fail(
            Diagnostic::error("E0114", e.span, "a condition is expected here")
                .at("not true or false")
                .help("compare it: `… > 0`, `… == 1`"),
        )
    }

    fn binary(
        &mut self,
        op: BinaryOp,
        l: &ast::Expr,
        r: &ast::Expr,
        frame: Frame,
        span: Span,
    ) -> Option<TExpr> {
        use BinaryOp::*;
        if matches!(op, Equal | NotEqual)
            && let Some(e) = self.compare_labels(l, r, frame, span)
        {
            return if op == NotEqual {
                e.and_then(|e| self.negate(e, span))
            } else {
                e
            };
        }
        if op == MatMul {
            return self.matmul(l, r, span);
        }
        let (a, b) = (self.expr(l, frame), self.expr(r, frame));
        let (a, b) = (a?, b?);
        if matches!(op, And | Or) {
            self.boolean(&a)?;
            self.boolean(&b)?;
            let prim = if op == And { Prim::Min } else { Prim::Max };
            return self.prim(prim, vec![a, b], Ty::Bool, frame, span);
        }
        if let (Ty::Index(x), Ty::Index(y)) = (a.ty, b.ty)
            && x == y
            && matches!(op, Equal | NotEqual)
        {
            let e = self.prim(Prim::Equal, vec![a, b], Ty::Bool, frame, span)?;
            return if op == NotEqual {
                self.negate(e, span)
            } else {
                Some(e)
            };
        }
        self.numeric(&a)?;
        self.numeric(&b)?;
        let ty = match (plain(a.ty), plain(b.ty)) {
            (Ty::Int, Ty::Int) => Ty::Int,
            _ => Ty::Real,
        };
        match op {
            Add => self.prim(Prim::Add, vec![a, b], ty, frame, span),
            Sub => {
                let b = self.prim(Prim::Mul, vec![number(-1.0, b.span), b], ty, frame, span)?;
                self.prim(Prim::Add, vec![a, b], ty, frame, span)
            }
            Mul => self.prim(Prim::Mul, vec![a, b], ty, frame, span),
            Div => {
                let b = self.prim(Prim::Recip, vec![b], Ty::Real, frame, span)?;
                self.prim(Prim::Mul, vec![a, b], Ty::Real, frame, span)
            }
            Rem => {
                // a - b floor(a / b)
                let inverse = self.prim(Prim::Recip, vec![b.clone()], Ty::Real, frame, span)?;
                let ratio =
                    self.prim(Prim::Mul, vec![a.clone(), inverse], Ty::Real, frame, span)?;
                let whole = self.prim(Prim::Floor, vec![ratio], ty, frame, span)?;
                let less = self.prim(Prim::Mul, vec![number(-1.0, span), b], ty, frame, span)?;
                let less = self.prim(Prim::Mul, vec![less, whole], ty, frame, span)?;
                self.prim(Prim::Add, vec![a, less], ty, frame, span)
            }
            Pow => self.prim(Prim::Pow, vec![a, b], ty, frame, span),
            Less => self.prim(Prim::Less, vec![a, b], Ty::Bool, frame, span),
            Greater => self.prim(Prim::Less, vec![b, a], Ty::Bool, frame, span),
            LessEqual => self.prim(Prim::LessEq, vec![a, b], Ty::Bool, frame, span),
            GreaterEqual => self.prim(Prim::LessEq, vec![b, a], Ty::Bool, frame, span),
            Equal => self.prim(Prim::Equal, vec![a, b], Ty::Bool, frame, span),
            NotEqual => {
                let e = self.prim(Prim::Equal, vec![a, b], Ty::Bool, frame, span)?;
                self.negate(e, span)
            }
            And | Or | MatMul => None,
        }
    }

    fn negate(&mut self, e: TExpr, span: Span) -> Option<TExpr> {
        self.prim(
            Prim::Equal,
            vec![e, number(0.0, span)],
            Ty::Bool,
            None,
            span,
        )
    }

    /// `county == lee`: an index beside a level. Outer `None`: not such a comparison.
    fn compare_labels(
        &mut self,
        l: &ast::Expr,
        r: &ast::Expr,
        frame: Frame,
        span: Span,
    ) -> Option<Option<TExpr>> {
        let as_label = |this: &Self, e: &ast::Expr| match &e.kind {
            ExprKind::Str(s) => Some(s.clone()),
            ExprKind::Name(n) if this.lookup(n).is_none() && this.loop_axis(n).is_none() => {
                Some(n.clone())
            }
            _ => None,
        };
        let (index, label, at) = match (as_label(self, l), as_label(self, r)) {
            (None, Some(label)) => (l, label, r.span),
            (Some(label), None) => (r, label, l.span),
            _ => return None,
        };
        let errors = self.diagnostics.len();
        let typed = self.expr(index, frame);
        let Some(typed) = typed else {
            return Some(None);
        };
        let Ty::Index(axis) = typed.ty else {
            self.diagnostics.truncate(errors);
            return None;
        };
        let Some(label) = self.label(axis, &label, at) else {
            return Some(None);
        };
        Some(self.prim(Prim::Equal, vec![typed, label], Ty::Bool, frame, span))
    }

    /// An elementwise operation.
    pub(crate) fn prim(
        &mut self,
        prim: Prim,
        args: Vec<TExpr>,
        ty: Ty,
        frame: Frame,
        span: Span,
    ) -> Option<TExpr> {
        let axes = self.unite(&args, frame, span)?;
        let stochastic = args.iter().any(|a| a.stochastic);
        Some(TExpr {
            kind: TKind::Prim(prim, args),
            axes,
            ty,
            stochastic,
            span,
        })
    }

    /// The axes of an elementwise operation. Without a left side one operand must contain the others; with one, it must
    /// contain their union (which the caller checks at the end).
    pub(crate) fn unite(
        &mut self,
        args: &[TExpr],
        frame: Frame,
        span: Span,
    ) -> Option<Vec<AxisRef>> {
        let widest = args.iter().max_by_key(|a| a.axes.len())?;
        let mut union = widest.axes.clone();
        for a in args {
            for x in &a.axes {
                if !union.contains(x) {
                    union.push(*x);
                }
            }
        }
        if let Some(l) = union
            .iter()
            .find(|x| x.is_loop() && union.contains(&AxisRef::of(x.axis)))
        {
            let axis = self.model.axes[l.axis].name.clone();
            let whole = args
                .iter()
                .find(|a| a.axes.contains(&AxisRef::of(l.axis)))
                .map_or(span, |a| a.span);
            let variable = self
                .loops
                .iter()
                .find(|o| o.axis == *l)
                .map_or(String::new(), |o| o.variable.clone());
            return self.fail(
                Diagnostic::error(
                    "E0115",
                    whole,
                    format!("this is the whole of `{axis}` inside a loop over `{axis}`"),
                )
                .at(format!("counted once for every `{axis}`"))
                .help(format!("index it: `…[{variable}]`")),
            );
        }
        let in_frame = |x: &AxisRef| x.is_loop() || frame.is_some_and(|f| f.contains(x));
        if union.len() > widest.axes.len() && !union.iter().all(in_frame) {
            let widest = widest.clone();
            let other = args
                .iter()
                .find(|a| a.axes.iter().any(|x| !widest.axes.contains(x)))?;
            let (a, b) = (self.lies(&widest.axes), self.lies(&other.axes));
            let help = self
                .mend(&widest.axes, other)
                .or_else(|| self.mend(&other.axes, &widest));
            return self.fail(
                Diagnostic::error("E0109", span, "these do not line up: neither has all the axes of the other")
                    .label(widest.span, format!("this {a}"))
                    .label(other.span, format!("this {b}"))
                    .help(help.unwrap_or_else(|| "look one up by an index of the other, reduce it with `sum(…, over = …)`, or name the axes on the left".into())),
            );
        }
        Some(union)
    }

    /// "write `a[county]`": how to bring `e` onto `axes`.
    pub(crate) fn mend(&self, axes: &[AxisRef], e: &TExpr) -> Option<String> {
        let extra: Vec<AxisRef> = e
            .axes
            .iter()
            .copied()
            .filter(|x| !axes.contains(x))
            .collect();
        let [one] = extra.as_slice() else { return None };
        if let Some(l) = self.loops.iter().find(|l| l.axis.axis == one.axis) {
            return Some(format!("inside the loop write `…[{}]`", l.variable));
        }
        let index = self.index_into(one.axis)?;
        let name = match &e.kind {
            TKind::Symbol(s) => self.model.symbols[*s].name.clone(),
            _ => "…".into(),
        };
        Some(format!("look it up row by row: `{name}[{index}]`"))
    }

    /// The right side may not carry an axis that the left lacks.
    pub(crate) fn inside_frame(&mut self, e: &TExpr, frame: &[AxisRef], left: Span) -> Option<()> {
        let extra: Vec<AxisRef> = e
            .axes
            .iter()
            .copied()
            .filter(|x| !frame.contains(x))
            .filter(|x| !x.is_loop() || !frame.is_empty())
            .collect();
        if extra.is_empty() {
            return Some(());
        }
        let whole = extra.iter().find_map(|x| {
            self.loops
                .iter()
                .find(|l| l.axis.axis == x.axis && !x.is_loop() && frame.contains(&l.axis))
        });
        if let Some(l) = whole {
            let (axis, variable, at) = (
                self.model.axis_name(l.axis).to_string(),
                l.variable.clone(),
                l.span,
            );
            return self.fail(
                Diagnostic::error(
                    "E0115",
                    e.span,
                    format!("this is the whole of `{axis}` where one `{axis}` at a time is meant"),
                )
                .at(format!("counted once for every `{axis}`"))
                .label(at, format!("`{variable}` runs over it"))
                .help(format!("index it: `…[{variable}]`")),
            );
        }
        let (right, frame_lies) = (self.lies(&extra), self.lies(frame));
        let help = self.mend(frame, e).unwrap_or_else(|| {
            let names: Vec<&str> = extra.iter().map(|&a| self.model.axis_name(a)).collect();
            format!(
                "add the axis on the left, or reduce the right: `sum(…, over = {})`",
                names.join(", ")
            )
        });
        self.fail(
            Diagnostic::error("E0108", e.span, "the right side is wider than the left")
                .at(format!("this {right} as well"))
                .label(left, format!("the left {frame_lies}"))
                .help(help),
        )
    }

    fn vector(&mut self, parts: &[ast::Arg], frame: Frame, span: Span) -> Option<TExpr> {
        let values: Vec<Option<TExpr>> = parts.iter().map(|p| self.expr(&p.value, frame)).collect();
        let values: Vec<TExpr> = values.into_iter().collect::<Option<_>>()?;
        let named: Vec<String> = parts
            .iter()
            .filter_map(|p| p.name.as_ref().map(|n| n.name.clone()))
            .collect();
        let (axis, order): (AxisRef, Vec<usize>) = if named.len() == parts.len() {
            let found = self.model.axes.iter().position(|a| {
                matches!(&a.levels, Levels::Listed(l) if l.len() == named.len() && named.iter().all(|n| l.contains(n)))
            });
            let Some(axis) = found else {
                return self.fail(
                    Diagnostic::error("E0110", span, "no axis has exactly these levels")
                        .help(format!("declare one: `axis a = {{{}}};`", named.join(", "))),
                );
            };
            let Levels::Listed(levels) = &self.model.axes[axis].levels else {
                return None;
            };
            (
                AxisRef::of(axis),
                levels
                    .iter()
                    .filter_map(|l| named.iter().position(|n| n == l))
                    .collect(),
            )
        } else if named.is_empty() {
            let Some(&axis) = frame.and_then(|f| f.last()) else {
                return self.fail(
                    Diagnostic::error("E0110", span, "these values lie along no axis")
                        .help("name the left side's axes, as in `let w[k] = [0.2, 0.8];`, or the levels: `[a = 0.2, b = 0.8]`"),
                );
            };
            if let Levels::Listed(l) = &self.model.axes[axis.axis].levels
                && l.len() != values.len()
            {
                let (have, want, name) = (
                    values.len(),
                    l.len(),
                    self.model.axes[axis.axis].name.clone(),
                );
                return self.fail(Diagnostic::error(
                    "E0110",
                    span,
                    format!("{have} values, but `{name}` has {want} levels"),
                ));
            }
            (axis, (0..values.len()).collect())
        } else {
            return self.fail(Diagnostic::error(
                "E0106",
                span,
                "either all values are named or none",
            ));
        };
        for v in &values {
            self.numeric(v)?;
        }
        let mut axes: Vec<AxisRef> = vec![];
        for v in &values {
            for x in &v.axes {
                if !axes.contains(x) {
                    axes.push(*x);
                }
            }
        }
        axes.push(axis);
        let stochastic = values.iter().any(|v| v.stochastic);
        let ty = values.iter().fold(Ty::Int, |t, v| join(t, v.ty));
        let parts = order.into_iter().map(|i| values[i].clone()).collect();
        Some(TExpr {
            kind: TKind::Vector(parts, axis),
            axes,
            ty,
            stochastic,
            span,
        })
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
fn plain(t: Ty) -> Ty {
    match t {
        Ty::Bool | Ty::Index(_) => Ty::Int,
        t => t,
    }
}

fn join(a: Ty, b: Ty) -> Ty {
    if a == b {
        return a;
    }
    match (plain(a), plain(b)) {
        (Ty::Int, Ty::Int) => Ty::Int,
        _ => Ty::Real,
    }
}
