//! Factors as tables: one program axis for the instances, one for each variable of the scope.

use super::elimination::Elimination;
use crate::lower::Lowered;
use ppl_core::{AxisId, AxisSet, DRAW, Expr, Index};
use std::collections::HashMap;

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
        let mut patterns: HashMap<Vec<u8>, Vec<u32>> = HashMap::new();
        let mut order: Vec<Vec<u8>> = vec![];
        for &i in &table.alive {
            let first = |p: usize| {
                let v = table.scope[p][i as usize];
                (0..p)
                    .find(|&q| table.scope[q][i as usize] == v)
                    .unwrap_or(p) as u8
            };
            let pattern: Vec<u8> = (0..width).map(first).collect();
            let group = patterns.entry(pattern.clone()).or_insert_with(|| {
                order.push(pattern);
                vec![]
            });
            group.push(i);
        }
        for pattern in order {
            let alive = patterns.remove(&pattern).unwrap_or_default();
            let mut value = table.value;
            let (mut scope, mut slots) = (vec![], vec![]);
            for (p, &q) in pattern.iter().enumerate() {
                if q as usize == p {
                    scope.push(table.scope[p].clone());
                    slots.push(table.slots[p]);
                } else {
                    value = self.diagonal(value, table.slots[p], table.slots[q as usize]);
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
        let mut seen: HashMap<Vec<u32>, u32> = HashMap::with_capacity(table.alive.len());
        let mut to = Vec::with_capacity(table.alive.len());
        let mut kept = vec![];
        for &i in &table.alive {
            let key: Vec<u32> = table.scope.iter().map(|c| c[i as usize]).collect();
            let next = seen.len() as u32;
            let at = *seen.entry(key).or_insert(next);
            if at == next {
                kept.push(i);
            }
            to.push(at);
        }
        if kept.len() == table.alive.len() {
            return Ok(table);
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
