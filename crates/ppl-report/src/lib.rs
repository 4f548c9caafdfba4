//! From a [`Fit`] to text: the table and the evidence block for a person, CSV and JSON for a program.
//!
//! Pure functions: this crate opens no file, prints nothing and asks for no terminal. Who calls it says how wide
//! the text may be and where the bytes go.

mod compare;
mod csv;
mod discrete;
mod draws;
mod evidence;
mod json;
mod number;
mod plan;
mod pointwise;
mod table;

#[cfg(test)]
mod fixture;

pub use compare::{Compared, comparison_json, comparison_table};
pub use csv::{rows_csv, summary_csv};
pub use discrete::{discrete_csv, discrete_lines};
pub use draws::{draws_csv, draws_table};
pub use evidence::elbo_block;
pub use json::{fit_json, hash};
pub use plan::{plan_json, plan_text};
pub use pointwise::{read_pointwise, write_pointwise};
pub use table::{TableOptions, summary_table, summary_table_with};

/// The version that is written into every output.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

#[doc(no_inline)]
pub use ppl_infer::Fit;
