//! The unknowns z given theta: a Gaussian around the mode of log p(theta, z) over z, with the curvature there as its precision.
//! For a Gaussian conditional that is exact; for others it is Laplace's approximation. Beside it, what does not meet it and has a
//! conditional of a known family: a member of that, from the slopes at two points. Where all of z are independent of each other given
//! theta, curves can take the Gaussian's place, see [`curve`](super::curve).

mod followed;
mod given;
mod known;

use super::curve::NODES;
use super::families::{Form, Member};
use super::hessians::{Hessians, part, restricted};
use super::search::Search;
use crate::deterministic::gaussian::Gaussian;
use crate::deterministic::smooth::{BATCH, Smooth};
use ppl_sparse::{Elimination, Factor, Pattern, Symmetric};
use std::sync::{Arc, RwLock};

pub(super) use given::Given;
use known::Known;

/// Gradients that the search for a mode may take.
const STEPS: usize = 200;

/// Searches that share batches, at most.
const POOL: usize = 8 * BATCH;

/// Numbers that the searches of a pool may hold, each a curvature with its factor; but for a batch, which always may be had.
const MOST_POOLED: usize = 5_000_000;

/// Parts of the fitted precision's diagonal that make the curvature definite: far from the fitted mean it may take many times that.
const SHIFTS: [f64; 9] = [0.0, 0.1, 0.4, 1.6, 6.4, 26.0, 100.0, 400.0, 1600.0];

/// The points that members of families are found by, in conditional sds from the fitted mean.
const TWO: [f64; 2] = [-1.0, 1.0];

/// The unknowns in two parts: theta, and the rest given it.
pub(super) struct Conditional {
    /// Unknowns that are theta.
    pub(super) theta: Vec<usize>,
    hessians: Hessians,
    by: Option<Arc<Elimination>>,
    /// Means of theta and of the rest under the fitted Gaussian.
    centre: (Vec<f64>, Vec<f64>),
    /// Slopes of the rest on theta under the fitted Gaussian: one column after the other.
    slopes: Vec<f64>,
    /// The fitted Gaussian's precision of the rest, for where there is no curvature to go by.
    fallback: Option<Factor>,
    diagonal: Vec<f64>,
    /// Whether the curvature does not depend on the rest.
    steady: bool,
    /// Whether the Gaussian's part is independent numbers, whose densities are followed.
    curved: bool,
    /// Length of the unconstrained vector.
    d: usize,
    exact: Vec<Exact>,
    /// Where searches ended before: read by all workers, written between their rounds.
    known: RwLock<Known>,
}

/// An unknown whose conditional is of a known family.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exact {
    pub(super) unknown: usize,
    pub(super) form: Form,
    /// A point, and a length in which the density changes.
    pub(super) at: f64,
    pub(super) scale: f64,
}

impl Conditional {
    /// `structure`: where the Hessian may be other than zero; `scales`: where it must be differenced. What is `exact` meets neither
    /// each other nor what is neither exact nor theta.
    pub(super) fn new(
        q: &Gaussian,
        (theta, exact): (Vec<usize>, Vec<Exact>),
        structure: &Pattern,
        scales: Option<&[f64]>,
        smooth: &mut Smooth,
    ) -> Option<Conditional> {
        let d = q.mean.len();
        let mut open = vec![true; d];
        let apart = theta.iter().chain(exact.iter().map(|e| &e.unknown));
        apart.for_each(|i| open[*i] = false);
        let rest: Vec<usize> = (0..d).filter(|i| open[*i]).collect();
        let of = |unknowns: &[usize]| unknowns.iter().map(|i| q.mean[*i]).collect();
        let centre: (Vec<f64>, Vec<f64>) = (of(&theta), of(&rest));
        let hessians = Hessians::new(rest.clone(), structure, scales, smooth);
        let (mut by, mut fallback, mut slopes) = (None, None, vec![]);
        if !rest.is_empty() {
            let order = Elimination::new(hessians.pattern().clone(), usize::MAX)?;
            let order = Arc::new(order);
            let own = part(&q.precision, &rest, order.pattern().clone());
            fallback =
                Factor::new(&order, &own).or_else(|| Factor::new(&order, &own.only_diagonal()));
            by = Some(order.clone());
            let full = Arc::new(restricted(&q.precision.pattern, &rest));
            let order = match full == *order.pattern() {
                true => order,
                false => Arc::new(Elimination::new(full.clone(), usize::MAX)?),
            };
            let factor = Factor::new(&order, &part(&q.precision, &rest, full))?;
            for t in &theta {
                let across = rest.iter().map(|i| {
                    let place = q.precision.pattern.place(*i, *t);
                    place.map_or(0.0, |p| -q.precision.values[p])
                });
                let mut across: Vec<f64> = across.collect();
                factor.solve(&mut across);
                slopes.extend(across);
            }
        }
        let all: Vec<f64> = q.precision.diagonal().collect();
        let mut out = Conditional {
            diagonal: rest.iter().map(|i| all[*i]).collect(),
            theta,
            hessians,
            by,
            centre,
            slopes,
            fallback,
            steady: false,
            curved: false,
            d,
            exact,
            known: RwLock::default(),
        };
        out.steady = out.is_steady(smooth);
        Some(out)
    }

    /// Length of the Gaussian's part of z.
    pub(super) fn len(&self) -> usize {
        self.hessians.unknowns.len()
    }

    /// Whether anything is left given theta.
    pub(super) fn is_partial(&self) -> bool {
        self.len() + self.exact.len() > 0
    }

    /// Whether z is exactly as it is described: no Laplace's approximation.
    pub(super) fn is_exact(&self) -> bool {
        self.len() == 0 || self.steady
    }

    /// The unknowns of the Gaussian's part.
    pub(super) fn gaussian(&self) -> &[usize] {
        &self.hessians.unknowns
    }

    /// What is of a known family.
    pub(super) fn exact(&self) -> &[Exact] {
        &self.exact
    }

    /// Gradients for one theta, roughly.
    pub(super) fn cost(&self) -> usize {
        let members = if self.exact.is_empty() { 0 } else { TWO.len() };
        members
            + match (self.len(), self.steady) {
                (0, _) => 1,
                (_, true) => 2 + self.hessians.cost(),
                // Most searches begin near another's mode.
                (_, false) => 4 + 3 * self.hessians.cost() / 2,
            }
            + if self.curved { NODES } else { 0 }
    }

    /// Whether the curvature of z is the same for all z, as far as two points say.
    fn is_steady(&self, smooth: &mut Smooth) -> bool {
        let sds = self.diagonal.iter().map(|v| v.sqrt().recip());
        let moved: Vec<f64> = (sds.zip(&self.centre.1).enumerate())
            .map(|(k, (sd, m))| m + sd * (0.7 + 0.1 * (k % 7) as f64))
            .collect();
        let points = [
            self.point(&self.centre.0, &self.centre.1),
            self.point(&self.centre.0, &moved),
        ]
        .concat();
        let seen = self.hessians.at(smooth, &points);
        let pairs = seen[0].values.iter().zip(&seen[1].values);
        let places = self.hessians.pattern().places();
        pairs.zip(places).all(|((a, b), (i, j))| {
            (a - b).abs() <= 1e-9 * (self.diagonal[i] * self.diagonal[j]).sqrt()
        })
    }

    /// Theta and z in one vector; what z does not say of the members of families is where these are held.
    pub(super) fn point(&self, theta: &[f64], z: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.d];
        for e in &self.exact {
            out[e.unknown] = e.at;
        }
        for (i, v) in self.theta.iter().zip(theta) {
            out[*i] = *v;
        }
        for (i, v) in self.unknowns().zip(z) {
            out[i] = *v;
        }
        out
    }

    /// What z consists of.
    fn unknowns(&self) -> impl Iterator<Item = usize> + '_ {
        let own = self.hessians.unknowns.iter().copied();
        own.chain(self.exact.iter().map(|e| e.unknown))
    }

    /// The rest of a whole vector.
    pub(super) fn rest(&self, point: &[f64]) -> Vec<f64> {
        self.unknowns().map(|i| point[i]).collect()
    }

    /// The members of families given theta and the Gaussian's part, for each of a batch.
    fn members(
        &self,
        smooth: &mut Smooth,
        thetas: &[&[f64]],
        all: &[Search],
    ) -> Vec<Option<Vec<Member>>> {
        if self.exact.is_empty() {
            return vec![Some(vec![]); all.len()];
        }
        let mut slopes = vec![];
        for away in TWO {
            let points = all.iter().zip(thetas).flat_map(|(s, t)| {
                let mut point = self.point(t, &s.z);
                for e in &self.exact {
                    point[e.unknown] += away * e.scale;
                }
                point
            });
            let points: Vec<f64> = points.collect();
            let (mut values, mut gradients) = (vec![0.0; all.len()], vec![0.0; points.len()]);
            smooth.gradients_of_each(&points, &mut values, &mut gradients);
            slopes.push(gradients);
        }
        let of = |row: usize, e: &Exact| {
            let points = TWO.map(|away| e.at + away * e.scale);
            let slopes = [0, 1].map(|k: usize| slopes[k][row * self.d + e.unknown]);
            e.form.member(&points, &slopes)
        };
        (0..all.len())
            .map(|row| self.exact.iter().map(|e| of(row, e)).collect())
            .collect()
    }

    /// Lets searches start from z, whatever theta is, until they are centred anew.
    pub(super) fn recentre(&mut self, theta: &[f64], z: &[f64]) {
        self.centre = (theta.to_vec(), z.to_vec());
        self.slopes.fill(0.0);
    }

    /// Where the search starts: the fitted Gaussian's conditional mean.
    fn start(&self, theta: &[f64]) -> Vec<f64> {
        let mut z = self.centre.1.clone();
        for (t, slope) in self.slopes.chunks(self.len().max(1)).enumerate() {
            let by = theta[t] - self.centre.0[t];
            z.iter_mut().zip(slope).for_each(|(z, s)| *z += s * by);
        }
        z
    }

    /// z given each of up to [`Conditional::together`] thetas, by damped Newton steps; where the density is not finite or the search
    /// leads nowhere, wherever that ended.
    pub(super) fn given(&self, smooth: &mut Smooth, thetas: &[f64]) -> Vec<Given> {
        let starts = match self.theta.len() {
            0 => vec![Search::from(self.start(thetas))],
            _ => self.searches(smooth, thetas),
        };
        self.given_by(smooth, thetas, starts)
    }

    /// How many thetas may be looked at together: searches in a pool fill their batches with those that go on.
    pub(super) fn together(&self) -> usize {
        match self.curved || !self.exact.is_empty() {
            true => BATCH,
            false => {
                let factor = self.by.as_ref().map_or(0, |by| by.len());
                let each = 4 * self.d + self.hessians.pattern().len() + factor;
                (MOST_POOLED / each.max(1) / BATCH * BATCH).clamp(BATCH, POOL)
            }
        }
    }

    /// The same from other starts.
    pub(super) fn given_from(
        &self,
        smooth: &mut Smooth,
        thetas: &[f64],
        starts: Vec<Vec<f64>>,
    ) -> Vec<Given> {
        let starts = starts.into_iter().map(Search::from).collect();
        self.given_by(smooth, thetas, starts)
    }

    fn given_by(&self, smooth: &mut Smooth, thetas: &[f64], mut all: Vec<Search>) -> Vec<Given> {
        let k = self.theta.len();
        let thetas: Vec<&[f64]> = match k {
            // Nothing is given: one answer.
            0 => vec![thetas],
            _ => thetas.chunks(k).collect(),
        };
        let (values, gradients) = self.look(smooth, &thetas, &all);
        for ((s, v), g) in all.iter_mut().zip(values).zip(gradients) {
            (s.value, s.gradient) = (v, g);
            s.done = !v.is_finite() || s.gradient.iter().any(|g| !g.is_finite());
        }
        if self.curved {
            self.settle(smooth, &thetas, &mut all);
        } else if self.len() > 0 {
            if all.iter().any(|s| s.stale) {
                self.curve(smooth, &thetas, &mut all);
            }
            for s in all.iter_mut().filter(|s| s.step.is_empty() && !s.done) {
                s.aim(None);
            }
            for _ in 0..STEPS {
                let goes = |i: &usize| !(all[*i].done || all[*i].stale);
                let under_way: Vec<usize> = (0..all.len()).filter(goes).collect();
                if under_way.is_empty() {
                    if all.iter().all(|s| s.done) {
                        break;
                    }
                    // No search gets further without: the curvatures of many are taken together.
                    self.curve(smooth, &thetas, &mut all);
                    continue;
                }
                let ahead = { under_way.iter() }.map(|i| self.point(thetas[*i], &all[*i].ahead()));
                let (values, gradients) = self.look_at(smooth, ahead.collect());
                for ((i, v), g) in under_way.iter().zip(values).zip(gradients) {
                    all[*i].take(v, g, self.steady);
                }
            }
            if all.iter().any(|s| s.stale) {
                self.curve(smooth, &thetas, &mut all);
            }
        }
        let members = self.members(smooth, &thetas, &all);
        let slopes = self.slopes_around(smooth, &thetas, &all);
        all.into_iter()
            .zip(members)
            .zip(slopes)
            .map(|((s, members), slopes)| Given {
                lost: self.curved && slopes.is_none(),
                slopes,
                met: self.len() == 0 || s.met && s.definite,
                factor: s.factor.or_else(|| self.fallback.clone()),
                mode: s.z,
                value: s.value,
                members,
                held: self.exact.iter().map(|e| e.at).collect(),
            })
            .collect()
    }

    /// Values and gradients of z where the searches stand.
    fn look(
        &self,
        smooth: &mut Smooth,
        thetas: &[&[f64]],
        all: &[Search],
    ) -> (Vec<f64>, Vec<Vec<f64>>) {
        let points = thetas.iter().zip(all).map(|(t, s)| self.point(t, &s.z));
        self.look_at(smooth, points.collect())
    }

    /// Values and gradients of z at points.
    fn look_at(&self, smooth: &mut Smooth, points: Vec<Vec<f64>>) -> (Vec<f64>, Vec<Vec<f64>>) {
        let (mut values, mut gradients) = (vec![], vec![]);
        for batch in points.chunks(BATCH) {
            let n = batch.len();
            let (mut own, mut slopes) = (vec![0.0; n], vec![0.0; n * self.d]);
            smooth.gradients_of_each(&batch.concat(), &mut own, &mut slopes);
            let of = |row: &[f64]| self.hessians.unknowns.iter().map(|i| row[*i]).collect();
            values.extend(own);
            gradients.extend(slopes.chunks(self.d).map(of));
        }
        (values, gradients)
    }

    /// The curvature where the searches stand that wait for it, and the next step of those under way.
    fn curve(&self, smooth: &mut Smooth, thetas: &[&[f64]], all: &mut [Search]) {
        let stale: Vec<usize> = (0..all.len()).filter(|i| all[*i].stale).collect();
        for batch in stale.chunks(BATCH) {
            let points = batch.iter().map(|i| self.point(thetas[*i], &all[*i].z));
            let seen = self
                .hessians
                .at(smooth, &points.collect::<Vec<_>>().concat());
            for (i, h) in batch.iter().zip(seen) {
                let s = &mut all[*i];
                (s.factor, s.definite) = self.definite(&h);
                (s.stale, s.moved) = (false, 0.0);
                if !s.done {
                    s.aim(self.fallback.as_ref());
                }
            }
        }
    }

    /// The factor of a curvature, with as little of the fitted precision's diagonal as makes it definite, and whether that is none.
    fn definite(&self, h: &Symmetric) -> (Option<Factor>, bool) {
        let Some(by) = &self.by else {
            return (None, false);
        };
        let own = Symmetric::of_diagonal(h.pattern.clone(), self.diagonal.iter().copied());
        let of = |part: &f64| Factor::new(by, &h.combine(1.0, &own, *part));
        let found = SHIFTS.iter().find_map(|part| Some((of(part)?, *part)));
        let definite = matches!(found, Some((_, 0.0)));
        (found.map(|f| f.0), definite)
    }
}
