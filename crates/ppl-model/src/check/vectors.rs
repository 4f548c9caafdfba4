//! Vectors written out: along the left side's last axis, or along the axis whose levels they name.

use super::Checker;
use super::expressions::{Frame, join};
use crate::graph::*;
use ppl_syntax::ast;
use ppl_syntax::diagnostic::{Diagnostic, Span};

impl Checker {
    pub(super) fn vector(&mut self, parts: &[ast::Arg], frame: Frame, span: Span) -> Option<TExpr> {
        // Nothing says along which axes a table without a left side lies: said once, not row by row.
        if frame.is_none() && parts.iter().all(|p| p.name.is_none()) && depth(parts) > 1 {
            let same: Vec<&str> = { self.model.axes.iter() }
                .filter(|a| match &a.levels {
                    Levels::Listed(l) => l.len() == parts.len(),
                    Levels::Size(e) => {
                        matches!(e.kind, TKind::Number(v) if v == parts.len() as f64)
                    }
                    _ => false,
                })
                .map(|a| a.name.as_str())
                .collect();
            let (k, declare) = match same.as_slice() {
                [one] => (*one, String::new()),
                _ => ("k", format!(" with `axis k = {};`", parts.len())),
            };
            let help = format!("name the axes of the left side: `let S[{k}, {k}] = …;`{declare}");
            let d = Diagnostic::error("E0110", span, "these values lie along no axes");
            return self.fail(d.help(help));
        }
        // A part is one number: it lies along what the vector does, less the vector's own axis.
        let nested = |p: &ast::Arg| matches!(p.value.kind, ast::ExprKind::Vector(_));
        let around = match (frame, parts.iter().any(nested)) {
            (Some([around @ .., _]), false) => Some(around),
            _ => frame,
        };
        let typed = parts.iter().map(|p| self.expr(&p.value, around));
        let values: Vec<Option<TExpr>> = typed.collect();
        let values: Vec<TExpr> = values.into_iter().collect::<Option<_>>()?;
        let named: Vec<String> = parts
            .iter()
            .filter_map(|p| p.name.as_ref().map(|n| n.name.clone()))
            .collect();
        let (axis, order): (AxisRef, Vec<usize>) = if named.len() == parts.len() {
            let names: Vec<&String> = named.iter().collect();
            let Some(axis) = self.axis_of_levels(&names) else {
                let d = Diagnostic::error("E0110", span, "no axis has exactly these levels");
                let help = self.nearly(&named).unwrap_or_else(|| {
                    format!("declare one: `axis a = {{{}}};`", named.join(", "))
                });
                return self.fail(d.help(help));
            };
            let Levels::Listed(levels) = &self.model.axes[axis].levels else {
                return None;
            };
            // The second axis of a matrix whose first is gone through by a loop.
            let own = AxisRef::of(axis);
            let second = AxisRef { axis, copy: 1 };
            let row = frame.is_some_and(|f| f.contains(&second) && !f.contains(&own));
            (
                if row { second } else { own },
                levels
                    .iter()
                    .filter_map(|l| named.iter().position(|n| n == l))
                    .collect(),
            )
        } else if named.is_empty() {
            let depth = depth(parts);
            let Some(&axis) = frame.and_then(|f| f.len().checked_sub(depth).map(|i| &f[i])) else {
                let what = if depth > 1 && frame.is_some_and(|f| !f.is_empty()) {
                    "these values are nested deeper than the left side has axes"
                } else {
                    "these values lie along no axis"
                };
                let d = Diagnostic::error("E0110", span, what);
                return self.fail(match self.with_levels(parts).filter(|_| depth == 1) {
                    Some(named) => d.help("name the levels").fix(span, named),
                    None => d.help("name the left side's axes, as in `let w[k] = [0.2, 0.8];`, or the levels: `[a = 0.2, b = 0.8]`"),
                });
            };
            if let Levels::Listed(l) = &self.model.axes[axis.axis].levels
                && l.len() != values.len()
            {
                let (have, want, name) = (
                    values.len(),
                    l.len(),
                    self.model.axes[axis.axis].name.clone(),
                );
                let listed = l.join(", ");
                return self.fail(
                    Diagnostic::error(
                        "E0110",
                        span,
                        format!("{have} values, but `{name}` has {want} levels"),
                    )
                    .help(format!("give one for each of {listed}")),
                );
            }
            (axis, (0..values.len()).collect())
        } else {
            return self.fail(
                Diagnostic::error("E0106", span, "either all values are named or none")
                    .help("write `[a = 1, b = 2]` or `[1, 2]`"),
            );
        };
        for v in &values {
            self.numeric(v)?;
            if v.axes.contains(&axis) {
                let name = self.model.axis_name(axis).to_string();
                return self.fail(
                    Diagnostic::error(
                        "E0110",
                        v.span,
                        format!(
                            "this lies along `{name}` already, and the vector is laid along it"
                        ),
                    )
                    .at("one number is expected here")
                    .help("look one element up, or leave the brackets away"),
                );
            }
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
        // In the order of the left side, as far as that names them.
        if let Some(frame) = frame {
            let place = |a: &AxisRef| frame.iter().position(|f| f == a).unwrap_or(frame.len());
            axes.sort_by_key(place);
        }
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

impl Checker {
    /// What is lacking or too much beside the levels of the axis that has the most of these.
    fn nearly(&self, named: &[String]) -> Option<String> {
        let listed = self.model.axes.iter().filter_map(|a| match &a.levels {
            Levels::Listed(levels) => Some((&a.name, levels)),
            _ => None,
        });
        let shared = |levels: &[String]| named.iter().filter(|n| levels.contains(n)).count();
        let (axis, levels) = listed.max_by_key(|(_, levels)| shared(levels))?;
        if 2 * shared(levels) <= named.len() {
            return None;
        }
        let quoted = |names: Vec<&String>| {
            let names: Vec<String> = names.into_iter().map(|n| format!("`{n}`")).collect();
            names.join(", ")
        };
        let lacking: Vec<&String> = levels.iter().filter(|l| !named.contains(l)).collect();
        let other: Vec<&String> = named.iter().filter(|n| !levels.contains(n)).collect();
        let mut said = vec![];
        if let Some(first) = lacking.first() {
            said.push(format!(
                "`{axis}` has {} as well: give every level its value, `{first} = …`",
                quoted(lacking.clone())
            ));
        }
        if !other.is_empty() {
            said.push(format!("{} is no level of `{axis}`", quoted(other)));
        }
        Some(said.join("; "))
    }
}

/// How deep vectors without names are nested: each takes one of the left side's last axes.
fn depth(parts: &[ast::Arg]) -> usize {
    let inner = parts.iter().map(|p| match &p.value.kind {
        ast::ExprKind::Vector(inner) if inner.iter().all(|a| a.name.is_none()) => depth(inner),
        _ => 0,
    });
    1 + inner.max().unwrap_or(0)
}
