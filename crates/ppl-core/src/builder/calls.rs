//! Calls of routines.

use super::Builder;
use crate::axes::AxisSet;
use crate::call::{CallId, Routine};
use crate::program::Op;
use ppl_dist::{Expr, NodeId};

/// A routine with its arguments: what its parts are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Called {
    /// A part, whichever.
    first: NodeId,
}

impl Builder {
    /// Calls a routine; [`Builder::call_part`] gives its results.
    pub fn call<'b>(&'b self, routine: &Routine, args: &[Expr<'b>]) -> Called {
        let call = {
            let mut inner = self.inner.borrow_mut();
            let known = inner.program.calls.iter().position(|c| c.same(routine));
            CallId(known.unwrap_or_else(|| {
                inner.program.calls.push(routine.clone());
                inner.program.calls.len() - 1
            }) as u32)
        };
        let ids: Vec<NodeId> = args.iter().map(|a| a.node(self)).collect();
        Called {
            first: self.part(call, 0, ids),
        }
    }

    /// One result of a call.
    pub fn call_part(&self, called: Called, part: usize) -> Expr<'_> {
        match self.op_of(called.first) {
            Op::Call(call, _, args) => self.expr(self.part(call, part, args)),
            _ => self.expr(called.first),
        }
    }

    /// Another result of the call that a node is a result of.
    pub(crate) fn part_beside(&self, node: NodeId, part: usize) -> Expr<'_> {
        self.call_part(Called { first: node }, part)
    }

    /// Whether gradient can flow to an argument of a routine.
    pub(crate) fn differentiable(&self, call: CallId, arg: usize) -> bool {
        self.inner.borrow().program.calls[call.0 as usize].differentiable(arg)
    }

    pub(crate) fn part(&self, call: CallId, part: usize, args: Vec<NodeId>) -> NodeId {
        let axes: Vec<AxisSet> = args.iter().map(|a| self.node_axes(*a)).collect();
        let axes = self.routine(call).part_axes(part, &axes);
        self.push(Op::Call(call, part as u32, args), axes)
    }

    /// A routine by number.
    pub fn routine(&self, call: CallId) -> Routine {
        self.inner.borrow().program.calls[call.0 as usize].clone()
    }

    /// The noise node at an offset (for the leaves of a scan's body).
    pub(crate) fn noise_at(&self, offset: usize, axes: AxisSet) -> NodeId {
        self.push(Op::Noise { offset }, axes)
    }
}
