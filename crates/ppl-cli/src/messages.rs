//! Diagnostics on standard error, with the count at their end.

use crate::terminal::Terminal;
use ppl_lang::{Diagnostic, render};
use ppl_syntax::Span;

/// Codes of the messages of this crate.
pub mod codes {
    /// The model file cannot be read.
    pub const MODEL_FILE: &str = "E0901";
    /// The model file is not a text in UTF-8.
    pub const MODEL_ENCODING: &str = "E0902";
    /// The model is empty.
    pub const MODEL_EMPTY: &str = "E0903";
    /// The arguments are in the wrong order, or of the wrong kind.
    pub const ARGUMENTS: &str = "E0904";
    /// The output directory cannot be used.
    pub const OUTPUT: &str = "E0905";
    /// The machine refused something, such as threads.
    pub const SYSTEM: &str = "E0906";
    /// The engine gave up.
    pub const FAILED: &str = "E0907";
    /// The model leaves nothing to fit.
    pub const NO_UNKNOWNS: &str = "E0908";
    /// The formatter would have changed a model's meaning, or its file cannot be written.
    pub const FORMAT: &str = "E0909";
    /// The point at which a density is wanted cannot be used.
    pub const POINT: &str = "E0910";
    /// A directory holds no fit, or none that serves.
    pub const FIT_DIRECTORY: &str = "E0912";
    /// A fit is of another model, or of other data.
    pub const OTHER_ORIGIN: &str = "W0913";
    /// No message has this code.
    pub const UNKNOWN_CODE: &str = "E0911";
}

/// An error that concerns no place in a text.
pub fn plain(code: &'static str, message: impl Into<String>) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(code, Span::default(), message);
    diagnostic.labels.clear();
    diagnostic
}

/// Prints all, errors and warnings in the order given; then, if there are errors, how many and where.
pub fn print(diagnostics: &[Diagnostic], model_name: &str, text: &str, terminal: &Terminal) {
    for diagnostic in diagnostics {
        terminal.note(&render(diagnostic, model_name, text, terminal.color));
        terminal.note("");
    }
    if let Some(line) = count(diagnostics, model_name) {
        terminal.note(&line);
    }
}

/// Prints an error of the engine, which says everything in its own words.
pub fn print_failure(message: &str, terminal: &Terminal) {
    terminal.note(&render(
        &plain(codes::FAILED, message),
        "",
        "",
        terminal.color,
    ));
}

/// `2 errors, 1 warning in model.ppl and data.csv`; `None` without errors.
fn count(diagnostics: &[Diagnostic], model_name: &str) -> Option<String> {
    let errors = diagnostics.iter().filter(|d| d.is_error()).count();
    if errors == 0 {
        return None;
    }
    let mut places: Vec<&str> = vec![];
    for diagnostic in diagnostics.iter().filter(|d| d.is_error()) {
        let place = diagnostic.place.as_ref().map(|place| place.path.as_str());
        let place = place.or((!diagnostic.labels.is_empty()).then_some(model_name));
        places.extend(place.filter(|place| !places.contains(place)));
    }
    let mut line = plural(errors, "error");
    if diagnostics.len() > errors {
        line.push_str(&format!(
            ", {}",
            plural(diagnostics.len() - errors, "warning")
        ));
    }
    if !places.is_empty() {
        line.push_str(&format!(" in {}", places.join(" and ")));
    }
    Some(line)
}

fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ppl_syntax::FilePlace;

    #[test]
    fn counted_by_file() {
        let error = Diagnostic::error("E1", Span::default(), "a");
        let warning = Diagnostic::warning("W1", Span::default(), "b");
        let place = FilePlace {
            path: "d.csv".to_owned(),
            line: 1,
            column: 1,
            excerpt: String::new(),
            underline: Span::default(),
        };
        let data = Diagnostic::data("E2", place, "c");
        assert_eq!(count(std::slice::from_ref(&warning), "m.ppl"), None);
        let both = [error.clone(), error.clone(), warning];
        assert_eq!(
            count(&both, "m.ppl").as_deref(),
            Some("2 errors, 1 warning in m.ppl")
        );
        assert_eq!(
            count(&[error, data], "m.ppl").as_deref(),
            Some("2 errors in m.ppl and d.csv")
        );
        assert_eq!(
            count(&[plain("E3", "d")], "m.ppl").as_deref(),
            Some("1 error")
        );
    }
}
