//! The arguments that name a model and its data.

use crate::arguments::{is_name, setting};
use crate::messages::{codes, plain};
use ppl_lang::{Diagnostic, Source};
use std::path::{Path, PathBuf};

/// A model and what it is fitted to.
#[derive(Debug, Clone, clap::Args)]
pub struct Inputs {
    /// The model, such as model.ppl
    pub model: PathBuf,
    /// The main table (CSV or JSON), then tables of axes as in county=counties.csv
    #[arg(value_name = "DATA")]
    pub data: Vec<String>,
    /// Give a scalar its value
    #[arg(long, value_name = "NAME=NUMBER", value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// Visit every row in every step, where sums would be folded beforehand
    #[arg(long)]
    pub no_folding: bool,
    /// Keep matrices of data in single precision, which is quicker; sums stay in double precision
    #[arg(long)]
    pub single: bool,
}

impl Inputs {
    /// Whether any data was given.
    pub fn has_data(&self) -> bool {
        !self.data.is_empty() || !self.set.is_empty()
    }

    /// Model and data in the wrong order, or a table in the model's place.
    pub fn misplaced(&self) -> Option<Diagnostic> {
        let model = self.model.display();
        if !is_table(&self.model) {
            return None;
        }
        match self
            .data
            .iter()
            .find(|argument| has_extension(Path::new(argument), &["ppl"]))
        {
            Some(other) => Some(
                plain(
                    codes::ARGUMENTS,
                    format!("`{model}` is a table, and `{other}` stands where data is expected"),
                )
                .help(format!("the model comes first: `{other} {model}`")),
            ),
            None => Some(
                plain(
                    codes::ARGUMENTS,
                    format!("`{model}` is a table, not a model"),
                )
                .help(format!("the model comes first: `model.ppl {model}`")),
            ),
        }
    }

    /// What to load, in order, and what is wrong with the arguments themselves.
    pub fn sources(&self) -> (Vec<Source<'_>>, Vec<Diagnostic>) {
        let mut sources = vec![];
        let mut errors = vec![];
        for argument in &self.data {
            match source(argument) {
                Ok(source) => sources.push(source),
                Err(error) => errors.push(*error),
            }
        }
        sources.extend(
            self.set
                .iter()
                .map(|(name, value)| Source::Set(name, value)),
        );
        (sources, errors)
    }
}

/// `county=counties.csv` is a table of an axis, unless a file of that whole name exists; anything else is a path.
fn source(argument: &str) -> Result<Source<'_>, Box<Diagnostic>> {
    let path = Path::new(argument);
    let Some((name, value)) = argument
        .split_once('=')
        .filter(|(name, _)| is_name(name) && !path.exists())
    else {
        if has_extension(path, &["ppl"]) {
            let error = plain(
                codes::ARGUMENTS,
                format!("`{argument}` is a model, and stands where data is expected"),
            );
            return Err(Box::new(error.help(
                "one model is fitted at a time: `ppl fit model.ppl data.csv`",
            )));
        }
        return Ok(Source::Main(path));
    };
    let file = Path::new(value);
    if value.is_empty() {
        let error = plain(codes::ARGUMENTS, format!("`{argument}` names no file"));
        return Err(Box::new(error.help(format!(
            "write the table of the axis behind it: `{name}={name}.csv`"
        ))));
    }
    if value.parse::<f64>().is_ok() && !file.exists() {
        let error = plain(
            codes::ARGUMENTS,
            format!("`{argument}` would read the table of the axis `{name}` from a file `{value}`"),
        );
        return Err(Box::new(error.help(format!(
            "a scalar is given by an option: `--set {argument}`"
        ))));
    }
    Ok(Source::Axis(name, file))
}

fn is_table(path: &Path) -> bool {
    has_extension(path, &["csv", "tsv", "json"])
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        extensions
            .iter()
            .any(|known| known.eq_ignore_ascii_case(extension))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(model: &str, data: &[&str]) -> Inputs {
        let data = data.iter().map(|&argument| argument.to_owned()).collect();
        Inputs {
            model: PathBuf::from(model),
            data,
            set: vec![("n".to_owned(), "3".to_owned())],
            no_folding: false,
            single: false,
        }
    }

    #[test]
    fn kinds_of_data() {
        let inputs = inputs("m.ppl", &["d.csv", "county=c.csv", "dir=x/y.csv"]);
        let (sources, errors) = inputs.sources();
        assert!(errors.is_empty());
        assert!(matches!(sources[0], Source::Main(path) if path == Path::new("d.csv")));
        assert!(matches!(sources[1], Source::Axis("county", path) if path == Path::new("c.csv")));
        assert!(matches!(sources[3], Source::Set("n", "3")));
    }

    #[test]
    fn mistakes_have_proposals() {
        let help =
            |error: Option<Diagnostic>| error.and_then(|error| error.help).unwrap_or_default();
        assert!(help(inputs("d.csv", &["m.ppl"]).misplaced()).contains("`m.ppl d.csv`"));
        assert!(help(inputs("d.csv", &[]).misplaced()).contains("`model.ppl d.csv`"));
        assert!(inputs("m.ppl", &["d.csv"]).misplaced().is_none());
        let wrong = inputs("m.ppl", &["n=3", "county=", "other.ppl"]);
        let (_, errors) = wrong.sources();
        assert_eq!(errors.len(), 3);
        assert!(help(errors.first().cloned()).contains("--set n=3"));
    }
}
