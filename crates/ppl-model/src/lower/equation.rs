//! Solutions of differential equations: the function's body becomes a program of its own.

use super::recurrence::Replace;
use super::{Lowered, Lowering};
use crate::graph::*;
use ppl_core::call::ode::{Equation, Tolerance};
use ppl_core::call::scan::Leaf;
use ppl_core::{AxisId, AxisSet, Expr};
use ppl_syntax::diagnostic::Span;

/// The arguments of the function, as leaves; last those that it reads by name, the weights of nets.
struct Slots<'c> {
    by_place: Vec<Expr<'c>>,
    by_name: Vec<(SymbolId, Expr<'c>)>,
}

impl<'c> Replace<'c> for Slots<'c> {
    fn replace(&self, e: &TExpr, _inner: &Lowering<'_, 'c>) -> Option<Lowered<Expr<'c>>> {
        match e.kind {
            TKind::Slot(k) => self.by_place.get(k).copied().map(Ok),
            TKind::Symbol(id) => {
                let named = self.by_name.iter().find(|n| n.0 == id);
                named.map(|n| Ok(n.1))
            }
            _ => None,
        }
    }
}

impl<'a, 'b> Lowering<'a, 'b> {
    pub(super) fn ode(&self, o: &TOde, span: Span) -> Lowered<Expr<'b>> {
        let body = self.builder.sibling();
        let leaf = |axes: AxisSet| {
            let (e, offset) = body.noise(axes);
            (e, Leaf { offset, axes })
        };
        let mut leaves = vec![leaf(AxisSet::EMPTY)];
        leaves.extend(o.own.iter().map(|axes| leaf(self.axes.set(axes))));
        // Behind the times stand the inputs, and before their leaves those of time and state.
        let inputs = o.args[3..].iter().zip(&leaves[2..]);
        let slots = Slots {
            by_place: leaves.iter().map(|l| l.0).collect(),
            by_name: inputs
                .filter_map(|(e, l)| Some((e.whole_symbol()?, l.0)))
                .collect(),
        };
        let inner = Lowering::of_step(self.bound, self.axes, &body, &slots);
        let value = inner.expr(&o.body)?;
        let right = body.broadcast(value, self.axes.set(&o.own[0])).node(&body);
        let equation = Equation {
            time: leaves[0].1,
            state: leaves[1].1,
            inputs: leaves[2..].iter().map(|l| l.1).collect(),
            right: body.snapshot_with(vec![right]),
        };
        let args: Vec<Expr<'b>> = o
            .args
            .iter()
            .map(|e| self.expr(e))
            .collect::<Lowered<_>>()?;
        let tolerance = Tolerance {
            relative: o.relative,
            absolute: o.absolute,
        };
        let solve = |args: &[Expr<'b>], time: AxisId| {
            let set = AxisSet::of(&[time]);
            let times = self
                .builder
                .broadcast(args[2], self.builder.axes_of(args[2]).union(set));
            let start = (args[1], args[0]);
            self.builder
                .ode(&equation, start, (times, time), &args[3..], tolerance)
        };
        let solved = match o.time {
            Some(time) => solve(&args, self.axes.id(time)),
            None => self.by_visits(args, &solve)?,
        };
        solved.ok_or_else(|| {
            Box::new(crate::check::not_available(
                span,
                "an equation whose right side solves equations or factors matrices, or is very large,",
            ))
        })
    }
}
