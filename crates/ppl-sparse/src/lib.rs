//! Symmetric matrices of which few elements are other than zero: their places, their Cholesky factors in an order that
//! keeps the factors sparse, and how few products with vectors give all their elements.
//!
//! The order and the numbers of a factor come from `faer`; this crate knows neither models nor programs.

mod apart;
mod colouring;
mod elimination;
mod factor;
mod inverse;
mod pattern;

pub use apart::groups_apart;
pub use colouring::Colouring;
pub use elimination::Elimination;
pub use factor::Factor;
pub use pattern::{Pattern, Symmetric};
