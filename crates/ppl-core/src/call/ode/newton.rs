//! Implicit stages by Newton's method, a lane at a time: each takes as many iterations as it needs.

use super::integrate::Workspace;
use super::system::System;

/// Newton iterations for an implicit stage.
const NEWTON: usize = 12;

/// Solves `Y = base + g f(t, Y)` by Newton's method from `Y = base` in the lanes that are asked for; both stand in `work.stage`.
/// Whether that was found, by lane.
#[inline(always)]
pub(super) fn implicit<const L: usize>(
    system: &System,
    (t, g): ([f64; L], [f64; L]),
    among: [bool; L],
    work: &mut Workspace<'_, L>,
) -> [bool; L] {
    std::array::from_fn(|l| among[l] && in_lane(system, (t, g), l, work).is_some())
}

#[inline(always)]
fn in_lane<const L: usize>(
    system: &System,
    (t, g): ([f64; L], [f64; L]),
    l: usize,
    work: &mut Workspace<'_, L>,
) -> Option<()> {
    let n = system.n;
    work.trial.copy_from_slice(work.stage);
    for _ in 0..NEWTON {
        system.derivative(t, work.trial, work.next, &mut work.slots);
        let mut size: f64 = 0.0;
        for i in 0..n {
            // What is left of the equation.
            work.right[i] = work.stage[i][l] + g[l] * work.next[i][l] - work.trial[i][l];
            size = size.max(work.trial[i][l].abs());
        }
        newton_matrix(system, (t, g), l, work);
        solve(work.matrix, work.right, n)?;
        let mut moved: f64 = 0.0;
        for i in 0..n {
            work.trial[i][l] += work.right[i];
            moved = moved.max(work.right[i].abs());
        }
        if !moved.is_finite() {
            return None;
        }
        if moved <= 1e-12 * size.max(1e-12) {
            for i in 0..n {
                work.stage[i][l] = work.trial[i][l];
            }
            return Some(());
        }
    }
    None
}

/// Divides the errors in `work.stage` by `I - g J(t, state)` in the lanes that are asked for: the embedded method is not stable at
/// infinity, and what it says of components that are long at rest is far too large (Hairer and Wanner, IV.8). Whether that can be done, by
/// lane.
#[inline(always)]
pub(super) fn damped<const L: usize>(
    system: &System,
    (t, g): ([f64; L], [f64; L]),
    among: [bool; L],
    work: &mut Workspace<'_, L>,
) -> [bool; L] {
    std::array::from_fn(|l| {
        if !among[l] {
            return false;
        }
        work.trial.copy_from_slice(work.state);
        newton_matrix(system, (t, g), l, work);
        solve_lane(work.matrix, work.right, work.stage, l)
    })
}

/// `I - g J(t, trial)` of a lane, a row at a time.
#[inline(always)]
fn newton_matrix<const L: usize>(
    system: &System,
    (t, g): ([f64; L], [f64; L]),
    l: usize,
    work: &mut Workspace<'_, L>,
) {
    let n = system.n;
    for r in 0..n {
        work.seed.fill([0.0; L]);
        work.seed[r] = [1.0; L];
        system.transposed(t, work.trial, work.seed, work.product, &mut work.slots);
        let row = &mut work.matrix[r * n..(r + 1) * n];
        for (c, v) in row.iter_mut().enumerate() {
            *v = f64::from(u8::from(r == c)) - g[l] * work.product[c][l];
        }
    }
}

/// What an implicit stage receives, from what its derivative receives (`weight`): solves `(I - g J(t, y))' w = weight` in the lanes
/// that are asked for. Whether that was found, by lane.
#[inline(always)]
pub(super) fn transposed<const L: usize>(
    system: &System,
    (t, g): ([f64; L], [f64; L]),
    (y, weight): (&[[f64; L]], &mut [[f64; L]]),
    among: [bool; L],
    work: &mut Workspace<'_, L>,
) -> [bool; L] {
    let n = system.n;
    std::array::from_fn(|l| {
        if !among[l] {
            return false;
        }
        work.trial.copy_from_slice(y);
        newton_matrix(system, (t, g), l, work);
        for r in 0..n {
            for c in 0..r {
                work.matrix.swap(r * n + c, c * n + r);
            }
        }
        solve_lane(work.matrix, work.right, weight, l)
    })
}

/// Solves for one lane of `rows`, by way of `right`; whether that can be done.
#[inline(always)]
fn solve_lane<const L: usize>(
    matrix: &mut [f64],
    right: &mut [f64],
    rows: &mut [[f64; L]],
    l: usize,
) -> bool {
    for (to, from) in right.iter_mut().zip(&*rows) {
        *to = from[l];
    }
    if solve(matrix, right, rows.len()).is_none() {
        return false;
    }
    for (to, from) in rows.iter_mut().zip(&*right) {
        to[l] = *from;
    }
    true
}

/// `a x = b` by elimination with row pivots; both are overwritten, `b` by the solution.
fn solve(a: &mut [f64], b: &mut [f64], n: usize) -> Option<()> {
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
