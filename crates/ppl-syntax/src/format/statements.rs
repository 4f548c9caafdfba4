//! Tokens to statements, blocks and the comments between them.

use super::layout::{Writer, nest};
use super::tokens::{Kind, Token};

/// The formatted text of all tokens of a file.
pub(super) fn write(tokens: &[Token<'_>]) -> String {
    let mut formatter = Formatter {
        tokens,
        at: 0,
        writer: Writer::default(),
    };
    formatter.items(0);
    formatter.writer.end_line();
    formatter.writer.out
}

struct Formatter<'a, 't> {
    tokens: &'a [Token<'t>],
    at: usize,
    writer: Writer,
}

impl<'a, 't> Formatter<'a, 't> {
    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at).copied()
    }

    /// Statements and comments up to the end of the block, which is left.
    fn items(&mut self, indent: usize) {
        let mut first = true;
        while let Some(token) = self.peek() {
            if token.is("}") {
                break;
            }
            let follows =
                token.is_comment() && token.lines_before == 0 && !self.writer.at_line_start();
            if !follows {
                self.writer.end_line();
                if !first && token.lines_before > 1 {
                    self.writer.out.push('\n');
                }
            }
            // A comment behind an opening brace does not count as the block's first line.
            first &= follows;
            if token.is_comment() {
                self.at += 1;
                self.writer.comment(&token, indent);
            } else {
                self.writer.end_line();
                self.statement(indent);
            }
        }
    }

    fn statement(&mut self, indent: usize) {
        let head = self.head();
        let (head, comments) = without_last_comments(head);
        let opens = self.peek().is_some_and(|t| t.is("{"));
        let ends = self.peek().is_some_and(|t| t.is(";"));
        let reserve = if opens { 2 } else { usize::from(ends) };
        self.writer.nodes(&nest(head), indent, reserve);
        if opens {
            self.block(comments, indent);
            self.branches(indent);
            return;
        }
        if ends {
            self.at += 1;
            self.writer.glue(";", indent);
        }
        self.comments(comments, indent);
    }

    /// Comments that were moved out of a statement: behind it, or on lines of their own.
    fn comments(&mut self, comments: &[Token<'t>], indent: usize) {
        for comment in comments {
            if comment.lines_before > 0 {
                self.writer.end_line();
            }
            self.writer.comment(comment, indent);
        }
    }

    /// The tokens of a statement up to its `;`, its block, or the end of the block around it.
    fn head(&mut self) -> &'a [Token<'t>] {
        let start = self.at;
        let has_block = self
            .peek()
            .is_some_and(|t| ["for", "if", "guide", "fn", "else"].iter().any(|k| t.is(k)));
        let is_statement_if = has_block && self.peek().is_some_and(|t| t.is("if"));
        self.at += usize::from(is_statement_if);
        // Braces of `if` expressions that are still to come.
        let (mut branches, mut depth, mut value) = (0usize, 0usize, !has_block);
        let mut before_brace = false;
        if has_block && self.tokens[start].is("else") {
            // `else {`, `else if c {`
            self.at += 1;
            let next = (self.at..self.tokens.len()).find(|&i| !self.tokens[i].is_comment());
            if let Some(i) = next.filter(|&i| self.tokens[i].is("if")) {
                self.at = i + 1;
            }
        }
        while let Some(token) = self.peek() {
            if depth == 0 && (token.is(";") || token.is("}")) {
                break;
            }
            if token.is("{") && depth == 0 && branches == 0 && !before_brace && !value {
                break;
            }
            if token.is("(") || token.is("[") || token.is("{") {
                if depth == 0 && token.is("{") && !before_brace {
                    branches = branches.saturating_sub(1);
                }
                depth += 1;
            } else if token.is(")") || token.is("]") || token.is("}") {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && token.is("if") {
                branches += 1;
            } else if depth == 0 && token.is("=") {
                value = true;
            }
            if !token.is_comment() {
                before_brace = token.is("else");
            }
            self.at += 1;
        }
        &self.tokens[start..self.at]
    }

    /// A block behind its head; comments that stood before its brace come behind it.
    fn block(&mut self, comments: &[Token<'t>], indent: usize) {
        self.at += 1;
        self.writer.spaced("{", indent);
        let empty = comments.is_empty() && self.peek().is_some_and(|t| t.is("}"));
        self.comments(comments, indent + 2);
        self.items(indent + 2);
        if !empty {
            self.writer.end_line();
        }
        self.at += 1;
        self.writer.glue("}", indent);
    }

    /// `else` with what belongs to it.
    fn branches(&mut self, indent: usize) {
        loop {
            let rest = &self.tokens[self.at.min(self.tokens.len())..];
            let n_comments = rest.iter().take_while(|t| t.is_comment()).count();
            if !rest.get(n_comments).is_some_and(|t| t.is("else")) {
                return;
            }
            for comment in &rest[..n_comments] {
                if comment.kind == Kind::BlockComment && comment.lines_before > 0 {
                    self.writer.end_line();
                }
                self.writer.comment(comment, indent);
            }
            self.at += n_comments;
            let head = self.head();
            let (head, comments) = without_last_comments(head);
            self.writer.nodes(&nest(head), indent, 2);
            self.block(comments, indent);
        }
    }
}

/// The tokens, and the comments at their end.
fn without_last_comments<'a, 't>(tokens: &'a [Token<'t>]) -> (&'a [Token<'t>], &'a [Token<'t>]) {
    let n = tokens.iter().rev().take_while(|t| t.is_comment()).count();
    tokens.split_at(tokens.len() - n)
}
