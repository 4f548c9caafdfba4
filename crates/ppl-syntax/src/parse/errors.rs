//! Where the grammar stopped, in human words.

use crate::diagnostic::{Diagnostic, Span};

use super::Rule;

/// A place where no rule matched.
pub(super) struct Failure<'t> {
    /// The guarded text, as long as the source.
    pub text: &'t str,
    /// Where the statement begins.
    pub start: usize,
    /// Where the piece that was skipped ends.
    pub end: usize,
    /// Where the offending token begins.
    pub at: usize,
    /// The offending token; empty at the end of the file.
    pub found: &'t str,
    /// What would have been accepted.
    pub expected: Vec<Rule>,
}

impl<'t> Failure<'t> {
    pub(super) fn new(text: &'t str, piece: Span, at: usize, expected: Vec<Rule>) -> Self {
        let at = at + text[at..].len() - text[at..].trim_start().len();
        Failure {
            text,
            start: piece.start,
            end: piece.end,
            at,
            found: token(&text[at..]),
            expected,
        }
    }

    /// The range of the offending token.
    pub(super) fn span(&self) -> Span {
        Span {
            start: self.at,
            end: self.at + self.found.len(),
        }
    }

    /// Whether the grammar would have taken this.
    pub(super) fn wants(&self, rule: Rule) -> bool {
        self.expected.contains(&rule)
    }

    pub(super) fn wants_semi(&self) -> bool {
        self.wants(Rule::semi)
    }

    /// Whether the grammar would have taken an expression.
    pub(super) fn wants_value(&self) -> bool {
        self.expected
            .iter()
            .any(|rule| phrase(*rule) == Some("an expression"))
    }

    /// Whether a word stands at the place.
    pub(super) fn found_word(&self) -> bool {
        self.found
            .starts_with(|c: char| c.is_alphabetic() || c == '_')
    }

    /// The text of the statement up to the place, without white space at its end.
    pub(super) fn before(&self) -> &'t str {
        self.text[self.start.min(self.at)..self.at].trim_end()
    }

    /// Where the token before the place ends.
    pub(super) fn previous_end(&self) -> usize {
        self.start.min(self.at) + self.before().len()
    }

    /// Whether a line ends between the token before and the place.
    pub(super) fn on_new_line(&self) -> bool {
        self.text[self.previous_end()..self.at].contains('\n')
    }

    /// What was expected and what was found.
    pub(super) fn plain(&self) -> Diagnostic {
        let found = self.found_phrase();
        let expected = self.expected_phrase();
        let message = format!("expected {expected}, found {found}");
        if self.wants_semi() && !self.before().is_empty() && self.semi_is_likely() {
            let here = Span {
                start: self.previous_end(),
                end: self.previous_end(),
            };
            let message = format!("expected `;`, found {found}");
            return Diagnostic::error("E0001", here, message)
                .at("the statement ends here")
                .help("add `;`")
                .fix(here, ";");
        }
        let diagnostic =
            Diagnostic::error("E0001", self.span(), message).at(format!("expected {expected}"));
        if self.found == ";" && self.before().is_empty() {
            return diagnostic.help("remove it").fix(self.span(), "");
        }
        if self.wants(Rule::kw_else) {
            return diagnostic.help("an `if` that gives a value needs both branches");
        }
        if is_keyword(self.found) && (self.wants_value() || self.wants(Rule::ident)) {
            return diagnostic.help(format!(
                "`{}` is a word of the language: choose another name",
                self.found
            ));
        }
        if self.wants(Rule::ident)
            && self.found.starts_with(|c: char| c.is_ascii_digit())
            && matches!(self.open_brackets().last(), Some((_, '[')))
        {
            return diagnostic.help("lengths have names: `axis k = 3;`, then `x[k]`");
        }
        match self.open_brackets().pop() {
            Some(open) if self.wants(Rule::close_paren) || self.wants(Rule::close_bracket) => {
                self.in_bracket(diagnostic, open)
            }
            _ => diagnostic,
        }
    }

    /// Says which bracket is open, and proposes what is missing: its end, or a comma.
    fn in_bracket(&self, diagnostic: Diagnostic, (at, open): (usize, char)) -> Diagnostic {
        let diagnostic = diagnostic.label(
            Span {
                start: at,
                end: at + 1,
            },
            format!("this `{open}` is open"),
        );
        let close = if open == '(' { ")" } else { "]" };
        let here = Span {
            start: self.previous_end(),
            end: self.previous_end(),
        };
        if self.wants_value() || self.before().ends_with(',') {
            diagnostic
        } else if matches!(self.found, "" | ";" | "}" | "~")
            || (self.on_new_line() && self.found_word())
        {
            // Where the next statement, or nothing, follows, the `;` is missing too.
            let is_last = self.open_brackets().len() == 1 && !matches!(self.found, ";" | "~");
            let mend = if is_last {
                format!("{close};")
            } else {
                close.to_owned()
            };
            diagnostic
                .help(format!("close it with `{mend}`"))
                .fix(here, mend)
        } else if self.found == "for" {
            diagnostic.help(match open {
                '(' => "the variable comes first: `sum(i in row: …)`",
                _ => "the axis is named on the left: `let m[i in row] = …;`",
            })
        } else if self.found_word() {
            // A comma or a product, and only the writer knows which.
            diagnostic.help("separate them with `,`, or multiply them with `*`")
        } else if self
            .found
            .starts_with(|c: char| c.is_ascii_digit() || c == '"')
        {
            diagnostic.help("separate them with `,`").fix(here, ",")
        } else {
            diagnostic
        }
    }

    fn semi_is_likely(&self) -> bool {
        self.on_new_line() || self.found.is_empty() || self.found == "}" || self.found_word()
    }

    fn found_phrase(&self) -> String {
        match self.found {
            "" => "the end of the file".to_owned(),
            token if token.chars().count() > 40 => {
                format!("`{}…`", token.chars().take(39).collect::<String>())
            }
            token => format!(
                "`{}`",
                token.escape_debug().to_string().replace("\\\"", "\"")
            ),
        }
    }

    fn expected_phrase(&self) -> String {
        let mut phrases: Vec<&str> = self
            .expected
            .iter()
            .filter_map(|rule| phrase(*rule))
            .collect();
        phrases.sort_unstable();
        phrases.dedup();
        if phrases.contains(&"a statement") && phrases.len() > 1 && self.before().is_empty() {
            phrases = vec!["a statement"];
        }
        // What could be inserted anywhere is not worth saying where something particular is missing.
        let (value, comma, end) = ("an expression", "`,`", ["`)`", "`]`", "`}`"]);
        if phrases.contains(&value) {
            phrases.retain(|p| !end.contains(p) && *p != "a name");
        }
        if phrases.contains(&comma) || end.iter().any(|e| phrases.contains(e)) {
            phrases.retain(|p| !["`[`", "`(`", "`=`", "`in`"].contains(p));
        }
        if phrases.iter().any(|p| ["`;`", "`{`", "`else`"].contains(p)) {
            phrases.retain(|p| !["`[`", "`(`"].contains(p));
        }
        match phrases.split_last() {
            None if self.before().is_empty() => "a statement".to_owned(),
            None => "something else".to_owned(),
            Some((last, [])) => (*last).to_owned(),
            Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        }
    }

    /// The brackets that are open at the place, the innermost last.
    fn open_brackets(&self) -> Vec<(usize, char)> {
        let mut open = vec![];
        let mut quoted = false;
        for (i, c) in self.before().char_indices() {
            match c {
                '"' => quoted = !quoted,
                '(' | '[' if !quoted => open.push((self.start + i, c)),
                ')' | ']' if !quoted => drop(open.pop()),
                _ => {}
            }
        }
        open
    }
}

/// Words that cannot be names.
pub(crate) fn is_keyword(word: &str) -> bool {
    const WORDS: [&str; 16] = [
        "axis", "data", "param", "let", "observe", "factor", "for", "in", "if", "else", "fn",
        "report", "predict", "guide", "true", "false",
    ];
    WORDS.contains(&word)
}

/// The token at the beginning of a text: a word, something numeric, a string, or one or two signs.
pub(super) fn token(text: &str) -> &str {
    let Some(first) = text.chars().next() else {
        return "";
    };
    let run = |accept: fn(char) -> bool| text.find(|c| !accept(c)).unwrap_or(text.len());
    let length = if first.is_alphanumeric() || first == '_' {
        let numeric = first.is_ascii_digit();
        let length = run(|c| c.is_alphanumeric() || c == '_');
        let rest = &text[length..];
        let fraction =
            numeric && rest.starts_with('.') && rest[1..].starts_with(|c: char| c.is_ascii_digit());
        if fraction {
            length
                + 1
                + rest[1..]
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len() - 1)
        } else {
            length
        }
    } else if first == '"' {
        text[1..].find(['"', '\n']).map_or(1, |n| n + 2)
    } else if ["<-", "==", "!=", "<=", ">=", "&&", "||", "..", "+=", "**"]
        .iter()
        .any(|s| text.starts_with(s))
    {
        2
    } else {
        first.len_utf8()
    };
    text.get(..length).unwrap_or("")
}

/// What a rule is called in a message; `None` where naming it would not help.
fn phrase(rule: Rule) -> Option<&'static str> {
    use Rule::*;
    Some(match rule {
        stmt | for_stmt | if_stmt | fn_stmt | fn_short | guide_block | axis_stmt | data_stmt
        | sample_stmt => "a statement",
        expr | operand | primary | paren | call | prefix | number | string | boolean | if_expr
        | vector | range | bound_value | arg => "an expression",
        ident | target | binder | target_axis | fn_arg => "a name",
        kind => "a kind such as `real`",
        label => "a label",
        block | open_brace | braced => "`{`",
        close_brace => "`}`",
        open_paren | args => "`(`",
        close_paren => "`)`",
        open_bracket => "`[`",
        close_bracket => "`]`",
        semi => "`;`",
        comma => "`,`",
        colon => "`:`",
        tilde => "`~`",
        equals => "`=`",
        kw_in => "`in`",
        kw_else => "`else`",
        _ => return None,
    })
}
