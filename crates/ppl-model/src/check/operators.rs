//! Operators: arithmetic, comparisons and logic, elementwise.

use super::Checker;
use super::expressions::{Frame, number, plain};
use crate::graph::*;
use ppl_dist::Prim;
use ppl_syntax::ast::{self, BinaryOp, ExprKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};

/// Whether an operator's sides are checked alone, before it is.
fn is_arithmetic(op: BinaryOp) -> bool {
    use BinaryOp::*;
    matches!(op, Add | Sub | Mul | Div | Rem | Pow)
}

impl Checker {
    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        l: &ast::Expr,
        r: &ast::Expr,
        frame: Frame,
        span: Span,
    ) -> Option<TExpr> {
        use BinaryOp::*;
        if op.is_comparison()
            && let Some(found) = self.beside_label(l, r, frame)
        {
            let (a, b) = found?;
            return self.compare_labels(op, a, b, frame, span);
        }
        if op == MatMul {
            return self.matmul(l, r, span);
        }
        if !is_arithmetic(op) {
            let (a, b) = (self.expr(l, frame), self.expr(r, frame));
            return self.combined(op, a?, b?, frame, span);
        }
        // A sum of hundreds of terms hangs down on its left: one after another, since the stack may be small.
        let (mut first, mut rest) = (l, vec![(op, r, span)]);
        while let ast::ExprKind::Binary(op, l, r) = &first.kind
            && is_arithmetic(*op)
        {
            rest.push((*op, r, first.span));
            first = l;
        }
        let mut value = self.expr(first, frame);
        for (op, r, span) in rest.into_iter().rev() {
            let other = self.expr(r, frame);
            value = match (value, other) {
                (Some(a), Some(b)) => self.combined(op, a, b, frame, span),
                _ => None,
            };
        }
        value
    }

    /// An operator's value, given those of its sides.
    fn combined(
        &mut self,
        op: BinaryOp,
        a: TExpr,
        b: TExpr,
        frame: Frame,
        span: Span,
    ) -> Option<TExpr> {
        use BinaryOp::*;
        if matches!(op, And | Or) {
            self.boolean(&a)?;
            self.boolean(&b)?;
            let prim = if op == And { Prim::Min } else { Prim::Max };
            return self.prim(prim, vec![a, b], Ty::Bool, frame, span);
        }
        if let (Ty::Index(x), Ty::Index(y)) = (a.ty, b.ty)
            && x == y
            && op.is_comparison()
        {
            return self.compare_labels(op, a, b, frame, span);
        }
        if op.is_comparison() {
            if let Some(label) = self.number_as_label(&a, &b) {
                return self.compare_labels(op, a, label?, frame, span);
            }
            if let Some(label) = self.number_as_label(&b, &a) {
                return self.compare_labels(op, label?, b, frame, span);
            }
        }
        if op.is_comparison() {
            self.column_of_labels(&a, &b)?;
            self.column_of_labels(&b, &a)?;
            self.name_as_label(&a, &b)?;
            self.name_as_label(&b, &a)?;
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

    /// A number beside an unknown label of an axis whose labels are numbers: `z == 2` is the label 2. Outer `None`: something
    /// else.
    fn number_as_label(&mut self, unknown: &TExpr, literal: &TExpr) -> Option<Option<TExpr>> {
        let (Ty::Index(axis), TKind::Number(v)) = (unknown.ty, &literal.kind) else {
            return None;
        };
        let numbered = matches!(
            self.model.axes[axis].levels,
            Levels::Size(_) | Levels::Range(..) | Levels::Rows
        );
        let v = *v;
        (numbered && v.fract() == 0.0 && self.is_summed_out(unknown))
            .then(|| self.label(axis, &format!("{v}"), literal.span))
    }

    pub(super) fn negate(&mut self, e: TExpr, span: Span) -> Option<TExpr> {
        self.prim(
            Prim::Equal,
            vec![e, number(0.0, span)],
            Ty::Bool,
            None,
            span,
        )
    }

    /// Labels of one axis: equal or not, and where the axis has an order, before or after.
    fn compare_labels(
        &mut self,
        op: BinaryOp,
        a: TExpr,
        b: TExpr,
        frame: Frame,
        span: Span,
    ) -> Option<TExpr> {
        use BinaryOp::*;
        if let Ty::Index(axis) = a.ty
            && !matches!(op, Equal | NotEqual)
            && !self.is_ordered(axis)
        {
            let name = self.model.axes[axis].name.clone();
            return self.fail(
                Diagnostic::error(
                    "E0123",
                    span,
                    format!("the levels of `{name}` have no order: they are found in the data"),
                )
                .at("neither comes before the other")
                .help(format!(
                    "list them in order: `axis {name} = {{…}};`, or give a size or a range"
                )),
            );
        }
        let (prim, args) = match op {
            Less => (Prim::Less, vec![a, b]),
            Greater => (Prim::Less, vec![b, a]),
            LessEqual => (Prim::LessEq, vec![a, b]),
            GreaterEqual => (Prim::LessEq, vec![b, a]),
            _ => (Prim::Equal, vec![a, b]),
        };
        let e = self.prim(prim, args, Ty::Bool, frame, span)?;
        if op == NotEqual {
            return self.negate(e, span);
        }
        Some(e)
    }

    /// `t <= entry[i]` of a label `t` and a column that was declared as numbers: its cells are labels too.
    fn column_of_labels(&mut self, label: &TExpr, column: &TExpr) -> Option<()> {
        let Ty::Index(axis) = label.ty else {
            return Some(());
        };
        let numbered = matches!(
            self.model.axes[axis].levels,
            Levels::Size(_) | Levels::Range(..) | Levels::Rows
        );
        if let (TKind::Number(_), Levels::Listed(levels)) =
            (&column.kind, &self.model.axes[axis].levels)
        {
            let (of, listed) = (&self.model.axes[axis].name, levels.join(", "));
            let first = levels.first().map_or("", String::as_str);
            let message = format!("a label of `{of}` is compared with a number");
            let d = Diagnostic::error("E0114", column.span, message)
                .at("a number")
                .label(label.span, format!("a label of `{of}`"))
                .help(format!(
                    "its levels are {listed}: compare with one of them, `… == {first}`"
                ));
            return self.fail(d);
        }
        let mut source = column;
        while let TKind::Gather(inner, _) = &source.kind {
            source = inner;
        }
        let (TKind::Symbol(id), false) = (&source.kind, numbered) else {
            return Some(());
        };
        let symbol = self.model.symbols[*id].clone();
        if !matches!(symbol.role, Role::Data { .. }) || matches!(symbol.ty, Ty::Index(_)) {
            return Some(());
        }
        let (name, of) = (&symbol.name, self.model.axes[axis].name.clone());
        let bracket = self.bracket(&symbol.axes);
        let message =
            format!("a label of `{of}` is compared with `{name}`, which was declared as numbers");
        self.fail(
            Diagnostic::error("E0114", column.span, message)
                .at("numbers")
                .label(label.span, format!("a label of `{of}`"))
                .help(format!(
                    "where its cells are labels of `{of}`, declare it so: `data {name}{bracket}: {of};`"
                )),
        )
    }

    /// `g == a` where `a` names a value and the labels of `g` are found in the data: the label stands in quotes.
    fn name_as_label(&mut self, label: &TExpr, other: &TExpr) -> Option<()> {
        let (Ty::Index(axis), TKind::Symbol(id)) = (label.ty, &other.kind) else {
            return Some(());
        };
        let symbol = &self.model.symbols[*id];
        if !matches!(self.model.axes[axis].levels, Levels::Found)
            || matches!(symbol.ty, Ty::Index(_))
        {
            return Some(());
        }
        let (of, name) = (self.model.axes[axis].name.clone(), symbol.name.clone());
        let message = format!("a label of `{of}` is compared with `{name}`, which is a number");
        self.fail(
            Diagnostic::error("E0114", other.span, message)
                .at("a number")
                .label(label.span, format!("a label of `{of}`"))
                .help(format!(
                    "the level of that name stands in quotes: `\"{name}\"`"
                )),
        )
    }

    /// `nope == lo`: of an unknown name beside a level only the name is told. Outer `None`: neither is a level.
    fn unknown_beside_level<T>(&mut self, a: (&str, Span), b: (&str, Span)) -> Option<Option<T>> {
        let axis_of = |this: &Self, level: &str| {
            let mut axes = this.model.axes.iter();
            let has = |l: &Levels| matches!(l, Levels::Listed(l) if l.iter().any(|x| x == level));
            axes.find(|a| has(&a.levels)).map(|a| a.name.clone())
        };
        let ((name, at), axis) = match (axis_of(self, a.0), axis_of(self, b.0)) {
            (None, Some(axis)) => (a, axis),
            (Some(axis), None) => (b, axis),
            _ => return None,
        };
        if self.poisoned.contains(name) {
            return Some(None);
        }
        if self.axis(name).is_some() || self.defined.contains_key(name) {
            return None;
        }
        let message = format!("nothing is named `{name}` here");
        let d = Diagnostic::error("E0101", at, message).at("unknown name");
        let help = format!(
            "declare it above: `data {name}[row]: {axis};` for a column of labels, `{name}[row] ~ Categorical(w);` for an unknown"
        );
        Some(self.fail(d.help(help)))
    }

    /// `county == lee`: an index beside a level. Outer `None`: something else; inner: what was wrong has been told.
    fn beside_label(
        &mut self,
        l: &ast::Expr,
        r: &ast::Expr,
        frame: Frame,
    ) -> Option<Option<(TExpr, TExpr)>> {
        let as_label = |this: &Self, e: &ast::Expr| match &e.kind {
            ExprKind::Str(s) => Some(s.clone()),
            ExprKind::Name(n) if this.lookup(n).is_none() && this.loop_axis(n).is_none() => {
                Some(n.clone())
            }
            _ => None,
        };
        let (index, label, at, left) = match (as_label(self, l), as_label(self, r)) {
            (None, Some(label)) => (l, label, r.span, true),
            (Some(label), None) => (r, label, l.span, false),
            (Some(a), Some(b)) => {
                return self.unknown_beside_level((&a, l.span), (&b, r.span));
            }
            _ => return None,
        };
        let errors = self.diagnostics.len();
        let Some(typed) = self.expr(index, frame) else {
            return Some(None);
        };
        let Ty::Index(axis) = typed.ty else {
            self.diagnostics.truncate(errors);
            return None;
        };
        let Some(label) = self.label(axis, &label, at) else {
            return Some(None);
        };
        Some(Some(if left { (typed, label) } else { (label, typed) }))
    }
}
