//! Which program axis each axis of the model is. The longest axis is innermost, the Monte Carlo draw outermost.

use crate::bind::Bound;
use crate::graph::*;
use ppl_core::{Axis, AxisId, AxisSet, DRAW};
use std::collections::{BTreeSet, HashMap};

/// The program's axes for a bound model.
#[derive(Debug, Clone)]
pub struct AxisMap {
    ids: HashMap<(usize, u8), AxisId>,
    program: Vec<Axis>,
}

/// The third copy of a square matrix's axis, summed within a product of two matrices.
const SCRATCH: u8 = 250;

/// The axis along which a summed-out site's labels are listed.
const ENUMERATION: u8 = 251;

impl AxisMap {
    /// Numbers the axes that the model and its guide use; `None` if there are more than 63.
    pub fn new(bound: &Bound) -> Option<AxisMap> {
        let mut used: BTreeSet<(usize, u8)> = BTreeSet::new();
        for s in &bound.model.symbols {
            if let (true, Ty::Index(axis)) = (s.is_summed_out(), s.ty) {
                used.insert((axis, 0));
                used.insert((axis, ENUMERATION));
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
                Role::Site(d) => d.expressions().into_iter().for_each(|e| walk(e, &mut note)),
                Role::Let(e) | Role::Param(e) => walk(e, &mut note),
                Role::Data { .. } => {}
            }
        }
        for s in bound.model.statements.iter().chain(&bound.model.guide) {
            match &s.statement {
                Statement::Observe { value, dist } => {
                    walk(value, &mut note);
                    dist.expressions()
                        .into_iter()
                        .for_each(|e| walk(e, &mut note));
                }
                Statement::Factor(e) | Statement::Report { value: e, .. } => walk(e, &mut note),
                Statement::GuideSample { dist, .. } => dist
                    .expressions()
                    .into_iter()
                    .for_each(|e| walk(e, &mut note)),
                Statement::Sample(_) => {}
            }
        }
        let mut order: Vec<(usize, u8)> = used.into_iter().collect();
        order.sort_by_key(|&(axis, copy)| (bound.axes[axis].size(), axis, copy));
        if order.len() > 63 {
            return None;
        }
        let mut program = vec![Axis {
            name: "draw".into(),
            size: 1,
        }];
        let mut ids = HashMap::new();
        for (axis, copy) in order {
            ids.insert((axis, copy), AxisId(program.len() as u8));
            let name = bound.model.axes[axis].name.clone();
            let name = match copy {
                0 => name,
                1 => format!("{name}'"),
                ENUMERATION => format!("any {name}"),
                _ => format!("{name}''"),
            };
            program.push(Axis {
                name,
                size: bound.axes[axis].size(),
            });
        }
        Some(AxisMap { ids, program })
    }

    /// The axes for a builder, with so many draws.
    pub fn program_axes(&self, draws: usize) -> Vec<Axis> {
        let mut axes = self.program.clone();
        axes[DRAW.0 as usize].size = draws;
        axes
    }

    /// The program axis of a use of an axis; a loop's copy is the axis itself.
    pub fn id(&self, a: AxisRef) -> AxisId {
        let copy = a.declared().copy;
        self.ids.get(&(a.axis, copy)).copied().unwrap_or(DRAW)
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

    /// The axis along which a summed-out site's labels are listed.
    pub fn enumeration(&self, axis: usize) -> AxisId {
        self.ids.get(&(axis, ENUMERATION)).copied().unwrap_or(DRAW)
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
    e.visit(&mut |e| note(&e.axes));
}
