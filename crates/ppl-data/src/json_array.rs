//! Rectangular JSON arrays of numbers, and their numbers.

use crate::dataset::JsonArray;
use crate::json_scan::{Kind, Part};
use crate::number::parse_real;
use crate::source::{SourceText, shown};
use crate::{codes, limits};
use ppl_syntax::diagnostic::{Diagnostic, FilePlace};

/// The parts of an array of that name.
pub(crate) fn elements<'a>(
    source: &SourceText,
    name: &str,
    part: Part<'a>,
) -> Result<Vec<Part<'a>>, Diagnostic> {
    let malformed = |error| {
        shape(
            source,
            part,
            format!("`{name}`: {error}"),
            "check the array",
        )
    };
    part.elements().map_err(malformed)
}

/// The whole array, level by level.
pub(crate) fn array(source: &SourceText, name: &str, whole: Part) -> Result<JsonArray, Diagnostic> {
    let mut array = JsonArray {
        shape: vec![],
        values: vec![],
    };
    let mut level = vec![whole];
    while level.iter().any(|part| part.kind() == Kind::Array) {
        if array.shape.len() == limits::DIMENSIONS {
            let message = format!("`{name}` has more than {} dimensions", limits::DIMENSIONS);
            return Err(
                Diagnostic::data(codes::TOO_LARGE, place(source, whole), message)
                    .help("use fewer, larger dimensions"),
            );
        }
        let mut next = vec![];
        let mut length = None;
        for (index, &part) in level.iter().enumerate() {
            let found = match part.kind() {
                Kind::Array => elements(source, name, part)?,
                _ => {
                    let message = format!("`{name}` mixes arrays with {}", shown(part.text));
                    return Err(shape(
                        source,
                        part,
                        message,
                        "nested arrays are rectangular",
                    ));
                }
            };
            let expected = *length.get_or_insert(found.len());
            if found.len() != expected {
                let message = format!(
                    "`{name}` is not rectangular: its part {} has length {}, the first {expected}",
                    index + 1,
                    found.len()
                );
                return Err(shape(
                    source,
                    part,
                    message,
                    "nested arrays are rectangular",
                ));
            }
            next.extend(found);
        }
        array.shape.push(length.unwrap_or(0));
        level = next;
    }
    array.values.reserve(level.len());
    for part in level {
        array.values.push(number(source, name, part)?);
    }
    Ok(array)
}

/// A number or truth value.
pub(crate) fn number(source: &SourceText, name: &str, part: Part) -> Result<f64, Diagnostic> {
    let refuse = |code, message: String, help: &str| {
        Err(Diagnostic::data(code, place(source, part), message).help(help))
    };
    match (part.kind(), parse_real(part.text)) {
        (Kind::Bool, _) => Ok(if part.text == "true" { 1.0 } else { 0.0 }),
        (Kind::Number, Some(number)) => Ok(number),
        (Kind::Number, None) => refuse(
            codes::NOT_FINITE,
            format!("`{name}` holds {}, which is not finite", shown(part.text)),
            "numbers reach to 1.8e308",
        ),
        (Kind::Null, _) => refuse(
            codes::MISSING,
            format!(
                "`{name}` holds `null`, a missing value, outside the columns of the main table"
            ),
            "fill the value in, or give the array as a column of a table",
        ),
        (Kind::Text, _) => refuse(
            codes::JSON_SHAPE,
            format!(
                "`{name}` holds the text {}, and its length is not that of the main table",
                shown(part.text)
            ),
            "give the texts of an axis as its own table: `county=county.csv`",
        ),
        _ => refuse(
            codes::JSON_SHAPE,
            format!(
                "`{name}` holds {}, where a number is expected",
                shown(part.text)
            ),
            "arrays hold numbers",
        ),
    }
}

/// Where a part stands.
pub(crate) fn place(source: &SourceText, part: Part) -> FilePlace {
    source.cell_place(part.cell())
}

/// A value that does not fit.
pub(crate) fn shape(source: &SourceText, part: Part, message: String, help: &str) -> Diagnostic {
    Diagnostic::data(codes::JSON_SHAPE, place(source, part), message).help(help)
}
