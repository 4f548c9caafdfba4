//! Reductions within the groups of an index of data: `mean(x, by = school)`.

use super::{AxisMap, Lowered, Lowering};
use crate::bind::Bound;
use crate::graph::*;
use ppl_core::{AxisId, AxisSet, Builder, Expr, Index, Real};
use ppl_syntax::diagnostic::Diagnostic;
use std::sync::Arc;

/// Most pairs of an element and a group that a reduction of unknowns writes out.
const MAX_PAIRS: usize = 10_000_000;

/// The grouped axis, the axes of the elements, the group of each, and the sizes of the groups.
type Members = (usize, Vec<AxisRef>, Arc<[u32]>, Vec<f64>);

impl<'a, 'b> Lowering<'a, 'b> {
    /// The reduction, along the groups and what else the argument lies along.
    pub(super) fn group(
        &self,
        r: Reduction,
        inner: &TExpr,
        index: &TExpr,
        whole: &TExpr,
    ) -> Lowered<Expr<'b>> {
        let (target, over, positions, counts) = self.members(r, index, whole)?;
        let n_groups = counts.len();
        if !inner.stochastic {
            return self.group_of_data(r, inner, (&over, &positions), target, whole);
        }
        let b = self.builder;
        let group = self.axes.id(AxisRef::of(target));
        let space = self.axes.set(&over);
        let labels = b.index(Index {
            target: group,
            axes: space,
            values: self.axes.to_program(&positions, &over).into(),
        });
        let x = self.number(inner)?;
        self.not_mixed(x, space, inner.span)?;
        let x = b.broadcast(x, b.axes_of(x).union(space));
        let axes = b.axes_of(x).minus(space).with(group);
        let sum = |e: Expr<'b>| b.scatter(e, labels, axes);
        let n = b.data(counts.into(), AxisSet::of(&[group]));
        let variance = || {
            let d = x - b.gather(sum(x) / n, labels);
            sum(d.square()) / (n - Expr::Const(1.0))
        };
        Ok(match r {
            Reduction::Sum => sum(x),
            Reduction::Mean => sum(x) / n,
            Reduction::Var => variance(),
            Reduction::Sd => variance().sqrt(),
            _ => {
                let nothing = match r {
                    Reduction::Prod => 1.0,
                    Reduction::Min => f64::INFINITY,
                    _ => f64::NEG_INFINITY,
                };
                if let &[row] = over.as_slice() {
                    let axes = (self.axes.id(row), group);
                    return self.by_members(r, x, axes, (&positions, nothing), whole);
                }
                few_pairs(positions.len(), n_groups, positions.len(), whole)?;
                let numbers: Vec<f64> = positions.iter().map(|&p| f64::from(p)).collect();
                let own = b.data(self.axes.to_program(&numbers, &over).into(), space);
                let all: Vec<f64> = (0..n_groups).map(|g| g as f64).collect();
                let member = own.equal(b.data(all.into(), AxisSet::of(&[group])));
                self.reduced(r, member.select(x, Expr::Const(nothing)), space)
            }
        })
    }

    /// Elements of one axis, each group's side by side, as long as the largest group.
    fn by_members(
        &self,
        r: Reduction,
        x: Expr<'b>,
        (row, group): (AxisId, AxisId),
        (positions, nothing): (&[u32], f64),
        whole: &TExpr,
    ) -> Lowered<Expr<'b>> {
        let b = self.builder;
        let n_groups = b.size(group);
        let mut members: Vec<Vec<u32>> = vec![vec![]; n_groups];
        for (line, &g) in positions.iter().enumerate() {
            members[g as usize].push(line as u32);
        }
        let most = members.iter().map(Vec::len).max().unwrap_or(0).max(1);
        few_pairs(most, n_groups, positions.len(), whole)?;
        let known = self.member_axes.borrow().get(&most).copied();
        let member = match known {
            Some(axis) => axis,
            None => self.new_axis("members", most)?,
        };
        self.member_axes.borrow_mut().insert(most, member);
        let line = |i: usize| {
            let (g, k) = match group < member {
                true => (i / most, i % most),
                false => (i % n_groups, i / n_groups),
            };
            members[g].get(k).copied()
        };
        let n = n_groups * most;
        let space = AxisSet::of(&[group, member]);
        let all = b.index(Index {
            target: row,
            axes: space,
            values: (0..n).map(|i| line(i).unwrap_or(0)).collect(),
        });
        let x = b.gather(x, all);
        let there: Vec<f64> = (0..n)
            .map(|i| f64::from(u8::from(line(i).is_some())))
            .collect();
        let x = match there.contains(&0.0) {
            true => b.data(there.into(), space).select(x, Expr::Const(nothing)),
            false => x,
        };
        Ok(self.reduced(r, x, AxisSet::of(&[member])))
    }

    /// The grouped axes, each element's group, and the sizes of the groups.
    fn members(&self, r: Reduction, index: &TExpr, whole: &TExpr) -> Lowered<Members> {
        let (Ty::Index(target), Some((over, positions, _))) = (index.ty, self.positions(index))
        else {
            return Err(Box::new(
                Diagnostic::error(
                    "E0113",
                    index.span,
                    "groups that are calculated cannot be used in this version",
                )
                .help("group by a column of labels: `data school[row]: school;`"),
            ));
        };
        let mut counts = vec![0.0; self.bound.axes[target].size()];
        positions.iter().for_each(|&p| counts[p as usize] += 1.0);
        self.no_empty_group(r, &counts, target, whole)?;
        Ok((target, over, positions, counts))
    }

    /// What a group without elements, or with one, has no value for.
    fn no_empty_group(
        &self,
        r: Reduction,
        counts: &[f64],
        target: usize,
        whole: &TExpr,
    ) -> Lowered<()> {
        let least = match r {
            Reduction::Sum | Reduction::Prod => return Ok(()),
            Reduction::Sd | Reduction::Var => 2.0,
            _ => 1.0,
        };
        let Some(poor) = counts.iter().position(|n| *n < least) else {
            return Ok(());
        };
        let name = &self.bound.model.axes[target].name;
        let label = &self.bound.axes[target].labels[poor];
        let more = counts[poor + 1..].iter().filter(|n| **n < least).count();
        let others = match more {
            0 => String::new(),
            n => format!(", and so have {n} more"),
        };
        let enough = if least == 1.0 {
            "no element"
        } else {
            "fewer than two elements"
        };
        Err(Box::new(
            Diagnostic::error(
                "E0214",
                whole.span,
                format!("the group `{label}` of `{name}` has {enough}{others}, so this reduction has no value there"),
            )
            .help("`sum` gives 0 and `prod` 1 where there is nothing; drop the level, or use `if sum(1, by = …) > 0 { … }` around a sum"),
        ))
    }

    fn group_of_data(
        &self,
        r: Reduction,
        inner: &TExpr,
        (over, positions): (&[AxisRef], &[u32]),
        target: usize,
        whole: &TExpr,
    ) -> Lowered<Expr<'b>> {
        // The argument along what is kept, then along the grouped axes.
        let kept: Vec<AxisRef> = inner
            .axes
            .iter()
            .copied()
            .filter(|a| !over.iter().any(|o| o.declared() == a.declared()))
            .collect();
        let mut axes = kept.clone();
        axes.extend(over);
        let values = self.bound.evaluate(inner, &axes).unwrap_or_default();
        let n_groups = self.bound.axes[target].size();
        let mut out: Vec<f64> = vec![];
        for run in values.chunks(positions.len().max(1)) {
            let mut members: Vec<Vec<f64>> = vec![vec![]; n_groups];
            for (v, &p) in run.iter().zip(positions) {
                members[p as usize].push(*v);
            }
            out.extend(members.iter().map(|m| of_numbers(r, m)));
        }
        let mut result = kept;
        result.push(AxisRef::of(target));
        debug_assert_eq!(self.axes.set(&result), self.axes.set(&whole.axes));
        Ok(self.builder.data(
            self.axes.to_program(&out, &result).into(),
            self.axes.set(&result),
        ))
    }
}

/// Refuses to write out more than can be held.
fn few_pairs(each: usize, n_groups: usize, n: usize, whole: &TExpr) -> Lowered<()> {
    if each.saturating_mul(n_groups) <= MAX_PAIRS {
        return Ok(());
    }
    Err(Box::new(
        Diagnostic::error("E0113", whole.span, format!("this reduction of unknowns over {n} elements in {n_groups} groups cannot be used in this version"))
            .help("`sum`, `mean`, `sd` and `var` have no such limit"),
    ))
}

/// A reduction of the numbers of one group, of which there are enough.
fn of_numbers(r: Reduction, x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = || x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let max = || x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match r {
        Reduction::Sum => x.iter().sum::<f64>() + 0.0,
        Reduction::Mean => mean,
        Reduction::Var => variance(),
        Reduction::Sd => variance().sqrt(),
        Reduction::Min => x.iter().copied().fold(f64::INFINITY, f64::min),
        Reduction::Max => max(),
        Reduction::Prod => x.iter().product(),
        Reduction::LogSumExp => {
            let peak = max().max(-f64::MAX);
            let sum: f64 = x.iter().map(|v| Real::exp(v - peak)).sum();
            peak + Real::ln(sum)
        }
        // These keep their axis and have no groups.
        Reduction::Softmax | Reduction::LogSoftmax | Reduction::CumSum => f64::NAN,
    }
}

/// Whether every group of every such reduction in a model has enough elements.
pub fn check_groups(bound: &Bound) -> Vec<Diagnostic> {
    let mut found = vec![];
    let mut collect = |e: &TExpr| {
        e.visit(&mut |e| {
            if matches!(e.kind, TKind::Group(..)) {
                found.push(e.clone());
            }
        })
    };
    bound.model.each_expression(&mut collect);
    let (false, Some(axes)) = (found.is_empty(), AxisMap::new(bound)) else {
        return vec![];
    };
    let builder = Builder::new(axes.program_axes(1));
    let lowering = Lowering::new(bound, &axes, &builder);
    let mut out: Vec<Diagnostic> = vec![];
    for e in found {
        let TKind::Group(r, _, index) = &e.kind else {
            continue;
        };
        if let Err(d) = lowering.members(*r, index, &e)
            && !out.contains(&d)
        {
            out.push(*d);
        }
    }
    out
}
