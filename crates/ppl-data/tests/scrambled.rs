//! Scrambled files: no panic, and whatever is read agrees with the csv crate and stands where it is said to.

use ppl_data::{Dataset, Source, Table};
use std::path::Path;

/// Texts made of pieces, from a linear congruential generator.
fn scrambled(pieces: &[&str], count: usize, mut check: impl FnMut(String)) {
    let mut state = 7u64;
    let mut next = |n: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for _ in 0..count {
        let length = next(14);
        check((0..length).map(|_| pieces[next(pieces.len())]).collect());
    }
}

#[test]
fn csv_agrees_with_the_csv_crate() {
    let mut read = 0;
    let pieces = [
        "a", "\"", "\"\"", ",", "\n", "\r\n", "\r", " ", "ü", "1", "\"x\"", "\"p\nq\"", ",", "\n",
    ];
    scrambled(&pieces, 60_000, |tail| {
        let text = format!("a,b\n{tail}");
        let Ok(table) = Table::from_csv_text("t", &text) else {
            return;
        };
        read += 1;
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(text.as_bytes());
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        let kept = records.iter().filter(|record| record.len() == 2);
        let mut rows = 0;
        for (row, record) in kept.enumerate() {
            rows += 1;
            for (name, field) in ["a", "b"].iter().zip(record) {
                let column = table.column(name).unwrap();
                assert_eq!(column.text(row), field.trim(), "{text:?}");
                let place = column.place(row);
                let under = &place.excerpt[place.underline.start..place.underline.end];
                if !column.text(row).contains(['"', '\n', '\r']) {
                    assert_eq!(under, column.text(row), "{text:?}");
                }
            }
        }
        assert_eq!(rows, table.n_rows(), "{text:?}");
    });
    assert!(read > 1_000, "{read}");
}

#[test]
fn json_never_panics() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ppl-data-scrambled");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("t.json");
    let pieces = [
        "[", "]", "[1,2]", ",", "\"a\"", "\"\\n\"", "{", "}", "1", "null", "true", "\n", "ü",
        ",\"k\":", "\"\"",
    ];
    scrambled(&pieces, 3_000, |tail| {
        std::fs::write(&path, format!("{{\"y\":{tail}")).unwrap();
        let _ = Dataset::load(&[Source::Main(&path)]);
        let _ = Table::from_path(&path).map(|table| {
            let names: Vec<_> = table.column_names().collect();
            names
                .iter()
                .for_each(|name| drop(table.column(name).unwrap().reals()));
        });
    });
}
