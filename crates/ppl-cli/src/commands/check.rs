//! `ppl check`: diagnostics, or the graph in words.

use crate::inputs::Inputs;
use crate::outcome::Outcome;
use crate::session::Session;
use crate::terminal::Terminal;

/// Arguments of `ppl check`.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  ppl check model.ppl
  ppl check model.ppl data.csv county=counties.csv --explain"
)]
pub struct Check {
    #[command(flatten)]
    inputs: Inputs,
    /// Say also what each pass of the compiler did
    #[arg(long)]
    explain: bool,
}

/// Runs it.
pub fn run(check: &Check, terminal: &Terminal) -> Outcome {
    describe(check, terminal).into()
}

fn describe(check: &Check, terminal: &Terminal) -> Result<(), Outcome> {
    let session = Session::open(&check.inputs, terminal)?;
    if !check.inputs.has_data() && !check.explain {
        return terminal.result(&ended(session.model.describe()));
    }
    let bound = session.bind()?;
    terminal.result(&ended(bound.describe()))?;
    if check.explain {
        let passes = bound
            .explain()
            .map_err(|error| session.refuse_fit(&error, &bound))?;
        terminal.result(&format!("\n{}", ended(passes)))?;
    }
    Ok(())
}

/// The text with a line end.
fn ended(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
