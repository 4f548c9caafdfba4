//! JSON text cut into parts that know where they stand.

use crate::codes;
use crate::source::{Cell, SourceText};
use ppl_syntax::diagnostic::Diagnostic;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::fmt;

/// A JSON value as it stands in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    pub text: &'a str,
    pub start: usize,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Text,
    Bool,
    Null,
    Array,
    Object,
}

impl<'a> Part<'a> {
    pub fn kind(self) -> Kind {
        match self.text.as_bytes().first() {
            Some(b'[') => Kind::Array,
            Some(b'{') => Kind::Object,
            Some(b'"') => Kind::Text,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// Where it stands.
    pub fn cell(self) -> Cell {
        Cell::new(self.start, self.start + self.text.len())
    }

    /// The parts of an array.
    pub fn elements(self) -> Result<Vec<Part<'a>>, serde_json::Error> {
        let elements: Vec<&'a RawValue> = serde_json::from_str(self.text)?;
        Ok(elements.into_iter().map(|raw| self.inner(raw)).collect())
    }

    fn inner(self, raw: &'a RawValue) -> Part<'a> {
        let text = raw.get();
        Part {
            text,
            start: self.start + (text.as_ptr().addr() - self.text.as_ptr().addr()),
        }
    }
}

/// Keys and values in the order of the file, duplicates included.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Entries<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("an object such as {\"n\": 3, \"y\": [1, 2, 3]}")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = vec![];
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// The entries of the file's object.
pub(crate) fn entries(source: &SourceText) -> Result<Vec<(String, Part<'_>)>, Diagnostic> {
    let whole = Part {
        text: source.file(),
        start: 0,
    };
    let Entries(entries) =
        serde_json::from_str(whole.text).map_err(|error| syntax(source, &error))?;
    Ok(entries
        .into_iter()
        .map(|(key, raw)| (key.trim().to_owned(), whole.inner(raw)))
        .collect())
}

fn syntax(source: &SourceText, error: &serde_json::Error) -> Diagnostic {
    let place = source.place_of_line(error.line(), error.column());
    let full = error.to_string();
    let what = full.split(" at line ").next().unwrap_or_default();
    match error.classify() {
        Category::Data => {
            Diagnostic::data(codes::JSON_SHAPE, place, format!("not a data file: {what}"))
                .help("a JSON data file is an object whose keys are the names of the data")
        }
        _ => Diagnostic::data(codes::JSON_SYNTAX, place, format!("malformed JSON: {what}"))
            .help("JSON knows no comments, trailing commas or NaN; a missing value is `null`"),
    }
}
