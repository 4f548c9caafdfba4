//! A column as levels and codes: its distinct texts in order of their first appearance, and for each row which it has.

use crate::column::Column;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The distinct texts of a column.
#[derive(Debug)]
pub struct Factor {
    /// The row in which each level appears first, in order.
    pub first_rows: Vec<u32>,
    /// The level of each row, by its number in `first_rows`.
    pub codes: Vec<u32>,
}

impl Factor {
    /// Of all rows; neighbours that are equal are looked up once.
    pub(crate) fn of(column: Column) -> Factor {
        let mut known: HashMap<&str, u32, BuildHasherDefault<Quick>> = HashMap::default();
        let mut first_rows = vec![];
        let mut last: Option<(&str, u32)> = None;
        let code = |row: usize| {
            let text = column.text(row);
            if let Some((before, code)) = last
                && before == text
            {
                return code;
            }
            let code = *known.entry(text).or_insert_with(|| {
                first_rows.push(row as u32);
                first_rows.len() as u32 - 1
            });
            last = Some((text, code));
            code
        };
        let codes = (0..column.len()).map(code).collect();
        Factor { first_rows, codes }
    }
}

/// A hash of short texts, eight bytes at a time.
#[derive(Default)]
struct Quick(u64);

impl Quick {
    fn add(&mut self, word: u64) {
        // An odd number with about as many ones as zeros: 2^64 divided by the golden ratio.
        const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
        let product = u128::from(self.0 ^ word) * u128::from(FACTOR);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.add(u64::from_le_bytes(word));
        }
        self.add(bytes.len() as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use crate::Table;

    #[test]
    fn levels_in_order_of_appearance() {
        let table = Table::from_csv_text("t.csv", "g,h\nb,1\na,1\nb,01\nb,1\n c ,\n").unwrap();
        let column = table.column("g").unwrap();
        let factor = column.factor();
        assert_eq!(factor.first_rows, [0, 1, 4]);
        assert_eq!(factor.codes, [0, 1, 0, 0, 2]);
        let levels = column.levels().unwrap();
        assert_eq!(levels, ["b", "a", "c"]);
        let column = table.column("h").unwrap();
        assert_eq!(column.factor().codes, [0, 0, 1, 0, 2]);
        assert!(column.levels().is_err(), "the last cell is missing");
    }
}
