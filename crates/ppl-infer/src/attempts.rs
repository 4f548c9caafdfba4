//! Which nested guides are tried one after the other, and which of them stays.

use crate::fit::Verdict;
use crate::refine::{Refined, gain, worst};

/// What is tried one after the other while the weights are not good enough: times the usual draws that a mixture is fitted to (what a fit
/// ends with must not hang on the few draws of one round), where it is only the mixture that is not exact; and whether it is for all scales
/// as well. A narrow Gaussian may not show that the curvature of the others changes with one; with more of them mixtures are
/// harder to fit. In between, the better of the two once more on draws of its own: what a fit ends with hangs less on its seed.
pub(crate) const ATTEMPTS: [Attempt; 6] = [
    Attempt::of(1, false, 0),
    Attempt::of(1, true, 0),
    Attempt::of(1, false, AGAIN),
    Attempt::of(1, true, AGAIN),
    Attempt::of(MORE, false, 0),
    Attempt::of(MORE, true, 0),
];
pub(crate) const MORE: usize = 4;

/// Times the usual draws that must be affordable for others to be tried.
pub(crate) const CHEAP: f64 = 0.5;

/// What the seed of other draws differs by.
const AGAIN: u64 = 0x9e37_79b9;

/// One attempt at a nested guide.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Attempt {
    /// Times the usual draws.
    pub(crate) effort: usize,
    /// Whether the mixture is for all scales.
    pub(crate) scales: bool,
    /// Added to the seed.
    pub(crate) again: u64,
}

impl Attempt {
    const fn of(effort: usize, scales: bool, again: u64) -> Attempt {
        Attempt {
            effort,
            scales,
            again,
        }
    }

    /// Whether it betters one before.
    pub(crate) fn is_more(&self) -> bool {
        self.effort > 1 || self.again > 0
    }
}

/// Nats that a certificate is worth, and from which a bound tells which of two attempts is better.
const HARDLY: f64 = 0.2;
const TELLS: f64 = 0.05;

/// Whether one attempt is better than another: certified and hardly behind, else by its bound, else by how far its weights reach.
pub(crate) fn is_better(one: &Refined, other: &Refined) -> bool {
    let certified = |r: &Refined| matches!(r.fit.verdict, Verdict::Certified { .. });
    let Some(gain) = gain(&other.fit, &one.fit) else {
        return false;
    };
    match (certified(one), certified(other)) {
        (true, false) => gain.value > -HARDLY,
        _ if gain.value.abs() > (2.0 * gain.se).max(TELLS) => gain.value > 0.0,
        _ => worst(&one.fit) < worst(&other.fit),
    }
}
