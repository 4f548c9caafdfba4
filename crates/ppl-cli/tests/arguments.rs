//! The command line: help, misspellings, values out of range, arguments in the wrong order.

mod support;

use support::Folder;

#[test]
fn help_has_examples_and_exit_codes() {
    let folder = Folder::new("help");
    let run = folder.run(&["--help"]);
    assert_eq!(run.code, Some(0));
    for word in ["fit", "check", "guide", "Example", "130 interrupted"] {
        assert!(run.out.contains(word), "{}", run.out);
    }
    for command in ["fit", "check", "guide"] {
        let run = folder.run(&[command, "--help"]);
        assert_eq!(run.code, Some(0));
        assert!(
            run.out.contains(&format!("ppl {command} model.ppl")),
            "{}",
            run.out
        );
    }
    let run = folder.run(&["--version"]);
    assert_eq!(
        (run.code, run.out.as_str()),
        (Some(0), concat!("ppl ", env!("CARGO_PKG_VERSION"), "\n"))
    );
}

#[test]
fn nothing_asked_for() {
    let folder = Folder::new("nothing");
    folder.run(&[]).refused(&["Usage", "fit"]);
    folder.run(&["fit"]).refused(&["Usage", "MODEL"]);
}

#[test]
fn misspelt_names_get_a_proposal() {
    let folder = Folder::new("misspelt");
    folder.run(&["fot", "m.ppl"]).refused(&["fot", "fit"]);
    folder
        .run(&["fit", "m.ppl", "--thread", "2"])
        .refused(&["--thread", "--threads"]);
    folder
        .run(&["fit", "m.ppl", "--guide", "fullrank"])
        .refused(&["fullrank", "full-rank"]);
}

#[test]
fn values_out_of_range() {
    let folder = Folder::new("range");
    folder
        .run(&["fit", "m.ppl", "--threads", "0"])
        .refused(&["--threads", "from 1 to 1024"]);
    folder
        .run(&["fit", "m.ppl", "--draws", "1"])
        .refused(&["--draws", "from 2"]);
    folder
        .run(&["fit", "m.ppl", "--draws", "99999999999"])
        .refused(&["--draws", "to 1000000"]);
    folder
        .run(&["fit", "m.ppl", "--max-steps", "-1"])
        .refused(&["-1"]);
    folder
        .run(&["fit", "m.ppl", "--seed", "x"])
        .refused(&["--seed"]);
    folder
        .run(&["fit", "m.ppl", "--set", "n"])
        .refused(&["--set n=3"]);
}

#[test]
fn swapped_arguments() {
    let folder = Folder::new("swapped")
        .with("data.csv", "y\n1\n")
        .with("model.ppl", "mu ~ Normal(0, 1);\n");
    folder
        .run(&["fit", "data.csv", "model.ppl"])
        .refused(&["`model.ppl data.csv`"]);
    folder
        .run(&["check", "data.csv"])
        .refused(&["is a table, not a model"]);
    folder
        .run(&["fit", "model.ppl", "model.ppl"])
        .refused(&["where data is expected"]);
}

#[test]
fn a_scalar_without_its_option() {
    let folder = Folder::new("scalar").with("model.ppl", "mu ~ Normal(0, 1);\n");
    folder
        .run(&["fit", "model.ppl", "n=3"])
        .refused(&["--set n=3"]);
}
