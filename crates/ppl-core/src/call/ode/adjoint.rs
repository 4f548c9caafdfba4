//! The gradient of a solution: the steps that were taken, backwards.
//!
//! For a step from y with stages Y_s = y + h sum_j a_sj k_j, k_s = f(t_s, Y_s) and result y + h sum_s b_s k_s, let l be what
//! the result receives. Then k_s receives h b_s l + h sum_{j after s} a_js m_j with m_s = J_s' w_s, where w_s is what k_s
//! receives (for an implicit stage it solves (I - h a_ss J_s)' w_s = that), and y receives l + sum_s m_s.

use super::Tolerance;
use super::integrate::{STAGES, Workspace, integrate, solve, stages, transposed_newton};
use super::solve::side;
use super::system::System;
use crate::builder::Builder;
use crate::call::block::{Block, BlockCall};
use ppl_dist::Expr;
use std::sync::Arc;

/// Arguments: those of the solution, then what the solution receives. Results: what each argument receives.
#[derive(Debug)]
pub(super) struct Adjoint {
    pub(super) system: Arc<System>,
    pub(super) tolerance: Tolerance,
}

impl Block for Adjoint {
    fn name(&self) -> &'static str {
        "ode adjoint"
    }

    fn same(&self, _other: &dyn Block) -> bool {
        false
    }

    fn scratch(&self, sizes: &[Vec<usize>]) -> usize {
        let n = self.system.n;
        self.system.n_slots() + Workspace::len(n) + sizes[2][0] + n * (STAGES + 3)
    }

    fn work(&self, sizes: &[Vec<usize>]) -> usize {
        sizes[2][0] * 30 * self.system.n_slots()
    }

    fn run(
        &self,
        _sizes: &[Vec<usize>],
        args: &[&[f64]],
        results: &mut [&mut [f64]],
        scratch: &mut [f64],
    ) {
        for r in results.iter_mut() {
            r.fill(0.0);
        }
        if self.both_sides(args, results, scratch).is_none() {
            for r in results.iter_mut() {
                r.fill(f64::NAN);
            }
        }
    }

    /// There is none: a second derivative is not a number rather than a wrong one.
    fn adjoint<'b>(
        &self,
        _call: &BlockCall,
        _builder: &'b Builder,
        _args: &[Expr<'b>],
        _part: &dyn Fn(usize) -> Expr<'b>,
        _adjoints: &[Option<Expr<'b>>],
        wanted: &[bool],
    ) -> Vec<Option<Expr<'b>>> {
        wanted
            .iter()
            .map(|w| w.then_some(Expr::Const(f64::NAN)))
            .collect()
    }
}

impl Adjoint {
    fn both_sides(
        &self,
        args: &[&[f64]],
        results: &mut [&mut [f64]],
        scratch: &mut [f64],
    ) -> Option<()> {
        let system = &*self.system;
        let n = system.n;
        let (y0, t0, times) = (args[0], args[1][0], args[2]);
        let inputs = &args[3..args.len() - 1];
        let given = args[args.len() - 1];
        let (order, memory) = scratch.split_at_mut(times.len());
        let (own, memory) = memory.split_at_mut(n * (STAGES + 3));
        let (received, own) = own.split_at_mut(n * STAGES);
        let (total, own) = own.split_at_mut(n);
        let (weight, slope) = own.split_at_mut(n);
        for later in [true, false] {
            let order = side(order, times, t0, later);
            let (slots, memory) = system.prepare(memory, inputs);
            let mut work = Workspace::new(slots, memory, n);
            let taken = integrate(
                system,
                self.tolerance,
                (t0, y0),
                (times, order),
                &mut work,
                &mut |_, _| {},
            )?;
            total.fill(0.0);
            let size = n + 3;
            // Outputs in reverse: those that a step ends at, and those at the same time.
            let mut open = order.len();
            for step in (0..=taken.steps).rev() {
                let at = step * size;
                // Outputs that stand at the end of the step before this state.
                let landed = step == 0 || work.record[at - size + 2] >= 0.0;
                while landed && open > 0 {
                    let k = order[open - 1] as usize;
                    let output = if step == 0 {
                        t0
                    } else {
                        times[work.record[at - size + 2] as usize]
                    };
                    if times[k] != output {
                        break;
                    }
                    let y = &work.record[at + 3..at + size];
                    system.derivative(times[k], y, slope, &mut work.slots);
                    for i in 0..n {
                        total[i] += given[k * n + i];
                        results[2][k] += given[k * n + i] * slope[i];
                    }
                    open -= 1;
                }
                if step == 0 {
                    break;
                }
                let from = at - size + 3;
                let (t, h) = (work.record[at - size], work.record[at - size + 1]);
                stages(system, taken.method, (t, h), (from, false), &mut work)?;
                let last = taken.method.c.len();
                for s in (0..last).rev() {
                    received[s * n..(s + 1) * n].fill(0.0);
                    let a = taken.method;
                    // What the stage's derivative receives.
                    for i in 0..n {
                        weight[i] = h * a.b[s] * total[i];
                    }
                    for j in s + 1..last {
                        let factor = a.a[j].get(s).copied().unwrap_or(0.0);
                        for i in 0..n {
                            weight[i] += h * factor * received[j * n + i];
                        }
                    }
                    if weight.iter().all(|w| *w == 0.0) {
                        continue;
                    }
                    let time = t + a.c[s] * h;
                    for (i, slope) in slope.iter_mut().enumerate() {
                        let mut y = work.record[from + i];
                        for (j, f) in a.a[s].iter().enumerate() {
                            y += h * f * work.k[j * n + i];
                        }
                        *slope = y + h * a.diagonal * work.k[s * n + i];
                    }
                    if a.diagonal != 0.0 {
                        transposed_newton(system, (time, h * a.diagonal), slope, &mut work);
                        solve(work.matrix, weight, n)?;
                    }
                    let kept = &mut received[s * n..(s + 1) * n];
                    system.transposed(time, slope, weight, kept, &mut work.slots);
                    let (_, inputs_bar) = results.split_at_mut(3);
                    system.add_inputs(inputs_bar, &work.slots);
                }
                for s in 0..last {
                    for i in 0..n {
                        total[i] += received[s * n + i];
                    }
                }
            }
            // The start: moving it later takes the state along.
            system.derivative(t0, y0, slope, &mut work.slots);
            for i in 0..n {
                results[0][i] += total[i];
                results[1][0] -= total[i] * slope[i];
            }
        }
        Some(())
    }
}
