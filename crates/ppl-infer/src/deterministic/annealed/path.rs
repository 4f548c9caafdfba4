//! Densities q^(1 - b) p^b between a guide q and the posterior p, in coordinates z in which q is about round: the point is
//! m + C z, with C C' the covariance of the Gaussian, or the inverse of the mean precision where there are several.

use super::walker::Start;
use crate::deterministic::Nested;
use crate::deterministic::gaussian::Gaussian;
use crate::deterministic::nested::{Fixed, Proposer, Thinning};
use crate::deterministic::smooth::Smooth;
use crate::source::Drawn;
use ppl_sparse::Elimination;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use std::ops::Range;
use std::sync::Arc;

pub(in crate::deterministic) const LN_2PI: f64 = 1.837_877_066_409_345_3;

/// Proposals that tell which thetas are kept, and what a pilot starts from.
pub(super) const FIRST: usize = 512;

/// Share of the draws of what is given theta that are kept, at least.
const KEPT: f64 = 0.9;

/// The guide and its coordinates.
pub(super) struct Path<'a> {
    /// m and C.
    units: Gaussian,
    from: From<'a>,
    /// Log weight below which draws of what is given theta are thinned.
    level: f64,
}

/// What the way starts from.
pub(super) enum From<'a> {
    /// The Gaussian of the coordinates.
    Gaussian,
    /// Gaussians with the logarithms of their weights.
    Mixture(Vec<(Gaussian, f64)>),
    /// Draws of a nested guide. Slopes of its density are not known: moves go by those of the posterior, which are nearly the same, and
    /// are taken or not by its density.
    Nested(&'a Nested, &'a Drawn),
    /// Thetas of a nested guide, which stay as they are: the rest goes from its Gaussian given theta to the posterior given theta.
    Fixed(Box<Proposer<'a>>),
}

/// Points with their densities and slopes by z, a row each.
#[derive(Default)]
pub(super) struct Look {
    pub(super) points: Vec<f64>,
    /// log p.
    pub(super) values: Vec<f64>,
    pub(super) slopes: Vec<f64>,
    /// log q.
    pub(super) bases: Vec<f64>,
    pub(super) base_slopes: Vec<f64>,
    /// Logarithms of the probabilities with which a draw is kept, where the guide is thinned.
    pub(super) chances: Vec<f64>,
}

impl<'a> Path<'a> {
    /// From draws of a nested guide around a Gaussian.
    pub(super) fn of_nested(units: Gaussian, nested: &'a Nested, drawn: &'a Drawn) -> Path<'a> {
        Path {
            units,
            from: From::Nested(nested, drawn),
            level: f64::NEG_INFINITY,
        }
    }

    /// From the Gaussians of a nested guide, each with its theta held.
    pub(super) fn of_fixed(units: Gaussian, proposer: Proposer<'a>) -> Path<'a> {
        Path {
            units,
            from: From::Fixed(Box::new(proposer)),
            level: f64::NEG_INFINITY,
        }
    }

    /// From Gaussians with weights, which sum to one; `None` where their mean precision has no factor.
    pub(super) fn new(by: &Arc<Elimination>, mut parts: Vec<(Gaussian, f64)>) -> Option<Self> {
        if parts.len() == 1 {
            let (units, _) = parts.pop()?;
            return Some(Path {
                units,
                from: From::Gaussian,
                level: f64::NEG_INFINITY,
            });
        }
        let heaviest = parts.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let centre = heaviest.0.mean.clone();
        let (first, weight) = parts.first()?;
        let mut mean = first.precision.combine(*weight, &first.precision, 0.0);
        for (q, weight) in &parts[1..] {
            mean = mean.combine(1.0, &q.precision, *weight);
        }
        let units = Gaussian::new(by, centre, mean)?;
        let logs = parts.into_iter().map(|(q, weight)| (q, weight.ln()));
        Some(Path {
            units,
            from: From::Mixture(logs.collect()),
            level: f64::NEG_INFINITY,
        })
    }

    /// Length of a point.
    pub(super) fn d(&self) -> usize {
        self.units.mean.len()
    }

    /// Length of its coordinates.
    pub(super) fn len(&self) -> usize {
        match &self.from {
            From::Fixed(proposer) => proposer.lengths().1,
            _ => self.d(),
        }
    }

    /// Whether a nested guide is what the way starts from.
    pub(super) fn is_from_nested(&self) -> bool {
        matches!(self.from, From::Nested(..) | From::Fixed(_))
    }

    /// Optima that the way starts from.
    pub(super) fn n_parts(&self) -> usize {
        match &self.from {
            From::Mixture(parts) => parts.len(),
            _ => 1,
        }
    }

    /// Draws that there are to start from, if they are not drawn as they are asked for.
    pub(super) fn held(&self) -> usize {
        match &self.from {
            From::Nested(_, drawn) => drawn.log_q.len(),
            From::Fixed(proposer) => proposer.len() - FIRST,
            _ => usize::MAX,
        }
    }

    /// Whether theta of a nested guide stays as it is.
    pub(super) fn is_fixed(&self) -> bool {
        matches!(self.from, From::Fixed(_))
    }

    /// Proposals that only tell which are kept.
    pub(super) fn first(&self) -> usize {
        match &self.from {
            From::Fixed(_) => FIRST,
            _ => 0,
        }
    }

    /// Draws with these numbers to start from, as many of them as are kept.
    pub(super) fn starts(&mut self, workers: &mut [Smooth], which: Range<usize>) -> Vec<Start> {
        let From::Fixed(proposer) = &mut self.from else {
            let start = |i| Start {
                i,
                fixed: None,
                log_weight: 0.0,
            };
            return which.map(start).collect();
        };
        let kept = proposer.kept(workers, which).into_iter();
        kept.map(|(i, fixed, log_weight)| Start {
            i,
            fixed: Some(Arc::new(fixed)),
            log_weight,
        })
        .collect()
    }

    /// Thins draws of what is given theta as log weights of some suggest.
    pub(super) fn thin(&mut self, log_weights: &[f64]) {
        self.level = Thinning::keeping(KEPT, log_weights).level();
    }

    /// Logarithm of the share that is kept, and the standard error that the densities of all draws have in common.
    pub(super) fn share(&self) -> (f64, f64) {
        match &self.from {
            From::Nested(_, drawn) => (0.0, drawn.error),
            From::Fixed(proposer) => proposer.share(),
            _ => (0.0, 0.0),
        }
    }

    /// Numbers that a look at one point computes beside the posterior's slope, and gradients that an end of a move takes beside that, and
    /// what a draw starts with.
    pub(super) fn costs(&self) -> (usize, usize, usize) {
        let factor = 2 * self.units.factor.below().len() + 8 * self.d();
        match &self.from {
            From::Fixed(proposer) => (factor, 0, proposer.cost()),
            From::Gaussian => (factor, 0, 1),
            From::Mixture(parts) => (factor * (1 + parts.len()), 0, 1),
            From::Nested(nested, _) => (factor, nested.cost(), 1),
        }
    }

    /// Coordinates of a draw, the `i`-th from the end for pilots and from the start for others.
    pub(super) fn draw(&self, numbers: &mut impl Rng, (i, pilot): (usize, bool)) -> Vec<f64> {
        if let From::Nested(_, drawn) = &self.from {
            let d = self.d();
            let n = drawn.log_q.len();
            let at = if pilot { n - 1 - i % n } else { i % n };
            return self.coordinates(&drawn.points[at * d..(at + 1) * d]);
        }
        let mut left: f64 = numbers.random();
        let noise = (0..self.len()).map(|_| StandardNormal.sample(numbers));
        let noise: Vec<f64> = noise.collect();
        let From::Mixture(parts) = &self.from else {
            return noise;
        };
        let chosen = parts.iter().find(|(_, log)| {
            left -= log.exp();
            left < 0.0
        });
        match chosen.or(parts.first()) {
            Some((q, _)) => self.coordinates(&q.points(&noise)),
            None => noise,
        }
    }

    /// C^-1 (x - m), by C' = C^-1 S.
    fn coordinates(&self, point: &[f64]) -> Vec<f64> {
        let away = point.iter().zip(&self.units.mean).map(|(x, m)| x - m);
        let mut out = self.units.precision.times(&away.collect::<Vec<_>>());
        self.units.factor.gather(&mut out);
        out
    }

    /// Looks at up to a batch of points with these coordinates, and the theta of each that is fixed; `ends`: whether the guide's densities are wanted.
    pub(super) fn look(
        &self,
        smooth: &mut Smooth,
        (z, fixed, ends): (&[f64], &[Option<Arc<Fixed>>], bool),
        out: &mut Look,
    ) {
        let (d, n) = (self.d(), z.len() / self.len());
        for (to, len) in [
            (&mut out.values, n),
            (&mut out.bases, n),
            (&mut out.slopes, n * d),
            (&mut out.base_slopes, z.len()),
        ] {
            to.resize(len, 0.0);
        }
        if let From::Fixed(proposer) = &self.from {
            let rows = || fixed.iter().flatten().zip(z.chunks(self.len()));
            out.points = rows().flat_map(|(h, z)| proposer.point(h, z)).collect();
            smooth.gradients_of_each(&out.points, &mut out.values, &mut out.slopes);
            let slopes = fixed.iter().flatten().zip(out.slopes.chunks(d));
            out.slopes = slopes.flat_map(|(h, s)| proposer.slopes(h, s)).collect();
            out.bases = rows().map(|(h, z)| h.ln_density(z)).collect();
            out.base_slopes = z.iter().map(|z| -z).collect();
            // Thinned to the posterior: the density where that is lower.
            let each = out.bases.iter_mut().zip(&out.values);
            let slopes =
                (out.base_slopes.chunks_mut(self.len())).zip(out.slopes.chunks(self.len()));
            out.chances.clear();
            for ((base, value), (own, slopes)) in each.zip(slopes) {
                let over = value - *base - self.level;
                out.chances.push(if over.is_nan() {
                    f64::NEG_INFINITY
                } else {
                    over.min(0.0)
                });
                if over < 0.0 {
                    *base = value - self.level;
                    own.copy_from_slice(slopes);
                }
            }
            return;
        }
        out.points = self.units.points(z);
        smooth.gradients_of_each(&out.points, &mut out.values, &mut out.slopes);
        self.units.factor.gather(&mut out.slopes);
        let constant = -0.5 * LN_2PI * d as f64;
        match &self.from {
            From::Gaussian => {
                let constant = constant - self.units.log_volume();
                for (base, z) in out.bases.iter_mut().zip(z.chunks(d)) {
                    *base = constant - 0.5 * z.iter().map(|z| z * z).sum::<f64>();
                }
                let slopes = out.base_slopes.iter_mut().zip(z);
                slopes.for_each(|(slope, z)| *slope = -z);
            }
            From::Mixture(parts) => {
                let rows = out.points.chunks(d).zip(out.base_slopes.chunks_mut(d));
                for ((point, slope), base) in rows.zip(&mut out.bases) {
                    *base = constant + mixture(parts, point, slope);
                }
                self.units.factor.gather(&mut out.base_slopes);
            }
            From::Fixed(_) => {}
            From::Nested(nested, _) => {
                out.base_slopes.copy_from_slice(&out.slopes);
                if ends {
                    out.bases = nested.ln_densities(smooth, &out.points, &out.values);
                }
            }
        }
    }
}

/// Log density of a mixture of Gaussians, up to a constant of the dimension; its slope is written.
pub(in crate::deterministic) fn mixture(
    parts: &[(Gaussian, f64)],
    point: &[f64],
    slope: &mut [f64],
) -> f64 {
    let each = parts.iter().map(|(q, log)| {
        let away: Vec<f64> = point.iter().zip(&q.mean).map(|(x, m)| m - x).collect();
        let pull = q.precision.times(&away);
        let square: f64 = pull.iter().zip(&away).map(|(p, a)| p * a).sum();
        (log - q.log_volume() - 0.5 * square, pull)
    });
    let each: Vec<(f64, Vec<f64>)> = each.collect();
    let peak = each.iter().fold(f64::NEG_INFINITY, |m, e| m.max(e.0));
    let total: f64 = each.iter().map(|e| (e.0 - peak).exp()).sum();
    slope.fill(0.0);
    for (log, pull) in &each {
        let share = (log - peak).exp() / total;
        slope
            .iter_mut()
            .zip(pull)
            .for_each(|(s, p)| *s += share * p);
    }
    peak + total.ln()
}
