//! Reading a model file, and what can be wrong with it before its text is looked at.

use crate::messages::{codes, plain};
use ppl_lang::Diagnostic;
use ppl_syntax::{FilePlace, MAX_SOURCE, Span, suggest};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

const MINIMAL: &str =
    "a minimal model is: `data y[row]: real;  mu ~ Normal(0, 10);  observe y ~ Normal(mu, 1);`";

/// The text of a model, without byte order mark.
pub fn read(path: &Path) -> Result<String, Box<Diagnostic>> {
    text_of(path, &bytes(path)?)
}

/// The text of a model on standard input.
pub fn read_standard_input() -> Result<String, Box<Diagnostic>> {
    let mut bytes = vec![];
    io::stdin()
        .lock()
        .take(MAX_SOURCE as u64 + 4)
        .read_to_end(&mut bytes)
        .map_err(|error| {
            let message = format!("standard input cannot be read: {error}");
            Box::new(plain(codes::MODEL_FILE, message))
        })?;
    text_of(Path::new("<stdin>"), &bytes)
}

fn text_of(path: &Path, bytes: &[u8]) -> Result<String, Box<Diagnostic>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.len() > MAX_SOURCE {
        let message = format!(
            "`{}` is larger than {MAX_SOURCE} bytes: it is hardly a model",
            path.display()
        );
        let help = "the model comes first, then the data: `ppl fit model.ppl data.csv`";
        return Err(Box::new(plain(codes::MODEL_FILE, message).help(help)));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Box::new(not_utf8(path, bytes, error.valid_up_to())))?;
    if is_blank(text) {
        return Err(Box::new(
            plain(
                codes::MODEL_EMPTY,
                format!("the model is empty: {}", path.display()),
            )
            .help(MINIMAL),
        ));
    }
    Ok(text.to_owned())
}

/// At most a mark and a byte more than the limit, so that a device without end is no trap.
fn bytes(path: &Path) -> Result<Vec<u8>, Box<Diagnostic>> {
    if path.is_dir() {
        let error = plain(
            codes::MODEL_FILE,
            format!("`{}` is a directory, not a model", path.display()),
        );
        return Err(Box::new(propose(error, None, &models_in(path))));
    }
    let mut bytes = vec![];
    let outcome =
        File::open(path).and_then(|file| file.take(MAX_SOURCE as u64 + 4).read_to_end(&mut bytes));
    match outcome {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty())
                .unwrap_or(Path::new("."));
            let message = format!("there is no model file `{}`", path.display());
            Err(Box::new(propose(
                plain(codes::MODEL_FILE, message),
                path.to_str(),
                &models_in(folder),
            )))
        }
        Err(error) => {
            let message = format!(
                "the model file `{}` cannot be read: {error}",
                path.display()
            );
            Err(Box::new(
                plain(codes::MODEL_FILE, message)
                    .help("check the path and the permissions of the file"),
            ))
        }
    }
}

/// Proposes the model whose path resembles the wanted one, or the few that are there.
fn propose(error: Diagnostic, wanted: Option<&str>, models: &[PathBuf]) -> Diagnostic {
    let known = models.iter().filter_map(|path| path.to_str());
    if let Some(near) = wanted.and_then(|wanted| suggest(wanted, known)) {
        return error.help(format!("did you mean `{near}`?"));
    }
    match models {
        [] => error.help("give the path of a model, such as `model.ppl`; it is relative to the working directory"),
        [one] => error.help(format!("did you mean `{}`?", one.display())),
        many => {
            let names: Vec<String> = many.iter().take(4).map(|path| format!("`{}`", path.display())).collect();
            let more = if many.len() > 4 { ", …" } else { "" };
            error.help(format!("there are {}{more}", names.join(", ")))
        }
    }
}

/// The models of a folder, by name.
fn models_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .take(10_000);
    let mut models: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ppl"))
        .map(|path| {
            path.strip_prefix(".")
                .map(Path::to_path_buf)
                .unwrap_or(path)
        })
        .collect();
    models.sort();
    models
}

/// Whether nothing stands in the text but blanks and comments.
fn is_blank(text: &str) -> bool {
    let mut rest = text.trim_start();
    loop {
        if rest.is_empty() {
            return true;
        }
        let end = match rest {
            comment if comment.starts_with("//") => comment.find('\n').unwrap_or(comment.len()),
            comment if comment.starts_with("/*") => match comment.find("*/") {
                Some(end) => end + 2,
                None => return false,
            },
            _ => return false,
        };
        rest = rest[end..].trim_start();
    }
}

/// Line and column of the first byte that is not UTF-8, with its line cut to a screen's width.
fn not_utf8(path: &Path, bytes: &[u8], at: usize) -> Diagnostic {
    let line = bytes[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
    let start = bytes[..at]
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |end| end + 1);
    let before = String::from_utf8_lossy(&bytes[start..at]);
    let column = before.chars().count() + 1;
    let skipped = before.char_indices().rev().nth(59).map_or(0, |(at, _)| at);
    let mut excerpt = String::from(if skipped > 0 { "…" } else { "" });
    excerpt.push_str(&before[skipped..]);
    let from = excerpt.len();
    excerpt.push('\u{FFFD}');
    let underline = Span {
        start: from,
        end: excerpt.len(),
    };
    let after = String::from_utf8_lossy(&bytes[at + 1..bytes.len().min(at + 60)]);
    excerpt.push_str(after.split(['\r', '\n']).next().unwrap_or_default());
    let excerpt = excerpt.replace(|c: char| c.is_ascii_control(), " ");
    let place = FilePlace {
        path: path.display().to_string(),
        line,
        column,
        excerpt,
        underline,
    };
    let message = format!("the model is not UTF-8: byte {at} is 0x{:02X}", bytes[at]);
    let help = if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        "it begins like UTF-16; save it anew as UTF-8"
    } else {
        "a model is text in UTF-8; save it anew in that encoding, or write this letter otherwise"
    };
    Diagnostic::data(codes::MODEL_ENCODING, place, message).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_texts() {
        for text in ["", " \n", "// only this", "// a\n/* b */ // c\n"] {
            assert!(is_blank(text), "{text:?}");
        }
        for text in ["a", "// a\nb", "/* a", "/"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }

    #[test]
    fn encoding_has_line_and_column() {
        let error = not_utf8(Path::new("m.ppl"), b"a;\nmu\xC3 ~ b\nc", 5);
        let place = error.place.unwrap();
        assert_eq!((place.line, place.column), (2, 3));
        assert_eq!(place.excerpt, "mu\u{FFFD} ~ b");
        assert_eq!(
            &place.excerpt[place.underline.start..place.underline.end],
            "\u{FFFD}"
        );
        assert!(error.message.contains("byte 5 is 0xC3"));
    }
}
