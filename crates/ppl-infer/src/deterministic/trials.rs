//! A few steps from each start, to see where it leads.
//!
//! Where there are many starts, plain ascents of the density lead first. A Gaussian that begins at the top of one, as narrow as a
//! point, takes its curvature with the first step, where one that begins wide and far away creeps. Tops may be no more than
//! spikes (the neck of a funnel), so the first start is tried as it is, and all are if that ends higher than any top does.

use super::ascent::same_top;
use super::curvature::Curvature;
use super::gaussian::Gaussian;
use super::modes::{BEHIND, CHANCE};
use super::smooth::BATCH;
use super::{Lost, RUNGS, Solver};

/// Steps from each start before they are compared.
pub(super) const TRIAL_STEPS: usize = 15;

/// Where there are more starts than this, plain ascents lead.
const FEW_STARTS: usize = 3;

/// Tops from which nothing stands still before no more of them are tried.
const SPIKES: usize = 3;

/// The sd at a top, and one that is as good as a point's.
const NARROW: f64 = 0.03;
const POINT: f64 = 1e-9;

/// What the starts led to, so far.
pub(super) struct Trials {
    /// Bounds on the merit set, and Gaussians.
    pub(super) ends: Vec<(f64, Gaussian)>,
    /// For each start the end that it led to.
    pub(super) led: Vec<Option<usize>>,
    /// Which second derivatives there are, once a start was finite.
    pub(super) known: Option<Curvature>,
}

impl Solver<'_> {
    pub(super) fn trials(&mut self, starts: &[Gaussian], merit: &[f64]) -> Result<Trials, Lost> {
        let mut trials = Trials {
            ends: vec![],
            led: vec![None; starts.len()],
            known: None,
        };
        let mut left: Vec<usize> = (1..starts.len()).collect();
        let mut tops = None;
        if let Some(first) = starts.first() {
            if starts.len() > FEW_STARTS {
                // The structure of the curvature shows where draws are wide.
                trials.known = self.finite(first, merit).map(|q| self.curvature(&q));
                tops = Some(self.tops(starts, merit, &mut trials)?);
            }
            trials.led[0] = self.trial(first, merit, &mut trials.known)?.map(|t| t.0);
        }
        if let Some((rest, highest)) = tops {
            let own = trials.led[0].map(|k| self.ends[k].0);
            if own.is_none_or(|own| own <= highest + CHANCE) {
                left = rest;
            }
        }
        for i in left {
            let found = self.trial(&starts[i], merit, &mut trials.known)?;
            trials.led[i] = found.map(|t| t.0).or(trials.led[i]);
        }
        trials.ends = std::mem::take(&mut self.ends);
        Ok(trials)
    }

    /// Trials from the tops, the highest first; the starts whose tops led nowhere, and the highest bound.
    fn tops(
        &mut self,
        starts: &[Gaussian],
        merit: &[f64],
        trials: &mut Trials,
    ) -> Result<(Vec<usize>, f64), Lost> {
        let tops = self.ascents(starts);
        let height = |i: usize| tops[i].as_ref().map_or(f64::NEG_INFINITY, |t| t.0);
        let mut order: Vec<usize> = (0..starts.len()).collect();
        order.sort_by(|a, b| height(*b).total_cmp(&height(*a)));
        let (mut left, mut spikes, mut highest) = (vec![], 0, f64::NEG_INFINITY);
        // Tops that were tried, and the ends that they led to.
        let mut tried: Vec<(usize, &[f64])> = vec![];
        for i in order {
            let Some((_, top)) = &tops[i] else {
                left.push(i);
                continue;
            };
            let same = tried
                .iter()
                .find(|(k, other)| same_top(&self.ends[*k].1, top, other));
            let mut led = same.map(|t| t.0);
            if led.is_none() && spikes < SPIKES {
                let found = match self.at_top(top, &mut trials.known) {
                    Some(narrow) => self.trial(&narrow, merit, &mut trials.known)?,
                    None => None,
                };
                match found {
                    Some((k, true)) => {
                        led = Some(k);
                        highest = highest.max(self.ends[k].0);
                        tried.push((k, top));
                    }
                    _ => spikes += 1,
                }
            }
            match led {
                Some(k) if i > 0 => trials.led[i] = Some(k),
                None if i > 0 => left.push(i),
                _ => {}
            }
        }
        left.sort_unstable();
        Ok((left, highest))
    }

    /// Laplace's approximation at a top, where the density bends down every way; a narrow Gaussian elsewhere. Widths of unknowns may
    /// be apart by many orders of magnitude: those of the coefficients of a column of incomes and of one of shares.
    fn at_top(&mut self, top: &[f64], curvature: &mut Option<Curvature>) -> Option<Gaussian> {
        let point = self.around(top.to_vec(), POINT)?;
        let mut known = match curvature.take() {
            Some(known) => known,
            None => self.curvature(&point),
        };
        let draws = self.draws(BATCH, 0);
        let mut h = self.hessian(&point, &draws, &mut known);
        *curvature = Some(known);
        if self.shape.is_diagonal() {
            h = h.only_diagonal();
        }
        let laplace = match h.is_finite() {
            true => Gaussian::new(&self.by, top.to_vec(), h),
            false => None,
        };
        laplace.or_else(|| self.around(top.to_vec(), NARROW))
    }

    /// A few steps from a start: the end, which may be one that is known, and whether they stand still there.
    fn trial(
        &mut self,
        start: &Gaussian,
        merit: &[f64],
        curvature: &mut Option<Curvature>,
    ) -> Result<Option<(usize, bool)>, Lost> {
        let Some(q) = self.finite(start, merit) else {
            return Ok(None);
        };
        let mut known = match curvature.take() {
            Some(known) => known,
            None => self.curvature(&q),
        };
        let draws = self.draws(RUNGS[0], 0);
        let highest = self.ends.iter().map(|end| end.0).reduce(f64::max);
        self.least = highest.map_or(f64::NEG_INFINITY, |best| best - BEHIND);
        let trial = self.rung(q, &draws, merit, &mut known, TRIAL_STEPS);
        self.least = f64::NEG_INFINITY;
        *curvature = Some(known);
        match trial {
            Ok((q, still)) => {
                let value = self.merit(&q, merit);
                if !value.is_finite() {
                    return Ok(None);
                }
                if let Some(k) = self.joined(&q, value) {
                    return Ok(Some((k, true)));
                }
                self.ends.push((value, q));
                Ok(Some((self.ends.len() - 1, still)))
            }
            Err(Lost::Stopped) => Err(Lost::Stopped),
            Err(Lost::Failed) => Ok(None),
        }
    }
}
