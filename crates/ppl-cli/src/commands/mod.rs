//! The commands, one file each: its arguments and what it does.

pub mod check;
pub mod compare;
pub mod density;
pub mod explain;
pub mod fit;
pub mod fmt;
pub mod graph;
pub mod guide;
pub mod plan;
pub mod predict;
