//! Merge: equal nodes become one, and everything is brought to normal form, by writing the program anew.

use super::rebuild::{copy, rebuild};
use crate::program::Program;

/// The same program, written anew through a builder.
pub fn merge(program: &Program) -> Program {
    rebuild(program, |b, id, of| copy(b, program, id, of))
}
