//! The numbers of a table's cells, column by column: short decimals as whole numbers of a unit, others as they are.

use crate::csv_file::trimmed;
use crate::limits;
use crate::number::{Short, other_number, short_at};
use crate::plan::{self, Plan};
use ppl_core::{Decimals, Numbers, TILE, Tiles};
use rayon::prelude::*;
use std::mem::take;
use std::sync::{Arc, OnceLock};

/// Cells that a thread reads at a time, at least.
const PART: usize = 1 << 16;

/// What stands for a cell that is no whole number of its column's unit.
const OTHER: i32 = i32::MIN;

/// The numbers of all columns.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    tiles: Arc<Tiles>,
    /// The columns that are stored as they are, one after another.
    reals: Arc<Vec<f64>>,
    columns: Vec<Held>,
    n_rows: usize,
}

/// A column.
#[derive(Debug)]
struct Held {
    plan: Plan,
    found: Found,
    /// Its numbers, NaN where there is none, once somebody asks.
    numbers: OnceLock<Numbers>,
}

/// What was found in a column, or in a part of it.
#[derive(Debug, Default, Clone)]
struct Found {
    /// Whether some cell is no plain number.
    no_number: bool,
    /// Bytes of the longest cell.
    longest: usize,
    /// The rows of numbers that are no whole ones of the column's unit, and the numbers; -0 among them.
    others: Vec<(u32, f64)>,
}

impl Columns {
    /// Reads the rows that begin at `starts`. Else where the first row begins that is too long or has not as many cells as there
    /// are columns.
    pub(crate) fn read(
        text: &str,
        starts: &[u32],
        n_columns: usize,
        delimiter: u8,
    ) -> Result<Columns, usize> {
        let plans = plan::of(text, starts, n_columns, delimiter);
        let n_rows = starts.len();
        let n_whole = plans.iter().filter(|p| p.is_whole()).count();
        let mut tiles = Tiles::new(n_rows, n_whole);
        let mut reals = vec![0.0; (n_columns - n_whole) * n_rows];
        let parts = parts(starts, &mut tiles, &mut reals, n_columns);
        let read: Vec<Result<Vec<Found>, usize>> = { parts.into_par_iter() }
            .map(|part| part.read(text, &plans, n_whole, delimiter))
            .collect();
        let new = |plan: &Plan| Held {
            plan: *plan,
            found: Found::default(),
            numbers: OnceLock::new(),
        };
        let mut columns: Vec<Held> = plans.iter().map(new).collect();
        for part in read {
            for (held, part) in columns.iter_mut().zip(part?) {
                held.found.and(part);
            }
        }
        let mut zeros = vec![];
        for held in &columns {
            if let Plan::Whole { slot, .. } = held.plan {
                let own = held
                    .found
                    .others
                    .iter()
                    .filter(|(_, number)| *number == 0.0);
                zeros.extend(own.map(|(row, _)| (slot as u32, *row)));
            }
        }
        Ok(Columns {
            tiles: tiles.with_negative_zeros(zeros).into(),
            reals: reals.into(),
            columns,
            n_rows,
        })
    }

    /// The number of a cell, if it is a plain one.
    pub(crate) fn number(&self, row: usize, column: usize) -> Option<f64> {
        let numbers = self.numbers(self.columns.get(column)?);
        numbers.get(row).copied().filter(|x| !x.is_nan())
    }

    /// A column of plain numbers.
    pub(crate) fn column(&self, column: usize) -> Option<Numbers> {
        let held = self.columns.get(column)?;
        (!held.found.no_number).then(|| self.numbers(held).clone())
    }

    /// Bytes of a column's longest cell.
    pub(crate) fn longest(&self, column: usize) -> usize {
        self.columns.get(column).map_or(0, |c| c.found.longest)
    }

    /// Columns of plain numbers, one after another; shared where they stand so.
    pub(crate) fn matrix(&self, columns: &[usize]) -> Option<Numbers> {
        let columns: Option<Vec<&Held>> = columns.iter().map(|c| self.columns.get(*c)).collect();
        let columns = columns?;
        if columns.iter().any(|c| c.found.no_number) {
            return None;
        }
        let (first, n) = (columns.first()?, columns.len());
        let follow = |of: &dyn Fn(usize) -> Plan| {
            let follows = |(k, c): (usize, &&Held)| c.plan == of(k) && c.found.is_whole();
            columns.iter().enumerate().all(follows)
        };
        match first.plan {
            Plan::Whole { slot, places } => {
                let at = |k| Plan::Whole {
                    slot: slot + k,
                    places,
                };
                let decimals = || Decimals::new(self.tiles.clone(), slot..slot + n, places as u32);
                follow(&at).then(|| decimals().into())
            }
            Plan::Real { slot } => {
                let at = |k| Plan::Real { slot: slot + k };
                let range = slot * self.n_rows..(slot + n) * self.n_rows;
                follow(&at).then(|| Numbers::part(self.reals.clone(), range))
            }
        }
        .or_else(|| {
            let mut all = Vec::with_capacity(n * self.n_rows);
            for held in columns {
                match held.plan {
                    Plan::Real { .. } => all.extend_from_slice(self.numbers(held)),
                    // Not kept: the matrix is.
                    Plan::Whole { slot, places } => all.extend(self.decimals(held, slot, places)),
                }
            }
            Some(all.into())
        })
    }

    /// A column's numbers, NaN where there is none.
    fn numbers<'a>(&self, held: &'a Held) -> &'a Numbers {
        held.numbers.get_or_init(|| match held.plan {
            Plan::Real { slot } => {
                let range = slot * self.n_rows..(slot + 1) * self.n_rows;
                Numbers::part(self.reals.clone(), range)
            }
            Plan::Whole { slot, places }
                if !held.found.no_number && held.found.others.is_empty() =>
            {
                Decimals::new(self.tiles.clone(), slot..slot + 1, places as u32).into()
            }
            Plan::Whole { slot, places } => self.decimals(held, slot, places).collect(),
        })
    }

    /// The numbers of a column of decimals, among them those that are none.
    fn decimals<'a>(
        &'a self,
        held: &'a Held,
        slot: usize,
        places: usize,
    ) -> impl Iterator<Item = f64> + 'a {
        let unit = 10f64.powi(places as i32);
        let mut others = held.found.others.iter().peekable();
        let number = move |(row, cell)| {
            let other = others.next_if(|(at, _)| *at as usize == row);
            match (other, cell) {
                (Some((_, number)), _) => *number,
                (None, OTHER) => f64::NAN,
                (None, whole) => f64::from(whole) / unit,
            }
        };
        self.tiles.column(slot).enumerate().map(number)
    }
}

impl Found {
    /// Whether all numbers are whole ones, or -0.
    fn is_whole(&self) -> bool {
        self.others.iter().all(|(_, number)| *number == 0.0)
    }

    /// With what was found in the part behind it.
    fn and(&mut self, mut behind: Found) {
        self.no_number |= behind.no_number;
        self.longest = self.longest.max(behind.longest);
        self.others.append(&mut behind.others);
    }

    /// A cell that is no short decimal of so many places, or -0; what stands for it.
    #[cold]
    fn other(&mut self, row: usize, number: f64, places: usize) -> i32 {
        let unit = 10f64.powi(places as i32);
        let whole = (number * unit).round();
        // Written in another way, such as 5e-05.
        if number != 0.0 && whole.abs() <= f64::from(i32::MAX) && whole / unit == number {
            return whole as i32;
        }
        match number.is_nan() {
            true => self.no_number = true,
            false => self.others.push((row as u32, number)),
        }
        if number == 0.0 { 0 } else { OTHER }
    }
}

/// Rows that are read by one thread, and where their numbers go.
struct Part<'a> {
    starts: &'a [u32],
    /// The row that it begins with.
    first: usize,
    cells: &'a mut [i32],
    reals: Vec<&'a mut [f64]>,
}

/// Divides rows and memory.
fn parts<'a>(
    starts: &'a [u32],
    tiles: &'a mut Tiles,
    reals: &'a mut [f64],
    n_columns: usize,
) -> Vec<Part<'a>> {
    let n_tiles = (PART / (TILE * n_columns)).max(1);
    let (rows, step) = (n_tiles * TILE, tiles.step());
    let mut cells = tiles.cells_mut();
    let mut parts = vec![];
    for (k, starts) in starts.chunks(rows).enumerate() {
        let here = (n_tiles * step).min(cells.len());
        let (here, rest) = take(&mut cells).split_at_mut(here);
        cells = rest;
        parts.push(Part {
            first: k * rows,
            starts,
            cells: here,
            reals: vec![],
        });
    }
    for column in reals.chunks_exact_mut(starts.len().max(1)) {
        for (piece, part) in column.chunks_mut(rows).zip(&mut parts) {
            part.reals.push(piece);
        }
    }
    parts
}

impl Part<'_> {
    /// Fills the memory; what was found in each column, or where the first row begins that is refused.
    fn read(
        mut self,
        text: &str,
        plans: &[Plan],
        n_whole: usize,
        delimiter: u8,
    ) -> Result<Vec<Found>, usize> {
        let mut found = vec![Found::default(); plans.len()];
        for (row, start) in self.starts.iter().enumerate() {
            let start = *start as usize;
            let tile = &mut self.cells[row / TILE * TILE * n_whole..];
            let to = (row, self.first + row, tile, &mut self.reals[..]);
            read_row(text, start, delimiter, plans, to, &mut found).ok_or(start)?;
        }
        Ok(found)
    }
}

/// Reads a row: its number in its part and in the file, its tile and the columns of its part; `None` if it has not as many cells as
/// there are columns, or one that is too long.
fn read_row(
    text: &str,
    start: usize,
    delimiter: u8,
    plans: &[Plan],
    (row, in_file, tile, reals): (usize, usize, &mut [i32], &mut [&mut [f64]]),
    found: &mut [Found],
) -> Option<()> {
    let bytes = text.as_bytes();
    let is_end = |byte: u8| byte == b'\n' || byte == b'\r';
    let ends = |byte: u8| byte == delimiter || is_end(byte);
    let (mut at, n_columns) = (start, plans.len());
    for (column, (plan, found)) in plans.iter().zip(found).enumerate() {
        let from = at;
        let (end, short) = short_at(bytes, at);
        at = end;
        let short = short.filter(|_| bytes.get(at).is_none_or(|&byte| ends(byte)));
        let mut other = f64::NAN;
        let length = match short {
            Some(_) => at - from,
            None => {
                while bytes.get(at).is_some_and(|&byte| !ends(byte)) {
                    at += 1;
                }
                let cell = trimmed(text, from, at, 0);
                let cell = &text[cell.start as usize..cell.end as usize];
                if cell.len() > limits::CELL_BYTES {
                    return None;
                }
                other = other_number(cell);
                cell.len()
            }
        };
        let number = || short.map_or(other, Short::value);
        match *plan {
            Plan::Whole { slot, places } => {
                let whole = short.filter(|short| !short.is_negative_zero());
                let whole = whole.and_then(|short| short.whole(places));
                tile[slot * TILE + row % TILE] =
                    whole.unwrap_or_else(|| found.other(in_file, number(), places));
            }
            Plan::Real { slot } => {
                let number = number();
                found.no_number |= number.is_nan();
                reals[slot][row] = number;
            }
        }
        found.longest = found.longest.max(length);
        let more = bytes.get(at) == Some(&delimiter);
        if more != (column + 1 < n_columns) {
            return None;
        }
        at += usize::from(more);
    }
    Some(())
}
