//! The one program form: array nodes in SSA form over named axes, and the passes over it.
//!
//! A model's density becomes a [`Program`]; differentiation, folding and unrolling are functions from programs to
//! programs. This crate knows neither models nor data files nor threads, and it never evaluates anything larger than a
//! literal (the reference interpreter in [`interpret`] exists for folding and for tests).

pub mod axes;
pub mod builder;
pub mod call;
mod decimals;
mod display;
pub mod grad;
mod instructions;
pub mod interpret;
mod numbers;
pub mod passes;
pub mod program;
pub mod structure;

pub use axes::{Axis, AxisId, AxisSet, DRAW};
pub use builder::Builder;
pub use call::{CallId, Routine};
pub use decimals::{Decimals, TILE, Tiles};
pub use grad::gradient;
pub use numbers::Numbers;
pub use ppl_dist::{Expr, NodeId, Prim, Real, Recorder};
pub use program::{Index, IndexId, Node, Op, Program};
