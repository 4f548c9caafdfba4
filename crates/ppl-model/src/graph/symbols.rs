//! Named values and what they stand for.

use super::{AxisRef, Kind, TDist, TExpr, Ty};
use ppl_syntax::diagnostic::Span;

/// What a name stands for.
#[derive(Debug, Clone)]
pub enum Role {
    /// A datum: column or pattern where given.
    Data {
        /// `from "…"`
        from: Option<String>,
        /// Missing entries allowed.
        optional: bool,
        /// Cells may give an interval.
        censored: bool,
    },
    /// A latent.
    Site(Box<TDist>),
    /// A deterministic value.
    Let(Box<TExpr>),
    /// Optimised, without a prior; its initial value.
    Param(Box<TExpr>),
}

/// A named value of the model.
#[derive(Debug, Clone)]
pub struct Symbol {
    /// Name.
    pub name: String,
    /// Axes in declared order (no loop copies).
    pub axes: Vec<AxisRef>,
    /// Element type.
    pub ty: Ty,
    /// Declared kind.
    pub kind: Option<Kind>,
    /// What it is.
    pub role: Role,
    /// Whether it depends on latents or params.
    pub stochastic: bool,
    /// Where it was declared.
    pub span: Span,
}

impl Symbol {
    /// Whether it is a datum with missing entries allowed.
    pub fn is_optional(&self) -> bool {
        matches!(self.role, Role::Data { optional: true, .. })
    }

    /// Whether it is a datum whose cells may give an interval.
    pub fn is_censored(&self) -> bool {
        matches!(self.role, Role::Data { censored: true, .. })
    }

    /// Whether it is a discrete site: label, bool or whole number.
    pub fn is_discrete_site(&self) -> bool {
        matches!(
            (&self.role, self.ty),
            (Role::Site(_), Ty::Index(_) | Ty::Bool | Ty::Int)
        )
    }
}

/// Number of a symbol in its model.
pub type SymbolId = usize;
