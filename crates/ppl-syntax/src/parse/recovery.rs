//! What no statement matched: explained once, and read on from the next place that makes sense.

use pest::error::{ErrorVariant, InputLocation};

use crate::ast::{Binder, Ident, Stmt, StmtKind};
use crate::diagnostic::{Diagnostic, Span};

use super::errors::Failure;
use super::{Builder, MAX_ERRORS, Rule, read};

impl<'t> Builder<'t> {
    /// The statements of a range of the text.
    pub(super) fn items_of(&mut self, start: usize, end: usize) -> Vec<Stmt> {
        let outer = std::mem::replace(&mut self.base, start);
        let text: &'t str = &self.text[start..end];
        let statements = match read(Rule::file, text) {
            Ok(mut pairs) => match pairs.next() {
                Some(file) => self.items(file.into_inner()),
                None => vec![],
            },
            Err(error) => {
                let failure = self.failure(&error, Span { start, end });
                self.report(failure.explain());
                vec![]
            }
        };
        self.base = outer;
        statements
    }

    /// Explains a piece that is no statement, and gives the statements that stand in it nevertheless.
    pub(super) fn recover(&mut self, junk: Span) -> Vec<Stmt> {
        if junk.start >= junk.end {
            return vec![];
        }
        if self.diagnostics.len() >= MAX_ERRORS || self.recovery_depth >= MAX_ERRORS {
            self.lost.extend(names(&self.text[junk.start..junk.end]));
            return vec![];
        }
        self.recovery_depth += 1;
        let mut statements = vec![];
        let text: &'t str = &self.text[junk.start..junk.end];
        match read(Rule::stmt, text) {
            Ok(pairs) => self.at_base(junk.start, |b| statements.extend(pairs.map(|p| b.stmt(p)))),
            Err(error) => {
                let failure = self.failure(&error, junk);
                let (at, wants_semi, found_word) =
                    (failure.at, failure.wants_semi(), failure.found_word());
                let on_new_line = failure.on_new_line();
                let diagnostic = failure.explain();
                if !self.is_explained(junk) {
                    self.report(diagnostic);
                }
                let mut is_mended = false;
                if wants_semi && (on_new_line || at >= junk.end) {
                    let mended = self.with_semi(junk.start, at.min(junk.end));
                    is_mended = mended.is_some();
                    statements.extend(mended);
                }
                let goes_on = at > junk.start
                    && at < junk.end
                    && on_new_line
                    && ((wants_semi && found_word) || self.begins_statement(at, junk.end));
                let body = body_after(self.text, at, junk);
                if let Some(mended) = body.and_then(|(start, _)| self.with_loop_head(junk, start)) {
                    statements.push(mended);
                    self.recovery_depth -= 1;
                    return statements;
                }
                // Lines without `;`, none of which is a statement here: each is explained by itself.
                let next = match goes_on || body.is_some() {
                    true => None,
                    false => next_line(self.text, at, junk),
                };
                if !is_mended {
                    let end = if goes_on {
                        at
                    } else {
                        next.unwrap_or(junk.end)
                    };
                    self.lost.extend(names(&self.text[junk.start..end]));
                }
                if goes_on {
                    statements.extend(self.items_of(at, junk.end));
                } else if let Some((start, end)) = body {
                    // The head is broken: the body's errors are told, but without its head it means nothing.
                    self.items_of(start, end);
                } else if let Some(next) = next {
                    statements.extend(self.items_of(next, junk.end));
                }
            }
        }
        self.recovery_depth -= 1;
        statements
    }

    fn at_base(&mut self, base: usize, work: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.base, base);
        work(self);
        self.base = outer;
    }

    /// Whether the guard has said already what is wrong with this piece.
    fn is_explained(&self, junk: Span) -> bool {
        self.explained
            .iter()
            .any(|at| (junk.start..junk.end).contains(at))
    }

    /// Reads a statement whose `;` is missing.
    fn with_semi(&mut self, start: usize, end: usize) -> Option<Stmt> {
        let text = format!("{};", self.text[start..end].trim_end());
        let pair = read(Rule::stmt, &text).ok()?.next()?;
        let mut statement = None;
        self.at_base(start, |b| statement = Some(b.stmt(pair)));
        statement
    }

    /// Reads a loop whose head, up to the body's start, lacks or misspells its `in`: what stands in the body is told as well.
    fn with_loop_head(&mut self, junk: Span, body: usize) -> Option<Stmt> {
        let piece = &self.text[junk.start..junk.end];
        let head = piece.get(..body - junk.start)?;
        let plain = head.replace(['(', ')', ',', ':', ';'], " ");
        let mut words = plain
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|w| !w.is_empty())
            .map(|w| (w.as_ptr() as usize - plain.as_ptr() as usize, w));
        let (_, variable) = (words.next().filter(|w| w.1 == "for")?, words.next()?);
        let rest: Vec<(usize, &str)> = words.collect();
        let instead = ["in", "on", "of", "over", "from", "across", "along"];
        let axis = match rest.as_slice() {
            [word, axis, ..] if instead.contains(&word.1) => *axis,
            [axis, ..] => *axis,
            [] => return None,
        };
        // As many bytes as before, so that all places stay.
        let (from, to) = (variable.0 + variable.1.len(), axis.0);
        let gap = match to - from {
            0 => return None,
            1..4 => return self.with_binder(junk, body, variable, axis),
            n => format!(" in{}", " ".repeat(n - 3)),
        };
        let text = format!(
            "{}{gap}{}{}",
            &plain[..from],
            &plain[to..],
            &piece[head.len()..]
        );
        let pair = read(Rule::stmt, &text).ok()?.next()?;
        let mut statement = None;
        self.at_base(junk.start, |b| statement = Some(b.stmt(pair)));
        statement.filter(|s| matches!(s.kind, StmtKind::For { .. }))
    }

    /// A loop of which the head names no more than variable and axis, too close to each other for an `in`.
    fn with_binder(
        &mut self,
        junk: Span,
        body: usize,
        variable: (usize, &str),
        axis: (usize, &str),
    ) -> Option<Stmt> {
        let after = self.text[junk.start + axis.0 + axis.1.len()..body].trim();
        let ident = |(at, name): (usize, &str)| Ident {
            name: name.to_string(),
            span: Span {
                start: junk.start + at,
                end: junk.start + at + name.len(),
            },
        };
        let binder = Binder {
            variable: ident(variable),
            axis: ident(axis),
        };
        (after == "{").then(|| Stmt {
            kind: StmtKind::For {
                binder,
                by: None,
                skip: None,
                body: self.items_of(body, junk.end - 1),
            },
            span: junk,
        })
    }

    /// Whether what stands here reads as a statement.
    fn begins_statement(&self, start: usize, end: usize) -> bool {
        read(Rule::stmt, &self.text[start..end]).is_ok()
    }

    fn failure(&self, error: &pest::error::Error<Rule>, piece: Span) -> Failure<'t> {
        let offset = match error.location {
            InputLocation::Pos(at) => at,
            InputLocation::Span((at, _)) => at,
        };
        let expected = match &error.variant {
            ErrorVariant::ParsingError { positives, .. } => positives.clone(),
            ErrorVariant::CustomError { .. } => vec![],
        };
        let text = &self.text[..self.source_length.min(self.text.len())];
        Failure::new(
            text,
            piece,
            (piece.start + offset).min(text.len()),
            expected,
        )
    }
}

/// The inside of the braces that end a piece whose head is broken before them.
fn body_after(text: &str, at: usize, junk: Span) -> Option<(usize, usize)> {
    let piece = text.get(at.max(junk.start)..junk.end)?;
    let open = piece.find('{')?;
    let inner = piece[open..].strip_prefix('{')?.strip_suffix('}')?;
    let start = at.max(junk.start) + open + 1;
    inner.contains(';').then_some((start, start + inner.len()))
}

/// Where a line begins, below the place of a mistake and outside of all brackets, that reads as the beginning of a statement.
fn next_line(text: &str, at: usize, junk: Span) -> Option<usize> {
    let piece = text.get(junk.start..junk.end)?;
    let mut open = 0_usize;
    for (i, c) in piece.char_indices() {
        match c {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            '\n' if open == 0 && junk.start + i >= at => {
                let rest = &piece[i + 1..];
                let start = junk.start + i + 1 + (rest.len() - rest.trim_start().len());
                if begins_line(rest.trim_start()) {
                    return Some(start);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether a line begins as a statement does: with a keyword, or with a name before `~` or `=`.
fn begins_line(line: &str) -> bool {
    let word_ends = line.find(|c: char| !c.is_alphanumeric() && c != '_');
    let (word, mut rest) = line.split_at(word_ends.unwrap_or(line.len()));
    if word.is_empty() || word.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    rest = rest.trim_start();
    if let Some(bracket) = rest.strip_prefix('[') {
        rest = bracket
            .split_once(']')
            .map_or("", |(_, after)| after)
            .trim_start();
    }
    super::is_keyword(word)
        || rest.starts_with('~')
        || (rest.starts_with('=') && !rest.starts_with("=="))
}

/// The names that a piece may define: those left of its last `~` or `=`, or all where it has neither. A piece may hold
/// several statements, and the bodies of loops.
fn names(piece: &str) -> impl Iterator<Item = String> {
    let parts = piece.split([';', '{', '}']);
    let left = parts.map(|part| match part.rfind(['~', '=']) {
        Some(end) => &part[..end],
        None => part,
    });
    let words = left.flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_'));
    words
        .filter(|w| !w.is_empty() && !w.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
}

impl Failure<'_> {
    /// The diagnostic: a known slip, or what was expected and found.
    fn explain(&self) -> Diagnostic {
        super::hints::known_slip(self).unwrap_or_else(|| self.plain())
    }
}
