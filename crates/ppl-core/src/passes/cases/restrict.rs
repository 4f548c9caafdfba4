//! Values at the rows of one case.

use super::{Case, Division};
use crate::axes::{Axis, AxisId, AxisSet};
use crate::builder::Builder;
use crate::interpret::offsets;
use crate::program::{Index, IndexId, Op, Program};
use ppl_dist::{Expr, NodeId, Prim};
use std::cell::RefCell;
use std::collections::HashMap;

/// The arguments that a node along `row` reads row by row; none where it reads them otherwise.
pub(super) fn row_by_row(program: &Program, id: NodeId, row: AxisId) -> &[NodeId] {
    let node = program.node(id);
    match &node.op {
        Op::Map(_, args) => args,
        Op::Stack(args, axis) if *axis != row => args,
        Op::Sum(arg) | Op::Max(arg) | Op::Stop(arg) | Op::At(arg, ..) => std::slice::from_ref(arg),
        _ => &[],
    }
}

/// Whether a node looks up a source without rows by a column along the rows.
pub(super) fn looks_up(program: &Program, id: NodeId, row: AxisId) -> bool {
    let Op::Gather(src, index) = &program.node(id).op else {
        return false;
    };
    let index = &program.indices[index.0 as usize];
    let source = program.node(*src).axes;
    index.axes.contains(row) && (index.target == row || !source.contains(row))
}

/// The rows of one case as an axis of their own, or as a position where there is one.
pub(super) struct Restriction<'p, 'b> {
    b: &'b Builder,
    program: &'p Program,
    of: &'p dyn Fn(NodeId) -> Expr<'b>,
    division: &'p Division,
    case: &'p Case,
    /// None: one row.
    axis: Option<AxisId>,
    done: RefCell<HashMap<NodeId, Expr<'b>>>,
}

impl<'p, 'b> Restriction<'p, 'b> {
    /// None where the program has no axis left.
    pub(super) fn new(
        b: &'b Builder,
        program: &'p Program,
        of: &'p dyn Fn(NodeId) -> Expr<'b>,
        division: &'p Division,
        case: &'p Case,
    ) -> Option<Self> {
        let size = case.rows.len();
        let name = &program.axes[division.row.0 as usize].name;
        let axis = match size {
            1 => None,
            _ => Some(b.add_axis(Axis {
                name: format!("{name} of case {size}"),
                size,
            })?),
        };
        Some(Restriction {
            b,
            program,
            of,
            division,
            case,
            axis,
            done: RefCell::default(),
        })
    }

    /// The axes with the case's in place of the rows'.
    pub(super) fn axes(&self, axes: AxisSet) -> AxisSet {
        if !axes.contains(self.division.row) {
            return axes;
        }
        let rest = axes.without(self.division.row);
        self.axis.map_or(rest, |axis| rest.with(axis))
    }

    /// The node's value at the case's rows.
    pub(super) fn of(&self, id: NodeId) -> Expr<'b> {
        let row = self.division.row;
        if !self.program.node(id).axes.contains(row) {
            return (self.of)(id);
        }
        // Arguments first, without recursion: chains can be long.
        let mut open = vec![id];
        while let Some(&last) = open.last() {
            let missing: Vec<NodeId> = match self.done.borrow().contains_key(&last) {
                true => vec![],
                false => self
                    .reads(last)
                    .into_iter()
                    .filter(|a| {
                        self.program.node(*a).axes.contains(row)
                            && !self.done.borrow().contains_key(a)
                    })
                    .collect(),
            };
            if missing.is_empty() {
                open.pop();
                if !self.done.borrow().contains_key(&last) {
                    let value = self.write(last);
                    self.done.borrow_mut().insert(last, value);
                }
            } else {
                open.extend(missing);
            }
        }
        self.at(id)
    }

    fn at(&self, id: NodeId) -> Expr<'b> {
        let done = self.done.borrow().get(&id).copied();
        done.unwrap_or_else(|| (self.of)(id))
    }

    /// The branch that the case takes.
    fn taken(&self, id: NodeId) -> Option<NodeId> {
        match &self.program.node(id).op {
            Op::Map(Prim::Select, args) => {
                let holds = self.case.holds.get(&args[0])?;
                Some(if *holds { args[1] } else { args[2] })
            }
            _ => None,
        }
    }

    /// Whose values at the case's rows a node's is made of.
    fn reads(&self, id: NodeId) -> Vec<NodeId> {
        match self.taken(id) {
            Some(branch) => vec![branch],
            None if self.division.inside[id.0 as usize] => {
                row_by_row(self.program, id, self.division.row).to_vec()
            }
            None => vec![],
        }
    }

    fn write(&self, id: NodeId) -> Expr<'b> {
        if let Some(branch) = self.taken(id) {
            return self.at(branch);
        }
        let b = self.b;
        let node = self.program.node(id);
        if let Op::Gather(src, index) = &node.op
            && looks_up(self.program, id, self.division.row)
        {
            return self.look_up((self.of)(*src), *index);
        }
        if !self.division.inside[id.0 as usize] {
            return self.pick((self.of)(id));
        }
        let lost = |src: NodeId| self.program.node(src).axes.minus(node.axes);
        match &node.op {
            Op::Map(prim, args) => {
                let args: Vec<Expr<'b>> = args.iter().map(|a| self.at(*a)).collect();
                Expr::apply(*prim, &args)
            }
            Op::Sum(src) => b.sum(self.at(*src), lost(*src)),
            Op::Max(src) => b.max_over(self.at(*src), lost(*src)),
            Op::Stop(src) => b.stop(self.at(*src)),
            Op::At(src, axis, position) => b.at(self.at(*src), *axis, *position as usize),
            Op::Stack(parts, axis) => {
                let parts: Vec<Expr<'b>> = parts.iter().map(|p| self.at(*p)).collect();
                b.stack(&parts, *axis)
            }
            _ => self.pick((self.of)(id)),
        }
    }

    /// The case's rows of an array that stands.
    fn pick(&self, e: Expr<'b>) -> Expr<'b> {
        let row = self.division.row;
        match self.axis {
            None => self.b.at(e, row, self.case.rows[0] as usize),
            Some(axis) => {
                let index = self.b.index(Index {
                    target: row,
                    axes: AxisSet::of(&[axis]),
                    values: self.case.rows.as_slice().into(),
                });
                self.b.gather(e, index)
            }
        }
    }

    /// A look-up by the case's part of an index.
    fn look_up(&self, src: Expr<'b>, index: IndexId) -> Expr<'b> {
        let row = self.division.row;
        let whole = &self.program.indices[index.0 as usize];
        let strides = self.program.strides(whole.axes);
        let rest = whole.axes.without(row);
        let step = strides[row.0 as usize];
        // The case's axis is the last, so the innermost.
        let values: Vec<u32> = offsets(self.program, rest, &strides)
            .flat_map(|o| self.case.rows.iter().map(move |r| o + *r as usize * step))
            .map(|at| whole.values[at])
            .collect();
        let axes = self.axes(whole.axes);
        if let (true, [position]) = (axes.is_empty(), &values[..]) {
            return self.b.at(src, whole.target, *position as usize);
        }
        let index = self.b.index(Index {
            target: whole.target,
            axes,
            values: values.into(),
        });
        self.b.gather(src, index)
    }
}
