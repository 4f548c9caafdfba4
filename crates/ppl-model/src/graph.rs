//! The checked graph: names resolved, every expression with its type and axes. Data may still be missing.

mod axes;
mod distributions;
mod expressions;
mod kinds;
mod model;
mod statements;
mod symbols;

pub use crate::modifiers::Modifiers;
pub use crate::partial::PartialGuide;
pub use axes::{AxisDecl, AxisRef, Levels};
pub use distributions::TDist;
pub use expressions::{Kernel, Lag, LinearCall, LinearOp, Reduction, TExpr, TKind, TOde};
pub use kinds::{Kind, Ty};
pub use model::Model;
pub use statements::{Imputation, Located, Statement, When};
pub use symbols::{Role, Symbol, SymbolId};
