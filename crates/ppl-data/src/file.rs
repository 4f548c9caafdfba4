//! Reading a data file, with messages for the ways that can fail.

use crate::source::{SourceText, whole_file};
use crate::{codes, limits};
use ppl_syntax::diagnostic::Diagnostic;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Reads a file as text.
pub(crate) fn read(path: &Path) -> Result<SourceText, Diagnostic> {
    let shown = path.display().to_string();
    if path.is_dir() {
        let error = refuse(&shown, format!("`{shown}` is a directory, not a data file"));
        return Err(error.help(listing(path)));
    }
    let bytes = bytes_of(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            refuse(&shown, format!("there is no file `{shown}`"))
                .help(listing(folder.unwrap_or(Path::new("."))))
        }
        ErrorKind::PermissionDenied => refuse(&shown, format!("`{shown}` may not be read"))
            .help("its permissions do not allow it: see `ls -l`"),
        _ => refuse(&shown, format!("`{shown}` cannot be read: {error}"))
            .help("check the path and the disk it is on"),
    })?;
    SourceText::from_bytes(&shown, bytes)
}

fn bytes_of(path: &Path) -> std::io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes =
        Vec::with_capacity(file.metadata()?.len().min(limits::FILE_BYTES as u64) as usize);
    // Some paths, such as /dev/zero, never end: stop where `SourceText` refuses.
    file.take(limits::FILE_BYTES as u64 + 4)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn refuse(path: &str, message: String) -> Diagnostic {
    Diagnostic::data(codes::UNREADABLE, whole_file(path), message)
}

/// The data files of a folder, as advice.
fn listing(folder: &Path) -> String {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return format!(
            "there is no folder `{}` either; paths start at the working directory",
            folder.display()
        );
    };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| {
            [".csv", ".tsv", ".json"]
                .iter()
                .any(|end| name.ends_with(end))
        })
        .collect();
    names.sort();
    let more = if names.len() > 5 { ", …" } else { "" };
    names.truncate(5);
    match names.is_empty() {
        true => format!(
            "the folder `{}` holds no .csv, .tsv or .json file",
            folder.display()
        ),
        false => format!(
            "the folder `{}` holds {}{more}",
            folder.display(),
            names.join(", ")
        ),
    }
}
