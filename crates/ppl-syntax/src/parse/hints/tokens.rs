//! Slips of numbers, signs and conditions.

use crate::diagnostic::{Diagnostic, Span};

use super::super::Rule;
use super::super::errors::{Failure, token};

/// `.5`, `5.`, `1_000`
pub(super) fn numbers(f: &Failure<'_>) -> Option<Diagnostic> {
    let before = f.before();
    let digit_before_dot = before
        .strip_suffix('.')
        .map(|b| b.trim_end_matches(|c: char| c.is_ascii_digit()))
        .is_some_and(|b| {
            b.len() + 1 < before.len() && !b.ends_with(|c: char| c.is_alphanumeric() || c == '_')
        });
    if digit_before_dot && f.wants(Rule::ident) {
        let dot = Span {
            start: f.previous_end() - 1,
            end: f.previous_end(),
        };
        let message = "a number does not end with a point";
        return Some(
            Diagnostic::error("E0001", dot, message)
                .help("write a digit behind it, or none at all")
                .fix(dot, ".0"),
        );
    }
    if f.found == "." && f.rest().starts_with(|c: char| c.is_ascii_digit()) {
        let digits = token(f.rest());
        let span = Span {
            start: f.at,
            end: f.span().end + digits.len(),
        };
        let message = "a number does not begin with a point";
        let help = format!("write `0.{digits}`");
        return Some(
            Diagnostic::error("E0001", span, message)
                .help(help)
                .fix(span, format!("0.{digits}")),
        );
    }
    let is_bad =
        f.found.starts_with(|c: char| c.is_ascii_digit()) && f.found.parse::<f64>().is_err();
    if !is_bad {
        return None;
    }
    let plain = f.found.replace('_', "");
    Some(if plain.parse::<f64>().is_ok() {
        f.slip(
            "digits stand together in a number",
            format!("write `{plain}`"),
        )
        .fix(f.span(), plain)
    } else {
        f.slip(
            format!("`{}` is neither a number nor a name", f.found),
            "write products with `*`: `2 * x`",
        )
    })
}

/// `if a = b { … }`
pub(super) fn equals_in_condition(f: &Failure<'_>) -> Option<Diagnostic> {
    (f.found == "=" && f.wants(Rule::infix) && (f.wants(Rule::open_brace) || f.wants(Rule::block)))
        .then(|| {
            f.slip("`=` does not compare", "write `==`")
                .fix(f.span(), "==")
        })
}

/// `h[t + 1] ~ …`
pub(super) fn shifted_left_side(f: &Failure<'_>) -> Option<Diagnostic> {
    let sign = matches!(f.found, "+" | "-");
    (sign && f.wants(Rule::close_bracket) && !f.wants(Rule::infix)).then(|| {
        f.slip(
            format!("expected `]`, found `{}`", f.found),
            "a left side names axes or loop variables; shift on the right: `h[t] ~ Normal(h[t-1], s);`",
        )
    })
}

/// `for (t in row)`, `for t in 1..10`
pub(super) fn for_head(f: &Failure<'_>) -> Option<Diagnostic> {
    if f.first() != "for" {
        return None;
    }
    if f.is_second() && f.found == "(" {
        let variable = token(f.rest().trim_start());
        let numbers = f
            .rest()
            .split_once(" in ")
            .is_some_and(|(_, over)| over.trim_start().starts_with(|c: char| c.is_ascii_digit()));
        let help = match numbers {
            true => format!(
                "write `for {variable} in row {{ … }}` without parentheses: a loop runs over an axis"
            ),
            false => "write `for t in row { … }` without parentheses".to_owned(),
        };
        return Some(f.slip("expected a name, found `(`", help));
    }
    if f.wants(Rule::kw_in) {
        return Some(f.slip(
            format!("expected `in`, found `{}`", f.found),
            "write `for t in row { … }`",
        ));
    }
    let number = f.found.starts_with(|c: char| c.is_ascii_digit());
    (number && f.before().ends_with(" in")).then(|| {
        let message = format!("expected the name of an axis, found `{}`", f.found);
        let t = f.before().split(' ').nth(1).unwrap_or("t");
        let rest = f.rest().trim_start();
        let end = token(rest.trim_start_matches([':', '.']).trim_start());
        let skipped = f.found.parse::<u32>().ok().and_then(|n| n.checked_sub(1));
        let rows = match skipped {
            Some(n) if n > 0 => format!("`for {t} in row skip {n} {{ … }}`"),
            _ => format!("`for {t} in row {{ … }}`"),
        };
        let step = if end.parse::<u32>().is_ok() { end } else { "10" };
        f.slip(
            message,
            format!(
                "a loop runs over an axis: {rows}, or one of its own, `axis step = {step};`, then `for {t} in step {{ … }}`"
            ),
        )
    })
}

/// Signs of other languages.
pub(super) fn signs(f: &Failure<'_>) -> Option<Diagnostic> {
    let (message, help, fix) = match f.found {
        "**" => ("powers are not written `**`", "write `^`", "^"),
        "*" if f.text[..f.at].ends_with('*') => {
            let span = Span {
                start: f.at - 1,
                end: f.at + 1,
            };
            let slip = Diagnostic::error("E0001", span, "powers are not written `**`");
            return Some(slip.help("write `^`").fix(span, "^"));
        }
        "&" => ("`&` is not an operator", "write `&&`", "&&"),
        "|" => (
            "`|` is not an operator",
            "\"or\" is `||`; arguments are separated by `,`",
            "",
        ),
        "'" => (
            "`'` is not part of the language",
            "strings stand in double quotes; transpose with `transpose(x)`",
            "",
        ),
        "+=" | "-=" => (
            "nothing is assigned twice",
            "`factor …;` adds to the log density",
            "",
        ),
        _ => return None,
    };
    let slip = f.slip(message, help);
    Some(if fix.is_empty() {
        slip
    } else {
        slip.fix(f.span(), fix)
    })
}

pub(super) fn elif(f: &Failure<'_>) -> Option<Diagnostic> {
    (f.is_second() && matches!(f.first(), "elif" | "elseif" | "elsif")).then(|| {
        let message = format!("there is no `{}`", f.first());
        Diagnostic::error("E0001", f.first_span(), message)
            .help("write `else if`")
            .fix(f.first_span(), "else if")
    })
}

pub(super) fn lone_else(f: &Failure<'_>) -> Option<Diagnostic> {
    (f.before().is_empty() && f.found == "else").then(|| {
        f.slip(
            "this `else` follows no `if` block",
            "write `if condition { … } else { … }`",
        )
    })
}
