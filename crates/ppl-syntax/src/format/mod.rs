//! Text to formatted text: white space and line breaks change, every token and every comment stays.
//!
//! The formatter works on tokens, so that a comment may stand anywhere; the grammar is consulted before (a text with
//! syntax errors is not touched) and after (the outcome has to be the same tree with the same comments).

mod layout;
mod statements;
mod tokens;

use crate::diagnostic::Diagnostic;
use crate::parse::parse;
use crate::print::print;

/// How long lines get where they can be broken.
pub const WIDTH: usize = 100;

/// Why a text was not formatted.
#[derive(Debug, Clone)]
pub enum FormatError {
    /// It has syntax errors.
    Syntax(Vec<Diagnostic>),
    /// The outcome would not have been the same model: a defect of the formatter.
    Unfaithful,
}

/// The formatted text of a model: one statement a line, two blanks for each block, lines of at most [`WIDTH`] where
/// they can be broken, all comments, at most one blank line between statements. Formatting again changes nothing.
///
/// # Errors
/// Where the text has syntax errors, or where the outcome would parse to another tree or lack a comment.
pub fn format(text: &str) -> Result<String, FormatError> {
    let (tree, diagnostics) = parse(text);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(FormatError::Syntax(diagnostics));
    }
    let before = tokens::tokens(text);
    let formatted = statements::write(&before);
    let (again, diagnostics) = parse(&formatted);
    // The canonical text is the tree without its places.
    let same_tree = !diagnostics.iter().any(Diagnostic::is_error) && print(&tree) == print(&again);
    let after = tokens::tokens(&formatted);
    if same_tree && tokens::comments(&before).eq(tokens::comments(&after)) {
        Ok(formatted)
    } else {
        Err(FormatError::Unfaithful)
    }
}
