//! `fn f(x, n[species]) = expr;`: functions of the author. A call is checked as its body with the arguments put in.
//!
//! An argument without a bracket is a scalar: where an array is given, the function is applied to each element. While
//! the body is checked, the axes along which arguments are lifted count as those of loops, so no reduction sees them.

use super::expressions::Frame;
use super::{Checker, Loop};
use crate::graph::*;
use ppl_syntax::ast::{self, StmtKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Calls within calls may not be deeper: the checker's stack bounds them.
const MAX_DEPTH: usize = 32;

/// Bodies that one model may put in.
const MAX_CALLS: usize = 20_000;

/// A function as it is written.
pub(crate) struct UserFunction {
    name: ast::Ident,
    args: Vec<ast::FnArg>,
    /// The axes of each argument.
    axes: Vec<Vec<AxisRef>>,
    lets: Vec<ast::Stmt>,
    value: ast::Expr,
}

/// The functions of a file, and what is being put in.
#[derive(Default)]
pub(crate) struct UserFunctions {
    known: HashMap<String, Rc<UserFunction>>,
    /// Functions whose bodies are being checked, innermost last.
    stack: Vec<String>,
    /// Arguments that stand for themselves wherever a body names them.
    inline: HashSet<SymbolId>,
    calls: usize,
    /// The site in whose definition calls stand.
    definee: Option<SymbolId>,
    called: HashSet<String>,
}

impl UserFunction {
    /// Number of arguments.
    pub(crate) fn arity(&self) -> usize {
        self.args.len()
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name.name
    }

    /// Where its name stands.
    pub(crate) fn span(&self) -> Span {
        self.name.span
    }

    /// The axes of an argument.
    pub(crate) fn axes_of(&self, arg: usize) -> &[AxisRef] {
        &self.axes[arg]
    }

    fn signature(&self) -> String {
        let args: Vec<String> = self
            .args
            .iter()
            .map(|a| {
                let axes: Vec<&str> = a.axes.iter().map(|x| x.name.as_str()).collect();
                match axes.is_empty() {
                    true => a.name.name.clone(),
                    false => format!("{}[{}]", a.name.name, axes.join(", ")),
                }
            })
            .collect();
        format!("{}({})", self.name.name, args.join(", "))
    }
}

impl Checker {
    /// The function of that name, if the file defines one.
    pub(crate) fn user_function(&self, name: &str) -> Option<Rc<UserFunction>> {
        self.functions.known.get(name).cloned()
    }

    /// What a name of a body stands for, where it is not shared.
    pub(super) fn inlined(&self, id: SymbolId) -> Option<&TExpr> {
        match &self.model.symbols[id].role {
            Role::Let(value) if self.functions.inline.contains(&id) => Some(value),
            _ => None,
        }
    }

    /// Names of the file's functions, for proposals.
    pub(super) fn user_function_names(&self) -> Vec<String> {
        self.functions.known.keys().cloned().collect()
    }

    /// The function whose body is being checked.
    pub(super) fn inside_function(&self) -> Option<&str> {
        self.functions.stack.last().map(String::as_str)
    }

    /// Notes the functions of a file, whose order is free.
    pub(super) fn declare_functions(&mut self, statements: &[ast::Stmt]) {
        for s in statements {
            let StmtKind::Fn {
                name,
                args,
                lets,
                value,
            } = &s.kind
            else {
                continue;
            };
            if self.function_name(name).is_none() {
                self.poison(&name.name);
                continue;
            }
            let axes: Option<Vec<Vec<AxisRef>>> =
                args.iter().map(|a| self.argument_bracket(a)).collect();
            let twice = args
                .iter()
                .enumerate()
                .find(|(i, a)| args[..*i].iter().any(|b| b.name.name == a.name.name));
            if let Some((_, a)) = twice {
                let message = format!("`{}` is an argument twice", a.name.name);
                self.report(
                    Diagnostic::error("E0105", a.name.span, message).help("rename one of them"),
                );
            }
            let (Some(axes), None) = (axes, twice) else {
                self.poison(&name.name);
                continue;
            };
            let function = UserFunction {
                name: name.clone(),
                args: args.clone(),
                axes,
                lets: lets.clone(),
                value: value.clone(),
            };
            self.functions
                .known
                .insert(name.name.clone(), Rc::new(function));
        }
    }

    pub(super) fn function_name(&mut self, name: &ast::Ident) -> Option<()> {
        let d = Diagnostic::error("E0105", name.span, "");
        if let Some(first) = self.functions.known.get(&name.name) {
            let d = Diagnostic {
                message: format!("the function `{}` is defined twice", name.name),
                ..d
            };
            let first = first.name.span;
            return self.fail(
                d.label(first, "first definition")
                    .help("rename one of them"),
            );
        }
        let what = if super::calls::is_built_in(&name.name) {
            "is a function of the language"
        } else if ppl_dist::find(&name.name).is_some() {
            "is a distribution"
        } else {
            return Some(());
        };
        let d = Diagnostic {
            message: format!("`{}` {what}", name.name),
            ..d
        };
        self.fail(d.help("choose another name"))
    }

    fn argument_bracket(&mut self, a: &ast::FnArg) -> Option<Vec<AxisRef>> {
        let mut axes: Vec<AxisRef> = vec![];
        for ident in &a.axes {
            let axis = self.axis_or_fail(ident)?;
            let copy = axes.iter().filter(|x| x.axis == axis).count() as u8;
            if copy > 1 {
                let message = format!("`{}` stands too often in one bracket", ident.name);
                return self.fail(
                    Diagnostic::error("E0106", ident.span, message)
                        .help("a square matrix names its axis twice; more is not possible"),
                );
            }
            axes.push(AxisRef { axis, copy });
        }
        Some(axes)
    }

    /// `f(a, b)` where the file defines `f`.
    pub(super) fn user_call(
        &mut self,
        f: &Rc<UserFunction>,
        args: &[ast::Arg],
        frame: Frame,
        span: Span,
    ) -> Option<TExpr> {
        self.functions.called.insert(f.name.name.clone());
        if let Some(named) = args.iter().find_map(|a| a.name.as_ref()) {
            let message = format!("`{}` takes its arguments by position", f.signature());
            return self.fail(
                Diagnostic::error("E0106", named.span, message)
                    .at("a name")
                    .label(f.name.span, "the function")
                    .help(format!("leave `{} =` away", named.name)),
            );
        }
        if args.len() != f.arity() {
            let plural = if f.arity() == 1 { "" } else { "s" };
            let message = format!(
                "`{}` takes {} argument{plural}, not {}",
                f.name.name,
                f.arity(),
                args.len()
            );
            return self.fail(
                Diagnostic::error("E0106", span, message)
                    .label(f.name.span, "the function")
                    .help(format!("it is `{}`", f.signature())),
            );
        }
        let typed: Vec<Option<TExpr>> = args.iter().map(|a| self.expr(&a.value, frame)).collect();
        let typed: Vec<TExpr> = typed.into_iter().collect::<Option<_>>()?;
        self.instantiate(f, typed, frame, span)
    }

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
        let scopes = std::mem::replace(&mut self.scopes, vec![scope]);
        let loops = std::mem::replace(&mut self.loops, loops);
        let defining = self.defining.take();
        self.functions.stack.push(f.name.name.clone());
        let body = self.body(f, inner.as_deref());
        self.functions.stack.pop();
        (self.scopes, self.loops, self.defining) = (scopes, loops, defining);
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

    /// The axes of each argument beyond those of the definition; an argument that lacks a stated axis is refused.
    fn lifted(&mut self, f: &UserFunction, args: &[TExpr]) -> Option<Vec<Vec<AxisRef>>> {
        let mut out = vec![];
        for ((value, declared), name) in args.iter().zip(&f.axes).zip(&f.args) {
            if let Some(lacking) = declared.iter().find(|a| !value.axes.contains(a)) {
                let axis = self.model.axis_name(*lacking).to_string();
                let lies = self.lies(&value.axes);
                let message = format!(
                    "`{}` of `{}` lies along `{axis}`, but this {lies}",
                    name.name.name,
                    f.signature()
                );
                return self.fail(
                    Diagnostic::error("E0109", value.span, message)
                        .at(format!("this {lies}"))
                        .label(name.name.span, "the argument")
                        .help(format!("give an array along `{axis}`")),
                );
            }
            let lifted: Vec<AxisRef> = value
                .axes
                .iter()
                .copied()
                .filter(|a| !declared.contains(a))
                .collect();
            for a in &lifted {
                let own = f
                    .axes
                    .iter()
                    .zip(&f.args)
                    .find(|(axes, _)| axes.iter().any(|b| b.axis == a.axis));
                if let Some((_, other)) = own {
                    let axis = self.model.axis_name(*a).to_string();
                    let message = format!(
                        "`{}` of `{}` is one number, but this lies along `{axis}`",
                        name.name.name,
                        f.signature()
                    );
                    return self.fail(
                        Diagnostic::error("E0109", value.span, message)
                            .at(format!("this lies along `{axis}`"))
                            .label(
                                other.name.span,
                                format!("the function takes `{axis}` as a whole here"),
                            )
                            .help(format!(
                                "look one element up, or declare the argument as `{}[{axis}]`",
                                name.name.name
                            )),
                    );
                }
                if let Some(l) = self
                    .loops
                    .iter()
                    .find(|l| !a.is_loop() && l.axis.axis == a.axis)
                {
                    let (axis, variable) =
                        (self.model.axis_name(*a).to_string(), l.variable.clone());
                    let message =
                        format!("this is the whole of `{axis}` inside a loop over `{axis}`");
                    return self.fail(
                        Diagnostic::error("E0115", value.span, message)
                            .at(format!("counted once for every `{axis}`"))
                            .help(format!("index it: `…[{variable}]`")),
                    );
                }
            }
            out.push(lifted);
        }
        Some(out)
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

    /// Functions that nothing calls: names in them are looked up all the same.
    pub(super) fn uncalled_functions(&mut self) {
        let mut names: Vec<Rc<UserFunction>> = self
            .functions
            .known
            .values()
            .filter(|f| !self.functions.called.contains(&f.name.name))
            .cloned()
            .collect();
        names.sort_by_key(|f| f.name.span.start);
        for f in names {
            let args = f
                .axes
                .iter()
                .map(|axes| TExpr {
                    axes: axes.clone(),
                    ty: Ty::Real,
                    stochastic: true,
                    ..super::expressions::number(0.5, f.name.span)
                })
                .collect();
            let (before, symbols) = (self.diagnostics.len(), self.model.symbols.len());
            self.instantiate(&f, args, None, f.name.span);
            self.model.symbols.truncate(symbols);
            self.functions.inline.retain(|id| *id < symbols);
            let found = self.diagnostics.split_off(before);
            self.diagnostics.extend(
                found
                    .into_iter()
                    .filter(|d| matches!(d.code, "E0101" | "E0103" | "E0104" | "E0105")),
            );
        }
    }
}

/// A lifted axis as a loop would see it.
fn loop_of(a: AxisRef) -> AxisRef {
    match a.is_loop() {
        true => a,
        false => AxisRef {
            copy: a.copy + 2,
            ..a
        },
    }
}

fn as_loops(value: TExpr, lifted: &[AxisRef]) -> TExpr {
    let axes = value
        .axes
        .iter()
        .map(|a| if lifted.contains(a) { loop_of(*a) } else { *a })
        .collect();
    TExpr { axes, ..value }
}
