//! A mixture of Student t distributions, and its fit to weighted points.

use crate::deterministic::dense::Matrix;
use ppl_dist::special::{ln_gamma, ln_phi};
use rayon::prelude::*;

/// Degrees of freedom that stand for a Gaussian.
pub(super) const GAUSSIAN: usize = 0;

/// Parts of less weight are no control variates: few draws are theirs.
const LEAST_CONTROL: f64 = 0.02;

/// Points that a thread looks at together. The sums of blocks are added in their order.
const BLOCK: usize = 256;

/// A mixture of Student t distributions of k variables.
#[derive(Debug, Clone)]
pub(super) struct Mixture {
    k: usize,
    parts: Vec<Part>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) weight: f64,
    pub(super) mean: Vec<f64>,
    /// Lower-triangular factor of the scale matrix.
    pub(super) scale: Matrix,
    /// Degrees of freedom; [`GAUSSIAN`] for infinitely many.
    pub(super) dof: usize,
    /// What is added to a Gaussian draw, times a standard exponential one: an exponential tail in this direction.
    pub(super) tail: Option<Vec<f64>>,
}

/// A part with what its densities at many points have in common.
struct Ready<'p> {
    part: &'p Part,
    constant: f64,
    /// One over the diagonal of its scale matrix's factor.
    by: Vec<f64>,
    /// L^-1 v for an exponential tail along v, and its squared length.
    tail: Option<(Vec<f64>, f64)>,
}

impl Ready<'_> {
    /// Log density, with the weight, and the squared distance from the mean; `away` is scratch.
    fn ln_density(&self, x: &[f64], away: &mut [f64]) -> (f64, f64) {
        let distance = self.distance(x, away);
        let Some((b, square)) = &self.tail else {
            return (self.part.of_distance(self.constant, distance), distance);
        };
        // With u = L^-1 (x - m) and b = L^-1 v the integral of exp(-e - |u - e b|^2 / 2) over e > 0.
        let c = away.iter().zip(b).map(|(u, b)| u * b).sum::<f64>() - 1.0;
        let log = self.constant - 0.5 * distance
            + 0.5 * c * c / square
            + 0.5 * (2.0 * std::f64::consts::PI / square).ln()
            + ln_phi(c / square.sqrt());
        (log, distance)
    }

    /// Squared distance from the mean in units of the scale matrix; `away` is scratch.
    fn distance(&self, x: &[f64], away: &mut [f64]) -> f64 {
        let k = x.len();
        let mut square = 0.0;
        for (i, by) in self.by.iter().enumerate() {
            let row = &self.part.scale.a[i * k..i * k + i];
            let dot: f64 = row.iter().zip(&*away).map(|(l, u)| l * u).sum();
            let u = (x[i] - self.part.mean[i] - dot) * by;
            away[i] = u;
            square += u * u;
        }
        square
    }
}

impl Part {
    /// What its densities at many points have in common.
    fn ready(&self) -> Ready<'_> {
        let tail = self.tail.as_ref().map(|tail| {
            let mut b = tail.clone();
            self.scale.solve_lower(&mut b);
            let square = b.iter().map(|v| v * v).sum();
            (b, square)
        });
        Ready {
            part: self,
            constant: self.constant(),
            by: self.scale.diagonal().map(f64::recip).collect(),
            tail,
        }
    }

    fn constant(&self) -> f64 {
        let (k, nu) = (self.mean.len() as f64, self.dof as f64);
        let volume: f64 = self.scale.diagonal().map(f64::ln).sum();
        if self.dof == GAUSSIAN {
            return self.weight.ln() - volume - 0.5 * k * (2.0 * std::f64::consts::PI).ln();
        }
        ln_gamma(0.5 * (nu + k))
            - ln_gamma(0.5 * nu)
            - 0.5 * k * (nu * std::f64::consts::PI).ln()
            - volume
            + self.weight.ln()
    }

    fn of_distance(&self, constant: f64, distance: f64) -> f64 {
        let (k, nu) = (self.mean.len() as f64, self.dof as f64);
        if self.dof == GAUSSIAN {
            return constant - 0.5 * distance;
        }
        constant - 0.5 * (nu + k) * (distance / nu).ln_1p()
    }
}

/// What weighted points tell of a part: their weight there, with that by which they pull at its mean, and moments around that.
#[derive(Clone)]
struct Sums {
    total: f64,
    pulls: f64,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Sums {
    fn new(k: usize) -> Sums {
        Sums {
            total: 0.0,
            pulls: 0.0,
            first: vec![0.0; k],
            second: vec![0.0; k * k],
        }
    }

    fn add(&mut self, other: &Sums) {
        let add = |to: &mut [f64], own: &[f64]| to.iter_mut().zip(own).for_each(|(a, b)| *a += b);
        self.total += other.total;
        self.pulls += other.pulls;
        add(&mut self.first, &other.first);
        add(&mut self.second, &other.second);
    }
}

fn ln_sum_exp(v: &[f64]) -> f64 {
    let peak = v.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if peak == f64::NEG_INFINITY {
        return peak;
    }
    peak + v.iter().map(|v| (v - peak).exp()).sum::<f64>().ln()
}

impl Mixture {
    /// Of parts whose weights need not add up to 1.
    pub(super) fn new(mut parts: Vec<Part>) -> Mixture {
        let total: f64 = parts.iter().map(|p| p.weight).sum();
        parts.iter_mut().for_each(|p| p.weight /= total);
        let k = parts.first().map_or(0, |p| p.mean.len());
        Mixture { k, parts }
    }

    /// One Student t around zero.
    pub(super) fn round(k: usize, scale: f64, dof: usize) -> Mixture {
        let mut factor = Matrix::zeros(k);
        (0..k).for_each(|i| factor.a[i * k + i] = scale);
        Mixture::new(vec![Part {
            weight: 1.0,
            mean: vec![0.0; k],
            scale: factor,
            dof,
            tail: None,
        }])
    }

    /// Both, the other with so much of the weight.
    pub(super) fn with(&self, other: &Mixture, share: f64) -> Mixture {
        let scaled = |m: &Mixture, by: f64| -> Vec<Part> {
            let parts = m.parts.iter().cloned();
            parts
                .map(|p| Part {
                    weight: p.weight * by,
                    ..p
                })
                .collect()
        };
        Mixture::new([scaled(self, 1.0 - share), scaled(other, share)].concat())
    }

    /// With more parts beside these, of so much weight each.
    pub(super) fn beside(self, more: &[Part], weight: f64) -> Mixture {
        let own = (1.0 - weight * more.len() as f64).max(0.5);
        let mut parts = self.parts;
        parts.iter_mut().for_each(|p| p.weight *= own);
        parts.extend(more.iter().map(|p| Part {
            weight,
            ..p.clone()
        }));
        Mixture::new(parts)
    }

    fn ready(&self) -> Vec<Ready<'_>> {
        self.parts.iter().map(Part::ready).collect()
    }

    /// Log densities at points, a row each.
    pub(super) fn ln_densities(&self, points: &[f64]) -> Vec<f64> {
        let ready = self.ready();
        let blocks = points.par_chunks(BLOCK * self.k);
        let of_block = |points: &[f64]| -> Vec<f64> {
            let (mut each, mut away) = (vec![0.0; self.parts.len()], vec![0.0; self.k]);
            let of = |x: &[f64]| {
                for (to, part) in each.iter_mut().zip(&ready) {
                    *to = part.ln_density(x, &mut away).0;
                }
                ln_sum_exp(&each)
            };
            points.chunks(self.k).map(of).collect()
        };
        let found: Vec<Vec<f64>> = blocks.map(of_block).collect();
        found.concat()
    }

    /// For each part of some weight, the largest first, its density over that of all, less one, at points: numbers whose mean is 0 over draws
    /// of the mixture.
    pub(super) fn controls(&self, points: &[f64]) -> Vec<Vec<f64>> {
        let mut parts: Vec<&Part> = self.parts.iter().collect();
        parts.retain(|p| p.weight >= LEAST_CONTROL);
        parts.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        // All together say nothing.
        parts.pop();
        let all = self.ln_densities(points);
        let mut away = vec![0.0; self.k];
        let of = |part: &Part| {
            let (ready, own) = (part.ready(), part.weight.ln());
            let pairs = points.chunks(self.k).zip(&all);
            let each = pairs.map(|(x, all)| ready.ln_density(x, &mut away).0 - own - all);
            each.map(|log| log.exp() - 1.0).collect()
        };
        parts.into_iter().map(of).collect()
    }

    /// Normal numbers that a draw takes: two squares make an exponential.
    pub(super) fn noise(&self) -> usize {
        let dof = self.parts.iter().map(|p| p.dof).max().unwrap_or(0);
        self.k + dof.max(2)
    }

    /// A draw, from a uniform number and normal ones.
    pub(super) fn draw(&self, chance: f64, noise: &[f64]) -> Vec<f64> {
        let mut left = chance;
        let part = self.parts.iter().find(|p| {
            left -= p.weight;
            left < 0.0
        });
        let Some(part) = part.or(self.parts.last()) else {
            return vec![];
        };
        let (z, rest) = noise.split_at(self.k);
        let chi: f64 = rest[..part.dof].iter().map(|v| v * v).sum();
        let exponential = 0.5 * (rest[0] * rest[0] + rest[1] * rest[1]);
        let by = match part.dof {
            GAUSSIAN => 1.0,
            dof => (dof as f64 / chi).sqrt(),
        };
        (0..self.k)
            .map(|i| {
                let row = &part.scale.a[i * self.k..i * self.k + i + 1];
                let tail = part.tail.as_ref().map_or(0.0, |v| v[i] * exponential);
                part.mean[i] + tail + by * row.iter().zip(z).map(|(l, z)| l * z).sum::<f64>()
            })
            .collect()
    }

    /// Mean weighted log density.
    pub(super) fn fits(&self, points: &[f64], weights: &[f64]) -> f64 {
        let logs = self.ln_densities(points);
        let total: f64 = weights.iter().sum();
        logs.iter().zip(weights).map(|(l, w)| l * w).sum::<f64>() / total
    }

    /// What some points, with their weights, tell of each part; with their mean weighted log density.
    fn expected(&self, ready: &[Ready<'_>], points: &[f64], weights: &[f64]) -> (f64, Vec<Sums>) {
        let (k, n) = (self.k, self.parts.len());
        let mut sums = vec![Sums::new(k); n];
        let (mut logs, mut distances) = (vec![0.0; n], vec![0.0; n]);
        let mut away = vec![0.0; k];
        let mut value = 0.0;
        for (x, w) in points.chunks(k).zip(weights) {
            if *w == 0.0 {
                continue;
            }
            for (c, part) in ready.iter().enumerate() {
                (logs[c], distances[c]) = part.ln_density(x, &mut away);
            }
            let all = ln_sum_exp(&logs);
            value += w * all;
            for (c, p) in self.parts.iter().enumerate() {
                let share = w * (logs[c] - all).exp();
                if share < 1e-12 * w {
                    continue;
                }
                let nu = p.dof as f64;
                let pull = match p.dof {
                    GAUSSIAN => share,
                    _ => share * (nu + k as f64) / (nu + distances[c]),
                };
                let own = &mut sums[c];
                own.total += share;
                own.pulls += pull;
                let from = |j: usize| x[j] - p.mean[j];
                for i in 0..k {
                    let pulled = pull * from(i);
                    own.first[i] += pulled;
                    for j in 0..=i {
                        own.second[i * k + j] += pulled * from(j);
                    }
                }
            }
        }
        (value, sums)
    }

    /// Rounds of expectation and maximisation (Peel and McLachlan 2000), each scale matrix drawn towards the common one as if by
    /// `k + 2` more points. `weights` add up to 1; `effective`: how many points they are worth.
    pub(super) fn improved(
        mut self,
        points: &[f64],
        weights: &[f64],
        effective: f64,
        rounds: usize,
    ) -> Mixture {
        let k = self.k;
        let Some((_, common)) = moments(k, points, weights) else {
            return self;
        };
        let shrink = (self.parts.len() as f64).powf(-2.0 / k as f64);
        let prior = (k + 2) as f64;
        let mut previous = f64::NEG_INFINITY;
        for _ in 0..rounds {
            let n = self.parts.len();
            let ready = self.ready();
            let blocks = points.par_chunks(BLOCK * k).zip(weights.par_chunks(BLOCK));
            let found: Vec<(f64, Vec<Sums>)> = blocks
                .map(|(points, weights)| self.expected(&ready, points, weights))
                .collect();
            // In the order of the blocks, whichever was done first.
            let mut sums = vec![Sums::new(k); n];
            let mut value = 0.0;
            for (part, own) in found {
                value += part;
                sums.iter_mut().zip(own).for_each(|(a, b)| a.add(&b));
            }
            let mut parts = vec![];
            for (p, sums) in self.parts.iter().zip(sums) {
                let Sums {
                    total,
                    pulls,
                    first,
                    second,
                } = sums;
                // A part that no more than its prior would hold is gone.
                if total * effective < 1.0 {
                    continue;
                }
                if p.tail.is_some() {
                    // Its shape is given.
                    parts.push(Part {
                        weight: total,
                        ..p.clone()
                    });
                    continue;
                }
                let shift: Vec<f64> = first.iter().map(|v| v / pulls).collect();
                let mut scale = Matrix::zeros(k);
                for i in 0..k {
                    for j in 0..=i {
                        let own = second[i * k + j] - pulls * shift[i] * shift[j];
                        let towards = prior * shrink * common.a[i * k + j];
                        let v = (effective * own + towards) / (effective * total + prior);
                        scale.a[i * k + j] = v;
                        scale.a[j * k + i] = v;
                    }
                }
                if let Some(scale) = scale.cholesky() {
                    let mean = p.mean.iter().zip(&shift).map(|(m, s)| m + s);
                    parts.push(Part {
                        tail: None,
                        weight: total,
                        mean: mean.collect(),
                        scale,
                        dof: p.dof,
                    });
                }
            }
            if parts.is_empty() {
                return self;
            }
            self = Mixture::new(parts);
            if (value - previous).abs() < 1e-4 {
                break;
            }
            previous = value;
        }
        self
    }
}

/// Weighted mean and covariance of points.
pub(super) fn moments(k: usize, points: &[f64], weights: &[f64]) -> Option<(Vec<f64>, Matrix)> {
    let total: f64 = weights.iter().sum();
    let mut mean = vec![0.0; k];
    for (x, w) in points.chunks(k).zip(weights) {
        mean.iter_mut()
            .zip(x)
            .for_each(|(m, x)| *m += w * x / total);
    }
    let mut out = Matrix::zeros(k);
    for (x, w) in points.chunks(k).zip(weights) {
        for i in 0..k {
            for j in 0..k {
                out.a[i * k + j] += w * (x[i] - mean[i]) * (x[j] - mean[j]) / total;
            }
        }
    }
    out.a.iter().all(|v| v.is_finite()).then_some((mean, out))
}

#[cfg(test)]
mod tests {
    use super::super::adapt::draws;
    use super::*;
    use crate::elbo::mean_of;

    #[test]
    fn controls_have_mean_zero_and_explain_how_often_each_part_is_met() {
        let round = Mixture::round(3, 1.0, GAUSSIAN);
        let wide = Mixture::round(3, 3.0, 4);
        let mixture = round
            .with(&wide, 0.4)
            .with(&Mixture::round(3, 0.2, GAUSSIAN), 0.01);
        let y = draws(&mixture, 20_000, 1, 3);
        let controls = mixture.controls(&y);
        // Of three parts one is too small, and of the other two one says what the other does.
        assert_eq!(controls.len(), 1);
        let mean = mean_of(controls[0].iter().copied());
        assert!(mean.value.abs() < 4.0 * mean.se, "{mean:?}");
        let inside = |x: &[f64]| f64::from(u8::from(x.iter().all(|v| v.abs() < 2.0)));
        let values: Vec<f64> = y.chunks(3).map(inside).collect();
        let plain = mean_of(values.iter().copied());
        let better = crate::controls::controlled(&values, &controls);
        assert!(better.se < 0.8 * plain.se, "{better:?} {plain:?}");
        assert!((better.value - plain.value).abs() < 4.0 * plain.se);
    }
}
