//! Modes that searches ended at, for others to begin near them: with the curvature there most get to their own without another.

use super::{Conditional, Given, Search};
use crate::deterministic::dense::Matrix;
use crate::deterministic::smooth::{BATCH, Smooth};
use ppl_sparse::Factor;
use std::sync::PoisonError;

/// Numbers that are held.
const MOST_HELD: usize = 10_000_000;

/// Known thetas that are looked at for each other one.
const NEAREST: usize = 3;

/// Where a search may start, with the curvature of a known mode near it.
#[derive(Default)]
struct Start<'a> {
    z: Vec<f64>,
    factor: Option<&'a Factor>,
}

/// All of them.
#[derive(Default)]
pub(super) struct Known {
    each: Vec<Mode>,
    /// Theta in units in which the fitted Gaussian is standard, a row each, and these units.
    rows: Vec<f64>,
    units: Option<Matrix>,
    held: usize,
}

/// One of them.
pub(super) struct Mode {
    pub(super) theta: Vec<f64>,
    pub(super) mode: Vec<f64>,
    pub(super) factor: Factor,
}

impl Known {
    /// Adds what searches for these thetas, a row each, ended with, if that was a mode; `units` is a lower-triangular factor of theta's covariance.
    pub(super) fn add(&mut self, units: &Matrix, thetas: &[f64], found: Vec<Given>) {
        self.units = Some(units.clone());
        for (theta, given) in thetas.chunks(units.n).zip(found) {
            let Some(factor) = given.factor.filter(|_| given.met) else {
                continue;
            };
            self.held += factor.below().len() + 2 * given.mode.len() + 2 * units.n;
            if self.held > MOST_HELD {
                return;
            }
            let mut row = theta.to_vec();
            units.solve_lower(&mut row);
            self.rows.extend(row);
            self.each.push(Mode {
                theta: theta.to_vec(),
                mode: given.mode,
                factor,
            });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.each.is_empty()
    }

    /// Those whose thetas are nearest, the nearest first.
    pub(super) fn nearest(&self, theta: &[f64], n: usize) -> Vec<&Mode> {
        let Some(units) = &self.units else {
            return vec![];
        };
        let mut own = theta.to_vec();
        units.solve_lower(&mut own);
        let away = |row: &[f64]| -> f64 {
            let pairs = row.iter().zip(&own);
            pairs.map(|(a, b)| (a - b).powi(2)).sum()
        };
        let mut all: Vec<(f64, usize)> = { self.rows.chunks(units.n).enumerate() }
            .map(|(i, row)| (away(row), i))
            .collect();
        let order = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        if all.len() > n {
            all.select_nth_unstable_by(n, order);
            all.truncate(n);
        }
        all.sort_by(order);
        all.into_iter().map(|(_, i)| &self.each[i]).collect()
    }
}

impl Conditional {
    /// Searches, each from where the density is highest of the fitted Gaussian's conditional mean and what the nearest of the known thetas
    /// suggest: z may have several modes given theta.
    pub(super) fn searches(&self, smooth: &mut Smooth, thetas: &[f64]) -> Vec<Search> {
        let thetas = thetas.chunks(self.theta.len());
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let starts: Vec<Vec<Start<'_>>> = thetas.clone().map(|t| self.starts(&known, t)).collect();
        let mut values = vec![];
        // One start is no choice.
        if !known.is_empty() {
            let each = starts.iter().zip(thetas);
            let points = each.flat_map(|(s, theta)| s.iter().map(|s| self.point(theta, &s.z)));
            for batch in points.collect::<Vec<_>>().chunks(BATCH) {
                smooth.values(&batch.concat(), &mut values);
            }
        }
        let mut values = values.into_iter();
        let search = |starts: Vec<Start<'_>>| {
            let mut best: Option<(f64, Start<'_>)> = None;
            for start in starts {
                let value = values.next().unwrap_or(0.0);
                let is_better = |(most, _): &(f64, Start<'_>)| value > *most || most.is_nan();
                if best.as_ref().is_none_or(is_better) {
                    best = Some((value, start));
                }
            }
            let start = best.map(|b| b.1).unwrap_or_default();
            let search = Search::from(start.z);
            match start.factor {
                Some(factor) => search.by(factor.clone()),
                None => search,
            }
        };
        starts.into_iter().map(search).collect()
    }

    /// Where a search may start: at a mode nearby as it is, and moved as the fitted Gaussian's mean moves, which along a line may lead astray.
    fn starts<'a>(&self, known: &'a Known, theta: &[f64]) -> Vec<Start<'a>> {
        let z = self.start(theta);
        let near = known.nearest(theta, NEAREST);
        let near = near.into_iter().flat_map(|near| {
            let pairs = z.iter().zip(self.start(&near.theta));
            let moved = pairs.zip(&near.mode).map(|((to, from), z)| z + to - from);
            [moved.collect(), near.mode.clone()].map(|z| Start {
                z,
                factor: Some(&near.factor),
            })
        });
        let mut out: Vec<Start<'a>> = near.collect();
        out.push(Start { z, factor: None });
        out
    }

    /// Lets later searches begin where these ended, given theta and units of theta; where one costs more than a step.
    pub(in super::super) fn remember(&self, units: &Matrix, thetas: &[f64], found: Vec<Given>) {
        if !(self.is_exact() || self.curved) {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.add(units, thetas, found);
        }
    }
}
