//! The command line: its commands and the option values they share.

use crate::commands::{
    check::Check, compare::Compare, density::Density, explain::Explain, fit::Fit, fmt::Fmt,
    graph::Graph, guide::Guide, plan::Plan, predict::Predict,
};
use clap::{Parser, Subcommand, ValueEnum};
use ppl_lang::GuideChoice;

/// Fits probabilistic models by variational inference.
#[derive(Debug, Parser)]
#[command(name = "ppl", version, arg_required_else_help = true, after_help = AFTER_HELP)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Example:
  ppl fit examples/eight_schools/model.ppl examples/eight_schools/data.csv

Exit codes:
  0 done (a fit: certified or optimised), 1 `fmt --check` found unformatted files, 2 bad input, 3 the fit is approximate,
  4 it failed, 130 interrupted";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fit a model to data and print the posterior
    Fit(Fit),
    /// Check a model, with or without data, and print its graph in words
    Check(Check),
    /// Say what a fit would do, and why: guide, estimators, engine, rungs and their cost
    Plan(Plan),
    /// Print the guide that a fit would begin with, as program text
    Guide(Guide),
    /// Draw a model's predictions from the draws of a fit, for its rows or for new ones
    Predict(Predict),
    /// Compare fits of the same data by log evidence and leave-one-out, with weights by stacking
    Compare(Compare),
    /// Print a model's graph as text, as SVG or in DOT
    Graph(Graph),
    /// Print the log density at a point, its terms by statement and its gradient, as JSON
    Density(Density),
    /// Say at length what the code of a message means
    Explain(Explain),
    /// Lay out model files well: one statement a line, comments kept
    Fmt(Fmt),
}

/// Values of `--guide`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum GuideArgument {
    /// Full-rank for small models, sparse for larger ones, mean-field where too many unknowns meet
    #[default]
    Auto,
    /// Independent Gaussians after transforms
    MeanField,
    /// One Gaussian over all unknowns after transforms
    FullRank,
    /// One Gaussian whose precision has the structure of the model
    Sparse,
    /// One Gaussian whose covariance is a diagonal plus a few factors
    LowRank,
    /// One Gaussian bent by a skewness and a tail weight in each direction
    Skewed,
    /// A Gaussian for each optimum that the starts found
    Mixture,
    /// One Gaussian bent by coupling layers
    Flow,
    /// Draws of the Gaussian that go to the posterior along densities in between
    Annealed,
    /// A mixture for scales and the like, and given these a Gaussian around the mode of all others, or the density of each
    Nested,
    /// The exact conditionals of blocks of unknowns, and a mixture for what is left
    Conjugate,
}

impl From<GuideArgument> for GuideChoice {
    fn from(argument: GuideArgument) -> GuideChoice {
        match argument {
            GuideArgument::Auto => GuideChoice::Auto,
            GuideArgument::MeanField => GuideChoice::MeanField,
            GuideArgument::FullRank => GuideChoice::FullRank,
            GuideArgument::Sparse => GuideChoice::Sparse,
            GuideArgument::LowRank => GuideChoice::LowRank,
            GuideArgument::Skewed => GuideChoice::Skewed,
            GuideArgument::Mixture => GuideChoice::Mixture,
            GuideArgument::Flow => GuideChoice::Flow,
            GuideArgument::Annealed => GuideChoice::Annealed,
            GuideArgument::Nested => GuideChoice::Nested,
            GuideArgument::Conjugate => GuideChoice::Conjugate,
        }
    }
}

/// Parses a count from `LEAST` to `MOST`; underscores between digits are allowed, as in Rust.
pub fn count<const LEAST: usize, const MOST: usize>(text: &str) -> Result<usize, String> {
    let digits = text.replace('_', "");
    match digits.parse::<usize>() {
        Ok(count) if (LEAST..=MOST).contains(&count) => Ok(count),
        _ => Err(format!("a whole number from {LEAST} to {MOST} is expected")),
    }
}

/// Parses `n=3`.
pub fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if is_name(name) && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err("a name and a number are expected, as in `--set n=3`".to_owned()),
    }
}

/// Whether this could be a name in a model.
pub fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_')
        && letters.all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn values() {
        assert_eq!(count::<1, 1000>("1_000"), Ok(1000));
        assert!(
            count::<1, 1000>("0").is_err()
                && count::<1, 10>("11").is_err()
                && count::<1, 10>("x").is_err()
        );
        assert_eq!(setting("n=3"), Ok(("n".to_owned(), "3".to_owned())));
        assert!(setting("n").is_err() && setting("=3").is_err() && setting("3=n").is_err());
    }
}
