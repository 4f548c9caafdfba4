//! What the tests share: one line for each error, and files in cargo's folder for tests.
#![allow(dead_code)]

use ppl_data::Table;
use ppl_syntax::diagnostic::Diagnostic;
use std::path::PathBuf;

/// `CODE line:column message | help | underlined`.
pub fn line(error: &Diagnostic) -> String {
    let place = error.place.as_ref().unwrap();
    let under = &place.excerpt[place.underline.start..place.underline.end];
    let help = error.help.as_deref().unwrap_or("");
    format!(
        "{} {}:{} {} | {help} | {under}",
        error.code, place.line, place.column, error.message
    )
}

/// The table of a CSV text.
pub fn csv(text: &str) -> Table {
    Table::from_csv_text("t.csv", text).unwrap_or_else(|error| panic!("{}", line(&error)))
}

/// The error of a CSV text.
pub fn refused(text: &str) -> String {
    line(&Table::from_csv_text("t.csv", text).unwrap_err())
}

/// A file in a folder of its own.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("ppl-data-{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}
