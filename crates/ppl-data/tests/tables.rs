//! CSV text that is read, and CSV text that is refused.

mod common;
use common::{csv, file, line, refused};
use ppl_data::Table;

fn texts(table: &Table, name: &str) -> Vec<String> {
    let column = table.column(name).unwrap();
    (0..column.len())
        .map(|row| column.text(row).to_owned())
        .collect()
}

#[test]
fn reads_what_is_well_formed() {
    let check = |text: &str, names: &[&str], b: &[&str]| {
        let table = csv(text);
        assert_eq!(table.column_names().collect::<Vec<_>>(), names, "{text:?}");
        assert_eq!(texts(&table, "b"), b, "{text:?}");
        assert_eq!(table.n_rows(), b.len());
    };
    check("a,b\n1,2\n3,4\n", &["a", "b"], &["2", "4"]);
    check("a,b\n1,2\n3,4", &["a", "b"], &["2", "4"]);
    check("\u{FEFF}b,a\r\n1,2\r\n3,4\r\n", &["b", "a"], &["1", "3"]);
    check(" a , b \n 1 ,  2\u{a0} \n", &["a", "b"], &["2"]);
    check("a;b\n1;2,5\n", &["a", "b"], &["2,5"]);
    check("a\tb\n1\tx y\n", &["a", "b"], &["x y"]);
    check("\"a;x\",b\n1,2\n", &["a;x", "b"], &["2"]);
    check(
        "a,b\n1,\"x, y\"\n2,\"two\nlines\"\n3,\"say \"\"hi\"\"\"\n",
        &["a", "b"],
        &["x, y", "two\nlines", "say \"hi\""],
    );
    check("a,b\n1,5\" pipe\n", &["a", "b"], &["5\" pipe"]);
    check(
        "a,b\n1,\" x \" \n2,\"\"\n3,\"\"\"\"\n",
        &["a", "b"],
        &["x", "", "\""],
    );
    check("a,b\n\n1,2\n   \n\n3,4\n\n", &["a", "b"], &["2", "4"]);
    check("b\n1\n2\n\n\n", &["b"], &["1", "2"]);
    check("\"\",b\n1,2\n", &["b"], &["2"]);
    check("a,b\r1,2\r3,4\r", &["a", "b"], &["2", "4"]);
    check("a,b\nß,é,\n".trim_end_matches(",\n"), &["a", "b"], &["é"]);
}

#[test]
fn reads_what_the_csv_crate_reads() {
    let text = "a,b,c\n\"x\"\"\",,\"\"\n\"1\n2\", y ,\"z,\"\"w\"\"\"\nq\"r,s,t\n";
    let table = csv(text);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    for (row, record) in reader.records().enumerate() {
        for (name, field) in ["a", "b", "c"].iter().zip(&record.unwrap()) {
            assert_eq!(table.column(name).unwrap().text(row), field.trim());
        }
    }
}

#[test]
fn places_are_exact_behind_embedded_newlines() {
    let table = csv("a,b\n\"x\ny\",1\n\"q\"\"\",ü\n é,z\n,");
    let at = |name: &str, row| {
        let place = table.column(name).unwrap().place(row);
        let under = place.excerpt[place.underline.start..place.underline.end].to_owned();
        (place.line, place.column, place.excerpt, under)
    };
    assert_eq!(at("a", 0), (2, 2, "\"x".to_owned(), "x".to_owned()));
    assert_eq!(at("b", 0), (3, 4, "y\",1".to_owned(), "1".to_owned()));
    assert_eq!(
        at("a", 1),
        (4, 2, "\"q\"\"\",ü".to_owned(), "q\"\"".to_owned())
    );
    assert_eq!(at("b", 1), (4, 7, "\"q\"\"\",ü".to_owned(), "ü".to_owned()));
    assert_eq!(at("a", 2), (5, 2, " é,z".to_owned(), "é".to_owned()));
    assert_eq!(at("b", 3), (6, 2, ",".to_owned(), String::new()));
    assert_eq!(table.column("b").unwrap().name_place().column, 3);
}

#[test]
fn refuses_what_is_malformed() {
    let check = |text: &str, expected: &str| assert_eq!(refused(text), expected, "{text:?}");
    check(
        "",
        "E0304 1:1 the file is empty | a CSV file begins with a line of column names | ",
    );
    check(
        " \r\n\n",
        "E0304 1:1 the file is empty | a CSV file begins with a line of column names | ",
    );
    check(
        "a,b\n",
        "E0305 1:1 there are column names but no rows below them | add at least one row | a,b",
    );
    check(
        "a,b, a\n1,2,3\n",
        "E0306 1:6 column `a` appears twice: as column 1 and 3 | rename or remove one of them | a",
    );
    check(
        "a,b\n1,2\n3\n",
        "E0307 3:1 this row has 1 field, the header has 2 | write `NA` for a missing value; check that the row is not cut short | 3",
    );
    check(
        "a,b\n\"1\n\",2\n3,4,5\n",
        "E0307 4:1 this row has 3 fields, the header has 2 | put quotes round a text that contains a comma; decimals take a point: `1.5` | 3,4,5",
    );
    check(
        "a,b\n1, \"x,y\"\n",
        "E0307 2:1 this row has 3 fields, the header has 2 | remove the blank between `,` and the quote | 1, \"x,y\"",
    );
    check(
        "a;b\n1;2;3\n",
        "E0307 2:1 this row has 3 fields, the header has 2 | put quotes round a text that contains `;` | 1;2;3",
    );
    check(
        "a\tb\n1\t2\t3\n",
        "E0307 2:1 this row has 3 fields, the header has 2 | put quotes round a text that contains a tab | 1 2 3",
    );
    check(
        "a,b\n1,\"x\n2,y\n",
        "E0308 2:3 the quote opened here is never closed | close it before the next delimiter; a quote inside a quoted cell is written twice: `\"\"` | \"",
    );
    check(
        "a,b\n1,\"x\"y\n",
        "E0308 2:6 there is text behind the closing quote | a quote inside a quoted cell is written twice: `\"\"` | y",
    );
    check(
        "y\n1\n\n3\n",
        "E0309 3:1 a blank line in a table of one column | write `NA` if the value is missing; else remove the line | ",
    );
    check(
        "y\r\n1\r\n\r\n3\r\n",
        "E0309 3:1 a blank line in a table of one column | write `NA` if the value is missing; else remove the line | ",
    );
    check(
        "a,b\n1,\0\n",
        "E0303 2:3 a NUL byte at byte 6: this is not a text file | if it was saved as UTF-16, save it anew as UTF-8; otherwise the file is damaged |  ",
    );
}

#[test]
fn limits_hold_without_quadratic_time() {
    let long = "x".repeat(10_000_000);
    let error = Table::from_csv_text("t.csv", &format!("a,{long},b\n1,2,3\n")).unwrap_err();
    assert_eq!(error.code, "E0302");
    assert_eq!(error.message, "a cell is longer than 1000000 bytes");
    let place = error.place.unwrap();
    assert_eq!((place.line, place.column), (1, 3));
    assert!(
        place.excerpt.chars().count() <= 120,
        "{}",
        place.excerpt.len()
    );
    assert!(place.excerpt.starts_with("a,xxx") && place.excerpt.ends_with('…'));

    assert!(
        refused(&format!("{}\n1\n", "x".repeat(10_001))).starts_with(
            "E0302 1:1 a column name is longer than 10000 bytes | the first line names"
        )
    );
    let many = ",".repeat(5_000_000);
    assert!(refused(&many).starts_with("E0302 1:1 the first line names 5000001 columns; at most 100000 are read | put one observation"));

    let wide = format!(
        "{}\n{}q,ü{}\n",
        "a,b,c",
        "1".repeat(500) + ",",
        "9".repeat(500)
    );
    let error = csv(&wide).column("b").unwrap().reals().unwrap_err();
    let place = error.place.unwrap();
    assert_eq!((place.line, place.column), (2, 502));
    assert!(place.excerpt.starts_with('…') && place.excerpt.ends_with('…'));
    assert_eq!(place.excerpt.chars().count(), 120);
    assert_eq!(
        &place.excerpt[place.underline.start..place.underline.end],
        "q"
    );
}

#[test]
fn columns_are_found_by_name_and_pattern() {
    let table = csv("y,x_b,x_a,x_,\n1,2,3,4,\n");
    let pairs = |pattern: &str| table.matching(pattern);
    let expected = [("x_b", "b"), ("x_a", "a")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(pairs("x_*"), expected);
    assert_eq!(pairs("*_b"), [("x_b".to_owned(), "x".to_owned())]);
    assert_eq!(pairs("y"), [("y".to_owned(), "y".to_owned())]);
    assert_eq!(pairs("*").len(), 4);
    assert_eq!(pairs("z*"), []);
    assert!(table.column("").is_none() && table.column("z").is_none());
    assert_eq!(table.column("x_a").unwrap().name(), "x_a");
    assert_eq!(table.path(), "t.csv");
}

#[test]
fn files_that_cannot_be_read() {
    let refuse = |path: &std::path::Path| line(&Table::from_csv(path).unwrap_err());
    let good = file("good.csv", b"a\n1\n");
    let folder = good.parent().unwrap();
    let shown = folder.display();
    assert_eq!(
        refuse(folder),
        format!(
            "E0301 1:1 `{shown}` is a directory, not a data file | the folder `{shown}` holds good.csv | "
        )
    );
    assert_eq!(
        refuse(&folder.join("god.csv")),
        format!(
            "E0301 1:1 there is no file `{shown}/god.csv` | the folder `{shown}` holds good.csv | "
        )
    );
    assert_eq!(
        refuse(&folder.join("no/a.csv")),
        format!(
            "E0301 1:1 there is no file `{shown}/no/a.csv` | there is no folder `{shown}/no` either; paths start at the working directory | "
        )
    );
    let latin = file("latin.csv", b"a,b\n1,caf\xE9\n");
    assert_eq!(
        refuse(&latin),
        "E0303 2:6 the file is not UTF-8: byte 9 is 0xE9 | it is likely Latin-1 or Windows-1252: `iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv` | \u{FFFD}"
    );
    let wide = file("wide.csv", b"\xFF\xFEa\0");
    assert_eq!(
        refuse(&wide),
        "E0303 1:1 the file is not UTF-8: byte 0 is 0xFF | it begins like UTF-16; save it anew as UTF-8 | \u{FFFD}"
    );
    assert_eq!(Table::from_csv(&good).unwrap().n_rows(), 1);
}

#[test]
fn comments_above_the_column_names() {
    for text in [
        "# heights, in cm\n# of \"1990\"\n\ny,x\n1,2\n3,4\n",
        "# heights, in cm\r\n#\r\n\r\ny,x\r\n1,2\r\n3,4\r\n",
        "# one\n#two\n# three\ny,x\n\"1\",2\n3,4\n",
    ] {
        let table = csv(text);
        assert_eq!(table.column_names().collect::<Vec<_>>(), ["y", "x"]);
        assert_eq!(table.n_rows(), 2);
        assert_eq!(table.row_lines()[..], [5, 6]);
        assert_eq!(table.column("x").unwrap().reals().unwrap()[..], [2.0, 4.0]);
        assert_eq!(table.column("y").unwrap().place(1).line, 6);
    }
    // A first line that names as many columns as there are below it is none.
    let table = csv("#id,x\n1,2\n");
    assert_eq!(table.column_names().collect::<Vec<_>>(), ["#id", "x"]);
    assert!(refused("# nothing else\n").contains("no rows"));
}
