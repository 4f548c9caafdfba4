//! `ppl explain`: what a code means.

use crate::explanations;
use crate::messages::{self, codes, plain};
use crate::outcome::Outcome;
use crate::terminal::Terminal;

/// Arguments of `ppl explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ppl explain
  ppl explain E0108")]
pub struct Explain {
    /// The code of a message, such as E0108; without one, all codes are listed
    code: Option<String>,
}

/// Runs it.
pub fn run(explain: &Explain, terminal: &Terminal) -> Outcome {
    let text = match &explain.code {
        None => explanations::list(),
        Some(code) => match explanations::find(code.trim()) {
            Some(text) => text,
            None => return unknown(code, terminal),
        },
    };
    terminal.result(&text).into()
}

fn unknown(code: &str, terminal: &Terminal) -> Outcome {
    let error = plain(codes::UNKNOWN_CODE, format!("there is no code `{code}`"));
    let help = match explanations::nearest(code) {
        Some(near) => format!("did you mean `{near}`? `ppl explain` lists all codes"),
        None => "`ppl explain` lists all codes".to_owned(),
    };
    messages::print(&[error.help(help)], "", "", terminal);
    Outcome::BadInput
}
