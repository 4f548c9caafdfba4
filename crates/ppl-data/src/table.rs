//! A table: the text of a file and where in it each cell stands.

use crate::column::Column;
use crate::columns::Columns;
use crate::factor::Factor;
use crate::plain::{Plain, Rows};
use crate::source::{Cell, SourceText};
use crate::{csv_file, file, json};
use ppl_core::Numbers;
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// One CSV file, or the columns of a JSON object. Takes the file's size plus 4 bytes a cell, or 8 where numbers have many digits.
#[derive(Debug, Clone)]
pub struct Table {
    pub(crate) source: SourceText,
    pub(crate) names: Vec<String>,
    pub(crate) name_cells: Vec<Cell>,
    index: HashMap<String, usize>,
    places: Places,
    /// The numbers of the cells, where they were read along.
    numbers: Arc<Columns>,
    /// The levels of each column, once somebody asks.
    pub(crate) factors: Vec<OnceLock<Arc<Factor>>>,
    n_rows: usize,
}

/// Where cells stand.
#[derive(Debug, Clone)]
enum Places {
    /// Each by itself, with the distances of rows and of columns.
    Cells(Vec<Cell>, usize, usize),
    /// In the rows of a file without quotes, by their number.
    Rows(Rows),
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
        let places = match order {
            Order::Rows => Places::Cells(cells, names.len(), 1),
            Order::Columns => Places::Cells(cells, 1, n_rows),
        };
        Table::with(source, names, n_rows, places)
    }

    /// Of a file without quotes.
    pub(crate) fn of_rows(source: SourceText, names: Vec<(String, Cell)>, read: Plain) -> Table {
        let n_rows = read.rows.lines.len();
        Table {
            numbers: Arc::new(read.columns),
            ..Table::with(source, names, n_rows, Places::Rows(read.rows))
        }
    }

    fn with(
        source: SourceText,
        names: Vec<(String, Cell)>,
        n_rows: usize,
        places: Places,
    ) -> Table {
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
            places,
            numbers: Arc::default(),
            factors,
            n_rows,
        }
    }

    /// The number of a cell, if it was read along and is a plain one.
    pub(crate) fn number(&self, row: usize, column: usize) -> Option<f64> {
        self.numbers.number(row, column)
    }

    /// The numbers of a column, if they were read along and all cells are plain ones.
    pub(crate) fn column_numbers(&self, column: usize) -> Option<Numbers> {
        self.numbers.column(column)
    }

    /// The same of a column whose cells are single digits.
    pub(crate) fn digits(&self, column: usize) -> Option<Numbers> {
        let single = self.numbers.longest(column) == 1;
        self.column_numbers(column).filter(|_| single)
    }

    /// These columns one after another, where all their cells are plain numbers; else they are to be read one by one, which
    /// tells what is wrong with them. Nothing is copied where they stand so in the file.
    pub fn matrix(&self, columns: &[Column]) -> Option<Numbers> {
        let columns: Vec<usize> = columns.iter().map(|c| c.index).collect();
        self.numbers.matrix(&columns)
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
    pub fn row_lines(&self) -> Arc<Vec<u32>> {
        match &self.places {
            Places::Rows(rows) => rows.lines.clone(),
            Places::Cells(..) => {
                let cells = (0..self.n_rows).map(|row| self.cell(row, 0));
                Arc::new(self.source.lines_of(cells))
            }
        }
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
        match &self.places {
            Places::Cells(cells, rows, columns) => cells[row * rows + column * columns],
            Places::Rows(rows) => rows.cell(&self.source, row, column, self.names.len()),
        }
    }
}
