//! The solution as a block routine.

use super::Tolerance;
use super::adjoint::Adjoint;
use super::integrate::{Workspace, integrate};
use super::system::System;
use crate::builder::Builder;
use crate::call::Routine;
use crate::call::block::{Block, BlockCall};
use ppl_dist::Expr;
use std::sync::Arc;

/// Arguments: y0, t0, the times, the inputs. Result: times x state.
#[derive(Debug)]
pub(super) struct Solve {
    pub(super) system: Arc<System>,
    pub(super) tolerance: Tolerance,
}

impl Block for Solve {
    fn name(&self) -> &'static str {
        "ode"
    }

    fn same(&self, _other: &dyn Block) -> bool {
        false
    }

    fn scratch(&self, sizes: &[Vec<usize>]) -> usize {
        let times = sizes[2][0];
        self.system.n_slots() + Workspace::len(self.system.n) + times
    }

    fn work(&self, sizes: &[Vec<usize>]) -> usize {
        sizes[2][0] * 10 * self.system.n_slots()
    }

    fn run(
        &self,
        _sizes: &[Vec<usize>],
        args: &[&[f64]],
        results: &mut [&mut [f64]],
        scratch: &mut [f64],
    ) {
        let (y0, t0, times, inputs) = (args[0], args[1][0], args[2], &args[3..]);
        let n = self.system.n;
        let (order, memory) = scratch.split_at_mut(times.len());
        let out = &mut *results[0];
        for later in [true, false] {
            let order = side(order, times, t0, later);
            let (slots, memory) = self.system.prepare(memory, inputs);
            let mut work = Workspace::new(slots, memory, n);
            let solved = integrate(
                &self.system,
                self.tolerance,
                (t0, y0),
                (times, order),
                &mut work,
                &mut |k, y| out[k * n..(k + 1) * n].copy_from_slice(y),
            );
            if solved.is_none() {
                return out.fill(f64::NAN);
            }
        }
        if times.iter().any(|t| t.is_nan()) || t0.is_nan() {
            out.fill(f64::NAN);
        }
    }

    fn adjoint<'b>(
        &self,
        call: &BlockCall,
        builder: &'b Builder,
        args: &[Expr<'b>],
        _part: &dyn Fn(usize) -> Expr<'b>,
        adjoints: &[Option<Expr<'b>>],
        wanted: &[bool],
    ) -> Vec<Option<Expr<'b>>> {
        let Some(adjoint) = adjoints[0] else {
            return vec![None; args.len()];
        };
        let back = BlockCall {
            block: Arc::new(Adjoint {
                system: self.system.clone(),
                tolerance: self.tolerance,
            }),
            args: call.args.iter().chain(&call.results).cloned().collect(),
            results: call.args.clone(),
        };
        let mut all = args.to_vec();
        all.push(adjoint);
        let back = builder.call(&Routine::Block(Arc::new(back)), &all);
        wanted
            .iter()
            .enumerate()
            .map(|(a, wanted)| wanted.then(|| builder.call_part(back, a)))
            .collect()
    }
}

/// The numbers of the times on one side of the start, nearest first.
pub(super) fn side<'o>(order: &'o mut [f64], times: &[f64], t0: f64, later: bool) -> &'o [f64] {
    let mut n = 0;
    for (k, t) in times.iter().enumerate() {
        if (*t >= t0) == later && !t.is_nan() {
            order[n] = k as f64;
            n += 1;
        }
    }
    let order = &mut order[..n];
    let time = |k: &f64| (times[*k as usize] - t0).abs();
    order.sort_unstable_by(|a, b| time(a).total_cmp(&time(b)).then(a.total_cmp(b)));
    order
}
