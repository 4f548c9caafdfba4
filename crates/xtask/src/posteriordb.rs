//! `cargo xtask posteriordb`: every model beside its reference posterior.

mod compare;
mod folders;
mod model_notes;
mod report;
mod seeds;

use compare::Comparison;
use folders::Folder;
use model_notes::Notes;
use ppl_lang::{Dataset, Diagnostic, Fit, FitOptions, Model, Silent, Source, render};
use report::Line;
use seeds::Seeds;
use std::any::Any;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Arguments of the task.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Directory of one folder for each model, or of `open` and `extra` with such folders
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// Directory of the models, NAME.ppl
    #[arg(long, value_name = "DIR", default_value = "tests/posteriordb")]
    models: PathBuf,
    /// Print one JSON object a line instead of the table
    #[arg(long)]
    json: bool,
    /// Fit this folder only
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Fit each with so many seeds instead, and compare their bounds and verdicts
    #[arg(long, value_name = "N", conflicts_with = "json")]
    seeds: Option<u64>,
}

/// Fits all, one after the other, and prints as it goes.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let mut folders = folders::below(&arguments.data)?;
    if let Some(name) = &arguments.only {
        folders.retain(|folder| folder.name == *name);
    }
    if folders.is_empty() {
        return Err(format!(
            "no folder with a reference.json in {}",
            arguments.data.display()
        ));
    }
    if let Some(n) = arguments.seeds {
        return under_seeds(arguments, &folders, n);
    }
    if !arguments.json {
        println!("{}", report::heading());
    }
    let mut lines = vec![];
    for folder in &folders {
        let model = arguments.models.join(format!("{}.ppl", folder.name));
        let line = if model.is_file() {
            attempt(&model, folder)
        } else {
            Line::without(&folder.name, "missing", 0.0, "no model")
        };
        match arguments.json {
            true => println!("{}", line.json()),
            false => println!("{}", line.row()),
        }
        lines.push(line);
    }
    if !arguments.json {
        print!("{}", report::conclusion(&lines));
    }
    Ok(())
}

/// Fits each with the seeds 1 to n, and prints as it goes.
fn under_seeds(arguments: &Arguments, folders: &[Folder], n: u64) -> Result<(), String> {
    println!("{}", seeds::heading());
    let mut agreeing = 0;
    for folder in folders {
        let model = arguments.models.join(format!("{}.ppl", folder.name));
        let mut found = Seeds::default();
        for seed in 1..=n {
            let fitted = catch_unwind(AssertUnwindSafe(|| fit_with(&model, folder, seed)));
            let fitted = fitted.unwrap_or_else(|panic| Err(format!("panic: {}", words(&*panic))));
            found.add(fitted.map(|(fit, _)| fit));
        }
        agreeing += usize::from(found.agree());
        println!("{}", found.row(&folder.name));
    }
    println!(
        "\nthe same under all seeds: {agreeing} of {}",
        folders.len()
    );
    Ok(())
}

/// One model; whatever goes wrong with it ends up in its line.
fn attempt(model: &Path, folder: &Folder) -> Line {
    let start = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| compared(model, folder)))
        .unwrap_or_else(|panic| Err(format!("panic: {}", words(&*panic))));
    let seconds = start.elapsed().as_secs_f64();
    match outcome {
        Ok((fit, comparison)) => Line::fitted(&folder.name, &fit, comparison, seconds),
        Err(reason) => Line::without(&folder.name, "error", seconds, &reason),
    }
}

/// Fits with default options and compares.
fn compared(model: &Path, folder: &Folder) -> Result<(Fit, Comparison), String> {
    let (fit, notes) = fit_with(model, folder, FitOptions::default().seed)?;
    let reference = folder.reference()?;
    let comparison = compare::compare(&fit.rows, &reference, &notes)?;
    Ok((fit, comparison))
}

/// Fits with default options but for the seed.
fn fit_with(model: &Path, folder: &Folder, seed: u64) -> Result<(Fit, Notes), String> {
    let text = fs::read_to_string(model).map_err(|e| format!("{}: {e}", model.display()))?;
    let name = model.display().to_string();
    let rendered = |diagnostics: &[Diagnostic]| -> String {
        let errors = diagnostics.iter().filter(|d| d.is_error());
        let all: Vec<String> = errors.map(|d| render(d, &name, &text, false)).collect();
        all.join("\n")
    };
    let notes = Notes::read(&text)?;
    let data = folder.path.join(&notes.data);
    let (parsed, found) = Model::parse(&text);
    let parsed = parsed.ok_or_else(|| rendered(&found))?;
    let data = Dataset::load(&[Source::Main(&data)]).map_err(|d| rendered(&d))?;
    let (bound, _) = parsed.bind(&data).map_err(|d| rendered(&d))?;
    let options = FitOptions {
        seed,
        ..FitOptions::default()
    };
    let fit = bound
        .fit(&options, &mut Silent)
        .map_err(|e| match e.diagnostics() {
            found if found.is_empty() => e.to_string(),
            found => rendered(&found),
        })?;
    Ok((fit, notes))
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a message")
}
