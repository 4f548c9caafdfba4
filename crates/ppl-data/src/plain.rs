//! CSV text without quotes: where its rows begin, part by part of the file on as many threads as there are, then the numbers of its
//! cells. Cells themselves are found again when somebody asks for their text.

use crate::columns::Columns;
use crate::csv_file::{n_fields, ragged, refuse_blank_line, too_long, trimmed};
use crate::source::{Cell, SourceText};
use memchr::{memchr, memchr2, memrchr};
use ppl_syntax::diagnostic::Diagnostic;
use rayon::prelude::*;
use std::sync::Arc;

/// Bytes of a part: enough work for a thread.
const PART: usize = 1 << 20;

/// The rows of a file.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    /// The line of each, from 1.
    pub lines: Arc<Vec<u32>>,
    pub delimiter: u8,
}

/// What a file says: its rows and their numbers.
pub(crate) struct Plain {
    pub rows: Rows,
    pub columns: Columns,
}

/// A part of the file: whole lines.
#[derive(Default)]
struct Part {
    /// Where lines begin.
    lines: Vec<u32>,
    /// Which of them are rows.
    rows: Vec<u32>,
}

impl Part {
    /// Where rows begin.
    fn starts(&self) -> impl Iterator<Item = u32> + '_ {
        self.rows.iter().map(|row| self.lines[*row as usize])
    }
}

/// Reads the rows behind a header that ends at `body` and has so many columns.
pub(crate) fn read(
    source: &SourceText,
    body: usize,
    n_columns: usize,
    delimiter: u8,
) -> Result<Plain, Diagnostic> {
    let text = source.file();
    let parts = parts(text.as_bytes(), body);
    let parts: Vec<Part> = parts
        .into_par_iter()
        .map(|(from, to)| lines(text, (from, to), n_columns, delimiter))
        .collect();
    // The lines up to the header's.
    let mut line_starts = lines(text, (0, body), n_columns, delimiter).lines;
    let n_rows = parts.iter().map(|p| p.rows.len()).sum();
    let mut rows = Vec::with_capacity(n_rows);
    for part in &parts {
        let before = line_starts.len() as u32;
        rows.extend(part.rows.iter().map(|row| before + row + 1));
        line_starts.extend(&part.lines);
    }
    let rows = Rows {
        lines: Arc::new(rows),
        delimiter,
    };
    source.set_line_starts(line_starts);
    let starts: Vec<u32> = parts.iter().flat_map(Part::starts).collect();
    drop(parts);
    // A row has a delimiter or an end for each cell. What is said to hold more than the file would not fit into memory either.
    let fits = n_rows.saturating_mul(n_columns) <= text.len() + 1;
    let read = match fits {
        true => Columns::read(text, &starts, n_columns, delimiter),
        false => {
            let ragged = |at: &u32| n_fields(line_at(text, *at as usize), delimiter) != n_columns;
            let first = starts.iter().copied().find(ragged);
            first.map_or_else(|| Ok(Columns::default()), |at| Err(at as usize))
        }
    };
    let gap = (n_columns == 1)
        .then(|| blank_line(source, body, &starts))
        .flatten();
    match (read, gap) {
        (Err(start), gap) if gap.as_ref().is_none_or(|(at, _)| start < *at) => {
            let line = line_at(text, start);
            let found = n_fields(line, delimiter);
            Err(match found == n_columns {
                true => too_long(source, start, line, delimiter),
                false => ragged(source, start, line, (found, n_columns), delimiter),
            })
        }
        (_, Some((_, error))) => Err(error),
        (read, None) => Ok(Plain {
            rows,
            columns: read.unwrap_or_default(),
        }),
    }
}

/// The text of the line that begins at `start`, without its end.
pub(crate) fn line_at(text: &str, start: usize) -> &str {
    let rest = text.get(start..).unwrap_or_default();
    &rest[..memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len())]
}

impl Rows {
    /// The cell of a column, of so many: searched from the nearer end of the line.
    pub(crate) fn cell(
        &self,
        source: &SourceText,
        row: usize,
        column: usize,
        n_columns: usize,
    ) -> Cell {
        let (from, to) = source.line(self.lines[row] as usize);
        let bytes = source.file().as_bytes();
        let (mut start, mut end) = (from, to);
        if 2 * column < n_columns {
            for _ in 0..column {
                start += memchr(self.delimiter, &bytes[start..to]).map_or(to - start, |n| n + 1);
            }
            end = memchr(self.delimiter, &bytes[start..to]).map_or(to, |n| start + n);
        } else {
            for _ in column + 1..n_columns {
                end = from + memrchr(self.delimiter, &bytes[from..end]).unwrap_or(0);
            }
            start = memrchr(self.delimiter, &bytes[from..end]).map_or(from, |n| from + n + 1);
        }
        trimmed(source.file(), start, end, 0)
    }
}

/// Parts of the file from `body` on that begin and end with lines.
fn parts(bytes: &[u8], body: usize) -> Vec<(usize, usize)> {
    let n = ((bytes.len() - body) / PART).clamp(1, 4 * rayon::current_num_threads());
    let length = (bytes.len() - body) / n;
    let mut out = vec![];
    let mut from = body;
    for k in 1..=n {
        let to = match k == n {
            true => bytes.len(),
            false => next_line(bytes, (body + k * length).max(from)).unwrap_or(bytes.len()),
        };
        out.push((from, to));
        from = to;
    }
    out
}

/// Where the line behind the next end of a line begins.
pub(crate) fn next_line(bytes: &[u8], from: usize) -> Option<usize> {
    let at = from + memchr2(b'\n', b'\r', &bytes[from..])?;
    let both = bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n');
    Some(at + 1 + usize::from(both))
}

/// The lines of a part, and which of them are rows: all but the empty ones, and the blank ones that have not the cells of one.
fn lines(text: &str, (from, to): (usize, usize), n_columns: usize, delimiter: u8) -> Part {
    let bytes = &text.as_bytes()[..to];
    let mut part = Part::default();
    let mut at = from;
    while at < to {
        let is_row = match bytes[at] {
            b'\n' | b'\r' => false,
            byte if byte > b' ' && byte < 0x80 => true,
            _ => {
                let line = line_at(text, at);
                !line.trim().is_empty() || n_fields(line, delimiter) == n_columns
            }
        };
        if is_row {
            part.rows.push(part.lines.len() as u32);
        }
        part.lines.push(at as u32);
        at = next_line(bytes, at).unwrap_or(to);
    }
    part
}

/// The first blank line between two rows, or between header and first row, and where it begins.
fn blank_line(source: &SourceText, body: usize, starts: &[u32]) -> Option<(usize, Diagnostic)> {
    let text = source.file();
    let mut last_end = text[..body].trim_end_matches(['\n', '\r']).len();
    for start in starts.iter().map(|start| *start as usize) {
        if let Err(error) = refuse_blank_line(source, last_end, start) {
            return Some((last_end, error));
        }
        last_end = start + line_at(text, start).len();
    }
    None
}
