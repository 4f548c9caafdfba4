//! Source text to tree: guard the raw text, read it with the grammar, build the tree, explain what did not match.

mod errors;
mod expressions;
mod guard;
mod hints;
mod operands;
mod recovery;
mod statements;
mod targets;

use pest::Parser;
use pest::iterators::Pair;

pub(crate) use errors::is_keyword;
pub(crate) use expressions::{UNARY_BINDING, binding};

use crate::ast::{File, Ident};
use crate::diagnostic::{Diagnostic, Span};

/// How deep brackets of all kinds may nest.
pub const MAX_NESTING: usize = 64;
/// How high the tree of one expression may be: a sum of this many terms is read, one of many more is refused.
pub const MAX_HEIGHT: usize = 500;
/// How many bytes a model may have.
pub const MAX_SOURCE: usize = 1 << 20;
/// How many syntax errors are told at most.
const MAX_ERRORS: usize = 50;
/// How long a chain of unary operators, powers or `else if` may be.
const MAX_CHAIN: usize = 64;

#[derive(pest_derive::Parser)]
#[grammar = "../../grammar/ppl.pest"]
#[allow(missing_docs)]
struct Grammar;

/// Reads a model: the statements that could be understood, and everything that was wrong with the rest, in the
/// order of the text.
///
/// Codes: E0001 for what the grammar does not know, E0002 for nesting past [`MAX_NESTING`] or [`MAX_HEIGHT`], E0003
/// for a text longer than [`MAX_SOURCE`]. Never panics; the stack used is bounded by the limits.
pub fn parse(text: &str) -> (File, Vec<Diagnostic>) {
    let guarded = guard::guard(text);
    let Some(clean) = guarded.text else {
        let file = File {
            broken: true,
            ..File::default()
        };
        return (file, guarded.diagnostics);
    };
    let mut builder = Builder::new(&clean, text.len(), guarded.diagnostics, guarded.explained);
    let statements = builder.items_of(0, clean.len());
    let (mut diagnostics, lost) = (builder.diagnostics, builder.lost);
    diagnostics.sort_by_key(|d| d.labels.first().map_or(0, |l| l.span.start));
    diagnostics.truncate(MAX_ERRORS);
    let broken = diagnostics.iter().any(Diagnostic::is_error);
    let file = File {
        statements,
        broken,
        lost,
    };
    (file, diagnostics)
}

/// Turns pairs into trees; knows where the parsed slice stands in the whole text.
struct Builder<'t> {
    /// The whole guarded text.
    text: &'t str,
    /// Length of the source, without what the guard appended.
    source_length: usize,
    /// Where the slice that is being read begins.
    base: usize,
    /// What was found so far.
    diagnostics: Vec<Diagnostic>,
    /// Places of which the guard has said what is wrong.
    explained: Vec<usize>,
    /// Names that unreadable pieces may have defined.
    lost: Vec<String>,
    /// How many branches of `if` statements are open.
    depth: usize,
    /// How deep recovery has gone into pieces of pieces.
    recovery_depth: usize,
}

impl<'t> Builder<'t> {
    fn new(
        text: &'t str,
        source_length: usize,
        diagnostics: Vec<Diagnostic>,
        explained: Vec<usize>,
    ) -> Self {
        Builder {
            text,
            source_length,
            base: 0,
            diagnostics,
            explained,
            lost: vec![],
            depth: 0,
            recovery_depth: 0,
        }
    }

    /// The range of a pair in the source, without white space at its end.
    fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let start = self.base + pair.as_span().start();
        let end = (start + pair.as_str().trim_end().len())
            .min(self.source_length)
            .max(start);
        Span { start, end }
    }

    /// Adds a diagnostic, while there is room for it.
    fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MAX_ERRORS {
            self.diagnostics.push(diagnostic);
        }
    }

    fn ident(&self, pair: &Pair<'_, Rule>) -> Ident {
        Ident {
            name: pair.as_str().to_owned(),
            span: self.span(pair),
        }
    }
}

/// The parts of a pair that carry meaning: no punctuation, no keywords.
fn parts(pair: Pair<'_, Rule>) -> impl Iterator<Item = Pair<'_, Rule>> {
    pair.into_inner().filter(|p| !is_token(p.as_rule()))
}

fn is_token(rule: Rule) -> bool {
    use Rule::*;
    matches!(
        rule,
        semi | comma
            | colon
            | tilde
            | equals
            | open_paren
            | close_paren
            | open_bracket
            | close_bracket
            | open_brace
            | close_brace
            | kw_axis
            | kw_data
            | kw_param
            | kw_let
            | kw_observe
            | kw_factor
            | kw_for
            | kw_in
            | kw_if
            | kw_else
            | kw_fn
            | kw_report
            | kw_predict
            | kw_net
            | kw_guide
            | kw_from
            | kw_by
            | kw_skip
            | kw_auto
            | kw_columns
            | EOI
    )
}

/// Reads a slice with a rule of the grammar.
fn read(
    rule: Rule,
    text: &str,
) -> Result<pest::iterators::Pairs<'_, Rule>, Box<pest::error::Error<Rule>>> {
    Grammar::parse(rule, text).map_err(Box::new)
}
