//! `net f = mlp(hidden = [64], activation = tanh);`: layers whose weights are params, made where the net is first called.
//!
//! A call is checked as the statements and the expression that its author could have written: an axis for each hidden layer,
//! weights and biases, and products.

use super::Checker;
use super::expressions::Frame;
use crate::graph::*;
use ppl_syntax::ast::{self, BinaryOp, ExprKind, StmtKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};
use std::collections::HashMap;
use std::rc::Rc;

/// Most hidden layers.
const MAX_LAYERS: usize = 16;

/// Most units of a hidden layer.
const MAX_UNITS: f64 = 1e6;

/// A net as it is written.
pub(crate) struct Net {
    name: ast::Ident,
    /// Units of each hidden layer.
    hidden: Vec<f64>,
    /// An elementwise function.
    activation: String,
}

impl Checker {
    /// Notes the nets of a file.
    pub(super) fn declare_nets(&mut self, statements: &[ast::Stmt]) {
        for s in statements {
            let StmtKind::Net { name, value } = &s.kind else {
                continue;
            };
            if self.function_name(name).is_none() || self.net(name, value).is_none() {
                self.poison(&name.name);
            }
        }
    }

    fn net(&mut self, name: &ast::Ident, value: &ast::Expr) -> Option<()> {
        if let Some(first) = self.nets.get(&name.name) {
            let d = Diagnostic::error(
                "E0105",
                name.span,
                format!("the net `{}` is defined twice", name.name),
            )
            .label(first.name.span, "first definition");
            return self.fail(d.help("rename one of them"));
        }
        let form = "write `net f = mlp(hidden = [64], activation = tanh);`";
        let args = match &value.kind {
            ExprKind::Call(f, args) if f.name == "mlp" => args,
            _ => {
                let d = Diagnostic::error("E0106", value.span, "the layers of a net are `mlp(…)`");
                return self.fail(d.help(form));
            }
        };
        let before = self.diagnostics.len();
        let (mut hidden, mut activation) = (None, String::from("tanh"));
        for a in args {
            match (a.name.as_ref().map(|n| n.name.as_str()), &a.value.kind) {
                (Some("hidden"), ExprKind::Vector(sizes)) => {
                    // Each wrong size is told; 1 stands in for it.
                    let sizes = sizes.iter().map(|s| self.units(&s.value).unwrap_or(1.0));
                    hidden = Some(sizes.collect());
                }
                (Some("hidden"), _) => hidden = Some(vec![self.units(&a.value).unwrap_or(1.0)]),
                (Some("activation"), ExprKind::Name(f)) => {
                    if crate::functions::find(f).is_none_or(|f| f.arity != 1) {
                        let d = Diagnostic::error(
                            "E0103",
                            a.value.span,
                            format!("`{f}` is no function of one number"),
                        );
                        self.report(d.help("such as `tanh`, `relu` or `softplus`"));
                    }
                    activation = f.clone();
                }
                _ => {
                    let d = Diagnostic::error(
                        "E0106",
                        a.value.span,
                        "`mlp` takes `hidden =`, the sizes of its hidden layers, and `activation =`, a function",
                    );
                    self.report(d.help(form));
                }
            }
        }
        let hidden = match hidden {
            Some(sizes) if (1..=MAX_LAYERS).contains(&sizes.len()) => sizes,
            // Told already: what is wrong may be the layers themselves.
            None if self.diagnostics.len() > before => return None,
            _ => {
                let d = Diagnostic::error(
                    "E0106",
                    value.span,
                    format!("`mlp` has between 1 and {MAX_LAYERS} hidden layers"),
                );
                return self.fail(d.help(form));
            }
        };
        if self.diagnostics.len() > before {
            return None;
        }
        let net = Net {
            name: name.clone(),
            hidden,
            activation,
        };
        self.nets.insert(name.name.clone(), Rc::new(net));
        Some(())
    }

    fn units(&mut self, e: &ast::Expr) -> Option<f64> {
        match e.kind {
            ExprKind::Number(n) if n >= 1.0 && n.fract() == 0.0 && n <= MAX_UNITS => Some(n),
            _ => self.fail(
                Diagnostic::error(
                    "E0107",
                    e.span,
                    "the size of a layer is a whole number, 1 or above, and written as such",
                )
                .help("write `hidden = [64]`"),
            ),
        }
    }

    /// The net of that name, if the file defines one.
    pub(super) fn net_named(&self, name: &str) -> Option<Rc<Net>> {
        self.nets.get(name).cloned()
    }

    /// `f(x)`: from the axis of `x` that the left side lacks to the axis of the left side that `x` lacks.
    pub(super) fn net_call(
        &mut self,
        net: &Rc<Net>,
        args: &[ast::Arg],
        frame: Frame,
        span: Span,
    ) -> Option<TExpr> {
        let name = &net.name.name;
        let [ast::Arg { name: None, value }] = args else {
            let d = Diagnostic::error(
                "E0106",
                span,
                format!("the net `{name}` takes one argument"),
            );
            self.report(
                d.label(net.name.span, "the net")
                    .help(format!("write `{name}(x)`")),
            );
            self.names_in(args);
            return None;
        };
        let x = self.expr(value, None)?;
        self.numeric(&x)?;
        if self.functions.uncalled {
            return None;
        }
        let Some(frame) = frame else {
            let d = Diagnostic::error(
                "E0106",
                span,
                format!("what `{name}` gives has no axes here"),
            );
            return self.fail(d.help(format!(
                "name them on the left, as in `let h[row, hidden] = {name}(x);`"
            )));
        };
        let missing = |from: &[AxisRef], to: &[AxisRef]| -> Vec<AxisRef> {
            from.iter().copied().filter(|a| !to.contains(a)).collect()
        };
        // The body of a function is for one element along the axes that its arguments are lifted over.
        let own: Vec<AxisRef> = match self.inside_function() {
            Some(_) => x.axes.iter().copied().filter(|a| !a.is_loop()).collect(),
            None => x.axes.clone(),
        };
        let (mut ins, mut outs) = (missing(&own, frame), missing(frame, &own));
        // Both lie alike: the last axis, which is that of a vector for each element of the others, goes to itself. A lone axis is
        // one of vectors where a function's bracket says so.
        if ins.is_empty() && outs.is_empty() {
            let open: Vec<AxisRef> = own.iter().copied().filter(|a| !a.is_loop()).collect();
            let rows = |a: &&AxisRef| matches!(self.model.axes[a.axis].levels, Levels::Rows);
            let vectors = open.len() > 1 || self.inside_function().is_some();
            let last = open.last().filter(|a| vectors && !rows(a));
            (ins, outs) = (
                last.into_iter().copied().collect(),
                last.into_iter().copied().collect(),
            );
        }
        let (into, out) = match (ins.as_slice(), outs.as_slice()) {
            ([into], []) if into.copy == 0 => (into.axis, None),
            ([into], [out]) if into.copy == 0 && out.copy == 0 => (into.axis, Some(out.axis)),
            _ => {
                let message = match ins.is_empty() && outs.is_empty() {
                    true => "a net takes vectors: here what it takes and the left side are numbers that lie alike".to_owned(),
                    false => format!(
                        "a net takes one axis to one other: here it would take {} to {}",
                        self.bracket(&ins),
                        self.bracket(&outs)
                    ),
                };
                let d = Diagnostic::error("E0106", span, message)
                    .label(x.span, format!("this {}", self.lies(&x.axes)));
                return self.fail(d.help(format!(
                    "of `let h[row, hidden] = {name}(x);` with `x[row, feature]` it takes `feature` to `hidden`, of `let h[row, feature] = {name}(x);` `feature` to itself"
                )));
            }
        };
        let build = Build { net: name, span };
        let mut scope = self.outside_of_functions(|c| {
            c.layers(net, &build, into, out)?;
            Some(c.weights(net))
        })?;
        // The argument under a name of its own.
        let hidden = format!("{name}_x");
        let id = self.model.symbols.len();
        self.model.symbols.push(Symbol {
            name: hidden.clone(),
            axes: x.axes.clone(),
            ty: x.ty,
            kind: None,
            stochastic: x.stochastic,
            span,
            role: Role::Let(Box::new(x)),
        });
        let mut value = build.name(&hidden);
        for (l, _) in net.hidden.iter().enumerate() {
            value = build.call(&net.activation, build.affine(l + 1, value));
        }
        let last = net.hidden.len() + 1;
        let value = match out {
            Some(_) => build.affine(last, value),
            None => {
                let product = build.binary(BinaryOp::MatMul, build.part('W', last), value);
                let mut total = build.call("sum", product);
                if let ExprKind::Call(_, args) = &mut total.kind {
                    args.push(ast::Arg {
                        name: Some(build.ident("over")),
                        value: build.name(&build.axis(last)),
                    });
                }
                build.binary(BinaryOp::Add, total, build.part('b', last))
            }
        };
        scope.insert(hidden, id);
        self.scopes.push(scope);
        let out = self.expr(&value, Some(frame));
        self.scopes.pop();
        Some(TExpr { span, ..out? })
    }

    /// Works with the names of the file, also where the body of a function is being checked.
    fn outside_of_functions<T>(&mut self, work: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let swap = |c: &mut Self| {
            if let Some(outermost) = c.functions.outside.first_mut() {
                std::mem::swap(&mut c.scopes, outermost);
            }
        };
        swap(self);
        let done = work(self);
        swap(self);
        done
    }

    /// The params of a net by name.
    fn weights(&self, net: &Net) -> HashMap<String, SymbolId> {
        let layers = 1..=net.hidden.len() + 1;
        let names =
            layers.flat_map(|l| ['W', 'b'].map(|part| format!("{}_{part}{l}", net.name.name)));
        names
            .filter_map(|n| self.lookup(&n).map(|id| (n, id)))
            .collect()
    }

    /// The axes and params of a net: those that there are, or new ones.
    fn layers(&mut self, net: &Net, build: &Build, into: usize, out: Option<usize>) -> Option<()> {
        let last = net.hidden.len() + 1;
        let ends = |this: &Self| -> Option<(usize, Option<usize>)> {
            let axis_of = |part: &str, at: usize| -> Option<usize> {
                let id = this.lookup(part)?;
                this.model.symbols[id].axes.get(at).map(|a| a.axis)
            };
            let to = axis_of(&format!("{}_W{last}", build.net), 0)?;
            let own = this.axis(&build.axis(last)) == Some(to);
            Some((
                axis_of(&format!("{}_W1", build.net), 1)?,
                (!own).then_some(to),
            ))
        };
        if let Some(known) = ends(self) {
            if known == (into, out) {
                return Some(());
            }
            let name = |a: Option<usize>| {
                a.map_or("one number".to_string(), |a| {
                    format!("`{}`", self.model.axes[a].name)
                })
            };
            let d = Diagnostic::error(
                "E0106",
                build.span,
                format!(
                    "the net `{}` takes {} to {} elsewhere, and {} to {} here",
                    build.net,
                    name(Some(known.0)),
                    name(known.1),
                    name(Some(into)),
                    name(out)
                ),
            )
            .label(net.name.span, "the net");
            return self.fail(d.help("its weights have one shape: define a second net"));
        }
        let size = |n: f64| ast::AxisDef::Size(build.expr(ExprKind::Number(n)));
        for (l, n) in net.hidden.iter().enumerate() {
            self.axis_statement(&build.ident(&build.axis(l + 1)), Some(&size(*n)));
        }
        if out.is_none() {
            self.axis_statement(&build.ident(&build.axis(last)), Some(&size(1.0)));
        }
        // The params belong to the file or to the guide, wherever the call stands.
        let depth = if self.in_guide { 2 } else { 1 };
        let scopes = self.scopes.split_off(depth.min(self.scopes.len()));
        let loops = std::mem::take(&mut self.loops);
        let mut from = self.model.axes[into].name.clone();
        let mut made = Some(());
        for l in 1..=last {
            let to = match out {
                Some(out) if l == last => self.model.axes[out].name.clone(),
                _ => build.axis(l),
            };
            let weights = build.target('W', l, &[&to, &from]);
            let bias = match out {
                None if l == last => build.target('b', l, &[]),
                _ => build.target('b', l, &[&to]),
            };
            let start = build.expr(ExprKind::Call(build.ident("glorot"), vec![]));
            made = made
                .and_then(|()| self.param(&weights, None, &start))
                .and_then(|()| self.param(&bias, None, &build.expr(ExprKind::Number(0.0))));
            from = to;
        }
        self.loops = loops;
        self.scopes.extend(scopes);
        made
    }
}

/// Trees of what a net stands for; all of them stand where it is called.
struct Build<'n> {
    net: &'n str,
    span: Span,
}

impl Build<'_> {
    fn ident(&self, name: &str) -> ast::Ident {
        ast::Ident {
            name: name.to_string(),
            span: self.span,
        }
    }

    fn expr(&self, kind: ExprKind) -> ast::Expr {
        ast::Expr {
            kind,
            span: self.span,
        }
    }

    fn name(&self, name: &str) -> ast::Expr {
        self.expr(ExprKind::Name(name.to_string()))
    }

    /// The axis of a layer's units.
    fn axis(&self, layer: usize) -> String {
        format!("{}_{layer}", self.net)
    }

    /// The weights (`W`) or the biases (`b`) of a layer.
    fn part(&self, which: char, layer: usize) -> ast::Expr {
        self.name(&format!("{}_{which}{layer}", self.net))
    }

    fn target(&self, which: char, layer: usize, axes: &[&str]) -> ast::Target {
        ast::Target {
            name: self.ident(&format!("{}_{which}{layer}", self.net)),
            axes: axes
                .iter()
                .map(|a| ast::TargetAxis::Name(self.ident(a)))
                .collect(),
            span: self.span,
        }
    }

    fn binary(&self, op: BinaryOp, a: ast::Expr, b: ast::Expr) -> ast::Expr {
        self.expr(ExprKind::Binary(op, Box::new(a), Box::new(b)))
    }

    fn call(&self, f: &str, x: ast::Expr) -> ast::Expr {
        let args = vec![ast::Arg {
            name: None,
            value: x,
        }];
        self.expr(ExprKind::Call(self.ident(f), args))
    }

    fn affine(&self, layer: usize, x: ast::Expr) -> ast::Expr {
        let product = self.binary(BinaryOp::MatMul, self.part('W', layer), x);
        self.binary(BinaryOp::Add, product, self.part('b', layer))
    }
}
