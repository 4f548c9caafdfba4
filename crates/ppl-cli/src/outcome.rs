//! How a run ended, and the exit code that says so.

use std::process::ExitCode;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All that was asked for was done; of a fit: certified or optimised.
    Done,
    /// `fmt --check` found files that are not formatted.
    WouldChange,
    /// Model, data, options or a file of the user's cannot be used.
    BadInput,
    /// The fit is approximate: nothing confirms that it is an optimum.
    Approximate,
    /// The fit found no optimum.
    Failed,
    /// Ctrl-C.
    Interrupted,
}

impl Outcome {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Outcome::Done => 0,
            Outcome::WouldChange => 1,
            Outcome::BadInput => 2,
            Outcome::Approximate => 3,
            Outcome::Failed => 4,
            Outcome::Interrupted => 130,
        }
    }
}

impl From<Result<(), Outcome>> for Outcome {
    fn from(result: Result<(), Outcome>) -> Outcome {
        result.err().unwrap_or(Outcome::Done)
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(outcome.code())
    }
}
