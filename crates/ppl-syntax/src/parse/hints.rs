//! Slips that are common enough to be known by name: each gives the message that mends it.

use crate::diagnostic::{Diagnostic, Span};
use crate::suggest::suggest;

use super::Rule;
use super::errors::{Failure, is_keyword, token};

type Slip = fn(&Failure<'_>) -> Option<Diagnostic>;

/// The slips, the more particular first.
const SLIPS: [Slip; 19] = [
    numbers,
    stan_block,
    stan_declaration,
    data_declaration,
    keyword_as_name,
    stan_target,
    net,
    lone_else,
    colon_equals,
    arrow,
    equals_for_tilde,
    tilde_for_equals,
    equals_in_condition,
    bounds_by_name,
    shifted_left_side,
    for_head,
    signs,
    misspelt_keyword,
    elif,
];

/// The message of the first slip that this is.
pub(super) fn known_slip(failure: &Failure<'_>) -> Option<Diagnostic> {
    SLIPS.iter().find_map(|slip| slip(failure))
}

impl<'t> Failure<'t> {
    /// The statement's first token.
    fn first(&self) -> &'t str {
        token(&self.text[self.start.min(self.text.len())..])
    }

    fn first_span(&self) -> Span {
        Span {
            start: self.start,
            end: self.start + self.first().len(),
        }
    }

    /// Whether the place is right after the first token.
    fn is_second(&self) -> bool {
        !self.before().is_empty() && self.before() == self.first()
    }

    /// The rest of the statement behind the offending token.
    fn rest(&self) -> &'t str {
        let from = self.span().end;
        self.text.get(from..self.end.max(from)).unwrap_or("")
    }

    fn slip(&self, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        Diagnostic::error("E0001", self.span(), message).help(help)
    }
}

/// Whether a text begins like a distribution: a CamelCase call, or `if`.
fn is_distribution(text: &str) -> bool {
    let text = text.trim_start();
    let word = token(text);
    let called = text[word.len()..].trim_start().starts_with('(');
    word == "if" || (called && word.starts_with(|c: char| c.is_uppercase()))
}

/// `.5`, `5.`, `1_000`
fn numbers(f: &Failure<'_>) -> Option<Diagnostic> {
    let before = f.before();
    let digit_before_dot = before
        .strip_suffix('.')
        .is_some_and(|b| b.ends_with(|c: char| c.is_ascii_digit()));
    if digit_before_dot && f.wants(Rule::ident) {
        let dot = Span {
            start: f.previous_end() - 1,
            end: f.previous_end(),
        };
        let message = "a number does not end with a point";
        return Some(
            Diagnostic::error("E0001", dot, message)
                .help("write `5.0` or `5`")
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

/// `parameters { … }`
fn stan_block(f: &Failure<'_>) -> Option<Diagnostic> {
    const BLOCKS: [&str; 6] = [
        "data",
        "parameters",
        "model",
        "transformed",
        "generated",
        "functions",
    ];
    let opens = f.found == "{" || (f.found_word() && f.rest().trim_start().starts_with('{'));
    (f.is_second() && opens && BLOCKS.contains(&f.first())).then(|| {
        let message = format!("there is no `{}` block in this language", f.first());
        Diagnostic::error("E0001", f.first_span(), message).help(
            "write the statements one after the other: `data y[row]: real;`, `mu ~ Normal(0, 1);`",
        )
    })
}

/// `real mu;`, `real<lower=0> s;`, `vector[N] y;`
fn stan_declaration(f: &Failure<'_>) -> Option<Diagnostic> {
    const TYPES: [&str; 10] = [
        "real",
        "int",
        "vector",
        "row_vector",
        "matrix",
        "array",
        "simplex",
        "ordered",
        "corr_matrix",
        "cov_matrix",
    ];
    let shape = f.found_word() || (f.found == "<" && f.is_second());
    (shape && TYPES.contains(&f.first()) && !f.before().contains('~')).then(|| {
        let name = if f.found_word() && !is_keyword(f.found) { f.found } else { "x" };
        let help = format!("data are declared `data {name}[row]: real;`; a latent is drawn: `{name} ~ Normal(0, 1);`");
        Diagnostic::error("E0001", f.first_span(), "a declaration does not begin with its kind").help(help)
    })
}

/// `data real y;`
fn data_declaration(f: &Failure<'_>) -> Option<Diagnostic> {
    let kind = f.before().strip_prefix("data")?.trim();
    let plain = f.found_word()
        && f.wants(Rule::colon)
        && matches!(kind, "real" | "int" | "bool" | "positive");
    plain.then(|| {
        let help = format!("write `data {}[row]: {kind};`", f.found);
        f.slip(format!("expected `:`, found `{}`", f.found), help)
    })
}

/// `data ~ Normal(0, 1);`
fn keyword_as_name(f: &Failure<'_>) -> Option<Diagnostic> {
    (f.is_second()
        && is_keyword(f.first())
        && matches!(f.found, "~" | "=" | ":" | "[")
        && f.wants(Rule::ident))
    .then(|| {
        let message = format!(
            "`{}` is a word of the language and cannot be a name",
            f.first()
        );
        Diagnostic::error("E0001", f.first_span(), message).help("choose another name")
    })
}

/// `target += …`
fn stan_target(f: &Failure<'_>) -> Option<Diagnostic> {
    (f.is_second() && f.first() == "target" && f.found == "+=").then(|| {
        let span = f.first_span().to(f.span());
        Diagnostic::error(
            "E0001",
            span,
            "terms of the log density are added with `factor`",
        )
        .help("write `factor …;`")
        .fix(span, "factor")
    })
}

fn net(f: &Failure<'_>) -> Option<Diagnostic> {
    (f.is_second() && f.first() == "net" && f.found_word()).then(|| {
        Diagnostic::error(
            "E0001",
            f.first_span(),
            "`net` is not a statement of this version",
        )
        .help("write its layers: `param W[hidden, feature] = glorot();` and `tanh(W @ x + b)`")
    })
}

fn lone_else(f: &Failure<'_>) -> Option<Diagnostic> {
    (f.before().is_empty() && f.found == "else").then(|| {
        f.slip(
            "this `else` follows no `if` block",
            "write `if condition { … } else { … }`",
        )
    })
}

/// `x := 3`
fn colon_equals(f: &Failure<'_>) -> Option<Diagnostic> {
    let adjacent = f.text[..f.at].ends_with(':');
    (f.found == "=" && adjacent && f.wants(Rule::kind) | f.wants(Rule::ident)).then(|| {
        let span = Span {
            start: f.at - 1,
            end: f.at + 1,
        };
        Diagnostic::error("E0001", span, "there is no `:=`")
            .help("`x ~ Normal(0, 1);` draws from a distribution, `let x = …;` names a value")
    })
}

/// `x <- Normal(0, 1)`
fn arrow(f: &Failure<'_>) -> Option<Diagnostic> {
    if !f.wants(Rule::tilde) {
        return None;
    }
    let at = if f.found == "<-" {
        f.at
    } else {
        f.start + f.before().find("<-")?
    };
    let span = Span {
        start: at,
        end: at + 2,
    };
    let rest = &f.text[span.end..];
    let diagnostic = Diagnostic::error("E0001", span, "expected `~`, found `<-`");
    Some(
        if is_distribution(rest) || matches!(f.first(), "observe" | "predict") {
            diagnostic
                .help("`~` draws from a distribution")
                .fix(span, "~")
        } else {
            diagnostic
                .help("`x ~ Normal(0, 1);` draws from a distribution, `let x = …;` names a value")
        },
    )
}

/// `x = Normal(0, 1)`, `x = 3`
fn equals_for_tilde(f: &Failure<'_>) -> Option<Diagnostic> {
    if f.found != "=" || !f.wants(Rule::tilde) || f.wants(Rule::equals) {
        return None;
    }
    let diagnostic = Diagnostic::error("E0001", f.span(), "expected `~`, found `=`");
    let draws = matches!(f.first(), "observe" | "predict") || is_distribution(f.rest());
    if draws {
        return Some(
            diagnostic
                .help("`~` draws from a distribution")
                .fix(f.span(), "~"),
        );
    }
    let here = Span {
        start: f.start,
        end: f.start,
    };
    Some(
        diagnostic
            .help("`let` names a value: write `let` before it")
            .fix(here, "let "),
    )
}

/// `let x ~ Normal(0, 1)`
fn tilde_for_equals(f: &Failure<'_>) -> Option<Diagnostic> {
    if f.found != "~" || !f.wants(Rule::equals) {
        return None;
    }
    let diagnostic = f.slip("expected `=`, found `~`", "");
    Some(match f.first() {
        "let" => {
            let word = Span {
                start: f.start,
                end: f.start + 4,
            };
            diagnostic
                .help("a draw has no keyword: remove `let`")
                .fix(word, "")
        }
        "report" => diagnostic
            .help("`report name = …` gives a value; `predict name ~ …` draws")
            .fix(f.first_span(), "predict"),
        "param" => diagnostic.help("a `param` has no prior: remove the word to make it a latent"),
        _ => diagnostic.help("write `=`").fix(f.span(), "="),
    })
}

/// `if a = b { … }`
fn equals_in_condition(f: &Failure<'_>) -> Option<Diagnostic> {
    (f.found == "=" && f.wants(Rule::infix) && (f.wants(Rule::open_brace) || f.wants(Rule::block)))
        .then(|| {
            f.slip("`=` does not compare", "write `==`")
                .fix(f.span(), "==")
        })
}

/// `real(lower = 0, upper = 1)`
fn bounds_by_name(f: &Failure<'_>) -> Option<Diagnostic> {
    let (_, inside) = f.before().rsplit_once('(')?;
    let kinds = ["real(", "int("];
    let head = &f.before()[..f.before().len() - inside.len()];
    (f.found == "=" && f.wants(Rule::close_paren) && kinds.iter().any(|k| head.ends_with(k))).then(
        || {
            f.slip(
                "bounds have no names",
                "write the lower and the upper bound: `real(0, 1)`, `real(0, inf)`",
            )
        },
    )
}

/// `h[t + 1] ~ …`
fn shifted_left_side(f: &Failure<'_>) -> Option<Diagnostic> {
    let sign = matches!(f.found, "+" | "-");
    (sign && f.wants(Rule::close_bracket) && !f.wants(Rule::infix)).then(|| {
        f.slip(
            format!("expected `]`, found `{}`", f.found),
            "a left side names axes or loop variables; shift on the right: `h[t] ~ Normal(h[t-1], s);`",
        )
    })
}

/// `for (t in row)`, `for t in 1..10`
fn for_head(f: &Failure<'_>) -> Option<Diagnostic> {
    if f.first() != "for" {
        return None;
    }
    if f.is_second() && f.found == "(" {
        return Some(f.slip(
            "expected a name, found `(`",
            "write `for t in row { … }` without parentheses",
        ));
    }
    let number = f.found.starts_with(|c: char| c.is_ascii_digit());
    (number && f.before().ends_with(" in")).then(|| {
        let message = format!("expected the name of an axis, found `{}`", f.found);
        f.slip(
            message,
            "a loop runs over an axis: `axis step = 10;`, then `for t in step { … }`",
        )
    })
}

/// Signs of other languages.
fn signs(f: &Failure<'_>) -> Option<Diagnostic> {
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

/// `obsreve y ~ …`
fn misspelt_keyword(f: &Failure<'_>) -> Option<Diagnostic> {
    const STATEMENTS: [&str; 12] = [
        "axis", "data", "param", "let", "observe", "factor", "for", "if", "fn", "report",
        "predict", "guide",
    ];
    let word = f.first();
    let fits = f.is_second() && word.len() > 1 && !is_keyword(word);
    let next = f.found_word()
        || matches!(f.found, "{" | "(" | "-" | "!")
        || f.found.starts_with(char::is_numeric);
    if !fits || !next {
        return None;
    }
    let keyword = suggest(word, STATEMENTS.into_iter())?;
    let message = format!("`{word}` does not begin a statement");
    let help = format!("did you mean `{keyword}`?");
    Some(
        Diagnostic::error("E0001", f.first_span(), message)
            .help(help)
            .fix(f.first_span(), keyword),
    )
}

fn elif(f: &Failure<'_>) -> Option<Diagnostic> {
    (f.is_second() && matches!(f.first(), "elif" | "elseif" | "elsif")).then(|| {
        let message = format!("there is no `{}`", f.first());
        Diagnostic::error("E0001", f.first_span(), message)
            .help("write `else if`")
            .fix(f.first_span(), "else if")
    })
}
