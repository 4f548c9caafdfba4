//! `ppl graph`: the model as a picture.

use crate::inputs::Inputs;
use crate::outcome::Outcome;
use crate::session::Session;
use crate::terminal::Terminal;
use clap::ValueEnum;
use std::path::PathBuf;

/// Arguments of `ppl graph`.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  ppl graph model.ppl
  ppl graph model.ppl --format svg > model.svg
  ppl graph model.ppl --format dot | dot -Tsvg > model.svg"
)]
pub struct Graph {
    /// The model, such as model.ppl
    model: PathBuf,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Values of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// One line a node: what it is and what it depends on
    #[default]
    Text,
    /// Graphviz: plates are boxes, observed nodes are shaded
    Dot,
    /// A picture: plates are boxes, observed nodes are shaded
    Svg,
}

/// Runs it.
pub fn run(graph: &Graph, terminal: &Terminal) -> Outcome {
    let inputs = Inputs {
        model: graph.model.clone(),
        data: vec![],
        set: vec![],
        no_folding: false,
        single: false,
    };
    let printed = Session::open(&inputs, terminal).and_then(|session| {
        let text = match graph.format {
            Format::Text => session.model.graph_text(),
            Format::Svg => session.model.graph_svg(),
            Format::Dot => session.model.graph_dot(),
        };
        terminal.result(&text)
    });
    printed.into()
}
