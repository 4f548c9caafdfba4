//! Numbers of few decimals as whole numbers, in the order in which a table is read and a matrix is multiplied.

use std::ops::Range;
use std::sync::Arc;

/// Rows of a tile.
pub const TILE: usize = 64;

/// Bytes of a cache line, on which tiles begin.
const LINE: usize = 64;

/// A table of whole numbers: tile after tile of [`TILE`] rows, in each of them column after column. Rows past the last are 0.
#[derive(Debug)]
pub struct Tiles {
    /// The numbers behind those that come before the first cache line.
    cells: Vec<i32>,
    ahead: usize,
    rows: usize,
    columns: usize,
    /// Columns and rows of the cells that are -0, which no whole number is.
    negative_zeros: Vec<(u32, u32)>,
}

impl Default for Tiles {
    fn default() -> Self {
        Tiles::new(0, 0)
    }
}

impl Tiles {
    /// All 0.
    pub fn new(rows: usize, columns: usize) -> Tiles {
        let len = rows.div_ceil(TILE) * TILE * columns;
        let cells = vec![0; len + LINE / size_of::<i32>()];
        let ahead = cells.as_ptr().align_offset(LINE).min(cells.len() - len);
        Tiles {
            cells,
            ahead,
            rows,
            columns,
            negative_zeros: vec![],
        }
    }

    /// The same, with -0 in these columns and rows, whose cells are 0. Sums of products that begin with 0 do not tell them apart.
    pub fn with_negative_zeros(self, negative_zeros: Vec<(u32, u32)>) -> Tiles {
        Tiles {
            negative_zeros,
            ..self
        }
    }

    /// Numbers of a tile.
    pub fn step(&self) -> usize {
        TILE * self.columns
    }

    /// All tiles.
    pub fn cells(&self) -> &[i32] {
        &self.cells[self.ahead..][..self.rows.div_ceil(TILE) * self.step()]
    }

    /// All tiles, to be filled.
    pub fn cells_mut(&mut self) -> &mut [i32] {
        let len = self.rows.div_ceil(TILE) * self.step();
        &mut self.cells[self.ahead..][..len]
    }

    /// A column's numbers, from its first row on.
    pub fn column(&self, column: usize) -> impl Iterator<Item = i32> + '_ {
        let tiles = self.cells().chunks_exact(self.step().max(1));
        let of = move |tile: &'_ [i32]| column * TILE..((column + 1) * TILE).min(tile.len());
        tiles
            .flat_map(move |tile| tile[of(tile)].iter().copied())
            .take(self.rows)
    }
}

/// Neighbouring columns of a table of whole numbers, in units of 10 to the power of minus `places`.
#[derive(Debug, Clone)]
pub struct Decimals {
    tiles: Arc<Tiles>,
    columns: Range<usize>,
    places: u32,
}

impl Decimals {
    /// Columns of a table; none of them where they do not lie within.
    pub fn new(tiles: Arc<Tiles>, columns: Range<usize>, places: u32) -> Decimals {
        let columns = match columns.start <= columns.end && columns.end <= tiles.columns {
            true => columns,
            false => 0..0,
        };
        Decimals {
            tiles,
            columns,
            places,
        }
    }

    /// Whether both are the same place in memory.
    pub(crate) fn is(&self, other: &Decimals) -> bool {
        let own = (&self.columns, self.places);
        Arc::ptr_eq(&self.tiles, &other.tiles) && own == (&other.columns, other.places)
    }

    /// Whether both are the same numbers in the same unit, seen without making them.
    pub(crate) fn same(&self, other: &Decimals) -> bool {
        let shape = |d: &Decimals| (d.rows(), d.columns(), d.places);
        let zeros = |d: &Decimals| -> Vec<(usize, u32)> {
            let all = d.tiles.negative_zeros.iter();
            let own = all.filter(|(column, _)| d.columns.contains(&(*column as usize)));
            own.map(|(column, row)| (*column as usize - d.columns.start, *row))
                .collect()
        };
        let own = |d: &Decimals, tile: usize| {
            let first = tile * d.step() + d.columns.start * TILE;
            first..first + d.columns() * TILE
        };
        let (a, b) = (self.tiles.cells(), other.tiles.cells());
        let mut tiles = 0..self.rows().div_ceil(TILE);
        self.is(other)
            || shape(self) == shape(other)
                && tiles.all(|t| a[own(self, t)] == b[own(other, t)])
                && zeros(self) == zeros(other)
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.tiles.rows
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// Decimals of the unit.
    pub fn places(&self) -> u32 {
        self.places
    }

    /// Whether with fewer decimals some number would not be whole.
    pub fn are_needed(&self) -> bool {
        let of = |tile: &[i32]| {
            let own = &tile[self.columns.start * TILE..self.columns.end * TILE];
            own.iter().any(|cell| cell % 10 != 0)
        };
        let tiles = self.tiles.cells().chunks_exact(self.step().max(1));
        self.places == 0 || { tiles }.any(of)
    }

    /// The cells from the first of these columns on: that of row i in column j at `i / TILE * step() + j * TILE + i % TILE`.
    pub fn cells(&self) -> &[i32] {
        let cells = self.tiles.cells();
        &cells[(self.columns.start * TILE).min(cells.len())..]
    }

    /// From one tile to the next.
    pub fn step(&self) -> usize {
        self.tiles.step()
    }

    /// The numbers, column after column. Each is the quotient of two numbers that are exact, rounded once.
    pub(crate) fn reals(&self) -> Vec<f64> {
        let unit = 10f64.powi(self.places as i32);
        let mut out = vec![0.0; self.rows() * self.columns()];
        let columns = out.chunks_exact_mut(self.rows().max(1));
        for (column, to) in self.columns.clone().zip(columns) {
            self.column(column, unit, to);
        }
        for &(column, row) in &self.tiles.negative_zeros {
            let (column, row) = (column as usize, row as usize);
            if self.columns.contains(&column) {
                out[(column - self.columns.start) * self.rows() + row] = -0.0;
            }
        }
        out
    }

    /// How many of the numbers are zero, of either sign.
    pub(crate) fn zeros(&self) -> usize {
        let mut zeros = 0;
        let tiles = self.tiles.cells().chunks_exact(self.step().max(1));
        for (first, tile) in (0..self.rows()).step_by(TILE).zip(tiles) {
            let rows = TILE.min(self.rows() - first);
            for column in self.columns.clone() {
                let cells = &tile[column * TILE..][..rows];
                zeros += cells.iter().filter(|cell| **cell == 0).count();
            }
        }
        zeros
    }

    fn column(&self, column: usize, unit: f64, to: &mut [f64]) {
        let tiles = self.tiles.cells().chunks_exact(self.step().max(1));
        for (to, tile) in to.chunks_mut(TILE).zip(tiles) {
            let from = &tile[column * TILE..];
            let cells = to.iter_mut().zip(from);
            match unit == 1.0 {
                // Whole numbers are their own quotients; a division takes longer than all else here.
                true => cells.for_each(|(to, cell)| *to = f64::from(*cell)),
                false => cells.for_each(|(to, cell)| *to = f64::from(*cell) / unit),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Decimals, TILE, Tiles};
    use crate::Numbers;
    use std::sync::Arc;

    #[test]
    fn columns_come_back() {
        for (rows, columns) in [(1, 1), (63, 3), (64, 2), (65, 2), (200, 5), (0, 3), (3, 0)] {
            let mut tiles = Tiles::new(rows, columns);
            assert!(tiles.cells().as_ptr().addr().is_multiple_of(64));
            let (of, step) = (|i: usize, j: usize| (i * columns + j) as i32, tiles.step());
            for i in 0..rows {
                for j in 0..columns {
                    tiles.cells_mut()[i / TILE * step + j * TILE + i % TILE] = of(i, j);
                }
            }
            // The first cell is 0.
            let zeros = if rows * columns > 0 {
                vec![(0, 0)]
            } else {
                vec![]
            };
            let tiles = Arc::new(tiles.with_negative_zeros(zeros));
            for j in 0..columns {
                let whole: Vec<i32> = (0..rows).map(|i| of(i, j)).collect();
                assert!(tiles.column(j).eq(whole));
                let decimals = Decimals::new(tiles.clone(), j..columns, 1);
                let own = (j..columns).flat_map(|j| (0..rows).map(move |i| of(i, j)));
                assert_eq!(decimals.are_needed(), own.clone().any(|x| x % 10 != 0));
                let own: Vec<f64> = own.map(|x| f64::from(x) / 10.0).collect();
                let numbers = Numbers::from(decimals);
                assert_eq!((numbers.len(), &numbers[..]), (own.len(), &own[..]));
                assert!(j > 0 || rows == 0 || numbers[0].is_sign_negative());
            }
            assert_eq!(Decimals::new(tiles.clone(), 1..columns + 1, 0).columns(), 0);
            let all = |tiles: &Arc<Tiles>, places| Decimals::new(tiles.clone(), 0..columns, places);
            let mut again = Tiles::new(rows, columns);
            again.cells_mut().copy_from_slice(tiles.cells());
            let plain = Arc::new(again);
            assert_eq!(all(&tiles, 1).same(&all(&plain, 1)), rows * columns == 0);
            assert!(!all(&tiles, 1).same(&all(&tiles, 2)));
            let mut again = Tiles::new(rows, columns);
            again.cells_mut().copy_from_slice(tiles.cells());
            assert!(all(&plain, 1).same(&all(&Arc::new(again), 1)));
        }
    }
}
