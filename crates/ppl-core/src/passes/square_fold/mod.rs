//! Square folding: a sum over rows of the squares of a linear form costs what its triangular factor costs, and not its
//! rows: `Σ_n (Σ_k x_nk θ_k)² = |R θ|²`, with R from the QR factorisation of the data x. Where θ is looked up by group,
//! each group has its own factor.
//!
//! No squares are expanded into moments, so no digits cancel that the rows would have kept; it is checked at the point
//! where the sum is least, and what does not hold there stays as it is.

mod columns;
mod triangle;

use super::linear_fold::{addends, count_uses};
use super::rebuild::{copy, rebuild};
use crate::axes::{Axis, AxisId, AxisSet};
use crate::builder::Builder;
use crate::interpret::evaluate;
use crate::program::{Index, IndexId, Op, Program};
use columns::{Columns, Grouped, columns, factors, hold};
use ppl_dist::{Expr, NodeId, Prim};
use std::collections::HashMap;

/// Most columns of one factor, where there is one for all rows and where groups have their own.
const MOST_COLUMNS: usize = 256;
const MOST_OF_GROUPS: usize = 12;
/// Multiplications that factoring may take.
const MOST_WORK: usize = 4_000_000_000;
/// Fewer rows are not worth it.
const FEW_ROWS: usize = 32;

/// The program with its sums of squares of linear forms folded.
pub fn square_fold(program: &Program) -> Program {
    let uses = count_uses(program);
    rebuild(program, |b, id, of| {
        let folded = match &program.node(id).op {
            Op::Sum(src) => {
                let over = program.node(*src).axes.minus(program.node(id).axes);
                fold(b, of(*src), over, uses[src.0 as usize] == 1)
            }
            _ => None,
        };
        folded.unwrap_or_else(|| copy(b, program, id, of))
    })
}

/// The folded sum of `src`; of an addition that nobody else needs, the parts that fold leave it.
fn fold<'b>(b: &'b Builder, src: Expr<'b>, over: AxisSet, lone: bool) -> Option<Expr<'b>> {
    let Expr::Node(id, _) = src else { return None };
    if b.is_fixed(id) || !b.axes_of(src).contains_all(over) {
        return None;
    }
    let parts = match b.op_of(id) {
        Op::Map(Prim::Add, _) if lone => addends(b, id),
        _ => vec![id],
    };
    let mut folded = Expr::Const(0.0);
    let mut rest = Expr::Const(0.0);
    let mut any = false;
    for part in parts {
        match fold_square(b, part, over) {
            Some(value) => {
                any = true;
                folded = folded + value;
            }
            None => rest = rest + b.literal_or_node(part),
        }
    }
    any.then(|| folded + b.sum(rest, over))
}

/// The factors of nested products, and their literal.
fn product(b: &Builder, id: NodeId) -> (f64, Vec<NodeId>) {
    let (mut open, mut out, mut literal) = (vec![id], vec![], 1.0);
    while let Some(id) = open.pop() {
        match b.op_of(id) {
            Op::Map(Prim::Mul, args) => open.extend(args.iter().rev()),
            Op::Const(bits) => literal *= f64::from_bits(bits),
            _ => out.push(id),
        }
    }
    (literal, out)
}

/// How many different positions there are, each below `size`.
fn distinct(positions: &[u32], size: usize) -> usize {
    let mut seen = vec![false; size];
    positions.iter().for_each(|p| seen[*p as usize] = true);
    seen.iter().filter(|seen| **seen).count()
}

/// What the rows of one cell have in common.
struct Cells<'b> {
    /// For each row, and how many there are.
    of_rows: Vec<u32>,
    n: usize,
    b: &'b Builder,
    /// The axis of the cells, and for each look-up the index from cells; none where cells are its levels.
    axis: Option<AxisId>,
    indices: HashMap<IndexId, Option<IndexId>>,
}

impl<'b> Cells<'b> {
    fn new(b: &'b Builder, used: &[IndexId], n_rows: usize) -> Option<Self> {
        let mut cells = Cells {
            of_rows: vec![0; n_rows],
            n: 1,
            b,
            axis: None,
            indices: HashMap::new(),
        };
        if used.is_empty() {
            return Some(cells);
        }
        let indices: Vec<Index> = used.iter().map(|i| b.index_of(*i)).collect();
        // There are at least as many cells as positions of one look-up.
        let positions = |index: &Index| distinct(&index.values, b.size(index.target));
        if indices.iter().any(|index| positions(index) * 4 > n_rows) {
            return None;
        }
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        let mut tuples: Vec<Vec<u32>> = vec![];
        let mut tuple: Vec<u32> = vec![];
        let mut last = None;
        for (row, cell) in cells.of_rows.iter_mut().enumerate() {
            let positions = || indices.iter().map(|i| i.values[row]);
            // Most rows are of the cell of the row before.
            let same = |_: &u32| tuple.iter().copied().eq(positions());
            if let Some(before) = last.filter(same) {
                *cell = before;
                continue;
            }
            tuple.clear();
            tuple.extend(positions());
            *cell = known.get(&tuple).copied().unwrap_or_else(|| {
                tuples.push(tuple.clone());
                known.insert(tuple.clone(), tuples.len() as u32 - 1);
                tuples.len() as u32 - 1
            });
            last = Some(*cell);
            if tuples.len() * 4 > n_rows {
                return None;
            }
        }
        if let ([index], [used]) = (&indices[..], used)
            && b.size(index.target) <= 2 * tuples.len()
        {
            cells.of_rows = index.values.to_vec();
            cells.n = b.size(index.target);
            cells.axis = Some(index.target);
            cells.indices.insert(*used, None);
            return Some(cells);
        }
        cells.n = tuples.len();
        let axis = b.add_axis(Axis {
            name: format!("cells {}", cells.n),
            size: cells.n,
        })?;
        cells.axis = Some(axis);
        for (k, (used, index)) in used.iter().zip(&indices).enumerate() {
            let own = b.index(Index {
                target: index.target,
                axes: AxisSet::of(&[axis]),
                values: tuples.iter().map(|t| t[k]).collect(),
            });
            cells.indices.insert(*used, Some(own));
        }
        Some(cells)
    }

    /// What rows look up, for cells.
    fn look_up(&self, u: NodeId, index: IndexId) -> Expr<'b> {
        let u = self.b.handle(u);
        match self.indices.get(&index) {
            Some(Some(own)) => self.b.gather(u, *own),
            _ => u,
        }
    }
}

/// `Σ_over` of a product in which one form stands twice.
fn fold_square<'b>(b: &'b Builder, id: NodeId, over: AxisSet) -> Option<Expr<'b>> {
    let (literal, mut rest) = product(b, id);
    let twice = |id: &NodeId| rest.iter().filter(|o| *o == id).count() == 2;
    let row = over.iter().max_by_key(|a| b.size(*a))?;
    let n = b.size(row);
    let has_rows = |id: NodeId| b.axes_of(b.handle(id)).contains(row);
    let form = *rest.iter().find(|id| twice(id) && has_rows(**id))?;
    rest.retain(|o| *o != form);
    if n < FEW_ROWS || b.is_fixed(form) {
        return None;
    }
    // Beside the form: data that weigh the rows, what rows look up, and what lacks the rows.
    let (mut weight, mut outer, mut outer_looked_up) = (vec![], Expr::Const(literal), vec![]);
    for factor in rest {
        if !has_rows(factor) {
            outer = outer * b.handle(factor);
        } else if b.is_fixed(factor) {
            weight.push(factor);
        } else {
            match b.op_of(factor) {
                Op::Gather(u, index) if b.index_axes(index).1 == AxisSet::of(&[row]) => {
                    outer_looked_up.push((u, index));
                }
                _ => return None,
            }
        }
    }
    let columns = columns(b, form, row)?;
    let p: usize = columns.iter().map(|c| c.width).sum();
    let mut used: Vec<IndexId> = columns
        .iter()
        .flat_map(|c| &c.looked_up)
        .chain(&outer_looked_up)
        .map(|l| l.1)
        .collect();
    used.sort();
    used.dedup();
    let most = if used.is_empty() {
        MOST_COLUMNS
    } else {
        MOST_OF_GROUPS
    };
    if p > most || p * 4 > n || n.saturating_mul(p * p) > MOST_WORK {
        return None;
    }
    let cells = Cells::new(b, &used, n)?;
    // A level may not also be an axis that stays.
    let taken = |e: Expr<'b>| cells.axis.is_some_and(|a| b.axes_of(e).contains(a));
    if cells.n * p * 4 > n || taken(outer) || columns.iter().any(|c| taken(c.scale)) {
        return None;
    }
    let scales = match weight[..] {
        [] => None,
        _ => {
            let e = weight
                .iter()
                .fold(Expr::Const(1.0), |e, w| e * b.handle(*w));
            if b.axes_of(e) != AxisSet::of(&[row]) {
                return None;
            }
            let id = e.node(b);
            let values = b.with_program(|p| evaluate(p, &[], &[], &[id]).swap_remove(0));
            if values.iter().any(|v| !v.is_finite() || *v < 0.0) {
                return None;
            }
            Some(values)
        }
    };
    let grouped = Grouped::new(&cells.of_rows, cells.n);
    let found = factors(&columns, scales.as_deref(), &grouped);
    if !hold(&columns, scales.as_deref(), &grouped, &found) {
        return None;
    }
    for (u, index) in outer_looked_up {
        outer = outer * cells.look_up(u, index);
    }
    let others = over.without(row);
    Some(match cells.axis {
        None => of_all(b, &columns, &found[0], p, others, outer)?,
        Some(axis) => of_cells(b, &columns, &found, (&cells, axis), others, outer),
    })
}

/// One factor for all rows: an axis of its own for the elements of `R θ`.
fn of_all<'b>(
    b: &'b Builder,
    columns: &[Columns<'b>],
    r: &[f64],
    p: usize,
    others: AxisSet,
    outer: Expr<'b>,
) -> Option<Expr<'b>> {
    let axis = b.add_axis(Axis {
        name: format!("factor {p}"),
        size: p,
    })?;
    let mut form = Expr::Const(0.0);
    let mut first = 0;
    for c in columns {
        // The new axis comes after all others.
        let values = (0..c.width).flat_map(|j| (0..p).map(move |i| (i, j)));
        let values = values.map(|(i, j)| r[i * p + first + j]).collect();
        let space = AxisSet::of(&[axis]);
        form = form
            + match c.inner {
                None => b.data(values, space) * c.scale,
                Some(inner) => b.sum(
                    b.data(values, space.with(inner)) * c.scale,
                    AxisSet::of(&[inner]),
                ),
            };
        first += c.width;
    }
    let form = b.broadcast(form, b.axes_of(form).union(others));
    Some(outer * b.sum(form * form, others.with(axis)))
}

/// A factor for each cell, element by element.
fn of_cells<'b>(
    b: &'b Builder,
    columns: &[Columns<'b>],
    factors: &[Vec<f64>],
    (cells, axis): (&Cells<'b>, AxisId),
    others: AxisSet,
    outer: Expr<'b>,
) -> Expr<'b> {
    let p: usize = columns.iter().map(|c| c.width).sum();
    let unknowns: Vec<Expr<'b>> = columns
        .iter()
        .flat_map(|c| {
            let looked_up = c.looked_up.iter().fold(Expr::Const(1.0), |e, (u, index)| {
                e * cells.look_up(*u, *index)
            });
            (0..c.width).map(move |j| {
                let scale = c.inner.map_or(c.scale, |inner| b.at(c.scale, inner, j));
                scale * looked_up
            })
        })
        .collect();
    let space = AxisSet::of(&[axis]);
    let mut squares = Expr::Const(0.0);
    for i in 0..p {
        let form = (i..p)
            .filter(|j| factors.iter().any(|r| r[i * p + j] != 0.0))
            .map(|j| {
                let values = factors.iter().map(|r| r[i * p + j]).collect();
                b.data(values, space) * unknowns[j]
            })
            .fold(Expr::Const(0.0), |s, e| s + e);
        let form = b.broadcast(form, b.axes_of(form).union(others).with(axis));
        squares = squares + form * form;
    }
    b.sum(outer * squares, others.with(axis))
}
