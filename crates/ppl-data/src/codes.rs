//! The codes of this crate's messages; docs/src/messages has a page for each.

/// A data file cannot be read.
pub const UNREADABLE: &str = "E0301";
/// A data file is beyond a limit.
pub const TOO_LARGE: &str = "E0302";
/// A data file is not UTF-8 text.
pub const ENCODING: &str = "E0303";
/// A data file is empty.
pub const EMPTY: &str = "E0304";
/// A table has column names but no rows.
pub const NO_ROWS: &str = "E0305";
/// A name is given twice.
pub const DUPLICATE_NAME: &str = "E0306";
/// A row has more or fewer fields than the header.
pub const RAGGED: &str = "E0307";
/// A quoted cell is malformed.
pub const QUOTE: &str = "E0308";
/// A blank line in a table of one column.
pub const BLANK_LINE: &str = "E0309";
/// A missing value where none may be.
pub const MISSING: &str = "E0310";
/// A cell is not a number.
pub const NOT_A_NUMBER: &str = "E0311";
/// A number is not finite.
pub const NOT_FINITE: &str = "E0312";
/// A number is not whole, or too large to be exact.
pub const NOT_WHOLE: &str = "E0313";
/// A cell is neither 0/1 nor true/false.
pub const NOT_BOOL: &str = "E0314";
/// A JSON file is malformed.
pub const JSON_SYNTAX: &str = "E0315";
/// A JSON value does not fit a data set.
pub const JSON_SHAPE: &str = "E0316";
/// A value of `--set` is not a number.
pub const SETTING: &str = "E0317";
/// Two main data files.
pub const SOURCE: &str = "E0318";
/// A cell of a censored column is malformed.
pub const NOT_AN_INTERVAL: &str = "E0319";
