//! What standard output and standard error are, and writing to them without a panic.

use crate::outcome::Outcome;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// What may be shown where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminal {
    /// Messages may be coloured: standard error is a terminal, `NO_COLOR` is not set, `TERM` is not `dumb`.
    pub color: bool,
    /// Standard error is a terminal, so that a progress bar makes sense.
    pub progress: bool,
    /// Columns of standard output; without bound where it is no terminal.
    pub width: usize,
}

impl Terminal {
    /// Asks the environment, once.
    pub fn detect() -> Terminal {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let progress = io::stderr().is_terminal() && !dumb;
        let size = io::stdout()
            .is_terminal()
            .then(|| console::Term::stdout().size_checked())
            .flatten();
        Terminal {
            color: progress && !set("NO_COLOR"),
            progress,
            width: size.map_or(usize::MAX, |(_, columns)| usize::from(columns)),
        }
    }

    /// Writes a result. A reader that has gone away (`ppl … | head`) is no error.
    ///
    /// # Errors
    /// [`Outcome::BadInput`], told on standard error, where the output cannot be written, such as on a full disk.
    pub fn result(&self, text: &str) -> Result<(), Outcome> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                self.note(&format!("error: cannot write to standard output: {error}"));
                Err(Outcome::BadInput)
            }
            _ => Ok(()),
        }
    }

    /// Writes a line to standard error; there is nobody to tell if that fails.
    pub fn note(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{}", text.trim_end());
    }
}
