//! `fn f(x, n[species]) = expr;`: functions of the author. A call is checked as its body with the arguments put in.
//!
//! An argument without a bracket is a scalar: where an array is given, the function is applied to each element. While
//! the body is checked, the axes along which arguments are lifted count as those of loops, so no reduction sees them.

use super::Checker;
use super::expressions::Frame;
use crate::graph::*;
use ppl_syntax::ast::{self, StmtKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// A function as it is written.
pub(crate) struct UserFunction {
    pub(super) name: ast::Ident,
    pub(super) args: Vec<ast::FnArg>,
    /// The axes of each argument.
    pub(super) axes: Vec<Vec<AxisRef>>,
    pub(super) lets: Vec<ast::Stmt>,
    pub(super) value: ast::Expr,
}

/// The functions of a file, and what is being put in.
#[derive(Default)]
pub(crate) struct UserFunctions {
    known: HashMap<String, Rc<UserFunction>>,
    /// Functions whose bodies are being checked, innermost last.
    pub(super) stack: Vec<String>,
    /// Arguments that stand for themselves wherever a body names them.
    pub(super) inline: HashSet<SymbolId>,
    pub(super) calls: usize,
    /// The site in whose definition calls stand.
    pub(super) definee: Option<SymbolId>,
    called: HashSet<String>,
    /// What could be read where each body that is being checked is called, outermost first: the file's own names.
    pub(super) outside: Vec<Vec<HashMap<String, SymbolId>>>,
    /// Whether the body of a function that nothing calls is being checked: nothing comes of it.
    pub(super) uncalled: bool,
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

    pub(super) fn signature(&self) -> String {
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
            self.names_in(args);
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
            self.names_in(args);
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
            self.functions.uncalled = true;
            self.instantiate(&f, args, None, f.name.span);
            self.functions.uncalled = false;
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
