//! `ppl compare`: fits of the same data beside each other, by log evidence and by leave-one-out.

use crate::messages::{self, codes, plain};
use crate::outcome::Outcome;
use crate::output::POINTWISE;
use crate::terminal::Terminal;
use ppl_lang::parts::infer::compare::{compare, leave_one_out};
use ppl_lang::parts::infer::pointwise::{Outcome as Observed, Pointwise};
use ppl_lang::{Diagnostic, Estimate};
use ppl_report::Compared;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Arguments of `ppl compare`.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Example:
  ppl fit pooled.ppl data.csv --out pooled
  ppl fit groups.ppl data.csv --out groups
  ppl compare pooled groups

A line a fit, the best first: elpd_loo is the expected log predictive density of an observation that was left out, summed,
with its standard error; p_loo the effective number of parameters; `k bad` the observations whose k-hat is too large."
)]
pub struct Compare {
    /// Directories that `ppl fit --out` wrote, of fits to the same data
    #[arg(required = true, value_name = "FIT")]
    fits: Vec<PathBuf>,
    /// Print the result as JSON, with the numbers of every observation
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub fn run(command: &Compare, terminal: &Terminal) -> Outcome {
    command.run(terminal).into()
}

/// What a directory holds.
struct Stored {
    name: String,
    verdict: String,
    log_evidence: Option<Estimate>,
    pointwise: Pointwise,
}

impl Compare {
    fn run(&self, terminal: &Terminal) -> Result<(), Outcome> {
        let refuse = |errors: &[Diagnostic]| {
            messages::print(errors, "", "", terminal);
            Outcome::BadInput
        };
        let (mut stored, mut errors) = (vec![], vec![]);
        for path in &self.fits {
            match read(path) {
                Ok(fit) => stored.push(fit),
                Err(error) => errors.push(*error),
            }
        }
        let mut errors = told_once(errors, &self.fits);
        if let Some((first, rest)) = stored.split_first() {
            errors.extend(rest.iter().filter_map(|fit| differ(first, fit)));
        }
        let Some(first) = stored.first().filter(|_| errors.is_empty()) else {
            return Err(refuse(&errors));
        };
        let outcomes = first.pointwise.outcomes.iter();
        let units: Vec<String> = outcomes.flat_map(|o| o.units.clone()).collect();
        let fits: Vec<Compared> = stored
            .into_iter()
            .map(|fit| Compared {
                loo: leave_one_out(&fit.pointwise),
                name: fit.name,
                verdict: fit.verdict,
                log_evidence: fit.log_evidence,
            })
            .collect();
        let loos: Vec<_> = fits.iter().map(|f| f.loo.clone()).collect();
        let found = compare(&loos);
        terminal.result(&match self.json {
            true => ppl_report::comparison_json(&fits, &units, &found),
            false => ppl_report::comparison_table(&fits, &units, &found),
        })
    }
}

/// What is wrong with several fits alike is told once, of all of them.
fn told_once(errors: Vec<Diagnostic>, fits: &[PathBuf]) -> Vec<Diagnostic> {
    let mut out: Vec<(Vec<String>, String, Diagnostic)> = vec![];
    for d in errors {
        let names = fits.iter().map(|f| f.display().to_string());
        let of = |n: &String| d.message.starts_with(&format!("the fit in `{n}` has "));
        let Some(name) = names.into_iter().find(of) else {
            out.push((vec![], d.message.clone(), d));
            continue;
        };
        let what = d.message[format!("the fit in `{name}` has ").len()..].to_owned();
        match out.iter_mut().find(|(n, w, _)| !n.is_empty() && *w == what) {
            Some((names, ..)) => names.push(name),
            None => out.push((vec![name], what, d)),
        }
    }
    let told = out.into_iter().map(|(names, what, d)| match names.len() {
        0 | 1 => d,
        _ => Diagnostic {
            message: format!("the fits in `{}` have {what}", names.join("`, `")),
            ..d
        },
    });
    told.collect()
}

fn error(message: String, help: &str) -> Box<Diagnostic> {
    Box::new(plain(codes::FIT_DIRECTORY, message).help(help))
}

/// Reads what a fit wrote.
fn read(path: &Path) -> Result<Stored, Box<Diagnostic>> {
    let name = path.display().to_string();
    let document = fit_json(path)?;
    let bytes = std::fs::read(path.join(POINTWISE)).map_err(|_| {
        let notes = document["notes"].as_array().into_iter().flatten();
        let mut notes = notes.filter_map(Value::as_str);
        match notes.find(|n| n.starts_with("`ppl compare`")) {
            Some(why) => error(
                format!("the fit in `{name}` has no `{POINTWISE}`: {why}"),
                "compare its log evidence, in `fit.json`, by hand",
            ),
            None => error(
                format!("the fit in `{name}` has no `{POINTWISE}`, the log likelihood of every observation"),
                "fit again with `--out`, and let the fit go to its end",
            ),
        }
    })?;
    let pointwise = ppl_report::read_pointwise(&bytes).ok_or_else(|| {
        error(
            format!("`{name}/{POINTWISE}` is not what a fit writes, or is cut off"),
            "fit again with `--out`",
        )
    })?;
    let number = |key: &str| document[key].as_f64();
    Ok(Stored {
        log_evidence: number("log_evidence").map(|value| Estimate {
            value,
            se: number("log_evidence_se").unwrap_or(f64::NAN),
        }),
        verdict: document["verdict"].as_str().unwrap_or_default().to_owned(),
        name,
        pointwise,
    })
}

/// The `fit.json` of a directory.
pub fn fit_json(path: &Path) -> Result<Value, Box<Diagnostic>> {
    let name = path.display();
    let text = std::fs::read_to_string(path.join("fit.json")).map_err(|e| {
        error(
            format!("`{name}` is no fit: its `fit.json` cannot be read: {e}"),
            "give the directory that `ppl fit … --out DIR` wrote",
        )
    })?;
    let document: Option<Value> = serde_json::from_str(&text).ok();
    let document = document.filter(|d: &Value| d["verdict"].is_string());
    document.ok_or_else(|| {
        error(
            format!("`{name}/fit.json` is not what a fit writes"),
            "give the directory that `ppl fit … --out DIR` wrote",
        )
    })
}

/// Whether two fits are of different data.
fn differ(a: &Stored, b: &Stored) -> Option<Diagnostic> {
    let names = |s: &Stored| {
        let names: Vec<&str> = s
            .pointwise
            .outcomes
            .iter()
            .map(|o| o.name.as_str())
            .collect();
        names.join("`, `")
    };
    let pairs = || a.pointwise.outcomes.iter().zip(&b.pointwise.outcomes);
    let of = |f: &dyn Fn(&Observed, &Observed) -> bool| pairs().find(|(x, y)| f(x, y));
    let what = if names(a) != names(b) {
        format!(
            "`{}` observes `{}`, and `{}` observes `{}`",
            a.name,
            names(a),
            b.name,
            names(b)
        )
    } else if let Some((x, y)) = of(&|x, y| x.units.len() != y.units.len()) {
        format!(
            "`{}` has {} observations of `{}`, and `{}` has {}",
            a.name,
            x.units.len(),
            x.name,
            b.name,
            y.units.len()
        )
    } else if let Some((x, _)) = of(&|x, y| x.fingerprint != y.fingerprint) {
        format!(
            "the values of `{}` in `{}` are others than in `{}`",
            x.name, b.name, a.name
        )
    } else {
        return None;
    };
    let help = "compare fits of the same observations, in the same order";
    Some(*error(
        format!("these fits are of different data: {what}"),
        help,
    ))
}
