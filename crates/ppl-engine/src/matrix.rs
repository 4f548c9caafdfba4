//! Matrices of data, packed for dense products: block of rows after block of rows, each column after column.

use crate::EngineError;
use crate::memory::Memory;
use crate::ops::dense::Block;

/// Decimals that are tried for exact storage as whole numbers.
const MOST_DECIMALS: i32 = 9;
/// Numbers that say whether exact storage is worth trying.
const SAMPLE: usize = 1024;

/// A packed matrix.
#[derive(Clone, Copy)]
pub(crate) struct Matrix {
    start: *mut u8,
    /// Rows of a block.
    block: usize,
    columns: usize,
    /// Whether the elements are `i32`, to be multiplied by `scale`.
    pub(crate) whole: bool,
    pub(crate) scale: f64,
}

impl Matrix {
    /// Packs `rows` by `columns` elements that lie at these distances. Numbers of few decimals that all come back exactly
    /// are stored as whole numbers, which halves the memory traffic.
    pub(crate) fn pack(
        data: &[f64],
        rows: (usize, usize),
        columns: (usize, usize),
        block: usize,
        memory: &mut Memory,
    ) -> Result<Matrix, EngineError> {
        let n = rows.0.div_ceil(block) * block * columns.0;
        let packing = Packing {
            data,
            rows,
            columns,
            block,
        };
        let (start, whole, power) = match decimals(&data[..data.len().min(SAMPLE)]) {
            Some(least) => {
                let start = memory.allocate(n.div_ceil(2))?;
                // SAFETY: the buffer is zeroed and has room for all blocks.
                let to = unsafe { std::slice::from_raw_parts_mut(start.cast::<i32>(), n) };
                let fits = (least..=MOST_DECIMALS).find(|d| packing.whole(10f64.powi(*d), to));
                match fits {
                    Some(decimals) => (start, true, 10f64.powi(decimals)),
                    None => (memory.allocate(n)?, false, 1.0),
                }
            }
            None => (memory.allocate(n)?, false, 1.0),
        };
        if !whole {
            // SAFETY: as above.
            packing.plain(unsafe { std::slice::from_raw_parts_mut(start, n) });
        }
        Ok(Matrix {
            start: start.cast(),
            block,
            columns: columns.0,
            whole,
            scale: 1.0 / power,
        })
    }

    /// Whether both are the same.
    pub(crate) fn is(&self, other: &Matrix) -> bool {
        self.start == other.start
    }

    /// A block, of which so many rows count.
    pub(crate) fn block(&self, number: usize, rows: usize) -> Block {
        let element = if self.whole { 4 } else { 8 };
        Block {
            start: self
                .start
                .wrapping_add(number * self.block * self.columns * element),
            stride: self.block,
            rows,
            columns: self.columns,
            scale: self.scale,
        }
    }
}

/// What is packed: numbers of rows and columns with their distances in the data, rows of a block.
struct Packing<'a> {
    data: &'a [f64],
    rows: (usize, usize),
    columns: (usize, usize),
    block: usize,
}

impl Packing<'_> {
    /// The blocks' columns: those of a block, whose data lie together, one after another. Ends where `column` says so.
    fn columns<T>(
        &self,
        to: &mut [T],
        mut column: impl FnMut(&mut [T], &[f64], usize) -> bool,
    ) -> bool {
        let ((rows, row_step), (columns, column_step)) = (self.rows, self.columns);
        to.chunks_exact_mut(self.block * columns)
            .enumerate()
            .all(|(b, to)| {
                let first = b * self.block;
                let len = self.block.min(rows - first);
                to.chunks_exact_mut(self.block).enumerate().all(|(j, to)| {
                    let from = &self.data[first * row_step + j * column_step..];
                    column(&mut to[..len], from, row_step)
                })
            })
    }

    /// As they are.
    fn plain(&self, to: &mut [f64]) {
        self.columns(to, |to, from, step| {
            for (to, from) in to.iter_mut().zip(from.iter().step_by(step)) {
                *to = *from;
            }
            true
        });
    }

    /// As whole numbers of `1 / power`; false as soon as one does not come back exactly.
    fn whole(&self, power: f64, to: &mut [i32]) -> bool {
        self.columns(to, |to, from, step| {
            let mut all = true;
            for (to, &x) in to.iter_mut().zip(from.iter().step_by(step)) {
                let (k, exact) = whole(x, power);
                *to = k;
                all &= exact;
            }
            all
        })
    }
}

/// The whole number that a number is next to, in units of `1 / power`, and whether it gives the number back; -0 never does.
#[inline(always)]
fn whole(x: f64, power: f64) -> (i32, bool) {
    /// Adding it moves the nearest whole number into the low bits.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let shifted = x * power + SHIFT;
    let k = shifted - SHIFT;
    let fits = k.abs() <= f64::from(i32::MAX);
    let back = k / power;
    (
        shifted.to_bits() as i32,
        fits & (back.to_bits() == x.to_bits()),
    )
}

/// The number of decimals with which all numbers are whole numbers of 31 bits, exactly; -0 is none.
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

    /// Element of a packed matrix.
    fn element(m: &Matrix, row: usize, column: usize) -> f64 {
        let at = (row / m.block * m.columns + column) * m.block + row % m.block;
        // SAFETY: the place exists, and the tests keep the memory.
        unsafe {
            match m.whole {
                true => f64::from(*m.start.cast::<i32>().add(at)) * m.scale,
                false => *m.start.cast::<f64>().add(at),
            }
        }
    }

    #[test]
    fn matrices_come_back_whatever_follows_the_sample() {
        let (rows, columns, block) = (1_000, 3, 64);
        let plain: Vec<f64> = (0..rows * columns)
            .map(|i| (i % 777) as f64 / 8.0 - 3.0)
            .collect();
        for (at, value, whole) in [
            (0, 0.5, true),
            // More decimals than the sample has, and numbers that have none.
            (SAMPLE + 70, 0.12345, true),
            (SAMPLE + 70, 1.0 / 3.0, false),
            (2_999, f64::NAN, false),
            (SAMPLE + 1, 3e9, false),
            (SAMPLE + 1, -0.0, false),
        ] {
            let mut data = plain.clone();
            data[at] = value;
            for (row_step, column_step) in [(columns, 1), (1, rows)] {
                let mut memory = Memory::default();
                let m = Matrix::pack(
                    &data,
                    (rows, row_step),
                    (columns, column_step),
                    block,
                    &mut memory,
                )
                .unwrap();
                assert_eq!(m.whole, whole, "{value}");
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
    fn only_exact_decimals() {
        assert_eq!(decimals(&[1.0, -3.0, 0.0]), Some(0));
        assert_eq!(decimals(&[0.5, 1.25, -0.12345]), Some(5));
        assert_eq!(decimals(&[0.1 + 0.2]), None);
        assert_eq!(decimals(&[1.0 / 3.0]), None);
        assert_eq!(decimals(&[3e9]), None);
        assert_eq!(decimals(&[30000.0, 0.00001]), None);
        assert_eq!(decimals(&[-0.0]), None);
        assert_eq!(decimals(&[f64::NAN]), None);
    }
}
