//! The gradient of a solution: the steps that were taken, backwards.
//!
//! For a step from y with stages Y_s = y + h sum_j a_sj k_j, k_s = f(t_s, Y_s) and result y + h sum_s b_s k_s, let l be what
//! the result receives. Then k_s receives h b_s l + h sum_{j after s} a_js m_j with m_s = J_s' w_s, where w_s is what k_s
//! receives (for an implicit stage it solves (I - h a_ss J_s)' w_s = that), and y receives l + sum_s m_s.

use super::Tolerance;
use super::integrate::{STAGES, Taken, Workspace, integrate, stage_state, stages};
use super::lanes::{Grouped, LANES, lanes_of, load, offset, run_all, take};
use super::newton::transposed;
use super::solve::{Given, fill};
use super::system::System;
use crate::builder::Builder;
use crate::call::block::{Block, BlockCall};
use crate::call::placed::{Laid, Together, Vectors, run_alone};
use ppl_dist::Expr;
use std::ops::Range;
use std::sync::Arc;

/// Arguments: those of the solution, then what the solution receives. Results: what each argument receives.
#[derive(Debug)]
pub(super) struct Adjoint {
    pub(super) system: Arc<System>,
    pub(super) tolerance: Tolerance,
}

/// What the arguments receive; and the working memory of the way back.
struct Receives<'m, const L: usize> {
    /// What the solution receives: times x state.
    given: &'m [[f64; L]],
    y0: &'m mut [[f64; L]],
    t0: [f64; L],
    times: &'m mut [[f64; L]],
    inputs: &'m mut [[f64; L]],
    /// What the state receives after a step, and the stages within it.
    total: &'m mut [[f64; L]],
    stages: &'m mut [[f64; L]],
    weight: &'m mut [[f64; L]],
    slope: &'m mut [[f64; L]],
}

impl<'m, const L: usize> Receives<'m, L> {
    /// Numbers for so many lanes, with those that the solution receives.
    fn len(n: usize, n_times: usize, n_inputs: usize, lanes: usize) -> usize {
        lanes * (n * (n_times + STAGES + 4) + n_times + n_inputs)
    }

    fn new(
        given: &'m [[f64; L]],
        (n, n_times, n_inputs): (usize, usize, usize),
        memory: &mut &'m mut [f64],
    ) -> Self {
        let mut zeros = |len| {
            let own = take(memory, len);
            own.fill([0.0; L]);
            own
        };
        Receives {
            given,
            y0: zeros(n),
            t0: [0.0; L],
            times: zeros(n_times),
            inputs: zeros(n_inputs),
            total: zeros(n),
            stages: zeros(n * STAGES),
            weight: zeros(n),
            slope: zeros(n),
        }
    }

    /// Back through the steps of one side of the start, in every lane that got through; which did.
    #[inline(always)]
    fn back(
        &mut self,
        system: &System,
        (problem, order): (&Given<'_, L>, [&[f64]; L]),
        taken: &Taken<L>,
        work: &mut Workspace<'_, L>,
    ) -> [bool; L] {
        let n = system.n;
        self.total.fill([0.0; L]);
        let mut met = taken.met;
        let mut step = taken.steps;
        let mut open = order.map(<[f64]>::len);
        loop {
            self.land(system, (problem, order), (&met, &step, &mut open), work);
            let mut among = met;
            for l in 0..L {
                among[l] &= step[l] > 0;
            }
            if !among.contains(&true) {
                break;
            }
            let (mut t, mut h) = (problem.t0, [0.0; L]);
            for l in (0..L).filter(|l| among[*l]) {
                step[l] -= 1;
                (t[l], h[l], _) = work.step(l, step[l]);
                for i in 0..n {
                    work.state[i][l] = work.before(l, step[l], i);
                }
            }
            let found = stages(system, taken.method, (t, h), (among, false), work);
            let found = self.through(system, taken, (t, h), found, work);
            for l in 0..L {
                met[l] &= found[l] || !among[l];
            }
        }
        // The start: moving it later takes the state along.
        system.derivative(problem.t0, problem.y0, self.slope, &mut work.slots);
        for i in 0..n {
            for l in 0..L {
                self.y0[i][l] += self.total[i][l];
                self.t0[l] -= self.total[i][l] * self.slope[i][l];
            }
        }
        met
    }

    /// Adds what the outputs receive that stand at the state before each lane's step: those at the end of the step before, and those at
    /// the same time.
    #[inline(always)]
    fn land(
        &mut self,
        system: &System,
        (problem, order): (&Given<'_, L>, [&[f64]; L]),
        (met, step, open): (&[bool; L], &[usize; L], &mut [usize; L]),
        work: &mut Workspace<'_, L>,
    ) {
        let n = system.n;
        loop {
            let (mut t, mut landed) = (problem.t0, [None; L]);
            for l in (0..L).filter(|l| met[*l] && open[*l] > 0) {
                let at = match step[l].checked_sub(1) {
                    None => Some(problem.t0[l]),
                    Some(before) => work.step(l, before).2.map(|k| problem.times[k][l]),
                };
                let k = order[l][open[l] - 1] as usize;
                if at == Some(problem.times[k][l]) {
                    (t[l], landed[l]) = (problem.times[k][l], Some(k));
                }
            }
            if landed.iter().all(Option::is_none) {
                break;
            }
            for l in (0..L).filter(|l| landed[*l].is_some()) {
                for i in 0..n {
                    work.stage[i][l] = work.before(l, step[l], i);
                }
            }
            system.derivative(t, work.stage, self.slope, &mut work.slots);
            for (l, k) in landed.iter().enumerate() {
                let Some(k) = *k else { continue };
                for i in 0..n {
                    let given = self.given[k * n + i][l];
                    self.total[i][l] += given;
                    self.times[k][l] += given * self.slope[i][l];
                }
                open[l] -= 1;
            }
        }
    }

    /// Back through one step of each lane, whose stages stand in `work`.
    #[inline(always)]
    fn through(
        &mut self,
        system: &System,
        taken: &Taken<L>,
        (t, h): ([f64; L], [f64; L]),
        mut found: [bool; L],
        work: &mut Workspace<'_, L>,
    ) -> [bool; L] {
        let (n, method) = (system.n, taken.method);
        let last = method.c.len();
        for s in (0..last).rev() {
            let mut counts = [false; L];
            for i in 0..n {
                // What the stage's derivative receives.
                let mut weight = self.total[i];
                for l in 0..L {
                    weight[l] *= h[l] * method.b[s];
                }
                for j in s + 1..last {
                    let factor = method.a[j].get(s).copied().unwrap_or(0.0);
                    let received = self.stages[j * n + i];
                    for l in 0..L {
                        weight[l] += h[l] * factor * received[l];
                    }
                }
                for l in 0..L {
                    counts[l] |= weight[l] != 0.0 && found[l];
                }
                self.weight[i] = weight;
            }
            let kept = &mut self.stages[s * n..(s + 1) * n];
            if !counts.contains(&true) {
                kept.fill([0.0; L]);
                continue;
            }
            let (mut time, mut part) = (t, h);
            for l in 0..L {
                time[l] += method.c[s] * h[l];
                part[l] *= method.diagonal;
            }
            for i in 0..n {
                let mut y = stage_state(method, h, s, (i, n), work);
                let k = work.k[s * n + i];
                for l in 0..L {
                    y[l] += part[l] * k[l];
                }
                self.slope[i] = y;
            }
            if method.diagonal != 0.0 {
                let receives = (&*self.slope, &mut *self.weight);
                let solved = transposed(system, (time, part), receives, counts, work);
                for l in 0..L {
                    found[l] &= solved[l] || !counts[l];
                    counts[l] &= solved[l];
                }
            }
            system.transposed(time, self.slope, self.weight, kept, &mut work.slots);
            // What receives nothing gives nothing, whatever the slopes are there.
            for kept in kept.iter_mut() {
                for l in 0..L {
                    kept[l] = if counts[l] { kept[l] } else { 0.0 };
                }
            }
            system.add_inputs(self.inputs, counts, &work.slots);
        }
        for s in 0..last {
            for i in 0..n {
                for l in 0..L {
                    self.total[i][l] += self.stages[s * n + i][l];
                }
            }
        }
        found
    }

    /// Writes what the arguments receive, in some lanes.
    #[inline(always)]
    fn store(&self, laid: &Laid<'_>, blocks: [usize; L], among: [bool; L]) {
        let (mut inputs, t0) = (&*self.inputs, [self.t0]);
        for (r, to) in laid.results.iter().enumerate() {
            let sizes = &laid.sizes[r];
            let own: &[[f64; L]] = match r {
                0 => self.y0,
                1 => &t0,
                2 => self.times,
                _ => {
                    let (own, rest) = inputs.split_at(sizes.iter().product());
                    inputs = rest;
                    own
                }
            };
            let Some(to) = to else { continue };
            for (i, v) in own.iter().enumerate() {
                let at = offset(to, sizes, i);
                for l in (0..L).filter(|l| among[*l]) {
                    to.set(blocks[l], at, v[l]);
                }
            }
        }
    }
}

impl Grouped for Adjoint {
    #[inline(always)]
    fn group<const L: usize>(
        &self,
        laid: &Laid<'_>,
        blocks: [usize; L],
        mut memory: &mut [f64],
    ) -> [bool; L] {
        let (system, memory) = (&*self.system, &mut memory);
        let (n, n_times, n_inputs) = (system.n, laid.sizes[2][0], system.n_inputs());
        let given = Given::load(laid, blocks, system, memory);
        let received = take(memory, n * n_times);
        let last = laid.args.len() - 1;
        load((&laid.args[last], &laid.sizes[last]), blocks, received);
        let mut receives = Receives::new(received, (n, n_times, n_inputs), memory);
        let mut met = [true; L];
        for later in [true, false] {
            // Each side uses the same memory.
            let mut rest = &mut **memory;
            let orders = take::<L>(&mut rest, n_times).as_flattened_mut();
            let order = given.sides(orders, later);
            let slots = system.prepare(&mut rest, given.inputs);
            let mut work = Workspace::new(slots, &mut rest, n, Some(n_times));
            let problem = given.problem(order);
            let silent = &mut |_, _, _: &[[f64; L]]| {};
            let taken = integrate(system, self.tolerance, &problem, &mut work, silent);
            let found = receives.back(system, (&given, order), &taken, &mut work);
            for l in 0..L {
                met[l] &= found[l];
            }
        }
        receives.store(laid, blocks, met);
        met.map(|met| !met)
    }

    fn fail(&self, laid: &Laid<'_>, block: usize) {
        for (r, shape) in laid.sizes[..laid.results.len()].iter().enumerate() {
            fill(laid, r, shape, block, f64::NAN);
        }
    }
}

impl Together for Adjoint {
    fn lanes(&self) -> usize {
        LANES
    }

    fn scratch(&self, sizes: &[Vec<usize>], blocks: usize) -> usize {
        let (system, lanes, n_times) = (&*self.system, lanes_of(blocks), sizes[2][0]);
        let (n, n_inputs) = (system.n, system.n_inputs());
        lanes * system.n_slots()
            + Given::<1>::len(n, n_times, n_inputs, lanes)
            + Receives::<1>::len(n, n_times, n_inputs, lanes)
            + Workspace::<1>::len(n, lanes, Some(n_times))
    }

    fn run(&self, laid: &Laid<'_>, blocks: Range<usize>, vectors: Vectors, memory: &mut [f64]) {
        run_all(self, laid, blocks, vectors, memory);
    }
}

impl Block for Adjoint {
    fn name(&self) -> &'static str {
        "ode adjoint"
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
        sizes[2][0] * 30 * self.system.n_slots()
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
        let shapes: Vec<&[usize]> = sizes[..results.len()].iter().map(Vec::as_slice).collect();
        run_alone(self, (sizes, args), (&shapes, results), scratch);
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
