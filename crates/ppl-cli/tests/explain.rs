//! `ppl explain`, and the pages that it prints: every code has one, and every example does what its page says.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Folder, Run};

/// Codes that no example can provoke on every machine, and why.
const WITHOUT_EXAMPLE: &[(&str, &str)] = &[
    (
        "E0003",
        "the command line refuses such a file unread, with E0901",
    ),
    ("E0906", "the operating system has to refuse threads"),
    ("E0907", "a failure that no known model leads to"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn is_code(word: &str) -> bool {
    word.len() == 5
        && matches!(word.as_bytes()[0], b'E' | b'W' | b'N')
        && word.bytes().skip(1).all(|b| b.is_ascii_digit())
}

/// Codes in string literals of the sources of all crates.
fn emitted() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders: Vec<PathBuf> = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("src"))
        .filter(|path| path.is_dir())
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs")
                && !path.ends_with("explanations.rs")
            {
                let text = fs::read_to_string(&path).unwrap();
                found.extend(text.split('"').filter(|w| is_code(w)).map(str::to_owned));
            }
        }
    }
    found
}

fn pages() -> BTreeMap<String, String> {
    fs::read_dir(root().join("docs/src/messages"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let code = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (code, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

#[test]
fn every_code_has_its_page_and_every_page_its_code() {
    let (emitted, pages) = (emitted(), pages());
    let contents = fs::read_to_string(root().join("docs/src/SUMMARY.md")).unwrap();
    let mut wrong = vec![];
    for code in emitted.iter().filter(|code| !pages.contains_key(*code)) {
        wrong.push(format!(
            "{code} has no page: write docs/src/messages/{code}.md (see its neighbours) and add its line to docs/src/SUMMARY.md"
        ));
    }
    for (code, page) in &pages {
        if !emitted.contains(code) {
            wrong.push(format!("{code} has a page, but no message has this code"));
        }
        let title = page.lines().next().unwrap().trim_start_matches("# ");
        if !title.starts_with(&format!("{code}: ")) {
            wrong.push(format!("{code}: the page begins with `{title}`"));
        }
        let line = format!("  - [{title}](messages/{code}.md)");
        if !contents.lines().any(|l| l == line) {
            wrong.push(format!("docs/src/SUMMARY.md lacks the line `{line}`"));
        }
        let has_examples = page.contains("\n## Wrong\n") && page.contains("\n## Right\n");
        let excused = WITHOUT_EXAMPLE.iter().any(|(known, _)| known == code);
        if !has_examples && !excused {
            wrong.push(format!(
                "{code}: `## Wrong` and `## Right` with an example each are missing"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The fenced blocks of a section, by what stands behind the fence.
fn blocks<'a>(page: &'a str, heading: &str) -> BTreeMap<&'a str, String> {
    let mut out: BTreeMap<&str, String> = BTreeMap::new();
    let Some((_, section)) = page.split_once(&format!("\n## {heading}\n")) else {
        return out;
    };
    let section = section.split("\n## ").next().unwrap();
    let mut block = None;
    for line in section.lines() {
        match (line.strip_prefix("```"), block) {
            (Some(info), None) => {
                block = Some(info);
                out.insert(info, String::new());
            }
            (Some(_), Some(_)) => block = None,
            (None, Some(info)) => *out.get_mut(info).unwrap() += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    out
}

/// Runs an example in a folder of its own: its commands, else `ppl check` of its model with all its files.
fn run(name: &str, example: &BTreeMap<&str, String>) -> Run {
    let mut folder = Folder::new(name);
    let mut arguments = vec!["check".to_owned(), "model.ppl".to_owned()];
    for (info, text) in example {
        match info.split_once(' ') {
            Some((_, file)) => {
                folder = folder.with(file, text);
                arguments.push(match file.split_once('.') {
                    Some(("data", _)) | None => file.to_owned(),
                    Some((axis, _)) => format!("{axis}={file}"),
                });
            }
            None if *info == "ppl" => folder = folder.with("model.ppl", text),
            None => assert_eq!(*info, "sh", "{name}: a block of unknown kind"),
        }
    }
    match example.get("sh") {
        None => folder.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()),
        Some(commands) => {
            let bin = Path::new(env!("CARGO_BIN_EXE_ppl")).parent().unwrap();
            let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
            let mut shell = Command::new("sh");
            shell
                .args(["-c", commands])
                .current_dir(folder.path(""))
                .env("PATH", path);
            Run::from(shell.output().unwrap())
        }
    }
}

#[test]
#[cfg(unix)]
fn examples_do_what_their_pages_say() {
    let mut wrong = vec![];
    for (code, page) in pages() {
        let excused = WITHOUT_EXAMPLE.iter().any(|(known, _)| *known == code);
        let fails = blocks(&page, "Wrong");
        if excused || fails.is_empty() {
            continue;
        }
        // What the corrected example does not repeat is as before, but for the commands.
        let mut passes = blocks(&page, "Right");
        let has_files = passes.keys().any(|info| info.contains(' '));
        for (info, text) in fails.iter().filter(|(info, _)| **info != "sh") {
            if !(has_files && info.contains(' ')) {
                passes.entry(info).or_insert_with(|| text.clone());
            }
        }
        let (bad, good) = (
            run(&format!("{code}-wrong"), &fails),
            run(&format!("{code}-right"), &passes),
        );
        let expected = match code.as_bytes() {
            [b'W' | b'N', ..] => 0,
            [b'E', b'0', b'4', ..] => 4,
            _ => 2,
        };
        if bad.code != Some(expected) || !bad.err.contains(&format!("[{code}]")) {
            wrong.push(format!(
                "{code}: the wrong example exits with {:?} and says\n{}",
                bad.code, bad.err
            ));
        }
        if good.code != Some(0) || good.err.contains("error") || good.err.contains("warning") {
            wrong.push(format!(
                "{code}: the right example exits with {:?} and says\n{}",
                good.code, good.err
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn printed_listed_and_proposed() {
    let folder = Folder::new("explain");
    let list = folder.run(&["explain"]);
    assert_eq!(list.code, Some(0));
    for code in pages().keys() {
        assert!(list.out.contains(&format!("{code}  ")), "{code}");
    }
    let page = folder.run(&["explain", "e0108"]);
    assert_eq!(page.code, Some(0));
    assert!(
        page.out
            .starts_with("E0108: the right side is wider than the left\n"),
        "{}",
        page.out
    );
    assert!(page.out.contains("    observe y ~ Normal(mu, 1);\n") && !page.out.contains("```"));
    folder
        .run(&["explain", "E0199"])
        .refused(&["[E0911]", "`E0199`", "`E0202`"]);
    folder
        .run(&["explain", "what"])
        .refused(&["[E0911]", "lists all codes"]);
}
