//! Forward and backward along chains of K values (Rabiner 1989): with transition weights A and own weights w,
//! α(t) = w(t) ∘ A'α(t-1), β(t) = A u(t+1), u(t) = w(t) ∘ β(t). α ∘ β is what the values at t weigh, given everything, and
//! α(t-1) A ∘ u(t) what the steps into t weigh.
//!
//! Both ways go at once, so that neither waits for the other. Up to the middle they store their vectors; beyond it each meets
//! those of the other, and the products are taken on the way. A vector that becomes small or large is brought back to 1 by a
//! power of two, so nothing is rounded and no logarithm is taken on the way.

use super::careful::Care;
use super::lane::Lane;
use super::number::{Number, exponent_of};
use super::weights::{Group, Over};
use std::ops::Range;

/// Floats of weights that are laid side by side at a time, for each value of an element.
const TILE: usize = 256;
/// Elements at a time where an element has more values than [`FEW`].
const SHORT_TILE: usize = 4;
const FEW: usize = 8;
/// Bytes that vectors are kept in from which on weights and results are not expected to be in the caches: the next tile is asked
/// for while one is at work.
const LARGE: usize = 1 << 22;

fn tile(k: usize, lanes: usize) -> usize {
    if k <= FEW { TILE / lanes } else { SHORT_TILE }
}

/// Vectors of K numbers that a pass carries along.
pub(super) const VECTORS: usize = 6;

/// Working memory in floats for a group of chains of `n` elements. `width` is that of a number times its lanes.
pub(super) fn scratch(n: usize, k: usize, width: usize, lanes: usize, varies: bool) -> usize {
    let tiles = tile(k, lanes) * k;
    let tile = if varies { tile(k, lanes) } else { 1 };
    // Vectors of the first halves; weights, then results, of tiles both ways; vectors, sums and what `Care` looks at.
    (n * k + 2 * tiles + 2 * tile * k * k + VECTORS * k + 2 * k * k) * width
        + (2 * tiles + 2 * tile * k * k + 3 * k) * lanes
}

/// Numbers that a recursion carries along.
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
    #[inline(always)]
    fn get(&self, at: usize) -> N {
        load(self, at)
    }
    #[inline(always)]
    fn set(&mut self, at: usize, value: N) {
        store(self, at, value);
    }
}

#[inline(always)]
pub(super) fn load<N: Number>(from: &[f64], at: usize) -> N {
    N::load(&from[at * N::WIDTH * N::LANES..])
}

#[inline(always)]
fn store<N: Number>(to: &mut [f64], at: usize, value: N) {
    value.store(&mut to[at * N::WIDTH * N::LANES..]);
}

/// What a group's chains come to.
pub(super) struct Found {
    /// The log of each chain's sum over all values, of the scaled weights where numbers are plain.
    pub(super) totals: [f64; 8],
}

/// Sums of vectors outside of this are brought back to 1.
const NEAR_ONE: (f64, f64) = (1.0 / (1u128 << 100) as f64, (1u128 << 100) as f64);

/// The powers of two that bring vectors with these sums back to 1, those of all lanes together; `powers` takes note.
#[cold]
#[inline(never)]
fn back<V: Lane>(sum: V, powers: &mut [i64; 8]) -> V {
    let mut factors = [1.0; 8];
    sum.store(&mut factors);
    for (factor, power) in factors.iter_mut().zip(powers).take(V::LANES) {
        let exponent = exponent_of(*factor).clamp(-1000, 1000);
        *power += exponent;
        *factor = f64::from_bits(((1023 - exponent) as u64) << 52);
    }
    V::load(&factors)
}

/// One direction's vectors: the one that is carried, the next, and a third for products.
struct Way<V> {
    now: V,
    next: V,
    other: V,
}

impl<V> Way<V> {
    /// A'α of the vector before, kept in `other`, and times the own weights, in `next`, whose sum is given.
    #[inline(always)]
    fn forward<N: Number>(&mut self, k: usize, step: &[f64], own: &[f64]) -> N::Real
    where
        V: Vector<N>,
    {
        let mut sum = N::Real::splat(0.0);
        for j in 0..k {
            let mut reached = self.now.get(0).times(load(step, j));
            for i in 1..k {
                reached = reached.plus_product(self.now.get(i), load(step, i * k + j));
            }
            let value = load::<N>(own, j).times(reached);
            sum = sum.plus(value.leading());
            self.other.set(j, reached);
            self.next.set(j, value);
        }
        sum
    }

    /// A u of the element after, in `next`, whose sum is given.
    #[inline(always)]
    fn backward<N: Number>(&mut self, k: usize, step: &[f64]) -> N::Real
    where
        V: Vector<N>,
    {
        let mut sum = N::Real::splat(0.0);
        for i in 0..k {
            let mut value = self.now.get(0).times(load(step, i * k));
            for j in 1..k {
                value = value.plus_product(self.now.get(j), load(step, i * k + j));
            }
            sum = sum.plus(value.leading());
            self.next.set(i, value);
        }
        sum
    }

    /// The next vector becomes the one that is carried, near 1.
    #[inline(always)]
    fn settle<N: Number>(&mut self, k: usize, sum: N::Real, powers: &mut [i64; 8])
    where
        V: Vector<N>,
    {
        // Element by element: arrays that are exchanged as a whole would have to lie in memory.
        for j in 0..k {
            self.now.set(j, self.next.get(j));
        }
        if sum.any_outside(NEAR_ONE.0, NEAR_ONE.1) {
            let factors = back(sum, powers);
            for j in 0..k {
                let value = self.now.get(j).scaled(factors);
                self.now.set(j, value);
            }
        }
    }

    /// Times the own weights.
    #[inline(always)]
    fn weigh<N: Number>(&mut self, k: usize, own: &[f64])
    where
        V: Vector<N>,
    {
        for j in 0..k {
            let value = load::<N>(own, j).times(self.now.get(j));
            self.now.set(j, value);
        }
    }

    #[inline(always)]
    fn keep<N: Number>(&self, k: usize, to: &mut [f64])
    where
        V: Vector<N>,
    {
        for j in 0..k {
            store::<N>(to, j, self.now.get(j));
        }
    }
}

/// `left ∘ right`, divided by its sum, to `marginals`; and `right` divided by that sum.
#[inline(always)]
fn shares<N: Number, V: Vector<N>>(
    k: usize,
    left: &V,
    right: &[f64],
    shares: &mut V,
    marginals: &mut [f64],
) {
    let mut sum = left.get(0).times(load(right, 0));
    for j in 1..k {
        sum = sum.plus_product(left.get(j), load::<N>(right, j));
    }
    // Nothing weighs anything where nothing is possible.
    let inverse = sum.inverse();
    for j in 0..k {
        let share = load::<N>(right, j).times(inverse);
        shares.set(j, share);
        let marginal = left.get(j).times(share).top();
        marginal.store(&mut marginals[j * N::LANES..]);
    }
}

/// What steps weigh: added up without their own weights where those are the same everywhere, else written out.
#[inline(always)]
fn steps<N: Number, V: Vector<N>, S: Vector<N>, const VARIES: bool>(
    k: usize,
    (from, to): (&V, &V),
    step: &[f64],
    sums: &mut S,
    out: &mut [f64],
) {
    for i in 0..k {
        for j in 0..k {
            let at = i * k + j;
            if VARIES {
                let weighs = from.get(i).times(load(step, at)).times(to.get(j));
                weighs.top().store(&mut out[at * N::LANES..]);
            } else {
                let sum = sums.get(at).plus_product(from.get(i), to.get(j));
                sums.set(at, sum);
            }
        }
    }
}

/// Cuts off the first floats.
fn cut<'m>(memory: &mut &'m mut [f64], len: usize) -> &'m mut [f64] {
    let (first, rest) = std::mem::take(memory).split_at_mut(len);
    *memory = rest;
    first
}

/// The two passes and their products. Says whether no value was lost; extended numbers lose none. `vectors` and `sums` are
/// overwritten; `VARIES` says whether steps differ from element to element.
#[inline(always)]
pub(super) fn pass<N: Number, V: Vector<N>, S: Vector<N>, const VARIES: bool>(
    group: &Group<'_>,
    k: usize,
    vectors: [V; VECTORS],
    mut sums: [S; 2],
    mut memory: &mut [f64],
    found: &mut Found,
) -> bool {
    use Over::{Steps, Values};
    let n = group.n;
    let size = k * N::WIDTH * N::LANES;
    let tile = tile(k, N::LANES);
    let step_size = if VARIES { k * size } else { 0 };
    let step_tile = if VARIES { tile } else { 1 };
    let memory = &mut memory;
    let stored = cut(memory, n * size);
    let owns = [(); 2].map(|()| cut(memory, tile * size));
    let steps_in = [(); 2].map(|()| cut(memory, step_tile * k * size));
    let outs = [(); 2].map(|()| cut(memory, tile * k * N::LANES));
    let pairs = [(); 2].map(|()| cut(memory, step_tile * k * k * N::LANES));
    let [own_f, own_b] = owns;
    let [step_f, step_b] = steps_in;
    let [out_f, out_b] = outs;
    let [pair_f, pair_b] = pairs;
    let row = k * N::LANES;
    let pair_row = if VARIES { k * k * N::LANES } else { 0 };
    let mut care = Care::new::<N>(group, cut(memory, 3 * k * N::LANES));

    let [f0, f1, f2, b0, b1, b2] = vectors;
    let mut f = Way {
        now: f0,
        next: f1,
        other: f2,
    };
    let mut b = Way {
        now: b0,
        next: b1,
        other: b2,
    };
    if !VARIES {
        group.stage::<N>(Steps, 0..1, step_f);
        group.stage::<N>(Steps, 0..1, step_b);
    }
    // What comes next, there and back.
    let large = n * size * size_of::<f64>() >= LARGE;
    let coming = |group: &Group<'_>, elements: Range<usize>, marginals: bool| {
        if elements.is_empty() {
            return;
        }
        group.ask(Values, elements.clone(), N::LANES, marginals);
        if VARIES {
            group.ask(Steps, elements, N::LANES, marginals);
        }
    };
    let wants_pair = group.to_pair().is_some();
    let marginals = wants_pair || group.to_own().is_some();
    let (mut powers, mut ignored) = ([0; 8], [0; 8]);
    let zero = N::zero();
    for sums in &mut sums {
        for at in 0..if VARIES { 0 } else { k * k } {
            sums.set(at, zero);
        }
    }
    // The first and the last element.
    group.stage::<N>(Values, 0..1, own_f);
    group.stage::<N>(Values, n - 1..n, own_b);
    for j in 0..k {
        f.now.set(j, load(own_f, j));
        b.now.set(j, load(own_b, j));
    }
    if VARIES && wants_pair {
        pair_f[..pair_row].fill(0.0);
        group.give::<N::Real>(Steps, 0..1, pair_f);
    }
    let half = if marginals { n / 2 } else { n };
    if marginals && n > 1 {
        f.keep(k, stored);
        b.keep(k, &mut stored[(n - 1) * size..]);
    }
    // Up to the middle: elements 1, 2, … and n-2, n-3, …
    let (ahead, behind) = (half - half.min(1), if marginals { n - half } else { 1 } - 1);
    let mut done = 0;
    while done < ahead.max(behind) {
        let (fs, bs) = (
            (ahead - done.min(ahead)).min(tile),
            (behind - done.min(behind)).min(tile),
        );
        let first = 1 + done;
        group.stage::<N>(Values, first..first + fs, own_f);
        // Backward, the last of the tile comes first.
        let begin = n - 1 - done.min(n - 1) - bs;
        group.stage::<N>(Values, begin..begin + bs, own_b);
        if VARIES {
            group.stage::<N>(Steps, first..first + fs, step_f);
            group.stage::<N>(Steps, begin + 1..begin + 1 + bs, step_b);
        }
        if large {
            let next = first + fs;
            coming(group, next..(next + tile).min(1 + ahead), false);
            coming(
                group,
                begin.saturating_sub(tile).max(n - 1 - behind)..begin,
                false,
            );
        }
        for q in 0..fs.max(bs) {
            if q < fs {
                let t = first + q;
                let sum = f.forward::<N>(
                    k,
                    &step_f[q * step_size..][..k * size],
                    &own_f[q * size..][..size],
                );
                if care.forward(t, k, &f.now, &f.next, sum) {
                    return false;
                }
                f.settle(k, sum, &mut powers);
                if marginals {
                    f.keep(k, &mut stored[t * size..][..size]);
                }
            }
            if q < bs {
                let at = bs - 1 - q;
                let t = begin + at;
                let sum = b.backward::<N>(k, &step_b[at * step_size..][..k * size]);
                if care.backward(t, k, &b.now, &b.next, sum) {
                    return false;
                }
                b.settle(k, sum, &mut ignored);
                let own = &own_b[at * size..][..size];
                if care.weighed(t, k, own, &b.now) {
                    return false;
                }
                b.weigh(k, own);
                b.keep(k, &mut stored[t * size..][..size]);
            }
        }
        done += tile;
    }
    if marginals && n == 1 {
        for j in 0..k {
            store(own_b, j, N::one());
        }
        shares::<N, V>(k, &f.now, &own_b[..size], &mut f.other, &mut out_f[..row]);
        group.give::<N::Real>(Values, 0..1, out_f);
    }
    // Beyond it: elements half, half+1, … and half-1, half-2, …
    let rest = if marginals && n > 1 { n - half } else { 0 };
    done = 0;
    while done < rest {
        let fs = (rest - done).min(tile);
        let bs = (half - done.min(half)).min(tile);
        let first = half + done;
        let begin = half - done.min(half) - bs;
        group.stage::<N>(Values, first..first + fs, own_f);
        group.stage::<N>(Values, begin..begin + bs, own_b);
        if VARIES {
            group.stage::<N>(Steps, first..first + fs, step_f);
            group.stage::<N>(Steps, begin + 1..begin + 1 + bs, step_b);
        }
        if large {
            let next = first + fs;
            for elements in [
                next..(next + tile).min(n),
                begin.saturating_sub(tile)..begin,
            ] {
                let kept = elements.start * size..elements.end * size;
                let kept = stored[kept].as_ptr_range();
                group.laid.ask_between(kept.start.addr()..kept.end.addr());
                coming(group, elements, true);
            }
        }
        for q in 0..fs.max(bs) {
            if q < fs {
                let t = first + q;
                let step = &step_f[q * step_size..][..k * size];
                let sum = f.forward::<N>(k, step, &own_f[q * size..][..size]);
                if care.forward(t, k, &f.now, &f.next, sum) {
                    return false;
                }
                // The share needs a vector of its own: the next one is still wanted.
                let u = &stored[t * size..][..size];
                shares::<N, V>(k, &f.other, u, &mut b.other, &mut out_f[q * row..][..row]);
                if wants_pair {
                    let out = &mut pair_f[q * pair_row..][..pair_row];
                    steps::<N, V, S, VARIES>(k, (&f.now, &b.other), step, &mut sums[0], out);
                }
                f.settle(k, sum, &mut powers);
            }
            if q < bs {
                let at = bs - 1 - q;
                let t = begin + at;
                let step = &step_b[at * step_size..][..k * size];
                let sum = b.backward::<N>(k, step);
                if care.backward(t, k, &b.now, &b.next, sum) {
                    return false;
                }
                let alpha = &stored[t * size..][..size];
                let out = &mut out_b[at * row..][..row];
                shares::<N, V>(k, &b.next, alpha, &mut b.other, out);
                // The step over the middle is the other way's.
                if wants_pair && t + 1 < half {
                    let out = &mut pair_b[at * pair_row..][..pair_row];
                    steps::<N, V, S, VARIES>(k, (&b.other, &b.now), step, &mut sums[1], out);
                }
                b.settle(k, sum, &mut ignored);
                let own = &own_b[at * size..][..size];
                if t > 0 && care.weighed(t, k, own, &b.now) {
                    return false;
                }
                b.weigh(k, own);
            }
        }
        group.give::<N::Real>(Values, first..first + fs, out_f);
        group.give::<N::Real>(Values, begin..begin + bs, out_b);
        if VARIES && wants_pair {
            group.give::<N::Real>(Steps, first..first + fs, pair_f);
            let end = (begin + 1 + bs).min(half);
            group.give::<N::Real>(Steps, begin + 1..end.max(begin + 1), pair_b);
        }
        done += tile;
    }
    if !VARIES && wants_pair {
        for at in 0..k * k {
            let weighs = load::<N>(step_f, at).times(sums[0].get(at).plus(sums[1].get(at)));
            weighs.top().store(&mut pair_f[at * N::LANES..]);
        }
        group.add_steps::<N::Real>(pair_f);
    }
    let mut last = f.now.get(0);
    for j in 1..k {
        last = last.plus(f.now.get(j));
    }
    // From a number in [1, 2), so that it does not matter when the vectors were brought back.
    let last = last.scaled(back(last.leading(), &mut powers));
    for (lane, total) in found.totals.iter_mut().enumerate().take(N::LANES) {
        *total = last.ln(lane) + powers[lane] as f64 * std::f64::consts::LN_2;
    }
    true
}
