//! From the tree to a checked graph, from the graph and data to a bound model, from a bound model to its program.
//!
//! In come a `ppl_syntax` tree and `ppl_data` tables; out come diagnostics as data, a graph that can be described in
//! words, and the nodes of its log density. This crate matches on no distribution's name, and it never runs a kernel.

mod affine;
pub mod bind;
pub mod check;
pub mod departure;
pub mod describe;
pub mod functions;
pub mod graph;
mod graph_layout;
pub mod graph_svg;
pub mod graph_view;
mod lets;
pub mod lower;
mod modifiers;
pub mod partial;
pub mod shape;
mod simplex;
mod traverse;

pub use bind::{Bound, BoundAxis, bind, bind_within};
pub use check::{analyse, with_guide};
pub use graph::{AxisRef, Model};
pub use shape::{DiscreteValues, SiteShape};
