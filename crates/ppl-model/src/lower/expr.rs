//! Expressions to nodes.

use super::{Lowered, Lowering};
use crate::bind::Bound;
use crate::graph::*;
use ppl_core::{AxisId, AxisSet, Expr, Index, Op, Prim, Real};
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl<'a, 'b> Lowering<'a, 'b> {
    /// Lowers an expression.
    pub fn expr(&self, e: &TExpr) -> Lowered<Expr<'b>> {
        if let Some(replaced) = self.step.and_then(|step| step.replace(e, self)) {
            return replaced;
        }
        Ok(match &e.kind {
            TKind::Number(v) => Expr::Const(*v),
            TKind::Symbol(id) => self.symbol(*id)?,
            // Only the start of a param is one, and that is read apart.
            TKind::Glorot => Expr::Const(0.0),
            TKind::Size(a) => Expr::Const(self.bound.axes[*a].size() as f64),
            TKind::Label(axis, label) => Expr::Const(f64::from(self.label(*axis, label))),
            TKind::LoopVariable => self.loop_variable(e),
            // Labels of one axis compare by their places along it.
            TKind::Prim(p @ (Prim::Equal | Prim::Less | Prim::LessEq), args)
                if matches!(args[0].ty, Ty::Index(_)) && args[0].ty == args[1].ty =>
            {
                Expr::apply(*p, &[self.position(&args[0])?, self.position(&args[1])?])
            }
            TKind::Prim(p, args) => {
                let args = self.exprs(args)?;
                match (p, args.as_slice()) {
                    (Prim::Recip, [a]) => a.recip(),
                    _ => Expr::apply(*p, &args),
                }
            }
            TKind::Function(f, args) => (f.apply)(&self.exprs(args)?),
            TKind::Gather(src, indices) => match src.kind {
                TKind::Symbol(id) if self.is_enumerated(id) => {
                    self.enumerated_at(id, indices, e.span)?
                }
                TKind::Symbol(id) if self.is_drawn(id) => self.drawn_at(id, indices, e.span)?,
                _ => self.gather(src, indices)?,
            },
            TKind::Rename(inner, from, to) => {
                let v = self.expr(inner)?;
                self.not_mixed(v, self.axes.set(&[*from]), e.span)?;
                self.builder
                    .rename(v, self.axes.id(*from), self.axes.id(*to))
            }
            TKind::Reduce(r, inner, over) => self.reduce(*r, inner, over)?,
            TKind::Group(r, inner, index) => self.group(*r, inner, index, e)?,
            TKind::MatMul(l, r, a, b) => self.matmul(l, r, *a, *b)?,
            TKind::Linear(call) => self.linear(call)?,
            TKind::Diag(v, first, second) => {
                let v = self.expr(v)?;
                v * self.identity(self.axes.id(*first), self.axes.id(*second))
            }
            TKind::Vector(parts, axis) => {
                let axis_id = self.axes.id(*axis);
                let n = self.builder.size(axis_id);
                if parts.len() != n {
                    let name = &self.bound.model.axes[axis.axis].name;
                    return Err(Box::new(wrong_length(e.span, parts.len(), name, n)));
                }
                let parts = self.exprs(parts)?;
                self.builder.stack(&parts, axis_id)
            }
            // Only a bracket reads a shift; as a number it is the position that it gives.
            TKind::Shift(axis, lag, by) => {
                let (axes, positions) = self.shifted(*axis, *lag, *by);
                let numbers: Vec<f64> = positions.iter().map(|&p| f64::from(p)).collect();
                self.builder.data(
                    self.axes.to_program(&numbers, &axes).into(),
                    self.axes.set(&axes),
                )
            }
            TKind::First(axis, n, by) => self.end_flags(*axis, *n, *by, false),
            TKind::Last(axis, n, by) => self.end_flags(*axis, *n, *by, true),
            // A slot is replaced before it comes here.
            TKind::Slot(_) => Expr::Const(f64::NAN),
            TKind::Ode(o) => self.ode(o, e.span)?,
            TKind::LogDensity(d, x) => {
                let value = self.expr(x)?;
                self.density(d, value)?
            }
        })
    }

    fn exprs(&self, es: &[TExpr]) -> Lowered<Vec<Expr<'b>>> {
        es.iter().map(|e| self.number(e)).collect()
    }

    /// An expression to calculate with: of a label, the number that it says. Only labels that are consecutive whole
    /// numbers are calculated with.
    pub fn number(&self, e: &TExpr) -> Lowered<Expr<'b>> {
        let value = self.expr(e)?;
        let Ty::Index(axis) = e.ty else {
            return Ok(value);
        };
        if matches!(e.kind, TKind::LoopVariable) {
            return Ok(value);
        }
        let first = self.bound.axes[axis].labels.first_number();
        Ok(value + Expr::Const(first))
    }

    pub(super) fn label(&self, axis: usize, label: &str) -> u32 {
        self.bound.axes[axis].labels.position(label).unwrap_or(0)
    }

    /// A label as its position along its axis, for comparisons between labels.
    pub(super) fn position(&self, e: &TExpr) -> Lowered<Expr<'b>> {
        match (&e.kind, e.ty) {
            (TKind::LoopVariable, Ty::Index(axis)) => {
                let positions: Vec<f64> = (0..self.bound.axes[axis].size())
                    .map(|i| i as f64)
                    .collect();
                Ok(self.builder.data(positions.into(), self.axes.set(&e.axes)))
            }
            _ => self.expr(e),
        }
    }

    /// A loop variable as a number: what its label says where labels are numbers (1..n), its position otherwise.
    fn loop_variable(&self, e: &TExpr) -> Expr<'b> {
        let Ty::Index(axis) = e.ty else {
            return Expr::Const(f64::NAN);
        };
        let numbers = self.bound.axes[axis].labels.numbers();
        self.builder.data(numbers.into(), self.axes.set(&e.axes))
    }

    fn gather(&self, src: &TExpr, indices: &[(AxisRef, TExpr)]) -> Lowered<Expr<'b>> {
        let value = self.expr(src)?;
        match self.looked_up_within(src, value, indices) {
            Some(found) => found,
            None => self.look_up(value, indices),
        }
    }

    /// Look-ups along axes of a value.
    pub(super) fn look_up(
        &self,
        mut value: Expr<'b>,
        indices: &[(AxisRef, TExpr)],
    ) -> Lowered<Expr<'b>> {
        let mut later: Vec<AxisId> = indices.iter().map(|(a, _)| self.axes.id(*a)).collect();
        for (axis, index) in indices {
            let core = later.remove(0);
            let in_place = matches!(index.kind, TKind::LoopVariable)
                && index.axes.first().map(|a| self.axes.id(*a)) == Some(core);
            if !in_place {
                self.not_mixed(value, AxisSet::of(&[core]), index.span)?;
            }
            value = match &index.kind {
                // The loop's copy of an axis is the axis itself.
                TKind::LoopVariable => {
                    let to = index.axes.first().map_or(core, |a| self.axes.id(*a));
                    self.along(value, core, to, &mut later)
                }
                TKind::Label(of, label) => {
                    self.component(value, core, self.label(*of, label) as usize)
                }
                _ => match self.index(index, *axis) {
                    Some(id) => self.builder.gather(value, id),
                    None => self.looked_up_by_value(value, *axis, index)?,
                },
            };
        }
        Ok(value)
    }

    /// The axis `from` of a value as `to`. Where the value has `to` already, as an axis that a later index takes (a matrix
    /// read with its axes exchanged), that one makes way; else the elements at which both agree are meant.
    fn along(&self, value: Expr<'b>, from: AxisId, to: AxisId, later: &mut [AxisId]) -> Expr<'b> {
        let b = self.builder;
        if from == to || !b.axes_of(value).contains(to) {
            return b.rename(value, from, to);
        }
        if let Some(other) = later.iter_mut().find(|a| **a == to) {
            // Both change places by way of the scratch axis.
            *other = self.axes.scratch_of(to);
            let aside = b.rename(value, to, *other);
            return b.rename(aside, from, to);
        }
        let diagonal = b.index(Index {
            target: from,
            axes: AxisSet::of(&[to]),
            values: (0..b.size(to) as u32).collect(),
        });
        b.gather(value, diagonal)
    }

    /// One element along an axis. Elementwise nodes are looked through, so that a matrix written element by element never
    /// has to be laid out.
    pub fn component(&self, e: Expr<'b>, axis: AxisId, i: usize) -> Expr<'b> {
        let Expr::Node(id, _) = e else { return e };
        if !self.builder.axes_of(e).contains(axis) {
            return e;
        }
        if let Some(&known) = self.components.borrow().get(&(id, axis, i)) {
            return known;
        }
        let b = self.builder;
        let out = match b.op_of(id) {
            Op::Map(p, args) => {
                let parts: Vec<Expr<'b>> = args
                    .iter()
                    .map(|&a| self.component(b.handle(a), axis, i))
                    .collect();
                let parts: Vec<Expr<'b>> = parts.into_iter().map(|p| self.literal(p)).collect();
                Expr::apply(p, &parts)
            }
            Op::Stack(parts, along) if along != axis => {
                let parts: Vec<Expr<'b>> = parts
                    .iter()
                    .map(|&p| self.component(b.handle(p), axis, i))
                    .collect();
                b.stack(&parts, along)
            }
            Op::Rename(src, from, to) if to == axis => self.component(b.handle(src), from, i),
            _ => b.at(e, axis, i),
        };
        let out = self.literal(out);
        self.components.borrow_mut().insert((id, axis, i), out);
        out
    }

    /// A literal node as a literal, so that arithmetic with it folds.
    fn literal(&self, e: Expr<'b>) -> Expr<'b> {
        match e {
            Expr::Node(id, _) => match self.builder.op_of(id) {
                Op::Const(bits) => Expr::Const(f64::from_bits(bits)),
                _ => e,
            },
            Expr::Const(_) => e,
        }
    }

    /// The identity matrix.
    fn identity(&self, r: AxisId, c: AxisId) -> Expr<'b> {
        let n = self.builder.size(r);
        let mut eye = vec![0.0; n * n];
        for i in 0..n {
            eye[i * n + i] = 1.0;
        }
        self.builder.data(eye.into(), AxisSet::of(&[r, c]))
    }

    fn matmul(&self, l: &TExpr, r: &TExpr, a: AxisRef, b: AxisRef) -> Lowered<Expr<'b>> {
        // A diagonal factor scales rows or columns.
        if let TKind::Diag(v, _, second) = &l.kind
            && a == *second
            && b.copy == 0
        {
            return Ok(self.number(v)? * self.number(r)?);
        }
        if let TKind::Diag(v, first, _) = &r.kind
            && b == *first
            && a.copy == 1
        {
            let (v, span) = (self.number(v)?, v.span);
            self.not_mixed(v, self.axes.set(&[b]), span)?;
            return Ok(self.number(l)? * self.builder.rename(v, self.axes.id(b), self.axes.id(a)));
        }
        let (x, y) = (self.number(l)?, self.number(r)?);
        let (ax, bx) = (self.axes.id(a), self.axes.id(b));
        if self.mixes(x, AxisSet::of(&[ax])) || self.mixes(y, AxisSet::of(&[bx])) {
            return self.product_apart((l, x, a), (r, y, b));
        }
        if let Some(product) = self.long_product((x, ax), (y, bx)) {
            return Ok(product);
        }
        let build = self.builder;
        if ax == bx {
            return Ok(build.sum(x * y, AxisSet::of(&[ax])));
        }
        if !build.axes_of(y).contains(ax) {
            return Ok(build.sum(x * build.rename(y, bx, ax), AxisSet::of(&[ax])));
        }
        let t = self.axes.scratch(a.axis);
        Ok(build.sum(
            build.rename(x, ax, t) * build.rename(y, bx, t),
            AxisSet::of(&[t]),
        ))
    }
}

impl Bound {
    /// Size of an axis.
    pub fn size(&self, a: AxisRef) -> usize {
        self.axes[a.axis].size()
    }
}

/// A list that is not as long as its axis.
pub(crate) fn wrong_length(span: Span, values: usize, axis: &str, n: usize) -> Diagnostic {
    let s = |n: usize| if n == 1 { "" } else { "s" };
    let message = format!(
        "{values} value{}, but `{axis}` has {n} element{}",
        s(values),
        s(n)
    );
    Diagnostic::error("E0110", span, message)
        .at(format!("{values} here"))
        .help(format!(
            "write one value for each element of `{axis}`, or a single number for all"
        ))
}
