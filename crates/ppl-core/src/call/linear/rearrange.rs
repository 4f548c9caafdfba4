//! What moves or adds up elements within a block: the transpose, and running sums.

use crate::builder::Builder;
use crate::call::block::{Block, BlockCall};
use ppl_dist::Expr;

/// The same elements: the result lists its axes in another order than the argument, and so exchanges them.
#[derive(Debug)]
pub(super) struct Transpose;

impl Block for Transpose {
    fn name(&self) -> &'static str {
        "transpose"
    }

    fn run(&self, _: &[Vec<usize>], args: &[&[f64]], results: &mut [&mut [f64]], _: &mut [f64]) {
        results[0].copy_from_slice(args[0]);
    }

    fn adjoint<'b>(
        &self,
        call: &BlockCall,
        b: &'b Builder,
        _: &[Expr<'b>],
        _: &dyn Fn(usize) -> Expr<'b>,
        adjoints: &[Option<Expr<'b>>],
        _: &[bool],
    ) -> Vec<Option<Expr<'b>>> {
        let back = |e| b.transpose(e, call.args[0][0], call.args[0][1]);
        vec![adjoints[0].map(back)]
    }
}

/// `y[i] = x[0] + … + x[i]`, or from the end: `y[i] = x[i] + … + x[n-1]`. The first axis of the block is summed along.
#[derive(Debug)]
pub(super) struct RunningSum {
    /// Whether from the end.
    pub(super) from_end: bool,
}

impl Block for RunningSum {
    fn name(&self) -> &'static str {
        if self.from_end {
            "running sum from the end"
        } else {
            "running sum"
        }
    }

    fn run(
        &self,
        sizes: &[Vec<usize>],
        args: &[&[f64]],
        results: &mut [&mut [f64]],
        _: &mut [f64],
    ) {
        let out = &mut *results[0];
        out.copy_from_slice(args[0]);
        let n = sizes[0][0];
        if n == 0 {
            return;
        }
        let width = out.len() / n;
        for i in 1..n {
            let (to, from) = if self.from_end {
                (n - 1 - i, n - i)
            } else {
                (i, i - 1)
            };
            for k in 0..width {
                out[to * width + k] += out[from * width + k];
            }
        }
    }

    /// The running sum of the adjoint the other way.
    fn adjoint<'b>(
        &self,
        call: &BlockCall,
        b: &'b Builder,
        _: &[Expr<'b>],
        _: &dyn Fn(usize) -> Expr<'b>,
        adjoints: &[Option<Expr<'b>>],
        _: &[bool],
    ) -> Vec<Option<Expr<'b>>> {
        let back = |e| b.running_sum_of_blocks(e, &call.args[0], !self.from_end);
        vec![adjoints[0].map(back)]
    }
}
