//! The folders of the data set and their references.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder with data and a reference.
#[derive(Debug)]
pub struct Folder {
    /// Its name, which is the model's.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Mean and sd of one quantity of the reference posterior.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Such as `beta[2]`.
    pub name: String,
    /// Posterior mean.
    pub mean: f64,
    /// Posterior standard deviation.
    pub sd: f64,
}

/// The folders of `root`, or of the directories `open` and `extra` in it, by name within each.
pub fn below(root: &Path) -> Result<Vec<Folder>, String> {
    let parts: Vec<PathBuf> = ["open", "extra"]
        .iter()
        .map(|part| root.join(part))
        .filter(|part| part.is_dir())
        .collect();
    let parts = if parts.is_empty() {
        vec![root.to_owned()]
    } else {
        parts
    };
    let mut folders = vec![];
    for part in parts {
        folders.extend(children(&part)?);
    }
    Ok(folders)
}

fn children(directory: &Path) -> Result<Vec<Folder>, String> {
    let failed = |e: std::io::Error| format!("cannot read {}: {e}", directory.display());
    let mut folders = vec![];
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.join("reference.json").is_file()
            && let Some(name) = path.file_name()
        {
            let name = name.to_string_lossy().into_owned();
            folders.push(Folder { name, path });
        }
    }
    folders.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(folders)
}

impl Folder {
    /// The reference posterior.
    pub fn reference(&self) -> Result<Vec<Moments>, String> {
        let path = self.path.join("reference.json");
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        moments(&text).map_err(|e| format!("{}: {e}", path.display()))
    }
}

fn moments(text: &str) -> Result<Vec<Moments>, String> {
    let value: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let parameters = value["parameters"].as_object().ok_or("no `parameters`")?;
    parameters
        .iter()
        .map(|(name, entry)| match (&entry["mean"], &entry["sd"]) {
            (Value::Number(mean), Value::Number(sd)) => Ok(Moments {
                name: name.clone(),
                mean: mean.as_f64().unwrap_or(f64::NAN),
                sd: sd.as_f64().unwrap_or(f64::NAN),
            }),
            _ => Err(format!("`{name}` lacks a mean or an sd")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read() {
        let text = r#"{"parameters": {"a[1]": {"mean": 1, "sd": 0.5}}}"#;
        let expected = Moments {
            name: "a[1]".into(),
            mean: 1.0,
            sd: 0.5,
        };
        assert_eq!(moments(text), Ok(vec![expected]));
        assert!(moments(r#"{"parameters": {"a": {"mean": 1}}}"#).is_err());
        assert!(moments("{}").is_err());
    }
}
