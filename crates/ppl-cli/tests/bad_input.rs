//! Models and data that cannot be used.

mod support;

use support::Folder;

#[test]
fn two_errors_of_one_file_are_both_told() {
    let folder = Folder::schools("errors").with(
        "wrong.ppl",
        "data y[row]: real;\nmu ~ Norml(0, 5);\ntau ~ HalfNormal(-1);\nobserve y ~ Normal(mu, tau);\n",
    );
    folder.run(&["fit", "wrong.ppl", "data.csv"]).refused(&[
        "wrong.ppl:2:6",
        "Normal",
        "wrong.ppl:3:",
        "2 errors in wrong.ppl",
    ]);
}

#[test]
fn data_that_does_not_fit() {
    let folder = Folder::schools("data")
        .with("missing.csv", "y,sigma\n28,15\n,10\n")
        .with("letters.csv", "y,sigma\n28,15\nx,10\n")
        .with("column.csv", "y,sigm\n28,15\n")
        .with("empty.csv", "")
        .with("line.csv", format!("y,sigma\n{}\n", "1".repeat(10_000_000)));
    folder
        .run(&["fit", "model.ppl", "missing.csv"])
        .refused(&["missing.csv:3:1", "real?"]);
    folder
        .run(&["fit", "model.ppl", "letters.csv"])
        .refused(&["letters.csv:3:1"]);
    folder
        .run(&["fit", "model.ppl", "column.csv"])
        .refused(&["sigma", "sigm"]);
    folder
        .run(&["fit", "model.ppl", "empty.csv"])
        .refused(&["empty.csv"]);
    folder
        .run(&["fit", "model.ppl", "line.csv"])
        .refused(&["line.csv"]);
    folder.run(&["fit", "model.ppl"]).refused(&["y"]);
}

#[test]
fn mismatched_axes() {
    let model = "data y[row]: real;\nb[row] ~ Normal(0, 1);\nobserve y ~ Normal(nothing, 1);\nmu ~ Normal(b, 1);\n";
    Folder::schools("axes")
        .with("axes.ppl", model)
        .run(&["fit", "axes.ppl", "data.csv"])
        .refused(&["axes.ppl:3:", "nothing", "axes.ppl:4:", "row"]);
}

#[test]
fn deep_nesting_is_refused() {
    let model = format!(
        "mu ~ Normal({}0{}, 1);\n",
        "(".repeat(10_000),
        ")".repeat(10_000)
    );
    let folder = Folder::schools("deep").with("deep.ppl", model);
    folder.run(&["fit", "deep.ppl"]).refused(&["deep.ppl:1:"]);
}

#[test]
fn settings_supports_and_limits() {
    let folder = Folder::schools("settings")
        .with(
            "counts.ppl",
            "data y[row]: int;\nl ~ HalfNormal(5);\nobserve y ~ Poisson(l);\n",
        )
        .with("empty_handed.ppl", "data y[row]: real;\n")
        .with(
            "sized.ppl",
            "data n: int;\naxis k = n;\nb[k] ~ Normal(0, 1);\n",
        );
    folder.run(&["fit", "counts.ppl", "data.csv"]).refused(&[
        "data.csv:4:1",
        "-3",
        "counts.ppl:3:",
    ]);
    folder
        .run(&["fit", "empty_handed.ppl", "data.csv"])
        .refused(&["no unknowns"]);
    folder
        .run(&["fit", "sized.ppl"])
        .refused(&["sized.ppl:1:6", "--set n="]);
    folder
        .run(&["check", "sized.ppl", "--set", "m=3"])
        .refused(&["`m`", "--set"]);
    folder
        .run(&["fit", "model.ppl", "data.csv", "schools=data.csv"])
        .refused(&["schools"]);
}
