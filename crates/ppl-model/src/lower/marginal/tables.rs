//! Factors as tables: one program axis for the instances, one for each variable of the scope.

use super::elimination::Elimination;
use crate::lower::Lowered;
use ppl_core::{AxisId, AxisSet, DRAW, Expr, Index};

/// A factor over many alike scopes.
pub(super) struct Table<'b> {
    /// Log values, over the instances, the variables' slots and the common plates; axes along which it is constant may
    /// be missing.
    pub(super) value: Expr<'b>,
    /// The axis of the instances; none for a single one.
    pub(super) instances: Option<AxisId>,
    /// For each position of the scope the variable of every instance.
    pub(super) scope: Vec<Vec<u32>>,
    /// For each position its enumeration axis.
    pub(super) slots: Vec<AxisId>,
    /// Instances that have not been eliminated.
    pub(super) alive: Vec<u32>,
}

impl<'l, 'a, 'b> Elimination<'l, 'a, 'b> {
    /// Adds a table, each of whose instances may name a variable twice.
    pub(super) fn add(&mut self, table: Table<'b>) -> Lowered<()> {
        let width = table.scope.len();
        // Instances by which positions name the same variable. Forms are few, and neighbours mostly of the same one.
        let mut patterns: Vec<(Vec<usize>, Vec<u32>)> = vec![];
        let mut pattern = vec![];
        let mut last = 0;
        for &i in &table.alive {
            let first = |p: usize| {
                let v = table.scope[p][i as usize];
                (0..p)
                    .find(|&q| table.scope[q][i as usize] == v)
                    .unwrap_or(p)
            };
            pattern.clear();
            pattern.extend((0..width).map(first));
            if patterns
                .get(last)
                .is_none_or(|(known, _)| *known != pattern)
            {
                let known = patterns.iter().position(|(known, _)| *known == pattern);
                last = known.unwrap_or_else(|| {
                    patterns.push((pattern.clone(), vec![]));
                    patterns.len() - 1
                });
            }
            patterns[last].1.push(i);
        }
        for (pattern, alive) in patterns {
            let mut value = table.value;
            let (mut scope, mut slots) = (vec![], vec![]);
            for (p, &q) in pattern.iter().enumerate() {
                if q == p {
                    scope.push(table.scope[p].clone());
                    slots.push(table.slots[p]);
                } else {
                    value = self.diagonal(value, table.slots[p], table.slots[q]);
                }
            }
            let instances = table.instances;
            self.add_distinct(Table {
                value,
                instances,
                scope,
                slots,
                alive,
            })?;
        }
        Ok(())
    }

    /// The elements at which two axes of equal size agree, along the second.
    fn diagonal(&self, value: Expr<'b>, from: AxisId, to: AxisId) -> Expr<'b> {
        let b = self.lowering.builder;
        let n = b.size(from);
        let index = b.index(Index {
            target: from,
            axes: AxisSet::of(&[to]),
            values: (0..n as u32).collect(),
        });
        b.gather(value, index)
    }

    /// Adds a table whose scopes name no variable twice.
    pub(super) fn add_distinct(&mut self, table: Table<'b>) -> Lowered<()> {
        match table.scope.as_slice() {
            [] => {
                let value = self.pick(table.value, table.instances, &table.alive)?;
                let (value, axis) = value;
                self.finish(value, axis, table.alive.len());
                Ok(())
            }
            [only] => {
                let variables: Vec<u32> = table.alive.iter().map(|&i| only[i as usize]).collect();
                self.add_unary(
                    table.value,
                    table.instances,
                    &table.alive,
                    &variables,
                    table.slots[0],
                )
            }
            _ => {
                let table = self.merged(table)?;
                self.tables.push(table);
                Ok(())
            }
        }
    }

    /// Equal scopes made one: their log values are added.
    fn merged(&self, table: Table<'b>) -> Lowered<Table<'b>> {
        let key = |at: u32| {
            let i = table.alive[at as usize] as usize;
            table.scope.iter().map(move |c| c[i])
        };
        // Stable, so that the first of equals stays first; chains, whose scopes are in order, take one pass.
        let mut order: Vec<u32> = (0..table.alive.len() as u32).collect();
        order.sort_by(|&a, &b| key(a).cmp(key(b)));
        let same = |a: &u32, b: &u32| key(*a).eq(key(*b));
        if order.windows(2).all(|two| !same(&two[0], &two[1])) {
            return Ok(table);
        }
        let mut leader: Vec<u32> = (0..order.len() as u32).collect();
        for equal in order.chunk_by(same) {
            equal.iter().for_each(|&at| leader[at as usize] = equal[0]);
        }
        // Numbered in order of appearance: a leader comes before those that it leads.
        let (mut kept, mut to) = (vec![], Vec::with_capacity(order.len()));
        for (at, &leader) in leader.iter().enumerate() {
            if leader as usize == at {
                to.push(kept.len() as u32);
                kept.push(table.alive[at]);
            } else {
                to.push(to[leader as usize]);
            }
        }
        let b = self.lowering.builder;
        let (value, from) = self.pick(table.value, table.instances, &table.alive)?;
        let n = kept.len();
        let target = self.instance_axis(n)?;
        let value = match (from, target) {
            (Some(from), Some(target)) => {
                let value = b.broadcast(value, b.axes_of(value).with(from));
                let index = b.index(Index {
                    target,
                    axes: AxisSet::of(&[from]),
                    values: to.into(),
                });
                b.scatter(value, index, b.axes_of(value).without(from).with(target))
            }
            (Some(from), None) => b.sum(value, AxisSet::of(&[from])),
            (None, _) => value,
        };
        let scope = table
            .scope
            .iter()
            .map(|c| kept.iter().map(|&i| c[i as usize]).collect())
            .collect();
        Ok(Table {
            value,
            instances: target,
            scope,
            slots: table.slots,
            alive: (0..n as u32).collect(),
        })
    }

    /// Adds to the factors of single variables: instance `instances[i]` belongs to variable `variables[i]`.
    pub(super) fn add_unary(
        &mut self,
        value: Expr<'b>,
        axis: Option<AxisId>,
        instances: &[u32],
        variables: &[u32],
        slot: AxisId,
    ) -> Lowered<()> {
        let b = self.lowering.builder;
        let site = self.site_of(variables[0]);
        let (own, n, base, own_slot) = {
            let s = &self.sites[site];
            (s.axis, s.n, s.base, s.slot)
        };
        let value = b.rename(value, slot, own_slot);
        let elements: Vec<u32> = variables.iter().map(|v| v - base).collect();
        let in_place = axis == own && elements.len() == n && is_identity(&elements);
        let value = match own {
            _ if in_place && is_identity(instances) => value,
            None => {
                let (value, axis) = self.pick(value, axis, instances)?;
                match axis {
                    Some(axis) => b.sum(value, AxisSet::of(&[axis])),
                    None => value,
                }
            }
            Some(own) => {
                let (value, axis) = self.pick(value, axis, instances)?;
                let from = axis.map_or(AxisSet::EMPTY, |a| AxisSet::of(&[a]));
                let value = b.broadcast(value, b.axes_of(value).union(from));
                let index = b.index(Index {
                    target: own,
                    axes: from,
                    values: elements.into(),
                });
                b.scatter(value, index, b.axes_of(value).minus(from).with(own))
            }
        };
        let s = &mut self.sites[site];
        s.unary = s.unary + value;
        Ok(())
    }

    /// Some of the instances, along an axis of as many elements; none for a single one.
    pub(super) fn pick(
        &self,
        value: Expr<'b>,
        axis: Option<AxisId>,
        instances: &[u32],
    ) -> Lowered<(Expr<'b>, Option<AxisId>)> {
        let b = self.lowering.builder;
        let Some(from) = axis else {
            return Ok((value, None));
        };
        if instances.len() == b.size(from) && is_identity(instances) {
            return Ok((value, axis));
        }
        let to = self.instance_axis(instances.len())?;
        Ok((self.along(value, from, instances, to), to))
    }

    /// Instances by number, along `to`.
    pub(super) fn along(
        &self,
        value: Expr<'b>,
        from: AxisId,
        instances: &[u32],
        to: Option<AxisId>,
    ) -> Expr<'b> {
        let b = self.lowering.builder;
        match to {
            None => b.at(value, from, instances[0] as usize),
            Some(to) if to == from && is_identity(instances) => value,
            Some(to) => {
                let index = b.index(Index {
                    target: from,
                    axes: AxisSet::of(&[to]),
                    values: instances.into(),
                });
                b.gather(value, index)
            }
        }
    }

    /// An axis for so many instances; none for a single one.
    pub(super) fn instance_axis(&self, n: usize) -> Lowered<Option<AxisId>> {
        if n == 1 {
            return Ok(None);
        }
        let known = self.lowering.instance_axes.borrow().get(&n).copied();
        if known.is_some() {
            return Ok(known);
        }
        let axis = self.lowering.new_axis("elements", n)?;
        self.lowering.instance_axes.borrow_mut().insert(n, axis);
        Ok(Some(axis))
    }

    /// Adds what no variable is left of to the answer: `count` instances along an axis, and the common plates.
    pub(super) fn finish(&mut self, value: Expr<'b>, axis: Option<AxisId>, count: usize) {
        let b = self.lowering.builder;
        let mut over = self.common;
        if let Some(axis) = axis {
            debug_assert_eq!(count, b.size(axis));
            over = over.with(axis);
        }
        self.total = self.total + b.sum(value, over.without(DRAW));
        if let Some(sum) = self.by_plate {
            let within = over.minus(self.common).without(DRAW);
            self.by_plate = Some(sum + b.sum(value, within));
        }
    }
}

/// Whether the numbers count up from 0.
pub(super) fn is_identity(numbers: &[u32]) -> bool {
    numbers.iter().enumerate().all(|(i, &n)| i as u32 == n)
}
