//! A folder for files that are not finished yet.

use crate::output::{OutputError, at};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// How the names of such folders begin; one may be left behind where the process was killed.
pub const PARTIAL: &str = ".ppl-partial-";

/// Names tried: process numbers recur, above all in containers, so that a left-over may have the first ones.
const NAMES: usize = 100;

/// The folder; gone when dropped.
#[derive(Debug)]
pub struct Partial {
    path: PathBuf,
}

impl Partial {
    /// A new folder inside another.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn new_in(folder: &Path) -> Result<Partial, OutputError> {
        let process = std::process::id();
        for attempt in 0..NAMES {
            let path = folder.join(format!("{PARTIAL}{process}-{attempt}"));
            match fs::create_dir(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                outcome => return at(folder, outcome.map(|()| Partial { path })),
            }
        }
        at(folder, Err(io::ErrorKind::AlreadyExists.into()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file to the disk, not only to the system's memory.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn file(
        &self,
        name: &str,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        let path = self.path.join(name);
        let mut out = BufWriter::new(at(&path, File::create(&path))?);
        let outcome = write(&mut out)
            .and_then(|()| out.flush())
            .and_then(|()| out.get_ref().sync_all());
        at(&path, outcome)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After it was renamed there is nothing left to remove.
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn left_overs_are_no_hindrance() {
        let folder = std::env::temp_dir().join(format!("ppl-partial-test-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let first = Partial::new_in(&folder).unwrap();
        let second = Partial::new_in(&folder).unwrap();
        assert_ne!(first.path(), second.path());
        second.file("a", |out| out.write_all(b"x")).unwrap();
        drop((first, second));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        fs::remove_dir(&folder).unwrap();
    }
}
