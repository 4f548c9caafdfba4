//! CSV text without quotes, in one pass: cells, the numbers that they state, and where lines begin.

use crate::csv_file::{Cells, trimmed};
use crate::number::{decimal_at, parse_real};
use crate::source::{Cell, SourceText};
use ppl_syntax::diagnostic::Diagnostic;

/// Reads all rows, the first line included.
pub(crate) fn read(source: &SourceText, delimiter: u8) -> Result<Cells, Diagnostic> {
    let text = source.file();
    let bytes = text.as_bytes();
    let mut read = Cells::default();
    let mut line_starts = vec![0];
    let (mut at, mut last_end) = (0, 0);
    while at < bytes.len() {
        let start = at;
        let first = read.cells.len();
        if !is_end(bytes[at]) {
            at = row(text, at, delimiter, &mut read);
            let line = &text[start..at];
            read.check_gap(source, last_end, start)?;
            last_end = at;
            read.end_row(source, first, start, line, delimiter)?;
        }
        // The line's end: a carriage return, a line feed, or both.
        if bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n') {
            at += 1;
        }
        if at < bytes.len() {
            at += 1;
            line_starts.push(at as u32);
        }
    }
    source.set_line_starts(line_starts);
    Ok(read)
}

fn is_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

/// Adds the cells of the row that begins at `at`; where it ends.
fn row(text: &str, mut at: usize, delimiter: u8, read: &mut Cells) -> usize {
    let bytes = text.as_bytes();
    let ends = |byte: u8| byte == delimiter || is_end(byte);
    loop {
        let start = at;
        let (end, number) = decimal_at(bytes, at);
        at = end;
        let is_number = bytes.get(at).is_none_or(|&byte| ends(byte));
        match number {
            Some(number) if is_number => {
                read.cells.push(Cell::new(start, at));
                read.numbers.push(number);
            }
            _ => {
                while bytes.get(at).is_some_and(|&byte| !ends(byte)) {
                    at += 1;
                }
                let cell = trimmed(text, start, at, 0);
                read.cells.push(cell);
                read.numbers
                    .push(other_number(&text[cell.start as usize..cell.end as usize]));
            }
        }
        match bytes.get(at) {
            Some(&byte) if byte == delimiter => at += 1,
            _ => return at,
        }
    }
}

/// The number that a text states in another way than as a short decimal; NaN if it states none.
fn other_number(text: &str) -> f64 {
    let begins = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.');
    match text.as_bytes().first().filter(|byte| begins(byte)) {
        Some(_) => parse_real(text).unwrap_or(f64::NAN),
        None => f64::NAN,
    }
}
