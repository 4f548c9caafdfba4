//! Steps with control of their error, in lanes: each has its own times, and its own steps.

use super::Tolerance;
use super::lanes::take;
use super::newton::{damped, implicit};
use super::system::{Slots, System};
use super::tableau::{DORMAND_PRINCE, SDIRK, Tableau};

/// Steps of any method, at most.
const MOST_STEPS: usize = 5_000;

/// A method with the steps that it may need before the next one is tried: so many, and so many for each output.
struct Method {
    tableau: &'static Tableau,
    least: usize,
    each: usize,
}

/// The explicit method; and the stiff one, whose steps cost many times as much.
const METHODS: [Method; 2] = [
    Method {
        tableau: &DORMAND_PRINCE,
        least: 1_000,
        each: 50,
    },
    Method {
        tableau: &SDIRK,
        least: 500,
        each: 20,
    },
];

impl Method {
    fn limit(&self, outputs: usize) -> usize {
        (self.least + self.each * outputs).min(MOST_STEPS)
    }
}

/// Stages at most.
pub(super) const STAGES: usize = 7;

/// Equations that are solved together.
pub(super) struct Problem<'p, const L: usize> {
    pub(super) t0: [f64; L],
    pub(super) y0: &'p [[f64; L]],
    pub(super) times: &'p [[f64; L]],
    /// Of each lane the numbers of its times on the side that is solved, nearest to `t0` first.
    pub(super) order: [&'p [f64]; L],
}

/// Working memory of the steps.
pub(super) struct Workspace<'s, const L: usize> {
    pub(super) slots: Slots<'s, L>,
    /// Derivatives at the stages, `stages x n`.
    pub(super) k: &'s mut [[f64; L]],
    /// The state at the start of the step.
    pub(super) state: &'s mut [[f64; L]],
    /// A stage's state.
    pub(super) stage: &'s mut [[f64; L]],
    pub(super) next: &'s mut [[f64; L]],
    pub(super) trial: &'s mut [[f64; L]],
    pub(super) seed: &'s mut [[f64; L]],
    pub(super) product: &'s mut [[f64; L]],
    /// A vector and a matrix of the state, for implicit stages.
    pub(super) right: &'s mut [f64],
    pub(super) matrix: &'s mut [f64],
    /// For every lane and step its start, its length, the number of the output that it ends at (-1: none) and the state at its start;
    /// empty where nobody goes back.
    record: &'s mut [f64],
    n: usize,
}

impl<'s, const L: usize> Workspace<'s, L> {
    /// Numbers that so many lanes need besides the system's, with a record for so many outputs.
    pub(super) fn len(n: usize, lanes: usize, outputs: Option<usize>) -> usize {
        let record = outputs.map_or(0, |outputs| Self::most_steps(outputs) * (n + 3));
        lanes * (n * STAGES + 6 * n + record) + n + n * n
    }

    fn most_steps(outputs: usize) -> usize {
        METHODS.iter().map(|m| m.limit(outputs)).max().unwrap_or(0)
    }

    pub(super) fn new(
        slots: Slots<'s, L>,
        memory: &mut &'s mut [f64],
        n: usize,
        outputs: Option<usize>,
    ) -> Workspace<'s, L> {
        let record = outputs.map_or(0, |outputs| L * Self::most_steps(outputs) * (n + 3));
        Workspace {
            slots,
            k: take(memory, n * STAGES),
            state: take(memory, n),
            stage: take(memory, n),
            next: take(memory, n),
            trial: take(memory, n),
            seed: take(memory, n),
            product: take(memory, n),
            right: take::<1>(memory, n).as_flattened_mut(),
            matrix: take::<1>(memory, n * n).as_flattened_mut(),
            record: take::<1>(memory, record).as_flattened_mut(),
            n,
        }
    }

    /// Of a lane's step: its start, its length, and the number of the output that it ends at.
    pub(super) fn step(&self, lane: usize, step: usize) -> (f64, f64, Option<usize>) {
        let at = self.at(lane, step);
        let landed = self.record[at + 2];
        let output = (landed >= 0.0).then_some(landed as usize);
        (self.record[at], self.record[at + 1], output)
    }

    /// An element of the state at the start of a lane's step.
    pub(super) fn before(&self, lane: usize, step: usize, i: usize) -> f64 {
        self.record[self.at(lane, step) + 3 + i]
    }

    fn at(&self, lane: usize, step: usize) -> usize {
        (lane * (self.record.len() / L / (self.n + 3)) + step) * (self.n + 3)
    }

    /// Writes the state before a lane's step, and what that step is.
    #[inline(always)]
    fn keep(&mut self, lane: usize, step: usize, (t, h, landed): (f64, f64, f64)) {
        if self.record.is_empty() {
            return;
        }
        let at = self.at(lane, step);
        self.record[at..at + 3].copy_from_slice(&[t, h, landed]);
        for i in 0..self.n {
            self.record[at + 3 + i] = self.state[i][lane];
        }
    }
}

/// What solutions were made with: the method, the steps of each lane, and whether it got through.
pub(super) struct Taken<const L: usize> {
    pub(super) method: &'static Tableau,
    pub(super) steps: [usize; L],
    pub(super) met: [bool; L],
}

/// Solves from `t0` through the times, telling of each output its lane, its number and the states of all lanes. What is alone is
/// solved by the stiff method where the explicit one does not get through.
#[inline(always)]
pub(super) fn integrate<const L: usize>(
    system: &System,
    tolerance: Tolerance,
    problem: &Problem<'_, L>,
    work: &mut Workspace<'_, L>,
    output: &mut impl FnMut(usize, usize, &[[f64; L]]),
) -> Taken<L> {
    let mut taken = with(system, &METHODS[0], tolerance, problem, work, output);
    if L == 1 && !taken.met[0] {
        taken = with(system, &METHODS[1], tolerance, problem, work, output);
    }
    taken
}

/// Where a lane is.
#[derive(Clone, Copy)]
struct Course {
    t: f64,
    /// The step that it would take.
    h: f64,
    last: f64,
    steps: usize,
    tries: usize,
    /// Outputs that are behind.
    given: usize,
    limit: usize,
    under_way: bool,
    met: bool,
}

impl Course {
    fn ends(&mut self, met: bool) {
        (self.under_way, self.met) = (false, met);
    }
}

#[inline(always)]
fn with<const L: usize>(
    system: &System,
    method: &Method,
    tolerance: Tolerance,
    problem: &Problem<'_, L>,
    work: &mut Workspace<'_, L>,
    output: &mut impl FnMut(usize, usize, &[[f64; L]]),
) -> Taken<L> {
    let &Problem {
        t0,
        y0,
        times,
        order,
    } = problem;
    let (n, tableau) = (system.n, method.tableau);
    work.state.copy_from_slice(y0);
    // The derivative at the start is the first stage of the first step as well.
    system.derivative(t0, y0, &mut work.k[..n], &mut work.slots);
    let mut known = tableau.diagonal == 0.0;
    let mut courses: [Course; L] = std::array::from_fn(|l| {
        let last = order[l].last().map_or(t0[l], |k| times[*k as usize][l]);
        let finite = last.is_finite() && t0[l].is_finite();
        Course {
            t: t0[l],
            h: first_step(tolerance, (l, t0[l], last), (y0, work.k)),
            last,
            steps: 0,
            tries: 0,
            given: 0,
            limit: method.limit(order[l].len()),
            under_way: finite,
            met: false,
        }
    });
    loop {
        let (mut t, mut h, mut landing) = ([0.0; L], [0.0; L], [false; L]);
        for (l, own) in courses.iter_mut().enumerate() {
            t[l] = own.t;
            while own.under_way {
                let Some(k) = order[l].get(own.given) else {
                    work.keep(l, own.steps, (own.t, 0.0, -1.0));
                    own.ends(true);
                    break;
                };
                let k = *k as usize;
                if times[k][l] == own.t {
                    output(l, k, work.state);
                    own.given += 1;
                    continue;
                }
                own.tries += 1;
                if own.steps + 1 >= own.limit || own.tries > 2 * own.limit {
                    own.ends(false);
                    break;
                }
                // A rest of less than a thousandth of a step is taken along.
                let left = times[k][l] - own.t;
                landing[l] = (left / own.h) < 1.001;
                h[l] = if landing[l] { left } else { own.h };
                break;
            }
        }
        let mut under_way = [false; L];
        for (to, own) in under_way.iter_mut().zip(&courses) {
            *to = own.under_way;
        }
        if !under_way.contains(&true) {
            break;
        }
        let errors = attempt(system, tableau, tolerance, (t, h), (under_way, known), work);
        // Whatever came of it, the first stage of the next explicit step is known.
        known = tableau.diagonal == 0.0;
        for (l, own) in courses.iter_mut().enumerate() {
            if !own.under_way {
                continue;
            }
            let step = h[l];
            let k = order[l][own.given] as usize;
            let factor = match errors[l] {
                Some(error) if error <= 1.0 => {
                    let landed = if landing[l] { k as f64 } else { -1.0 };
                    work.keep(l, own.steps, (own.t, step, landed));
                    for i in 0..n {
                        work.state[i][l] = work.next[i][l];
                        if known {
                            work.k[i][l] = work.k[(tableau.c.len() - 1) * n + i][l];
                        }
                    }
                    own.steps += 1;
                    own.t = if landing[l] {
                        times[k][l]
                    } else {
                        own.t + step
                    };
                    let grown = (0.9 * error.max(1e-10).powf(-1.0 / tableau.order)).min(5.0);
                    // A step that was cut to land says little about the next.
                    if landing[l] && (step / own.h) < 0.5 {
                        grown.max(own.h / step)
                    } else {
                        grown
                    }
                }
                Some(error) => (0.9 * error.powf(-1.0 / tableau.order)).max(0.2),
                None => 0.25,
            };
            own.h = step * factor;
            let least = 1e-14 * own.t.abs().max(own.last.abs() * 1e-3).max(1e-300);
            if own.h.abs() <= least && own.t != times[k][l] {
                own.ends(false);
            }
        }
    }
    Taken {
        method: tableau,
        steps: courses.map(|c| c.steps),
        met: courses.map(|c| c.met),
    }
}

/// A first guess that moves a lane's state by a hundredth (Hairer, Nørsett and Wanner, II.4).
fn first_step<const L: usize>(
    tolerance: Tolerance,
    (l, t0, last): (usize, f64, f64),
    (y0, slope): (&[[f64; L]], &[[f64; L]]),
) -> f64 {
    let scaled = |v: &[[f64; L]]| {
        let sum: f64 = (v.iter().zip(y0))
            .map(|(v, y)| {
                let scale = tolerance.absolute + tolerance.relative * y[l].abs();
                (v[l] / scale).powi(2)
            })
            .sum();
        (sum / y0.len().max(1) as f64).sqrt()
    };
    let (size, speed) = (scaled(y0), scaled(slope));
    let span = last - t0;
    let guess = if size > 1e-5 && speed > 1e-5 && (size / speed).is_finite() {
        0.01 * size / speed
    } else {
        1e-6 * span.abs().max(1e-6)
    };
    guess.min(span.abs().max(1e-300)) * if span < 0.0 { -1.0 } else { 1.0 }
}

/// One step of each lane from `work.state` into `work.next`; its error in units of the tolerance, `None` where something was not finite
/// or an implicit stage found no solution.
#[inline(always)]
fn attempt<const L: usize>(
    system: &System,
    method: &Tableau,
    tolerance: Tolerance,
    (t, h): ([f64; L], [f64; L]),
    (among, known): ([bool; L], bool),
    work: &mut Workspace<'_, L>,
) -> [Option<f64>; L] {
    let n = system.n;
    let mut finite = stages(system, method, (t, h), (among, known), work);
    for i in 0..n {
        let y = work.state[i];
        let (mut next, mut error) = (y, [0.0; L]);
        for (s, (b, e)) in method.b.iter().zip(method.error).enumerate() {
            let k = work.k[s * n + i];
            for l in 0..L {
                next[l] += h[l] * b * k[l];
                error[l] += h[l] * e * k[l];
            }
        }
        work.next[i] = next;
        // The stages are done with.
        work.stage[i] = error;
        for l in 0..L {
            finite[l] &= next[l].is_finite();
        }
    }
    if method.diagonal != 0.0 {
        let g = std::array::from_fn(|l| h[l] * method.diagonal);
        finite = damped(system, (t, g), finite, work);
    }
    let mut sum = [0.0; L];
    for i in 0..n {
        let (y, next, error) = (work.state[i], work.next[i], work.stage[i]);
        for l in 0..L {
            let scale = tolerance.absolute + tolerance.relative * y[l].abs().max(next[l].abs());
            let part = error[l] / scale;
            sum[l] += part * part;
        }
    }
    let mut errors = [None; L];
    for l in 0..L {
        let error = (sum[l] / n.max(1) as f64).sqrt();
        errors[l] = (error.is_finite() && finite[l]).then_some(error);
    }
    errors
}

/// The derivatives at all stages of a step of each lane from `work.state`; the first may be known. Which lanes have them.
#[inline(always)]
pub(super) fn stages<const L: usize>(
    system: &System,
    method: &Tableau,
    (t, h): ([f64; L], [f64; L]),
    (among, known): ([bool; L], bool),
    work: &mut Workspace<'_, L>,
) -> [bool; L] {
    let n = system.n;
    let mut found = among;
    for s in usize::from(known)..method.c.len() {
        for i in 0..n {
            work.stage[i] = stage_state(method, h, s, (i, n), work);
        }
        let (mut time, mut part) = (t, h);
        for l in 0..L {
            time[l] += method.c[s] * h[l];
            part[l] *= method.diagonal;
        }
        if method.diagonal != 0.0 {
            found = implicit(system, (time, part), found, work);
        }
        let k = &mut work.k[s * n..(s + 1) * n];
        system.derivative(time, work.stage, k, &mut work.slots);
    }
    found
}

/// An element of a stage's state as far as earlier stages make it.
#[inline(always)]
pub(super) fn stage_state<const L: usize>(
    method: &Tableau,
    h: [f64; L],
    s: usize,
    (i, n): (usize, usize),
    work: &Workspace<'_, L>,
) -> [f64; L] {
    let mut y = work.state[i];
    for (j, a) in method.a[s].iter().enumerate() {
        let k = work.k[j * n + i];
        for l in 0..L {
            y[l] += h[l] * a * k[l];
        }
    }
    y
}
