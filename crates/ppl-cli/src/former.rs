//! A directory of a former fit as a place to start from.

use crate::commands::compare::fit_json;
use crate::commands::predict::draws_of;
use ppl_lang::{Diagnostic, Former};
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

/// Reads what `ppl fit --out` wrote there.
///
/// # Errors
/// Where the directory holds no fit.
pub fn read(directory: &Path) -> Result<Former, Diagnostic> {
    let document = fit_json(directory).map_err(|error| *error)?;
    let draws = draws_of(directory)?;
    let rows = document["summary"].as_array().into_iter().flatten();
    let text = |value: &'_ Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let roles: Vec<(String, String)> = rows.map(|r| (text(r, "name"), text(r, "role"))).collect();
    let roles: HashMap<&str, &str> = roles
        .iter()
        .map(|(n, r)| (n.as_str(), r.as_str()))
        .collect();
    Ok(Former::new(&draws, &roles, text(&document, "guide_text")))
}
