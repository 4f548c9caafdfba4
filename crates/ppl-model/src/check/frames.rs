//! Axes line up by name: what an operation of several values lies along, and whether it fits the left side.

use super::expressions::Frame;
use super::{Checker, Loop};
use crate::graph::*;
use ppl_dist::Prim;
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
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
        self.vector_beside_square(args, &union)?;
        let in_frame = |x: &AxisRef| x.is_loop() || frame.is_some_and(|f| f.contains(x));
        // A loop's axis is that of one element at a time: without a left side it is no operand's to have or to lack.
        let counts = |x: &AxisRef| frame.is_some() || !x.is_loop();
        let own = |a: &TExpr| a.axes.iter().filter(|x| counts(x)).count();
        let widest = args.iter().max_by_key(|a| own(a))?;
        let all = union.iter().filter(|x| counts(x)).count();
        if all > own(widest) && !union.iter().all(in_frame) {
            let widest = widest.clone();
            let other = args
                .iter()
                .find(|a| a.axes.iter().any(|x| counts(x) && !widest.axes.contains(x)))?;
            let (a, b) = (self.lies(&widest.axes), self.lies(&other.axes));
            let help = self
                .mend(&widest.axes, other)
                .or_else(|| self.mend(&other.axes, &widest));
            return self.fail(
                Diagnostic::error("E0109", span, "these do not line up: neither has all the axes of the other")
                    .label(widest.span, format!("this {a}"))
                    .label(other.span, format!("this {b}"))
                    .help(help.unwrap_or_else(|| "look one up by an index of the other, reduce it with `sum(…, over = …)`, or give it a name above, with all of its axes: `let v[a, b] = …;`".into())),
            );
        }
        Some(union)
    }

    /// A vector along one of the two axes of a square matrix could mean its rows or its columns: never guessed.
    fn vector_beside_square(&mut self, args: &[TExpr], union: &[AxisRef]) -> Option<()> {
        let Some(axis) = square_axes(union).next() else {
            return Some(());
        };
        let open = |a: &TExpr| a.axes.iter().filter(|x| is_open(x, axis)).count();
        let (Some(vector), Some(matrix)) = (
            args.iter().find(|a| open(a) == 1),
            args.iter().max_by_key(|a| open(a)),
        ) else {
            return Some(());
        };
        let name = self.model.axes[axis].name.clone();
        let d = Diagnostic::error(
            "E0109",
            vector.span,
            format!("this vector could lie along the rows of the square matrix or along its columns: both are `{name}`"),
        )
        .at(format!("this {}", self.lies(&vector.axes)))
        .label(matrix.span, format!("this {}", self.lies(&matrix.axes)));
        self.fail(d.help(rows_or_columns(&name)))
    }

    /// The same for a vector that fills a square matrix on the left.
    fn vector_fills_square(&mut self, e: &TExpr, frame: &[AxisRef], left: Span) -> Option<()> {
        let half = |&axis: &usize| {
            let own = e.axes.iter().filter(|x| is_open(x, axis));
            own.map(|x| x.copy).eq([0])
        };
        let Some(axis) = square_axes(frame).find(half) else {
            return Some(());
        };
        let name = self.model.axes[axis].name.clone();
        let d = Diagnostic::error(
            "E0109",
            e.span,
            format!("this vector could lie along the rows of the left side or along its columns: both are `{name}`"),
        )
        .at(format!("this {}", self.lies(&e.axes)))
        .label(left, format!("the left {}", self.lies(frame)));
        self.fail(d.help(self.scaled(e).unwrap_or_else(|| format!(
            "name them on the left: `…[i in {name}, j in {name}]`, and index the vector: `…[i]` or `…[j]`"
        ))))
    }

    /// `s @ L` of a vector and a square matrix where a matrix is expected: the rows or the columns scaled are meant.
    fn scaled(&self, e: &TExpr) -> Option<String> {
        let mut product = e;
        while let TKind::Rename(inner, ..) = &product.kind {
            product = inner;
        }
        let TKind::MatMul(a, b, ..) = &product.kind else {
            return None;
        };
        let name = |e: &TExpr| Some(self.model.symbols[e.whole_symbol()?].name.as_str());
        let matrix = |e: &TExpr| square_axes(&e.axes).next().is_some();
        let (a_name, b_name) = (name(a), name(b));
        Some(match (matrix(a), matrix(b)) {
            (false, true) => format!(
                "`@` sums over the axis, which leaves a vector; `diag({}) @ {}` scales the rows of the matrix",
                a_name.unwrap_or("…"),
                b_name.unwrap_or("…")
            ),
            (true, false) => format!(
                "`@` sums over the axis, which leaves a vector; `{} @ diag({})` scales the columns of the matrix",
                a_name.unwrap_or("…"),
                b_name.unwrap_or("…")
            ),
            _ => return None,
        })
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
        if one.is_loop() {
            return None;
        }
        if let Some(l) = self.loops.iter().find(|l| l.axis.axis == one.axis) {
            return Some(format!("inside the loop write `…[{}]`", l.variable));
        }
        let index = self.index_into(one.axis, axes)?;
        let name = match &e.kind {
            TKind::Symbol(s) => self.model.symbols[*s].name.clone(),
            _ => "…".into(),
        };
        let each = match axes.first() {
            Some(a) if a.axis != 0 => self.model.axis_name(*a).to_string(),
            _ => "row".into(),
        };
        Some(format!("look it up {each} by {each}: `{name}[{index}]`"))
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
            return self.vector_fills_square(e, frame, left);
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
        let whole = |l: &&Loop| {
            let on = |f: &AxisRef| f.axis == l.axis.axis && !f.is_loop();
            extra.contains(&l.axis) && frame.iter().any(on)
        };
        if let Some(l) = self.loops.iter().find(whole) {
            let (axis, variable, at) = (
                self.model.axis_name(l.axis).to_string(),
                l.variable.clone(),
                l.span,
            );
            let behind = Span {
                start: left.end,
                end: left.end,
            };
            let message =
                format!("the left is the whole of `{axis}` where one `{axis}` at a time is meant");
            return self.fail(
                Diagnostic::error("E0115", left, message)
                    .at(format!("counted once for every `{axis}`"))
                    .label(at, format!("`{variable}` runs over it"))
                    .help(format!("index it: `…[{variable}]`"))
                    .fix(behind, format!("[{variable}]")),
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
}

/// Axes that stand twice, outside of loops: those of square matrices.
fn square_axes(axes: &[AxisRef]) -> impl Iterator<Item = usize> {
    axes.iter()
        .filter(|x| x.copy == 1 && axes.contains(&AxisRef::of(x.axis)))
        .map(|x| x.axis)
}

fn is_open(x: &AxisRef, axis: usize) -> bool {
    x.axis == axis && !x.is_loop()
}

fn rows_or_columns(axis: &str) -> String {
    format!(
        "`diag(v) @ M` scales the rows, `M @ diag(v)` the columns; or name both: `let a[i in {axis}, j in {axis}] = M[i, j] + v[i];`"
    )
}
