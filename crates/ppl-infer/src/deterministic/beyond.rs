//! What lies where a guide hardly reaches, by draws that know nothing of it.
//!
//! Importance weights say nothing of what no draw meets: a mode that no start led to, a component of a mixture that may be empty and then
//! follows its prior. Draws of the prior, roughly, meet it if it is wide there. Their weights have a huge variance where the guide is, which
//! is known better by its own draws; so both are asked for the mass of one region alone, where the density is many times what the
//! optima's Gaussians q give it:
//!
//! ```text
//! R = { z : p(x, z) > T Z q(z) }       mass by draws of g: mean of 1[z in R] p(x, z) / (g(z) Z)
//! ```
//!
//! Both estimates are unbiased, whatever the shapes; a region that the draws of g miss as well stays unseen. Where they differ and it is not sure,
//! draws around those that were met in R tell it better (population Monte Carlo: Cappé, Guillin, Marin and Robert 2004).

use super::annealed::{LN_2PI, Part, mixture};
use super::gaussian::Gaussian;
use super::layout::Layout;
use super::proposals::Proposals;
use super::smooth::{BATCH, Smooth};
use super::{Solver, starts};
use crate::elbo::log_mean_exp;
use crate::objective::ObjectiveError;
use crate::options::Silent;
use crate::source::Drawn;
use ppl_engine::random::Address;
use ppl_model::Bound;

/// Draws of a round, numbers that they may compute, and the fewest that are of use.
const DRAWS: usize = 20_000;
const MOST_WORK: f64 = 3e7;
const LEAST: usize = 1000;

/// Rounds, the first with draws of the prior.
const ROUNDS: u64 = 4;

/// Unknowns beyond which draws of the prior meet nothing.
const MOST: usize = 60;

/// How many times more than by the Gaussians the density is in the region.
const TIMES: f64 = 10.0;

/// A share of the posterior that is worth a word; standard errors by which it is known, and effective draws that this takes; standard errors
/// by which it must be out of the question for there to be no further round.
const SHARE: f64 = 0.02;
const SURE: f64 = 3.5;
const EFFECTIVE: f64 = 20.0;
const HINT: f64 = 2.0;

/// Purpose of the random numbers.
const PURPOSE: u32 = 16;

/// Draws of the prior with what the model and the Gaussians say of them.
pub(crate) struct Beyond {
    names: Vec<String>,
    /// The optima's Gaussians with the logarithms of their shares.
    parts: Vec<(Gaussian, f64)>,
    smooth: Smooth,
    seed: u64,
    n: usize,
    prior: Proposals,
    first: Round,
}

/// Draws of one round.
struct Round {
    points: Vec<f64>,
    /// log p - log g, and log p - log q.
    log_weights: Vec<f64>,
    log_ratios: Vec<f64>,
}

/// The draws of the guide that is asked.
pub(crate) enum Own<'a> {
    /// Log weights of draws of the optima's Gaussians themselves.
    Gaussians(&'a [f64]),
    /// Those of draws that came in another way.
    Drawn(&'a Drawn, &'a [f64]),
}

impl Beyond {
    /// Draws of the prior against Gaussians with these parameters and shares; `None` where they could tell nothing.
    pub(crate) fn new(
        bound: &Bound,
        layout: &Layout,
        parts: &[Part<'_>],
        seed: u64,
    ) -> Result<Option<Beyond>, ObjectiveError> {
        let mut silent = Silent;
        let Some((first, _)) = parts.first() else {
            return Ok(None);
        };
        let opened = Solver::open_at(bound, layout, first, seed, &mut silent)?;
        let Some((mut solver, q)) = opened.filter(|(solver, _)| !solver.is_matrix_free()) else {
            return Ok(None);
        };
        let n = DRAWS.min((MOST_WORK / solver.smooth.work.max(1) as f64) as usize);
        let improper = layout.improper(bound).contains(&true) || !bound.evidence_defined();
        if solver.smooth.d > MOST || n < LEAST || improper || solver.smooth.quadratic {
            return Ok(None);
        }
        let by = q.factor.elimination().clone();
        let part = |(params, share): &Part<'_>| Some((layout.gaussian(&by, params)?, share.ln()));
        let Some(parts) = parts.iter().map(part).collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let Some(prior) = starts::prior_gaussian(bound, layout, &mut solver)? else {
            return Ok(None);
        };
        let sds = prior.factor.variances().into_iter().map(f64::sqrt);
        let prior = Proposals::product(prior.mean.clone(), sds.collect());
        let mut smooth = solver.smooth;
        let first = Round::drawn(&prior, &parts, &mut smooth, (n, seed, 0));
        Ok(Some(Beyond {
            names: layout.names(bound),
            parts,
            smooth,
            seed,
            n,
            prior,
            first,
        }))
    }

    /// What a guide lacks, in words that follow "by draws of the prior, ", where it lacks a share of the posterior.
    pub(crate) fn missed(&mut self, own: &Own<'_>) -> Option<String> {
        let own_weights = match own {
            Own::Gaussians(log_weights) | Own::Drawn(_, log_weights) => *log_weights,
        };
        let log_z = log_mean_exp(own_weights).value;
        let edge = log_z + TIMES.ln();
        let known = match own {
            Own::Gaussians(ratios) => Mass::of(ratios, ratios, (edge, log_z)),
            Own::Drawn(drawn, log_weights) => {
                let log_q = ln_densities(&self.parts, &drawn.points);
                let each = log_weights.iter().zip(&drawn.log_q).zip(log_q);
                let ratios: Vec<f64> = each.map(|((w, own), q)| w + own - q).collect();
                Mass::of(log_weights, &ratios, (edge, log_z))
            }
        };
        let mut later: Option<Round> = None;

        for round in 1..=ROUNDS {
            let seen = later.as_ref().unwrap_or(&self.first);
            let found = Mass::of(&seen.log_weights, &seen.log_ratios, (edge, log_z));
            let missing = found.value - known.value;
            let se = found.se.hypot(known.se);
            if missing > SHARE && missing > SURE * se && found.effective >= EFFECTIVE {
                return Some(format!(
                    "some {:.0}% of the posterior lies where the guide hardly has a draw{}",
                    100.0 * missing / (1.0 + missing),
                    self.place(seen, edge, log_z)
                ));
            }
            // As far as these draws tell, nothing that is worth a word.
            if missing + HINT * se < SHARE || round == ROUNDS {
                return None;
            }
            let inside = |i: &usize| seen.log_ratios[*i] > edge;
            let met: Vec<usize> = (0..seen.log_ratios.len()).filter(inside).collect();
            let around = self.prior.around(&seen.points, &seen.log_weights, &met)?;
            let address = (self.n, self.seed, round);
            later = Some(Round::drawn(
                &around,
                &self.parts,
                &mut self.smooth,
                address,
            ));
        }
        None
    }

    /// Where the region is: the unknown that is farthest from the heaviest Gaussian's middle, in its sds.
    fn place(&self, seen: &Round, edge: f64, log_z: f64) -> String {
        let heaviest = self.parts.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((q, _)) = heaviest else {
            return String::new();
        };
        let d = q.mean.len();
        let sds: Vec<f64> = q.factor.variances().into_iter().map(f64::sqrt).collect();
        let (mut total, mut away) = (0.0, vec![0.0; d]);
        let all = seen.log_weights.iter().zip(&seen.log_ratios);
        for ((w, ratio), x) in all.zip(seen.points.chunks(d)) {
            if *ratio > edge {
                let w = (w - log_z).exp();
                total += w;
                for (i, away) in away.iter_mut().enumerate() {
                    *away += w * (x[i] - q.mean[i]) / sds[i];
                }
            }
        }
        let most = (0..d).max_by(|a, b| away[*a].abs().total_cmp(&away[*b].abs()));
        match most.filter(|i| total > 0.0 && away[*i].is_finite()) {
            Some(i) => {
                let side = if away[i] > 0.0 { "large" } else { "small" };
                format!(", towards {side} `{}`", self.names[i])
            }
            None => String::new(),
        }
    }
}

impl Round {
    fn drawn(
        from: &Proposals,
        parts: &[(Gaussian, f64)],
        smooth: &mut Smooth,
        (n, seed, round): (usize, u64, u64),
    ) -> Round {
        let address = Address {
            seed,
            purpose: PURPOSE,
            step: round,
            block: 0,
        };
        let points = from.draws(n, &mut address.stream());
        let mut values = vec![];
        for batch in points.chunks(BATCH * smooth.d) {
            smooth.values(batch, &mut values);
        }
        let less = |log: Vec<f64>| -> Vec<f64> {
            let pairs = values.iter().zip(log);
            pairs.map(|(p, other)| p - other).collect()
        };
        Round {
            log_weights: less(from.ln_densities(&points)),
            log_ratios: less(ln_densities(parts, &points)),
            points,
        }
    }
}

/// The mass of a region, its standard error, and the effective draws in it.
struct Mass {
    value: f64,
    se: f64,
    effective: f64,
}

impl Mass {
    /// Of the region in which the ratios are above the edge.
    fn of(log_weights: &[f64], ratios: &[f64], (edge, log_z): (f64, f64)) -> Mass {
        let n = log_weights.len() as f64;
        let (mut sum, mut squares) = (0.0, 0.0);
        let inside = log_weights.iter().zip(ratios).filter(|(_, r)| **r > edge);
        for w in inside.map(|(w, _)| (w - log_z).exp()) {
            sum += w;
            squares += w * w;
        }
        let value = sum / n;
        Mass {
            value,
            se: ((squares / n - value * value) / n).max(0.0).sqrt(),
            effective: if squares > 0.0 {
                sum * sum / squares
            } else {
                0.0
            },
        }
    }
}

/// Log densities of a mixture of Gaussians.
fn ln_densities(parts: &[(Gaussian, f64)], points: &[f64]) -> Vec<f64> {
    let Some(d) = parts.first().map(|p| p.0.mean.len()) else {
        return vec![];
    };
    let constant = 0.5 * LN_2PI * d as f64;
    let mut slope = vec![0.0; d];
    let all = points.chunks(d);
    all.map(|x| mixture(parts, x, &mut slope) - constant)
        .collect()
}
