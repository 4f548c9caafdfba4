//! Which form of a distribution its arguments fit: by place, by name, each once. Everything that is wrong is told.

use super::Checker;
use super::other_forms;
use super::other_names::{self, Here};
use ppl_dist::{Definition, Form, Shape};
use ppl_syntax::ast::{Arg, ExprKind};
use ppl_syntax::diagnostic::{Diagnostic, Span};

/// The arguments in a form's order.
type Slots<'a> = Vec<Option<&'a Arg>>;

impl Checker {
    /// Which form the arguments fit, and the arguments in its order. Where they fit none, what is wrong is told of the
    /// form that fits best.
    pub(super) fn choose_form<'a>(
        &mut self,
        def: &'static Definition,
        args: &'a [Arg],
        at: Span,
    ) -> Option<(usize, Slots<'a>)> {
        let mut best: Option<Vec<Diagnostic>> = None;
        for (i, form) in def.forms.iter().enumerate() {
            match fit_form(def, form, args, at) {
                Ok(ordered) => return Some((i, ordered)),
                Err(found) => {
                    if best.as_ref().is_none_or(|b| found.len() < b.len()) {
                        best = Some(found);
                    }
                }
            }
        }
        if let Some(d) = half(def, args) {
            self.report(d);
            return None;
        }
        if let Some(call) = other_forms::advice(def.name, args) {
            let names = args.iter().filter_map(|a| a.name.as_ref());
            let names: Vec<String> = names.map(|n| format!("`{}`", n.name)).collect();
            let message = format!("{} has no form with {}", def.name, names.join(" and "));
            self.report(Diagnostic::error("E0106", at, message).help(format!("write `{call}`")));
            self.names_in(args);
            return None;
        }
        let calls: Vec<String> = def.forms.iter().map(|f| call_text(def.name, f)).collect();
        let calls = format!("write {}", calls.join(" or "));
        for d in best? {
            let help = match &d.help {
                Some(first) => format!("{first}; {calls}"),
                None => calls.clone(),
            };
            self.report(d.help(help));
        }
        self.names_in(args);
        None
    }

    /// Looks names up in arguments that mean nothing otherwise, because what they are given to is wrong.
    pub(super) fn names_in(&mut self, args: &[Arg]) {
        self.only_names(|this| {
            for a in args {
                match &a.value.kind {
                    // A distribution within another: what stands there is told by the other.
                    ExprKind::Call(name, inner) if ppl_dist::find(&name.name).is_some() => {
                        this.names_in(inner);
                    }
                    _ => drop(this.expr(&a.value, None)),
                }
            }
        });
    }

    /// Checks something for the names in it alone.
    pub(super) fn only_names(&mut self, check: impl FnOnce(&mut Self)) {
        let before = self.diagnostics.len();
        check(self);
        let found = self.diagnostics.split_off(before);
        let of_names = |d: &Diagnostic| matches!(d.code, "E0101" | "E0102" | "E0103" | "E0104");
        self.diagnostics.extend(found.into_iter().filter(of_names));
    }
}

/// `HalfCauchy(0, 5)`, as it is written in Stan: the location is 0 by itself.
fn half(def: &Definition, args: &[Arg]) -> Option<Diagnostic> {
    let [location, scale] = args else { return None };
    let zero = matches!(location.value.kind, ExprKind::Number(0.0)) && location.name.is_none();
    (def.name.starts_with("Half") && zero && scale.name.is_none()).then(|| {
        let first = Span {
            start: location.value.span.start,
            end: scale.value.span.start,
        };
        let message = format!("{} takes 1 argument", def.name);
        Diagnostic::error("E0106", location.value.span, message)
            .at("its location is 0 by itself")
            .help("give the scale alone")
            .fix(first, "")
    })
}

/// `Gamma(shape, scale = …)`.
fn call_text(name: &str, form: &Form) -> String {
    let argument = |(i, p): (usize, &ppl_dist::Parameter)| match i < form.positional {
        true => p.name.to_string(),
        false => format!("{} = …", p.name),
    };
    let args: Vec<String> = form.parameters.iter().enumerate().map(argument).collect();
    format!("`{name}({})`", args.join(", "))
}

/// The arguments in a form's order, or all that keeps them from fitting.
fn fit_form<'a>(
    def: &Definition,
    form: &Form,
    args: &'a [Arg],
    at: Span,
) -> Result<Slots<'a>, Vec<Diagnostic>> {
    let wrong = |span: Span, message: String| Diagnostic::error("E0106", span, message);
    let n = form.parameters.len();
    let mut slots: Slots = vec![None; n];
    let mut found = vec![];
    // Arguments without a place of their own: each may be what is missing elsewhere.
    let mut homeless = 0;
    let mut meant = vec![false; n];
    let mut next = 0;
    for a in args {
        let place = match &a.name {
            Some(name) => form.parameters.iter().position(|p| p.name == name.name),
            None => {
                next += 1;
                (next <= form.positional).then(|| next - 1)
            }
        };
        if let (None, ExprKind::Str(name)) = (&a.name, &a.value.kind) {
            let message = "a name in quotes is no argument of a distribution".to_owned();
            found.push(wrong(a.value.span, message).help(format!(
                "the name stands on the left: `{name} ~ {}(…)`, without the quotes",
                def.name
            )));
            next -= 1;
            continue;
        }
        let Some(place) = place else {
            match &a.name {
                Some(name) => {
                    let (d, here) = unknown(def, form, name.span, &name.name);
                    match here {
                        Some(here) => meant[here] = true,
                        None => homeless += 1,
                    }
                    found.push(d);
                }
                None if next == n + 1 => {
                    let plural = if n == 1 { "" } else { "s" };
                    let message = format!("{} takes {n} argument{plural}", def.name);
                    let d = wrong(a.value.span, message).at("one too many");
                    found.push(match form.parameters {
                        [only] if only.shape == Shape::Vector => d.help(format!(
                            "its numbers stand in brackets, `{0}([a, b])`; one number, `{0}(a)`, is that of every element",
                            def.name
                        )),
                        _ => d,
                    });
                }
                None if next > n => {}
                None => {
                    let message = format!("this argument of {} must be named", def.name);
                    found.push(wrong(a.value.span, message).at("which parameter is it?"));
                    homeless += 1;
                }
            }
            continue;
        };
        if slots[place].is_some() {
            let message = format!("`{}` is given twice", form.parameters[place].name);
            found.push(wrong(a.value.span, message));
            homeless += 1;
            continue;
        }
        slots[place] = Some(a);
    }
    let missing: Vec<String> = (0..n)
        .filter(|&i| slots[i].is_none() && !meant[i])
        .map(|i| format!("its `{}`", form.parameters[i].name))
        .collect();
    if missing.len() > homeless {
        let message = format!("{} needs {}", def.name, missing.join(" and "));
        let label = match missing.len() {
            1 => "an argument is missing",
            _ => "arguments are missing",
        };
        found.push(wrong(at, message).at(label));
    }
    if found.is_empty() {
        Ok(slots)
    } else {
        Err(found)
    }
}

/// A name that no parameter has, and the place of the one that it may mean.
fn unknown(def: &Definition, form: &Form, span: Span, name: &str) -> (Diagnostic, Option<usize>) {
    let elsewhere = |f: &Form| f.parameters.iter().any(|p| p.name == name);
    if def.forms.iter().any(elsewhere) {
        let message = format!("`{name}` is of another form of {} than the rest", def.name);
        let d =
            Diagnostic::error("E0106", span, message).at("does not go with the other arguments");
        return (d, None);
    }
    let message = format!("{} has no parameter `{name}`", def.name);
    let d = Diagnostic::error("E0106", span, message).at("unknown parameter");
    let names = || form.parameters.iter().map(|p| p.name);
    if let Some(help) = other_names::no_parameter(name) {
        return (d.help(help), None);
    }
    if let Some(help) = other_names::linked(def.name, name) {
        return (
            d.help(help),
            names().position(|n| n == "probability" || n == "rate" || n == "mean"),
        );
    }
    let here = other_names::parameter(name, form);
    let place = match &here {
        Some(Here::Name(here)) => names().position(|n| n == *here),
        // A variance or a precision stands for the spread.
        Some(Here::Advice(_)) => names().position(|n| n == "sd" || n == "scale"),
        None => None,
    };
    match here {
        Some(Here::Name(here)) => {
            let d = d.help(format!("it is called `{here}` here"));
            (d.fix(span, here), place)
        }
        Some(Here::Advice(help)) => (d.help(help), place),
        None => match ppl_syntax::suggest(name, names()) {
            Some(near) => {
                let d = d.help(format!("it may be `{near}`"));
                (d.fix(span, near), names().position(|n| n == near))
            }
            None => (d, None),
        },
    }
}
