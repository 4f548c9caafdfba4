//! The text of a data file, and the places in it.

use crate::{codes, limits};
use ppl_syntax::diagnostic::{Diagnostic, FilePlace, Span};
use std::sync::OnceLock;

/// A byte range of a [`SourceText`]; 32 bits, since there is one for every cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub start: u32,
    pub end: u32,
}

impl Cell {
    /// Of positions below [`limits::FILE_BYTES`] twice over, so that they fit.
    pub fn new(start: usize, end: usize) -> Cell {
        Cell {
            start: start as u32,
            end: end as u32,
        }
    }
}

/// The file's text, then the unescaped form of those few cells whose text is not a slice of it.
#[derive(Debug, Clone)]
pub(crate) struct SourceText {
    path: String,
    text: String,
    file_bytes: usize,
    /// For each cell stored behind the file's text, in order: where it stands in the file.
    origins: Vec<(Cell, Cell)>,
    line_starts: OnceLock<Vec<u32>>,
}

impl SourceText {
    /// Checks size, encoding and NUL bytes, and drops a byte order mark.
    pub fn from_bytes(path: &str, mut bytes: Vec<u8>) -> Result<SourceText, Diagnostic> {
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        if bytes.len() > limits::FILE_BYTES {
            let message = format!("the file is larger than {} bytes", limits::FILE_BYTES);
            return Err(
                Diagnostic::data(codes::TOO_LARGE, whole_file(path), message)
                    .help("fit a part of the rows, or keep only the columns the model reads"),
            );
        }
        let text = String::from_utf8(bytes)
            .map_err(|error| not_utf8(path, error.as_bytes(), error.utf8_error().valid_up_to()))?;
        let source = SourceText {
            path: path.to_owned(),
            file_bytes: text.len(),
            text,
            origins: vec![],
            line_starts: OnceLock::new(),
        };
        match memchr::memchr(0, source.text.as_bytes()) {
            None => Ok(source),
            Some(at) => Err(Diagnostic::data(
                codes::ENCODING,
                source.place(at, at + 1),
                format!("a NUL byte at byte {at}: this is not a text file"),
            )
            .help(
                "if it was saved as UTF-16, save it anew as UTF-8; otherwise the file is damaged",
            )),
        }
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// The text of the file.
    pub fn file(&self) -> &str {
        &self.text[..self.file_bytes]
    }

    pub fn cell(&self, cell: Cell) -> &str {
        self.text
            .get(cell.start as usize..cell.end as usize)
            .unwrap_or_default()
    }

    /// Stores an unescaped text that stands at `origin` of the file.
    pub fn unescaped(&mut self, text: &str, origin: Cell) -> Cell {
        let start = self.text.len();
        self.text.push_str(text);
        let cell = Cell::new(start, self.text.len());
        if !text.is_empty() {
            self.origins.push((cell, origin));
            return cell;
        }
        Cell {
            end: origin.start,
            ..origin
        }
    }

    /// The place of a cell, stored either way.
    pub fn cell_place(&self, cell: Cell) -> FilePlace {
        let found = self
            .origins
            .binary_search_by_key(&cell, |&(stored, _)| stored);
        let at = found.map_or(cell, |index| self.origins[index].1);
        self.place(at.start as usize, at.end as usize)
    }

    /// The lines of cells, from 1, stored either way; quick where the cells follow each other.
    pub fn lines_of(&self, cells: impl Iterator<Item = Cell>) -> Vec<u32> {
        let file = self.file();
        let starts = self
            .line_starts
            .get_or_init(|| line_starts(file.as_bytes()));
        let mut line = 0;
        let of = |cell: Cell| {
            let found = self
                .origins
                .binary_search_by_key(&cell, |&(stored, _)| stored);
            let at = found.map_or(cell, |index| self.origins[index].1).start;
            if line > 0 && starts[line - 1] > at {
                line = starts.partition_point(|&first| first <= at);
            }
            while starts.get(line).is_some_and(|&first| first <= at) {
                line += 1;
            }
            line as u32
        };
        cells.map(of).collect()
    }

    /// Where a line begins and ends, its end-of-line characters left out; lines count from 1.
    pub fn line(&self, line: usize) -> (usize, usize) {
        let file = self.file();
        let starts = self
            .line_starts
            .get_or_init(|| line_starts(file.as_bytes()));
        let start = starts.get(line - 1).map_or(file.len(), |at| *at as usize);
        let next = starts.get(line).map_or(file.len(), |at| *at as usize);
        let ends = file.as_bytes()[start..next].iter().rev();
        let n_ends = ends
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        (start, next - n_ends)
    }

    /// Where the file's lines begin, for a reader that saw them anyway.
    pub fn set_line_starts(&self, starts: Vec<u32>) {
        self.line_starts.get_or_init(|| starts);
    }

    /// The place of a byte range of the file; underlined as far as the end of its first line.
    pub fn place(&self, start: usize, end: usize) -> FilePlace {
        let file = self.file();
        let starts = self
            .line_starts
            .get_or_init(|| line_starts(file.as_bytes()));
        let start = start.min(file.len());
        let line = starts.partition_point(|&first| first as usize <= start);
        let from = starts[line - 1] as usize;
        let to = starts.get(line).map_or(file.len(), |&next| next as usize);
        let text = file[from..to].trim_end_matches(['\r', '\n']);
        let column = file[from..start].chars().count() + 1;
        let (excerpt, underline) = excerpt(text, start - from, end.saturating_sub(from));
        FilePlace {
            path: self.path.clone(),
            line,
            column,
            excerpt,
            underline,
        }
    }

    /// The place of a line and column (in bytes), both from 1, as other parsers report them.
    pub fn place_of_line(&self, line: usize, column: usize) -> FilePlace {
        let starts = self
            .line_starts
            .get_or_init(|| line_starts(self.file().as_bytes()));
        let from = starts
            .get(line.max(1) - 1)
            .map_or(self.file_bytes, |&start| start as usize);
        let mut at = (from + column.max(1) - 1).min(self.file_bytes);
        while !self.file().is_char_boundary(at) {
            at -= 1;
        }
        let width = self.file()[at..].chars().next().map_or(0, char::len_utf8);
        self.place(at, at + width)
    }
}

/// Where lines begin: behind `\n`, `\r\n` and a lone `\r`. Never empty.
fn line_starts(bytes: &[u8]) -> Vec<u32> {
    let ends = bytes.iter().enumerate().filter(|&(at, &byte)| {
        byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'))
    });
    std::iter::once(0)
        .chain(ends.map(|(at, _)| at as u32 + 1))
        .collect()
}

/// A place for what concerns a file as a whole: its first line, without excerpt.
pub(crate) fn whole_file(path: &str) -> FilePlace {
    FilePlace {
        path: path.to_owned(),
        line: 1,
        column: 1,
        excerpt: String::new(),
        underline: Span::default(),
    }
}

/// A line cut to at most 120 characters around a byte range, with the range's place in it. The work does not
/// depend on the length of the line.
pub(crate) fn excerpt(line: &str, start: usize, end: usize) -> (String, Span) {
    const BEFORE: usize = 50;
    const WIDTH: usize = 118;
    let (mut from, mut to) = (0, line.len());
    let start = start.min(line.len());
    if line.chars().nth(WIDTH + 2).is_some() {
        from = line[..start]
            .char_indices()
            .rev()
            .nth(BEFORE - 1)
            .map_or(0, |(at, _)| at);
        to = line[from..]
            .char_indices()
            .nth(WIDTH)
            .map_or(line.len(), |(at, _)| from + at);
    }
    let before = if from > 0 { "…" } else { "" };
    let after = if to < line.len() { "…" } else { "" };
    let shift = |at: usize| at.min(to) - from + before.len();
    let underline = Span {
        start: shift(start),
        end: shift(end.max(start)),
    };
    (
        format!("{before}{}{after}", printable(&line[from..to])),
        underline,
    )
}

/// The text with control characters replaced by others of the same length in bytes.
fn printable(text: &str) -> String {
    let shown = |c: char| match c {
        c if !c.is_control() => c,
        c if c.len_utf8() == 1 => ' ',
        _ => '·',
    };
    text.chars().map(shown).collect()
}

/// A cell's text as messages show it: between backticks, cut to 40 characters.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(40) {
        None => format!("`{}`", printable(text)),
        Some((at, _)) => format!("`{}…`", printable(&text[..at])),
    }
}

fn not_utf8(path: &str, bytes: &[u8], at: usize) -> Diagnostic {
    let valid = String::from_utf8_lossy(&bytes[..at]);
    let starts = line_starts(valid.as_bytes());
    let from = starts.last().map_or(0, |&start| start as usize);
    let rest = String::from_utf8_lossy(&bytes[at + 1..bytes.len().min(at + 80)]);
    let rest = rest.split(['\r', '\n']).next().unwrap_or_default();
    let line = format!("{}\u{FFFD}{rest}", &valid[from..]);
    let (excerpt, underline) = excerpt(&line, at - from, at - from + 3);
    let column = valid[from..].chars().count() + 1;
    let place = FilePlace {
        path: path.to_owned(),
        line: starts.len(),
        column,
        excerpt,
        underline,
    };
    let message = format!("the file is not UTF-8: byte {at} is 0x{:02X}", bytes[at]);
    let help = if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        "it begins like UTF-16; save it anew as UTF-8"
    } else {
        "it is likely Latin-1 or Windows-1252: `iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv`"
    };
    Diagnostic::data(codes::ENCODING, place, message).help(help)
}
