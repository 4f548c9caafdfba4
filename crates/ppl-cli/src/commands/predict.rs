//! `ppl predict`: draws of the model's `predict` statements from the draws of a fit, for its rows or for new ones.

use crate::commands::compare::fit_json;
use crate::inputs::Inputs;
use crate::messages::{codes, plain};
use crate::outcome::Outcome;
use crate::session::Session;
use crate::terminal::Terminal;
use ppl_lang::{Bound, Diagnostic, Draws, PredictError, Row, Severity, Table};
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Arguments of `ppl predict`.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Example:
  ppl fit model.ppl data.csv --out fit
  ppl predict model.ppl data.csv --fit fit --new rows.csv

MODEL and DATA are those of the fit. Standard output gets a line a predicted quantity, as in summary.csv."
)]
pub struct Predict {
    #[command(flatten)]
    inputs: Inputs,
    /// The directory that `ppl fit --out` wrote
    #[arg(long, value_name = "DIR")]
    fit: PathBuf,
    /// A table of new rows in place of the main table; it holds the columns that the predictions read
    #[arg(long, value_name = "FILE")]
    new: Option<PathBuf>,
    /// Write the draws to this CSV file, a line a draw
    #[arg(long, value_name = "FILE")]
    draws: Option<PathBuf>,
    /// Seed of all random numbers; one seed gives the same bits on any number of threads
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs it.
pub fn run(predict: &Predict, terminal: &Terminal) -> Outcome {
    predict.run(terminal).into()
}

impl Predict {
    fn run(&self, terminal: &Terminal) -> Result<(), Outcome> {
        let session = Session::open(&self.inputs, terminal)?;
        let mut bound = session.bind()?;
        if !bound.predicts() {
            let error = plain(codes::ARGUMENTS, "the model has no `predict` statement")
                .help("add one, such as `predict y_new[row] ~ Normal(mu, sigma);`");
            return Err(session.refuse(&[error]));
        }
        let draws = draws_of(&self.fit).map_err(|e| session.refuse(&[e]))?;
        session.print(&other_origin(&self.fit, &bound));
        if let Some(new) = &self.new {
            let table = Table::from_path(new).map_err(|e| session.refuse(&[e]))?;
            bound = bound.with_rows(&table).map_err(|e| session.refuse(&e))?;
        }
        let predictions = match bound.predict(&draws, self.seed) {
            Ok(predictions) => predictions,
            Err(PredictError::Draws(name)) => {
                let message = format!(
                    "the fit in `{}` has no draws of `{name}`",
                    self.fit.display()
                );
                let error = plain(codes::ARGUMENTS, message)
                    .help("give the model and the data of that fit, or fit again with `--out`");
                return Err(session.refuse(&[error]));
            }
            Err(PredictError::Objective(error)) => {
                return Err(session.refuse_fit(&error.into(), &bound));
            }
        };
        if let Some(path) = &self.draws {
            let written = File::create(path).and_then(|file| {
                ppl_report::draws_table(&predictions.draws, &mut BufWriter::new(file))
            });
            if let Err(error) = written {
                let message = format!("cannot write to `{}`: {error}", path.display());
                let error =
                    plain(codes::OUTPUT, message).help("give `--draws` a file that you may write");
                return Err(session.refuse(&[error]));
            }
        }
        let rows: Vec<Row> = ppl_lang::summaries(&predictions);
        terminal.result(&ppl_report::rows_csv(&rows))
    }
}

/// A warning where a fit is of another model, or of other data; fits that do not say it are taken as they are.
fn other_origin(directory: &Path, bound: &Bound) -> Vec<Diagnostic> {
    let Ok(document) = fit_json(directory) else {
        return vec![];
    };
    let own = bound.origin();
    let differs = |key: &str, own: u64| {
        let known = document["origin"][key].as_str();
        known.is_some_and(|known| known != ppl_report::hash(own))
    };
    let what = match (differs("model", own.model), differs("data", own.data)) {
        (false, false) => return vec![],
        (true, false) => "another model",
        (false, true) => "other data, or of these in another order",
        (true, true) => "another model and of other data",
    };
    let message = format!(
        "the fit in `{}` is of {what}: the predictions are those of its posterior",
        directory.display()
    );
    let warning = Diagnostic {
        severity: Severity::Warning,
        ..plain(codes::OTHER_ORIGIN, message)
    };
    vec![warning.help(
        "give the model and the data of that fit, and rows to be predicted by `--new`; or fit again with `--out`",
    )]
}

/// The draws that a fit wrote.
pub fn draws_of(directory: &Path) -> Result<Draws, Diagnostic> {
    let path = directory.join("draws.csv");
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let message = format!(
            "the draws of the fit, `{}`, cannot be read: {error}",
            path.display()
        );
        plain(codes::ARGUMENTS, message).help("give the directory that `ppl fit … --out DIR` wrote")
    })?;
    // Comments keep their lines, so that messages about the file name the right ones.
    let body = text.lines().skip_while(|line| line.starts_with('#'));
    let table: String = body.flat_map(|line| [line, "\n"]).collect();
    let table = Table::from_csv_text(&path.display().to_string(), &table)?;
    let names: Vec<String> = table.column_names().map(str::to_owned).collect();
    let mut values = ndarray::Array2::zeros((table.n_rows(), names.len()));
    for (name, mut column) in names.iter().zip(values.columns_mut()) {
        let Some(found) = table.column(name) else {
            continue;
        };
        for row in 0..found.len() {
            let number = found.text(row).parse::<f64>();
            column[row] = number.map_err(|_| {
                Diagnostic::data(
                    codes::ARGUMENTS,
                    found.place(row),
                    format!(
                        "`{}` is no number: this is not what a fit writes",
                        found.text(row)
                    ),
                )
                .help("fit again with `--out`")
            })?;
        }
    }
    Ok(Draws { names, values })
}
