//! Axes that stand behind a statement instead of on its left side.

use crate::diagnostic::{Diagnostic, Span};

use super::super::errors::Failure;
use super::statements::is_balanced;

/// `observe y ~ Normal(mu, s) for row;`, `theta ~ Normal(mu, tau) for j in school;`
pub(super) fn axis_behind(f: &Failure<'_>) -> Option<Diagnostic> {
    let word = matches!(f.found, "for" | "over" | "along" | "across" | "in" | "each");
    let (left, right) = f.before().split_once('~')?;
    let ends = f.wants_semi() && !f.on_new_line();
    if !(word && ends && is_balanced(right) && super::is_distribution(right)) {
        return None;
    }
    let rest = f.rest().split(';').next()?.trim_end();
    // A loop of its own, in front of which a `;` is missing.
    if rest.contains(['{', '~', '\n']) {
        return None;
    }
    let behind = Span {
        start: f.previous_end(),
        end: f.span().end + rest.len(),
    };
    let closed = f.text[behind.end..].starts_with(';');
    let whole = Span {
        start: f.start,
        end: behind.end + usize::from(closed),
    };
    let d = Diagnostic::error(
        "E0001",
        f.span(),
        format!("expected `;`, found `{}`", f.found),
    )
    .at("the left side says along which axes");
    let (left, right) = (left.trim(), right.trim());
    let (variable, axis) = match named(rest) {
        Some(found) => found,
        None => {
            return Some(d.help(
                "an observation has the axes of its data, `observe y ~ …;`, an unknown those of its bracket, `x[k] ~ …;`",
            ));
        }
    };
    let read = |v: &&str| {
        let bracket = |open: char, close: char| {
            let mut parts = f.before().split(open).skip(1);
            parts.any(|p| {
                p.split(close)
                    .next()
                    .is_some_and(|i| words(i).any(|w| w == *v))
            })
        };
        bracket('[', ']')
    };
    if let Some(v) = variable.filter(read) {
        return Some(
            d.help("a loop stands around its statements")
                .fix(whole, format!("for {v} in {axis} {{ {left} ~ {right}; }}")),
        );
    }
    let data = left.strip_prefix("observe").map(str::trim);
    Some(match data {
        Some(data) => d
            .help(format!(
                "an observation has the axes of its data, those of `data {data}[{axis}]: …;`: leave this away"
            ))
            .fix(behind, ""),
        None if left.ends_with(']') => d
            .help("the bracket on the left says it: leave this away")
            .fix(behind, ""),
        None => d.help("the axes stand in a bracket on the left").fix(
            Span {
                end: behind.end,
                ..whole
            },
            format!("{left}[{axis}] ~ {right}"),
        ),
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
}

/// `row`, `each row`, `i in row`, `(i in row)`: the variable and the axis.
fn named(rest: &str) -> Option<(Option<&str>, &str)> {
    let inside = rest.trim();
    let inside = inside
        .strip_prefix('(')
        .and_then(|i| i.strip_suffix(')'))
        .unwrap_or(inside);
    let mut words: Vec<&str> = inside.split_whitespace().collect();
    if matches!(words.first(), Some(&("each" | "every" | "all"))) {
        words.remove(0);
    }
    let name = |w: &str| {
        w.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && w.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    match *words.as_slice() {
        [axis] if name(axis) => Some((None, axis)),
        [v, "in", axis] if name(v) && name(axis) => Some((Some(v), axis)),
        _ => None,
    }
}
