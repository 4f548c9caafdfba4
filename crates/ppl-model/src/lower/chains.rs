//! Earlier elements of an ordered axis, over the whole axis or within the groups of a datum.

use super::Lowering;
use crate::bind::Values;
use crate::graph::{AxisRef, Lag, SymbolId};
use ppl_core::Expr;

impl<'a, 'b> Lowering<'a, 'b> {
    /// The index of a shift: its axes, and its positions in declared order.
    pub(super) fn shifted(
        &self,
        axis: AxisRef,
        lag: Lag,
        by: Option<SymbolId>,
    ) -> (Vec<AxisRef>, Vec<u32>) {
        match lag {
            Lag::Literal(k) => (vec![axis], self.earlier(axis, k, by)),
            Lag::Along(along) => {
                let columns: Vec<Vec<u32>> = (1..=self.bound.size(along))
                    .map(|k| self.earlier(axis, k, by))
                    .collect();
                let values = (0..self.bound.size(axis))
                    .flat_map(|t| columns.iter().map(move |c| c[t]))
                    .collect();
                (vec![axis, along], values)
            }
        }
    }

    /// For each element the position of the element `k` before it in its group. Where there is none: the element itself,
    /// whose value nobody takes, since the checker asks for a guard.
    fn earlier(&self, axis: AxisRef, k: usize, by: Option<SymbolId>) -> Vec<u32> {
        let groups = self.groups(axis, by);
        let mut seen: Vec<Vec<u32>> = vec![vec![]; n_groups(&groups)];
        groups
            .iter()
            .enumerate()
            .map(|(i, g)| {
                let members = &mut seen[*g as usize];
                let at = members
                    .len()
                    .checked_sub(k)
                    .and_then(|p| members.get(p))
                    .copied();
                members.push(i as u32);
                if k == 0 {
                    i as u32
                } else {
                    at.unwrap_or(i as u32)
                }
            })
            .collect()
    }

    /// 1 for the first (or last) `n` elements of each group, else 0.
    pub(super) fn end_flags(
        &self,
        axis: AxisRef,
        n: usize,
        by: Option<SymbolId>,
        last: bool,
    ) -> Expr<'b> {
        let groups = self.groups(axis, by);
        let mut counts = vec![0; n_groups(&groups)];
        let mut flags = vec![0.0; groups.len()];
        let mut visit = |i: usize| {
            let count = &mut counts[groups[i] as usize];
            flags[i] = f64::from(u8::from(*count < n));
            *count += 1;
        };
        if last {
            (0..groups.len()).rev().for_each(&mut visit);
        } else {
            (0..groups.len()).for_each(&mut visit);
        }
        self.builder.data(flags.into(), self.axes.set(&[axis]))
    }

    pub(super) fn groups(&self, axis: AxisRef, by: Option<SymbolId>) -> Vec<u32> {
        match by.and_then(|id| self.bound.values.get(&id)) {
            Some(Values::Index(v)) => v.to_vec(),
            _ => vec![0; self.bound.size(axis)],
        }
    }
}

/// Groups are positions of an axis: as many as the last of them says.
fn n_groups(groups: &[u32]) -> usize {
    groups.iter().max().map_or(0, |last| *last as usize + 1)
}
