//! What is said about data that a model cannot use.

mod common;

use common::{at, check, diagnostics, table};
use ppl_data::{Dataset, Source};

#[test]
fn columns_and_axes() {
    let data = table("g,y,n\na,1.5,3\nb,-2,0\nA,0,7\n");
    check(
        &[
            (
                "data yy[row]: real;",
                "E0203",
                "1:6",
                "no column `yy`",
                "`y`",
            ),
            (
                "axis c = {a, b};\ndata g[row]: c;",
                "E0210",
                "data.csv:4:1",
                "`A` is not a level of `c`",
                "`a`",
            ),
            (
                "data y[row]: int;",
                "E0313",
                "data.csv:2:3",
                "whole number",
                "`real`",
            ),
            (
                "data y[row]: positive;",
                "E0209",
                "data.csv:3:3",
                "positive",
                "mend the cell",
            ),
            ("data n[row]: bool;", "E0314", "data.csv:2:", "0/1", ""),
            (
                "data g[row]: real;",
                "E0311",
                "data.csv:2:1",
                "expects a number",
                "axis",
            ),
            (
                "data n: int;\naxis k = n;\nb[k] ~ Normal(0, 1);",
                "E0208",
                "1:6",
                "`n` has no value",
                "--set n=",
            ),
            (
                "axis k = 0;\nb[k] ~ Normal(0, 1);",
                "E0202",
                "1:10",
                "size 0",
                "at least one",
            ),
            (
                "axis k = 1000000000000;\nb[k] ~ Normal(0, 1);",
                "E0202",
                "1:10",
                "the limit is",
                "fewer",
            ),
            (
                "axis k = 3..1;\nb[k] ~ Normal(0, 1);",
                "E0202",
                "1:10",
                "is empty",
                "1..52",
            ),
            (
                "axis k = 1000000;\naxis j = 1000000;\nb[j, k] ~ Normal(0, 1);",
                "E0202",
                "3:1",
                "elements",
                "fewer",
            ),
            (
                "axis k;\nb[k] ~ Normal(0, 1);",
                "E0206",
                "1:6",
                "nothing tells the levels",
                "axis k = 3;",
            ),
            (
                "axis k = columns(\"x_*\");\ndata X[row, k]: real;",
                "E0203",
                "1:6",
                "matches",
                "columns are",
            ),
            (
                "axis k = 2;\nb[k] ~ Normal(0, 1);\nlet c = b[3];",
                "E0110",
                "3:11",
                "no level `3`",
                "",
            ),
        ]
        .map(|(text, code, place, message, help)| {
            // The column of `n` depends on the width of the cells before it.
            let place = if place.ends_with(':') {
                "data.csv:2:7"
            } else {
                place
            };
            (text, code, place, message, help)
        }),
        Some(&data),
    );
}

#[test]
fn observations_outside_the_support() {
    let data = table("y,n\n0.5,3\n-2,-1\n1.5,2\n0,1\n");
    check(
        &[
            (
                "data y[row]: real;\na ~ HalfNormal(1);\nobserve y ~ Exponential(a);",
                "E0211",
                "data.csv:3:1",
                "numbers from 0 on, so -2",
                "choose a distribution",
            ),
            (
                "data y[row]: real;\na ~ HalfNormal(1);\nobserve y ~ Beta(a, 2);",
                "E0211",
                "data.csv:3:1",
                "nor can 2 values more",
                "",
            ),
            (
                "data n[row]: int;\na ~ HalfNormal(1);\nobserve n ~ Poisson(a);",
                "E0211",
                "data.csv:3:4",
                "whole numbers",
                "",
            ),
            (
                "data n[row]: int;\na ~ Beta(1, 1);\nobserve n ~ Bernoulli(a);",
                "E0211",
                "data.csv:2:5",
                "0 or 1",
                "",
            ),
            (
                "data n[row]: int;\na ~ Beta(1, 1);\nfor i in row { observe n[i] ~ Binomial(2, a); }",
                "E0211",
                "data.csv:2:5",
                "between 0 and 2",
                "",
            ),
            (
                "data y[row]: real;\na ~ HalfNormal(1);\nobserve y ~ LogNormal(a, 1);",
                "E0211",
                "data.csv:3:1",
                "numbers above 0",
                "",
            ),
            (
                "a ~ HalfNormal(1);\nobserve -1 ~ Exponential(a);",
                "E0211",
                "2:9",
                "-1 cannot be observed",
                "mend the value",
            ),
            (
                "data y[row]: real;\nobserve y ~ Uniform(-2, 1);",
                "E0211",
                "data.csv:4:1",
                "between -2 and 1",
                "",
            ),
        ],
        Some(&data),
    );
    let right = "data y[row]: real;\na ~ HalfNormal(1);\nobserve y ~ Uniform(-2, 2);\nobserve 0 ~ Exponential(a);\nobserve 0 ~ Poisson(a);";
    assert!(diagnostics(right, Some(&data)).is_empty());
}

#[test]
fn arguments_that_nothing_reads() {
    let model = "data n_groups: int;\ndata y[row]: real;\naxis county = n_groups;\na[county] ~ Normal(0, 1);";
    let load = |settings: &[(&str, &str)]| {
        let sources: Vec<Source> = settings.iter().map(|(n, v)| Source::Set(n, v)).collect();
        let main = table("y\n1\n").main;
        let mut data: Dataset = Dataset::load(&sources).unwrap();
        data.main = main;
        data
    };
    assert!(diagnostics(model, Some(&load(&[("n_groups", "2")]))).is_empty());
    let found = diagnostics(model, Some(&load(&[("n_group", "2")])));
    assert_eq!(found[0].code, "E0212");
    assert_eq!(
        found[0].help.as_deref(),
        Some("did you mean `--set n_groups=…`?")
    );
    let found = diagnostics(model, Some(&load(&[("n_groups", "2"), ("y", "2")])));
    assert_eq!(
        (found[0].code, at(model, &found[0]).as_str()),
        ("E0212", "2:6")
    );
    let mut data = load(&[("n_groups", "2")]);
    data.tables
        .insert("count".to_owned(), table("count\n1\n").main.unwrap());
    let found = diagnostics(model, Some(&data));
    assert_eq!(found[0].code, "E0212");
    assert!(
        found[0]
            .help
            .as_deref()
            .unwrap()
            .contains("county=data.csv")
    );
    let found = diagnostics(model, Some(&load(&[("n_groups", "2.5")])));
    assert!(found[0].message.contains("2.5"), "{found:?}");
}

#[test]
fn kinds_of_vectors() {
    let data = table("a,b\n0.25,0.75\n0.5,0.4\n");
    check(
        &[
            (
                "data a: real;",
                "E0208",
                "1:6",
                "`a` has no value",
                "data a[row]",
            ),
            (
                "axis k = {a, b};\ndata p[row, k]: simplex;",
                "E0209",
                "2:6",
                "vector 2 is declared to be a simplex",
                "`real`",
            ),
            (
                "axis k = {a, b};\ndata p[row, k]: ordered;",
                "E0209",
                "2:6",
                "vector 2 is declared to be ordered",
                "`real`",
            ),
        ],
        Some(&data),
    );
}

#[test]
fn cells_that_a_condition_leaves_out_are_not_observed() {
    let dataset = |text: &str| ppl_data::Dataset {
        main: Some(ppl_data::Table::from_csv_text("data.csv", text).expect("a table")),
        ..ppl_data::Dataset::empty()
    };
    let model = |bound: &str| {
        format!(
            "data y[row]: int; r ~ Exponential(1);\nfor i in row {{ if y[i] > {bound} {{ observe y[i] ~ Poisson(r).truncated(lower = 1); }} }}"
        )
    };
    let data = dataset("y\n0\n2\n0\n");
    assert!(common::diagnostics(&model("0"), Some(&data)).is_empty());
    let found = common::diagnostics(&model("-1"), Some(&data));
    assert!(found.len() == 1 && found[0].code == "E0211", "{found:?}");
}

#[test]
fn two_arrays_of_the_same_columns() {
    let data = table("d_0,d_1,w_0,w_1\n1,2,3,4\n");
    let model = |w: &str| {
        format!(
            "axis v = columns(\"d_*\");\ndata d[row, v]: real;\ndata {w};\nb ~ Normal(0, 1);\nobserve d ~ Normal(b * w, 1);\n"
        )
    };
    let found = diagnostics(&model("w[row, v]: real"), Some(&data));
    assert_eq!((found.len(), found[0].code), (1, "E0209"));
    assert!(
        found[0]
            .message
            .contains("`d` and `w` would be the same columns")
    );
    assert!(
        found[0]
            .help
            .as_deref()
            .unwrap()
            .contains("data w[row, v]: real from \"w_*\"")
    );
    assert_eq!(at(&model("w[row, v]: real"), &found[0]), "3:6");
    assert!(diagnostics(&model("w[row, v]: real from \"w_*\""), Some(&data)).is_empty());
}
