//! Weights of an unknown label: the axis that it is a label of is told by the weights themselves.

use super::Checker;
use crate::graph::*;
use ppl_syntax::ast::{self, ExprKind};

impl Checker {
    /// Weights that lie along the left side's axes and one more. `if c { w } else { v }` with a condition for each element
    /// has no operand that holds all axes, nor does `[0.2, 0.8]` say along which it lies: there the axis is looked for first.
    pub(super) fn weights_of_label(
        &mut self,
        weights: &ast::Expr,
        batch: &[AxisRef],
    ) -> Option<TExpr> {
        let before = self.diagnostics.len();
        if let Some(e) = self.expr(weights, None) {
            return Some(e);
        }
        let Some(axis) = self.label_axis(weights, batch) else {
            self.say_label_of(weights, batch, before);
            return None;
        };
        let first = self.diagnostics.split_off(before);
        let mut frame = batch.to_vec();
        frame.push(AxisRef::of(axis));
        let second = self.expr(weights, Some(&frame));
        if second.is_none() {
            self.diagnostics.truncate(before);
            self.diagnostics.extend(first);
        }
        second
    }

    /// Numbers that lie along no axis: the left side's kind can say whose labels they weigh.
    fn say_label_of(&mut self, weights: &ast::Expr, batch: &[AxisRef], before: usize) {
        let ExprKind::Vector(parts) = &weights.kind else {
            return;
        };
        let n = parts.len() as f64;
        let mut fitting = self.model.axes.iter().filter(|a| match &a.levels {
            Levels::Size(e) => matches!(e.kind, TKind::Number(v) if v == n),
            Levels::Range(a, b) => match (&a.kind, &b.kind) {
                (TKind::Number(a), TKind::Number(b)) => b - a + 1.0 == n,
                _ => false,
            },
            _ => false,
        });
        let (axis, other) = match (fitting.next(), fitting.next()) {
            (Some(one), other) => (one.name.clone(), other.map(|a| a.name.clone())),
            (None, _) => ("k".to_owned(), None),
        };
        let declare = match self.axis(&axis) {
            // Two axes have as many levels: which is meant stays to be said.
            Some(_) if other.is_some() => format!(
                "the axis of its labels, `{axis}` or `{}` or another, is its kind: ",
                other.unwrap_or_default()
            ),
            Some(_) => String::new(),
            None => format!("declare an axis, `axis k = {n};`, and "),
        };
        let left = match &self.drawn_name {
            Some(name) => format!("{name}{}", self.bracket_of(batch)),
            None => "z[row]".to_owned(),
        };
        for d in &mut self.diagnostics[before..] {
            if d.fix.is_none() && d.message.contains("along no axis") {
                d.help = Some(format!(
                    "{declare}say on the left what is drawn: `{left}: {axis} ~ Categorical({})`",
                    ppl_syntax::print_expr(weights)
                ));
            }
        }
    }

    /// The axis of a site's labels: that of its other branches, of a vector that names its levels, or of a value.
    fn label_axis(&self, weights: &ast::Expr, batch: &[AxisRef]) -> Option<usize> {
        if self.label_of.is_some() {
            return self.label_of;
        }
        let known = self.defining.map(|(id, _)| self.model.symbols[id].ty);
        if let Some(Ty::Index(axis)) = known {
            return Some(axis);
        }
        let mut found = None;
        weights.visit(&mut |e| {
            let axis = match &e.kind {
                ExprKind::Vector(parts) => {
                    let names = parts.iter().map(|p| p.name.as_ref());
                    let names: Option<Vec<&String>> = names.map(|n| Some(&n?.name)).collect();
                    names.and_then(|names| self.axis_of_levels(&names))
                }
                ExprKind::Name(name) => self.lookup(name).and_then(|id| {
                    let own = self.model.symbols[id].axes.iter();
                    let mut more = own.filter(|a| !batch.iter().any(|b| b.axis == a.axis));
                    let first = more.next()?;
                    more.next().is_none().then_some(first.axis)
                }),
                _ => None,
            };
            found = found.or(axis);
        });
        found
    }

    /// The listed axis that has exactly these levels.
    pub(super) fn axis_of_levels(&self, names: &[&String]) -> Option<usize> {
        self.model.axes.iter().position(|a| {
            matches!(&a.levels, Levels::Listed(l) if l.len() == names.len() && names.iter().all(|n| l.contains(n)))
        })
    }

    /// How a vector that lies along no axis says its axis: by the levels, where one axis has as many.
    pub(super) fn with_levels(&self, parts: &[ast::Arg]) -> Option<String> {
        let mut fitting = self.model.axes.iter().filter_map(|a| match &a.levels {
            Levels::Listed(l) if l.len() == parts.len() => Some(l),
            _ => None,
        });
        let (levels, None) = (fitting.next()?, fitting.next()) else {
            return None;
        };
        let value = |p: &ast::Arg| ppl_syntax::print_expr(&p.value);
        let pairs = levels.iter().zip(parts);
        let named: Vec<String> = pairs.map(|(l, p)| format!("{l} = {}", value(p))).collect();
        Some(format!("[{}]", named.join(", ")))
    }
}
