//! The unknowns z given one theta: a Gaussian around their mode or the density of each, and members of known families beside it.

use super::super::curve::{Curve, NODES};
use super::super::families::Member;
use ppl_sparse::Factor;
use rand::Rng;

const LN_2PI: f64 = 1.837_877_066_409_345_3;

/// z given one theta.
pub(in super::super) struct Given {
    /// The centre.
    pub(in super::super) mode: Vec<f64>,
    /// The precision; none where theta is everything.
    pub(in super::super) factor: Option<Factor>,
    /// log p(theta, z) at the centre.
    pub(super) value: f64,
    /// The members of families; `None` where one has no finite integral.
    pub(super) members: Option<Vec<Member>>,
    /// Where these were held for `value`.
    pub(super) held: Vec<f64>,
    /// The slopes that the curves are made from, number by number.
    pub(super) slopes: Option<Vec<f64>>,
    /// Whether there should be curves and are none: the Gaussian in their place says nothing of log p(theta).
    pub(super) lost: bool,
    /// Whether the search ended at a mode, and the precision is the curvature there.
    pub(in super::super) met: bool,
}

impl Given {
    /// Laplace's approximation of log p(theta).
    pub(in super::super) fn marginal(&self) -> f64 {
        if self.slopes.is_some() {
            return self.value - self.ln_curves(&self.mode) - self.ln_members(&self.held);
        }
        if self.lost {
            return f64::NAN;
        }
        let m = self.mode.len() as f64;
        let volume = self.factor.as_ref().map_or(0.0, |f| f.ln_determinant());
        self.value - 0.5 * volume + 0.5 * m * LN_2PI - self.ln_members(&self.held)
    }

    /// Whether the density is a number where the search ended.
    pub(in super::super) fn is_finite(&self) -> bool {
        self.value.is_finite()
    }

    /// Log density of what is of a known family.
    fn ln_members(&self, u: &[f64]) -> f64 {
        let Some(members) = &self.members else {
            return f64::NAN;
        };
        members.iter().zip(u).map(|(m, u)| m.ln_density(*u)).sum()
    }

    /// The curves, if that is what the Gaussian's part is; `None` for one that has no density.
    fn curves(&self) -> impl Iterator<Item = Option<Curve>> + '_ {
        let slopes = self.slopes.iter().flat_map(|s| s.chunks(NODES));
        let precision = self.factor.as_ref().map(|f| f.variances());
        let sds = precision.into_iter().flatten().map(f64::sqrt);
        let each = self.mode.iter().zip(sds).zip(slopes);
        each.map(|((mode, sd), slopes)| Curve::new(*mode, sd, slopes))
    }

    /// Log density of what curves describe.
    fn ln_curves(&self, z: &[f64]) -> f64 {
        let each = self.curves().zip(z);
        each.map(|(curve, z)| curve.map_or(f64::NAN, |c| c.ln_density(*z)))
            .sum()
    }

    /// Log density of z: the Gaussian's part, then the members' of families.
    pub(in super::super) fn ln_density(&self, z: &[f64]) -> f64 {
        let (z, u) = z.split_at(self.mode.len());
        if self.slopes.is_some() {
            return self.ln_curves(z) + self.ln_members(u);
        }
        let Some(factor) = &self.factor else {
            return self.ln_members(u);
        };
        let away: Vec<f64> = z.iter().zip(&self.mode).map(|(z, m)| z - m).collect();
        // The precision is L L' with the order of elimination's permutation: away' L L' away.
        let square = factor.square(&away);
        0.5 * (factor.ln_determinant() - square - z.len() as f64 * LN_2PI) + self.ln_members(u)
    }

    /// Turns standard draws for the Gaussian's part into a draw of z, and adds that of the members of families; gives its log density.
    pub(in super::super) fn draw(&self, noise: &mut Vec<f64>, stream: &mut impl Rng) -> f64 {
        let mut log = 0.0;
        if self.slopes.is_some() {
            for (curve, z) in self.curves().zip(noise.iter_mut()) {
                *z = curve.as_ref().map_or(f64::NAN, |c| c.draw(stream));
                log += curve.map_or(f64::NAN, |c| c.ln_density(*z));
            }
        } else if let Some(factor) = &self.factor {
            let square: f64 = noise.iter().map(|e| e * e).sum();
            factor.spread(noise);
            noise.iter_mut().zip(&self.mode).for_each(|(z, m)| *z += m);
            log = 0.5 * (factor.ln_determinant() - square - self.mode.len() as f64 * LN_2PI);
        }
        let drawn: Vec<f64> = match &self.members {
            Some(members) => members.iter().map(|m| m.draw(stream)).collect(),
            None => self.held.clone(),
        };
        log += self.ln_members(&drawn);
        noise.extend(drawn);
        log
    }
}
