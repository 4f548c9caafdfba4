//! What the comments of a model tell this task.
//!
//! `// report: beta[1] = beta[intercept], beta[2] = beta[slope]` gives the model's name for a name of the reference;
//! `// data: data.json` names the file to fit, `data.csv` if there is no such line.

use std::collections::BTreeMap;

/// Read from the comments.
#[derive(Debug, PartialEq)]
pub struct Notes {
    /// The data file within the folder.
    pub data: String,
    /// The model's name, by the reference's.
    names: BTreeMap<String, String>,
}

impl Notes {
    /// Reads the comments of a model.
    pub fn read(text: &str) -> Result<Notes, String> {
        let mut notes = Notes {
            data: "data.csv".to_owned(),
            names: BTreeMap::new(),
        };
        for line in text.lines() {
            if let Some(file) = line.strip_prefix("// data:") {
                notes.data = file.trim().to_owned();
            }
            let Some(pairs) = line.strip_prefix("// report:") else {
                continue;
            };
            for pair in split(pairs) {
                let (theirs, ours) = pair
                    .split_once('=')
                    .ok_or_else(|| format!("`{pair}` in a `// report:` line lacks `=`"))?;
                notes
                    .names
                    .insert(theirs.trim().to_owned(), ours.trim().to_owned());
            }
        }
        Ok(notes)
    }

    /// What the model calls this quantity of the reference.
    pub fn ours<'a>(&'a self, theirs: &'a str) -> &'a str {
        self.names.get(theirs).map_or(theirs, String::as_str)
    }
}

/// Splits at the commas outside brackets.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(|c| {
        depth += i32::from(c == '[') - i32::from(c == ']');
        c == ',' && depth == 0
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_data() {
        let text =
            "// About.\n// report: b[1] = b[x], c[1,2] = c[u, v]\n// data: data.json\nb ~ D();";
        let notes = Notes::read(text).unwrap();
        assert_eq!(notes.data, "data.json");
        assert_eq!(notes.ours("b[1]"), "b[x]");
        assert_eq!(notes.ours("c[1,2]"), "c[u, v]");
        assert_eq!(notes.ours("other"), "other");
        assert_eq!(Notes::read("").unwrap().data, "data.csv");
        assert!(Notes::read("// report: b[1]").is_err());
    }
}
