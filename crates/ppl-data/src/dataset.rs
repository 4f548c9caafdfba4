//! All data of one run: the main table, the tables of axes, scalars and arrays.

use crate::number::parse_real;
use crate::source::{SourceText, shown, whole_file};
use crate::{Table, codes, file, json};
use ppl_syntax::diagnostic::{Diagnostic, FilePlace, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Everything a model can read.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    /// The main table, whose lines are the axis `row`.
    pub main: Option<Table>,
    /// Tables of axes, by the axis's name.
    pub tables: BTreeMap<String, Table>,
    /// Numbers of the main JSON file and of `--set`; the latter win.
    pub scalars: BTreeMap<String, f64>,
    /// Names of the numbers that `--set` gave.
    pub settings: BTreeSet<String>,
    /// Arrays of the main JSON file that are no columns of the main table.
    pub arrays: BTreeMap<String, JsonArray>,
    /// Whether the main table is made of the lists of a JSON file.
    pub lists: bool,
}

/// A rectangular array of numbers of a JSON file.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonArray {
    /// Lengths, outermost first.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<f64>,
}

/// One thing given on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'a> {
    /// `data.csv` or `data.json`.
    Main(&'a Path),
    /// `county=counties.csv`.
    Axis(&'a str, &'a Path),
    /// `--set n=3`.
    Set(&'a str, &'a str),
}

impl Dataset {
    /// No data at all.
    pub fn empty() -> Dataset {
        Dataset::default()
    }

    /// Reads everything.
    ///
    /// # Errors
    /// The first error of each source, all together.
    pub fn load(sources: &[Source]) -> Result<Dataset, Vec<Diagnostic>> {
        let mut data = Dataset::empty();
        let mut settings = BTreeMap::new();
        let mut errors = vec![];
        let mut has_main = false;
        for source in sources {
            let outcome = match *source {
                Source::Main(path) if has_main => Err(second_main(path)),
                Source::Main(path) => {
                    has_main = true;
                    data.load_main(path)
                }
                Source::Axis(axis, path) => data.load_axis(axis, path),
                Source::Set(name, value) => set(&mut settings, name, value),
            };
            errors.extend(outcome.err());
        }
        data.settings = settings.keys().cloned().collect();
        data.scalars.extend(settings);
        if errors.is_empty() {
            Ok(data)
        } else {
            Err(errors)
        }
    }

    /// Reads JSON text as a main file; `name` stands for the path in messages.
    ///
    /// # Errors
    /// As [`Dataset::load`].
    pub fn from_json_text(name: &str, text: &str) -> Result<Dataset, Diagnostic> {
        let mut data = Dataset::empty();
        data.take(json::main(
            SourceText::from_bytes(name, text.as_bytes().to_vec())?,
            None,
        )?);
        Ok(data)
    }

    fn take(&mut self, parts: json::Parts) {
        self.lists = parts.table.is_some();
        self.main = parts.table;
        self.scalars = parts.scalars;
        self.arrays = parts.arrays;
    }

    /// The same with the lists of that length as the main table, whose length no JSON file says; `None` where the main table
    /// is no such file, or cannot be so.
    pub fn with_rows(&self, n_rows: usize) -> Option<Dataset> {
        let table = self.main.as_ref().filter(|_| self.lists)?;
        let source = SourceText::from_bytes(table.path(), table.source.file().into()).ok()?;
        let parts = json::main(source, Some(n_rows)).ok()?;
        Some(Dataset {
            main: parts.table,
            arrays: parts.arrays,
            ..self.clone()
        })
    }

    fn load_main(&mut self, path: &Path) -> Result<(), Diagnostic> {
        if json::is_json(path) {
            self.take(json::main(file::read(path)?, None)?);
        } else {
            self.main = Some(Table::from_csv(path)?);
        }
        Ok(())
    }

    fn load_axis(&mut self, axis: &str, path: &Path) -> Result<(), Diagnostic> {
        let table = Table::from_path(path)?;
        if let Some(first) = self.tables.get(axis) {
            let message = format!(
                "axis `{axis}` is given two tables: `{}` and `{}`",
                first.path(),
                table.path()
            );
            return Err(
                Diagnostic::data(codes::DUPLICATE_NAME, whole_file(table.path()), message)
                    .help("give one, with all columns of the axis"),
            );
        }
        self.tables.insert(axis.to_owned(), table);
        Ok(())
    }
}

fn second_main(path: &Path) -> Diagnostic {
    let path = path.display().to_string();
    let message = format!("`{path}` is a second main data file");
    let help = format!("a table of an axis is given with its name: `county={path}`");
    Diagnostic::data(codes::SOURCE, whole_file(&path), message).help(help)
}

fn set(settings: &mut BTreeMap<String, f64>, name: &str, value: &str) -> Result<(), Diagnostic> {
    let refuse = |code, message: String, help: String| {
        let before = format!("--set {name}=");
        let underline = Span {
            start: before.len(),
            end: before.len() + value.len(),
        };
        let column = before.chars().count() + 1;
        let excerpt = format!("{before}{value}");
        let place = FilePlace {
            path: "command line".to_owned(),
            line: 1,
            column,
            excerpt,
            underline,
        };
        Err(Diagnostic::data(code, place, message).help(help))
    };
    if name.trim().is_empty() {
        let message = format!("`--set ={value}` names nothing");
        return refuse(
            codes::SETTING,
            message,
            "write the name first: `--set n=3`".to_owned(),
        );
    }
    let Some(number) = parse_real(value.trim()) else {
        let message = format!(
            "`--set {name}=…` expects a finite number, found {}",
            shown(value)
        );
        return refuse(
            codes::SETTING,
            message,
            format!("write a number, as in `--set {name}=3`"),
        );
    };
    if settings.insert(name.trim().to_owned(), number).is_some() {
        let message = format!("`--set {name}=…` is given twice");
        return refuse(
            codes::DUPLICATE_NAME,
            message,
            "remove one of them".to_owned(),
        );
    }
    Ok(())
}
