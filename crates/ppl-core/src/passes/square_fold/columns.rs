//! The columns of a linear form over rows: what data each unknown is multiplied by.

use super::super::linear_fold::term::{Term, expand};
use super::triangle::Triangle;
use crate::axes::{AxisId, AxisSet};
use crate::builder::Builder;
use crate::interpret::evaluate;
use crate::program::{IndexId, Op};
use ppl_dist::{Expr, NodeId};

/// One term of the form: data columns times an unknown that lacks the rows, but for look-ups.
pub(super) struct Columns<'b> {
    /// What does not depend on the row at all.
    pub(super) scale: Expr<'b>,
    /// Arrays that rows look up, with how they do.
    pub(super) looked_up: Vec<(NodeId, IndexId)>,
    /// The axis that an inner sum goes over.
    pub(super) inner: Option<AxisId>,
    /// Number of columns: 1, or the size of the inner axis.
    pub(super) width: usize,
    /// Whether data alone are in it.
    pub(super) known: bool,
    /// Row-major, rows x width.
    values: Vec<f64>,
}

impl Columns<'_> {
    /// Whether it is one column of equal numbers.
    fn is_constant(&self) -> bool {
        self.width == 1
            && self
                .values
                .iter()
                .all(|v| *v == self.values[0] && *v != 0.0)
    }
}

/// The form over the rows of axis `row` as columns, a constant one first, those of data alone last; none if it has
/// another shape.
pub(super) fn columns<'b>(b: &'b Builder, form: NodeId, row: AxisId) -> Option<Vec<Columns<'b>>> {
    let rows = AxisSet::of(&[row]);
    let mut out: Vec<Columns<'b>> = expand(b, form, rows)?
        .iter()
        .map(|term| of_term(b, term, row))
        .collect::<Option<_>>()?;
    out.sort_by_key(|c| (c.known, !c.is_constant()));
    Some(out)
}

fn of_term<'b>(b: &'b Builder, term: &Term, row: AxisId) -> Option<Columns<'b>> {
    let rows = AxisSet::of(&[row]);
    let mut scale = Term::product(b, &term.scale);
    let mut looked_up = vec![];
    for &factor in &term.core {
        if !b.axes_of(b.handle(factor)).contains(row) {
            scale = scale * b.handle(factor);
            continue;
        }
        match b.op_of(factor) {
            Op::Gather(u, index)
                if b.index_axes(index).1 == rows && !b.axes_of(b.handle(u)).contains(row) =>
            {
                looked_up.push((u, index));
            }
            _ => return None,
        }
    }
    let inner: Vec<AxisId> = term.over.minus(rows).iter().collect();
    let inner = match inner[..] {
        [] => None,
        [axis] => Some(axis),
        _ => return None,
    };
    if inner.is_some_and(|a| !b.axes_of(scale).contains(a)) {
        return None;
    }
    let width = inner.map_or(1, |a| b.size(a));
    let space = inner.map_or(rows, |a| rows.with(a));
    let weight = Term::product(b, &term.weight) * Expr::Const(term.literal);
    if !space.contains_all(b.axes_of(weight)) {
        return None;
    }
    let id = b.broadcast(weight, space).node(b);
    let mut values = evaluate(&b.snapshot(), &[], &[], &[id]).swap_remove(0);
    if inner.is_some_and(|a| a < row) {
        // Rows are innermost: the other way round.
        let n = b.size(row);
        values = (0..values.len())
            .map(|at| values[at % width * n + at / width])
            .collect();
    }
    values.iter().all(|v| v.is_finite()).then_some(Columns {
        known: term.scale.is_empty() && term.core.is_empty(),
        scale,
        looked_up,
        inner,
        width,
        values,
    })
}

/// The triangular factor of each cell's rows, each row scaled. Where one column is constant the others are centred
/// first: what is left of them is what the factor's digits are spent on.
pub(super) fn factors(
    columns: &[Columns<'_>],
    scales: Option<&[f64]>,
    cells: &[u32],
    n_cells: usize,
) -> Vec<Vec<f64>> {
    let p: usize = columns.iter().map(|c| c.width).sum();
    let constant = columns
        .first()
        .filter(|c| c.is_constant() && !c.known)
        .map(|c| c.values[0]);
    let entries = |row: usize| {
        columns
            .iter()
            .flat_map(move |c| c.values[row * c.width..(row + 1) * c.width].iter().copied())
    };
    // By how many of the constant each column is moved, in each cell.
    let mut moved = vec![vec![0.0; p]; n_cells];
    if let Some(value) = constant {
        let mut counts = vec![0.0; n_cells];
        for (row, &cell) in cells.iter().enumerate() {
            counts[cell as usize] += 1.0;
            for (sum, x) in moved[cell as usize].iter_mut().zip(entries(row)) {
                *sum += x / value;
            }
        }
        for (moved, count) in moved.iter_mut().zip(counts) {
            moved.iter_mut().for_each(|m| *m /= f64::max(count, 1.0));
        }
    }
    let mut triangles: Vec<Triangle> = (0..n_cells).map(|_| Triangle::new(p)).collect();
    for (row, &cell) in cells.iter().enumerate() {
        let scale = scales.map_or(1.0, |s| s[row].sqrt());
        let moved = &moved[cell as usize];
        let entry = |(j, x): (usize, f64)| match constant {
            Some(value) if j > 0 => (x - moved[j] * value) * scale,
            _ => x * scale,
        };
        triangles[cell as usize].push(entries(row).enumerate().map(entry));
    }
    let mut out = vec![];
    for (triangle, moved) in triangles.into_iter().zip(moved) {
        let mut r = triangle.finish();
        if constant.is_some() {
            for j in 1..p {
                r[j] += moved[j] * r[0];
            }
        }
        out.push(r);
    }
    out
}

/// Whether factors give the sum of squares of the rows: at the point where it is least, which is where digits are lost.
pub(super) fn hold(
    columns: &[Columns<'_>],
    scales: Option<&[f64]>,
    cells: &[u32],
    factors: &[Vec<f64>],
) -> bool {
    let p: usize = columns.iter().map(|c| c.width).sum();
    let known: usize = columns.iter().filter(|c| c.known).map(|c| c.width).sum();
    let best = |r: &Vec<f64>| {
        let mut x = vec![1.0; p];
        for i in (0..p - known).rev() {
            let rest: f64 = (i + 1..p).map(|j| r[i * p + j] * x[j]).sum();
            let diagonal = r[i * p + i];
            let largest = r[i * p..(i + 1) * p]
                .iter()
                .fold(0.0f64, |m, v| m.max(v.abs()));
            x[i] = if diagonal.abs() > 1e-10 * largest {
                -rest / diagonal
            } else {
                0.0
            };
        }
        x
    };
    let points: Vec<Vec<f64>> = factors.iter().map(best).collect();
    let mut direct = vec![0.0; factors.len()];
    for (row, &cell) in cells.iter().enumerate() {
        let x = &points[cell as usize];
        let mut value = 0.0;
        let mut first = 0;
        for c in columns {
            let entries = &c.values[row * c.width..(row + 1) * c.width];
            value += entries
                .iter()
                .zip(&x[first..])
                .map(|(a, x)| a * x)
                .sum::<f64>();
            first += c.width;
        }
        direct[cell as usize] += value * value * scales.map_or(1.0, |s| s[row]);
    }
    let total: f64 = direct.iter().sum();
    let folded: f64 = factors
        .iter()
        .zip(&points)
        .flat_map(|(r, x)| (0..p).map(move |i| (0..p).map(|j| r[i * p + j] * x[j]).sum::<f64>()))
        .map(|e| e * e)
        .sum();
    (folded - total).abs() <= 1e-10 * total
}
