//! Equations in long format: every line of a table is a visit, with the start and the inputs of its subject looked up.
//!
//! Each line is an equation of its own, with one time. Lines that data alone show to have the same start and inputs are
//! visits of one subject: they are solved in one go, along an axis of visits.

use super::{Lowered, Lowering};
use ppl_core::{AxisId, AxisSet, Expr, Index, NodeId, Op};
use std::collections::{HashMap, HashSet};

/// A look-up by more than so many columns at once makes every line a subject.
const MOST_COLUMNS: usize = 64;

/// What is the same for two lines with equal entries, whatever the unknowns are.
type Columns = Vec<Vec<u64>>;

/// A solution of one equation for each element of the other axes, at times along an axis.
type Solve<'s, 'b> = &'s dyn Fn(&[Expr<'b>], AxisId) -> Option<Expr<'b>>;

impl<'a, 'b> Lowering<'a, 'b> {
    /// The solution where each element of the times (the third argument) has its own start and inputs.
    pub(super) fn by_visits(
        &self,
        args: Vec<Expr<'b>>,
        solve: Solve<'_, 'b>,
    ) -> Lowered<Option<Expr<'b>>> {
        let b = self.builder;
        let along: Vec<AxisId> = b.axes_of(args[2]).without(ppl_core::DRAW).iter().collect();
        let found = match along.as_slice() {
            [row] => self.subjects(&args, *row).map(|s| (*row, s)),
            _ => None,
        };
        let Some((row, subject)) = found else {
            let visit = self.instances(1)?;
            return Ok(solve(&args, visit).map(|all| b.at(all, visit, 0)));
        };
        let mut lines: Vec<Vec<u32>> = vec![];
        let mut visit_of = vec![];
        for (line, &s) in subject.iter().enumerate() {
            if s as usize == lines.len() {
                lines.push(vec![]);
            }
            visit_of.push(lines[s as usize].len() as u32);
            lines[s as usize].push(line as u32);
        }
        let most = lines.iter().map(Vec::len).max().unwrap_or(1);
        // Two axes of one size would be the same axis.
        let (group, visit) = (self.instances(lines.len())?, self.new_axis("visits", most)?);
        let first: Vec<u32> = lines.iter().map(|l| l[0]).collect();
        let first = b.index(Index {
            target: row,
            axes: AxisSet::of(&[group]),
            values: first.into(),
        });
        let space = AxisSet::of(&[group, visit]);
        let (n, m) = (lines.len(), most);
        // Subjects with fewer visits repeat their last.
        let line = |g: usize, v: usize| lines[g][v.min(lines[g].len() - 1)];
        let values: Vec<u32> = match group < visit {
            true => (0..n * m).map(|i| line(i / m, i % m)).collect(),
            false => (0..n * m).map(|i| line(i % n, i / n)).collect(),
        };
        let all = b.index(Index {
            target: row,
            axes: space,
            values: values.into(),
        });
        let args: Vec<Expr<'b>> = args
            .iter()
            .enumerate()
            .map(|(i, &a)| match (b.axes_of(a).contains(row), i) {
                (true, 2) => b.gather(a, all),
                (true, _) => b.gather(a, first),
                (false, _) => a,
            })
            .collect();
        let back = |target: AxisId, values: Vec<u32>| {
            b.index(Index {
                target,
                axes: AxisSet::of(&[row]),
                values: values.into(),
            })
        };
        let (by_visit, by_group) = (back(visit, visit_of), back(group, subject));
        Ok(solve(&args, visit).map(|all| b.gather(b.gather(all, by_visit), by_group)))
    }

    fn instances(&self, n: usize) -> Lowered<AxisId> {
        let known = self.instance_axes.borrow().get(&n).copied();
        if let Some(axis) = known {
            return Ok(axis);
        }
        let axis = self.new_axis("elements", n)?;
        self.instance_axes.borrow_mut().insert(n, axis);
        Ok(axis)
    }

    /// The subject of each line, in order of their first lines; `None` where every line is one.
    fn subjects(&self, args: &[Expr<'b>], row: AxisId) -> Option<Vec<u32>> {
        let (mut columns, mut seen) = (vec![], HashSet::new());
        for (i, a) in args.iter().enumerate() {
            if let (true, Expr::Node(id, _)) = (i != 2, a) {
                self.columns(*id, row, &mut columns, &mut seen)?;
            }
        }
        let n = self.builder.size(row);
        let mut known: HashMap<Vec<u64>, u32> = HashMap::new();
        let subject: Vec<u32> = (0..n)
            .map(|line| {
                let key: Vec<u64> = columns.iter().map(|c| c[line]).collect();
                let next = known.len() as u32;
                *known.entry(key).or_insert(next)
            })
            .collect();
        (known.len() < n).then_some(subject)
    }

    /// Collects the columns of data by which a value depends on a line; `None` where it does so by more than data.
    fn columns(
        &self,
        id: NodeId,
        row: AxisId,
        out: &mut Columns,
        seen: &mut HashSet<NodeId>,
    ) -> Option<()> {
        let b = self.builder;
        let lies_along = |id: NodeId| b.axes_of(b.handle(id)).contains(row);
        if !lies_along(id) || !seen.insert(id) {
            return Some(());
        }
        let mut add = |axes: AxisSet, value: &dyn Fn(usize) -> u64| -> Option<()> {
            let axes: Vec<AxisId> = axes.iter().collect();
            let n = b.size(row);
            let total: usize = axes.iter().map(|a| b.size(*a)).product();
            let inner: usize = axes
                .iter()
                .skip_while(|a| **a != row)
                .skip(1)
                .map(|a| b.size(*a))
                .product();
            if total / n.max(1) + out.len() > MOST_COLUMNS {
                return None;
            }
            let mut columns = vec![vec![0; n]; total / n.max(1)];
            for i in 0..total {
                let (outer, line) = (i / (inner * n), i / inner % n);
                columns[outer * inner + i % inner][line] = value(i);
            }
            out.extend(columns);
            Some(())
        };
        match b.op_of(id) {
            Op::Data(number) => {
                let values = b.data_of(number);
                add(b.axes_of(b.handle(id)), &|i| values[i].to_bits())
            }
            Op::Gather(source, index) => {
                let index = b.index_of(index);
                if index.axes.contains(row) {
                    add(index.axes, &|i| u64::from(index.values[i]))?;
                }
                self.columns(source, row, out, seen)
            }
            op @ (Op::Map(..)
            | Op::Sum(_)
            | Op::Max(_)
            | Op::At(..)
            | Op::Stop(_)
            | Op::Stack(..)) => op
                .args()
                .iter()
                .try_for_each(|a| self.columns(*a, row, out, seen)),
            _ => None,
        }
    }
}
