//! One statement's tokens onto lines: brackets that do not fit are opened, one element a line.

use super::WIDTH;
use super::tokens::{Kind, Token};

/// A piece of a statement.
#[derive(Debug)]
pub(super) enum Node<'t> {
    /// A token or a comment, and whether it is a prefix operator.
    Leaf(Token<'t>, bool),
    /// Brackets with what is in them.
    Group {
        open: Token<'t>,
        close: Token<'t>,
        elements: Vec<Element<'t>>,
        /// Braces of `if` have blanks within, other brackets have none.
        padded: bool,
    },
}

/// What stands between two commas.
#[derive(Debug, Default)]
pub(super) struct Element<'t> {
    nodes: Vec<Node<'t>>,
    comma: bool,
    /// A line comment behind the comma.
    comment: Option<Token<'t>>,
}

/// Nests the tokens of a statement by their brackets.
pub(super) fn nest<'t>(tokens: &[Token<'t>]) -> Vec<Node<'t>> {
    let mut at = 0;
    let mut before = None;
    nodes(tokens, &mut at, &mut before, false)
}

fn nodes<'t>(
    tokens: &[Token<'t>],
    at: &mut usize,
    before: &mut Option<Token<'t>>,
    within: bool,
) -> Vec<Node<'t>> {
    let mut out = vec![];
    while let Some(&token) = tokens.get(*at) {
        let ends = [")", "]", "}"].iter().any(|s| token.is(s));
        if within && (ends || token.is(",")) {
            break;
        }
        *at += 1;
        if token.is_comment() {
            out.push(Node::Leaf(token, false));
        } else if ["(", "[", "{"].iter().any(|s| token.is(s)) {
            let levels = token.is("{") && before.is_some_and(|b| b.is("="));
            out.push(group(token, tokens, at, before, token.is("{") && !levels));
        } else {
            let prefix = (token.is("-") || token.is("!")) && before.is_none_or(expects_operand);
            out.push(Node::Leaf(token, prefix));
            *before = Some(token);
        }
    }
    out
}

fn group<'t>(
    open: Token<'t>,
    tokens: &[Token<'t>],
    at: &mut usize,
    before: &mut Option<Token<'t>>,
    padded: bool,
) -> Node<'t> {
    let mut elements = vec![];
    let mut close = open;
    *before = Some(open);
    loop {
        let mut element = Element {
            nodes: nodes(tokens, at, before, true),
            ..Element::default()
        };
        let Some(&token) = tokens.get(*at) else {
            elements.push(element);
            break;
        };
        *at += 1;
        *before = Some(token);
        if !token.is(",") {
            close = token;
            if !element.nodes.is_empty() {
                elements.push(element);
            }
            break;
        }
        let next = tokens.get(*at);
        // A comma before the closing bracket says nothing.
        element.comma = !next.is_some_and(|n| [")", "]", "}"].iter().any(|s| n.is(s)));
        if let Some(&comment) = next.filter(|n| n.kind == Kind::LineComment && n.lines_before == 0)
        {
            element.comment = Some(comment);
            *at += 1;
        }
        elements.push(element);
    }
    Node::Group {
        open,
        close,
        elements,
        padded,
    }
}

/// Whether `-` behind this is a sign and not a difference.
fn expects_operand(before: Token<'_>) -> bool {
    match before.kind {
        Kind::Keyword => !matches!(before.text, "true" | "false"),
        Kind::Sign => ![")", "]", "}", "?"].contains(&before.text),
        _ => false,
    }
}

/// Text under construction.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub out: String,
    column: usize,
    /// What was written last on this line, as far as blanks depend on it.
    last: Last,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Last {
    #[default]
    LineStart,
    /// Nothing separates it from what follows: an open bracket, a prefix, a dot, a power.
    Tight,
    /// A name or the end of an operand: a bracket follows without a blank.
    Operand,
    /// An operator or keyword.
    Loose,
}

impl Writer {
    pub(super) fn at_line_start(&self) -> bool {
        self.last == Last::LineStart
    }

    /// Ends the line, if anything stands on it.
    pub(super) fn end_line(&mut self) {
        if !self.at_line_start() {
            self.out.push('\n');
            self.column = 0;
            self.last = Last::LineStart;
        }
    }

    fn push(&mut self, text: &str, indent: usize, blank: bool) {
        if self.at_line_start() {
            self.out.extend(std::iter::repeat_n(' ', indent));
            self.column = indent;
        } else if blank {
            self.out.push(' ');
            self.column += 1;
        }
        self.out.push_str(text);
        match text.rsplit_once('\n') {
            Some((_, end)) => self.column = end.chars().count(),
            None => self.column += text.chars().count(),
        }
    }

    /// A comment where it stands; what was on a line of its own stays so.
    pub(super) fn comment(&mut self, comment: &Token<'_>, indent: usize) {
        let line = comment.kind == Kind::LineComment;
        if line && comment.lines_before > 0 {
            self.end_line();
        }
        self.push(comment.text, indent, true);
        self.last = Last::Loose;
        if line {
            self.end_line();
        }
    }

    /// A sign or word without regard to the width.
    pub(super) fn token(&mut self, token: &Token<'_>, prefix: bool, indent: usize) {
        let (blank, last) = spacing(self.last, token, prefix);
        self.push(token.text, indent, blank);
        self.last = last;
    }

    /// Text directly behind what was written.
    pub(super) fn glue(&mut self, text: &str, indent: usize) {
        self.push(text, indent, false);
        self.last = Last::Loose;
    }

    /// Text after a blank.
    pub(super) fn spaced(&mut self, text: &str, indent: usize) {
        self.push(text, indent, true);
        self.last = Last::Loose;
    }

    /// Nodes on this line as far as they fit with `reserve` more behind them, then on the next lines further in.
    pub(super) fn nodes(&mut self, nodes: &[Node<'_>], indent: usize, reserve: usize) {
        let mut start = 0;
        let mut current = indent;
        while start < nodes.len() {
            let end = (start + 1..nodes.len())
                .find(|&i| breaks_before(nodes, i))
                .unwrap_or(nodes.len());
            let segment = &nodes[start..end];
            let more = if end == nodes.len() { reserve } else { 0 };
            let here = flat_width(segment, self.last);
            let fits = here.is_some_and(|w| self.column + w + more <= WIDTH);
            if start > 0 && !fits && !self.at_line_start() && breaks_before(nodes, start) {
                self.end_line();
            }
            if start > 0 {
                current = indent + 2;
            }
            self.segment(segment, current, more);
            start = end;
        }
    }

    fn segment(&mut self, nodes: &[Node<'_>], indent: usize, reserve: usize) {
        for (i, node) in nodes.iter().enumerate() {
            match node {
                Node::Leaf(token, _) if token.is_comment() => {
                    let further = if i > 0 { indent + 2 } else { indent };
                    self.comment(token, further);
                }
                Node::Leaf(token, prefix) => {
                    let further = if i > 0 && self.at_line_start() {
                        indent + 2
                    } else {
                        indent
                    };
                    self.token(token, *prefix, further);
                }
                Node::Group {
                    open,
                    close,
                    elements,
                    padded,
                } => {
                    // What sticks to the closing bracket counts too.
                    let behind = &nodes[i + 1..];
                    let tail = behind
                        .iter()
                        .take_while(|n| matches!(n, Node::Leaf(t, _) if !t.is_comment()))
                        .count();
                    let tail_width = flat_width(&behind[..tail], Last::Operand).unwrap_or(0)
                        + if tail == behind.len() { reserve } else { 0 };
                    let width = flat_width(std::slice::from_ref(node), self.last);
                    let fits = width.is_some_and(|w| self.column + w + tail_width <= WIDTH);
                    if fits || elements.is_empty() {
                        self.flat(node, indent);
                    } else {
                        self.opened(open, close, elements, *padded, indent);
                    }
                }
            }
        }
    }

    /// Brackets on lines of their own, an element a line; plain words fill lines.
    fn opened(
        &mut self,
        open: &Token<'_>,
        close: &Token<'_>,
        elements: &[Element<'_>],
        padded: bool,
        indent: usize,
    ) {
        self.open(open, padded, indent);
        self.end_line();
        let inner = indent + 2;
        let words = elements.iter().all(Element::is_word);
        for element in elements {
            let reserve = usize::from(element.comma);
            if words {
                let width = flat_width(&element.nodes, self.last).unwrap_or(0);
                if self.column + width + reserve > WIDTH {
                    self.end_line();
                }
            } else {
                self.end_line();
            }
            self.nodes(&element.nodes, inner, reserve);
            if element.comma {
                self.glue(",", inner);
            }
            if let Some(comment) = &element.comment {
                self.comment(comment, inner);
            }
        }
        self.end_line();
        self.push(close.text, indent, false);
        self.last = Last::Operand;
    }

    fn open(&mut self, open: &Token<'_>, padded: bool, indent: usize) {
        let blank = padded || needs_blank_before_bracket(self.last);
        self.push(open.text, indent, blank);
        self.last = Last::Tight;
    }

    fn flat(&mut self, node: &Node<'_>, indent: usize) {
        match node {
            Node::Leaf(token, _) if token.is_comment() => self.comment(token, indent),
            Node::Leaf(token, prefix) => self.token(token, *prefix, indent),
            Node::Group {
                open,
                close,
                elements,
                padded,
            } => {
                self.open(open, *padded, indent);
                if *padded {
                    self.last = Last::Loose;
                }
                for element in elements {
                    element.nodes.iter().for_each(|n| self.flat(n, indent));
                    if element.comma {
                        self.glue(",", indent);
                    }
                }
                self.push(close.text, indent, *padded);
                self.last = Last::Operand;
            }
        }
    }
}

impl Element<'_> {
    fn is_word(&self) -> bool {
        self.comment.is_none()
            && match self.nodes.as_slice() {
                [Node::Leaf(token, _)] => token.kind == Kind::Word,
                [Node::Leaf(_, true), Node::Leaf(token, _)] => token.kind == Kind::Word,
                _ => false,
            }
    }
}

/// Where a line may be broken outside of all brackets: before a sum, a connective, or a method.
fn breaks_before(nodes: &[Node<'_>], i: usize) -> bool {
    match &nodes[i] {
        Node::Leaf(token, false) => {
            token.is("+")
                || token.is("-")
                || token.is("||")
                || token.is("&&")
                || (token.is(".")
                    && matches!(nodes.get(i.wrapping_sub(1)), Some(Node::Group { .. })))
        }
        _ => false,
    }
}

/// Width on one line; `None` where a comment ends a line.
fn flat_width(nodes: &[Node<'_>], last: Last) -> Option<usize> {
    if !breakless(nodes) {
        return None;
    }
    // A line start has no blank before it, as an open bracket.
    let first = if last == Last::LineStart {
        Last::Tight
    } else {
        last
    };
    let mut writer = Writer {
        last: first,
        ..Writer::default()
    };
    nodes.iter().for_each(|n| writer.flat(n, 0));
    Some(writer.column)
}

fn breakless(nodes: &[Node<'_>]) -> bool {
    nodes.iter().all(|node| match node {
        Node::Leaf(token, _) => token.kind != Kind::LineComment && !token.text.contains('\n'),
        Node::Group { elements, .. } => elements
            .iter()
            .all(|e| e.comment.is_none() && breakless(&e.nodes)),
    })
}

fn needs_blank_before_bracket(last: Last) -> bool {
    last == Last::Loose
}

/// Whether a blank stands before the token, and what it is to what follows.
fn spacing(last: Last, token: &Token<'_>, prefix: bool) -> (bool, Last) {
    let after = match token.kind {
        Kind::Word => Last::Operand,
        Kind::Keyword if matches!(token.text, "true" | "false") => Last::Operand,
        Kind::Sign if prefix || [".", "..", "^"].contains(&token.text) => Last::Tight,
        Kind::Sign if token.text == "?" => Last::Operand,
        _ => Last::Loose,
    };
    let sticks =
        token.kind == Kind::Sign && [",", ";", ":", "?", ".", "..", "^"].contains(&token.text);
    (last != Last::Tight && !sticks, after)
}
