//! Axes, their copies and their levels.

use super::{SymbolId, TExpr};
use ppl_syntax::diagnostic::Span;

/// One use of an axis. Copy 0 is the axis itself, copy 1 the second axis of a square matrix, copy 2 and above the axis as
/// a loop runs over it (an array indexed by the loop variable; 3 for the second loop of a matrix).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AxisRef {
    /// Index into [`Model::axes`].
    pub axis: usize,
    /// Which copy.
    pub copy: u8,
}

impl AxisRef {
    /// The axis itself.
    pub fn of(axis: usize) -> Self {
        AxisRef { axis, copy: 0 }
    }
    /// The axis as declared: a loop's copy is the axis itself, a second loop's the second axis of a square matrix.
    pub fn declared(self) -> Self {
        AxisRef {
            copy: if self.is_loop() {
                self.copy - 2
            } else {
                self.copy
            },
            ..self
        }
    }
    /// Whether a loop runs over it.
    pub fn is_loop(self) -> bool {
        self.copy >= 2
    }
}

/// Where an axis's levels come from.
#[derive(Debug, Clone)]
pub enum Levels {
    /// The lines of the main table.
    Rows,
    /// Labels found in the data.
    Found,
    /// Listed.
    Listed(Vec<String>),
    /// A size; labelled 1..n.
    Size(TExpr),
    /// A range of whole numbers, both ends included.
    Range(TExpr, TExpr),
    /// Columns by pattern or name.
    Columns(Vec<String>),
    /// The missing cells of a datum.
    Missing(SymbolId),
}

/// An axis of the model.
#[derive(Debug, Clone)]
pub struct AxisDecl {
    /// Name.
    pub name: String,
    /// Its levels.
    pub levels: Levels,
    /// Where it was declared.
    pub span: Span,
}
