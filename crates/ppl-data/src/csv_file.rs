//! CSV text to a table: every cell becomes a place in the text.

use crate::fields::{Malformed, delimiter, split};
use crate::source::{Cell, SourceText, shown, whole_file};
use crate::table::{Order, Table};
use crate::{codes, limits, plain};
use csv::ByteRecord;
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::HashMap;

/// Cells in order of reading, and those whose text has doubled quotes in it: (index, text).
#[derive(Default)]
pub(crate) struct Cells {
    cells: Vec<Cell>,
    unescaped: Vec<(usize, String)>,
    n_columns: Option<usize>,
}

/// Parses a whole file.
pub(crate) fn parse(mut source: SourceText) -> Result<Table, Diagnostic> {
    let text = source.file();
    if text.trim().is_empty() {
        return Err(
            Diagnostic::data(codes::EMPTY, whole_file(source.path()), "the file is empty")
                .help("a CSV file begins with a line of column names"),
        );
    }
    let start = header(text);
    let delimiter = delimiter(&text[start..]);
    if memchr::memchr(b'"', text.as_bytes()).is_none() {
        return unquoted(source, start, delimiter);
    }
    let read = quoted(&source, start, delimiter)?;
    let n_columns = read.n_columns.unwrap_or(0);
    let Cells {
        mut cells,
        unescaped,
        ..
    } = read;
    for (index, text) in unescaped {
        cells[index] = source.unescaped(&text, cells[index]);
    }
    let header: Vec<Cell> = cells.drain(..n_columns).collect();
    let names = names(&source, header)?;
    if cells.is_empty() {
        return Err(no_rows(&source));
    }
    Ok(Table::new(source, names, cells, Order::Rows))
}

/// Where the line of column names begins: behind blank lines, and behind lines of comments, `# …`. A first line `#id,x` above
/// rows of as many cells names columns itself.
fn header(text: &str) -> usize {
    let mut at = 0;
    loop {
        at = text.len() - text[at..].trim_start_matches(['\r', '\n']).len();
        let line = plain::line_at(text, at);
        let Some(next) = plain::next_line(text.as_bytes(), at).filter(|_| line.starts_with('#'))
        else {
            return at;
        };
        let below = plain::line_at(text, next);
        let delimiter = delimiter(&text[at..]);
        let fields = |line: &str| n_fields(line, delimiter);
        let names = !line.starts_with("# ") && line.len() > 1 && !below.starts_with('#');
        if names && fields(line) == fields(below) {
            return at;
        }
        at = next;
    }
}

/// Reads a file without quotes in it, whose line of column names begins at `start`.
fn unquoted(source: SourceText, start: usize, delimiter: u8) -> Result<Table, Diagnostic> {
    let text = source.file();
    let line = plain::line_at(text, start);
    let mut header = vec![];
    let mut at = start;
    for field in line.split(char::from(delimiter)) {
        header.push(trimmed(text, at, at + field.len(), 0));
        at += field.len() + 1;
    }
    if header.iter().any(is_too_long) {
        return Err(too_long(&source, start, line, delimiter));
    }
    if header.len() > limits::COLUMNS {
        return Err(too_many_columns(&source, start, header.len()));
    }
    let body = plain::next_line(text.as_bytes(), start).unwrap_or(text.len());
    let read = plain::read(&source, body, header.len(), delimiter)?;
    let names = names(&source, header)?;
    if read.rows.lines.is_empty() {
        return Err(no_rows(&source));
    }
    Ok(Table::of_rows(source, names, read))
}

fn no_rows(source: &SourceText) -> Diagnostic {
    let place = source.place(0, source.file().trim_end().len());
    let message = "there are column names but no rows below them";
    Diagnostic::data(codes::NO_ROWS, place, message).help("add at least one row")
}

fn is_too_long(cell: &Cell) -> bool {
    (cell.end - cell.start) as usize > limits::CELL_BYTES
}

/// The message for the first cell that is too long in the line that begins at `start`.
pub(crate) fn too_long(source: &SourceText, start: usize, line: &str, delimiter: u8) -> Diagnostic {
    let mut at = start;
    let cells = line.split(char::from(delimiter)).map(|field| {
        at += field.len() + 1;
        trimmed(line, at - 1 - field.len() - start, at - 1 - start, start)
    });
    let found = { cells }.find(is_too_long);
    cell_too_long(source, found.unwrap_or(Cell::new(start, start)))
}

fn cell_too_long(source: &SourceText, cell: Cell) -> Diagnostic {
    let message = format!("a cell is longer than {} bytes", limits::CELL_BYTES);
    Diagnostic::data(codes::TOO_LARGE, source.cell_place(cell), message)
        .help("a quote or a line end is likely lost")
}

/// How many fields a line without quotes has.
pub(crate) fn n_fields(line: &str, delimiter: u8) -> usize {
    memchr::memchr_iter(delimiter, line.as_bytes()).count() + 1
}

/// Reads a file with quotes in it, whose line of column names begins at `from`.
fn quoted(source: &SourceText, from: usize, delimiter: u8) -> Result<Cells, Diagnostic> {
    let text = source.file();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(&text.as_bytes()[from..]);
    let mut read = Cells::default();
    let mut record = ByteRecord::new();
    let mut last_end = from;
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| unreadable(source, &error))?
    {
        let end = (from + reader.position().byte() as usize).min(text.len());
        let gap = &text[last_end..end];
        let start = end - gap.trim_start_matches(['\r', '\n']).len();
        let line = text[start..end].trim_end_matches(['\r', '\n']);
        read.check_gap(source, last_end, start)?;
        last_end = start + line.len();
        let first = read.cells.len();
        read.add(source, &record, line, start, delimiter)?;
        read.end_row(source, first, start, line, delimiter)?;
    }
    Ok(read)
}

impl Cells {
    fn add(
        &mut self,
        source: &SourceText,
        record: &ByteRecord,
        line: &str,
        start: usize,
        delimiter: u8,
    ) -> Result<(), Diagnostic> {
        if !line.as_bytes().contains(&b'"') {
            let mut at = 0;
            for field in record {
                self.cells.push(trimmed(line, at, at + field.len(), start));
                at += field.len() + 1;
            }
        } else {
            for field in
                split(line, delimiter).map_err(|wrong| malformed(source, start, line, &wrong))?
            {
                if field.escaped {
                    let text = line[field.range.clone()].trim().replace("\"\"", "\"");
                    self.unescaped.push((self.cells.len(), text));
                }
                self.cells
                    .push(trimmed(line, field.range.start, field.range.end, start));
            }
        }
        Ok(())
    }

    /// Checks the row whose cells begin at `first`; drops it if it is blank.
    fn end_row(
        &mut self,
        source: &SourceText,
        first: usize,
        start: usize,
        line: &str,
        delimiter: u8,
    ) -> Result<(), Diagnostic> {
        if line.len() > limits::CELL_BYTES
            && let Some(cell) = self.cells[first..].iter().find(|cell| is_too_long(cell))
        {
            return Err(cell_too_long(source, *cell));
        }
        let n_fields = self.cells.len() - first;
        match self.n_columns {
            None if n_fields > limits::COLUMNS => {
                return Err(too_many_columns(source, start, n_fields));
            }
            None => self.n_columns = Some(n_fields),
            Some(n) if n == n_fields => {}
            Some(_) if line.trim().is_empty() => {
                self.cells.truncate(first);
            }
            Some(n) => return Err(ragged(source, start, line, (n_fields, n), delimiter)),
        }
        Ok(())
    }

    /// Refuses blank lines between two rows, in a table of one column.
    fn check_gap(
        &self,
        source: &SourceText,
        last_end: usize,
        start: usize,
    ) -> Result<(), Diagnostic> {
        match self.n_columns {
            Some(1) => refuse_blank_line(source, last_end, start),
            _ => Ok(()),
        }
    }
}

/// The trimmed text of a range of a line that starts at `offset`; of blank text, its beginning.
pub(crate) fn trimmed(line: &str, start: usize, end: usize, offset: usize) -> Cell {
    let text = line.get(start..end).unwrap_or_default();
    let rest = text.trim_start();
    let skipped = if rest.is_empty() {
        0
    } else {
        text.len() - rest.len()
    };
    let from = offset + start + skipped;
    Cell::new(from, from + rest.trim_end().len())
}

fn names(source: &SourceText, header: Vec<Cell>) -> Result<Vec<(String, Cell)>, Diagnostic> {
    let mut seen = HashMap::new();
    let mut names = Vec::with_capacity(header.len());
    for (index, cell) in header.into_iter().enumerate() {
        let name = source.cell(cell);
        let refuse = |code, message| Err(Diagnostic::data(code, source.cell_place(cell), message));
        if name.len() > limits::NAME_BYTES {
            let message = format!("a column name is longer than {} bytes", limits::NAME_BYTES);
            return refuse(codes::TOO_LARGE, message).map_err(|error| {
                error.help(
                    "the first line names the columns; a line end or a delimiter is likely lost",
                )
            });
        }
        if let Some(first) = seen.insert(name, index).filter(|_| !name.is_empty()) {
            let message = format!(
                "column {} appears twice: as column {} and {}",
                shown(name),
                first + 1,
                index + 1
            );
            return refuse(codes::DUPLICATE_NAME, message)
                .map_err(|error| error.help("rename or remove one of them"));
        }
        names.push((name.to_owned(), cell));
    }
    Ok(names)
}

fn too_many_columns(source: &SourceText, start: usize, found: usize) -> Diagnostic {
    let message = format!(
        "the first line names {found} columns; at most {} are read",
        limits::COLUMNS
    );
    Diagnostic::data(codes::TOO_LARGE, source.place(start, start + 1), message)
        .help("put one observation on each line, or keep only the columns the model reads")
}

pub(crate) fn ragged(
    source: &SourceText,
    start: usize,
    line: &str,
    counts: (usize, usize),
    delimiter: u8,
) -> Diagnostic {
    let (found, expected) = counts;
    let plural = if found == 1 { "" } else { "s" };
    let message = format!("this row has {found} field{plural}, the header has {expected}");
    let help = match char::from(delimiter) {
        _ if found < expected => {
            "write `NA` for a missing value; check that the row is not cut short".to_owned()
        }
        d if line.contains(&format!("{d} \"")) => {
            format!("remove the blank between `{d}` and the quote")
        }
        '\t' => "put quotes round a text that contains a tab".to_owned(),
        ',' => {
            "put quotes round a text that contains a comma; decimals take a point: `1.5`".to_owned()
        }
        d => format!("put quotes round a text that contains `{d}`"),
    };
    Diagnostic::data(
        codes::RAGGED,
        source.place(start, start + line.len()),
        message,
    )
    .help(help)
}

fn malformed(source: &SourceText, start: usize, line: &str, wrong: &Malformed) -> Diagnostic {
    let (at, message, help) = match *wrong {
        Malformed::Unclosed(at) => (
            at,
            "the quote opened here is never closed",
            "close it before the next delimiter; a quote inside a quoted cell is written twice: `\"\"`",
        ),
        Malformed::TextBehind(at) => (
            at,
            "there is text behind the closing quote",
            "a quote inside a quoted cell is written twice: `\"\"`",
        ),
    };
    let width = line[at..].chars().next().map_or(0, char::len_utf8);
    Diagnostic::data(
        codes::QUOTE,
        source.place(start + at, start + at + width),
        message,
    )
    .help(help)
}

pub(crate) fn refuse_blank_line(
    source: &SourceText,
    last_end: usize,
    start: usize,
) -> Result<(), Diagnostic> {
    let gap = &source.file()[last_end..start];
    let first_end = if gap.starts_with("\r\n") { 2 } else { 1 };
    if gap.len() <= first_end {
        return Ok(());
    }
    let blank = last_end + first_end;
    Err(Diagnostic::data(
        codes::BLANK_LINE,
        source.place(blank, blank),
        "a blank line in a table of one column",
    )
    .help("write `NA` if the value is missing; else remove the line"))
}

fn unreadable(source: &SourceText, error: &csv::Error) -> Diagnostic {
    Diagnostic::data(
        codes::UNREADABLE,
        whole_file(source.path()),
        format!("the file cannot be read: {error}"),
    )
    .help("check that it is a CSV file")
}
