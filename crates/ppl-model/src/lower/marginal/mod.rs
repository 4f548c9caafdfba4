//! Discrete sites are summed out exactly: log p = log sum over all their values of p(values) p(everything else | values).
//!
//! While statements are lowered, a discrete site's value is the list of all its values along an enumeration axis of its
//! own, so a statement that reads it comes out once for every value: a factor. Each way to read a site (its own
//! elements, the elements that a column looks up, the element before) has its own enumeration axis. The factors are then
//! summed out by variable elimination (Zhang and Poole 1996; with plates: Obermeyer and others 2019), where elements that
//! meet the same factors are eliminated together, as one array operation.

mod components;
mod density;
mod elimination;
mod expectation;
mod factors;
mod ordering;
mod readings;
mod sequential;
mod summary;
mod tables;

pub use components::{Coupled, SummedOut};
pub(super) use factors::Factor;
pub(super) use readings::Reading;
pub use summary::{TooDear, summed_out};

/// Elements of the largest array that summing out may make, for each draw.
pub const MAX_TABLE: f64 = 1e7;

/// Axes of such an array, which is as many as one kernel can run over.
pub const MAX_AXES: usize = 11;

/// Steps, each an elimination of alike elements together, that summing out may take.
pub const MAX_STEPS: usize = 1_500;
