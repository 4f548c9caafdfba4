//! Model files that cannot be read, and data files that are not there.

mod support;

use support::Folder;

const MODEL: &str = "data y[row]: real;\nmu ~ Normal(0, 10);\nobserve y ~ Normal(mu, 1);\n";

#[test]
fn missing_model_proposes_its_neighbours() {
    let folder = Folder::new("missing").with("schools.ppl", MODEL);
    folder.run(&["fit", "school.ppl"]).refused(&[
        "no model file `school.ppl`",
        "did you mean `schools.ppl`?",
        "1 error",
    ]);
    let folder = folder.with("radon.ppl", MODEL);
    folder
        .run(&["fit", "./school.ppl"])
        .refused(&["schools.ppl"]);
    folder
        .run(&["fit", "schols.ppl"])
        .refused(&["did you mean `schools.ppl`?"]);
    let folder = Folder::new("alone");
    folder
        .run(&["check", "m.ppl"])
        .refused(&["no model file `m.ppl`", "relative to the working directory"]);
}

#[test]
fn a_directory() {
    let folder = Folder::new("directory").with("m.ppl", MODEL);
    folder
        .run(&["fit", "."])
        .refused(&["`.` is a directory, not a model", "did you mean `m.ppl`?"]);
}

#[test]
fn empty_models_get_a_minimal_one() {
    let folder = Folder::new("empty")
        .with("a.ppl", "")
        .with("b.ppl", " \n// nothing yet\n")
        .with("c.ppl", "\u{FEFF}");
    for name in ["a.ppl", "b.ppl", "c.ppl"] {
        folder
            .run(&["fit", name])
            .refused(&["the model is empty", "mu ~ Normal(0, 10)"]);
    }
}

#[test]
fn not_utf8_has_line_and_column() {
    let folder = Folder::new("latin").with("m.ppl", b"mu ~ Normal(0, 1);\n// \xE9t\xE9\n");
    folder
        .run(&["check", "m.ppl"])
        .refused(&["not UTF-8", "0xE9", "m.ppl:2:4", "save it anew"]);
    let folder = Folder::new("utf16").with("m.ppl", b"\xFF\xFEm\0u\0");
    folder
        .run(&["check", "m.ppl"])
        .refused(&["begins like UTF-16"]);
}

#[test]
fn too_large() {
    let folder = Folder::new("large").with("m.ppl", "a".repeat(10_000_000));
    folder
        .run(&["fit", "m.ppl"])
        .refused(&["larger than 1048576 bytes"]);
}

#[cfg(unix)]
#[test]
fn a_device_without_end() {
    Folder::new("device")
        .run(&["fit", "/dev/zero"])
        .refused(&["larger than 1048576 bytes"]);
}

#[test]
fn model_and_data_are_told_together() {
    let folder = Folder::new("together").with("m.ppl", "");
    let run = folder.run(&["fit", "m.ppl", "none.csv", "county=nowhere.csv"]);
    run.refused(&[
        "the model is empty",
        "none.csv",
        "nowhere.csv",
        "3 errors in ",
    ]);
}
