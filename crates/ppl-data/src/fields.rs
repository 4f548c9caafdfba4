//! Where the fields of a CSV record with quotes stand, and which delimiter a file has.

use std::ops::Range;

/// A field's text, without its quotes.
pub(crate) struct Field {
    pub range: Range<usize>,
    /// Whether it contains doubled quotes.
    pub escaped: bool,
}

/// What is wrong with a quoted field, and the byte where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// No closing quote.
    Unclosed(usize),
    /// Text behind the closing quote.
    TextBehind(usize),
}

/// Splits one record; positions count from its beginning.
pub(crate) fn split(record: &str, delimiter: u8) -> Result<Vec<Field>, Malformed> {
    let bytes = record.as_bytes();
    let until = |from: usize, byte: u8| {
        let rest = bytes.get(from..).unwrap_or_default();
        rest.iter()
            .position(|&found| found == byte)
            .map(|at| from + at)
    };
    let mut fields = vec![];
    let mut at = 0;
    loop {
        let stop = if bytes.get(at) == Some(&b'"') {
            let (mut close, mut escaped) = (at + 1, false);
            loop {
                close = until(close, b'"').ok_or(Malformed::Unclosed(at))?;
                if bytes.get(close + 1) != Some(&b'"') {
                    break;
                }
                escaped = true;
                close += 2;
            }
            let stop = until(close + 1, delimiter).unwrap_or(bytes.len());
            if !record[close + 1..stop].trim().is_empty() {
                return Err(Malformed::TextBehind(close + 1));
            }
            fields.push(Field {
                range: at + 1..close,
                escaped,
            });
            stop
        } else {
            let stop = until(at, delimiter).unwrap_or(bytes.len());
            fields.push(Field {
                range: at..stop,
                escaped: false,
            });
            stop
        };
        if stop >= bytes.len() {
            return Ok(fields);
        }
        at = stop + 1;
    }
}

/// The most frequent of comma, semicolon and tab outside quotes in the first line; comma if none occurs.
pub(crate) fn delimiter(text: &str) -> u8 {
    let mut counts = [(b'\t', 0), (b';', 0), (b',', 0)];
    let mut quoted = false;
    for &byte in text.trim_start_matches(['\r', '\n']).as_bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            _ if quoted => {}
            _ => counts
                .iter_mut()
                .filter(|(known, _)| *known == byte)
                .for_each(|(_, n)| *n += 1),
        }
    }
    // The last of equals wins, so comma does if none occurs.
    counts
        .into_iter()
        .max_by_key(|&(_, count)| count)
        .map_or(b',', |(byte, _)| byte)
}
