//! Matrices of data, packed for dense products: block of rows after block of rows, each column after column.

use crate::EngineError;
use crate::memory::Memory;
use crate::ops::dense::Block;

/// Decimals that are tried for exact storage as whole numbers.
const MOST_DECIMALS: i32 = 9;

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
        let ((rows, row_step), (columns, column_step)) = (rows, columns);
        let n = rows.div_ceil(block) * block * columns;
        let decimals = decimals(data);
        let (whole, power) = (decimals.is_some(), 10f64.powi(decimals.unwrap_or(0)));
        let start = memory.allocate(if whole { n.div_ceil(2) } else { n })?;
        for column in 0..columns {
            for row in 0..rows {
                let x = data[row * row_step + column * column_step];
                let at = (row / block * columns + column) * block + row % block;
                // SAFETY: the buffer has room for all blocks.
                unsafe {
                    if whole {
                        *start.cast::<i32>().add(at) = (x * power).round() as i32;
                    } else {
                        *start.add(at) = x;
                    }
                }
            }
        }
        Ok(Matrix {
            start: start.cast(),
            block,
            columns,
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

/// The number of decimals with which all numbers are whole numbers of 31 bits, exactly; -0 is none.
fn decimals(data: &[f64]) -> Option<i32> {
    let exact = |x: f64, power: f64| {
        let k = (x * power).round();
        k.abs() <= f64::from(i32::MAX) && (f64::from(k as i32) / power).to_bits() == x.to_bits()
    };
    let (mut decimals, mut power) = (0, 1.0);
    for &x in data {
        while !exact(x, power) {
            if decimals == MOST_DECIMALS {
                return None;
            }
            decimals += 1;
            power = 10f64.powi(decimals);
        }
    }
    // With more decimals than an earlier number needed, it may have become too large.
    data.iter().all(|&x| exact(x, power)).then_some(decimals)
}

#[cfg(test)]
mod tests {
    use super::decimals;

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
