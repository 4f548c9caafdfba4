//! Distributions, each written once: special functions, `Real`, supports and their bijections, one distribution a file.
//!
//! A density is generic over [`Real`]. Over `f64` it is the value; over [`Expr`] it writes the nodes of a program
//! through a [`Recorder`]. This crate knows no program, no axis and no thread, and nothing here matches on a
//! distribution's name.

pub mod arrays;
pub mod bijection;
pub mod definition;
pub mod density;
pub mod expr;
pub mod families;
pub mod linear;
pub mod prim;
pub mod real;
pub mod special;
pub mod truncated;

pub use arrays::Arrays;
pub use bijection::Bijection;
pub use definition::{
    Bound, Definition, Density, Distribution, Domain, Form, Golden, LocationScale, Parameter,
    Shape, Support, Units,
};
pub use expr::{Expr, NodeId, Recorder};
pub use families::{ALL, find};
pub use prim::Prim;
pub use real::Real;
