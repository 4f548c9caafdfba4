//! Triangular solves.

use super::product::add_product_on;
use super::{BLOCK, Shape, View, dot, subtract_multiple};
use crate::instructions::for_instructions;

for_instructions! {
    /// x with L x = b (or L' x = b), in place; `x` is n x m, the right-hand sides side by side.
    pub(in super::super) solve_lower = solve_lower_on(n: usize, m: usize, l: &[f64], transposed: bool, x: &mut [f64]) -> ()
}

#[inline(always)]
fn solve_lower_on<const W: usize, const FMA: bool>(
    n: usize,
    m: usize,
    l: &[f64],
    transposed: bool,
    x: &mut [f64],
) {
    match (m, transposed) {
        (1, false) => {
            for i in 0..n {
                x[i] = (x[i] - dot::<FMA>(&l[i * n..][..i], &x[..i])) / l[i * n + i];
            }
        }
        (1, true) => {
            for i in (0..n).rev() {
                let (before, rest) = x.split_at_mut(i);
                rest[0] /= l[i * n + i];
                subtract_multiple::<FMA>(before, rest[0], &l[i * n..][..i]);
            }
        }
        (_, false) => forward::<W, FMA>(n, m, l, x),
        (_, true) => backward::<W, FMA>(n, m, l, x),
    }
}

#[inline(always)]
fn forward<const W: usize, const FMA: bool>(n: usize, m: usize, l: &[f64], x: &mut [f64]) {
    let mut start = 0;
    while start < n {
        let end = (start + BLOCK).min(n);
        for i in start..end {
            let (done, row) = x.split_at_mut(i * m);
            let row = &mut row[..m];
            for p in start..i {
                subtract_multiple::<FMA>(row, l[i * n + p], &done[p * m..][..m]);
            }
            row.iter_mut().for_each(|v| *v /= l[i * n + i]);
        }
        let (done, rest) = x.split_at_mut(end * m);
        let left = View {
            values: l.get(end * n + start..).unwrap_or(&[]),
            row: n,
            column: 1,
        };
        let shape = Shape {
            m: n - end,
            n: m,
            k: end - start,
            b_row: m,
            c_row: m,
        };
        add_product_on::<W, FMA>(shape, -1.0, left, &done[start * m..], rest);
        start = end;
    }
}

#[inline(always)]
fn backward<const W: usize, const FMA: bool>(n: usize, m: usize, l: &[f64], x: &mut [f64]) {
    let mut end = n;
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        for i in (start..end).rev() {
            let (before, rest) = x.split_at_mut(i * m);
            let row = &mut rest[..m];
            row.iter_mut().for_each(|v| *v /= l[i * n + i]);
            for p in start..i {
                subtract_multiple::<FMA>(&mut before[p * m..][..m], l[i * n + p], row);
            }
        }
        let (before, done) = x.split_at_mut(start * m);
        let left = View {
            values: &l[start * n..],
            row: 1,
            column: n,
        };
        let shape = Shape {
            m: start,
            n: m,
            k: end - start,
            b_row: m,
            c_row: m,
        };
        add_product_on::<W, FMA>(shape, -1.0, left, done, before);
        end = start;
    }
}
