//! `ppl plan`: what a fit would do, and why, without doing it.

use crate::arguments::GuideArgument;
use crate::inputs::Inputs;
use crate::outcome::Outcome;
use crate::session::Session;
use crate::terminal::Terminal;
use ppl_lang::FitOptions;

/// Arguments of `ppl plan`.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  ppl plan model.ppl data.csv
  ppl plan model.ppl data.csv --guide mean-field --json"
)]
pub struct Plan {
    #[command(flatten)]
    inputs: Inputs,
    /// Family of the guide, where the model has none of its own
    #[arg(long, value_enum, default_value_t)]
    guide: GuideArgument,
    /// Print the plan as JSON
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub fn run(plan: &Plan, terminal: &Terminal) -> Outcome {
    plan.run(terminal).into()
}

impl Plan {
    fn run(&self, terminal: &Terminal) -> Result<(), Outcome> {
        let session = Session::open(&self.inputs, terminal)?;
        let bound = session.bind()?;
        let options = FitOptions {
            guide: self.guide.into(),
            ..FitOptions::default()
        };
        let plan = bound
            .plan(&options)
            .map_err(|error| session.refuse_fit(&error, &bound))?;
        terminal.result(&match self.json {
            true => ppl_report::plan_json(&plan),
            false => ppl_report::plan_text(&plan),
        })
    }
}
