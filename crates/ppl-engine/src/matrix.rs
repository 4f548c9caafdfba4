//! Matrices of data, packed for dense products: tile of rows after tile of rows, each column after column.

use crate::EngineError;
use crate::memory::Memory;
use crate::ops::InstructionSet;
use crate::ops::dense::{Block, DOUBLE, SINGLE, TILE, WHOLE};
use ppl_core::{Decimals, Numbers};
use rayon::prelude::*;

/// Decimals that are tried for exact storage as whole numbers.
const MOST_DECIMALS: i32 = 9;
/// Numbers that say whether exact storage is worth trying.
const SAMPLE: usize = 1024;

/// Numbers that are packed by one thread at a time.
const PART: usize = 1 << 18;

/// A packed matrix.
#[derive(Clone, Copy)]
pub(crate) struct Matrix {
    start: *const u8,
    /// Elements from one tile to the next.
    step: usize,
    columns: usize,
    /// How the elements are stored.
    pub(crate) stored: u8,
    /// What they are to be multiplied by.
    pub(crate) scale: f64,
}

impl Matrix {
    /// Packs `rows` by `columns` elements that lie at these distances. Numbers of few decimals that all come back exactly
    /// are stored as whole numbers, numbers of 24 bits in single precision; either halves the memory traffic. What was read as
    /// whole numbers in this order is left where it stands, and `data` must be kept.
    pub(crate) fn pack(
        data: &Numbers,
        rows: (usize, usize),
        columns: (usize, usize),
        memory: &mut Memory,
    ) -> Result<Matrix, EngineError> {
        if let Some(decimals) = data.decimals()
            && (rows, columns) == ((decimals.rows(), 1), (decimals.columns(), decimals.rows()))
            && decimals.are_needed()
        {
            return Ok(Matrix::read(decimals));
        }
        let n = rows.0.div_ceil(TILE) * TILE * columns.0;
        let packing = Packing {
            data,
            first: 0,
            rows,
            columns,
        };
        let sample = &data[..data.len().min(SAMPLE)];
        let half = |memory: &mut Memory| memory.allocate(n.div_ceil(2));
        // SAFETY (of the slices): a buffer is zeroed and has room for all tiles.
        let (mut start, mut stored, mut power) = (std::ptr::null_mut(), DOUBLE, 1.0);
        if let Some(least) = decimals(sample) {
            start = half(memory)?;
            let to = unsafe { std::slice::from_raw_parts_mut(start.cast::<i32>(), n) };
            let powers = (least..=MOST_DECIMALS).map(|decimals| 10f64.powi(decimals));
            let whole = |power: &f64| packing.parts(to, |part, to| part.whole(*power, to));
            if let Some(fits) = { powers }.find(whole) {
                (stored, power) = (WHOLE, fits);
            }
        }
        if stored == DOUBLE && sample.iter().all(|x| single(*x).1) {
            start = half(memory)?;
            let to = unsafe { std::slice::from_raw_parts_mut(start.cast::<f32>(), n) };
            if packing.parts(to, |part, to| part.store(to, single)) {
                stored = SINGLE;
            }
        }
        if stored == DOUBLE {
            start = memory.allocate(n)?;
            let to = unsafe { std::slice::from_raw_parts_mut(start, n) };
            packing.parts(to, |part, to| part.store(to, |x| (x, true)));
        }
        Ok(Matrix {
            start: start.cast(),
            step: TILE * columns.0,
            columns: columns.0,
            stored,
            scale: 1.0 / power,
        })
    }

    /// What stands as it is stored here.
    fn read(decimals: &Decimals) -> Matrix {
        Matrix {
            start: decimals.cells().as_ptr().cast(),
            step: decimals.step(),
            columns: decimals.columns(),
            stored: WHOLE,
            scale: 1.0 / 10f64.powi(decimals.places() as i32),
        }
    }

    /// Whether both are the same.
    pub(crate) fn is(&self, other: &Matrix) -> bool {
        (self.start, self.columns) == (other.start, other.columns)
    }

    /// So many rows from a tile on.
    pub(crate) fn block(&self, tile: usize, rows: usize) -> Block {
        let element = if self.stored == DOUBLE { 8 } else { 4 };
        Block {
            start: self.start.wrapping_add(tile * self.step * element),
            step: self.step,
            rows,
            columns: self.columns,
            scale: self.scale,
        }
    }
}

/// What is packed: numbers of rows and columns with their distances in the data.
#[derive(Clone, Copy)]
struct Packing<'a> {
    data: &'a [f64],
    /// The row that it begins with.
    first: usize,
    rows: (usize, usize),
    columns: (usize, usize),
}

impl Packing<'_> {
    /// Stores whole tiles on as many threads as there are; false as soon as one element does not come back exactly.
    fn parts<T: Send>(
        &self,
        to: &mut [T],
        store: impl Fn(&Packing<'_>, &mut [T]) -> bool + Sync,
    ) -> bool {
        let tile = (TILE * self.columns.0).max(1);
        let tiles = (PART / tile).max(1);
        let parts = to.par_chunks_mut(tiles * tile).enumerate();
        parts.all(|(i, to)| {
            let first = i * tiles * TILE;
            store(&Packing { first, ..*self }, to)
        })
    }

    /// Stores all elements in another form; false as soon as one does not come back exactly. The tiles' columns, whose
    /// data lie together, one after another.
    #[inline(always)]
    fn store<T>(&self, to: &mut [T], form: impl Fn(f64) -> (T, bool)) -> bool {
        let ((rows, row_step), (columns, column_step)) = (self.rows, self.columns);
        let tiles = to.chunks_exact_mut(TILE * columns).enumerate();
        { tiles }.all(|(t, to)| {
            let first = self.first + t * TILE;
            let len = TILE.min(rows - first);
            let mut all = true;
            for (j, to) in to.chunks_exact_mut(TILE).enumerate() {
                let from = &self.data[first * row_step + j * column_step..];
                let mut store = |to: &mut T, x: f64| {
                    let (stored, exact) = form(x);
                    *to = stored;
                    all &= exact;
                };
                let to = &mut to[..len];
                if row_step == 1 {
                    // Neighbours, several in one vector.
                    to.iter_mut()
                        .zip(&from[..len])
                        .for_each(|(to, &x)| store(to, x));
                } else {
                    let from = from.iter().step_by(row_step);
                    to.iter_mut().zip(from).for_each(|(to, &x)| store(to, x));
                }
            }
            all
        })
    }

    /// As whole numbers of `1 / power`; by the vector instructions that the machine has, which all give the same.
    fn whole(&self, power: f64, to: &mut [i32]) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx2")]
            fn avx2(packing: &Packing<'_>, power: f64, to: &mut [i32]) -> bool {
                packing.store(to, |x| whole(x, power))
            }
            #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
            fn avx512(packing: &Packing<'_>, power: f64, to: &mut [i32]) -> bool {
                packing.store(to, |x| whole(x, power))
            }
            match InstructionSet::available().last() {
                // SAFETY: the machine has the instructions.
                Some(InstructionSet::Avx512) => return unsafe { avx512(self, power, to) },
                // SAFETY: as above.
                Some(InstructionSet::Avx2) => return unsafe { avx2(self, power, to) },
                _ => {}
            }
        }
        self.store(to, |x| whole(x, power))
    }
}

/// In single precision, and whether that gives the number back.
#[inline(always)]
fn single(x: f64) -> (f32, bool) {
    let single = x as f32;
    (single, f64::from(single).to_bits() == x.to_bits())
}

/// The whole number that a number is next to, in units of `1 / power`, and whether it gives the number back. -0 comes back
/// as 0: in the sums of products that begin with 0 neither leaves a trace.
#[inline(always)]
fn whole(x: f64, power: f64) -> (i32, bool) {
    /// Adding it moves the nearest whole number into the low bits.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let shifted = x * power + SHIFT;
    let k = shifted - SHIFT;
    let fits = k.abs() <= f64::from(i32::MAX);
    let back = k / power;
    (shifted.to_bits() as i32, fits & (back == x))
}

/// The number of decimals with which all numbers are whole numbers of 31 bits, exactly.
fn decimals(data: &[f64]) -> Option<i32> {
    let mut decimals = 0;
    for &x in data {
        while !whole(x, 10f64.powi(decimals)).1 {
            if decimals == MOST_DECIMALS {
                return None;
            }
            decimals += 1;
        }
    }
    // With more decimals than an earlier number needed, it may have become too large.
    let power = 10f64.powi(decimals);
    data.iter().all(|&x| whole(x, power).1).then_some(decimals)
}

#[cfg(test)]
mod tests {
    use super::{Matrix, SAMPLE, decimals};
    use crate::memory::Memory;
    use crate::ops::dense::{DOUBLE, SINGLE, TILE, WHOLE};
    use ppl_core::{Decimals, Numbers, Tiles};
    use std::sync::Arc;

    /// Element of a packed matrix.
    fn element(m: &Matrix, row: usize, column: usize) -> f64 {
        let at = row / TILE * m.step + column * TILE + row % TILE;
        // SAFETY: the place exists, and the tests keep the memory.
        unsafe {
            match m.stored {
                WHOLE => f64::from(*m.start.cast::<i32>().add(at)) * m.scale,
                SINGLE => f64::from(*m.start.cast::<f32>().add(at)),
                _ => *m.start.cast::<f64>().add(at),
            }
        }
    }

    #[test]
    fn matrices_come_back_whatever_follows_the_sample() {
        let (rows, columns) = (1_000, 3);
        let plain: Vec<f64> = (0..rows * columns)
            .map(|i| (i % 777) as f64 / 8.0 - 3.0)
            .collect();
        for (at, value, stored) in [
            (0, 0.5, WHOLE),
            // More decimals than the sample has, and numbers that have none.
            (SAMPLE + 70, 0.12345, WHOLE),
            (SAMPLE + 70, 1.0 / 3.0, DOUBLE),
            (SAMPLE + 70, f64::from(1.0f32 / 3.0), SINGLE),
            (0, f64::from(1.0f32 / 3.0), SINGLE),
            (2_999, f64::NAN, SINGLE),
            (SAMPLE + 1, 3e9, SINGLE),
            (SAMPLE + 1, -0.0, WHOLE),
            (SAMPLE + 1, 1e300, DOUBLE),
        ] {
            let mut data = plain.clone();
            data[at] = value;
            for (row_step, column_step) in [(columns, 1), (1, rows)] {
                let mut memory = Memory::default();
                let m = Matrix::pack(
                    &data.clone().into(),
                    (rows, row_step),
                    (columns, column_step),
                    &mut memory,
                )
                .unwrap();
                assert_eq!(m.stored, stored, "{value}");
                for i in 0..rows {
                    for j in 0..columns {
                        let (got, want) = (element(&m, i, j), data[i * row_step + j * column_step]);
                        assert!(
                            (got - want).abs() <= 3e-16 * want.abs() || want.is_nan(),
                            "{got} {want}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn what_was_read_as_whole_numbers_is_not_packed_again() {
        let (rows, columns) = (100, 3);
        let of = |i: usize, j: usize| (i * 7 + j) as i32 - 300;
        // Two decimals that are needed, and two of which one would do.
        for (unit, needed) in [(1, true), (10, false)] {
            let mut tiles = Tiles::new(rows, columns + 2);
            let step = tiles.step();
            for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
                tiles.cells_mut()[i / TILE * step + (j + 1) * TILE + i % TILE] = of(i, j) * unit;
            }
            let read: Numbers = Decimals::new(Arc::new(tiles), 1..columns + 1, 2).into();
            let mut memory = Memory::default();
            let shape = ((rows, 1), (columns, rows));
            let m = Matrix::pack(&read, shape.0, shape.1, &mut memory).unwrap();
            let stands = read.decimals().unwrap().cells().as_ptr().cast();
            assert_eq!((m.stored, m.start == stands), (WHOLE, needed));
            let plain = Numbers::from(read.to_vec());
            let packed = Matrix::pack(&plain, shape.0, shape.1, &mut memory).unwrap();
            assert_eq!(m.scale, packed.scale);
            for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
                assert_eq!(element(&m, i, j), element(&packed, i, j));
            }
        }
    }

    #[test]
    fn only_exact_decimals() {
        assert_eq!(decimals(&[1.0, -3.0, 0.0]), Some(0));
        assert_eq!(decimals(&[0.5, 1.25, -0.12345]), Some(5));
        assert_eq!(decimals(&[0.1 + 0.2]), None);
        assert_eq!(decimals(&[1.0 / 3.0]), None);
        assert_eq!(decimals(&[3e9]), None);
        assert_eq!(decimals(&[30000.0, 0.00001]), None);
        assert_eq!(decimals(&[-0.0, 0.5]), Some(1));
        assert_eq!(decimals(&[f64::NAN]), None);
    }
}
