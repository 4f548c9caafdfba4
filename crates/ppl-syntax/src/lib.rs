//! Text in, tree out: the grammar, the tree with its spans, diagnostics as data and their rendering.
//!
//! [`parse`] takes the text of a model and gives an [`ast::File`] together with everything that was wrong with the
//! text; [`print`] takes a tree and gives its canonical text; [`format`] takes
//! a text and gives the same text laid out well, with its comments; [`render`] takes a [`Diagnostic`] (of this or of any
//! other crate) and gives what the terminal shows. This crate knows pest and annotate-snippets, so that no other
//! has to. It reads no file, writes to no terminal, resolves no name, and it never fails and never panics: whatever
//! could be understood comes back, whatever the input.

pub mod ast;
pub mod diagnostic;
mod format;
mod parse;
mod position;
mod print;
mod print_expr;
mod render;
mod suggest;
mod walk;

pub use diagnostic::{Diagnostic, FilePlace, Fix, Label, Severity, Span};
pub use format::{FormatError, format};
pub use parse::{MAX_HEIGHT, MAX_NESTING, MAX_SOURCE, parse};
pub use position::line_column;
pub use print::{print, print_statements};
pub use print_expr::print_expr;
pub use render::render;
pub use suggest::suggest;
