//! Slips that are common enough to be known by name: each gives the message that mends it.

mod declarations;
mod densities;
mod elsewhere;
mod frames;
mod statements;
mod systems;
mod tokens;

use crate::diagnostic::{Diagnostic, Span};

use super::Rule;
use super::errors::{Failure, token};

type Slip = fn(&Failure<'_>) -> Option<Diagnostic>;

/// The slips, the more particular first.
const SLIPS: [Slip; 55] = [
    declarations::columns_without_quotes,
    tokens::numbers,
    declarations::stan_block,
    elsewhere::declared_by_kind,
    declarations::stan_declaration,
    declarations::data_declaration,
    declarations::several_names,
    declarations::keyword_as_name,
    declarations::distribution_as_kind,
    densities::stan_target,
    densities::stan_density,
    systems::python_draw,
    systems::constraint,
    systems::numbered_left_side,
    systems::plate,
    systems::matrix_product,
    densities::stan_limit,
    declarations::stan_truncation,
    declarations::guide_family,
    declarations::net,
    declarations::no_value,
    tokens::lone_else,
    colon_equals,
    arrow,
    equals_for_tilde,
    tilde_for_equals,
    tokens::equals_in_condition,
    declarations::bounds_by_name,
    tokens::shifted_left_side,
    tokens::for_head,
    elsewhere::loop_over_numbers,
    elsewhere::ternary,
    elsewhere::dotted_operator,
    elsewhere::typography,
    elsewhere::word_operators,
    elsewhere::function_word,
    elsewhere::returned,
    statements::bare_branch,
    statements::transformed_left_side,
    statements::open_bound,
    statements::drawn_factor,
    statements::weighted,
    frames::axis_behind,
    statements::while_loop,
    statements::unnamed_report,
    statements::condition_behind,
    elsewhere::python,
    elsewhere::colon_range,
    elsewhere::numeric_label,
    elsewhere::kind_with_more,
    elsewhere::closed_twice,
    tokens::signs,
    declarations::misspelt_keyword,
    tokens::elif,
    elsewhere::product,
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
    let draws = f.first() == "observe" || is_distribution(f.rest());
    if draws {
        return Some(
            diagnostic
                .help("`~` draws from a distribution")
                .fix(f.span(), "~"),
        );
    }
    if f.first() == "predict" {
        let help = "`predict name ~ …` draws; `report name = …` gives a value";
        return Some(diagnostic.help(help).fix(f.first_span(), "report"));
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
            let mut word = f.first_span();
            word.end += usize::from(f.text[word.end..].starts_with(' '));
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
