//! A table: the text of a file and where in it each cell stands.

use crate::column::Column;
use crate::factor::Factor;
use crate::source::{Cell, SourceText};
use crate::{csv_file, file, json};
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// One CSV file, or the columns of a JSON object. Takes the file's size plus 16 bytes a cell; 8 of a JSON file, or of one
/// with quotes.
#[derive(Debug, Clone)]
pub struct Table {
    pub(crate) source: SourceText,
    pub(crate) names: Vec<String>,
    pub(crate) name_cells: Vec<Cell>,
    index: HashMap<String, usize>,
    cells: Vec<Cell>,
    /// The number of each cell, in the same order, NaN where it is no plain number; empty where they were not read along.
    numbers: Vec<f64>,
    /// The levels of each column, once somebody asks.
    pub(crate) factors: Vec<OnceLock<Arc<Factor>>>,
    n_rows: usize,
    row_stride: usize,
    column_stride: usize,
}

/// In which order the cells of a new table come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Row after row.
    Rows,
    /// Column after column.
    Columns,
}

impl Table {
    /// Reads a CSV file; comma, semicolon or tab is told from its first line.
    ///
    /// # Errors
    /// If the file cannot be read or is not a rectangular table with distinct column names.
    pub fn from_csv(path: &Path) -> Result<Table, Diagnostic> {
        csv_file::parse(file::read(path)?)
    }

    /// Reads CSV text; `name` stands for the path in messages.
    ///
    /// # Errors
    /// As [`Table::from_csv`].
    pub fn from_csv_text(name: &str, text: &str) -> Result<Table, Diagnostic> {
        csv_file::parse(SourceText::from_bytes(name, text.as_bytes().to_vec())?)
    }

    /// Reads a table by its path: JSON columns if it ends in `.json`, else CSV.
    ///
    /// # Errors
    /// As [`Table::from_csv`]; a JSON object must hold arrays of one length and nothing else.
    pub fn from_path(path: &Path) -> Result<Table, Diagnostic> {
        match json::is_json(path) {
            true => json::table(file::read(path)?),
            false => Table::from_csv(path),
        }
    }

    /// Of distinct names and `names.len() * n_rows` cells.
    pub(crate) fn new(
        source: SourceText,
        names: Vec<(String, Cell)>,
        cells: Vec<Cell>,
        order: Order,
    ) -> Table {
        let n_rows = cells.len() / names.len().max(1);
        let (row_stride, column_stride) = match order {
            Order::Rows => (names.len(), 1),
            Order::Columns => (1, n_rows),
        };
        let index = names
            .iter()
            .enumerate()
            .map(|(at, (name, _))| (name.clone(), at))
            .collect();
        let factors = vec![OnceLock::new(); names.len()];
        let (names, name_cells) = names.into_iter().unzip();
        Table {
            source,
            names,
            name_cells,
            index,
            cells,
            numbers: vec![],
            factors,
            n_rows,
            row_stride,
            column_stride,
        }
    }

    /// With the numbers of the cells, in the order of the cells, NaN where they are none.
    pub(crate) fn with_numbers(self, numbers: Vec<f64>) -> Table {
        Table { numbers, ..self }
    }

    /// The number of a cell, if it was read along; NaN where it is no plain number.
    pub(crate) fn number(&self, row: usize, column: usize) -> Option<f64> {
        let at = row * self.row_stride + column * self.column_stride;
        self.numbers.get(at).copied()
    }

    /// These columns side by side, row-major, where all their cells are plain numbers; else they are to be read one by one,
    /// which tells what is wrong with them.
    pub fn matrix(&self, columns: &[Column]) -> Option<Arc<[f64]>> {
        let (width, stride) = (columns.len(), self.row_stride);
        if width == 0 || self.numbers.is_empty() {
            return None;
        }
        let mut out: Arc<[f64]> = std::iter::repeat_n(0.0, self.n_rows * width).collect();
        let rows = Arc::get_mut(&mut out)?.chunks_exact_mut(width);
        let mut sum = 0.0;
        for (to, from) in rows.zip(self.numbers.chunks_exact(stride)) {
            for (to, column) in to.iter_mut().zip(columns) {
                *to = from[column.index];
                // Infinite or not a number as soon as one of them is; no number of a table is infinite.
                sum += *to * 0.0;
            }
        }
        (sum == 0.0).then_some(out)
    }

    /// The path as the user gave it.
    pub fn path(&self) -> &str {
        self.source.path()
    }

    /// Number of rows, without the header.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Names of the columns, in the order of the file; columns without a name are passed over.
    pub fn column_names(&self) -> impl Iterator<Item = &str> {
        self.names
            .iter()
            .map(String::as_str)
            .filter(|name| !name.is_empty())
    }

    /// The line of the file, from 1, that each row begins on.
    pub fn row_lines(&self) -> Vec<u32> {
        let cells = (0..self.n_rows).map(|row| self.cell(row, 0));
        self.source.lines_of(cells)
    }

    /// The column of that name, if there is one.
    pub fn column(&self, name: &str) -> Option<Column<'_>> {
        let index = *self
            .index
            .get(name.trim())
            .filter(|_| !name.trim().is_empty())?;
        Some(Column { table: self, index })
    }

    /// Names that match a pattern with one `*`, in the order of the file, each with its starred part (never
    /// empty). A pattern without `*` matches the column of that name, its starred part the whole name.
    pub fn matching(&self, pattern: &str) -> Vec<(String, String)> {
        let starred = |name: &str| match pattern.split_once('*') {
            None => (name == pattern).then(|| name.to_owned()),
            Some((before, after)) => {
                let part = name.strip_prefix(before)?.strip_suffix(after)?;
                (!part.is_empty()).then(|| part.to_owned())
            }
        };
        self.column_names()
            .filter_map(|name| Some((name.to_owned(), starred(name)?)))
            .collect()
    }

    pub(crate) fn cell(&self, row: usize, column: usize) -> Cell {
        self.cells[row * self.row_stride + column * self.column_stride]
    }
}
