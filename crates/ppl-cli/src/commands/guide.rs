//! `ppl guide`: the guide as program text, ready to be pasted into the model.

use crate::arguments::GuideArgument;
use crate::inputs::Inputs;
use crate::outcome::Outcome;
use crate::session::Session;
use crate::terminal::Terminal;

/// Arguments of `ppl guide`.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Example:
  ppl guide model.ppl data.csv --guide full-rank >> model.ppl"
)]
pub struct Guide {
    #[command(flatten)]
    inputs: Inputs,
    /// Family of the guide
    #[arg(long, value_enum, default_value_t)]
    guide: GuideArgument,
}

/// Runs it.
pub fn run(guide: &Guide, terminal: &Terminal) -> Outcome {
    print(guide, terminal).into()
}

fn print(guide: &Guide, terminal: &Terminal) -> Result<(), Outcome> {
    let session = Session::open(&guide.inputs, terminal)?;
    let bound = session.bind()?;
    let text = bound
        .guide_text(guide.guide.into())
        .map_err(|errors| session.refuse(&errors))?;
    terminal.result(&format!("{}\n", text.trim_end()))
}
