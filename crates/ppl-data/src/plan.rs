//! How the columns of a table are stored, told from rows all over the file.

use crate::csv_file::trimmed;
use crate::number::{other_number, short_at};

/// Rows that are looked at.
const SAMPLE: usize = 256;
/// Decimals that are stored as whole numbers, at most.
const MOST_PLACES: usize = 9;
/// How much larger than those of the sample the numbers of a column may be that is given a finer unit.
const ROOM: f64 = 64.0;
/// Neighbours that are given the unit of the columns beside them, at most.
const FEW: usize = 8;

/// How a column is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// As whole numbers of units of 10 to the power of minus `places`, that column of the tiles.
    Whole { slot: usize, places: usize },
    /// As it is, that column of those.
    Real { slot: usize },
}

impl Plan {
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, Plan::Whole { .. })
    }
}

/// What the sample has in a column.
#[derive(Debug, Default, Clone)]
struct Seen {
    numbers: usize,
    /// Numbers that are no short decimals.
    long: usize,
    places: usize,
    largest: f64,
}

impl Seen {
    fn is_whole(&self) -> bool {
        8 * self.long <= self.numbers && self.fits(self.places, 1.0)
    }

    /// Whether numbers that are so much larger are whole ones of 31 bits with so many decimals.
    fn fits(&self, places: usize, larger: f64) -> bool {
        self.largest * 10f64.powi(places as i32) * larger <= f64::from(i32::MAX)
    }
}

/// A plan for each column. A few columns beside others of more decimals get as many where there is room, so that they can be a
/// matrix together.
pub(crate) fn of(text: &str, starts: &[u32], n_columns: usize, delimiter: u8) -> Vec<Plan> {
    let mut seen = vec![Seen::default(); n_columns];
    let n = starts.len().min(SAMPLE);
    for k in 0..n {
        let start = starts[k * starts.len() / n] as usize;
        look(text, start, delimiter, &mut seen);
    }
    let common = common(&seen);
    let coarse = |s: &Seen| s.is_whole() && s.places < common && s.fits(common, ROOM);
    let is_common = |s: &Seen| s.is_whole() && s.places == common;
    let mut first = 0;
    while first < n_columns {
        let end = first + seen[first..].iter().take_while(|s| coarse(s)).count();
        let before = first.checked_sub(1).and_then(|k| seen.get(k));
        let beside = before.is_some_and(is_common) || seen.get(end).is_some_and(is_common);
        if beside && end - first <= FEW {
            seen[first..end].iter_mut().for_each(|s| s.places = common);
        }
        first = end + 1;
    }
    let (mut n_whole, mut n_real) = (0, 0);
    let plan = |s: Seen| match s.is_whole() {
        true => {
            n_whole += 1;
            Plan::Whole {
                slot: n_whole - 1,
                places: s.places,
            }
        }
        false => {
            n_real += 1;
            Plan::Real { slot: n_real - 1 }
        }
    };
    seen.into_iter().map(plan).collect()
}

/// The number of decimals that most columns with decimals have.
fn common(seen: &[Seen]) -> usize {
    let mut columns = [0; MOST_PLACES + 1];
    for s in seen.iter().filter(|s| s.is_whole()) {
        columns[s.places] += 1;
    }
    (1..=MOST_PLACES).max_by_key(|p| columns[*p]).unwrap_or(0)
}

/// Looks at a row, as far as it has cells.
fn look(text: &str, start: usize, delimiter: u8, seen: &mut [Seen]) {
    let bytes = text.as_bytes();
    let ends = |byte: u8| byte == delimiter || byte == b'\n' || byte == b'\r';
    let mut at = start;
    for seen in seen {
        let from = at;
        let (end, short) = short_at(bytes, at);
        let rest = bytes[end..].iter().position(|byte| ends(*byte));
        at = rest.map_or(bytes.len(), |n| end + n);
        let short = short.filter(|_| at == end);
        let other = || {
            let cell = trimmed(text, from, at, 0);
            other_number(&text[cell.start as usize..cell.end as usize])
        };
        let number = short.map_or_else(other, |short| short.value());
        seen.numbers += usize::from(!number.is_nan());
        match short.map(|short| short.places()) {
            Some(places) if places <= MOST_PLACES => {
                seen.places = seen.places.max(places);
                seen.largest = seen.largest.max(number.abs());
            }
            _ => seen.long += usize::from(!number.is_nan()),
        }
        if bytes.get(at) != Some(&delimiter) {
            return;
        }
        at += 1;
    }
}
