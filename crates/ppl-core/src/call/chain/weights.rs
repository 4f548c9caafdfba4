//! The weights of chains, as the routine is given them.

use super::IMPOSSIBLE;
use super::number::Number;

/// The weights of one block.
pub(super) struct Weights<'a> {
    /// Elements, chain after chain, and the values that each can take.
    pub(super) n: usize,
    pub(super) k: usize,
    /// The last element (exclusive) of each chain.
    pub(super) ends: &'a [u32],
    /// Log weight of each step: K x K, or n x K x K where it varies.
    pub(super) log_step: &'a [f64],
    /// Log weight of each value: n x K.
    pub(super) log_own: &'a [f64],
    /// `exp` of both, scaled so that the largest of each element is 1.
    pub(super) step: &'a [f64],
    pub(super) own: &'a [f64],
    /// The logs of those scales.
    pub(super) scales: &'a [f64],
    /// How the log weights move: steps and values for each direction.
    pub(super) directions: &'a [&'a [f64]],
}

impl Weights<'_> {
    /// Whether steps differ from element to element.
    #[inline(always)]
    pub(super) fn varies(&self) -> bool {
        self.step.len() > self.k * self.k
    }

    #[inline(always)]
    fn step_at(&self, t: usize, at: usize) -> usize {
        if self.varies() {
            t * self.k * self.k + at
        } else {
            at
        }
    }

    /// The weight of a step (`from * K + to`) into element `t`.
    #[inline(always)]
    pub(super) fn step<N: Number>(&self, t: usize, at: usize) -> N {
        let at = self.step_at(t, at);
        N::exp(
            || self.log_step[at],
            self.step[at],
            |d| self.directions[2 * d][at],
        )
    }

    /// The weights of the `k` values of element `t`.
    #[inline(always)]
    pub(super) fn own<N: Number>(&self, t: usize, k: usize) -> impl Fn(usize) -> N {
        let row = &self.own[t * k..(t + 1) * k];
        move |j| {
            let at = t * k + j;
            N::exp(
                || self.log_own[at],
                row[j],
                |d| self.directions[2 * d + 1][at],
            )
        }
    }

    pub(super) fn own_possible(&self, at: usize) -> bool {
        self.log_own[at] > IMPOSSIBLE
    }

    pub(super) fn step_possible(&self, t: usize, at: usize) -> bool {
        self.log_step[self.step_at(t, at)] > IMPOSSIBLE
    }
}
