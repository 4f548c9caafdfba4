//! Draws, constraints and loops as they are written in PyMC, NumPyro, JAGS and R.

use crate::diagnostic::{Diagnostic, Span};

use super::super::errors::{Failure, is_keyword, token};

/// What stands before the point of a call: `pm.Normal(…)`.
const MODULES: [&str; 7] = ["pm", "pymc", "numpyro", "pyro", "dist", "tfd", "mc"];

/// The parts of a list, divided by commas that stand in no bracket, and where the list's own bracket closes.
fn arguments(inside: &str) -> Option<(Vec<&str>, usize)> {
    let (mut depth, mut start, mut parts) = (0, 0, vec![]);
    for (at, c) in inside.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => {
                parts.push(inside[start..at].trim());
                return Some((parts, at));
            }
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(inside[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    None
}

/// `pm.Normal("mu", mu=0, sigma=1)` as the statement that it is here, with the length of the call.
fn statement<'c>(call: &'c str, name: Option<&'c str>) -> Option<(String, usize)> {
    let module = token(call);
    let imported = call.strip_prefix(module)?.starts_with('(');
    let rest = match imported {
        true => call,
        false => call.strip_prefix(module)?.strip_prefix('.')?,
    };
    let function = token(rest);
    let inside = rest.strip_prefix(function)?.strip_prefix('(')?;
    if !MODULES.contains(&module) && !imported {
        return None;
    }
    let (parts, close) = arguments(inside)?;
    let length = call.len() - inside.len() + close + 1;
    let label = parts.first().filter(|p| p.starts_with(['"', '\'']));
    // Without its module a draw is known by the name in quotes.
    if imported && label.is_none() {
        return None;
    }
    let own = label.map(|l| l.trim_matches(['"', '\'']));
    let name = name.or(own)?;
    let given = |what: &str| {
        let value = |p: &'c str| Some(p.strip_prefix(what)?.trim_start().strip_prefix('=')?.trim());
        parts.iter().copied().find_map(value)
    };
    let observed = given("observed").or_else(|| given("obs"));
    let mut rest: Vec<&str> = parts[usize::from(label.is_some())..].to_vec();
    if function == "Deterministic" || function == "deterministic" {
        return Some((format!("let {name} = {};", rest.first()?), length));
    }
    let family = match function {
        "sample" => {
            let inner = rest.first()?.rsplit_once('(')?.0.len();
            let (head, inner) = rest.first()?.split_at(rest.first()?.find('(')?.min(inner));
            rest = arguments(&inner[1..])?.0;
            head.rsplit('.').next()?
        }
        family => family,
    };
    if !family.starts_with(|c: char| c.is_uppercase()) {
        return None;
    }
    let aside = ["observed", "obs", "shape", "dims", "name"];
    let kept = |p: &&str| {
        !aside
            .iter()
            .any(|a| p.split('=').next().map(str::trim) == Some(a))
    };
    let args: Vec<String> = { rest.into_iter().filter(kept) }
        .map(|p| match p.split_once('=') {
            Some((n, v)) if token(n) == n.trim() => format!("{} = {}", n.trim(), v.trim()),
            _ => p.to_owned(),
        })
        .collect();
    let args = args.join(", ");
    if let Some(o) = observed {
        return Some((format!("observe {o} ~ {family}({args});"), length));
    }
    let dims = given("dims").map(|d| d.trim_matches(['"', '\'', '(', ')', '[', ']', ' ']));
    let draw = match (dims, given("shape")) {
        (Some(axis), _) if !axis.is_empty() && axis == token(axis) => {
            format!("{name}[{axis}] ~ {family}({args});")
        }
        (_, Some(n)) if n.parse::<u32>().is_ok() => {
            format!("axis {name}_axis = {n}; {name}[{name}_axis] ~ {family}({args});")
        }
        _ => format!("{name} ~ {family}({args});"),
    };
    Some((draw, length))
}

/// `mu = pm.Normal("mu", 0, 1)`, `numpyro.sample("y", dist.Normal(mu, 1), obs=y)`
pub(super) fn python_draw(f: &Failure<'_>) -> Option<Diagnostic> {
    let assigned = f.found == "=" && f.is_second();
    let bare = f.found == "." && f.is_second() && MODULES.contains(&f.first());
    let from = match (assigned, bare) {
        (true, _) => f.span().end,
        (_, true) => f.start,
        _ => return None,
    };
    let call = f.text[from..].trim_start();
    let from = f.text.len() - call.len();
    let (mended, length) = statement(call, assigned.then(|| f.first()))?;
    let end = from + length;
    let semicolon = f.text[end..].starts_with(';');
    let span = Span {
        start: f.start,
        end: end + usize::from(semicolon),
    };
    let (message, help) = match mended.starts_with("let ") {
        true => ("a calculated value is a `let`", "`report` summarises it"),
        false => (
            "a draw is written with `~`",
            "the name stands on the left, its axes in a bracket behind it; data are observed",
        ),
    };
    Some(
        Diagnostic::error("E0001", f.first_span(), message)
            .help(help)
            .fix(span, mended),
    )
}

/// `sigma > 0;`
pub(super) fn constraint(f: &Failure<'_>) -> Option<Diagnostic> {
    let compares = matches!(f.found, ">" | "<" | ">=" | "<=");
    if !(compares && f.is_second()) || is_keyword(f.first()) {
        return None;
    }
    let name = f.first();
    let rest = f.rest().trim().trim_end_matches(';').trim();
    let kind = match (f.found, rest) {
        (">" | ">=", "0") => "positive".to_owned(),
        (">" | ">=", end) => format!("real({end}, inf)"),
        (_, end) => format!("real(-inf, {end})"),
    };
    Some(
        Diagnostic::error("E0001", f.span(), "a constraint stands in the kind of the unknown")
            .help(format!(
                "leave the line away and write `{name}: {kind} ~ …;`, or draw from a distribution on these numbers"
            )),
    )
}

/// `b[3] ~ Normal(0, 1);`, `data y[10]: real;`
pub(super) fn numbered_left_side(f: &Failure<'_>) -> Option<Diagnostic> {
    let digits = !f.found.is_empty() && f.found.chars().all(|c| c.is_ascii_digit());
    let head = f.before().strip_suffix('[')?;
    if !digits || head.contains(['~', '=', '[', '(']) {
        return None;
    }
    let name = head.rsplit(' ').next()?;
    let message = format!("expected a name, found `{}`", f.found);
    let apart = "one element apart is written in a loop: `for t in row { x[t] ~ if first(t) { … } else { … }; }`";
    let help = match (f.first(), f.found) {
        ("data", n) => format!(
            "the lines of the table are the axis `row`: `data {name}[row]: real;`; another axis is declared, `axis k = {n};`, and named here: `{name}[k]`"
        ),
        (_, "0") => format!("a bracket on the left names an axis; {apart}"),
        (_, n) => format!(
            "a bracket on the left names an axis, which is declared above: `axis k = {n};`, then `{name}[k] ~ …;`; {apart}"
        ),
    };
    Some(f.slip(message, help))
}

/// `plate g = group;`, as in NumPyro's `plate("g", 8)`.
pub(super) fn plate(f: &Failure<'_>) -> Option<Diagnostic> {
    (f.is_second() && f.first() == "plate" && (f.found_word() || f.found == "(")).then(|| {
        let message = "there is no `plate`: the axes of a value say what is repeated";
        Diagnostic::error("E0001", f.first_span(), message)
            .help("leave the line away and write `theta[row] ~ Normal(mu, tau);`, with the axis in the bracket")
    })
}

/// `X %*% beta`
pub(super) fn matrix_product(f: &Failure<'_>) -> Option<Diagnostic> {
    let start = f.at.checked_sub(1)?;
    let signs = f.text.get(start..)?.starts_with("%*%");
    (f.found == "*" && signs).then(|| {
        let span = Span {
            start,
            end: start + 3,
        };
        Diagnostic::error("E0001", span, "`%*%` is not an operator")
            .help("`@` sums over the axis that both sides share")
            .fix(span, "@")
    })
}
