//! Tasks for those who work on the language: `cargo xtask TASK`.

mod posteriordb;

use clap::Parser;
use std::process::ExitCode;

/// Tasks for those who work on the language.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
enum Task {
    /// Fits the models of posteriordb and compares with the reference posteriors
    Posteriordb(posteriordb::Arguments),
}

fn main() -> ExitCode {
    let Task::Posteriordb(arguments) = Task::parse();
    match posteriordb::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}
