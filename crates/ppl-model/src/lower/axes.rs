//! Which program axis each axis of the model is. The longest axis is innermost, the Monte Carlo draw outermost.

use crate::bind::{Array, Bound};
use crate::departure::Departure;
use crate::graph::*;
use ppl_core::{Axis, AxisId, AxisSet, DRAW, Numbers};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The program's axes for a bound model.
#[derive(Debug, Clone)]
pub struct AxisMap {
    ids: HashMap<(usize, u8), AxisId>,
    program: Vec<Axis>,
    /// Enumeration axes, by size.
    slots: Vec<(usize, AxisId)>,
}

/// The third copy of a square matrix's axis, summed within a product of two matrices.
const SCRATCH: u8 = 250;

/// Enumeration axes beyond one for each way to read a site: where factors are multiplied, more may be needed at once.
const SPARE_SLOTS: usize = 2;

/// In place of a model's axis: an enumeration axis.
const SLOT: usize = usize::MAX;

impl AxisMap {
    /// Numbers the axes that the model and its guide use; `None` if there are more than 63.
    pub fn new(bound: &Bound) -> Option<AxisMap> {
        let mut used: BTreeSet<(usize, u8)> = BTreeSet::new();
        for s in &bound.model.symbols {
            if let (true, Ty::Index(axis)) = (s.is_discrete_site(), s.ty) {
                used.insert((axis, 0));
            }
        }
        let mut note = |axes: &[AxisRef]| {
            for a in axes {
                used.insert((a.axis, 0));
                if a.declared().copy == 1 {
                    used.insert((a.axis, 1));
                    used.insert((a.axis, SCRATCH));
                }
            }
        };
        for s in &bound.model.symbols {
            note(&s.axes);
            match &s.role {
                Role::Site(d) => walk_dist(d, &mut note),
                Role::Let(e) | Role::Param(e) => walk(e, &mut note),
                Role::Data { .. } => {}
            }
        }
        for s in bound.model.statements.iter().chain(&bound.model.guide) {
            match &s.statement {
                Statement::Observe { value, dist } => {
                    walk(value, &mut note);
                    walk_dist(dist, &mut note);
                }
                Statement::Factor(e) | Statement::Report { value: e, .. } => walk(e, &mut note),
                Statement::Predict { axes, dist, .. } => {
                    note(axes);
                    walk_dist(dist, &mut note);
                }
                Statement::GuideSample { dist, .. } => {
                    walk_dist(dist, &mut note);
                    // The factors' products with each other are a square matrix.
                    if let Some(Departure::LowRank(factors)) = dist.departure.as_deref()
                        && let Some(rank) = factors.axes.last()
                    {
                        note(&[AxisRef { copy: 1, ..*rank }]);
                    }
                }
                Statement::Sample(_) | Statement::Within(_) => {}
            }
        }
        let sized = |(axis, copy): (usize, u8)| (bound.axes[axis].size(), axis, copy);
        let mut order: Vec<(usize, usize, u8)> = used.into_iter().map(sized).collect();
        if order.len() > 63 {
            return None;
        }
        // The values of discrete sites: an axis for each way to read them, as long as there are axes left.
        let mut wanted: BTreeMap<usize, usize> = BTreeMap::new();
        for (site, ways) in bound.ways_to_read() {
            *wanted.entry(bound.values_of(site).1).or_insert(SPARE_SLOTS) += ways;
        }
        for (n, count) in wanted {
            let left = 63usize.saturating_sub(order.len());
            order.extend((0..count.min(left)).map(|i| (n, SLOT, i as u8)));
        }
        order.sort_unstable();
        let mut program = vec![Axis {
            name: "draw".into(),
            size: 1,
        }];
        let mut ids = HashMap::new();
        let mut slots = vec![];
        for (size, axis, copy) in order {
            let id = AxisId(program.len() as u8);
            let name = if axis == SLOT {
                slots.push((size, id));
                format!("any {size} {copy}")
            } else {
                ids.insert((axis, copy), id);
                let name = bound.model.axes[axis].name.clone();
                match copy {
                    0 => name,
                    1 => format!("{name}'"),
                    _ => format!("{name}''"),
                }
            };
            program.push(Axis { name, size });
        }
        Some(AxisMap {
            ids,
            program,
            slots,
        })
    }

    /// The axes for a builder, with so many draws.
    pub fn program_axes(&self, draws: usize) -> Vec<Axis> {
        let mut axes = self.program.clone();
        axes[DRAW.0 as usize].size = draws;
        axes
    }

    /// The program axis of a use of an axis; a loop's copy is the axis itself.
    pub fn id(&self, a: AxisRef) -> AxisId {
        let known = self.known(a);
        debug_assert!(known.is_some(), "axis {a:?} is used and has no number");
        known.unwrap_or(DRAW)
    }

    /// The program axis of a use of an axis, where the model uses it.
    pub fn known(&self, a: AxisRef) -> Option<AxisId> {
        self.ids.get(&(a.axis, a.declared().copy)).copied()
    }

    /// The scratch copy.
    pub fn scratch(&self, axis: usize) -> AxisId {
        self.ids.get(&(axis, SCRATCH)).copied().unwrap_or(DRAW)
    }

    /// The scratch copy beside one of the axes of a square matrix.
    pub fn scratch_of(&self, id: AxisId) -> AxisId {
        let axis = self.ids.iter().find(|(_, v)| **v == id).map(|(k, _)| k.0);
        axis.map_or(DRAW, |a| self.scratch(a))
    }

    /// The axes of that size along which values of discrete sites can be listed.
    pub fn slots(&self, size: usize) -> Vec<AxisId> {
        let fitting = self.slots.iter().filter(|s| s.0 == size);
        fitting.map(|s| s.1).collect()
    }

    /// The set of program axes.
    pub fn set(&self, axes: &[AxisRef]) -> AxisSet {
        axes.iter().fold(AxisSet::EMPTY, |s, &a| s.with(self.id(a)))
    }

    /// Values in declared order (row-major) to program order.
    pub fn to_program<T: Copy>(&self, values: &[T], axes: &[AxisRef]) -> Vec<T> {
        let order = self.order(axes);
        order.into_iter().map(|i| values[i]).collect()
    }

    /// The same of a datum, which keeps what is made of it.
    pub fn array_to_program(&self, values: &Array, axes: &[AxisRef]) -> Numbers {
        let ids: Vec<AxisId> = axes.iter().map(|a| self.id(*a)).collect();
        match ids[..] {
            _ if ids.is_sorted() => values.declared().clone(),
            [_, columns] => {
                let columns = self.program[columns.0 as usize].size;
                values.transposed(columns).clone()
            }
            _ => self.to_program(values, axes).into(),
        }
    }

    /// For each element in program order, its position in declared order.
    pub fn order(&self, axes: &[AxisRef]) -> Vec<usize> {
        let size = |a: &AxisRef| self.program[self.id(*a).0 as usize].size;
        let mut strides = vec![0usize; axes.len()];
        let mut step = 1;
        for i in (0..axes.len()).rev() {
            strides[i] = step;
            step *= size(&axes[i]);
        }
        let mut by_id: Vec<usize> = (0..axes.len()).collect();
        by_id.sort_by_key(|&i| self.id(axes[i]));
        let mut out = vec![0usize];
        for i in by_id {
            let n = size(&axes[i]);
            out = out
                .iter()
                .flat_map(|&base| (0..n).map(move |k| (base, k)))
                .map(|(base, k)| base + k * strides[i])
                .collect();
        }
        out
    }
}

fn walk(e: &TExpr, note: &mut dyn FnMut(&[AxisRef])) {
    e.visit(&mut |e| {
        note(&e.axes);
        if let TKind::LogDensity(d, _) = &e.kind {
            d.branches().into_iter().for_each(|b| note(&b.event));
        }
    });
}

/// The events too: weights that are one number for all labels lie along no axis, and the labels do.
fn walk_dist(d: &TDist, note: &mut dyn FnMut(&[AxisRef])) {
    d.branches().into_iter().for_each(|b| note(&b.event));
    d.expressions().into_iter().for_each(|e| walk(e, note));
}
