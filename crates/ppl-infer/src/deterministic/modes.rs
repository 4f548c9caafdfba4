//! Optima that are apart: from all starts to the best one, and what the others found.

use super::curvature::Curvature;
use super::estimates::mean;
use super::gaussian::Gaussian;
use super::trials::Trials;
use super::{FINAL, Lost, MERIT, MOST_WORK, RUNGS, STEPS, Solver};
use crate::elbo::log_mean_exp;
use ppl_sparse::Symmetric;
use std::collections::BTreeMap;

/// Ends of trials that go on, at most, and how far below the best they may be.
const CONTENDERS: usize = 8;
pub(super) const BEHIND: f64 = 50.0;

/// Squared distance of the means, in sds of the wider of two Gaussians in the direction between them, beyond which they
/// are optima apart.
const APART: f64 = 9.0;

/// One within which an optimisation is about to end where another did.
const JOINED: f64 = 0.25;

/// Optima so far below the best hold no share of the evidence worth a word.
const NEGLIGIBLE: f64 = 15.0;

/// An earlier start is preferred unless a later one is better by more than this, at the trial and at the end.
pub(super) const CHANCE: f64 = 0.5;
const EQUAL: f64 = 0.01;

/// Nats below the best up to which an optimum counts among those that may be found once: 1% of the evidence.
const COUNTED: f64 = 4.6;

/// Trial ends are not followed up if that computed more numbers than this.
const MOST_FOLLOWED: f64 = 6e10;

/// What the starts led to.
pub(super) struct Ends {
    /// The best.
    pub(super) best: Gaussian,
    /// Which second derivatives there are.
    pub(super) known: Curvature,
    /// Optima apart from it.
    pub(super) others: Vec<Gaussian>,
    /// Starts with finite draws, and those that led to the best.
    pub(super) tried: usize,
    pub(super) agreeing: usize,
    /// Good and Turing's estimate of the share of starts that lead to optima which none has led to.
    pub(super) unseen: f64,
}

impl Ends {
    /// A better optimum takes the place of the best, `by` so many nats.
    pub(super) fn found(&mut self, q: Gaussian, by: f64) {
        let before = std::mem::replace(&mut self.best, q);
        self.agreeing = 1;
        // Those that were near the former best are further behind now.
        match by < NEGLIGIBLE {
            true => self.others.push(before),
            false => self.others.clear(),
        }
        let best = &self.best;
        self.others.retain(|o| apart(o, best));
    }
}

/// Whether two Gaussians describe different places.
pub(super) fn apart(a: &Gaussian, b: &Gaussian) -> bool {
    distance(a, b) > APART
}

/// Squared distance of the means, in sds of the wider of the two in that direction.
fn distance(a: &Gaussian, b: &Gaussian) -> f64 {
    let delta: Vec<f64> = a.mean.iter().zip(&b.mean).map(|(a, b)| a - b).collect();
    let length = |m: &Symmetric| -> f64 {
        let moved = m.times(&delta);
        moved.iter().zip(&delta).map(|(p, v)| p * v).sum()
    };
    length(&a.precision).min(length(&b.precision))
}

impl Solver<'_> {
    /// A few steps from each start; where their ends are apart, the best of them go on until they stand still. So a start that
    /// is slow at first is not given up for it.
    pub(super) fn best_start(
        &mut self,
        starts: Vec<Gaussian>,
        merit: &[f64],
    ) -> Result<Ends, Lost> {
        let Trials {
            mut ends,
            led,
            known,
        } = self.trials(&starts, merit)?;
        let Some(mut known) = known else {
            return Err(Lost::Failed);
        };
        let draws = self.draws(RUNGS[0], 0);
        let tried = led.iter().flatten().count();
        let mut chosen = preferred(&ends, CHANCE).ok_or(Lost::Failed)?;
        // The preferred one, then the best that are apart from it and from each other.
        let mut order: Vec<usize> = (0..ends.len()).collect();
        order.sort_by(|a, b| ends[*b].0.total_cmp(&ends[*a].0));
        let mut contenders = vec![chosen];
        for i in order {
            let new = contenders.iter().all(|k| apart(&ends[*k].1, &ends[i].1));
            if new && contenders.len() < CONTENDERS && ends[i].0 > ends[chosen].0 - BEHIND {
                contenders.push(i);
            }
        }
        // Which contender each start's end is one with, before these go on.
        let led_to = led.iter().flatten().map(|e| {
            let same = |k: &usize| !apart(&ends[*k].1, &ends[*e].1);
            (*e, contenders.iter().copied().find(same))
        });
        let led_to: Vec<(usize, Option<usize>)> = led_to.collect();
        let step = (RUNGS[0] * (1 + known.cost())) as f64 * self.smooth.work as f64;
        if contenders.len() > 1 && step * (STEPS * contenders.len()) as f64 <= MOST_FOLLOWED {
            for &i in &contenders {
                let from = ends[i].1.clone();
                match self.rung(from, &draws, merit, &mut known, STEPS) {
                    Ok((q, _)) => {
                        let value = self.merit(&q, merit);
                        if value.is_finite() {
                            ends[i] = (value, q);
                        }
                    }
                    Err(Lost::Stopped) => return Err(Lost::Stopped),
                    Err(Lost::Failed) => {}
                }
            }
            let followed: Vec<(f64, Gaussian)> =
                contenders.iter().map(|i| ends[*i].clone()).collect();
            if let Some(k) = preferred(&followed, EQUAL) {
                chosen = contenders[k];
            }
        }
        let (value, best) = ends[chosen].clone();
        let agrees = |k: &&usize| !apart(&ends[**k].1, &best);
        let agreeing = led.iter().flatten().filter(agrees).count();
        let mut others: Vec<Gaussian> = vec![];
        let mut counted = vec![&best];
        for &i in &contenders {
            let (own, q) = &ends[i];
            let new = apart(q, &best) && others.iter().all(|o| apart(q, o));
            if new && *own > value - NEGLIGIBLE {
                others.push(q.clone());
            }
            if new && *own > value - COUNTED {
                counted.push(q);
            }
        }
        let places = led_to
            .into_iter()
            .filter_map(|(end, contender)| match contender {
                Some(k) => counted.iter().position(|q| !apart(q, &ends[k].1)),
                // One of more places than could be followed.
                None => (ends[end].0 > value - NEGLIGIBLE).then_some(usize::MAX - end),
            });
        let unseen = found_once(places);
        Ok(Ends {
            best,
            known,
            others,
            tried,
            agreeing,
            unseen,
        })
    }

    /// Which end of an earlier start this is.
    pub(super) fn joined(&self, q: &Gaussian, value: f64) -> Option<usize> {
        let near =
            |(v, end): &(f64, Gaussian)| (v - value).abs() < CHANCE && distance(end, q) < JOINED;
        self.ends.iter().position(near)
    }

    /// Another optimum on more draws, as far as they can be afforded: it may become a part of a mixture.
    pub(super) fn refined(&mut self, q: &Gaussian) -> Gaussian {
        let mut known = self.curvature(q);
        let mut best = q.clone();
        for (k, &n) in RUNGS[1..3].iter().enumerate() {
            let work = (n * (1 + known.cost())) as f64 * self.smooth.work as f64;
            if work > MOST_WORK / 10.0 {
                break;
            }
            let draws = self.draws(n, 1 + k as u64);
            let merit = self.draws(n.max(MERIT), 1 << 20);
            match self.rung(best.clone(), &draws, &merit, &mut known, STEPS) {
                Ok((found, _)) => best = found,
                Err(_) => break,
            }
        }
        best
    }

    /// The bound of an optimum on fresh draws, and its importance-weighted log evidence.
    pub(super) fn weight(&mut self, q: &Gaussian) -> (f64, f64) {
        let d = self.smooth.d;
        let draws = self.draws(self.affordable(FINAL, 256), 11 << 20);
        let mut logs = self.values(q, &draws);
        let volume = q.log_volume() + 0.5 * d as f64 * (2.0 * std::f64::consts::PI).ln();
        for (v, z) in logs.iter_mut().zip(draws.chunks(d)) {
            *v += volume + 0.5 * z.iter().map(|z| z * z).sum::<f64>();
        }
        (mean(&logs), log_mean_exp(&logs).value)
    }
}

/// The share of what led to places where nothing else led: that of places which nothing has led to, as far as that can be told (Good 1953).
fn found_once(places: impl Iterator<Item = usize>) -> f64 {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    places.for_each(|place| *counts.entry(place).or_default() += 1);
    let all: usize = counts.values().sum();
    let once = counts.values().filter(|n| **n == 1).count();
    once as f64 / all.max(1) as f64
}

/// The first of those that no later one is better than by more than `chance`.
fn preferred(ends: &[(f64, Gaussian)], chance: f64) -> Option<usize> {
    let mut best: Option<usize> = None;
    for (i, end) in ends.iter().enumerate() {
        if best.is_none_or(|b| end.0 > ends[b].0 + chance) {
            best = Some(i);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use ppl_sparse::{Elimination, Pattern};
    use std::sync::Arc;

    #[test]
    fn places_found_once_tell_of_others() {
        let share = |places: &[usize]| found_once(places.iter().copied());
        assert_eq!(share(&[0, 0, 0, 0]), 0.0);
        assert_eq!(share(&[0, 0, 0, 7]), 0.25);
        assert_eq!(share(&[3, 1, 2]), 1.0);
        assert_eq!(share(&[]), 0.0);
    }

    #[test]
    fn apart_by_the_wider_of_the_two() {
        let by = Arc::new(Elimination::new(Arc::new(Pattern::full(1)), 1).unwrap());
        let at = |m: f64, sd: f64| Gaussian::round(&by, vec![m], sd).unwrap();
        assert!(apart(&at(0.0, 1.0), &at(4.0, 1.0)));
        assert!(!apart(&at(0.0, 1.0), &at(2.0, 1.0)));
        assert!(!apart(&at(0.0, 2.0), &at(4.0, 0.1)));
    }
}
