//! `ppl fmt`: in place, as a check, as a filter.

mod support;

use std::io::Write;
use std::process::Stdio;
use support::{Folder, Run};

const UGLY: &str = "data y[row]:real;\r\n\n\n\nmu~Normal( 0,10 );observe y~Normal(mu,1); // why\n";
const GOOD: &str = "data y[row]: real;\n\nmu ~ Normal(0, 10);\nobserve y ~ Normal(mu, 1); // why\n";

#[test]
fn in_place_and_check() {
    let folder = Folder::new("fmt").with("a.ppl", UGLY).with("b.ppl", GOOD);
    let run = folder.run(&["fmt", "--check", "a.ppl", "b.ppl"]);
    assert_eq!(
        (run.code, run.out.as_str()),
        (Some(1), "a.ppl\n"),
        "{run:?}"
    );
    assert_eq!(folder.read("a.ppl"), UGLY);
    let run = folder.run(&["fmt", "a.ppl", "b.ppl"]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), ""), "{run:?}");
    assert_eq!(folder.read("a.ppl"), GOOD);
    assert_eq!(folder.read("b.ppl"), GOOD);
    let run = folder.run(&["fmt", "--check", "a.ppl", "b.ppl"]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), ""), "{run:?}");
    let names: Vec<_> = std::fs::read_dir(folder.path("."))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn broken_files_are_not_touched() {
    let folder = Folder::new("fmt-broken")
        .with("a.ppl", "mu ~ ;\n")
        .with("b.ppl", UGLY);
    folder
        .run(&["fmt", "a.ppl", "b.ppl"])
        .refused(&["E0001", "a.ppl:1"]);
    assert_eq!(folder.read("a.ppl"), "mu ~ ;\n");
    assert_eq!(folder.read("b.ppl"), GOOD);
    folder.run(&["fmt", "none.ppl"]).refused(&["no model file"]);
}

#[test]
fn as_a_filter() {
    let folder = Folder::new("fmt-filter");
    let mut child = folder
        .command(&["fmt", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(UGLY.as_bytes())
        .unwrap();
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.out.as_str()), (Some(0), GOOD), "{run:?}");
}
