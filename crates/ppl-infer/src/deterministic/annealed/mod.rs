//! The annealed guide: draws of another one (of the Gaussian, of the Gaussians of several optima, of a nested guide) go to the posterior along densities q^(1 - b) p^b, by
//! Hamiltonian moves that leave each of these as it is. The weight of a draw is the product of the densities' ratios on its way
//! (annealed importance sampling: Neal 2001), so log p minus its logarithm takes the place of log q; its expectation is a bound of
//! the evidence like any other, with the way as further unknowns (Salimans, Kingma and Welling 2015).

mod path;
mod schedule;
mod walker;

use super::layout::Layout;
use super::smooth::Smooth;
use super::workers::{for_batches, over_batches, workers};
use super::{Nested, Solver, gaussian::Gaussian};
use crate::elbo::mean_of;
use crate::objective::ObjectiveError;
use crate::options::Silent;
use crate::source::{Drawn, Way};
use path::Path;
pub(super) use path::{LN_2PI, mixture};
use ppl_engine::random::Address;
use ppl_model::Bound;
use rand_chacha::ChaCha8Rng;
use schedule::{PILOT, Pilot, gradients};
use walker::{Stop, Walker, travel, walkers};

/// Purpose of the random numbers.
const PURPOSE: u32 = 11;

/// Variance of the log weights that is aimed at, were every move a fresh draw; it is some two to three times that. The second where the
/// first was not good enough. That which is enough, if less cannot be afforded.
const AIMS: [f64; 2] = [0.15, 0.04];
const ENOUGH: f64 = 0.6;

/// Moves at the posterior itself after the last stop, after which a draw hardly hangs on its weight.
const LAST: [usize; 2] = [3, 9];

/// Numbers that the draws may compute; more where these are the fewest.
const WORK: f64 = 3e9;
const MOST_WORK: f64 = 3e10;

/// The same where theta stays as it is: no other attempt follows. For more draws than the fewest, up to so many of them.
const FIXED_WORK: f64 = 4.5e10;
const MOST_FIXED_WORK: f64 = 7e10;
const FIXED_DRAWS: usize = 4000;

/// Part of that for the pilot.
const PILOT_PART: f64 = 0.3;

/// Draws, at least, and those that are looked at first.
const LEAST: usize = 2000;
const FIRST: usize = 256;

/// Thetas that are proposed where they stay as they are, at most.
const PROPOSALS: usize = 40_000;

/// Stops, at least: a pilot does not see what few draws of many have. Gradients of a draw, at least, and often.
const STOPS: usize = 8;
const SHORTEST: usize = 20;
const USUAL: usize = 150;

/// Variance of the log weights of the first draws beyond which no more are taken.
const HOPELESS: f64 = 4.0;

/// Efforts that a way may be sought with, each with more stops than the one before.
pub(crate) const EFFORTS: usize = AIMS.len();

/// Params of a Gaussian with its share of the evidence.
pub(crate) type Part<'p> = (&'p [f64], f64);

/// A nested guide with draws of it.
pub(crate) type Held<'a> = (&'a Nested, &'a Drawn);

/// What a way starts from.
#[derive(Clone, Copy)]
pub(crate) enum Begin<'a> {
    /// The Gaussians that are given.
    Gaussians,
    /// Draws of a nested guide.
    Nested(Held<'a>),
    /// Theta of a nested guide, which stays as it is, and its Gaussian for the rest.
    Fixed(Held<'a>),
}

/// Why there is no way, or there are no draws.
pub(crate) enum Lost {
    /// In words.
    Because(String),
    /// Somebody stopped it.
    Interrupted,
}

impl Lost {
    fn because<T>(words: &str) -> Result<T, Lost> {
        Err(Lost::Because(words.to_owned()))
    }
}

const DEAR: &str = "a way to the posterior costs too much";

/// A fitted annealed guide.
pub(crate) struct Annealed<'a> {
    path: Path<'a>,
    stops: Vec<Stop>,
    workers: Vec<Smooth>,
    seed: u64,
    /// Moves at the last stop after the first there.
    last: usize,
    /// Draws that can be afforded.
    affordable: usize,
}

/// Whether most ways to a posterior can be afforded whose slope computes so many numbers.
pub(super) fn is_cheap(work: usize) -> bool {
    (LEAST * USUAL * work) as f64 <= MOST_WORK
}

/// Where random numbers of a purpose begin.
fn address(seed: u64, step: u64, block: u64) -> Address {
    Address {
        seed,
        purpose: PURPOSE,
        step,
        block,
    }
}

fn stream(seed: u64, step: u64, block: u64) -> ChaCha8Rng {
    address(seed, step, block).stream()
}

impl<'a> Annealed<'a> {
    /// Stops between the posterior and a nested guide or Gaussians with these parameters and shares of the evidence; or why there are none.
    /// Every effort, of [`EFFORTS`], has more of them than the one before.
    pub(crate) fn fit(
        bound: &Bound,
        layout: &Layout,
        (parts, from): (&[Part<'_>], Begin<'a>),
        (seed, effort): (u64, usize),
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Result<Annealed<'a>, Lost>, ObjectiveError> {
        let mut silent = Silent;
        let opened = Solver::open_at(bound, layout, parts[0].0, seed, &mut silent)?;
        let Some((solver, q)) = opened.filter(|(solver, _)| !solver.is_matrix_free()) else {
            return Ok(Lost::because(super::NO_BASE));
        };
        if solver.smooth.quadratic {
            return Ok(Lost::because(
                "the log density is quadratic, and one Gaussian is exact",
            ));
        }
        let by = q.factor.elimination().clone();
        let most_work = match from {
            Begin::Fixed(_) => FIXED_WORK,
            Begin::Gaussians | Begin::Nested(_) => MOST_WORK,
        };
        // Gradients of the fewest draws that have a way to go, where the last stop and a start take so many.
        let is_dear = |end: usize, start: usize, work: usize| {
            (LEAST * (SHORTEST + STOPS * end + start)) as f64 * work as f64 > most_work
        };
        if let Begin::Fixed((nested, _)) = from
            && is_dear(0, nested.cost(), solver.smooth.work)
        {
            return Ok(Lost::because(DEAR));
        }
        let mut workers = workers(bound)?;
        let path = match from {
            Begin::Nested((nested, drawn)) => Some(Path::of_nested(q, nested, drawn)),
            Begin::Fixed((nested, _)) => {
                let Some(proposer) = nested.proposer(&mut workers, PROPOSALS) else {
                    return Ok(Lost::because("all others are Gaussian given theta"));
                };
                Some(Path::of_fixed(q, proposer))
            }
            Begin::Gaussians => {
                let part = |(params, share): &Part<'_>| {
                    let q: Gaussian = layout.gaussian(&by, params)?;
                    Some((q, *share))
                };
                let all: Option<Vec<_>> = parts.iter().map(part).collect();
                all.and_then(|all| Path::new(&by, all))
            }
        };
        let Some(mut path) = path else {
            return Ok(Lost::because("a precision cannot be factored"));
        };
        let (beside, end, start) = path.costs();
        let work = solver.smooth.work + beside;
        if is_dear(end, start, work) {
            return Ok(Lost::because(DEAR));
        }
        let work = work as f64;
        let mut starts = path.starts(&mut workers, 0..PILOT.max(path.first()));
        // Where a start takes a search all of them are of use: how far it is decides where the bound ends.
        if !path.is_fixed() {
            starts.truncate(PILOT);
        }
        let start = path.costs().2;
        if path.is_fixed() {
            let ratios = over_batches(&mut workers, starts.len(), |smooth, batch| {
                let own = walkers(&path, smooth, (&starts[batch], true), |i| {
                    stream(seed, 0, i)
                });
                own.iter().map(|w| w.state.log_ratio()).collect()
            });
            path.thin(&ratios);
        }
        let most = (PILOT_PART * MOST_WORK / work) as usize;
        let pilot = match Pilot::run(&path, &mut workers, (seed, &starts), (most, end), go_on) {
            Ok(pilot) => pilot,
            Err(lost) => return Ok(Err(lost)),
        };
        let square = pilot.length().powi(2);
        let last = LAST[effort];
        let affordable = |n: usize| {
            let each = work * gradients(&pilot.stops(n), last, (end, start)) as f64;
            let (cheap, most) = ((WORK / each) as usize, (most_work / each) as usize);
            let enough = match path.is_fixed() && most >= LEAST {
                true => ((MOST_FIXED_WORK / each) as usize).min(FIXED_DRAWS),
                false => most.min(LEAST),
            };
            cheap.max(enough).min(path.held())
        };
        let aim = AIMS[effort];
        let mut n = ((square / aim).ceil() as usize).max(STOPS);
        while affordable(n) < LEAST && n > STOPS && square / (n as f64) < ENOUGH {
            n = (n * 9 / 10).max(STOPS);
        }
        if affordable(n) < LEAST {
            return Ok(Lost::because(DEAR));
        }
        Ok(Ok(Annealed {
            stops: pilot.stops(n),
            last,
            affordable: affordable(n),
            path,
            workers,
            seed,
        }))
    }

    /// Whether a nested guide is what it starts from.
    pub(crate) fn is_from_nested(&self) -> bool {
        self.path.is_from_nested()
    }

    /// Whether theta of that stays as it is.
    pub(crate) fn is_fixed(&self) -> bool {
        self.path.is_fixed()
    }

    /// Optima that it starts from.
    pub(crate) fn n_parts(&self) -> usize {
        self.path.n_parts()
    }

    /// Densities between them and the posterior, and gradients that a draw takes.
    pub(crate) fn way(&self) -> (usize, usize) {
        let (_, end, start) = self.path.costs();
        (
            self.stops.len(),
            gradients(&self.stops, self.last, (end, start)),
        )
    }

    /// Fresh draws: `most` of them or as many as can be afforded; or why there are none. `go_on` may stop them.
    pub(crate) fn draws(
        &mut self,
        most: usize,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Drawn, Lost> {
        let n = most.min(self.affordable);
        let mut out = Drawn {
            d: self.path.d(),
            way: match self.path.is_fixed() {
                true => Way::StepsGivenTheta,
                false => Way::Steps,
            },
            ..Drawn::default()
        };
        let mut log_weights: Vec<f64> = vec![];
        let mut proposed = self.path.first();
        let mut chances: Vec<f64> = vec![];
        while log_weights.len() < n {
            let from = log_weights.len();
            let wanted = match self.path.is_fixed() {
                // Some more than it takes if as many are kept as before.
                true => {
                    let share = self.path.share().0.exp().max(0.1);
                    ((1.2 * (n - from) as f64 / share) as usize).clamp(FIRST, 4 * FIRST)
                }
                false => FIRST.min(n - from),
            };
            let starts = self
                .path
                .starts(&mut self.workers, proposed..proposed + wanted);
            if starts.is_empty() {
                // Of those that are proposed few are kept, and there are so many.
                break;
            }
            let taken = starts.len();
            proposed += wanted;
            let (path, stops, seed, last) = (&self.path, &self.stops, self.seed, self.last);
            let mut own: Vec<Walker> = over_batches(&mut self.workers, taken, |smooth, batch| {
                walkers(path, smooth, (&starts[batch], false), |i| {
                    stream(seed, 2, i)
                })
            });
            chances.extend(own.iter().map(|w| w.chance));
            own.retain(|w| w.is_kept);
            for_batches(&mut self.workers, &mut own, |smooth, batch| {
                let mut before = 0.0;
                for stop in stops {
                    for w in batch.iter_mut() {
                        w.log_weight += (stop.power - before) * w.state.log_ratio();
                    }
                    before = stop.power;
                    travel(batch, path, smooth, stop);
                }
                for stop in stops.iter().rev().take(1).cycle().take(last) {
                    travel(batch, path, smooth, stop);
                }
            });
            for w in own {
                out.log_q.push(w.state.value - w.log_weight);
                out.points.extend(w.state.point);
                log_weights.push(w.log_weight);
            }
            if from == 0 && variance(&log_weights) > HOPELESS {
                let sd = variance(&log_weights).sqrt();
                return Lost::because(&format!(
                    "the log weights of draws that went to the posterior still vary by {sd:.1} (sd)"
                ));
            }
            if !go_on() {
                return Err(Lost::Interrupted);
            }
        }
        out.points.truncate(n * out.d);
        out.log_q.truncate(n);
        // Of what was proposed a share was kept.
        let (share, error) = self.path.share();
        let rest = mean_of(chances.iter().copied());
        let share = share + rest.value.ln();
        out.error = error.hypot(rest.se / rest.value);
        out.log_q.iter_mut().for_each(|log| *log -= share);
        Ok(out)
    }
}

fn variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n
}

#[cfg(test)]
mod tests;
