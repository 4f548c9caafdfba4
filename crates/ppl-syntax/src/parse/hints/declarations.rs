//! Slips of declarations and of whole statements, most of them from Stan.

use crate::diagnostic::{Diagnostic, Span};
use crate::suggest::suggest;

use super::super::Rule;
use super::super::errors::{Failure, is_keyword};

/// `parameters { … }`
pub(super) fn stan_block(f: &Failure<'_>) -> Option<Diagnostic> {
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
        Diagnostic::error("E0001", f.first_span(), message).help(match f.first() {
            "transformed" => {
                "write the statements one after the other; a calculated value is `let mu = alpha + beta * x;`"
            }
            "generated" => {
                "write the statements one after the other: `report r = beta / sigma;`, `predict y_new[row] ~ Normal(mu, sigma);`"
            }
            "functions" => "write the statements one after the other: `fn f(x, a) = a * x;`",
            _ => {
                "write the statements one after the other: `data y[row]: real;`, `mu ~ Normal(0, 1);`"
            }
        })
    })
}

/// `real mu;`, `real<lower=0> s;`, `vector[N] y;`
pub(super) fn stan_declaration(f: &Failure<'_>) -> Option<Diagnostic> {
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
        if f.found_word() && f.rest().trim_start().starts_with('=') {
            let head = Span {
                start: f.start,
                end: f.span().end,
            };
            let message = "a declaration does not begin with its kind";
            let value = f.rest().trim_start().trim_start_matches('=').trim();
            let size: Result<u32, _> = value.trim_end_matches(';').trim().parse();
            let help = match (f.first(), size) {
                ("int", Ok(n)) => format!(
                    "a calculated value is a `let`; where it says how many there are of something, an axis: `axis k = {n};`, then `x[k] ~ …;`"
                ),
                _ => "a calculated value is a `let`".to_owned(),
            };
            return Diagnostic::error("E0001", f.first_span(), message)
                .help(help)
                .fix(head, format!("let {}", f.found));
        }
        let name = if f.found_word() && !is_keyword(f.found) { f.found } else { "x" };
        let help = format!("data are declared `data {name}[row]: real;`; a latent is drawn: `{name} ~ Normal(0, 1);`");
        Diagnostic::error("E0001", f.first_span(), "a declaration does not begin with its kind").help(help)
    })
}

/// `data real y;`
pub(super) fn data_declaration(f: &Failure<'_>) -> Option<Diagnostic> {
    let kind = f.before().strip_prefix("data")?.trim();
    let plain = f.found_word()
        && f.wants(Rule::colon)
        && matches!(kind, "real" | "int" | "bool" | "positive");
    plain.then(|| {
        let help = format!("write `data {}[row]: {kind};`", f.found);
        f.slip(format!("expected `:`, found `{}`", f.found), help)
    })
}

/// `columns(x1..x5)`, `columns(x1, x2)`
pub(super) fn columns_without_quotes(f: &Failure<'_>) -> Option<Diagnostic> {
    let (_, inside) = f.before().rsplit_once("columns(")?;
    (!inside.contains([')', '"'])).then(|| {
        let head: String = (inside.to_owned() + f.found).chars().take_while(|c| c.is_alphabetic() || *c == '_').collect();
        f.slip(
            "`columns` takes a pattern in quotes",
            format!("write `columns(\"{head}*\")` for all columns whose names match, or list the columns: `axis k = {{a, b}};`"),
        )
    })
}

/// `let [a, b] = …`, `let (a, b) = …`, `let a, b = …`
pub(super) fn several_names(f: &Failure<'_>) -> Option<Diagnostic> {
    let opens = f.is_second() && matches!(f.found, "[" | "(");
    let goes_on = f.found == "," && !f.before().contains(['=', '[', '(']);
    (f.first() == "let" && (opens || goes_on)).then(|| {
        f.slip(
            "`let` names one value",
            "name the array along its axis and look its elements up: `let p[k] = …;`, then `p[a]`",
        )
    })
}

/// `mu : Normal(0, 1);`
pub(super) fn distribution_as_kind(f: &Failure<'_>) -> Option<Diagnostic> {
    let (left, right) = f.before().split_once(':')?;
    (f.wants(Rule::tilde) && super::is_distribution(right)).then(|| {
        let at = f.start + left.len();
        let colon = Span {
            start: at,
            end: at + 1,
        };
        Diagnostic::error("E0001", colon, "`:` gives a kind, not a distribution")
            .help("`~` draws from a distribution")
            .fix(colon, "~")
    })
}

/// `data ~ Normal(0, 1);`
pub(super) fn keyword_as_name(f: &Failure<'_>) -> Option<Diagnostic> {
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

/// `y ~ normal(0, 1) T[0, ];`
pub(super) fn stan_truncation(f: &Failure<'_>) -> Option<Diagnostic> {
    (f.found == "T" && f.wants_semi() && f.rest().trim_start().starts_with(['[', '('])).then(|| {
        let help = "write `.truncated(lower = …, upper = …)` behind the distribution";
        f.slip("expected `;`, found `T`", help)
    })
}

/// `guide full_rank;`
pub(super) fn guide_family(f: &Failure<'_>) -> Option<Diagnostic> {
    let family = f.before().strip_prefix("guide")?.trim();
    let ends = f.wants(Rule::colon) && matches!(f.found, ";" | "");
    (ends && family != "auto" && !family.is_empty()).then(|| {
        let start = f.previous_end() - family.len();
        let span = Span {
            start,
            end: f.previous_end(),
        };
        let mended = format!("auto({family})");
        Diagnostic::error("E0001", span, "`guide` needs a site, `auto` or a block")
            .help(format!(
                "write `guide {mended};` for one family over all sites"
            ))
            .fix(span, mended)
    })
}

/// `net f = mlp(…);`
pub(super) fn net(f: &Failure<'_>) -> Option<Diagnostic> {
    (f.is_second() && f.first() == "net" && f.found_word()).then(|| {
        Diagnostic::error(
            "E0001",
            f.first_span(),
            "`net` is not a statement of this version",
        )
        .help("write its layers: `param W[hidden, feature] = glorot();` and `tanh(W @ x + b)`")
    })
}

/// `real(lower = 0, upper = 1)`
pub(super) fn bounds_by_name(f: &Failure<'_>) -> Option<Diagnostic> {
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

/// `obsreve y ~ …`
pub(super) fn misspelt_keyword(f: &Failure<'_>) -> Option<Diagnostic> {
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

/// `param a;`, `let a;`
pub(super) fn no_value(f: &Failure<'_>) -> Option<Diagnostic> {
    let what = match f.first() {
        "param" => "a param has a start",
        "let" => "`let` gives a name to a value",
        "report" => "`report` gives a name to a value",
        _ => return None,
    };
    (f.found == ";" && f.wants(Rule::equals) && !f.before().contains('=')).then(|| {
        let help = format!("{what}: write `{} = …;`", f.before().trim_end());
        f.slip("expected `=`, found `;`".to_owned(), help)
    })
}
