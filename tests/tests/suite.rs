//! Sources and the messages that they get, side by side in tests/suite/*.md.
//!
//! A case is a heading, a `ppl` block, `csv NAME` blocks or one `json NAME` block where it needs data, and a `text` block: what is said, word for word, or
//! `accepted`. `UPDATE_SUITE=1 cargo test -p ppl-tests --test suite` writes the `text` blocks anew; read the difference before it is
//! committed.

use ppl_data::Table;
use ppl_lang::{Dataset, Diagnostic, Model, render};
use std::fs;
use std::path::{Path, PathBuf};

/// A fenced block: what stands behind the fence, and its lines.
struct Block {
    info: String,
    text: String,
}

/// A heading with what stands below it.
#[derive(Default)]
struct Case {
    /// The heading and the words below it, as they are.
    words: String,
    blocks: Vec<Block>,
}

fn cases(file: &str) -> (String, Vec<Case>) {
    let mut head = String::new();
    let mut cases: Vec<Case> = vec![];
    let mut open: Option<Block> = None;
    for line in file.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                open = Some(Block {
                    info: info.to_owned(),
                    text: String::new(),
                });
            }
            (Some(_), Some("")) => {
                let case = cases.last_mut().expect("a heading before the first block");
                case.blocks.extend(open.take());
            }
            (Some(block), _) => block.text += &format!("{line}\n"),
            (None, None) if line.starts_with("## ") => {
                cases.push(Case {
                    words: format!("{line}\n"),
                    ..Case::default()
                });
            }
            (None, None) => match cases.last_mut() {
                Some(case) if !line.trim().is_empty() => case.words += &format!("{line}\n"),
                Some(_) => {}
                None => head += &format!("{line}\n"),
            },
        }
    }
    assert!(open.is_none(), "a block is not closed");
    (head, cases)
}

/// Everything that is said about a model, and about its data if the model itself has no error.
fn diagnostics(text: &str, data: &Dataset) -> Vec<Diagnostic> {
    let (model, mut found) = Model::parse(text);
    let bind = data.main.is_some() || !data.tables.is_empty() || !data.arrays.is_empty();
    if let Some(model) = model.filter(|_| bind) {
        match model.bind(data) {
            Ok((_, warnings)) => found.extend(warnings),
            Err(errors) => found.extend(errors),
        }
    }
    found
}

/// What is said, and a complaint about each message that says too little.
fn said(case: &Case) -> (String, Vec<String>) {
    let model = case
        .blocks
        .iter()
        .find(|b| b.info == "ppl")
        .expect("a ppl block");
    let mut data = Dataset::empty();
    for block in &case.blocks {
        let Some((_, name)) = block.info.split_once(' ') else {
            continue;
        };
        if block.info.starts_with("json") {
            match Dataset::from_json_text(name, &block.text) {
                Ok(read) => data = read,
                Err(error) => {
                    return (
                        render(&error, "model.ppl", &model.text, false) + "\n",
                        vec![],
                    );
                }
            }
            continue;
        }
        let table = match Table::from_csv_text(name, &block.text) {
            Ok(table) => table,
            Err(error) => {
                return (
                    render(&error, "model.ppl", &model.text, false) + "\n",
                    vec![],
                );
            }
        };
        match name.strip_suffix(".csv") {
            Some("data") => data.main = Some(table),
            Some(axis) => drop(data.tables.insert(axis.to_owned(), table)),
            None => panic!("{name} is no csv file"),
        }
    }
    let found = diagnostics(&model.text, &data);
    let mut poor = vec![];
    let mut shown: Vec<String> = vec![];
    for d in &found {
        if d.help.is_none() && d.fix.is_none() {
            poor.push(format!("`{}` proposes nothing", d.message));
        }
        if d.labels.is_empty() && d.place.is_none() {
            poor.push(format!("`{}` has no place", d.message));
        }
        shown.push(render(d, "model.ppl", &model.text, false) + "\n");
    }
    match shown.is_empty() {
        true => ("accepted\n".to_owned(), poor),
        false => (shown.join("\n"), poor),
    }
}

fn print(head: &str, cases: &[Case]) -> String {
    let mut out = format!("{}\n", head.trim_end());
    for case in cases {
        out += &format!("\n{}", case.words);
        for block in &case.blocks {
            out += &format!("\n```{}\n{}```\n", block.info, block.text);
        }
    }
    out
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite");
    let entries = fs::read_dir(folder).expect("the suite");
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "md"));
    files.sort();
    files
}

#[test]
fn every_source_gets_its_messages() {
    let update = std::env::var_os("UPDATE_SUITE").is_some();
    let (mut wrong, mut n_messages) = (vec![], 0);
    for path in files() {
        let text = fs::read_to_string(&path).expect("a suite file");
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let (head, mut cases) = cases(&text);
        for case in &mut cases {
            let title = format!("{name}: {}", case.words.lines().next().unwrap_or_default());
            let (said, poor) = said(case);
            wrong.extend(poor.iter().map(|p| format!("{title}\n{p}")));
            n_messages += usize::from(said != "accepted\n");
            let old = case.blocks.iter_mut().find(|b| b.info == "text");
            match old {
                Some(block) if block.text == said => {}
                Some(block) if update => block.text = said,
                None if update => case.blocks.push(Block {
                    info: "text".to_owned(),
                    text: said,
                }),
                old => wrong.push(format!(
                    "{title}\nexpected\n{}\nfound\n{said}",
                    old.map_or("", |b| &b.text)
                )),
            }
        }
        let new = print(&head, &cases);
        if update && new != text {
            fs::write(&path, new).expect("the suite can be written");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(n_messages >= 60, "only {n_messages} messages");
}
