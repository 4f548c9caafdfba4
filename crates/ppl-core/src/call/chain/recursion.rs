//! Forward and backward along chains of K values (Rabiner 1989): with transition weights A and own weights w,
//! α(t) = w(t) ∘ A'α(t-1), β(t-1) = A (w(t) ∘ β(t)). Their product is what the values at t weigh, given everything.
//!
//! Each vector is brought back towards 1 by powers of two, so nothing is rounded and no logarithm is taken on the way.

use super::number::{Number, exponent_of};
use super::weights::Weights;

/// A step's weight below which it may matter later what a vector lost to underflow: where all steps weigh more, a value
/// that is 1e-200 times as likely as another stays so.
const MIXING: f64 = 1e-100;
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

/// A vector of a recursion, the next one, and the powers of two that keep them near 1. The power in use comes from the
/// vector before the last and from what the last step was multiplied by, so that no step waits for a sum.
struct Carried<V> {
    now: V,
    next: V,
    used: i64,
    last: i64,
    before: i64,
}

impl<V> Carried<V> {
    #[inline(always)]
    fn restart(&mut self) {
        (self.used, self.last, self.before) = (0, 0, 0);
    }

    /// The factor of this step; its exponent is then `used`.
    #[inline(always)]
    fn factor(&mut self) -> f64 {
        self.used = (-(self.before + self.used)).clamp(-1000, 1000);
        f64::from_bits(((self.used + 1023) as u64) << 52)
    }

    /// The step is done; `sum` is that of the vector that it made.
    #[inline(always)]
    fn advance(&mut self, sum: f64) {
        self.before = self.last;
        self.last = exponent_of(sum);
        std::mem::swap(&mut self.now, &mut self.next);
    }
}

/// The two passes and their product. Says whether no value was lost; extended numbers lose none. `vectors` are four
/// vectors of K numbers, which are overwritten.
#[inline(always)]
pub(super) fn pass<N: Number, V: Vector<N>>(
    w: &Weights<'_>,
    k: usize,
    vectors: [V; 4],
    memory: &mut [f64],
    found: &mut Found<'_>,
) -> bool {
    let (n, width) = (w.n, N::WIDTH);
    let (alpha, rest) = memory.split_at_mut(n * k * width);
    let (beta, rest) = rest.split_at_mut(n * k * width);
    let (scaled, steps) = rest.split_at_mut(n * k * width);
    let constant = !w.varies();
    if constant {
        for at in 0..k * k {
            w.step::<N>(0, at).store(&mut steps[at * width..]);
        }
    }
    let steps = &steps[..k * k * width];
    let step = |t: usize, at: usize| -> N {
        if constant {
            N::load(&steps[at * width..])
        } else {
            w.step(t, at)
        }
    };
    let marginals = !found.own.is_empty() || !found.pair.is_empty();
    let careful = !N::EXTENDED && w.step.iter().any(|&a| a < MIXING);
    let carried = |now, next| Carried {
        now,
        next,
        used: 0,
        last: 0,
        before: 0,
    };
    let [a, b, c, d] = vectors;
    let (mut forward, mut backward) = (carried(a, b), carried(c, d));
    let (mut powers, mut logs) = (0, 0.0);
    let mut begin = 0;
    for &end in w.ends {
        let end = end as usize;
        forward.restart();
        backward.restart();
        // Both ways at once: neither waits for the other.
        for q in 0..end - begin {
            let t = begin + q;
            let factor = forward.factor();
            powers -= forward.used;
            let own = w.own::<N>(t, k);
            let here = &mut alpha[t * k * width..(t + 1) * k * width];
            let factored = &mut scaled[t * k * width..(t + 1) * k * width];
            let mut sum = 0.0;
            for j in 0..k {
                let own = own(j).scaled(factor);
                own.store(&mut factored[j * width..]);
                let mut value = own;
                if q > 0 {
                    let mut reached = forward.now.get(0).times(step(t, j));
                    for i in 1..k {
                        reached = reached.plus(forward.now.get(i).times(step(t, i * k + j)));
                    }
                    value = own.times(reached);
                }
                sum += value.leading();
                value.store(&mut here[j * width..]);
                forward.next.set(j, value);
            }
            forward.advance(sum);
            if careful {
                let before = |i| forward.next.get(i).leading() > 0.0;
                for j in 0..k {
                    let value = forward.now.get(j).leading();
                    let possible = w.own_possible(t * k + j)
                        && (q == 0 || (0..k).any(|i| before(i) && w.step_possible(t, i * k + j)));
                    if possible && value <= LOST * sum {
                        return false;
                    }
                }
            }
            if !marginals {
                continue;
            }
            let t = end - 1 - q;
            let factor = backward.factor();
            let here = &mut beta[t * k * width..(t + 1) * k * width];
            let mut sum = 0.0;
            if q > 0 {
                // `next` holds w(t+1) ∘ β(t+1) while β(t) is computed, and β(t) afterwards.
                let own = w.own::<N>(t + 1, k);
                for j in 0..k {
                    let value = own(j).scaled(factor).times(backward.now.get(j));
                    backward.now.set(j, value);
                }
            }
            for i in 0..k {
                let mut value = N::ONE;
                if q > 0 {
                    value = step(t + 1, i * k).times(backward.now.get(0));
                    for j in 1..k {
                        value = value.plus(step(t + 1, i * k + j).times(backward.now.get(j)));
                    }
                }
                sum += value.leading();
                value.store(&mut here[i * width..]);
                backward.next.set(i, value);
            }
            backward.advance(sum);
            if careful && q > 0 {
                let after = |j| {
                    let after = N::load(&beta[((t + 1) * k + j) * width..]);
                    after.leading() > 0.0 && w.own_possible((t + 1) * k + j)
                };
                for i in 0..k {
                    let value = backward.now.get(i).leading();
                    let possible = (0..k).any(|j| after(j) && w.step_possible(t + 1, i * k + j));
                    if possible && value <= LOST * sum {
                        return false;
                    }
                }
            }
        }
        if end > begin {
            let last = (1..k).fold(forward.now.get(0), |sum, j| sum.plus(forward.now.get(j)));
            logs += last.ln();
        }
        begin = end;
    }
    found.total = logs + powers as f64 * std::f64::consts::LN_2;
    if marginals {
        weigh::<N>(w, k, (alpha, beta, scaled), step, found);
    }
    true
}

/// α ∘ β, and for steps α(t-1) A ∘ w(t) β(t), each divided by its sum.
#[inline(always)]
fn weigh<N: Number>(
    w: &Weights<'_>,
    k: usize,
    (alpha, beta, scaled): (&[f64], &[f64], &[f64]),
    step: impl Fn(usize, usize) -> N,
    found: &mut Found<'_>,
) {
    let width = N::WIDTH;
    let varies = w.varies();
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
            let base = if varies { t * k * k } else { 0 };
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
