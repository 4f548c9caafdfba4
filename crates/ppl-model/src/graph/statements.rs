//! Statements in order of generation.

use super::{AxisRef, SymbolId, TDist, TExpr};
use ppl_syntax::diagnostic::Span;

/// A statement of the graph, in order of generation.
#[derive(Debug, Clone)]
pub enum Statement {
    /// `x ~ D`: the symbol holds the distribution.
    Sample(SymbolId),
    /// `observe value ~ D`.
    Observe {
        /// What was observed.
        value: TExpr,
        /// Its distribution.
        dist: TDist,
    },
    /// A term of the log density.
    Factor(TExpr),
    /// A deterministic value with a kind: the density is 0 where it is something else.
    Within(SymbolId),
    /// A quantity to summarise.
    Report {
        /// Its name.
        name: String,
        /// Its axes in declared order.
        axes: Vec<AxisRef>,
        /// Its value.
        value: TExpr,
    },
    /// Draws from the posterior predictive distribution.
    Predict {
        /// Their name.
        name: String,
        /// Axes of the draws; a loop's copy where it stands in one.
        axes: Vec<AxisRef>,
        /// Their distribution.
        dist: TDist,
    },
    /// A site of the model drawn by a guide.
    GuideSample {
        /// The sites, in order; more than one when drawn jointly.
        sites: Vec<SymbolId>,
        /// The distribution.
        dist: TDist,
    },
}

/// A statement and where it stands.
#[derive(Debug, Clone)]
pub struct Located {
    /// The statement.
    pub statement: Statement,
    /// Where.
    pub span: Span,
    /// The loop that it stands in, for `check`.
    pub in_loop: bool,
    /// `skip n` of the loop: the first n elements along its axis (of each group) have no term.
    pub skip: Option<(AxisRef, usize, Option<SymbolId>)>,
    /// The conditions of the `if`s that it stands in.
    pub when: Option<When>,
}

/// When a statement counts.
#[derive(Debug, Clone)]
pub struct When {
    /// A scalar, or one for each element of the loops around it.
    pub condition: TExpr,
    /// Which `if`s it stands in (by their place in the text), and whether in the first branch.
    pub branches: Vec<(usize, bool)>,
}

/// A datum whose missing cells are latents.
#[derive(Debug, Clone)]
pub struct Imputation {
    /// The datum.
    pub data: SymbolId,
    /// The site: an element for each missing cell.
    pub site: SymbolId,
    /// Where each missing cell stands, along each axis of the datum.
    pub positions: Vec<SymbolId>,
    /// What the observation that gives the distribution skips.
    pub skip: Option<(AxisRef, usize, Option<SymbolId>)>,
    /// Axes of that observation.
    pub axes: Vec<AxisRef>,
}
