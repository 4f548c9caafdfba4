//! Files without quotes have a reader of their own: it finds what the other one finds.

use ppl_core::Numbers;
use ppl_data::Table;

/// All that a table says, or its message.
fn account(text: &str) -> Vec<String> {
    let table = match Table::from_csv_text("t.csv", text) {
        Ok(table) => table,
        Err(d) => return vec![format!("{} {} {:?}", d.code, d.message, d.help)],
    };
    let mut out = vec![format!("{:?}", table.row_lines())];
    for name in table.column_names() {
        let column = table.column(name).unwrap();
        let texts: Vec<&str> = (0..column.len()).map(|row| column.text(row)).collect();
        out.push(format!("{name}: {texts:?}"));
        // Debug output shows -0 and all digits; a message has the place of the cell.
        let shown = |numbers: Result<Numbers, ppl_syntax::Diagnostic>| match numbers {
            Ok(numbers) => format!("{:?}", &numbers[..]),
            Err(d) => format!("{} {}", d.code, d.message),
        };
        out.push(shown(column.reals()));
        out.push(shown(column.integers()));
        out.push(format!("{:?}", column.optional_reals().ok()));
    }
    out
}

#[test]
fn both_readers_agree() {
    let cells = [
        "1",
        "-2.5",
        "0.1",
        "-0",
        "1e3",
        "123456789012345.5",
        "0.12345678901234567",
        "+4",
        ".5",
        "5.",
        "-",
        ".",
        "",
        " 7 ",
        "NA",
        "nan",
        "inf",
        "1e999",
        "x",
        "é",
        "\u{a0}8\u{a0}",
        "1.2.3",
        "9007199254740993",
        "00012",
        "--1",
        "1 2",
    ];
    let ends = ["\n", "\r\n", "\r", "\n\n", "\r\n \n"];
    for (i, a) in cells.iter().enumerate() {
        for end in ends {
            for delimiter in [",", ";", "\t"] {
                let b = cells[(i * 7 + 3) % cells.len()];
                let rows = [["3", "4"], [a, b], [b, a], ["5", "6.25"]];
                let body: String = rows
                    .iter()
                    .map(|[a, b]| format!("{end}{a}{delimiter}{b}"))
                    .collect();
                let plain = account(&format!("u{delimiter}v{body}"));
                let quoted = account(&format!("\"u\"{delimiter}v{body}"));
                assert_eq!(plain, quoted, "{a:?} {b:?} {end:?} {delimiter:?}");
                // One column, where a blank line is refused.
                let single = account(&format!("u{end}{a}{end}2{end}"));
                assert_eq!(
                    single,
                    account(&format!("\"u\"{end}{a}{end}2{end}")),
                    "{a:?} {end:?}"
                );
            }
        }
    }
}

#[test]
fn ragged_rows_and_matrices() {
    for body in [
        "a,b\n1,2\n3\n",
        "a,b\n1,2\n3,4,5\n",
        "a,b\n",
        "a,a\n1,2\n",
        "a,b\n1,2\n\n\n3,4",
    ] {
        let quoted = body.replacen('a', "\"a\"", 1);
        assert_eq!(account(body), account(&quoted), "{body:?}");
    }
    let table = Table::from_csv_text("t.csv", "a,b,c\n1,2,3\n4,5,x\n").unwrap();
    let columns = |names: &str| -> Vec<_> {
        let names = names.chars().map(String::from);
        names.map(|name| table.column(&name).unwrap()).collect()
    };
    assert_eq!(
        table.matrix(&columns("ba")).as_deref(),
        Some(&[2.0, 5.0, 1.0, 4.0][..])
    );
    let whole = table.matrix(&columns("ab")).unwrap();
    assert_eq!(whole[..], [1.0, 4.0, 2.0, 5.0]);
    assert!(
        table.matrix(&columns("ab")).unwrap().is(&whole),
        "neighbours are not copied"
    );
    assert!(
        table.matrix(&columns("ac")).is_none(),
        "a cell is no number"
    );
}

/// Short decimals are stored as whole numbers, of one unit where columns stand beside each other; whatever cannot be one, in rows
/// that nobody looked at before, comes back all the same.
#[test]
fn decimals_and_others_among_them() {
    let n = 5_000;
    let text = |odd: &dyn Fn(usize, usize) -> Option<&'static str>| {
        let cell = |i: usize, j: usize| match (odd(i, j), j) {
            (Some(text), _) => text.to_owned(),
            // Neighbours of two decimals, among them one of whole numbers.
            (_, 0) => format!("{}", i % 3),
            (_, 1) => format!("-{}.{:02}", i % 50, i % 100),
            (_, 2) => format!("{}.5", i % 7),
            // Large numbers, and many digits.
            (_, 3) => format!("{}", 123_456 * i),
            (_, 4) => format!("{}", 1.0 / (i + 1) as f64),
            // Whole numbers with a point.
            (_, 5) => format!("{}.0", i),
            (_, _) => format!("label{}", i % 4),
        };
        let row = |i: usize| (0..7).map(|j| cell(i, j)).collect::<Vec<_>>().join(",");
        let rows: Vec<String> = (0..n).map(row).collect();
        format!("a,b,c,d,e,f,g\n{}\n", rows.join("\n"))
    };
    let odd = [
        "-0",
        "1e3",
        "0.12345678901",
        "123456789012345",
        "NA",
        "",
        "99999999",
    ];
    let strange = |i: usize, j: usize| match i % 700 == 333 {
        true => odd.get(i / 700 + j).copied(),
        false => None,
    };
    for text in [text(&|_, _| None), text(&strange)] {
        let quoted = text.replacen('a', "\"a\"", 1);
        assert!(account(&text) == account(&quoted));
        let tables = [&text, &quoted].map(|t| Table::from_csv_text("t.csv", t).unwrap());
        for names in ["abc", "cba", "ac", "bcd", "ef", "e", "bf"] {
            let matrix = |table: &Table| {
                let names = names.chars().map(String::from);
                let columns: Vec<_> = names.map(|name| table.column(&name).unwrap()).collect();
                let one_by_one = columns.iter().map(|c| c.reals().ok());
                let one_by_one = one_by_one.collect::<Option<Vec<Numbers>>>()?;
                let numbers: Vec<u64> = { one_by_one.iter() }
                    .flat_map(|c| c.iter().map(|x| x.to_bits()))
                    .collect();
                if let Some(matrix) = table.matrix(&columns) {
                    assert!(
                        matrix
                            .iter()
                            .map(|x| x.to_bits())
                            .eq(numbers.iter().copied())
                    );
                }
                Some(numbers)
            };
            assert!(matrix(&tables[0]) == matrix(&tables[1]), "{names}");
        }
    }
    // A number in another form, and -0, are whole numbers too.
    let exponents = |i: usize, _: usize| (i == 777).then_some("1e-2");
    let table = Table::from_csv_text("t.csv", &text(&exponents)).unwrap();
    let columns = ["a", "b", "c"].map(|name| table.column(name).unwrap());
    let matrix = table.matrix(&columns).unwrap();
    let decimals = matrix.decimals().unwrap();
    let shape = (decimals.rows(), decimals.columns(), decimals.places());
    assert_eq!((shape, decimals.are_needed()), ((n, 3, 2), true));
}

/// Large files are read in parts: what stands at their borders is read as elsewhere, and the first error is told.
#[test]
fn parts_of_a_large_file() {
    let body = |end: &str, blank: usize, ragged: Option<usize>| {
        let row = |i: usize| {
            let more = if ragged == Some(i) { ",1" } else { "" };
            let gap = if i.is_multiple_of(blank) { end } else { "" };
            let text = if i % 50_000 == 7 { "x" } else { "0.25" };
            format!(
                "{i},{text},-{i}.5,{}{more}{end}{gap}",
                "7".repeat(1 + i % 12)
            )
        };
        (0..150_000).map(row).collect::<String>()
    };
    let both = |header: &str, quoted: &str, body: &str| {
        let [plain, quoted] = [header, quoted].map(|h| account(&format!("{h}{body}")));
        assert!(plain == quoted, "{:.200} {:.200}", plain[0], quoted[0]);
        plain
    };
    for end in ["\n", "\r\n", "\r"] {
        for blank in [999, 1_000_000] {
            let text = body(end, blank, None);
            assert!(text.len() > 3 << 20);
            let said = both(
                &format!("a,b,c,d{end}"),
                &format!("\"a\",b,c,d{end}"),
                &text,
            );
            assert_eq!(said.len(), 1 + 4 * 4);
        }
        let text = body(end, 70_000, Some(140_001));
        let said = both(
            &format!("a,b,c,d{end}"),
            &format!("\"a\",b,c,d{end}"),
            &text,
        );
        assert!(said[0].contains("5 fields"), "{said:?}");
        // One column: a blank line is refused where it stands before what else is wrong.
        let column = |gap: usize, ragged: usize| -> String {
            let line = |i: usize| match i {
                _ if i == gap => format!("{i}{end}{end}"),
                _ if i == ragged => format!("{i},2{end}"),
                _ => format!("{i}.125{end}"),
            };
            (0..300_000).map(line).collect()
        };
        for (gap, ragged) in [(250_000, 260_000), (260_000, 250_000), (5, 299_999)] {
            let said = both(
                &format!("a{end}"),
                &format!("\"a\"{end}"),
                &column(gap, ragged),
            );
            assert_eq!(said.len(), 1);
        }
    }
}

/// A header of many columns above many short lines: told, before room is made for all of it.
#[test]
fn short_lines_below_a_wide_header() {
    let header: Vec<String> = (0..90_000).map(|i| format!("c{i}")).collect();
    let text = format!("{}\n{}", header.join(","), "1\n".repeat(400_000));
    let error = Table::from_csv_text("t.csv", &text).unwrap_err();
    assert!(error.message.contains("has 1 field, the header has 90000"));
}
