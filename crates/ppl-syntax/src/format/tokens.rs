//! The tokens of a text that is known to parse, comments among them.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, a number, a string.
    Word,
    /// A reserved word.
    Keyword,
    /// Punctuation or an operator.
    Sign,
    /// `// …`
    LineComment,
    /// `/* … */`
    BlockComment,
}

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub kind: Kind,
    pub text: &'t str,
    /// Line ends between it and the token before.
    pub lines_before: usize,
}

impl Token<'_> {
    pub(super) fn is_comment(&self) -> bool {
        matches!(self.kind, Kind::LineComment | Kind::BlockComment)
    }

    pub(super) fn is(&self, sign: &str) -> bool {
        matches!(self.kind, Kind::Sign | Kind::Keyword) && self.text == sign
    }
}

/// The comments in order.
pub(super) fn comments<'a, 't>(tokens: &'a [Token<'t>]) -> impl Iterator<Item = &'t str> + 'a {
    tokens.iter().filter(|t| t.is_comment()).map(|t| t.text)
}

/// All tokens of a text.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut out = vec![];
    let mut rest = text;
    let mut lines_before = 0;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() || first == '\u{feff}' {
            lines_before += usize::from(first == '\n');
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (kind, length) = measure(rest, first);
        let (token, remainder) = rest.split_at(length);
        let text = token.trim_end();
        out.push(Token {
            kind,
            text,
            lines_before,
        });
        lines_before = 0;
        rest = remainder;
    }
    out
}

const PAIRS: [&str; 7] = ["==", "!=", "<=", ">=", "||", "&&", ".."];

fn measure(rest: &str, first: char) -> (Kind, usize) {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || !c.is_ascii();
    if rest.starts_with("//") {
        return (Kind::LineComment, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kind::BlockComment, block_comment(rest));
    }
    if first == '"' {
        return (
            Kind::Word,
            rest[1..].find('"').map_or(rest.len(), |end| end + 2),
        );
    }
    if first.is_ascii_digit() {
        return (Kind::Word, number(rest.as_bytes()));
    }
    if is_word(first) {
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let kind = if crate::parse::is_keyword(&rest[..length]) {
            Kind::Keyword
        } else {
            Kind::Word
        };
        return (kind, length);
    }
    let pair = PAIRS.iter().any(|pair| rest.starts_with(pair));
    (Kind::Sign, if pair { 2 } else { first.len_utf8() })
}

/// Block comments nest.
fn block_comment(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0usize);
    while at < bytes.len() {
        match bytes.get(at..at + 2) {
            Some(b"/*") => {
                depth += 1;
                at += 2;
            }
            Some(b"*/") => {
                depth = depth.saturating_sub(1);
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `1`, `1.5`, `1e-3`; in `1..5` the number is `1`.
fn number(text: &[u8]) -> usize {
    let digits = |mut at: usize| {
        while text.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut at = digits(0);
    if text.get(at) == Some(&b'.') && text.get(at + 1).is_some_and(u8::is_ascii_digit) {
        at = digits(at + 1);
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        if text.get(at + 1 + sign).is_some_and(u8::is_ascii_digit) {
            at = digits(at + 1 + sign);
        }
    }
    at
}
