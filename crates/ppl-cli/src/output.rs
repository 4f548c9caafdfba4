//! The directory of `--out`: whole or not at all.
//!
//! A new directory is written beside its place and renamed. An existing one is used if it is empty or holds a former
//! fit (a `fit.json`, or nothing but files of ours); then each file is written in a folder inside it and renamed over
//! the old one, `fit.json` last, after the old `fit.json` was removed first: where a `fit.json` stands, the files
//! beside it belong to it. Other files in it stay as they are. Any other directory is refused.

use crate::messages::{codes, plain};
use crate::partial::{PARTIAL, Partial};
use ppl_lang::{Diagnostic, Fit};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is written, in the order of the renames.
pub const FILES: [&str; 3] = ["summary.csv", "draws.csv", "fit.json"];

/// Written as well where discrete unknowns were summed out.
pub const DISCRETE: &str = "discrete.csv";

/// The log likelihood of every observation, where it can be had.
pub const POINTWISE: &str = "pointwise.bin";

/// What is written beside [`FILES`] of this fit.
pub fn also(fit: &Fit) -> Vec<&'static str> {
    let discrete = (!fit.discrete.is_empty()).then_some(DISCRETE);
    let pointwise = fit.pointwise.is_some().then_some(POINTWISE);
    discrete.into_iter().chain(pointwise).collect()
}

/// Why results cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// A file is in the way.
    #[error("`{0}` is a file, not a directory")]
    NotADirectory(PathBuf),
    /// The directory holds something else.
    #[error("the directory `{directory}` holds other files, such as `{found}`, and no former fit")]
    Foreign {
        /// The directory.
        directory: PathBuf,
        /// One of its files.
        found: String,
    },
    /// The system refused.
    #[error("cannot write to `{path}`: {source}")]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl OutputError {
    /// The message with its proposal.
    pub fn diagnostic(&self) -> Diagnostic {
        let help = match self {
            OutputError::NotADirectory(_) => "give `--out` the name of a new directory",
            OutputError::Foreign { .. } => {
                "give `--out` the name of a new directory, such as one inside it"
            }
            OutputError::Io { .. } => "give `--out` a directory that you may write to",
        };
        plain(codes::OUTPUT, self.to_string()).help(help)
    }
}

/// A place that was found fit to hold results.
#[derive(Debug)]
pub struct OutputDirectory {
    path: PathBuf,
}

impl OutputDirectory {
    /// Checks the place, so that a long fit does not end at a closed door; leaves no trace.
    ///
    /// # Errors
    /// As the variants of [`OutputError`] say.
    pub fn prepare(path: &Path) -> Result<OutputDirectory, OutputError> {
        if path.is_dir() {
            refuse_foreign(path)?;
        } else if path.symlink_metadata().is_ok() {
            return Err(OutputError::NotADirectory(path.to_owned()));
        }
        // The nearest folder that is there shows whether folders can be made below it.
        let existing = path
            .ancestors()
            .map(or_here)
            .find(|folder| folder.exists())
            .unwrap_or(Path::new("."));
        if !existing.is_dir() {
            return Err(OutputError::NotADirectory(existing.to_owned()));
        }
        Partial::new_in(existing)?;
        Ok(OutputDirectory {
            path: path.to_owned(),
        })
    }

    /// The directory as the user named it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a former fit stands there.
    pub fn holds_fit(&self) -> bool {
        self.path.join(FILES[2]).exists()
    }

    /// Writes everything.
    ///
    /// # Errors
    /// Where the system refuses; the directory then has its former content, or no `fit.json`.
    pub fn write(&self, fit: &Fit) -> Result<(), OutputError> {
        let exists = self.path.is_dir();
        let folder = if exists {
            &self.path
        } else {
            self.path.parent().map_or(Path::new("."), or_here)
        };
        at(folder, fs::create_dir_all(folder))?;
        let partial = Partial::new_in(folder)?;
        partial.file(FILES[0], |out| {
            out.write_all(ppl_report::summary_csv(fit).as_bytes())
        })?;
        partial.file(FILES[1], |out| ppl_report::draws_csv(fit, out))?;
        partial.file(FILES[2], |out| {
            out.write_all(ppl_report::fit_json(fit).as_bytes())
        })?;
        if !fit.discrete.is_empty() {
            partial.file(DISCRETE, |out| {
                out.write_all(ppl_report::discrete_csv(fit).as_bytes())
            })?;
        }
        if let Some(pointwise) = &fit.pointwise {
            partial.file(POINTWISE, |out| ppl_report::write_pointwise(pointwise, out))?;
        }
        if !exists {
            return at(&self.path, fs::rename(partial.path(), &self.path));
        }
        let mark = self.path.join(FILES[2]);
        match fs::remove_file(&mark) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => at(&mark, Err(error))?,
            _ => {}
        }
        for name in [DISCRETE, POINTWISE] {
            let target = self.path.join(name);
            if also(fit).contains(&name) {
                at(&target, fs::rename(partial.path().join(name), &target))?;
                continue;
            }
            // One of a former fit does not belong to this one.
            match fs::remove_file(&target) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => at(&target, Err(error))?,
                _ => {}
            }
        }
        for name in FILES {
            let target = self.path.join(name);
            at(&target, fs::rename(partial.path().join(name), &target))?;
        }
        Ok(())
    }
}

/// An empty path is the working directory.
fn or_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    }
}

/// Says where the system refused.
pub fn at<T>(path: &Path, outcome: io::Result<T>) -> Result<T, OutputError> {
    outcome.map_err(|source| OutputError::Io {
        path: path.to_owned(),
        source,
    })
}

fn refuse_foreign(directory: &Path) -> Result<(), OutputError> {
    let mut foreign = None;
    for entry in at(directory, fs::read_dir(directory))? {
        let name = at(directory, entry)?
            .file_name()
            .to_string_lossy()
            .into_owned();
        if name == FILES[2] {
            return Ok(());
        }
        if !FILES.contains(&name.as_str())
            && ![DISCRETE, POINTWISE].contains(&name.as_str())
            && !name.starts_with(PARTIAL)
        {
            foreign = foreign.or(Some(name));
        }
    }
    match foreign {
        None => Ok(()),
        Some(found) => Err(OutputError::Foreign {
            directory: directory.to_owned(),
            found,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ppl_lang::{Certificate, Draws, Verdict};

    /// An empty folder of this test alone.
    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("ppl-output-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn fit(seed: u64) -> Fit {
        Fit {
            rows: vec![],
            elbo: None,
            k_hat: f64::NAN,
            guide_k_hat: f64::NAN,
            wider: false,
            corrected: false,
            guide_rows: vec![],
            verdict: Verdict::Failed {
                reason: "test".to_owned(),
            },
            certificate: Certificate::default(),
            steps: 0,
            gradient_evaluations: 0,
            phases: vec![],
            seed,
            n_unknowns: 0,
            guide: "mean-field".to_owned(),
            guide_text: String::new(),
            params: vec![],
            draws: Draws {
                names: vec!["mu".to_owned()],
                values: ndarray::array![[1.5]],
            },
            discrete: vec![],
            pointwise: None,
            fault: None,
            notes: vec![],
            origin: ppl_lang::Origin::default(),
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn new_then_again_keeps_other_files() {
        let root = scratch("new");
        let path = root.join("a/b");
        let output = OutputDirectory::prepare(&path).unwrap();
        assert!(names(&root).is_empty());
        output.write(&fit(1)).unwrap();
        assert_eq!(names(&path), ["draws.csv", "fit.json", "summary.csv"]);
        assert_eq!(names(&root.join("a")), ["b"]);
        fs::write(path.join("plot.png"), "mine").unwrap();
        OutputDirectory::prepare(&path)
            .unwrap()
            .write(&fit(2))
            .unwrap();
        assert_eq!(
            names(&path),
            ["draws.csv", "fit.json", "plot.png", "summary.csv"]
        );
        assert!(
            fs::read_to_string(path.join("fit.json"))
                .unwrap()
                .contains("\"seed\": 2")
        );
        assert!(
            fs::read_to_string(path.join("draws.csv"))
                .unwrap()
                .ends_with("mu\n1.5\n")
        );
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn foreign_places_are_refused() {
        let root = scratch("foreign");
        fs::write(root.join("thesis.tex"), "mine").unwrap();
        let error = OutputDirectory::prepare(&root).unwrap_err();
        assert!(error.to_string().contains("thesis.tex"), "{error}");
        let error = OutputDirectory::prepare(&root.join("thesis.tex")).unwrap_err();
        assert!(matches!(error, OutputError::NotADirectory(_)));
        let error = OutputDirectory::prepare(&root.join("thesis.tex/out")).unwrap_err();
        assert!(matches!(error, OutputError::NotADirectory(_)));
        assert_eq!(names(&root), ["thesis.tex"]);
        fs::remove_dir_all(root).unwrap();
    }
}
