//! Files in, tables out: CSV and JSON data with the place of every cell, so that a message can point at it.
//!
//! A cell is missing when it is empty, `NA`, `NaN`, `nan` or `null`; cells are compared and read trimmed.
//! This crate never guesses: what cannot be read exactly as asked for is refused with file, line, column and a
//! proposal. It knows nothing of models; which column is read as what is decided by its caller.
//!
//! Limits: see [`limits`].

#![allow(
    clippy::result_large_err,
    reason = "errors are rare, and are data for the caller to render"
)]

mod censored;
pub mod codes;
mod column;
mod columns;
mod csv_file;
mod dataset;
mod factor;
mod fields;
mod file;
mod json;
mod json_array;
mod json_scan;
pub mod limits;
mod number;
mod plain;
mod plan;
mod source;
mod table;

pub use censored::Interval;
pub use column::Column;
pub use dataset::{Dataset, JsonArray, Source};
pub use factor::Factor;
pub use number::{is_missing, parse_real};
pub use table::Table;
