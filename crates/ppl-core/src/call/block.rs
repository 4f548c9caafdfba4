//! Dense work on blocks: every argument has some axes that make up one block, and the routine runs once for every element
//! of all other axes (draws, groups).

use super::placed::Together;
use crate::axes::{AxisId, AxisSet};
use crate::builder::Builder;
use ppl_dist::Expr;
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

/// Arguments of a block routine, at most.
pub const MAX_ARGUMENTS: usize = 64;
/// Results of a block routine, at most.
pub const MAX_RESULTS: usize = 64;

/// A routine over blocks. One file each; the adjoint is written with the builder, from elementwise nodes and calls.
pub trait Block: Any + Debug + Send + Sync {
    /// Name, for printing; with [`Block::same`] it tells routines apart.
    fn name(&self) -> &'static str;

    /// Whether another routine of the same name does the same.
    fn same(&self, _other: &dyn Block) -> bool {
        true
    }

    /// Whether gradient can flow to an argument.
    fn differentiable(&self, _arg: usize) -> bool {
        true
    }

    /// Whether results that nobody reads may be given as empty slices, which then cost nothing.
    fn skips_unread(&self) -> bool {
        false
    }

    /// How it does several blocks together, where it can; [`Block::run`] does the same for one.
    fn together(&self) -> Option<&dyn Together> {
        None
    }

    /// Elements of working memory for these block sizes (one list of sizes an argument).
    fn scratch(&self, _sizes: &[Vec<usize>]) -> usize {
        0
    }

    /// Arithmetic operations in one block of these sizes, roughly.
    fn work(&self, sizes: &[Vec<usize>]) -> usize {
        sizes.iter().map(|s| s.iter().product::<usize>()).sum()
    }

    /// Operations that one block takes in fact, where [`Block::work`] is lower for the sake of what weighs it by other work: threads share
    /// the blocks by these.
    fn effort(&self, sizes: &[Vec<usize>]) -> usize {
        self.work(sizes)
    }

    /// One block. Arguments and results are contiguous, row-major in the order in which their axes are listed in the
    /// call; `sizes` are the arguments' block sizes. Where no value exists (a matrix that is not positive definite) the
    /// results are NaN.
    fn run(
        &self,
        sizes: &[Vec<usize>],
        args: &[&[f64]],
        results: &mut [&mut [f64]],
        scratch: &mut [f64],
    );

    /// What each argument receives (`None`: nothing), given the adjoints of the results that have one; `part` gives a
    /// result of this call. Contributions may have any axes of the call; those that an argument lacks are summed.
    fn adjoint<'b>(
        &self,
        call: &BlockCall,
        builder: &'b Builder,
        args: &[Expr<'b>],
        part: &dyn Fn(usize) -> Expr<'b>,
        adjoints: &[Option<Expr<'b>>],
        wanted: &[bool],
    ) -> Vec<Option<Expr<'b>>>;
}

/// A block routine with the axes of its blocks.
#[derive(Debug, Clone)]
pub struct BlockCall {
    /// The routine.
    pub block: Arc<dyn Block>,
    /// For every argument, the axes of its block in order (distinct; a matrix has its row and column axis).
    pub args: Vec<Vec<AxisId>>,
    /// For every result, the axes of its block in order.
    pub results: Vec<Vec<AxisId>>,
}

impl BlockCall {
    pub(crate) fn same(&self, other: &BlockCall) -> bool {
        self.block.name() == other.block.name()
            && self.args == other.args
            && self.results == other.results
            && self.block.same(other.block.as_ref())
    }

    /// The axes along which blocks lie.
    pub fn batch(&self, args: &[AxisSet]) -> AxisSet {
        let outside = |(axes, block): (&AxisSet, &Vec<AxisId>)| axes.minus(AxisSet::of(block));
        args.iter()
            .zip(&self.args)
            .map(outside)
            .fold(AxisSet::EMPTY, AxisSet::union)
    }

    pub(crate) fn part_axes(&self, part: usize, args: &[AxisSet]) -> AxisSet {
        self.batch(args).union(AxisSet::of(&self.results[part]))
    }
}

/// Where the elements of one block lie in an array with these strides, in the order of `block`.
pub fn block_offsets(
    block: &[AxisId],
    size: impl Fn(AxisId) -> usize,
    strides: &[usize; 64],
) -> Vec<usize> {
    block.iter().fold(vec![0], |out, &axis| {
        out.iter()
            .flat_map(|&base| (0..size(axis)).map(move |k| (base, k)))
            .map(|(base, k)| base + k * strides[axis.0 as usize])
            .collect()
    })
}
