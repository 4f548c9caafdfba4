//! Whether a value was lost to underflow that may matter later.

use super::lane::Lane;
use super::number::Number;
use super::recursion::{Vector, load};
use super::weights::Group;

/// A step's weight below which it may matter later what a vector lost to underflow: where all steps weigh more, a sum
/// shrinks by no more than this in a step, what is lost is less than 1e-220 of it, and every value is reached again by
/// more than this.
const MIXING: f64 = 1e-50;
/// A share below which a value counts as lost, unless it is impossible.
const LOST: f64 = 1e-140;

/// Looks at the vectors of a pass, where steps can weigh so little that it has to.
pub(super) struct Care<'a> {
    group: &'a Group<'a>,
    needed: bool,
    /// Leading coefficients of two vectors and of a sum, lane by lane.
    seen: &'a mut [f64],
}

impl<'a> Care<'a> {
    pub(super) fn new<N: Number>(group: &'a Group<'a>, memory: &'a mut [f64]) -> Self {
        Care {
            group,
            needed: !N::EXTENDED && group.any_step_below(N::LANES, MIXING),
            seen: memory,
        }
    }

    /// Whether α(t), with this sum, lost a value that `before` leads to.
    #[inline(always)]
    pub(super) fn forward<N: Number, V: Vector<N>>(
        &mut self,
        t: usize,
        k: usize,
        before: &V,
        next: &V,
        sum: N::Real,
    ) -> bool {
        self.needed && self.any_small::<N, V>(k, next, sum) && {
            self.note::<N, V>(k, before, next, sum);
            self.lost_forward(t, k, N::LANES)
        }
    }

    /// Whether β(t), with this sum, lost a value that leads to some of `after`.
    #[inline(always)]
    pub(super) fn backward<N: Number, V: Vector<N>>(
        &mut self,
        t: usize,
        k: usize,
        after: &V,
        next: &V,
        sum: N::Real,
    ) -> bool {
        self.needed && self.any_small::<N, V>(k, next, sum) && {
            self.note::<N, V>(k, after, next, sum);
            self.lost_backward(t, k, N::LANES)
        }
    }

    /// Whether a possible value of β(t) vanishes in u(t): it may belong to what is likely later.
    #[inline(always)]
    pub(super) fn weighed<N: Number, V: Vector<N>>(
        &mut self,
        t: usize,
        k: usize,
        own: &[f64],
        beta: &V,
    ) -> bool {
        let mut any = false;
        if self.needed {
            for j in 0..k {
                let beta = beta.get(j).leading();
                let u = load::<N>(own, j).leading().times(beta);
                if u.any_outside(f64::MIN_POSITIVE, f64::INFINITY) {
                    beta.store(self.seen);
                    u.store(&mut self.seen[N::LANES..]);
                    any |= self.vanished(t, j, N::LANES);
                }
            }
        }
        any
    }

    #[inline(never)]
    fn vanished(&self, t: usize, j: usize, lanes: usize) -> bool {
        let (beta, u) = self.seen.split_at(lanes);
        (0..lanes).any(|lane| {
            u[lane] < f64::MIN_POSITIVE && beta[lane] > 0.0 && self.group.own_possible(lane, t, j)
        })
    }

    /// Whether any share is small, in some lane.
    #[inline(always)]
    fn any_small<N: Number, V: Vector<N>>(&self, k: usize, next: &V, sum: N::Real) -> bool {
        let mut any = false;
        for j in 0..k {
            let above = (next.get(j).leading()).plus_product(sum, N::Real::splat(-LOST));
            any |= above.any_outside(f64::MIN_POSITIVE, f64::INFINITY);
        }
        any
    }

    #[inline(always)]
    fn note<N: Number, V: Vector<N>>(&mut self, k: usize, before: &V, next: &V, sum: N::Real) {
        for j in 0..k {
            let [first, second] = [j * N::LANES, (k + j) * N::LANES];
            before.get(j).leading().store(&mut self.seen[first..]);
            next.get(j).leading().store(&mut self.seen[second..]);
        }
        sum.store(&mut self.seen[2 * k * N::LANES..]);
    }

    #[inline(never)]
    fn lost_forward(&self, t: usize, k: usize, lanes: usize) -> bool {
        let group = self.group;
        self.lost(k, lanes, |lane, j, before| {
            group.own_possible(lane, t, j)
                && (0..k).any(|i| before(i) && group.step_possible(lane, t, i, j))
        })
    }

    #[inline(never)]
    fn lost_backward(&self, t: usize, k: usize, lanes: usize) -> bool {
        let group = self.group;
        self.lost(k, lanes, |lane, i, after| {
            (0..k).any(|j| after(j) && group.step_possible(lane, t + 1, i, j))
        })
    }

    /// Whether a value that is possible has a share below the bound.
    fn lost(
        &self,
        k: usize,
        lanes: usize,
        possible: impl Fn(usize, usize, &dyn Fn(usize) -> bool) -> bool,
    ) -> bool {
        let seen =
            |vector: usize, j: usize, lane: usize| self.seen[(vector * k + j) * lanes + lane];
        (0..lanes).any(|lane| {
            let before = |i: usize| seen(0, i, lane) > 0.0;
            (0..k)
                .any(|j| seen(1, j, lane) <= LOST * seen(2, 0, lane) && possible(lane, j, &before))
        })
    }
}
