//! Helpers of the tests.
#![allow(dead_code)]

use ppl_syntax::ast::{Expr, StmtKind};
use ppl_syntax::parse;

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
