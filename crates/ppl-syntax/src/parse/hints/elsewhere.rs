//! What is written so in other languages, and what word processors make of quotes and signs.

use crate::diagnostic::{Diagnostic, Span};

use super::super::Rule;
use super::super::errors::{Failure, is_keyword, token};

/// `a + b x`, `2 x`, `2(x + 1)`: a product without its sign.
pub(super) fn product(f: &Failure<'_>) -> Option<Diagnostic> {
    let ends = f.wants(Rule::infix) || f.wants(Rule::comma) || f.wants_semi();
    if f.on_new_line() || !ends || !(f.found_word() || f.found == "(") || is_keyword(f.found) {
        return None;
    }
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let earlier = f.before().trim_end_matches(word);
    let last = &f.before()[earlier.len()..];
    let number = last.parse::<f64>().is_ok();
    let after_sign = earlier.trim_end().ends_with(['+', '-', '*', '/', '=']);
    let likely = match f.found {
        "(" => number,
        _ => number || (after_sign && !last.is_empty()),
    };
    let names_something = f.rest().trim_start().starts_with(['=', ':', '~']);
    if !likely || names_something || matches!(last, "in" | "by" | "skip") {
        return None;
    }
    let here = Span {
        start: f.previous_end(),
        end: f.previous_end(),
    };
    let message = format!("expected an operator, found `{}`", f.found);
    Some(
        Diagnostic::error("E0001", f.span(), message)
            .at("a product has its sign")
            .help("write products with `*`")
            .fix(here, " *"),
    )
}

/// `c ? a : b`
pub(super) fn ternary(f: &Failure<'_>) -> Option<Diagnostic> {
    (f.found == "?" && f.wants(Rule::infix)).then(|| {
        f.slip(
            "there is no `? :`",
            "write `if condition { a } else { b }`, which is a value too",
        )
    })
}

/// `b .* x`
pub(super) fn dotted_operator(f: &Failure<'_>) -> Option<Diagnostic> {
    let dotted = f.before().ends_with('.') && matches!(f.found, "*" | "/" | "^" | "+" | "-");
    let start = f.previous_end().checked_sub(1)?;
    dotted.then(|| {
        let span = Span {
            start,
            end: f.span().end,
        };
        let help = format!(
            "write `{}`: arithmetic is elementwise, and lines up by the names of the axes",
            f.found
        );
        Diagnostic::error("E0001", span, "operators have no dotted form")
            .help(help)
            .fix(span, f.found)
    })
}

/// `–1`, `“y”`, `∼`, `≤`: from a word processor or a paper.
pub(super) fn typography(f: &Failure<'_>) -> Option<Diagnostic> {
    let plain = match f.found.chars().next()? {
        '–' | '—' | '−' => "-",
        '“' | '”' | '„' | '«' | '»' => "\"",
        '‘' | '’' => "'",
        '∼' | '～' | '˜' => "~",
        '×' | '·' | '∙' => "*",
        '≤' => "<=",
        '≥' => ">=",
        '≠' => "!=",
        '÷' => "/",
        '，' => ",",
        '；' => ";",
        '（' => "(",
        '）' => ")",
        _ => return None,
    };
    let message = format!("`{}` is not the sign `{plain}`", f.found);
    let d = f.slip(message, format!("write `{plain}`"));
    Some(match plain {
        "'" => d.help("strings stand in double quotes"),
        _ => d.fix(f.span(), plain),
    })
}

/// `a and b`, `not a`
pub(super) fn word_operators(f: &Failure<'_>) -> Option<Diagnostic> {
    let last = f.before().rsplit([' ', '(', ',', '{']).next()?;
    let (span, sign) = match (f.found, last) {
        ("and", _) => (f.span(), "&&"),
        ("or", _) => (f.span(), "||"),
        (_, "not") => {
            let end = f.previous_end();
            (
                Span {
                    start: end - 3,
                    end,
                },
                "!",
            )
        }
        _ => return None,
    };
    f.wants(Rule::infix).then(|| {
        let word = &f.text[span.start..span.end];
        Diagnostic::error("E0001", span, format!("`{word}` is not an operator"))
            .help(format!("write `{sign}`"))
            .fix(span, sign)
    })
}

/// `def f(x):`, `function f(x)`
pub(super) fn function_word(f: &Failure<'_>) -> Option<Diagnostic> {
    let word = f.first();
    (f.is_second() && f.found_word() && matches!(word, "def" | "function" | "func" | "lambda"))
        .then(|| {
            let message = format!("there is no `{word}`");
            let help = match f.found {
                "model" => {
                    "a model is its statements, one after the other, with no function around them"
                }
                _ => "a function is written `fn f(x, a) = a * x;`",
            };
            Diagnostic::error("E0001", f.first_span(), message).help(help)
        })
}

/// `fn f(x) { return 2 * x; }`
pub(super) fn returned(f: &Failure<'_>) -> Option<Diagnostic> {
    if f.first() != "fn" {
        return None;
    }
    let whole = f.text.get(f.start..)?;
    let open = whole.find('{')?;
    let body = whole[open + 1..].trim_start().strip_prefix("return")?;
    if !body.starts_with([' ', '(', '\n']) {
        return None;
    }
    let (value, rest) = body.split_once(';')?;
    let end = whole.len() - rest.trim_start().strip_prefix('}')?.len();
    let span = Span {
        start: f.start + open,
        end: f.start + end,
    };
    Some(
        Diagnostic::error("E0001", f.span(), "there is no `return`")
            .help("a function is one expression")
            .fix(span, format!("= {};", value.trim())),
    )
}

/// `with plate("N", 10):`, `import numpy as np`
pub(super) fn python(f: &Failure<'_>) -> Option<Diagnostic> {
    let message = match f.first() {
        "with" => "there is no `with`: the axes of a value say what is repeated",
        "import" | "from" => "there is nothing to import",
        "return" => "nothing is returned: a function is one expression",
        "print" => "nothing is printed while a model is fitted",
        _ => return None,
    };
    (f.is_second() && (f.found_word() || f.found == "(")).then(|| {
        let help = match f.first() {
            "with" => "write `theta[row] ~ Normal(mu, tau);`, with the axis in the bracket",
            "import" | "from" => "remove the line: all distributions and functions are known",
            "return" => "write `fn f(x) = x + 1;`",
            _ => "write `report a = …;` for its summary",
        };
        Diagnostic::error("E0001", f.first_span(), message).help(help)
    })
}

/// `axis k = 1:3;`, `y[1:3]`
pub(super) fn colon_range(f: &Failure<'_>) -> Option<Diagnostic> {
    let number = f.before().ends_with(|c: char| c.is_ascii_digit());
    if f.found != ":" || !number {
        return None;
    }
    if f.first() == "axis" {
        return Some(
            f.slip("a range has two dots", "write `1..3`, both ends included")
                .fix(f.span(), ".."),
        );
    }
    f.wants(Rule::close_bracket).then(|| {
        f.slip(
            "a bracket holds single labels, no ranges",
            "loop over an axis of their own, or say `if` where the others do not count",
        )
    })
}

/// `axis answer = {1, 2, 3};`
pub(super) fn numeric_label(f: &Failure<'_>) -> Option<Diagnostic> {
    let digit = f.found.starts_with(|c: char| c.is_ascii_digit());
    (digit && f.wants(Rule::label) && f.first() == "axis").then(|| {
        f.slip(
            format!("expected a label, found `{}`", f.found),
            "levels that are numbers are a range, `axis answer = 1..3;`, or texts, `{\"1\", \"2\"}`",
        )
    })
}

/// `data y: real[row];`, `sigma: real<lower=0> ~ …`
pub(super) fn kind_with_more(f: &Failure<'_>) -> Option<Diagnostic> {
    let (name, kind) = f.before().rsplit_once(':')?;
    let kind = kind.trim();
    let plain = !kind.is_empty() && kind.chars().all(|c| c.is_alphanumeric() || c == '_');
    let statement = f.first() == "data" || f.wants(Rule::tilde) || f.wants_semi();
    let whole = plain && statement && !f.before().contains(['~', '=', '(']);
    let name = name.trim().rsplit(' ').next()?;
    let rest = f.rest().trim_start();
    match f.found {
        "[" if whole && !name.ends_with(']') => {
            let axes = rest.split(']').next()?.trim();
            Some(f.slip(
                "the axes stand on the name",
                format!("write `{name}[{axes}]: {kind}`"),
            ))
        }
        "<" if whole => Some(f.slip("bounds stand in round brackets", bounds(kind, rest))),
        _ => None,
    }
}

/// How the bounds of Stan's `<lower=0>` are written.
pub(super) fn bounds(kind: &str, inside: &str) -> String {
    let inside = inside.split('>').next().unwrap_or_default();
    let value = |name: &str| {
        let (_, after) = inside.split_once(name)?;
        let after = after.trim_start().strip_prefix('=')?;
        Some(after.split(',').next()?.trim().to_owned())
    };
    let kind = if kind == "int" { "int" } else { "real" };
    match (value("lower"), value("upper")) {
        (Some(l), None) if l == "0" && kind == "real" => "write the kind `positive`".to_owned(),
        (Some(l), Some(u)) if l == "0" && u == "1" && kind == "real" => {
            "write the kind `unit`".to_owned()
        }
        (Some(l), Some(u)) => format!("write `{kind}({l}, {u})`"),
        (Some(l), None) => format!("write `{kind}({l}, inf)`"),
        (None, Some(u)) => format!("write `{kind}(-inf, {u})`"),
        _ => format!("write `{kind}(0, 1)`, or `positive`, or `unit`"),
    }
}

/// `x ~ Normal(0, 1));`
pub(super) fn closed_twice(f: &Failure<'_>) -> Option<Diagnostic> {
    let closes = matches!(f.found, ")" | "]" | "}");
    (closes && f.wants_semi() && f.found != "}").then(|| {
        f.slip(format!("this `{}` closes nothing", f.found), "remove it")
            .fix(f.span(), "")
    })
}

/// `for i in range(10)`, `for i in 1:N`
pub(super) fn loop_over_numbers(f: &Failure<'_>) -> Option<Diagnostic> {
    let called = f.first() == "for" && f.before().ends_with("range") && f.found == "(";
    called.then(|| {
        f.slip(
            "a loop runs over an axis",
            "write `for t in row { … }`; for a number of steps `axis step = 10;`, then `for t in step { … }`",
        )
    })
}

/// The name that a Stan declaration declares, and its bounds: `real<lower=0> sigma;`.
pub(super) fn declared_by_kind(f: &Failure<'_>) -> Option<Diagnostic> {
    const TYPES: [&str; 3] = ["real", "int", "vector"];
    if !(f.is_second() && f.found == "<" && TYPES.contains(&f.first())) {
        return None;
    }
    let rest = f.rest();
    let (inside, after) = rest.split_once('>')?;
    let after = match after.trim_start().strip_prefix('[') {
        Some(sized) => sized.split_once(']')?.1,
        None => after,
    };
    let name = token(after.trim_start());
    if name.is_empty() || !name.starts_with(|c: char| c.is_alphabetic()) {
        return None;
    }
    let kind = bounds(f.first(), inside);
    let kind = kind.split('`').nth(1)?;
    let help = match f.first() {
        "int" => format!(
            "data are declared `data {name}[row]: int;`; sizes are those of the axes: `size(row)`"
        ),
        _ => format!(
            "data are declared `data {name}[row]: {kind};`; a latent is drawn: `{name}: {kind} ~ Normal(0, 1);`"
        ),
    };
    Some(
        Diagnostic::error(
            "E0001",
            f.first_span(),
            "a declaration does not begin with its kind",
        )
        .help(help),
    )
}
