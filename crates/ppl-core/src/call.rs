//! Routines: what a program calls because no elementwise node can say it. A recurrence along an axis ([`Scan`]), or
//! dense work on small blocks ([`Block`]: a Cholesky factor, a triangular solve).
//!
//! A routine has several results; each is a node of its own, `Op::Call(routine, part, arguments)`, and whoever evaluates
//! programs runs a routine once for all of its parts that have the same arguments. The adjoint of a routine is written
//! with the builder like any other node's, calls included, so it can be differentiated again.

mod affine;
pub mod block;
mod block_eval;
pub mod chain;
pub mod linear;
pub mod ode;
pub mod placed;
pub mod scan;
mod scan_adjoint;
mod scan_eval;
pub mod tape;

use crate::axes::AxisSet;
use crate::builder::Builder;
use crate::interpret::Argument;
use crate::program::Program;
use block::BlockCall;
use ppl_dist::Expr;
use scan::Scan;
use std::sync::Arc;

/// Number of a routine in its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u32);

/// A routine with all that does not change from run to run.
#[derive(Debug, Clone)]
pub enum Routine {
    /// A recurrence along an axis.
    Scan(Arc<Scan>),
    /// Dense work on blocks, one for each element of the other axes.
    Block(Arc<BlockCall>),
}

impl Routine {
    /// Name, for printing.
    pub fn name(&self) -> String {
        match self {
            Routine::Scan(s) => s.name(),
            Routine::Block(c) => c.block.name().to_string(),
        }
    }

    /// Whether two are the same routine.
    pub(crate) fn same(&self, other: &Routine) -> bool {
        match (self, other) {
            (Routine::Scan(a), Routine::Scan(b)) => Arc::ptr_eq(a, b),
            (Routine::Block(a), Routine::Block(b)) => Arc::ptr_eq(a, b) || a.same(b),
            _ => false,
        }
    }

    /// Number of results.
    pub fn n_parts(&self) -> usize {
        match self {
            Routine::Scan(s) => s.n_parts(),
            Routine::Block(c) => c.results.len(),
        }
    }

    /// Numbers that one run computes, roughly.
    pub(crate) fn work(&self, program: &Program, args: &[AxisSet]) -> usize {
        match self {
            Routine::Scan(s) => program.axes[s.axis.0 as usize].size * s.body.work(),
            Routine::Block(c) => {
                let size = |a: &crate::AxisId| program.axes[a.0 as usize].size;
                let sizes: Vec<Vec<usize>> = c
                    .args
                    .iter()
                    .map(|block| block.iter().map(size).collect())
                    .collect();
                program.len(c.batch(args)) * c.block.work(&sizes)
            }
        }
    }

    /// Axes of a result, given those of the arguments.
    pub fn part_axes(&self, part: usize, args: &[AxisSet]) -> AxisSet {
        match self {
            Routine::Scan(s) => s.part_axes(part),
            Routine::Block(c) => c.part_axes(part, args),
        }
    }

    /// The arguments that gradient can flow to.
    pub(crate) fn differentiable(&self, arg: usize) -> bool {
        match self {
            Routine::Scan(_) => true,
            Routine::Block(c) => c.block.differentiable(arg),
        }
    }

    /// Values of the parts asked for (those with their axes), by plain evaluation.
    pub(crate) fn evaluate(
        &self,
        program: &Program,
        args: &[Argument<'_>],
        parts: &[(usize, AxisSet)],
    ) -> Vec<Vec<f64>> {
        match self {
            Routine::Scan(s) => scan_eval::evaluate(s, program, args, parts),
            Routine::Block(c) => block_eval::evaluate(c, program, args, parts),
        }
    }

    /// What each argument receives, given the adjoints of the parts that have one. `call` gives a part of this call.
    pub(crate) fn adjoint<'b>(
        &self,
        builder: &'b Builder,
        args: &[Expr<'b>],
        part: &dyn Fn(usize) -> Expr<'b>,
        adjoints: &[Option<Expr<'b>>],
        wanted: &[bool],
    ) -> Vec<Option<Expr<'b>>> {
        match self {
            Routine::Scan(s) => scan_adjoint::adjoint(s, builder, args, part, adjoints, wanted),
            Routine::Block(c) => c.block.adjoint(c, builder, args, part, adjoints, wanted),
        }
    }
}
