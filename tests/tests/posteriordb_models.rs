//! The models of `tests/posteriordb` parse and check. Fitting them needs their data: `cargo xtask posteriordb`.

use ppl_lang::{Diagnostic, Model, render};
use std::{fs, path::Path};

#[test]
fn all_are_accepted() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("posteriordb");
    let mut refused = String::new();
    let mut count = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "ppl") {
            continue;
        }
        count += 1;
        let (text, name) = (
            fs::read_to_string(&path).unwrap(),
            path.display().to_string(),
        );
        let (model, messages) = Model::parse(&text);
        if model.is_none() || messages.iter().any(Diagnostic::is_error) {
            let lines = messages.iter().map(|d| render(d, &name, &text, false));
            refused.extend(lines);
        }
    }
    assert!(count > 0, "no models");
    assert!(refused.is_empty(), "{refused}");
}
