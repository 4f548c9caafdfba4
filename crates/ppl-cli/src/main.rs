//! The `ppl` command: arguments, files, progress, rendering and exit codes around `ppl_lang`.
//!
//! Only this crate prints, writes files, watches for Ctrl-C and makes threads.

mod arguments;
mod commands;
mod explanations;
mod former;
mod inputs;
mod interrupt;
mod messages;
mod model_file;
mod outcome;
mod output;
mod partial;
mod progress;
mod session;
mod terminal;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;
use terminal::Terminal;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = Terminal::detect();
    let outcome = match arguments.command {
        Command::Fit(command) => commands::fit::run(&command, &terminal),
        Command::Check(command) => commands::check::run(&command, &terminal),
        Command::Density(command) => commands::density::run(&command, &terminal),
        Command::Compare(command) => commands::compare::run(&command, &terminal),
        Command::Explain(command) => commands::explain::run(&command, &terminal),
        Command::Fmt(command) => commands::fmt::run(&command, &terminal),
        Command::Graph(command) => commands::graph::run(&command, &terminal),
        Command::Plan(command) => commands::plan::run(&command, &terminal),
        Command::Predict(command) => commands::predict::run(&command, &terminal),
        Command::Guide(command) => commands::guide::run(&command, &terminal),
    };
    outcome.into()
}
