//! Steps with control of their error.

use super::Tolerance;
use super::system::{Slots, System};
use super::tableau::{DORMAND_PRINCE, SDIRK, Tableau};

/// Steps of any method, at most.
pub(super) const MOST_STEPS: usize = 5_000;

/// Steps that the explicit method may need before the stiff one is tried: so many, and so many for each output.
const EXPLICIT: (usize, usize) = (1_000, 50);
/// The same for the stiff method, whose steps cost many times as much.
const IMPLICIT: (usize, usize) = (500, 20);

/// Newton iterations for an implicit stage.
const NEWTON: usize = 12;

/// Working memory of the steps.
pub(super) struct Workspace<'s> {
    pub(super) slots: Slots<'s>,
    /// Derivatives at the stages, `stages x n`.
    pub(super) k: &'s mut [f64],
    /// A stage's state.
    pub(super) stage: &'s mut [f64],
    next: &'s mut [f64],
    trial: &'s mut [f64],
    /// A matrix of the state, for implicit stages.
    pub(super) matrix: &'s mut [f64],
    /// For every step its start, its length, the number of the output that it ends at (-1: none) and the state at its start.
    pub(super) record: &'s mut [f64],
}

/// Stages at most.
pub(super) const STAGES: usize = 7;

impl Workspace<'_> {
    /// Numbers that a solution needs besides the system's.
    pub(super) fn len(n: usize) -> usize {
        n * STAGES + 3 * n + n * n + MOST_STEPS * (n + 3)
    }

    pub(super) fn new<'s>(slots: Slots<'s>, memory: &'s mut [f64], n: usize) -> Workspace<'s> {
        let (k, rest) = memory.split_at_mut(n * STAGES);
        let (stage, rest) = rest.split_at_mut(n);
        let (next, rest) = rest.split_at_mut(n);
        let (trial, rest) = rest.split_at_mut(n);
        let (matrix, record) = rest.split_at_mut(n * n);
        Workspace {
            slots,
            k,
            stage,
            next,
            trial,
            matrix,
            record,
        }
    }
}

/// What a solution was made with.
pub(super) struct Taken {
    pub(super) method: &'static Tableau,
    pub(super) steps: usize,
}

/// Solves from `t0` through the times `order` (numbers of `times`, each further from `t0` than the last), writing each
/// state where `output` says. `None`: no method got through.
pub(super) fn integrate(
    system: &System,
    tolerance: Tolerance,
    (t0, y0): (f64, &[f64]),
    (times, order): (&[f64], &[f64]),
    work: &mut Workspace<'_>,
    output: &mut dyn FnMut(usize, &[f64]),
) -> Option<Taken> {
    let methods = [(&DORMAND_PRINCE, EXPLICIT), (&SDIRK, IMPLICIT)];
    methods.into_iter().find_map(|(method, (least, each))| {
        let limit = (least + each * order.len()).min(MOST_STEPS);
        let method = Limited { method, limit };
        let steps = with(
            system,
            method,
            tolerance,
            (t0, y0),
            (times, order),
            work,
            output,
        )?;
        Some(Taken {
            method: method.method,
            steps,
        })
    })
}

/// A method and how many steps it may take.
#[derive(Clone, Copy)]
struct Limited {
    method: &'static Tableau,
    limit: usize,
}

fn with(
    system: &System,
    Limited { method, limit }: Limited,
    tolerance: Tolerance,
    (t0, y0): (f64, &[f64]),
    (times, order): (&[f64], &[f64]),
    work: &mut Workspace<'_>,
    output: &mut dyn FnMut(usize, &[f64]),
) -> Option<usize> {
    let n = system.n;
    let (mut t, mut steps, mut tries) = (t0, 0, 0);
    // Whether the last stage of the step before is the first of this one.
    let mut carried = false;
    // The state at the start of the step stands in the record.
    let size = n + 3;
    work.record[3..size].copy_from_slice(y0);
    let last = order.last().map_or(t0, |k| times[*k as usize]);
    if !last.is_finite() || !t0.is_finite() {
        return None;
    }
    let mut h = first_step(system, tolerance, (t0, y0), last, work);
    for &k in order {
        let k = k as usize;
        let end = times[k];
        while t != end {
            tries += 1;
            if steps + 1 >= limit || tries > 2 * limit {
                return None;
            }
            let at = steps * size;
            // A rest of less than a thousandth of a step is taken along.
            let left = end - t;
            let landing = (left / h) < 1.001;
            let step = if landing { left } else { h };
            let factor = match attempt(
                system,
                method,
                tolerance,
                (t, step),
                (at + 3, carried),
                work,
            ) {
                Some(error) if error <= 1.0 => {
                    carried = method.diagonal == 0.0;
                    if carried {
                        work.k
                            .copy_within((method.c.len() - 1) * n..method.c.len() * n, 0);
                    }
                    work.record[at] = t;
                    work.record[at + 1] = step;
                    work.record[at + 2] = if landing { k as f64 } else { -1.0 };
                    work.record[at + size + 3..at + 2 * size].copy_from_slice(work.next);
                    steps += 1;
                    t = if landing { end } else { t + step };
                    let grown = (0.9 * error.max(1e-10).powf(-1.0 / method.order)).min(5.0);
                    // A step that was cut to land says little about the next.
                    if landing && (step / h) < 0.5 {
                        grown.max(h / step)
                    } else {
                        grown
                    }
                }
                Some(error) => (0.9 * error.powf(-1.0 / method.order)).max(0.2),
                None => 0.25,
            };
            h = step * factor;
            if h.abs() <= 1e-14 * t.abs().max(last.abs() * 1e-3).max(1e-300) && t != end {
                return None;
            }
        }
        output(k, &work.record[steps * size + 3..(steps + 1) * size]);
    }
    Some(steps)
}

/// A first guess that moves the state by a hundredth (Hairer, Nørsett and Wanner, II.4).
fn first_step(
    system: &System,
    tolerance: Tolerance,
    (t0, y0): (f64, &[f64]),
    last: f64,
    work: &mut Workspace<'_>,
) -> f64 {
    system.derivative(t0, y0, work.next, &mut work.slots);
    let scaled = |v: &[f64]| {
        let sum: f64 = v
            .iter()
            .zip(y0)
            .map(|(v, y)| (v / (tolerance.absolute + tolerance.relative * y.abs())).powi(2))
            .sum();
        (sum / v.len().max(1) as f64).sqrt()
    };
    let (size, speed) = (scaled(y0), scaled(work.next));
    let span = last - t0;
    let guess = if size > 1e-5 && speed > 1e-5 && (size / speed).is_finite() {
        0.01 * size / speed
    } else {
        1e-6 * span.abs().max(1e-6)
    };
    guess.min(span.abs().max(1e-300)) * if span < 0.0 { -1.0 } else { 1.0 }
}

/// One step from the state at `from` in the record into `work.next`; its error in units of the tolerance, `None` where
/// something was not finite or an implicit stage found no solution.
fn attempt(
    system: &System,
    method: &Tableau,
    tolerance: Tolerance,
    (t, h): (f64, f64),
    (from, carried): (usize, bool),
    work: &mut Workspace<'_>,
) -> Option<f64> {
    let n = system.n;
    stages(system, method, (t, h), (from, carried), work)?;
    let mut sum = 0.0;
    for i in 0..n {
        let y = work.record[from + i];
        let (mut next, mut error) = (y, 0.0);
        for (s, (b, e)) in method.b.iter().zip(method.error).enumerate() {
            next += h * b * work.k[s * n + i];
            error += h * e * work.k[s * n + i];
        }
        work.next[i] = next;
        let scale = tolerance.absolute + tolerance.relative * y.abs().max(next.abs());
        sum += (error / scale).powi(2);
    }
    let error = (sum / n.max(1) as f64).sqrt();
    (error.is_finite() && work.next.iter().all(|v| v.is_finite())).then_some(error)
}

/// The derivatives at all stages of a step from the state at `from` in the record; the first may be known.
pub(super) fn stages(
    system: &System,
    method: &Tableau,
    (t, h): (f64, f64),
    (from, carried): (usize, bool),
    work: &mut Workspace<'_>,
) -> Option<()> {
    let n = system.n;
    for s in usize::from(carried)..method.c.len() {
        stage_state(method, h, s, from, n, work);
        let time = t + method.c[s] * h;
        if method.diagonal != 0.0 {
            implicit(system, (time, h * method.diagonal), work)?;
        }
        let (k, stage) = (&mut work.k[s * n..(s + 1) * n], &*work.stage);
        system.derivative(time, stage, k, &mut work.slots);
    }
    Some(())
}

/// The state of a stage as far as earlier stages make it, in `work.stage`.
fn stage_state(
    method: &Tableau,
    h: f64,
    s: usize,
    from: usize,
    n: usize,
    work: &mut Workspace<'_>,
) {
    for i in 0..n {
        let mut y = work.record[from + i];
        for (j, a) in method.a[s].iter().enumerate() {
            y += h * a * work.k[j * n + i];
        }
        work.stage[i] = y;
    }
}

/// Solves `Y = base + g f(t, Y)` by Newton's method from `Y = base`; both stand in `work.stage`.
fn implicit(system: &System, (t, g): (f64, f64), work: &mut Workspace<'_>) -> Option<()> {
    let n = system.n;
    work.trial.copy_from_slice(work.stage);
    for _ in 0..NEWTON {
        system.derivative(t, work.trial, work.next, &mut work.slots);
        let mut size: f64 = 0.0;
        for i in 0..n {
            // What is left of the equation.
            work.next[i] = work.stage[i] + g * work.next[i] - work.trial[i];
            size = size.max(work.trial[i].abs());
        }
        newton_matrix(system, (t, g), work);
        solve(work.matrix, work.next, n)?;
        let mut moved: f64 = 0.0;
        for i in 0..n {
            work.trial[i] += work.next[i];
            moved = moved.max(work.next[i].abs());
        }
        if !moved.is_finite() {
            return None;
        }
        if moved <= 1e-12 * size.max(1e-12) {
            work.stage.copy_from_slice(work.trial);
            return Some(());
        }
    }
    None
}

/// `I - g J(t, trial)`, a row at a time.
fn newton_matrix(system: &System, (t, g): (f64, f64), work: &mut Workspace<'_>) {
    let n = system.n;
    for r in 0..n {
        let mut unit = [0.0; 64];
        let mut long;
        let seed: &mut [f64] = if n <= 64 {
            &mut unit[..n]
        } else {
            long = vec![0.0; n];
            &mut long
        };
        seed[r] = 1.0;
        let row = &mut work.matrix[r * n..(r + 1) * n];
        system.transposed(t, work.trial, seed, row, &mut work.slots);
        for (c, v) in row.iter_mut().enumerate() {
            *v = f64::from(u8::from(r == c)) - g * *v;
        }
    }
}

/// `a x = b` by elimination with row pivots; both are overwritten, `b` by the solution.
pub(super) fn solve(a: &mut [f64], b: &mut [f64], n: usize) -> Option<()> {
    for p in 0..n {
        let best = (p..n).max_by(|&i, &j| a[i * n + p].abs().total_cmp(&a[j * n + p].abs()))?;
        if a[best * n + p] == 0.0 || !a[best * n + p].is_finite() {
            return None;
        }
        if best != p {
            for c in 0..n {
                a.swap(best * n + c, p * n + c);
            }
            b.swap(best, p);
        }
        for r in p + 1..n {
            let f = a[r * n + p] / a[p * n + p];
            if f != 0.0 {
                for c in p..n {
                    a[r * n + c] -= f * a[p * n + c];
                }
                b[r] -= f * b[p];
            }
        }
    }
    for r in (0..n).rev() {
        let sum: f64 = (r + 1..n).map(|c| a[r * n + c] * b[c]).sum();
        b[r] = (b[r] - sum) / a[r * n + r];
    }
    Some(())
}

/// The transposed Newton matrix `(I - g J(t, y))'` for the adjoint of an implicit stage.
pub(super) fn transposed_newton(
    system: &System,
    (t, g): (f64, f64),
    y: &[f64],
    work: &mut Workspace<'_>,
) {
    work.trial.copy_from_slice(y);
    newton_matrix(system, (t, g), work);
    let n = system.n;
    for r in 0..n {
        for c in 0..r {
            work.matrix.swap(r * n + c, c * n + r);
        }
    }
}
