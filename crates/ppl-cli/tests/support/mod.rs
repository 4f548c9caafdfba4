//! Runs the built binary in a folder of its own.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Eight schools, and their data.
pub const SCHOOLS: &str = "\
data y[row]: real;
data sigma[row]: positive;
mu ~ Normal(0, 5);
tau ~ HalfCauchy(5);
theta_raw[row] ~ Normal(0, 1);
let theta[row] = mu + tau * theta_raw;
observe y ~ Normal(theta, sigma);
report theta_1 = mu;
";
const DATA: &str = "y,sigma\n28,15\n8,10\n-3,16\n7,11\n-1,9\n1,11\n18,10\n12,18\n";

/// A folder that is removed at the end of its test.
pub struct Folder(PathBuf);

impl Folder {
    /// An empty folder; the name is to be unique among the tests.
    pub fn new(name: &str) -> Folder {
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// With a file more.
    pub fn with(self, name: &str, content: impl AsRef<[u8]>) -> Folder {
        fs::write(self.path(name), content).unwrap();
        self
    }

    /// With eight schools as `model.ppl` and `data.csv`.
    pub fn schools(name: &str) -> Folder {
        Folder::new(name)
            .with("model.ppl", SCHOOLS)
            .with("data.csv", DATA)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The command, working in this folder, without standard input.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ppl"));
        command
            .args(arguments)
            .current_dir(&self.0)
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::from(self.command(arguments).output().unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// How it ended and what it said.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl Run {
    /// Bad input: exit code 2, nothing on standard output, no colour, no panic, and all of these words.
    #[track_caller]
    pub fn refused(&self, words: &[&str]) {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert!(self.out.is_empty(), "{self:?}");
        assert!(
            !self.err.contains("panicked") && !self.err.contains('\x1b'),
            "{self:?}"
        );
        for word in words {
            assert!(
                self.err.contains(word),
                "{word:?} is missing in:\n{}",
                self.err
            );
        }
    }
}
