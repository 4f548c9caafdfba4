//! What the tests share: a model's diagnostics, with or without data, and one check of them.
#![allow(dead_code)]

use ppl_data::{Dataset, Table};
use ppl_syntax::{Diagnostic, line_column, render};

/// `(model, code, line:column, a phrase of the message, a phrase of the help)`.
pub type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// A main table.
pub fn table(csv: &str) -> Dataset {
    let main = Some(Table::from_csv_text("data.csv", csv).unwrap());
    Dataset {
        main,
        ..Dataset::empty()
    }
}

/// Everything that is said about a model's text and, if that is right, about its data.
pub fn diagnostics(text: &str, data: Option<&Dataset>) -> Vec<Diagnostic> {
    let (file, mut found) = ppl_syntax::parse(text);
    let (model, more) = ppl_model::analyse(&file);
    found.extend(more);
    if !found.iter().any(Diagnostic::is_error)
        && let Some(data) = data
    {
        found.extend(ppl_model::bind(&model, data).err().unwrap_or_default());
    }
    for d in &found {
        assert!(render(d, "model.ppl", text, false).contains(&d.message));
    }
    found
}

/// Code, place, message and help of the one diagnostic of each case.
pub fn check(cases: &[Case], data: Option<&Dataset>) {
    let mut wrong = vec![];
    for (text, code, place, message, help) in cases {
        let found = diagnostics(text, data);
        let ok = |d: &Diagnostic| {
            d.code == *code
                && at(text, d) == *place
                && d.message.contains(message)
                && d.help.as_deref().unwrap_or("").contains(help)
        };
        if found.len() != 1 || !ok(&found[0]) {
            let shown: Vec<String> = found
                .iter()
                .map(|d| {
                    format!(
                        "  {} {} {} | {}",
                        d.code,
                        at(text, d),
                        d.message,
                        d.help.as_deref().unwrap_or("")
                    )
                })
                .collect();
            wrong.push(format!(
                "{text}\n expected {code} {place} {message} | {help}\n found\n{}",
                shown.join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// `line:column`, in the data file where the diagnostic is about one; empty without a place.
pub fn at(text: &str, d: &Diagnostic) -> String {
    if let Some(place) = &d.place {
        return format!("{}:{}:{}", place.path, place.line, place.column);
    }
    d.labels.first().map_or(String::new(), |label| {
        let (line, column) = line_column(text, label.span.start);
        format!("{line}:{column}")
    })
}
