//! Helpers of the tests.
#![allow(dead_code)]

use ppl_syntax::ast::{Expr, StmtKind};
use ppl_syntax::{Diagnostic, line_column, parse};

/// The debug text of a tree with its spans taken out.
pub fn without_spans(tree: &impl std::fmt::Debug) -> String {
    let text = format!("{tree:?}");
    let mut pieces = text.split("Span {");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(piece.split_once('}').map_or("", |(_, rest)| rest));
    }
    out
}

/// The tree of one expression.
pub fn expression(text: &str) -> Expr {
    let (mut file, diagnostics) = parse(&format!("factor {text};"));
    assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
    match file.statements.pop().expect("a statement").kind {
        StmtKind::Factor { value } => value,
        other => panic!("{other:?}"),
    }
}

/// `line:column message | help | the text after the mend, where it differs`, one line for each diagnostic.
pub fn messages(text: &str) -> Vec<String> {
    parse(text).1.iter().map(|d| line(text, d)).collect()
}

fn line(text: &str, d: &Diagnostic) -> String {
    assert_eq!(d.code, "E0001");
    let (line, column) = line_column(text, d.labels[0].span.start);
    let mut out = format!("{line}:{column} {}", d.message);
    if let Some(help) = &d.help {
        out.push_str(&format!(" | {help}"));
    }
    if let Some(fix) = &d.fix {
        let mended = format!(
            "{}{}{}",
            &text[..fix.span.start],
            fix.replacement,
            &text[fix.span.end..]
        );
        let left = parse(&mended).1.len();
        assert!(
            left < parse(text).1.len(),
            "the mend does not mend: {mended}"
        );
        out.push_str(&format!(" | {}", mended.replace('\n', "⏎")));
    }
    out
}

/// Whether the messages are these.
pub fn check(text: &str, expected: &[&str]) {
    assert_eq!(messages(text), expected, "{text}");
}
