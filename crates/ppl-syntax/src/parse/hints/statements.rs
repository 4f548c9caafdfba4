//! Statements whose beginning is right and whose form is another language's: conditions without braces, transformed left
//! sides, reports without a name.

use crate::diagnostic::{Diagnostic, Span};

use super::super::Rule;
use super::super::errors::{Failure, token};

impl<'t> Failure<'t> {
    /// Whether the file declares data of that name.
    pub(super) fn declares_data(&self, name: &str) -> bool {
        let declared = |line: &str| {
            let after = line.trim_start().strip_prefix("data ").map(str::trim_start);
            let rest = after.and_then(|a| a.strip_prefix(name));
            rest.is_some_and(|r| r.trim_start().starts_with(['[', ':']))
        };
        !name.is_empty() && self.text.split([';', '\n']).any(declared)
    }

    /// From the statement's first token up to its `;`.
    fn whole(&self) -> &'t str {
        let from = self.text.get(self.start..).unwrap_or("");
        from.split(';').next().unwrap_or("")
    }
}

/// Whether every bracket of a text is closed in it.
pub(super) fn is_balanced(text: &str) -> bool {
    let mut depth = 0_i32;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

/// Where a bracket that opens at the beginning of a text closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// `if (x > 0) a + b * x else a`: branches without braces.
pub(super) fn bare_branch(f: &Failure<'_>) -> Option<Diagnostic> {
    let opens = f.wants(Rule::open_brace) || f.wants(Rule::braced) || f.wants(Rule::block);
    let (_, condition) = f.before().rsplit_once("if")?;
    let closed = condition.trim_start().starts_with('(') && condition.trim_end().ends_with(')');
    let value = f.found_word() || f.found == "(" || f.found.starts_with(|c: char| c.is_numeric());
    if !(opens && closed && value && is_balanced(condition)) {
        return None;
    }
    let d = f.slip(
        format!("expected `{{`, found `{}`", f.found),
        "the branches stand in braces: `if x > 0 { a } else { b }`",
    );
    let rest = f.text.get(f.at..)?;
    let rest = &rest[..rest.find(';')?];
    let parts: Vec<&str> = rest.split(" else ").collect();
    let [then, otherwise] = parts.as_slice() else {
        return Some(d);
    };
    let plain = |t: &str| is_balanced(t) && !t.contains(['{', '~', '=']) && !t.contains("if ");
    Some(match plain(then) && plain(otherwise) {
        true => {
            let span = Span {
                start: f.at,
                end: f.at + rest.len(),
            };
            let mended = format!("{{ {} }} else {{ {} }}", then.trim(), otherwise.trim());
            d.fix(span, mended)
        }
        false => d,
    })
}

/// `log(pos) ~ Normal(m, s);`
pub(super) fn transformed_left_side(f: &Failure<'_>) -> Option<Diagnostic> {
    let name = f.first();
    if !(f.is_second() && f.found == "(" && f.wants(Rule::tilde)) {
        return None;
    }
    let call = f.text.get(f.at..)?;
    let close = closing(call)?;
    let inside = call[1..close].trim();
    let after = call[close + 1..].trim_start();
    // `Normal(a, 1) = y`: the sides are exchanged.
    if let Some(right) = after.strip_prefix(['=', '~'])
        && super::is_distribution(&f.text[f.start..])
    {
        let value = right.split(';').next()?.trim();
        let observe = if f.declares_data(value.split('[').next()?) {
            "observe "
        } else {
            ""
        };
        let span = Span {
            start: f.start,
            end: f.start + f.whole().trim_end().len(),
        };
        let mended = format!("{observe}{value} ~ {name}({inside})");
        return (value == token(value) || value.ends_with(']')).then(|| {
            Diagnostic::error(
                "E0001",
                f.first_span(),
                "a distribution stands right of `~`",
            )
            .help("what is drawn from it stands on the left")
            .fix(span, mended)
        });
    }
    let right = call[close + 1..].trim_start().strip_prefix('~')?;
    if !super::is_distribution(right) {
        return None;
    }
    let message = format!("the left side of `~` is a name, and this calls `{name}`");
    let d = Diagnostic::error("E0001", f.first_span().to(f.span()), message);
    let here = Span {
        start: f.start,
        end: f.start,
    };
    let own = inside.split('[').next().unwrap_or("").trim();
    Some(match (f.declares_data(own), name) {
        (true, _) => d
            .help("a function of data is observed")
            .fix(here, "observe "),
        (false, "log") => d.help(format!(
            "draw the unknown itself, from the distribution of what its logarithm is drawn from: `{inside} ~ LogNormal(…);`"
        )),
        (false, _) => d.help(format!(
            "draw what the function gives, and calculate the other from it: `u ~ …; let {inside} = …;`"
        )),
    })
}

/// `s: real(0, ) ~ …`, `real(, 1)`: a bound left open.
pub(super) fn open_bound(f: &Failure<'_>) -> Option<Diagnostic> {
    let (head, inside) = f.before().rsplit_once('(')?;
    let kind = head.rsplit(':').next()?.trim();
    let inside = inside.trim();
    if !matches!(kind, "real" | "int") || !f.wants_value() {
        return None;
    }
    let here = Span {
        start: f.previous_end(),
        end: f.previous_end(),
    };
    let end = match (f.found, inside.strip_suffix(',')) {
        (")", Some(_)) => " inf",
        (",", None) if inside.is_empty() => "-inf",
        _ => return None,
    };
    let message = format!("expected a bound, found `{}`", f.found);
    Some(
        f.slip(message, format!("an end that is open is `{}`", end.trim()))
            .fix(here, end),
    )
}

/// `factor y ~ Normal(a, s);`
pub(super) fn drawn_factor(f: &Failure<'_>) -> Option<Diagnostic> {
    if f.first() != "factor" || f.found != "~" || !super::is_distribution(f.rest()) {
        return None;
    }
    let left = f.before().strip_prefix("factor")?.trim();
    let own = left.split(['[', '(']).next().unwrap_or("").trim();
    let mut word = f.first_span();
    let d = f.slip(
        "`factor` adds a number to the log density, and this draws",
        "",
    );
    Some(match f.declares_data(own) {
        true => d
            .help("the log density of data is added by `observe`")
            .fix(word, "observe"),
        false => {
            word.end += usize::from(f.text[word.end..].starts_with(' '));
            d.help("the log density of an unknown is added by its `~`")
                .fix(word, "")
        }
    })
}

/// `observe y ~ Normal(a, s) weight x;`
pub(super) fn weighted(f: &Failure<'_>) -> Option<Diagnostic> {
    let word = matches!(f.found, "weight" | "weights" | "weighted" | "w");
    let (value, dist) = f.before().strip_prefix("observe")?.split_once('~')?;
    if !(word && f.wants_semi() && is_balanced(dist) && super::is_distribution(dist)) {
        return None;
    }
    let rest = f.rest().split(';').next()?;
    let weight = rest
        .trim()
        .trim_start_matches("by ")
        .trim_matches(['=', '(', ')', ' ']);
    let d = f.slip(
        format!("expected `;`, found `{}`", f.found),
        "a likelihood with weights is a `factor` in place of the observation: `factor w * log_density(Normal(m, s), y);`",
    );
    let span = Span {
        start: f.start,
        end: f.span().end + rest.trim_end().len(),
    };
    let mended = format!(
        "factor {weight} * log_density({}, {})",
        dist.trim(),
        value.trim()
    );
    Some(match weight == token(weight) && !weight.is_empty() {
        true => d.fix(span, mended),
        false => d,
    })
}

/// `while a > 0 { … }`, `repeat { … }`
pub(super) fn while_loop(f: &Failure<'_>) -> Option<Diagnostic> {
    let word = f.first();
    let fits = f.is_second() && matches!(word, "while" | "repeat" | "until" | "do" | "loop");
    (fits && !matches!(f.found, "~" | "=" | ":" | "[" | "<-")).then(|| {
        let message = format!("there is no `{word}`: how often something is done is known before");
        Diagnostic::error("E0001", f.first_span(), message).help(
            "a loop runs over an axis, `axis step = 10;`, `for t in step { … }`, and `if` says where something counts",
        )
    })
}

/// `report a / b;`, `report exp(a);`, `predict Normal(mu, s);`
pub(super) fn unnamed_report(f: &Failure<'_>) -> Option<Diagnostic> {
    let whole = f.whole();
    let word = f.first();
    let value = whole.strip_prefix(word)?;
    let lead = value.len() - value.trim_start().len();
    let value = value.trim();
    // A name, perhaps with axes, of which something else is wrong.
    let named = value.contains(" = ") || value.contains('~');
    if !f.wants(Rule::equals) && !f.wants(Rule::tilde) || named || value.is_empty() {
        return None;
    }
    let span = Span {
        start: f.start + word.len() + lead,
        end: f.start + whole.trim_end().len(),
    };
    let here = Span {
        start: span.start,
        end: span.start,
    };
    match word {
        "report" => Some(
            Diagnostic::error("E0001", span, "what is reported has a name")
                .help("write `report name = …;`")
                .fix(here, "reported = "),
        ),
        "predict" if super::is_distribution(value) => Some(
            Diagnostic::error("E0001", span, "what is predicted has a name, and its axes")
                .help("write `predict name[row] ~ …;`")
                .fix(here, "predicted[row] ~ "),
        ),
        _ => None,
    }
}

/// `observe y ~ Normal(a, s) | x > 0;`, `observe y ~ Normal(a + (1 | g), s);`
pub(super) fn condition_behind(f: &Failure<'_>) -> Option<Diagnostic> {
    if f.found != "|" {
        return None;
    }
    let (_, right) = f.before().split_once('~')?;
    if is_balanced(right) && super::is_distribution(right) {
        let left = f.before().split('~').next().unwrap_or("");
        let name = left.trim().trim_start_matches("observe").trim();
        let name = match name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            true => name,
            false => "y",
        };
        return Some(f.slip(
            "`|` is not an operator",
            format!(
                "which rows count is said by `if`: `for i in row {{ if x[i] > 0 {{ observe {name}[i] ~ …; }} }}`"
            ),
        ));
    }
    // A formula of lme4 and brms.
    let (head, terms) = right.rsplit_once('(')?;
    if head.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let formula = |t: &str| t.chars().all(|c| c.is_alphanumeric() || " _+".contains(c));
    let group = token(f.rest().trim_start());
    let word = group.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let after = f.rest().trim_start().strip_prefix(group)?.trim_start();
    (formula(terms) && word && after.starts_with(')')).then(|| {
        f.slip(
            "`|` is not an operator: effects of groups are unknowns",
            format!(
                "write `axis {group}; data {group}[row]: {group}; tau ~ HalfNormal(1); u[{group}] ~ Normal(0, tau);`, and add `u[{group}]`"
            ),
        )
    })
}
