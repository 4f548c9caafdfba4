//! The solution as a block routine.

use super::Tolerance;
use super::adjoint::Adjoint;
use super::integrate::{Problem, Workspace, integrate};
use super::lanes::{Grouped, LANES, lanes_of, load, offset, run_all, take};
use super::system::System;
use crate::builder::Builder;
use crate::call::Routine;
use crate::call::block::{Block, BlockCall};
use crate::call::placed::{Laid, Together, Vectors, run_alone};
use ppl_dist::Expr;
use std::ops::Range;
use std::sync::Arc;

/// Arguments: y0, t0, the times, the inputs. Result: times x state.
#[derive(Debug)]
pub(super) struct Solve {
    pub(super) system: Arc<System>,
    pub(super) tolerance: Tolerance,
}

/// The result's block: times x state.
pub(super) fn shape(sizes: &[Vec<usize>]) -> Vec<usize> {
    sizes[2].iter().chain(&sizes[0]).copied().collect()
}

impl Grouped for Solve {
    #[inline(always)]
    fn group<const L: usize>(
        &self,
        laid: &Laid<'_>,
        blocks: [usize; L],
        mut memory: &mut [f64],
    ) -> [bool; L] {
        let (system, memory) = (&*self.system, &mut memory);
        let Some(to) = &laid.results[0] else {
            return [false; L];
        };
        let (n, n_times) = (system.n, laid.sizes[2][0]);
        let shape = shape(laid.sizes);
        let given = Given::load(laid, blocks, system, memory);
        let mut failed = [false; L];
        for later in [true, false] {
            // Each side uses the same memory.
            let mut rest = &mut **memory;
            let orders = take::<L>(&mut rest, n_times).as_flattened_mut();
            let order = given.sides(orders, later);
            let slots = system.prepare(&mut rest, given.inputs);
            let mut work = Workspace::new(slots, &mut rest, n, None);
            let problem = given.problem(order);
            let taken = integrate(
                system,
                self.tolerance,
                &problem,
                &mut work,
                &mut |l, k, state| {
                    for (i, v) in state.iter().enumerate() {
                        to.set(blocks[l], offset(to, &shape, k * n + i), v[l]);
                    }
                },
            );
            for (failed, met) in failed.iter_mut().zip(taken.met) {
                *failed |= !met;
            }
        }
        for (l, failed) in failed.iter_mut().enumerate() {
            *failed |= given.times.iter().any(|t| t[l].is_nan()) || given.t0[l].is_nan();
        }
        failed
    }

    fn fail(&self, laid: &Laid<'_>, block: usize) {
        fill(laid, 0, &shape(laid.sizes), block, f64::NAN);
    }
}

/// Writes one number everywhere in a result's block.
pub(super) fn fill(laid: &Laid<'_>, result: usize, shape: &[usize], block: usize, value: f64) {
    let Some(to) = &laid.results[result] else {
        return;
    };
    for i in 0..shape.iter().product() {
        to.set(block, offset(to, shape, i), value);
    }
}

/// What is solved.
pub(super) struct Given<'m, const L: usize> {
    pub(super) t0: [f64; L],
    pub(super) y0: &'m [[f64; L]],
    pub(super) times: &'m [[f64; L]],
    /// All inputs' elements, one input after the other.
    pub(super) inputs: &'m [[f64; L]],
}

impl<'m, const L: usize> Given<'m, L> {
    /// Numbers that it holds for so many lanes, with those of `y0` and the sides.
    pub(super) fn len(n: usize, n_times: usize, n_inputs: usize, lanes: usize) -> usize {
        lanes * (n + 2 * n_times + n_inputs)
    }

    #[inline(always)]
    pub(super) fn load(
        laid: &Laid<'_>,
        blocks: [usize; L],
        system: &System,
        memory: &mut &'m mut [f64],
    ) -> Given<'m, L> {
        let from = |a: usize| (&laid.args[a], laid.sizes[a].as_slice());
        let (y0, times) = (take(memory, system.n), take(memory, laid.sizes[2][0]));
        let n_inputs = system.n_inputs();
        let inputs = take(memory, n_inputs);
        let mut t0 = [[0.0; L]];
        load(from(0), blocks, y0);
        load(from(1), blocks, &mut t0);
        load(from(2), blocks, times);
        let mut at = 0;
        for a in 3..laid.args.len() {
            let len: usize = laid.sizes[a].iter().product();
            // What a gradient is given comes after the inputs.
            if at + len > n_inputs {
                break;
            }
            load(from(a), blocks, &mut inputs[at..at + len]);
            at += len;
        }
        Given {
            t0: t0[0],
            y0,
            times,
            inputs,
        }
    }

    /// Of each lane the numbers of its times on one side of the start, nearest first.
    #[inline(always)]
    pub(super) fn sides<'o>(&self, memory: &'o mut [f64], later: bool) -> [&'o [f64]; L] {
        let mut each = memory.chunks_exact_mut(self.times.len().max(1));
        std::array::from_fn(|l| {
            let own = each.next().unwrap_or_default();
            side(own, (self.times, l), self.t0[l], later)
        })
    }

    pub(super) fn problem<'p>(&'p self, order: [&'p [f64]; L]) -> Problem<'p, L> {
        Problem {
            t0: self.t0,
            y0: self.y0,
            times: self.times,
            order,
        }
    }
}

/// The numbers of a lane's times on one side of the start, nearest first.
fn side<'o, const L: usize>(
    order: &'o mut [f64],
    (times, l): (&[[f64; L]], usize),
    t0: f64,
    later: bool,
) -> &'o [f64] {
    let mut n = 0;
    for (k, t) in times.iter().enumerate() {
        if (t[l] >= t0) == later && !t[l].is_nan() {
            order[n] = k as f64;
            n += 1;
        }
    }
    let order = &mut order[..n];
    let far = |k: &f64| (times[*k as usize][l] - t0).abs();
    order.sort_unstable_by(|a, b| far(a).total_cmp(&far(b)).then(a.total_cmp(b)));
    order
}

impl Together for Solve {
    fn lanes(&self) -> usize {
        LANES
    }

    fn scratch(&self, sizes: &[Vec<usize>], blocks: usize) -> usize {
        let (system, lanes) = (&*self.system, lanes_of(blocks));
        lanes * system.n_slots()
            + Given::<1>::len(system.n, sizes[2][0], system.n_inputs(), lanes)
            + Workspace::<1>::len(system.n, lanes, None)
    }

    fn run(&self, laid: &Laid<'_>, blocks: Range<usize>, vectors: Vectors, memory: &mut [f64]) {
        run_all(self, laid, blocks, vectors, memory);
    }
}

impl Block for Solve {
    fn name(&self) -> &'static str {
        "ode"
    }

    fn same(&self, _other: &dyn Block) -> bool {
        false
    }

    fn skips_unread(&self) -> bool {
        true
    }

    fn together(&self) -> Option<&dyn Together> {
        Some(self)
    }

    fn scratch(&self, sizes: &[Vec<usize>]) -> usize {
        Together::scratch(self, sizes, 1)
    }

    fn work(&self, sizes: &[Vec<usize>]) -> usize {
        sizes[2][0] * 10 * self.system.n_slots()
    }

    /// Of a few steps from one output to the next, each of seven stages.
    fn effort(&self, sizes: &[Vec<usize>]) -> usize {
        3 * self.work(sizes)
    }

    fn run(
        &self,
        sizes: &[Vec<usize>],
        args: &[&[f64]],
        results: &mut [&mut [f64]],
        scratch: &mut [f64],
    ) {
        run_alone(self, (sizes, args), (&[&shape(sizes)], results), scratch);
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
