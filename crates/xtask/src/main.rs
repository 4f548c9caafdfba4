//! Tasks for those who work on the language: `cargo xtask TASK`.

mod posteriordb;
mod sbc;
mod scale;

use clap::Parser;
use std::process::ExitCode;
use xtask::bench;

/// Tasks for those who work on the language.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
enum Task {
    /// Fits the models of posteriordb and compares with the reference posteriors
    Posteriordb(posteriordb::Arguments),
    /// Calibrates fits of simulated data: ranks of the true values among draws of the fits
    Sbc(sbc::Arguments),
    /// Fits large synthetic targets whose answers are known
    Scale(scale::Arguments),
    /// Times a model: its log density with gradient, and a step of a mean-field fit
    Time(bench::time::Arguments),
    /// Times a whole fit: until its bound is as good as a given one, and to its end
    Reach(bench::reach::Arguments),
    /// Times the benchmark problems here and in other systems, in turn on one core
    Peers(bench::peers::Arguments),
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Posteriordb(arguments) => posteriordb::run(&arguments),
        Task::Sbc(arguments) => sbc::run(&arguments),
        Task::Scale(arguments) => scale::run(&arguments),
        Task::Time(arguments) => bench::time::run(&arguments),
        Task::Reach(arguments) => bench::reach::run(&arguments),
        Task::Peers(arguments) => bench::peers::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}
