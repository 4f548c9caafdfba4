//! Skewness and tail weight in the whitened basis, by quasi-Newton steps on frozen draws from the Gaussian optimum.

use super::whitened::Whitened;
use super::{Base, Climbed, End, MOST_WORK, Reached, Rung};
use crate::elbo::mean_of;
use crate::lbfgs;
use crate::options::{Observer, Progress};
use crate::stochastic::{Outcome, Target};
use std::time::Instant;

/// The rung.
pub(super) struct Skewed;

/// Draws of a batch, and batches.
const DRAWS: usize = 64;
const BATCHES: (u64, u64) = (8, 48);

/// Calls of the bound and its gradient on all frozen draws.
const CALLS: usize = 70;
const FEWEST_CALLS: usize = 20;

/// Draws for each coordinate of the Gaussian's correlations; with fewer they would be fitted to the draws.
const DRAWS_EACH: usize = 60;

/// First address of the frozen draws.
const FROZEN: u64 = 1 << 40;

/// Standard errors by which a slope of the bound is other than zero.
const CLEAR: f64 = 2.5;

/// Batches for a last look at the gradient.
const LOOK: u64 = 32;

impl Rung for Skewed {
    fn family(&self) -> &'static str {
        "skewed"
    }

    fn purpose(&self) -> &'static str {
        "for skewness and long tails"
    }

    fn unsuited(&self, base: &Base<'_>) -> Option<String> {
        if base.has_modes() {
            return Some(
                "the posterior has modes apart, which bending one Gaussian does not reach".into(),
            );
        }
        (!base.is_dense()).then(|| "the guide is not one Gaussian of any covariance".into())
    }

    fn climb(&self, base: &Base<'_>, observer: &mut dyn Observer) -> Climbed {
        let started = Instant::now();
        let (guided, objective, start) = match base.opened(self, DRAWS)? {
            Ok(opened) => opened,
            Err(why) => return Ok(Err(why)),
        };
        let d = objective.params[0].init.len();
        let afford = |calls: usize| MOST_WORK / (objective.work as f64 * calls as f64);
        let batches = (afford(CALLS) as u64).clamp(BATCHES.0, BATCHES.1);
        let calls = (MOST_WORK / (objective.work as f64 * batches as f64)) as usize;
        if calls < FEWEST_CALLS {
            return Ok(Err("a gradient costs too much".into()));
        }
        let free = d * (d - 1) / 2 * DRAWS_EACH <= batches as usize * DRAWS;
        let offsets = [0, 1, 2, 3].map(|i| objective.params[i].offset);
        let mut target = Whitened::of(objective, start, (0, 1), free);
        let bent = bent(&mut target, [offsets[2], offsets[3]], d, batches);
        if bent.iter().all(|b| !b) {
            return Ok(Err(
                "no direction is skewed, or has tails that are not a Gaussian's, beyond chance"
                    .into(),
            ));
        }
        if !free {
            // What does not matter would be fitted to the draws.
            let mut held = vec![true; target.n_params()];
            let [location, factor, skew, tail] = offsets;
            for i in (0..d).filter(|i| bent[*i]) {
                for at in [location, factor + d * d, skew, tail] {
                    held[at + i] = false;
                }
            }
            target.hold(held);
        }
        let mut stopped = false;
        let (mut steps, steps_before) = (0, base.chosen.optimum.steps);
        let peak = lbfgs::climb(target.initial(), calls.min(CALLS), &mut |y, g| {
            steps += 1;
            let value = match stopped {
                true => f64::NAN,
                false => target.mean(y, FROZEN, batches, g),
            };
            stopped |= !observer.progress(Progress {
                phase: "optimise",
                step: steps_before + steps,
                max_steps: base.options.max_steps,
                elbo: value,
                elbo_se: f64::NAN,
            });
            value
        });
        let Some(peak) = peak else {
            return Ok(Err("the bound is not finite on its draws".into()));
        };
        let gradient = target.residual(&peak.at, LOOK);
        let draws = (peak.calls as u64 * batches + LOOK) as usize * DRAWS;
        let params = target.params_at(&peak.at);
        let outcome = match stopped {
            true => Outcome::Interrupted,
            false => Outcome::Converged,
        };
        let end = End {
            params,
            elbo: peak.value,
            steps: peak.calls,
            draws,
            outcome,
            gradient,
        };
        Ok(Ok(Reached::Optimum(base.reached(
            guided,
            target.into_objective(),
            end,
            started,
        ))))
    }
}

/// The directions along which the slope of the bound by the skewness or by the tail weight is no chance.
fn bent(target: &mut Whitened, offsets: [usize; 2], d: usize, batches: u64) -> Vec<bool> {
    let y = target.initial();
    let mut g = vec![0.0; y.len()];
    let mut slopes: Vec<Vec<f64>> = vec![vec![]; 2 * d];
    for step in 0..batches {
        target.estimate(&y, FROZEN + step, &mut g);
        for (k, at) in offsets.iter().enumerate() {
            for i in 0..d {
                slopes[k * d + i].push(g[at + i]);
            }
        }
    }
    let clear = |values: &[f64]| {
        let slope = mean_of(values.iter().copied());
        slope.value.abs() > CLEAR * slope.se
    };
    (0..d)
        .map(|i| clear(&slopes[i]) || clear(&slopes[d + i]))
        .collect()
}
