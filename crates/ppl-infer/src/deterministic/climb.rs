//! From the best of several starts up the rungs: more draws as long as they change the bound.

use super::curvature::Curvature;
use super::estimates::gain;
use super::gaussian::Gaussian;
use super::rungs::{Rung, rungs};
use super::smooth::BATCH;
use super::{Effort, FRESH, Lost, MERIT, MOST_WORK, RUNGS, STEPS, Solver};
use ppl_engine::random::{Address, fill_normal};

/// What another rung must bring.
const WORTH: f64 = 0.02;

/// Numbers of all draws that are held at a time.
const MOST_NUMBERS: usize = 16_000_000;

/// What the last rung may have changed, or further ones may still be expected to, where there is no further one.
const NEARLY: f64 = 0.1;

/// Draws that stand for the posterior well enough.
const MANY: usize = 256;

/// Changes that shrink by this factor or faster from rung to rung are extrapolated.
const SHRINKING: f64 = 0.25;

/// The first rung from the end of a former fit.
const RESUMED: usize = 2;

/// Rungs after which parametrisations are compared.
const FIRST: usize = 2;

/// Purpose of the random numbers, apart from the gradient steps' and the certificate's.
const PURPOSE: u32 = 4;

/// The best Gaussian that was found.
pub(super) struct Summit {
    pub(super) q: Gaussian,
    /// Whether it is an optimum as far as fresh draws can tell.
    pub(super) reached: bool,
    /// Nats that more draws may still bring, where that is known.
    pub(super) left: f64,
    pub(super) next: Next,
}

/// Where to go on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Next {
    /// The next rung.
    pub(super) rung: usize,
    /// What the one before it changed.
    pub(super) change: f64,
}

impl Summit {
    fn of(q: Gaussian) -> Summit {
        Summit {
            q,
            reached: true,
            left: 0.0,
            next: Next::NONE,
        }
    }
}

impl Next {
    /// There is nothing left to do.
    pub(super) const NONE: Next = Next {
        rung: RUNGS.len(),
        change: 0.0,
    };
}

/// What the rungs led to, or how far they came.
type Climbed = Result<Summit, (Option<Gaussian>, Lost)>;

impl Solver<'_> {
    /// Frozen antithetic draws.
    pub(super) fn draws(&self, n: usize, stream: u64) -> Vec<f64> {
        let d = self.smooth.d;
        // No more than can be held, in whole batches of pairs.
        let n = n.min((MOST_NUMBERS / d.max(1) / (2 * BATCH)).max(1) * 2 * BATCH);
        let mut out = vec![0.0; n * d];
        let half = n / 2 * d;
        let address = Address {
            seed: self.seed,
            purpose: PURPOSE,
            step: stream,
            block: 0,
        };
        fill_normal(&mut out[..half], address);
        let (there, back) = out.split_at_mut(half);
        back.iter_mut().zip(there).for_each(|(b, t)| *b = -*t);
        out
    }

    /// How many of so many draws are worth their computation: at least `least`, a batch's or more.
    pub(super) fn affordable(&self, draws: usize, least: usize) -> usize {
        let within = MOST_WORK / self.smooth.work.max(1) as f64;
        draws.min(least.max(within as usize / 2 * 2))
    }

    /// Values at draws.
    pub(super) fn values(&mut self, q: &Gaussian, draws: &[f64]) -> Vec<f64> {
        let mut out = vec![];
        for batch in q.batches(draws) {
            self.smooth.values(&batch, &mut out);
        }
        out
    }

    /// Up the rungs from the end of a start; `resumed`: that of a former fit, for which the first ones are too coarse.
    pub(super) fn climb(
        &mut self,
        from: Gaussian,
        mut known: Curvature,
        (effort, resumed): (Effort, bool),
    ) -> Climbed {
        let mut q = from;
        let fresh = self.draws(self.affordable(FRESH, MERIT), 5 << 20);
        let (mut reached, mut change) = (false, f64::INFINITY);
        let (mut ratio, mut ahead) = (f64::INFINITY, f64::INFINITY);
        let mut known_change = false;
        let mut rungs = rungs(known.cost(), self.smooth.work);
        let near = rungs.iter().skip(1).take_while(|r| !r.is_further()).count() + 1;
        let first = match (effort, resumed) {
            (Effort::Onwards(next), _) => next.rung,
            (_, true) => RESUMED.min(near - 1),
            (_, false) => 0,
        };
        match effort {
            Effort::Quick => rungs.truncate(near.min(2)),
            Effort::Full | Effort::Resume | Effort::First => rungs.truncate(near),
            Effort::Onwards(next) => (change, known_change) = (next.change, true),
        }
        for (k, rung) in rungs.iter().enumerate().skip(first) {
            let n = rung.draws;
            known.limit(rung.curvature);
            let draws = self.spread(n, k as u64);
            let merit = self.draws(n.max(MERIT), 1 << 20);
            let (found, still) = match self.rung(q.clone(), &draws, &merit, &mut known, STEPS) {
                Ok(found) => found,
                Err(lost) => return Err((Some(q), lost)),
            };
            let (before, after) = (self.values(&q, &fresh), self.values(&found, &fresh));
            let (more, se) = gain(&before, &after);
            let more = more + found.log_volume() - q.log_volume();
            // Draws that nobody optimised on decide whether it was worth while, and whether more draws may be.
            if (k == 0 && !resumed) || more > 0.0 {
                q = found;
            }
            reached = still;
            // The curvature is known exactly, and so is the mean gradient over pairs.
            if self.smooth.quadratic && reached {
                return Ok(Summit::of(q));
            }
            let before = change;
            change = more.abs() - 2.0 * se;
            // The first rung's change says where the start was.
            known_change |= k > 0;
            if k > 1 && before.is_finite() {
                ratio = change / before;
            }
            // The loss by a finite number of draws goes with its inverse.
            let growth = match k {
                0 => 2.0,
                _ => rung.curvature as f64 / rungs[k - 1].curvature as f64,
            };
            ahead = match ratio {
                r if r <= SHRINKING => change * r / (1.0 - r),
                r if r.is_finite() => change,
                _ => change / (growth - 1.0),
            };
            let next = rungs.get(k + 1);
            let last = next.is_none();
            let cheap = next.is_some_and(Rung::is_cheap) && !resumed;
            if k == 0 || cheap {
                continue;
            }
            let little = more.abs() < if last { (2.0 * se).max(WORTH) } else { WORTH };
            if still && little && (last || se < WORTH) {
                return Ok(Summit::of(q));
            }
            if effort == Effort::First && k + 1 >= FIRST && !last {
                return Ok(Summit {
                    q,
                    reached: false,
                    left: ahead.max(0.0),
                    next: Next {
                        rung: k + 1,
                        change,
                    },
                });
            }
            // What is left is not worth so much.
            if still && ahead < NEARLY && next.is_some_and(Rung::is_dear) {
                break;
            }
        }
        // More draws would cost too much, or there are no more. On many draws no step may be uphill although some would be by
        // others: what fresh ones see decides, and draws of the certificate's own confirm.
        let many = rungs.last().is_some_and(|r| r.draws >= MANY);
        Ok(Summit {
            q,
            reached: (reached || many) && ahead < NEARLY,
            left: match known_change {
                true => ahead.max(0.0),
                false => f64::INFINITY,
            },
            next: Next { rung: near, change },
        })
    }
}
