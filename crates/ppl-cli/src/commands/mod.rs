//! The commands, one file each: its arguments and what it does.

pub mod check;
pub mod fit;
pub mod fmt;
pub mod guide;
