//! `ppl fmt`: model files laid out well.

use crate::messages::{self, codes, plain};
use crate::model_file;
use crate::outcome::Outcome;
use crate::output::{OutputError, at};
use crate::partial::Partial;
use crate::terminal::Terminal;
use ppl_syntax::{FormatError, format};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Arguments of `ppl fmt`.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  ppl fmt model.ppl
  ppl fmt --check models/*.ppl
  ppl fmt - < model.ppl

A file with syntax errors is left as it is.

Exit codes:
  0 done, 1 with --check: some files would change, 2 bad input"
)]
pub struct Fmt {
    /// Model files to format in place; - formats standard input onto standard output
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write nothing; print the names of files that would change, and exit with 1 if there are any
    #[arg(long)]
    check: bool,
}

/// Runs it.
pub fn run(fmt: &Fmt, terminal: &Terminal) -> Outcome {
    let mut outcome = Outcome::Done;
    for path in &fmt.files {
        match fmt.file(path, terminal) {
            Ok(Outcome::Done) => {}
            Ok(other) if outcome == Outcome::Done => outcome = other,
            Ok(_) => {}
            Err(worse) => outcome = worse,
        }
    }
    outcome
}

impl Fmt {
    fn file(&self, path: &Path, terminal: &Terminal) -> Result<Outcome, Outcome> {
        let is_stream = path == Path::new("-");
        let name = if is_stream {
            "<stdin>".to_owned()
        } else {
            path.display().to_string()
        };
        let refuse = |errors: &[ppl_lang::Diagnostic], text: &str| {
            messages::print(errors, &name, text, terminal);
            Outcome::BadInput
        };
        let text = if is_stream {
            model_file::read_standard_input()
        } else {
            model_file::read(path)
        };
        let text = text.map_err(|error| refuse(&[*error], ""))?;
        let formatted = format(&text).map_err(|error| match error {
            FormatError::Syntax(errors) => refuse(&errors, &text),
            FormatError::Unfaithful => {
                let message = format!(
                    "`{name}` was not formatted: the outcome would have been another model"
                );
                let error = plain(codes::FORMAT, message);
                refuse(
                    &[error.help("this is a defect of the formatter; the file is as it was")],
                    "",
                )
            }
        })?;
        if self.check {
            if formatted == text {
                return Ok(Outcome::Done);
            }
            terminal.result(&format!("{name}\n"))?;
            return Ok(Outcome::WouldChange);
        }
        if is_stream {
            terminal.result(&formatted)?;
        } else if formatted != text {
            replace(path, &formatted).map_err(|error| {
                let message = format!("`{name}` cannot be written: {error}");
                refuse(&[plain(codes::FORMAT, message)], "")
            })?;
        }
        Ok(Outcome::Done)
    }
}

/// Puts a finished file in the place of another, which keeps its permissions; links are followed.
fn replace(path: &Path, text: &str) -> Result<(), OutputError> {
    let path = at(path, fs::canonicalize(path))?;
    let permissions = at(&path, fs::metadata(&path))?.permissions();
    if permissions.readonly() {
        return at(&path, Err(std::io::ErrorKind::PermissionDenied.into()));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let partial = Partial::new_in(folder)?;
    partial.file("model.ppl", |out| out.write_all(text.as_bytes()))?;
    let finished = partial.path().join("model.ppl");
    at(&finished, fs::set_permissions(&finished, permissions))?;
    at(&path, fs::rename(&finished, &path))
}
