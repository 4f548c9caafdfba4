//! Cases: a sum over rows of which data choose the form is one sum for each form, over its own rows:
//! `Σ_n (if c_n { a_n } else { b_n }) = Σ_{c_n} a_n + Σ_{not c_n} b_n`.
//!
//! Only what a row takes is computed for it, and no masks are left in the adjoints. Each form can then fold by itself: the
//! uncensored rows of a regression have a triangular factor, the steps of a random walk after the first are squares. The rows of
//! a case keep their order, so that sorted look-ups stay sorted and neighbours neighbours.

mod restrict;
mod weigh;

use super::fold::fold;
use super::linear_fold::count_uses;
use super::rebuild::{copy, live, rebuild};
use crate::axes::{AxisId, AxisSet, DRAW};
use crate::program::{Op, Program};
use ppl_dist::{Expr, NodeId, Prim};
use restrict::Restriction;
use std::collections::BTreeMap;

/// Fewer rows are not worth it.
const FEW_ROWS: usize = 32;
/// Most cases that the rows are divided into.
const MOST_CASES: usize = 10;

/// A sum to be divided.
struct Division {
    row: AxisId,
    cases: Vec<Case>,
    /// What is computed anew for the rows of a case, by node.
    inside: Vec<bool>,
}

/// Rows in which all conditions are the same.
struct Case {
    /// The conditions, by their data nodes, and whether they hold.
    holds: BTreeMap<NodeId, bool>,
    /// Ascending.
    rows: Vec<u32>,
}

/// The program with its sums over rows divided where that saves work.
pub fn cases(program: &Program) -> Program {
    let uses = count_uses(program);
    let live = live(program);
    let mut divisions: BTreeMap<NodeId, Division> = BTreeMap::new();
    for (i, _) in live.iter().enumerate().filter(|(_, live)| **live) {
        let id = NodeId(i as u32);
        if let Op::Sum(src) = &program.node(id).op {
            let over = program.node(*src).axes.minus(program.node(id).axes);
            let found = over
                .iter()
                .find_map(|row| divide(program, *src, row, &uses));
            if let Some(division) = found {
                divisions.insert(id, division);
            }
        }
    }
    if divisions.is_empty() {
        return program.clone();
    }
    let divided = rebuild(program, |b, id, of| {
        let sum = divisions.get(&id).and_then(|division| {
            let Op::Sum(src) = &program.node(id).op else {
                return None;
            };
            let over = program.node(*src).axes.minus(program.node(id).axes);
            let mut total = Expr::Const(0.0);
            for case in &division.cases {
                let part = Restriction::new(b, program, of, division, case)?;
                total = total + b.sum(part.of(*src), part.axes(over));
            }
            Some(total)
        });
        sum.unwrap_or_else(|| copy(b, program, id, of))
    });
    fold(&divided)
}

/// The cases of the sum of `src` along `row`, where dividing it pays.
fn divide(program: &Program, src: NodeId, row: AxisId, uses: &[usize]) -> Option<Division> {
    if row == DRAW || program.axes[row.0 as usize].size < FEW_ROWS {
        return None;
    }
    let cone = cone(program, src, row);
    let conditions = conditions(program, &cone, row);
    if conditions.is_empty() {
        return None;
    }
    let cases = by_case(program, &conditions)?;
    weigh::pays(program, src, row, cases, &cone, uses)
}

/// What the rows of a node are made of, arguments first: nodes along the axis whose rows are read row by row.
fn cone(program: &Program, src: NodeId, row: AxisId) -> Vec<NodeId> {
    let mut seen = vec![false; src.0 as usize + 1];
    let mut open = vec![src];
    while let Some(id) = open.pop() {
        let node = program.node(id);
        if node.axes.contains(row) && !std::mem::replace(&mut seen[id.0 as usize], true) {
            open.extend(restrict::row_by_row(program, id, row));
        }
    }
    let marked = seen.iter().enumerate().filter(|(_, seen)| **seen);
    marked.map(|(i, _)| NodeId(i as u32)).collect()
}

/// Columns of data by which rows are chosen.
fn conditions(program: &Program, cone: &[NodeId], row: AxisId) -> Vec<NodeId> {
    let mut found: Vec<NodeId> = cone
        .iter()
        .filter_map(|id| match &program.node(*id).op {
            Op::Map(Prim::Select, args) => Some(args[0]),
            _ => None,
        })
        .filter(|id| {
            let node = program.node(*id);
            matches!(node.op, Op::Data(_)) && node.axes == AxisSet::of(&[row])
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The rows by which conditions hold; none where there are too many cases, or one.
fn by_case(program: &Program, conditions: &[NodeId]) -> Option<Vec<Case>> {
    let columns: Vec<&[f64]> = conditions
        .iter()
        .filter_map(|id| match &program.node(*id).op {
            Op::Data(d) => Some(&*program.data[*d as usize]),
            _ => None,
        })
        .collect();
    let mut rows: BTreeMap<Vec<bool>, Vec<u32>> = BTreeMap::new();
    let mut key = vec![];
    for row in 0..columns.first()?.len() {
        key.clear();
        key.extend(columns.iter().map(|c| c[row] != 0.0));
        match rows.get_mut(&key) {
            Some(rows) => rows.push(row as u32),
            None => {
                rows.insert(key.clone(), vec![row as u32]);
            }
        }
        if rows.len() > MOST_CASES {
            return None;
        }
    }
    let case = |(holds, rows): (Vec<bool>, Vec<u32>)| Case {
        holds: conditions.iter().copied().zip(holds).collect(),
        rows,
    };
    (rows.len() > 1).then(|| rows.into_iter().map(case).collect())
}
