//! Forward and backward along chains of K values (Rabiner 1989): with transition weights A and own weights w,
//! α(t) = w(t) ∘ A'α(t-1), β(t-1) = A (w(t) ∘ β(t)). Their product is what the values at t weigh, given everything.
//!
//! A vector that becomes small or large is brought back to 1 by a power of two, so nothing is rounded and no logarithm is taken on
//! the way.

use super::number::{Number, exponent_of};
use super::weights::Weights;

/// A step's weight below which it may matter later what a vector lost to underflow: where all steps weigh more, a sum
/// shrinks by no more than this in a step, what is lost is less than 1e-220 of it, and every value is reached again by
/// more than this.
const MIXING: f64 = 1e-50;
/// A share below which a value counts as lost, unless it is impossible.
const LOST: f64 = 1e-140;

/// Floats that a pass needs beside the weights: α, β and the scaled own weights of all elements, the steps' weights, and
/// four vectors.
pub(super) fn scratch(n: usize, k: usize, width: usize) -> usize {
    (3 * n * k + k * k + 4 * k) * width
}

/// What comes out.
pub(super) struct Found<'a> {
    /// Sum over the chains of the log of the sum over all values.
    pub(super) total: f64,
    /// What each value weighs, n x K, and each step (summed over the elements where steps do not vary): the derivatives
    /// of the total by the log weights; with directions the mixed derivative. Empty where nobody asks.
    pub(super) own: &'a mut [f64],
    pub(super) pair: &'a mut [f64],
}

/// A vector that a recursion carries along.
pub(super) trait Vector<N> {
    fn get(&self, at: usize) -> N;
    fn set(&mut self, at: usize, value: N);
}

/// In registers.
impl<N: Number, const K: usize> Vector<N> for [N; K] {
    #[inline(always)]
    fn get(&self, at: usize) -> N {
        self[at]
    }
    #[inline(always)]
    fn set(&mut self, at: usize, value: N) {
        self[at] = value;
    }
}

/// In working memory.
impl<N: Number> Vector<N> for &mut [f64] {
    fn get(&self, at: usize) -> N {
        N::load(&self[at * N::WIDTH..])
    }
    fn set(&mut self, at: usize, value: N) {
        value.store(&mut self[at * N::WIDTH..]);
    }
}

/// A vector of a recursion and the next one.
struct Carried<V> {
    now: V,
    next: V,
}

/// Vectors whose sum is outside of this are brought back to 1.
const NEAR_ONE: std::ops::Range<f64> = 1.0 / (1u128 << 100) as f64..(1u128 << 100) as f64;

/// The power of two that brings a vector with this sum back to 1, and its exponent.
#[cold]
fn back(sum: f64) -> (f64, i64) {
    let exponent = -exponent_of(sum);
    (
        f64::from_bits(((exponent.clamp(-1000, 1000) + 1023) as u64) << 52),
        exponent,
    )
}

/// The two passes and their product. Says whether no value was lost; extended numbers lose none. `vectors` are four
/// vectors of K numbers, which are overwritten; `VARIES` says whether steps differ from element to element.
#[inline(always)]
pub(super) fn pass<N: Number, V: Vector<N>, const VARIES: bool>(
    w: &Weights<'_>,
    k: usize,
    vectors: [V; 4],
    memory: &mut [f64],
    found: &mut Found<'_>,
) -> bool {
    let (n, width) = (w.n, N::WIDTH);
    let size = k * width;
    let (alpha, rest) = memory.split_at_mut(n * size);
    let (beta, rest) = rest.split_at_mut(n * size);
    let (scaled, steps) = rest.split_at_mut(n * size);
    if !VARIES {
        for at in 0..k * k {
            w.step::<N>(0, at).store(&mut steps[at * width..]);
        }
    }
    let steps = &steps[..k * size];
    let step = |t: usize, at: usize| -> N {
        if VARIES {
            w.step(t, at)
        } else {
            N::load(&steps[at * width..])
        }
    };
    let marginals = !found.own.is_empty() || !found.pair.is_empty();
    let careful = !N::EXTENDED && w.step.iter().any(|&a| a < MIXING);
    let [now, next, b_now, b_next] = vectors;
    let mut forward = Carried { now, next };
    let mut backward = Carried {
        now: b_now,
        next: b_next,
    };
    let (mut powers, mut logs) = (0, 0.0);
    let mut begin = 0;
    for &end in w.ends {
        let end = end as usize;
        if end == begin {
            continue;
        }
        let own = w.own::<N>(begin, k);
        for j in 0..k {
            let value = own(j);
            forward.now.set(j, value);
            value.store(&mut alpha[begin * size + j * width..]);
            backward.now.set(j, N::ONE);
            N::ONE.store(&mut beta[(end - 1) * size + j * width..]);
        }
        // Both ways at once: neither waits for the other.
        for q in 1..end - begin {
            let t = begin + q;
            let own = w.own::<N>(t, k);
            let here = &mut alpha[t * size..(t + 1) * size];
            let factored = &mut scaled[t * size..(t + 1) * size];
            let mut sum = 0.0;
            for j in 0..k {
                let own = own(j);
                own.store(&mut factored[j * width..]);
                let mut reached = forward.now.get(0).times(step(t, j));
                for i in 1..k {
                    reached = reached.plus(forward.now.get(i).times(step(t, i * k + j)));
                }
                let value = own.times(reached);
                sum += value.leading();
                value.store(&mut here[j * width..]);
                forward.next.set(j, value);
            }
            if careful {
                let before = |i| forward.now.get(i).leading() > 0.0;
                for j in 0..k {
                    let possible = w.own_possible(t * k + j)
                        && (0..k).any(|i| before(i) && w.step_possible(t, i * k + j));
                    if possible && forward.next.get(j).leading() <= LOST * sum {
                        return false;
                    }
                }
            }
            if !NEAR_ONE.contains(&sum) {
                let (factor, exponent) = back(sum);
                powers -= exponent;
                for j in 0..k {
                    let value = forward.next.get(j).scaled(factor);
                    value.store(&mut here[j * width..]);
                    forward.next.set(j, value);
                    own(j).scaled(factor).store(&mut factored[j * width..]);
                }
            }
            std::mem::swap(&mut forward.now, &mut forward.next);
            if !marginals {
                continue;
            }
            // `now` becomes w(t+1) ∘ β(t+1).
            let t = end - 1 - q;
            let own = w.own::<N>(t + 1, k);
            for j in 0..k {
                let value = own(j).times(backward.now.get(j));
                backward.now.set(j, value);
            }
            let here = &mut beta[t * size..(t + 1) * size];
            let mut sum = 0.0;
            for i in 0..k {
                let mut value = step(t + 1, i * k).times(backward.now.get(0));
                for j in 1..k {
                    value = value.plus(step(t + 1, i * k + j).times(backward.now.get(j)));
                }
                sum += value.leading();
                value.store(&mut here[i * width..]);
                backward.next.set(i, value);
            }
            if careful {
                let after = |j| backward.now.get(j).leading() > 0.0;
                for i in 0..k {
                    let possible = (0..k).any(|j| after(j) && w.step_possible(t + 1, i * k + j));
                    if possible && backward.next.get(i).leading() <= LOST * sum {
                        return false;
                    }
                }
                // A weight that vanishes may belong to what is likely later.
                let vanished = |j: usize| {
                    backward.now.get(j).leading() <= 0.0 && w.own_possible((t + 1) * k + j)
                };
                if (0..k).any(vanished) {
                    return false;
                }
            }
            if !NEAR_ONE.contains(&sum) {
                let (factor, _) = back(sum);
                for i in 0..k {
                    let value = backward.next.get(i).scaled(factor);
                    value.store(&mut here[i * width..]);
                    backward.next.set(i, value);
                }
            }
            std::mem::swap(&mut backward.now, &mut backward.next);
        }
        let last = (1..k).fold(forward.now.get(0), |sum, j| sum.plus(forward.now.get(j)));
        logs += last.ln();
        begin = end;
    }
    found.total = logs + powers as f64 * std::f64::consts::LN_2;
    if marginals {
        weigh::<N, VARIES>(w, k, (alpha, beta, scaled), step, found);
    }
    true
}

/// α ∘ β, and for steps α(t-1) A ∘ w(t) β(t), each divided by its sum.
#[inline(always)]
fn weigh<N: Number, const VARIES: bool>(
    w: &Weights<'_>,
    k: usize,
    (alpha, beta, scaled): (&[f64], &[f64], &[f64]),
    step: impl Fn(usize, usize) -> N,
    found: &mut Found<'_>,
) {
    let width = N::WIDTH;
    found.pair.fill(0.0);
    let mut begin = 0;
    for &end in w.ends {
        for t in begin..end as usize {
            let row = |array: &'_ [f64]| -> std::ops::Range<usize> {
                debug_assert!(array.len() >= (t + 1) * k * width);
                t * k * width..(t + 1) * k * width
            };
            let (a, b, s) = (&alpha[row(alpha)], &beta[row(beta)], &scaled[row(scaled)]);
            let load = |row: &[f64], j: usize| N::load(&row[j * width..]);
            let mut sum = load(a, 0).times(load(b, 0));
            for j in 1..k {
                sum = sum.plus(load(a, j).times(load(b, j)));
            }
            let own = if found.own.is_empty() {
                &mut []
            } else {
                &mut found.own[t * k..(t + 1) * k]
            };
            // Nothing is possible: nothing weighs anything.
            if sum.leading() == 0.0 {
                own.fill(0.0);
                continue;
            }
            let inverse = sum.inverse();
            for (j, own) in own.iter_mut().enumerate() {
                *own = load(a, j).times(load(b, j).times(inverse)).top();
            }
            if t == begin || found.pair.is_empty() {
                continue;
            }
            let base = if VARIES { t * k * k } else { 0 };
            let pair = &mut found.pair[base..base + k * k];
            let before = &alpha[(t - 1) * k * width..t * k * width];
            for j in 0..k {
                let share = load(s, j).times(load(b, j)).times(inverse);
                for i in 0..k {
                    let weighs = load(before, i).times(step(t, i * k + j)).times(share);
                    pair[i * k + j] += weighs.top();
                }
            }
        }
        begin = end as usize;
    }
}
