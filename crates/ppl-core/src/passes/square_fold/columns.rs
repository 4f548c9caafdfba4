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
    /// Column after column.
    values: Vec<f64>,
}

impl Columns<'_> {
    /// The columns.
    fn each(&self) -> impl Iterator<Item = &[f64]> {
        self.values
            .chunks_exact((self.values.len() / self.width).max(1))
    }

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
    let values = over_columns(b, weight, inner, row);
    values.iter().all(|v| v.is_finite()).then_some(Columns {
        known: term.scale.is_empty() && term.core.is_empty(),
        scale,
        looked_up,
        inner,
        width,
        values,
    })
}

/// The numbers of a data-only weight, column after column.
fn over_columns(b: &Builder, weight: Expr<'_>, inner: Option<AxisId>, row: AxisId) -> Vec<f64> {
    let id = weight.node(b);
    let values = b.with_program(|p| evaluate(p, &[], &[], &[id]).swap_remove(0));
    let axes = b.axes_of(weight);
    let space = inner.map_or(AxisSet::of(&[row]), |a| AxisSet::of(&[row, a]));
    let lies_so = inner.is_none_or(|a| a < row);
    if lies_so && axes == space {
        return values;
    }
    b.with_program(|program| {
        let strides = program.strides(axes);
        let size = |a: AxisId| program.axes[a.0 as usize].size;
        let step = |a: AxisId| strides[a.0 as usize];
        let (columns, across) = inner.map_or((1, 0), |a| (size(a), step(a)));
        let starts = (0..columns).map(|j| j * across);
        let column = |start| (0..size(row)).map(move |i| start + i * step(row));
        starts.flat_map(column).map(|at| values[at]).collect()
    })
}

/// Rows by the cell that they are of.
pub(super) struct Grouped {
    rows: Vec<u32>,
    /// Where each cell's rows begin; one more for the end.
    starts: Vec<usize>,
}

impl Grouped {
    pub(super) fn new(cells: &[u32], n_cells: usize) -> Self {
        let mut starts = vec![0; n_cells + 1];
        for &cell in cells {
            starts[cell as usize + 1] += 1;
        }
        for cell in 0..n_cells {
            starts[cell + 1] += starts[cell];
        }
        let mut next = starts.clone();
        let mut rows = vec![0; cells.len()];
        for (row, &cell) in cells.iter().enumerate() {
            rows[next[cell as usize]] = row as u32;
            next[cell as usize] += 1;
        }
        Grouped { rows, starts }
    }

    /// The rows of each cell.
    fn each(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|w| &self.rows[w[0]..w[1]])
    }
}

/// The triangular factor of each cell's rows, each row scaled. Where one column is constant the others are centred
/// first: what is left of them is what the factor's digits are spent on.
pub(super) fn factors(
    columns: &[Columns<'_>],
    scales: Option<&[f64]>,
    cells: &Grouped,
) -> Vec<Vec<f64>> {
    let all: Vec<&[f64]> = columns.iter().flat_map(Columns::each).collect();
    let p = all.len();
    let constant = columns
        .first()
        .filter(|c| c.is_constant() && !c.known)
        .map(|c| c.values[0]);
    let roots: Option<Vec<f64>> = scales.map(|s| s.iter().map(|s| s.sqrt()).collect());
    let mut triangle = Triangle::new(p);
    // By how many of the constant each column is moved.
    let mut moved = vec![0.0; p];
    let factor = |rows: &[u32]| {
        if let Some(value) = constant {
            for (moved, column) in moved.iter_mut().zip(&all) {
                let sum: f64 = rows.iter().map(|r| column[*r as usize]).sum();
                *moved = sum / (value * rows.len().max(1) as f64);
            }
        }
        for rows in rows.chunks(Triangle::block(p)) {
            triangle.add(rows.len(), |j, to| {
                let centre = match constant {
                    Some(value) if j > 0 => moved[j] * value,
                    _ => 0.0,
                };
                for (to, row) in to.iter_mut().zip(rows) {
                    *to = all[j][*row as usize] - centre;
                }
                if let Some(roots) = &roots {
                    let of_rows = rows.iter().map(|row| roots[*row as usize]);
                    to.iter_mut()
                        .zip(of_rows)
                        .for_each(|(to, root)| *to *= root);
                }
            });
        }
        let mut r = triangle.finish();
        if constant.is_some() {
            for j in 1..p {
                r[j] += moved[j] * r[0];
            }
        }
        r
    };
    cells.each().map(factor).collect()
}

/// Whether factors give the sum of squares of the rows: at the point where it is least, which is where digits are lost.
pub(super) fn hold(
    columns: &[Columns<'_>],
    scales: Option<&[f64]>,
    cells: &Grouped,
    factors: &[Vec<f64>],
) -> bool {
    let all: Vec<&[f64]> = columns.iter().flat_map(Columns::each).collect();
    let p = all.len();
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
    let (mut total, mut folded) = (0.0, 0.0);
    let mut forms = vec![];
    for (rows, r) in cells.each().zip(factors) {
        let x = best(r);
        forms.clear();
        forms.resize(rows.len(), 0.0);
        for (column, x) in all.iter().zip(&x) {
            for (form, row) in forms.iter_mut().zip(rows) {
                *form += column[*row as usize] * x;
            }
        }
        let squares = forms.iter().zip(rows);
        total += match scales {
            Some(s) => squares
                .map(|(f, row)| f * f * s[*row as usize])
                .sum::<f64>(),
            None => squares.map(|(f, _)| f * f).sum(),
        };
        let forms = (0..p).map(|i| (i..p).map(|j| r[i * p + j] * x[j]).sum::<f64>());
        folded += forms.map(|f| f * f).sum::<f64>();
    }
    (folded - total).abs() <= 1e-10 * total
}
