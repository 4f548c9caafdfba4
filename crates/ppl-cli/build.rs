//! Makes the list of explanations: the pages that the book's table of contents names under `messages/`.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let book = Path::new(&root).join("../../docs/src");
    let contents = fs::read_to_string(book.join("SUMMARY.md"))?;
    let mut list = String::from("&[\n");
    for code in codes(&contents) {
        let page = book.join("messages").join(format!("{code}.md"));
        println!("cargo::rerun-if-changed={}", page.display());
        writeln!(
            list,
            "    ({code:?}, include_str!({:?})),",
            page.display().to_string()
        )
        .map_err(io::Error::other)?;
    }
    list.push(']');
    println!(
        "cargo::rerun-if-changed={}",
        book.join("SUMMARY.md").display()
    );
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("explanations.rs"), list)
}

/// `E0102` of `[…](messages/E0102.md)`, in the order of the contents.
fn codes(contents: &str) -> impl Iterator<Item = &str> {
    contents
        .lines()
        .filter_map(|line| line.split_once("(messages/")?.1.strip_suffix(".md)"))
}
