//! How large a data file may be; beyond these it is refused rather than read slowly or wrongly.

/// Bytes of a file: 2 GiB, as the places of cells are kept in 32 bits.
pub const FILE_BYTES: usize = 1 << 31;
/// Columns of a table.
pub const COLUMNS: usize = 100_000;
/// Bytes of a column's name.
pub const NAME_BYTES: usize = 10_000;
/// Bytes of a cell.
pub const CELL_BYTES: usize = 1_000_000;
/// Dimensions of a JSON array.
pub const DIMENSIONS: usize = 8;
