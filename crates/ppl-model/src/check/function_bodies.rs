//! A call of an author's function as its body with the arguments put in.

use super::expressions::Frame;
use super::lifting::{as_loops, loop_of};
use super::user_functions::UserFunction;
use super::{Checker, Loop};
use crate::graph::*;
use ppl_syntax::ast::{self, StmtKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};
use std::rc::Rc;

/// Calls within calls may not be deeper: the checker's stack bounds them.
const MAX_DEPTH: usize = 32;

/// Bodies that one model may put in.
const MAX_CALLS: usize = 20_000;

impl Checker {
    /// The body of `f` with these values for its arguments, as an expression at `span`. The caller has seen to their number.
    pub(crate) fn instantiate(
        &mut self,
        f: &Rc<UserFunction>,
        args: Vec<TExpr>,
        frame: Frame,
        span: Span,
    ) -> Option<TExpr> {
        self.not_endless(f, span)?;
        let lifted = self.lifted(f, &args)?;
        if let Some((site, _)) = self.defining {
            self.functions.definee = Some(site);
        }
        // Elementwise over what is lifted: the same rule as for `a + b`.
        let outer: Vec<TExpr> = args
            .iter()
            .zip(&lifted)
            .map(|(a, axes)| TExpr {
                axes: axes.clone(),
                ..super::expressions::number(0.0, a.span)
            })
            .collect();
        if !outer.is_empty() {
            self.unite(&outer, frame, span)?;
        }
        let scope = f
            .args
            .iter()
            .zip(args.into_iter().zip(&lifted))
            .map(|(name, (value, lifted))| {
                let id = self.hidden(&name.name.name, as_loops(value, lifted));
                (name.name.name.clone(), id)
            })
            .collect();
        let mut loops: Vec<Loop> = vec![];
        for a in lifted.iter().flatten() {
            let axis = loop_of(*a);
            if !loops.iter().any(|l| l.axis == axis) {
                loops.push(Loop {
                    variable: String::new(),
                    axis,
                    span,
                    by: None,
                    skip: 0,
                });
            }
        }
        let before = self.diagnostics.len();
        let inner: Option<Vec<AxisRef>> = frame.map(|f| {
            let own = |a: &&AxisRef| !lifted.iter().any(|l| l.contains(a));
            f.iter().filter(own).copied().collect()
        });
        let outside = std::mem::replace(&mut self.scopes, vec![scope]);
        self.functions.outside.push(outside);
        let loops = std::mem::replace(&mut self.loops, loops);
        let defining = self.defining.take();
        self.functions.stack.push(f.name.name.clone());
        let body = self.body(f, inner.as_deref());
        self.functions.stack.pop();
        self.scopes = self.functions.outside.pop().unwrap_or_default();
        (self.loops, self.defining) = (loops, defining);
        self.point_at_call(f, before, span);
        let mut body = body?;
        // What was lifted lies along the axes themselves again.
        let back: Vec<AxisRef> = lifted.into_iter().flatten().collect();
        for a in &mut body.axes {
            if let Some(own) = back.iter().find(|b| loop_of(**b) == *a) {
                *a = *own;
            }
        }
        Some(TExpr { span, ..body })
    }

    fn body(&mut self, f: &UserFunction, frame: Frame) -> Option<TExpr> {
        for s in &f.lets {
            let StmtKind::Let { target, .. } = &s.kind else {
                continue;
            };
            let typed = self.function_let(s)?;
            if self.lookup(&target.name.name).is_some() {
                let message = format!("`{}` is defined twice", target.name.name);
                return self.fail(
                    Diagnostic::error("E0105", target.name.span, message)
                        .help("rename one of them"),
                );
            }
            let id = self.hidden(&target.name.name, typed);
            if let Some(scope) = self.scopes.last_mut() {
                scope.insert(target.name.name.clone(), id);
            }
        }
        self.expr(&f.value, frame)
    }

    /// A `let` of a body: with a bracket, its value may not be wider.
    fn function_let(&mut self, s: &ast::Stmt) -> Option<TExpr> {
        let StmtKind::Let {
            target,
            kind,
            value,
        } = &s.kind
        else {
            return None;
        };
        if let Some(kind) = kind {
            return self.fail(
                Diagnostic::error("E0111", kind.span, "a `let` of a function has no kind")
                    .help("leave it away"),
            );
        }
        if target.axes.is_empty() {
            return self.expr(value, None);
        }
        let outside = self.loops.len();
        let typed = self.bind(s).and_then(|_| {
            let axes = self.target_axes(target)?;
            let typed = self.expr(value, Some(&axes))?;
            let lifts: Vec<AxisRef> = typed
                .axes
                .iter()
                .copied()
                .filter(|a| a.is_loop() && !axes.contains(a))
                .collect();
            let mut all = lifts;
            all.extend(&axes);
            self.inside_frame(&typed, &all, target.span)?;
            let axes = all
                .into_iter()
                .map(
                    |a| match self.loops[outside..].iter().any(|l| l.axis == a) {
                        true => a.declared(),
                        false => a,
                    },
                )
                .collect();
            Some(TExpr { axes, ..typed })
        });
        self.loops.truncate(outside);
        typed
    }

    /// A value under a name that only a body sees. What is short, and what reads the site that is being defined, stands
    /// for itself; other values are shared.
    fn hidden(&mut self, name: &str, value: TExpr) -> SymbolId {
        let id = self.model.symbols.len();
        let mut read = vec![];
        value.symbols(&mut read);
        let short = value
            .parts()
            .iter()
            .all(|p| p.parts().is_empty() || matches!(p.kind, TKind::Gather(..)));
        if short || self.functions.definee.is_some_and(|d| read.contains(&d)) {
            self.functions.inline.insert(id);
        }
        self.model.symbols.push(Symbol {
            name: name.into(),
            axes: value.axes.clone(),
            ty: value.ty,
            kind: None,
            stochastic: value.stochastic,
            span: value.span,
            role: Role::Let(Box::new(value)),
        });
        id
    }

    fn not_endless(&mut self, f: &UserFunction, span: Span) -> Option<()> {
        let name = &f.name.name;
        if self.functions.stack.contains(name) {
            let message = format!("`{name}` calls itself");
            return self.fail(
                Diagnostic::error("E0103", span, message)
                    .at("recursion")
                    .label(f.name.span, "the function")
                    .help("write a sum over an axis, or a recurrence in a loop: `let x[t] = … x[t - 1] …`"),
            );
        }
        self.functions.calls += 1;
        if self.functions.stack.len() >= MAX_DEPTH || self.functions.calls > MAX_CALLS {
            // Told once: every further call would say the same.
            if self
                .diagnostics
                .iter()
                .any(|d| d.code == "E0120" && d.message.starts_with("functions"))
            {
                return None;
            }
            let message = format!(
                "functions may call each other {MAX_DEPTH} deep and {MAX_CALLS} times in one model"
            );
            return self.fail(
                Diagnostic::error("E0120", span, message)
                    .at("one too many")
                    .help("give intermediate values a name with `let`"),
            );
        }
        Some(())
    }

    /// What was wrong in a body: a name is the body's fault, told there and once; else the call is shown first.
    fn point_at_call(&mut self, f: &UserFunction, before: usize, span: Span) {
        let found = self.diagnostics.split_off(before);
        for mut d in found {
            let own = d.labels.first().is_some_and(|l| {
                l.span.start >= f.name.span.start && l.span.end <= f.value.span.end
            });
            if own && !matches!(d.code, "E0101" | "E0102" | "E0103" | "E0104" | "E0105") {
                d.labels.insert(
                    0,
                    ppl_syntax::diagnostic::Label {
                        span,
                        message: format!("in this call of `{}`", f.name.name),
                    },
                );
            }
            let known = self
                .diagnostics
                .iter()
                .any(|o| o.code == d.code && o.labels.first() == d.labels.first());
            if !known {
                self.diagnostics.push(d);
            }
        }
    }
}
