//! z as independent numbers whose densities are followed: each finds its own mode, and its slopes around that make a curve.

use super::super::curve::{NODE, NODES, falls_off};
use super::super::roots::Root;
use super::{Conditional, STEPS, Search};
use crate::deterministic::smooth::Smooth;

impl Conditional {
    /// Follows the density of each number of z, where these are independent of each other and no Gaussians.
    pub(in super::super) fn follow(mut self) -> Conditional {
        let apart = self.hessians.pattern().places().all(|(i, j)| i == j);
        self.curved = apart && !self.steady && self.len() > 0;
        self
    }

    /// Whether it does so.
    pub(in super::super) fn is_curved(&self) -> bool {
        self.curved
    }

    /// Lets each number of each search find its own mode, and takes the curvature there.
    pub(super) fn settle(&self, smooth: &mut Smooth, thetas: &[&[f64]], all: &mut [Search]) {
        let sds: Vec<f64> = self.diagonal.iter().map(|v| v.sqrt().recip()).collect();
        let begun = |s: &Search| -> Vec<Root> {
            let each = s.z.iter().zip(&sds);
            each.map(|(z, sd)| Root::new(*z, *sd)).collect()
        };
        let mut roots: Vec<Vec<Root>> = all.iter().map(begun).collect();
        for _ in 0..STEPS {
            for (s, roots) in all.iter_mut().zip(&mut roots) {
                for (root, slope) in roots.iter_mut().zip(&s.gradient) {
                    root.take(*slope);
                }
                s.z = roots.iter().map(|root| root.at).collect();
                s.met = roots.iter().all(|root| root.done);
            }
            let (values, gradients) = self.look(smooth, thetas, all);
            for ((s, v), g) in all.iter_mut().zip(values).zip(gradients) {
                (s.value, s.gradient) = (v, g);
            }
            if all.iter().all(|s| s.met) {
                break;
            }
        }
        // The curvature is for the curves' widths: no further step.
        all.iter_mut().for_each(|s| s.done = true);
        self.curve(smooth, thetas, all);
    }

    /// For each of a batch the slopes of each number's log density around where the search ended: given theta they do not depend on the
    /// other numbers, so that all move at once.
    pub(super) fn slopes_around(
        &self,
        smooth: &mut Smooth,
        thetas: &[&[f64]],
        all: &[Search],
    ) -> Vec<Option<Vec<f64>>> {
        if !self.curved {
            return vec![None; all.len()];
        }
        let m = self.len();
        let sds = |s: &Search| {
            let factor = s.factor.as_ref().or(self.fallback.as_ref());
            factor.map_or(vec![f64::NAN; m], |f| f.variances())
        };
        let sds: Vec<Vec<f64>> = all.iter().map(sds).collect();
        let mut out = vec![vec![0.0; m * NODES]; all.len()];
        let (mut values, mut gradients) = (vec![0.0; all.len()], vec![0.0; all.len() * self.d]);
        for (k, away) in NODE.iter().enumerate() {
            let points = all.iter().zip(&sds).zip(thetas).flat_map(|((s, v), t)| {
                let moved = s.z.iter().zip(v).map(|(z, v)| z + away * v.sqrt());
                self.point(t, &moved.collect::<Vec<_>>())
            });
            let points: Vec<f64> = points.collect();
            smooth.gradients_of_each(&points, &mut values, &mut gradients);
            for (out, row) in out.iter_mut().zip(gradients.chunks(self.d)) {
                for (i, unknown) in self.hessians.unknowns.iter().enumerate() {
                    out[i * NODES + k] = row[*unknown];
                }
            }
        }
        // Where the search found no mode the Gaussian stays.
        let followed = |(s, slopes): (&Search, Vec<f64>)| {
            let good = s.met && slopes.chunks(NODES).all(falls_off);
            good.then_some(slopes)
        };
        all.iter().zip(out).map(followed).collect()
    }
}
