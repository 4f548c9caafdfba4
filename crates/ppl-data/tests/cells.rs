//! Cells as numbers, truth values and labels, and the advice where they are none.
#![allow(clippy::result_large_err, reason = "as in the crate itself")]

mod common;
use common::{csv, line};
use ppl_data::{Column, is_missing, parse_real};
use ppl_syntax::diagnostic::Diagnostic;

fn read<T>(cell: &str, read: impl Fn(Column) -> Result<Vec<T>, Diagnostic>) -> Result<T, String> {
    let table = csv(&format!("k;y\n0;{cell}\n"));
    let column = table.column("y").unwrap();
    read(column)
        .map(|mut all| all.remove(0))
        .map_err(|error| line(&error))
}

#[test]
fn numbers_are_read() {
    for (cell, number) in [
        ("3", 3.0),
        ("+3.5", 3.5),
        ("-.5", -0.5),
        ("1e3", 1000.0),
        ("5.", 5.0),
        (" 0 ", 0.0),
    ] {
        assert_eq!(read(cell, |c| c.reals().map(|n| n.to_vec())), Ok(number));
    }
    assert_eq!(
        read("9007199254740992", |c| c.integers().map(|n| n.to_vec())),
        Ok(9007199254740992.0)
    );
    assert_eq!(
        read("1e3", |c| c.integers().map(|n| n.to_vec())),
        Ok(1000.0)
    );
    assert_eq!(read("TRUE", |c| c.bools().map(|n| n.to_vec())), Ok(1.0));
    assert_eq!(read("false", |c| c.bools().map(|n| n.to_vec())), Ok(0.0));
    assert_eq!(read("2.5", |c| c.optional_reals()), Ok(Some(2.5)));
    for missing in ["", "NA", "NaN", "nan", "null"] {
        assert!(is_missing(missing));
        assert_eq!(read(missing, |c| c.optional_reals()), Ok(None));
    }
    assert_eq!(parse_real("inf"), None);
}

#[test]
fn non_numbers_are_refused_with_advice() {
    let check = |cell: &str, code: &str, help: &str| {
        let error = read(cell, |c| c.reals().map(|n| n.to_vec())).unwrap_err();
        let found = if code == "E0312" {
            ", which is not finite"
        } else {
            ""
        };
        let expected = format!(
            "{code} 2:3 column `y` expects a number, found `{cell}`{found} | {help} | {cell}"
        );
        assert_eq!(error, expected);
        assert_eq!(read(cell, |c| c.optional_reals()).unwrap_err(), expected);
    };
    check(
        "1,234",
        "E0311",
        "write `1234` if the comma separates thousands, `1.234` if decimals",
    );
    check(
        "1,234,567",
        "E0311",
        "write `1234567`, without thousands separators",
    );
    check(
        "-1,234.5",
        "E0311",
        "write `-1234.5`, without thousands separators",
    );
    check(
        "1 234",
        "E0311",
        "write `1234`, without thousands separators",
    );
    check(
        "1'234.5",
        "E0311",
        "write `1234.5`, without thousands separators",
    );
    check("1,5", "E0311", "write `1.5`, with a decimal point");
    check("1.234,5", "E0311", "write `1234.5`, with a decimal point");
    check("\u{2212}3", "E0311", "write `-3`, with an ASCII minus");
    check("5%", "E0311", "write `5`, without unit or sign of currency");
    check(
        "$ 3.2",
        "E0311",
        "write `3.2`, without unit or sign of currency",
    );
    check("<3.2", "E0311", "declare `y` as `censored real`");
    check("True", "E0311", "declare `y` as `bool`");
    check(
        "Aitkin",
        "E0311",
        "write a number, or `NA` and a kind with `?` where it is missing; for labels declare an axis, as in `axis a; data y[row]: a;`",
    );
    for date in ["2020-01-01", "1/12/99", "31.12.1999", "2020-01-01T12:30"] {
        check(
            date,
            "E0311",
            "dates are no numbers: give days or years since a start; where each date has unknowns of its own, declare an axis, as in `axis a; data y[row]: a;`",
        );
    }
    for missing in [".", "N/A", "-", "NULL"] {
        check(
            missing,
            "E0311",
            "if the value is missing, write `NA` or nothing, and declare the column with `?`, as in `data y[row]: real?;`",
        );
    }
    check(
        "1-2-3",
        "E0311",
        "write a number, or `NA` and a kind with `?` where it is missing; for labels declare an axis, as in `axis a; data y[row]: a;`",
    );
    check(
        "-inf",
        "E0312",
        "write `NA` if the value is unknown; a bound goes into a `censored real` column, as in `>10`",
    );
    check(
        "1e999",
        "E0312",
        "numbers reach to 1.8e308; give the column another unit",
    );
    check("NAN", "E0312", "write `NA` for a missing value");
}

#[test]
fn missing_cells_are_refused() {
    let help = "remove the row, fill the cell, or declare the column with `?` (`real?`): missing entries are then integrated out; a cell that a condition of the model never reads may hold any number, such as 0";
    assert_eq!(
        read("", |c| c.reals().map(|n| n.to_vec())).unwrap_err(),
        format!(
            "E0310 2:3 column `y` expects a number, found an empty cell, a missing value | {help} | "
        )
    );
    assert_eq!(
        read("NA", |c| c.reals().map(|n| n.to_vec())).unwrap_err(),
        format!("E0310 2:3 column `y` expects a number, found `NA`, a missing value | {help} | NA")
    );
    assert_eq!(
        read("NA", |c| c.bools().map(|n| n.to_vec())).unwrap_err(),
        "E0310 2:3 column `y` expects 0/1 or true/false, found `NA`, a missing value | remove the row, or fill the value in | NA"
    );
    let table = csv("k,y\n0,NA\n");
    let error = table.column("y").unwrap().labels().unwrap_err();
    assert_eq!(
        line(&error),
        "E0310 2:3 column `y` expects a label, found `NA`, a missing value | fill the label in or remove the row; a level really named so needs another name, such as `none` | NA"
    );
}

#[test]
fn integers_and_bools_are_strict() {
    assert_eq!(
        read("2.5", |c| c.integers().map(|n| n.to_vec())).unwrap_err(),
        "E0313 2:3 column `y` expects a whole number, found `2.5` | declare `y` as `real`, or round it | 2.5"
    );
    assert_eq!(
        read("1e17", |c| c.integers().map(|n| n.to_vec())).unwrap_err(),
        "E0313 2:3 column `y` expects a whole number of at most 2^53 in size, found `1e17` | declare `y` as `real`, or give it another unit | 1e17"
    );
    assert_eq!(
        read("1,000", |c| c.integers().map(|n| n.to_vec())).unwrap_err(),
        "E0311 2:3 column `y` expects a whole number, found `1,000` | write `1000` if the comma separates thousands, `1.000` if decimals | 1,000"
    );
    for (cell, help) in [
        ("yes", "write `1` or `true`"),
        ("F", "write `0` or `false`"),
        ("1.0", "write `1` or `true`"),
        (
            "2",
            "recode it as 0 and 1, or declare `y` as `real` or as labels of an axis",
        ),
    ] {
        assert_eq!(
            read(cell, |c| c.bools().map(|n| n.to_vec())).unwrap_err(),
            format!(
                "E0314 2:3 column `y` expects 0/1 or true/false, found `{cell}` | {help} | {cell}"
            )
        );
    }
}

#[test]
fn further_cells_are_counted_and_long_ones_cut() {
    let table = csv("a\n1\nx\ny\nz\n");
    let help = table
        .column("a")
        .unwrap()
        .reals()
        .unwrap_err()
        .help
        .unwrap();
    assert!(
        help.ends_with("(2 more cells of the column are refused)"),
        "{help}"
    );
    let table = csv(&format!("a\n\u{1b}[31m{}\n", "x".repeat(300)));
    let error = table.column("a").unwrap().reals().unwrap_err();
    assert_eq!(
        error.message,
        format!(
            "column `a` expects a number, found ` [31m{}…`",
            "x".repeat(35)
        )
    );
    let place = error.place.unwrap();
    assert!(!place.excerpt.contains('\u{1b}') && place.excerpt.chars().count() <= 120);
}

#[test]
fn labels_are_trimmed_text() {
    let table = csv("a,b\n 01 ,1\n1,\"x \"\n");
    assert_eq!(table.column("a").unwrap().labels().unwrap(), ["01", "1"]);
    assert_eq!(table.column("b").unwrap().labels().unwrap(), ["1", "x"]);
    assert_eq!(table.column("b").unwrap().len(), 2);
}
