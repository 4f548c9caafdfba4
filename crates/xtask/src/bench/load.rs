//! A model with its data, and how long it took to get there.

use ppl_lang::parts::infer::choice::{Guided, as_written};
use ppl_lang::{Bound, Dataset, Diagnostic, GuideChoice, Model, Source, render};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A model and its data, as for `ppl fit`.
#[derive(Debug, Clone, clap::Args)]
pub struct Inputs {
    /// The model
    pub model: PathBuf,
    /// The main table (CSV or JSON), then tables of axes as in county=counties.csv
    #[arg(value_name = "DATA")]
    pub data: Vec<String>,
    /// Give a scalar its value
    #[arg(long, value_name = "NAME=NUMBER")]
    pub set: Vec<String>,
    /// Keep matrices of data in single precision
    #[arg(long)]
    pub single: bool,
}

/// What was loaded.
pub struct Loaded {
    /// Model and data.
    pub bound: Bound,
    /// With the mean-field guide.
    pub guided: Guided,
    /// Milliseconds to parse the model.
    pub parse_ms: f64,
    /// Milliseconds to check it.
    pub check_ms: f64,
    /// Milliseconds to read the data.
    pub read_ms: f64,
    /// Milliseconds to bind them and to make the guide.
    pub bind_ms: f64,
}

/// Milliseconds since then.
pub fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

impl Inputs {
    /// Reads, checks and binds.
    pub fn load(&self) -> Result<Loaded, String> {
        let name = self.model.display().to_string();
        let text = fs::read_to_string(&self.model).map_err(|e| format!("{name}: {e}"))?;
        let rendered = |found: &[Diagnostic]| -> String {
            let errors = found.iter().filter(|d| d.is_error());
            let all: Vec<String> = errors.map(|d| render(d, &name, &text, false)).collect();
            all.join("\n")
        };
        let started = Instant::now();
        let (tree, _) = ppl_lang::parts::syntax::parse(&text);
        let parse_ms = ms(started);
        let started = Instant::now();
        let _ = ppl_lang::parts::model::analyse(&tree);
        let check_ms = ms(started);
        let (model, found) = Model::parse(&text);
        let model = model.ok_or_else(|| rendered(&found))?;
        let mut sources: Vec<Source> = self.data.iter().map(|a| source(a)).collect();
        for setting in &self.set {
            let (name, value) = setting
                .split_once('=')
                .ok_or_else(|| format!("`--set {setting}`: NAME=NUMBER is expected"))?;
            sources.push(Source::Set(name, value));
        }
        let started = Instant::now();
        let data = Dataset::load(&sources).map_err(|d| rendered(&d))?;
        let read_ms = ms(started);
        let started = Instant::now();
        let (mut bound, _) = model.bind(&data).map_err(|d| rendered(&d))?;
        if self.single {
            bound.round_matrices();
        }
        let guided = as_written(bound.inner(), GuideChoice::MeanField)
            .map_err(|e| format!("{e}\n{}", rendered(&e.diagnostics())))?;
        Ok(Loaded {
            bound,
            guided,
            parse_ms,
            check_ms,
            read_ms,
            bind_ms: ms(started),
        })
    }
}

/// `county=counties.csv` is a table of an axis, unless there is a file of that whole name.
fn source(argument: &str) -> Source<'_> {
    match argument.split_once('=') {
        Some((axis, file)) if !Path::new(argument).exists() => Source::Axis(axis, Path::new(file)),
        _ => Source::Main(Path::new(argument)),
    }
}
