//! Products of a block of rows of a matrix with vectors, and of its transpose: tiles of positions (draws) by rows or
//! columns stay in registers.

use super::vector::Eight;
/// Rows of a tile; rows are padded to a multiple of this.
pub(crate) use ppl_core::TILE;

/// A block of a matrix: tile after tile of [`TILE`] rows, in each of them column after column.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    pub(crate) start: *const u8,
    /// Elements from one tile to the next.
    pub(crate) step: usize,
    /// Rows to work on: a multiple of [`TILE`].
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// What the elements are to be multiplied by.
    pub(crate) scale: f64,
}

/// How the elements of a matrix are stored: as they are.
pub(crate) const DOUBLE: u8 = 0;
/// As `i32`, to be multiplied by the scale.
pub(crate) const WHOLE: u8 = 1;
/// As `f32`.
pub(crate) const SINGLE: u8 = 2;

/// Lanes of an accumulator.
pub(crate) const LANES: usize = 8;
/// Bytes of a cache line.
const LINE: usize = 64;

/// Vectors along the columns, one for each position.
#[derive(Clone, Copy)]
pub(crate) struct Along {
    pub(crate) base: *mut f64,
    /// From one column to the next.
    pub(crate) stride: usize,
    /// Where each position begins.
    pub(crate) offsets: *const usize,
    pub(crate) positions: usize,
}

/// Vectors along the rows, one for each position.
#[derive(Clone, Copy)]
pub(crate) struct Wide {
    pub(crate) base: *mut f64,
    pub(crate) distance: usize,
}

/// `wide = X along`, or `along += Xᵀ wide` spread over eight lanes.
///
/// All addresses are valid for the block's rows and columns and for all positions.
pub(crate) type DenseFn = unsafe fn(&Block, &Along, &Wide);
/// The first of a block, and the second of the block before it, in one loop; one position.
pub(crate) type PairFn = unsafe fn(&Block, &Along, &Wide, &Block, &Along, &Wide);

impl Along {
    #[inline(always)]
    unsafe fn at(&self, position: usize) -> *mut f64 {
        // SAFETY: the caller's guarantee.
        unsafe { self.base.add(*self.offsets.add(position)) }
    }
}

impl Block {
    /// The place of a row in the first column; that of the next column is [`TILE`] elements on.
    #[inline(always)]
    fn row(&self, row: usize) -> usize {
        row / TILE * self.step + row % TILE
    }
}

#[inline(always)]
unsafe fn load<V: Eight, const STORED: u8>(x: *const u8, at: usize) -> V {
    // SAFETY: the caller's guarantee.
    unsafe {
        match STORED {
            WHOLE => V::load_int(x.cast::<i32>().add(at)),
            SINGLE => V::load_single(x.cast::<f32>().add(at)),
            _ => V::load(x.cast::<f64>().add(at)),
        }
    }
}

#[inline(always)]
unsafe fn forward_tile<V: Eight, const S: usize, const R: usize, const STORED: u8>(
    x: &Block,
    b: &Along,
    out: &Wide,
    first: usize,
    row: usize,
) {
    // SAFETY: the caller's guarantee.
    unsafe {
        let mut total = [[V::zero(); R]; S];
        let mut from = [b.base as *const f64; S];
        for (s, from) in from.iter_mut().enumerate() {
            *from = b.at(first + s);
        }
        let place = x.row(row);
        for j in 0..x.columns {
            let mut column = [V::zero(); R];
            for (r, column) in column.iter_mut().enumerate() {
                *column = load::<V, STORED>(x.start, place + j * TILE + r * 8);
            }
            for s in 0..S {
                let weight = V::splat(*from[s].add(j * b.stride));
                for r in 0..R {
                    total[s][r] = total[s][r].mul_add(column[r], weight);
                }
            }
        }
        let scale = V::splat(x.scale);
        for (s, total) in total.iter().enumerate() {
            let to = out.base.add((first + s) * out.distance + row);
            for (r, &total) in total.iter().enumerate() {
                if STORED == WHOLE {
                    total.mul(scale)
                } else {
                    total
                }
                .store(to.add(r * 8));
            }
        }
    }
}

/// `S` positions by `R` times eight rows at a time, then one position by `R1` times eight.
#[inline(always)]
pub(crate) unsafe fn forward<
    V: Eight,
    const S: usize,
    const R: usize,
    const R1: usize,
    const STORED: u8,
>(
    x: &Block,
    b: &Along,
    out: &Wide,
) {
    let mut s = 0;
    // SAFETY: the caller's guarantee; tiles divide the rows.
    unsafe {
        while s + S <= b.positions {
            for row in (0..x.rows).step_by(8 * R) {
                forward_tile::<V, S, R, STORED>(x, b, out, s, row);
            }
            s += S;
        }
        while s + 2 <= b.positions {
            for row in (0..x.rows).step_by(8 * R) {
                forward_tile::<V, 2, R, STORED>(x, b, out, s, row);
            }
            s += 2;
        }
        while s < b.positions {
            for row in (0..x.rows).step_by(8 * R1) {
                forward_tile::<V, 1, R1, STORED>(x, b, out, s, row);
            }
            s += 1;
        }
    }
}

#[inline(always)]
unsafe fn transposed_tile<V: Eight, const S: usize, const C: usize, const STORED: u8>(
    x: &Block,
    to: &Along,
    r: &Wide,
    first: usize,
    column: usize,
    ahead: bool,
) {
    // SAFETY: the caller's guarantee.
    unsafe {
        let mut total = [[V::zero(); C]; S];
        let element = if STORED == DOUBLE { 8 } else { 4 };
        let next = x.rows / TILE * x.step;
        for row in (0..x.rows).step_by(8) {
            let mut values = [V::zero(); C];
            let place = x.row(row) + column * TILE;
            for (c, value) in values.iter_mut().enumerate() {
                let at = place + c * TILE;
                *value = load::<V, STORED>(x.start, at);
                if ahead {
                    V::prefetch(x.start.wrapping_add((at + next) * element));
                }
            }
            for (s, total) in total.iter_mut().enumerate() {
                let weight = V::load(r.base.add((first + s) * r.distance + row));
                for (total, &value) in total.iter_mut().zip(&values) {
                    *total = total.mul_add(value, weight);
                }
            }
        }
        for (s, total) in total.iter().enumerate() {
            for (c, &total) in total.iter().enumerate() {
                let to = to.at(first + s).add((column + c) * to.stride);
                V::load(to).add(total).store(to);
            }
        }
    }
}

#[inline(always)]
unsafe fn transposed_columns<V: Eight, const S: usize, const C: usize, const STORED: u8>(
    x: &Block,
    to: &Along,
    r: &Wide,
    first: usize,
) {
    let whole = x.columns / C * C;
    // SAFETY: the caller's guarantee.
    unsafe {
        for column in (0..whole).step_by(C) {
            transposed_tile::<V, S, C, STORED>(x, to, r, first, column, first == 0);
        }
        for column in whole..x.columns {
            transposed_tile::<V, S, 1, STORED>(x, to, r, first, column, first == 0);
        }
    }
}

/// `S` positions by `C` columns at a time. The first ones ask for the next block, which follows in memory.
#[inline(always)]
pub(crate) unsafe fn transposed<V: Eight, const S: usize, const C: usize, const STORED: u8>(
    x: &Block,
    to: &Along,
    r: &Wide,
) {
    let mut s = 0;
    // SAFETY: the caller's guarantee.
    unsafe {
        while s + S <= to.positions {
            transposed_columns::<V, S, C, STORED>(x, to, r, s);
            s += S;
        }
        while s + 2 <= to.positions {
            transposed_columns::<V, 2, C, STORED>(x, to, r, s);
            s += 2;
        }
        while s < to.positions {
            transposed_columns::<V, 1, C, STORED>(x, to, r, s);
            s += 1;
        }
    }
}

/// Both at one position, `R` times eight rows at a time: the block before comes from the cache, and while both are at work the
/// next one is asked for, a line with each line that is read. Left to itself the machine reads ahead by a few lines, and stops between
/// blocks.
#[inline(always)]
pub(crate) unsafe fn pair<V: Eight, const R: usize, const STORED: u8>(
    x: &Block,
    b: &Along,
    out: &Wide,
    before: &Block,
    to: &Along,
    r: &Wide,
) {
    // SAFETY: the caller's guarantee; both blocks are whole.
    unsafe {
        let (from, to_first) = (b.at(0), to.at(0));
        let element = if STORED == DOUBLE { 8 } else { 4 };
        let next = before.rows / TILE * x.step;
        for row in (0..before.rows).step_by(8 * R) {
            // A last block may be shorter; what stands in lanes behind its rows counts for nothing.
            let place = x.row(row.min(x.rows - 8 * R));
            let place_before = before.row(row);
            let mut weights = [V::zero(); R];
            for (q, weight) in weights.iter_mut().enumerate() {
                *weight = V::load(r.base.add(row + q * 8));
            }
            let mut total = [V::zero(); R];
            for j in 0..x.columns {
                let weight = V::splat(*from.add(j * b.stride));
                for (q, total) in total.iter_mut().enumerate() {
                    let at = place + j * TILE + q * 8;
                    *total = total.mul_add(load::<V, STORED>(x.start, at), weight);
                    if (q * 8 * element).is_multiple_of(LINE) {
                        V::prefetch(x.start.wrapping_add((at + next) * element));
                    }
                }
                let to = to_first.add(j * to.stride);
                let mut sums = [V::load(to), V::zero()];
                for (q, &weight) in weights.iter().enumerate() {
                    let value = load::<V, STORED>(before.start, place_before + j * TILE + q * 8);
                    sums[q % 2] = sums[q % 2].mul_add(value, weight);
                }
                sums[0].add(sums[1]).store(to);
            }
            let scale = V::splat(x.scale);
            for (q, &total) in total.iter().enumerate() {
                if STORED == WHOLE {
                    total.mul(scale)
                } else {
                    total
                }
                .store(out.base.add(row + q * 8));
            }
        }
    }
}
