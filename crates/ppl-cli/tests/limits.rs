//! Large and hostile models: an answer or a clear limit, within 2 seconds and 1 GB.

#![cfg(unix)]

mod support;

use std::process::Command;
use support::{Folder, Run};

/// `ppl check` in an address space of 1 GB and in 2 seconds of processor time, which other work on the machine does not lengthen. The
/// build under test is optimised little.
fn check(name: &str, model: &str, data: &str) -> Run {
    let folder = Folder::new(name)
        .with("model.ppl", model)
        .with("data.csv", data);
    let ppl = env!("CARGO_BIN_EXE_ppl");
    let script = format!(
        "ulimit -v 1000000; '{ppl}' check model.ppl data.csv; code=$?; times > times.txt; exit $code"
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(folder.path(""));
    let run = Run::from(shell.output().unwrap());
    assert!(
        matches!(run.code, Some(0..=4)),
        "{name}: {:?} {}",
        run.code,
        run.err
    );
    // The second line is about the children: `0m0.120s 0m0.010s`, user and system.
    let times = folder.read("times.txt");
    let seconds = |text: &str| -> f64 {
        let (minutes, rest) = text.split_once('m').expect("minutes");
        60.0 * minutes.parse::<f64>().unwrap() + rest.trim_end_matches('s').parse::<f64>().unwrap()
    };
    let used: f64 = times
        .lines()
        .nth(1)
        .expect("two lines")
        .split_whitespace()
        .map(seconds)
        .sum();
    assert!(used < 2.0, "{name} takes {used} seconds");
    run
}

const DATA: &str = "y,x\n1,2\n2,3\n";

#[test]
fn a_model_of_5000_lines() {
    let mut model = String::from("data y[row]: real;\ndata x[row]: real;\na0 ~ Normal(0, 1);\n");
    for i in 1..2500 {
        model += &format!(
            "a{i} ~ Normal(0.5 * a{} + 0.1, 1);\nlet b{i} = exp(a{i}) + x * a{};\n",
            i - 1,
            i - 1
        );
    }
    model += "observe y ~ Normal(b2499, 1);\n";
    assert!(model.lines().count() >= 5000);
    let run = check("lines-right", &model, DATA);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(run.out.matches("site a").count(), 2500);
    let wrong = model.replace("exp(", "exq(");
    let run = check("lines-wrong", &wrong, DATA);
    run.refused(&["E0103", "model.ppl:5:"]);
}

#[test]
fn observations_by_the_thousand() {
    let mut model = String::from("data y[row]: real;\nmu ~ Normal(0, 1);\n");
    for i in 0..5000 {
        model += &format!("observe {i} ~ Normal(mu, 1);\n");
    }
    assert_eq!(check("observations", &model, DATA).code, Some(0));
}

#[test]
fn an_expression_2000_deep() {
    for (name, open, close) in [
        ("brackets", "(", ")"),
        ("calls", "exp(", ")"),
        ("choices", "if 1 < 2 { ", " } else { 1 }"),
    ] {
        let model = format!(
            "mu ~ Normal({}0{}, 1);\n",
            open.repeat(2000),
            close.repeat(2000)
        );
        check(&format!("deep-{name}"), &model, DATA).refused(&["E0002", "model.ppl:1:"]);
    }
    let chain = format!("mu ~ Normal({}0, 1);\n", "1 + ".repeat(2000));
    check("deep-chain", &chain, DATA).refused(&["E0002"]);
    let signs = format!("mu ~ Normal({}1, 1);\n", "-".repeat(2000));
    check("deep-signs", &signs, DATA).refused(&["E0002"]);
    // As deep, but through names: an answer.
    let mut model = String::from("a ~ Normal(0, 1);\nlet b0 = a;\n");
    for i in 1..=2000 {
        model += &format!("let b{i} = tanh(b{} + 1);\n", i - 1);
    }
    model += "data y[row]: real;\nobserve y ~ Normal(b2000, 1);\n";
    assert_eq!(check("deep-names", &model, DATA).code, Some(0));
}

#[test]
fn axes_and_loops_beyond_all_measure() {
    check("axis", "axis a = 1e15;\nb[a] ~ Normal(0, 1);\n", DATA)
        .refused(&["E0202", "limit is 10000000"]);
    check("range", "axis a = 1..1e15;\nb[a] ~ Normal(0, 1);\n", DATA)
        .refused(&["E0202", "limit is 10000000"]);
    check(
        "loop",
        "axis a = 1e9;\nfor i in a { b[i] ~ Normal(0, 1); }\n",
        DATA,
    )
    .refused(&["E0202", "limit is 10000000"]);
    let product =
        "axis a = 1e6;\naxis b = 1e6;\nfor i in a { for j in b { c[i, j] ~ Normal(0, 1); } }\n";
    check("product", product, DATA).refused(&["E0202", "elements"]);
    let skip = "data y[row]: real;\nb ~ Normal(0, 1);\nfor t in row skip 1000000000 { observe y[t] ~ Normal(b * y[t - 1000000000], 1); }\n";
    assert!(matches!(check("skip", skip, DATA).code, Some(0 | 2)));
}

#[test]
fn names_and_texts_beyond_all_measure() {
    let long = "a".repeat(500_000);
    let run = check(
        "name",
        &format!("{long} ~ Normal(0, 1);\nobserve 1 ~ Normal({long}b, 1);\n"),
        DATA,
    );
    assert_eq!(run.code, Some(2), "{}", run.err);
    let levels: Vec<String> = (0..100_000).map(|i| format!("l{i}")).collect();
    let run = check(
        "levels",
        &format!(
            "axis a = {{{}}};\nb[a] ~ Normal(0, 1);\n",
            levels.join(", ")
        ),
        DATA,
    );
    assert_eq!(run.code, Some(0), "{}", run.err);
}
