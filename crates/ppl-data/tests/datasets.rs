//! Data sets of several sources, JSON among them.

mod common;
use common::{file, line};
use ppl_data::{Dataset, JsonArray, Source};

fn json(name: &str, text: &str) -> Result<Dataset, String> {
    let path = file(&format!("{name}.json"), text.as_bytes());
    Dataset::load(&[Source::Main(&path)]).map_err(|errors| line(&errors[0]))
}

#[test]
fn json_becomes_scalars_columns_and_arrays() {
    let data = json("all", "{\n \"n\": 3, \"flag\": true,\n \"y\": [1, 2.5, null], \"g\": [\" a\", \"b\\\"c\", \"ü\"], \"t\": [true, false, true],\n \"v\": [7, 8], \"M\": [[1,2,3],[4,5,6]], \"e\": []}").unwrap();
    assert_eq!(
        data.scalars
            .iter()
            .map(|(k, v)| (k.as_str(), *v))
            .collect::<Vec<_>>(),
        [("flag", 1.0), ("n", 3.0)]
    );
    let main = data.main.as_ref().unwrap();
    assert_eq!(main.column_names().collect::<Vec<_>>(), ["y", "g", "t"]);
    assert_eq!(
        main.column("g").unwrap().labels().unwrap(),
        ["a", "b\"c", "ü"]
    );
    assert_eq!(
        main.column("t").unwrap().bools().unwrap()[..],
        [1.0, 0.0, 1.0]
    );
    assert_eq!(
        main.column("y").unwrap().optional_reals().unwrap(),
        [Some(1.0), Some(2.5), None]
    );
    let error = main.column("y").unwrap().reals().unwrap_err();
    assert_eq!(
        line(&error),
        "E0310 3:16 column `y` expects a number, found `null`, a missing value | remove the row, fill the cell, or declare the column with `?` (`real?`): missing entries are then integrated out; a cell that a condition of the model never reads may hold any number, such as 0 | null"
    );
    assert_eq!(main.column("g").unwrap().place(1).column, 36);
    assert_eq!(
        data.arrays["M"],
        JsonArray {
            shape: vec![2, 3],
            values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
        }
    );
    assert_eq!(
        data.arrays["v"],
        JsonArray {
            shape: vec![2],
            values: vec![7.0, 8.0]
        }
    );
    assert_eq!(
        data.arrays["e"],
        JsonArray {
            shape: vec![0],
            values: vec![]
        }
    );
    assert!(json("none", "{\"n\": 1}").unwrap().main.is_none());
}

#[test]
fn json_is_refused() {
    let check =
        |text: &str, expected: &str| assert_eq!(json("bad", text).unwrap_err(), expected, "{text}");
    let syntax = "JSON knows no comments, trailing commas or NaN; a missing value is `null`";
    check(
        "{\"y\": [1, 2,]}",
        &format!("E0315 1:13 malformed JSON: expected value | {syntax} | ]"),
    );
    check(
        "{\n\"y\": [1, NaN]}",
        &format!("E0315 2:10 malformed JSON: expected value | {syntax} | N"),
    );
    check(
        "{\"y\": [1",
        &format!("E0315 1:8 malformed JSON: EOF while parsing a list | {syntax} | 1"),
    );
    assert!(
        json("bad", "[1, 2]").unwrap_err().contains(
            "E0316 1:1 not a data file: invalid type: sequence, expected an object such as"
        )
    );
    check(
        "{\"y\": \"a\"}",
        "E0316 1:7 `y` is `\"a\"`, where a number or an array is expected | remove it, or put it into an array | \"a\"",
    );
    check(
        "{\"y\": 1, \"y\": 2}",
        "E0306 1:15 `y` appears twice | rename or remove one of them | 2",
    );
    check(
        "{\"y\": 1e999}",
        "E0312 1:7 `y` holds `1e999`, which is not finite | numbers reach to 1.8e308 | 1e999",
    );
    check(
        "{\"M\": [[1,2],\n[3]]}",
        "E0316 2:1 `M` is not rectangular: its part 2 has length 1, the first 2 | nested arrays are rectangular | [3]",
    );
    check(
        "{\"M\": [[1,2],3]}",
        "E0316 1:14 `M` mixes arrays with `3` | nested arrays are rectangular | 3",
    );
    check(
        "{\"M\": [[1,\"x\"]]}",
        "E0316 1:11 `M` holds the text `\"x\"`, and its length is not that of the main table | give the texts of an axis as its own table: `county=county.csv` | \"x\"",
    );
    check(
        "{\"M\": [[1,null]]}",
        "E0310 1:11 `M` holds `null`, a missing value, outside the columns of the main table | fill the value in, or give the array as a column of a table | null",
    );
    check(
        "{\"M\": [{}]}",
        "E0316 1:8 `M` holds `{}` among its values | a column holds numbers, texts and truth values | {}",
    );
    check(
        &format!("{{\"M\": {}1{}}}", "[".repeat(9), "]".repeat(9)),
        &format!(
            "E0302 1:7 `M` has more than 8 dimensions | use fewer, larger dimensions | {}1{}",
            "[".repeat(9),
            "]".repeat(9)
        ),
    );
    assert!(json("bad", &"[".repeat(100_000)).is_err());
    assert!(
        json(
            "bad",
            &format!("{{\"M\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000))
        )
        .is_err()
    );
    check(
        "",
        &format!("E0315 1:1 malformed JSON: EOF while parsing a value | {syntax} | "),
    );
}

#[test]
fn sources_are_combined() {
    let main = file("m.csv", b"y\n1\n");
    let county = file("county.csv", b"county,u\na,1\nb,2\n");
    let state = file("state.json", b"{\"state\": [\"x\", \"y\"], \"w\": [1, 2]}");
    let sources = [
        Source::Main(&main),
        Source::Axis("county", &county),
        Source::Axis("state", &state),
        Source::Set("n", " 3 "),
    ];
    let data = Dataset::load(&sources).unwrap();
    assert_eq!(data.main.unwrap().n_rows(), 1);
    assert_eq!(
        data.tables["county"].column("u").unwrap().reals().unwrap()[..],
        [1.0, 2.0]
    );
    assert_eq!(
        data.tables["state"]
            .column("state")
            .unwrap()
            .labels()
            .unwrap(),
        ["x", "y"]
    );
    assert_eq!(data.scalars["n"], 3.0);
    let empty = Dataset::empty();
    assert!(empty.main.is_none() && empty.tables.is_empty() && empty.scalars.is_empty());
}

#[test]
fn a_setting_wins_over_the_file() {
    let main = file("s.json", b"{\"n\": 1}");
    for sources in [
        [Source::Main(&main), Source::Set("n", "2")],
        [Source::Set("n", "2"), Source::Main(&main)],
    ] {
        assert_eq!(Dataset::load(&sources).unwrap().scalars["n"], 2.0);
    }
}

#[test]
fn all_errors_come_at_once() {
    let ragged = file("r.csv", b"a,b\n1\n");
    let good = file("g.csv", b"a\n1\n");
    let lengths = file("l.json", b"{\"a\": [1, 2], \"b\": [1]}");
    let scalar = file("k.json", b"{\"a\": 1}");
    let none = file("z.json", b"{}");
    let errors = Dataset::load(&[
        Source::Main(&ragged),
        Source::Main(&good),
        Source::Axis("c", &good),
        Source::Axis("c", &good),
        Source::Axis("l", &lengths),
        Source::Axis("k", &scalar),
        Source::Axis("z", &none),
        Source::Set("n", "three"),
        Source::Set("m", "inf"),
        Source::Set("k", "1"),
        Source::Set("k", "2"),
        Source::Set("", "2"),
    ])
    .unwrap_err();
    let g = good.display();
    let expected = [
        "E0307 2:1 this row has 1 field, the header has 2 | write `NA` for a missing value; check that the row is not cut short | 1".to_owned(),
        format!("E0318 1:1 `{g}` is a second main data file | a table of an axis is given with its name: `county={g}` | "),
        format!("E0306 1:1 axis `c` is given two tables: `{g}` and `{g}` | give one, with all columns of the axis | "),
        "E0316 1:20 `b` has length 1, `a` has length 2 | the columns of a table have one length | [1]".to_owned(),
        "E0316 1:7 `a` is `1`, where an array is expected | an axis's own table holds one array for each column | 1".to_owned(),
        "E0305 1:1 the table has no rows | add at least one row | ".to_owned(),
        "E0317 1:9 `--set n=…` expects a finite number, found `three` | write a number, as in `--set n=3` | three".to_owned(),
        "E0317 1:9 `--set m=…` expects a finite number, found `inf` | write a number, as in `--set m=3` | inf".to_owned(),
        "E0306 1:9 `--set k=…` is given twice | remove one of them | 2".to_owned(),
        "E0317 1:8 `--set =2` names nothing | write the name first: `--set n=3` | 2".to_owned(),
    ];
    assert_eq!(errors.iter().map(line).collect::<Vec<_>>(), expected);
}
