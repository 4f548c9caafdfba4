//! `ode(f, y0, t0, times, a, b, …)`: the solution of `dy/dt = f(t, y, a, b, …)` at given times.

use super::Checker;
use super::expressions::{Frame, number};
use super::statements::not_available;
use crate::graph::*;
use ppl_syntax::ast::{self, Arg, ExprKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};

/// What stands behind the times, at most.
const MOST_INPUTS: usize = 40;

/// Tolerances where none are given.
const RELATIVE: f64 = 1e-6;
const ABSOLUTE: f64 = 1e-8;

impl Checker {
    pub(super) fn ode(&mut self, args: &[Arg], frame: Frame, span: Span) -> Option<TExpr> {
        let (mut relative, mut absolute) = (RELATIVE, ABSOLUTE);
        let mut plain: Vec<&ast::Expr> = vec![];
        let before = self.diagnostics.len();
        for a in args {
            let Some(name) = &a.name else {
                plain.push(&a.value);
                continue;
            };
            let to = match name.name.as_str() {
                "rtol" => &mut relative,
                "atol" => &mut absolute,
                _ => {
                    let message = format!("`ode` has no argument `{}`", name.name);
                    let d = Diagnostic::error("E0106", name.span, message);
                    self.report(d.help("only `rtol =` and `atol =` are given by name"));
                    self.names_in(std::slice::from_ref(a));
                    continue;
                }
            };
            match a.value.kind {
                ExprKind::Number(v) if v > 0.0 && v < 1.0 => *to = v,
                _ => {
                    let message = format!("`{}` is a literal number between 0 and 1", name.name);
                    let d = Diagnostic::error("E0106", a.value.span, message);
                    self.report(d.help("for example `rtol = 1e-8`"));
                }
            }
        }
        let [function, y0, t0, times, inputs @ ..] = plain.as_slice() else {
            self.report(
                Diagnostic::error(
                    "E0106",
                    span,
                    "`ode` takes a function, the state at the start, the start, and the times",
                )
                .help("write `ode(f, y0, t0, times, a, b)` with `fn f(t, y, a, b) = …;`"),
            );
            for e in plain.iter().skip(1) {
                self.expr(e, frame);
            }
            return None;
        };
        // The arguments are looked at whatever is wrong with the function.
        let typed: Vec<Option<TExpr>> = [y0, t0, times]
            .into_iter()
            .chain(inputs)
            .map(|e| self.expr(e, frame))
            .collect();
        for e in typed.iter().flatten() {
            self.numeric(e);
        }
        let f = match &function.kind {
            ExprKind::Name(name) => self.user_function(name),
            _ => None,
        };
        let Some(f) = f else {
            return self.fail(
                Diagnostic::error(
                    "E0103",
                    function.span,
                    "the first argument of `ode` is a function of the file",
                )
                .at("not a function")
                .help("define it above: `fn f(t, y[state], a) = [first = …, second = …];`"),
            );
        };
        let (passed, taken) = (inputs.len() + 2, f.arity());
        if passed != taken || inputs.len() > MOST_INPUTS {
            let name = f.name();
            let message = match inputs.len() > MOST_INPUTS {
                true => format!("`ode` passes at most {MOST_INPUTS} arguments after the times"),
                false => format!(
                    "`{name}` takes {taken} argument{}, and `ode` passes {passed}: the time, the state and {} after the times",
                    if taken == 1 { "" } else { "s" },
                    inputs.len(),
                ),
            };
            let help = match taken {
                0 | 1 => {
                    format!("its first arguments are the time and the state: `fn {name}(t, y, …)`")
                }
                _ if passed < taken => format!(
                    "give {} more after the times: `ode({name}, y0, t0, times, …)`",
                    taken - passed
                ),
                // The state where the time should be: the time lies along no axis.
                _ if !f.axes_of(0).is_empty() => format!(
                    "the first argument of the function is the time, the second the state: `{}`",
                    f.signature().replacen('(', "(t, ", 1)
                ),
                _ => format!(
                    "it is `{}`: the first is the time, the second the state; leave some away, or collect them in a vector",
                    f.signature()
                ),
            };
            return self.fail(
                Diagnostic::error("E0106", function.span, message)
                    .label(f.span(), "the function")
                    .help(help),
            );
        }
        let typed: Vec<TExpr> = typed.into_iter().collect::<Option<_>>()?;
        // What one equation reads as a whole: the state and the inputs over the axes of the function's brackets.
        let own: Vec<Vec<AxisRef>> = (1..f.arity()).map(|k| f.axes_of(k).to_vec()).collect();
        let whole = [&typed[0]].into_iter().chain(&typed[3..]);
        for (value, axes) in whole.zip(&own) {
            if let Some(lacking) = axes.iter().find(|a| !value.axes.contains(a)) {
                let axis = self.model.axis_name(*lacking).to_string();
                let lies = self.lies(&value.axes);
                self.report(
                    Diagnostic::error(
                        "E0109",
                        value.span,
                        format!("`{}` takes this along `{axis}`, but it {lies}", f.name()),
                    )
                    .label(f.span(), "the function")
                    .help(format!("give a value along `{axis}`, or take the axis out of the function's bracket")),
                );
            }
        }
        if !f.axes_of(0).is_empty() {
            self.report(
                Diagnostic::error(
                    "E0109",
                    f.span(),
                    "the first argument of this function is the time, a scalar",
                )
                .help("the second is the state: `fn f(t, y[state], …)`"),
            );
        }
        if self.diagnostics.len() > before {
            return None;
        }
        let rest = |value: &TExpr, own: &[AxisRef]| -> Vec<AxisRef> {
            let outside = |a: &&AxisRef| !own.contains(a);
            value.axes.iter().filter(outside).copied().collect()
        };
        let mut batch: Vec<AxisRef> = vec![];
        let mut outer = vec![];
        let none = vec![];
        let owners = [&own[0], &none].into_iter().chain(&own[1..]);
        for (value, own) in [&typed[0], &typed[1]]
            .into_iter()
            .chain(&typed[3..])
            .zip(owners)
        {
            let rest = rest(value, own);
            for a in &rest {
                if !batch.contains(a) {
                    batch.push(*a);
                }
            }
            outer.push(TExpr {
                axes: rest,
                ..number(0.0, value.span)
            });
        }
        let along: Vec<AxisRef> = rest(&typed[2], &batch);
        // Where start and inputs lie along the times' axis, as in a table of visits, each element has its own equation.
        let (time, one) = match along.as_slice() {
            [time] => (Some(*time), true),
            several => (None, several.is_empty()),
        };
        if !one {
            let lies = self.lies(&typed[2].axes);
            return self.fail(
                Diagnostic::error("E0109", typed[2].span, "the times lie along one axis of their own")
                    .at(format!("this {lies}"))
                    .help("visits of several subjects are the lines of a table, with `ka[subject]` looked up for each line; or times[subject, visit]"),
            );
        }
        for a in &typed[2].axes {
            if !batch.contains(a) && Some(*a) != time {
                batch.push(*a);
            }
        }
        outer.push(typed[2].clone());
        self.unite(&outer, frame, span)?;
        let clash = own
            .iter()
            .flatten()
            .find(|a| batch.iter().chain(&time).any(|b| b.axis == a.axis));
        if let Some(a) = clash {
            let axis = self.model.axis_name(*a).to_string();
            return self.fail(not_available(
                span,
                &format!("an equation over `{axis}` for each `{axis}`"),
            ));
        }
        let slot = |k: usize, axes: Vec<AxisRef>| TExpr {
            kind: TKind::Slot(k),
            axes,
            ty: Ty::Real,
            stochastic: true,
            span,
        };
        let mut slots = vec![slot(0, vec![])];
        slots.extend(
            own.iter()
                .enumerate()
                .map(|(k, axes)| slot(k + 1, axes.clone())),
        );
        let body = self.instantiate(&f, slots, Some(&own[0]), span)?;
        // The weights of nets come in as inputs that are read as a whole.
        let (mut typed, mut own) = (typed, own);
        for id in self.params_of(&body) {
            let axes = self.model.symbols[id].axes.clone();
            own.push(axes.clone());
            typed.push(TExpr {
                kind: TKind::Symbol(id),
                axes,
                ty: Ty::Real,
                stochastic: true,
                span,
            });
        }
        if let Some(wider) = body.axes.iter().find(|a| !own[0].contains(a)) {
            let axis = self.model.axis_name(*wider).to_string();
            return self.fail(
                Diagnostic::error(
                    "E0109",
                    function.span,
                    format!("the derivative lies along `{axis}`, which the state does not"),
                )
                .label(f.span(), "the function")
                .help("the function returns one derivative for each element of the state"),
            );
        }
        let mut axes = batch;
        axes.extend(time);
        axes.extend(&own[0]);
        let stochastic = typed.iter().any(|e| e.stochastic);
        Some(TExpr {
            kind: TKind::Ode(Box::new(TOde {
                body,
                args: typed,
                own,
                time,
                relative,
                absolute,
            })),
            axes,
            ty: Ty::Real,
            stochastic,
            span,
        })
    }

    /// The params that a body reads, itself or through what its nets define, each once.
    fn params_of(&self, body: &TExpr) -> Vec<SymbolId> {
        let (mut found, mut seen) = (vec![], vec![]);
        let mut open = symbols_of(body);
        while let Some(id) = open.pop() {
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            match &self.model.symbols[id].role {
                Role::Param(_) => found.push(id),
                Role::Let(value) => open.extend(symbols_of(value)),
                _ => {}
            }
        }
        found.sort_unstable();
        found
    }
}

fn symbols_of(e: &TExpr) -> Vec<SymbolId> {
    let mut found = vec![];
    e.visit(&mut |e| {
        if let TKind::Symbol(id) = e.kind {
            found.push(id);
        }
    });
    found
}
