//! JSON data in the style of Stan: an object of numbers, columns and arrays.

use crate::dataset::JsonArray;
use crate::json_array::{array, elements, number, place, shape};
use crate::json_scan::{Kind, Part, entries};
use crate::source::{Cell, SourceText, shown, whole_file};
use crate::table::{Order, Table};
use crate::{codes, limits};
use ppl_syntax::diagnostic::Diagnostic;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// What a main JSON file holds.
pub(crate) struct Parts {
    pub table: Option<Table>,
    pub scalars: BTreeMap<String, f64>,
    pub arrays: BTreeMap<String, JsonArray>,
}

/// A one-dimensional array that may become a column.
struct List<'a> {
    name: String,
    whole: Part<'a>,
    elements: Vec<Part<'a>>,
}

impl List<'_> {
    fn holds_text(&self) -> bool {
        let mut elements = self.elements.iter();
        elements.any(|element| element.kind() == Kind::Text)
    }
}

/// Whether a path ends in `.json`.
pub(crate) fn is_json(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

/// Reads a main file. Lists of `n_rows` elements are columns; where that is not told, those of the length that lists of texts
/// have, which can be nothing else, or of the most common length (of equally common ones, the longest).
pub(crate) fn main(source: SourceText, n_rows: Option<usize>) -> Result<Parts, Diagnostic> {
    let mut scalars = BTreeMap::new();
    let mut arrays = BTreeMap::new();
    let mut lists = vec![];
    for (name, part) in named_entries(&source)? {
        match part.kind() {
            Kind::Number | Kind::Bool => {
                scalars.insert(name.clone(), number(&source, &name, part)?);
            }
            Kind::Array => {
                let elements = elements(&source, &name, part)?;
                if elements.iter().any(|element| element.kind() == Kind::Array) {
                    arrays.insert(name.clone(), array(&source, &name, part)?);
                } else {
                    lists.push(List {
                        name,
                        whole: part,
                        elements,
                    });
                }
            }
            _ => {
                let message = format!(
                    "`{name}` is {}, where a number or an array is expected",
                    shown(part.text)
                );
                return Err(shape(
                    &source,
                    part,
                    message,
                    "remove it, or put it into an array",
                ));
            }
        }
    }
    let of_texts = lists.iter().filter(|list| list.holds_text());
    let n_rows = n_rows
        .or_else(|| only(of_texts.map(|list| list.elements.len())))
        .or_else(|| most_common(lists.iter().map(|list| list.elements.len())));
    let (columns, others): (Vec<List>, Vec<List>) = lists
        .into_iter()
        .partition(|list| Some(list.elements.len()) == n_rows);
    for list in others {
        arrays.insert(list.name.clone(), array(&source, &list.name, list.whole)?);
    }
    let columns = cells(&source, &columns)?;
    let table = (!columns.names.is_empty()).then(|| columns.into_table(source));
    Ok(Parts {
        table,
        scalars,
        arrays,
    })
}

/// Reads an axis's own table: lists of one length and nothing else.
pub(crate) fn table(source: SourceText) -> Result<Table, Diagnostic> {
    let mut lists: Vec<List> = vec![];
    for (name, part) in named_entries(&source)? {
        if part.kind() != Kind::Array {
            let message = format!(
                "`{name}` is {}, where an array is expected",
                shown(part.text)
            );
            return Err(shape(
                &source,
                part,
                message,
                "an axis's own table holds one array for each column",
            ));
        }
        let list = List {
            elements: elements(&source, &name, part)?,
            name,
            whole: part,
        };
        if let Some(first) = lists
            .first()
            .filter(|first| first.elements.len() != list.elements.len())
        {
            let (n, m) = (list.elements.len(), first.elements.len());
            let message = format!(
                "`{}` has length {n}, `{}` has length {m}",
                list.name, first.name
            );
            return Err(shape(
                &source,
                part,
                message,
                "the columns of a table have one length",
            ));
        }
        lists.push(list);
    }
    if lists.first().is_none_or(|list| list.elements.is_empty()) {
        return Err(Diagnostic::data(
            codes::NO_ROWS,
            whole_file(source.path()),
            "the table has no rows",
        )
        .help("add at least one row"));
    }
    let columns = cells(&source, &lists)?;
    Ok(columns.into_table(source))
}

/// Cells of columns before the source is given to the table; texts with escapes apart, by index.
struct Columns {
    names: Vec<(String, Cell)>,
    cells: Vec<Cell>,
    unescaped: Vec<(usize, String)>,
}

impl Columns {
    fn into_table(mut self, mut source: SourceText) -> Table {
        for (index, text) in self.unescaped {
            self.cells[index] = source.unescaped(text.trim(), self.cells[index]);
        }
        Table::new(source, self.names, self.cells, Order::Columns)
    }
}

fn cells(source: &SourceText, lists: &[List]) -> Result<Columns, Diagnostic> {
    let mut columns = Columns {
        names: vec![],
        cells: vec![],
        unescaped: vec![],
    };
    for list in lists {
        columns.names.push((list.name.clone(), list.whole.cell()));
        for &element in &list.elements {
            let cell = match element.kind() {
                Kind::Array | Kind::Object => {
                    let message = format!(
                        "`{}` holds {} among its values",
                        list.name,
                        shown(element.text)
                    );
                    return Err(shape(
                        source,
                        element,
                        message,
                        "a column holds numbers, texts and truth values",
                    ));
                }
                Kind::Text => {
                    let inner = &element.text[1..element.text.len() - 1];
                    if inner.contains('\\') {
                        let text =
                            serde_json::from_str(element.text).unwrap_or_else(|_| inner.to_owned());
                        columns.unescaped.push((columns.cells.len(), text));
                    }
                    let start = element.start + 1 + inner.len() - inner.trim_start().len();
                    Cell::new(start, start + inner.trim().len())
                }
                _ => element.cell(),
            };
            columns.cells.push(cell);
        }
    }
    Ok(columns)
}

/// The file's entries, their names checked.
fn named_entries(source: &SourceText) -> Result<Vec<(String, Part<'_>)>, Diagnostic> {
    let entries = entries(source)?;
    let mut seen = HashSet::new();
    for (name, part) in &entries {
        if name.len() > limits::NAME_BYTES {
            let message = format!("a name is longer than {} bytes", limits::NAME_BYTES);
            return Err(
                Diagnostic::data(codes::TOO_LARGE, place(source, *part), message)
                    .help("a quote is likely lost"),
            );
        }
        if !seen.insert(name.as_str()) {
            let message = format!("`{name}` appears twice");
            return Err(
                Diagnostic::data(codes::DUPLICATE_NAME, place(source, *part), message)
                    .help("rename or remove one of them"),
            );
        }
    }
    Ok(entries)
}

/// The one number that all are.
fn only(mut numbers: impl Iterator<Item = usize>) -> Option<usize> {
    let first = numbers.next()?;
    numbers.all(|n| n == first).then_some(first)
}

fn most_common(lengths: impl Iterator<Item = usize>) -> Option<usize> {
    let mut counts = BTreeMap::new();
    lengths
        .filter(|&length| length > 0)
        .for_each(|length| *counts.entry(length).or_insert(0) += 1);
    counts
        .into_iter()
        .max_by_key(|&(length, count)| (count, length))
        .map(|(length, _)| length)
}
