//! What must hold of the raw text before the grammar sees it, so that the grammar's stack and time are bounded.

use crate::diagnostic::{Diagnostic, Span};

use super::{MAX_ERRORS, MAX_NESTING, MAX_SOURCE};

/// The text as the grammar reads it: same length and same offsets as the source, comments blanked, what was
/// reported here blanked too, braces balanced (closing ones may be added at the end).
pub(super) struct Guarded {
    /// The text; `None` where it must not be parsed at all.
    pub text: Option<String>,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
    /// Places whose statement is broken for a reason that has been told: the grammar's own message would be a second.
    pub explained: Vec<usize>,
}

/// Scans the raw text once: size, nesting, strings, comments, balance of braces.
pub(super) fn guard(source: &str) -> Guarded {
    if source.len() > MAX_SOURCE {
        let message = format!(
            "the model is {} bytes long; the limit is {MAX_SOURCE}",
            source.len()
        );
        let refusal = Diagnostic::error("E0003", Span { start: 0, end: 0 }, message)
            .help("data belong into a .csv file, not into the model");
        return Guarded {
            text: None,
            diagnostics: vec![refusal],
            explained: vec![],
        };
    }
    let bytes = source.as_bytes();
    let mut scan = Scan {
        bytes,
        out: bytes.to_vec(),
        open: vec![],
        found: vec![],
        explained: vec![],
    };
    if source.starts_with('\u{feff}') {
        scan.blank(0, 3);
    }
    let parsable = scan.run(source);
    let mut diagnostics = scan.found;
    diagnostics.truncate(MAX_ERRORS);
    let text = if parsable {
        String::from_utf8(scan.out).ok()
    } else {
        None
    };
    Guarded {
        text,
        diagnostics,
        explained: scan.explained,
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    out: Vec<u8>,
    open: Vec<(u8, usize)>,
    found: Vec<Diagnostic>,
    explained: Vec<usize>,
}

impl Scan<'_> {
    /// Whether the text may be parsed.
    fn run(&mut self, source: &str) -> bool {
        let mut i = 0;
        while let Some(&byte) = self.bytes.get(i) {
            i = match byte {
                b'"' => self.string(i),
                b'#' => self.hash(i),
                b'/' if self.bytes.get(i + 1) == Some(&b'/') => self.blank(i, self.line_end(i)),
                b'/' if self.bytes.get(i + 1) == Some(&b'*') => self.block_comment(i),
                b'(' | b'[' | b'{' => {
                    self.open.push((byte, i));
                    if self.open.len() > MAX_NESTING {
                        let message = format!("brackets are nested more than {MAX_NESTING} deep");
                        self.found.push(
                            Diagnostic::error(
                                "E0002",
                                Span {
                                    start: i,
                                    end: i + 1,
                                },
                                message,
                            )
                            .help("name parts of the expression with `let`"),
                        );
                        return false;
                    }
                    i + 1
                }
                b')' | b']' => {
                    if self.open.last().is_some_and(|(o, _)| *o != b'{') {
                        self.open.pop();
                    }
                    i + 1
                }
                b'}' => self.close_brace(i),
                b';' => {
                    self.leave_parentheses();
                    self.leave_levels(i);
                    i + 1
                }
                _ => i + 1,
            };
        }
        self.leave_parentheses();
        self.unclosed_braces(source.trim_end().len());
        true
    }

    fn leave_parentheses(&mut self) {
        while self.open.last().is_some_and(|(o, _)| *o != b'{') {
            self.open.pop();
        }
    }

    /// `axis k = {a, b;`: a list of levels holds no `;`.
    fn leave_levels(&mut self, at: usize) {
        let Some(&(_, open)) = self.open.last() else {
            return;
        };
        if !self.out[..open].trim_ascii_end().ends_with(b"=") {
            return;
        }
        let span = Span {
            start: open,
            end: open + 1,
        };
        let here = Span { start: at, end: at };
        self.found.push(
            Diagnostic::error("E0001", span, "this `{` is never closed")
                .help("end the list with `}`")
                .fix(here, "}"),
        );
        self.explained.push(open);
        self.open.pop();
        self.blank(open, open + 1);
    }

    fn close_brace(&mut self, at: usize) -> usize {
        self.leave_parentheses();
        if self.open.pop().is_none() {
            let span = Span {
                start: at,
                end: at + 1,
            };
            self.found.push(
                Diagnostic::error("E0001", span, "this `}` closes nothing")
                    .help("remove it")
                    .fix(span, ""),
            );
            self.blank(at, at + 1);
        }
        at + 1
    }

    /// Closes what is open, so that the statements inside can be read, and reports the outermost.
    fn unclosed_braces(&mut self, end: usize) {
        if let Some(&(_, at)) = self.open.first() {
            let span = Span {
                start: at,
                end: at + 1,
            };
            self.found.push(
                Diagnostic::error("E0001", span, "this `{` is never closed")
                    .label(Span { start: end, end }, "the file ends here")
                    .help("add `}` where the block ends"),
            );
        }
        self.out.extend(self.open.iter().map(|_| b'}'));
    }

    fn string(&mut self, start: usize) -> usize {
        let stop = self.bytes[start + 1..]
            .iter()
            .position(|b| matches!(b, b'"' | b'\n'));
        match stop.filter(|length| self.bytes[start + 1 + length] == b'"') {
            Some(length) => start + length + 2,
            None => {
                let span = Span {
                    start,
                    end: start + 1,
                };
                self.found.push(
                    Diagnostic::error("E0001", span, "this string is not closed on its line")
                        .help("end it with `\"`"),
                );
                self.explained.push(start);
                self.blank(start, start + 1)
            }
        }
    }

    fn hash(&mut self, start: usize) -> usize {
        let span = Span {
            start,
            end: start + 1,
        };
        self.found.push(
            Diagnostic::error(
                "E0001",
                span,
                "expected a statement or an operator, found `#`",
            )
            .help("comments begin with `//`")
            .fix(span, "//"),
        );
        self.blank(start, self.line_end(start))
    }

    fn block_comment(&mut self, start: usize) -> usize {
        let mut depth = 0_usize;
        let mut i = start;
        while i < self.bytes.len() {
            match (self.bytes[i], self.bytes.get(i + 1)) {
                (b'/', Some(b'*')) => {
                    depth += 1;
                    i += 2;
                }
                (b'*', Some(b'/')) => {
                    depth -= 1;
                    i += 2;
                    if depth == 0 {
                        return self.blank(start, i);
                    }
                }
                _ => i += 1,
            }
        }
        let span = Span {
            start,
            end: start + 2,
        };
        self.found.push(
            Diagnostic::error("E0001", span, "this comment is never closed")
                .help("end it with `*/`"),
        );
        self.blank(start, self.bytes.len())
    }

    fn line_end(&self, from: usize) -> usize {
        self.bytes[from..]
            .iter()
            .position(|b| *b == b'\n')
            .map_or(self.bytes.len(), |n| from + n)
    }

    /// Overwrites a range with blanks, keeps its line ends, and gives the range's end.
    fn blank(&mut self, start: usize, end: usize) -> usize {
        for byte in &mut self.out[start..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        end
    }
}
