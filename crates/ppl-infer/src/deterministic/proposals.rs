//! Wide densities to draw from: Student t's, whose tails are longer than those of a logarithm's exponential.

use rand::{Rng, RngExt};
use rand_distr::{ChiSquared, Distribution, StandardNormal};

/// Degrees of freedom of single elements.
const FREEDOM: f64 = 5.0;

/// The centres of kernels, at most, and the share of draws that still come from the product.
const KERNELS: usize = 200;
const SPARED: f64 = 0.2;

/// A product of Student t's, and kernels with tails as long.
pub(super) struct Proposals {
    mean: Vec<f64>,
    sds: Vec<f64>,
    kernels: Option<Kernels>,
}

struct Kernels {
    /// A row each.
    centres: Vec<f64>,
    scales: Vec<f64>,
}

impl Proposals {
    /// Independent elements.
    pub(super) fn product(mean: Vec<f64>, sds: Vec<f64>) -> Proposals {
        Proposals {
            mean,
            sds,
            kernels: None,
        }
    }

    /// The same with kernels around some of these points, by their weights; `None` where there is no spread to go by.
    pub(super) fn around(
        &self,
        points: &[f64],
        log_weights: &[f64],
        which: &[usize],
    ) -> Option<Proposals> {
        let d = self.mean.len();
        let peak = which
            .iter()
            .map(|i| log_weights[*i])
            .fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = which
            .iter()
            .map(|i| (log_weights[*i] - peak).exp())
            .collect();
        let total: f64 = weights.iter().sum();
        let effective = total * total / weights.iter().map(|w| w * w).sum::<f64>();
        if !(total > 0.0 && effective.is_finite()) {
            return None;
        }
        let row = |i: usize| &points[i * d..(i + 1) * d];
        let (mut mean, mut squares) = (vec![0.0; d], vec![0.0; d]);
        for (i, w) in which.iter().zip(&weights) {
            for (k, x) in row(*i).iter().enumerate() {
                mean[k] += w / total * x;
                squares[k] += w / total * x * x;
            }
        }
        // Scott's rule; where next to nothing was met, half of the product's own width.
        let narrow = effective.powf(-1.0 / (d as f64 + 4.0));
        let scales = (0..d).map(|k| {
            let sd = (squares[k] - mean[k] * mean[k]).max(0.0).sqrt();
            narrow * sd.max(0.05 * self.sds[k])
        });
        let scales: Vec<f64> = scales.collect();
        let step = total / KERNELS as f64;
        let (mut sum, mut centres) = (0.0, Vec::with_capacity(KERNELS * d));
        for (i, w) in which.iter().zip(&weights) {
            sum += w;
            while centres.len() < KERNELS * d
                && sum >= (centres.len() / d) as f64 * step + 0.5 * step
            {
                centres.extend_from_slice(row(*i));
            }
        }
        let kernels = Kernels { centres, scales };
        Some(Proposals {
            mean: self.mean.clone(),
            sds: self.sds.clone(),
            kernels: Some(kernels).filter(|k| !k.centres.is_empty()),
        })
    }

    /// Draws, a row each.
    pub(super) fn draws(&self, n: usize, numbers: &mut impl Rng) -> Vec<f64> {
        let d = self.mean.len();
        let (freedom, _) = whole(d);
        let (Ok(chi), Ok(wide)) = (ChiSquared::new(FREEDOM), ChiSquared::new(freedom)) else {
            return vec![];
        };
        let t = |numbers: &mut dyn rand::Rng| -> f64 {
            let z: f64 = StandardNormal.sample(numbers);
            z * (FREEDOM / chi.sample(numbers)).sqrt()
        };
        let mut out = Vec::with_capacity(n * d);
        for _ in 0..n {
            let own = self.kernels.as_ref();
            match own.filter(|_| numbers.random::<f64>() >= SPARED) {
                None => out.extend((0..d).map(|i| self.mean[i] + self.sds[i] * t(numbers))),
                Some(kernels) => {
                    let all = kernels.centres.len() / d;
                    let at = ((numbers.random::<f64>() * all as f64) as usize).min(all - 1);
                    let by = (freedom / wide.sample(numbers)).sqrt();
                    for i in 0..d {
                        let z: f64 = StandardNormal.sample(numbers);
                        out.push(kernels.centres[at * d + i] + kernels.scales[i] * by * z);
                    }
                }
            }
        }
        out
    }

    /// Their log densities.
    pub(super) fn ln_densities(&self, points: &[f64]) -> Vec<f64> {
        let d = self.mean.len();
        let power = 0.5 * (FREEDOM + 1.0);
        let log_sds: f64 = self.sds.iter().map(|s| s.ln()).sum();
        let product = |x: &[f64]| {
            let each = x.iter().zip(&self.mean).zip(&self.sds);
            let each = each.map(|((x, m), s)| (((x - m) / s).powi(2) / FREEDOM).ln_1p());
            constant(1, FREEDOM) * d as f64 - power * each.sum::<f64>() - log_sds
        };
        let Some(kernels) = &self.kernels else {
            return points.chunks(d).map(product).collect();
        };
        let log_scales: f64 = kernels.scales.iter().map(|s| s.ln()).sum();
        let all = (kernels.centres.len() / d) as f64;
        let log_each = constant(d, whole(d).0) - log_scales + ((1.0 - SPARED) / all).ln();
        // Degrees of freedom that make a whole power: 5, or 6 where there is an even number of elements.
        let (freedom, power) = whole(d);
        let mixture = |x: &[f64]| {
            let own = (product(x) + SPARED.ln()).exp();
            let near = kernels.centres.chunks(d).map(|c| {
                let each = x.iter().zip(c).zip(&kernels.scales);
                let square: f64 = each.map(|((x, c), s)| ((x - c) / s).powi(2)).sum();
                (1.0 + square / freedom).powi(-power)
            });
            (own + log_each.exp() * near.sum::<f64>()).ln()
        };
        points.chunks(d).map(mixture).collect()
    }
}

/// Degrees of freedom of kernels of so many dimensions, and the power of their density.
fn whole(d: usize) -> (f64, i32) {
    let freedom = FREEDOM + (1 - d % 2) as f64;
    (freedom, ((freedom + d as f64) / 2.0) as i32)
}

/// ln of a standard Student t of so many dimensions at its middle.
fn constant(d: usize, freedom: f64) -> f64 {
    use ppl_dist::special::ln_gamma;
    let d = d as f64;
    ln_gamma(0.5 * (freedom + d))
        - ln_gamma(0.5 * freedom)
        - 0.5 * d * (freedom * std::f64::consts::PI).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ppl_engine::random::Address;

    /// The mean of one density's ratio to another under draws of the other is one, and a known mean comes back.
    #[test]
    fn densities_are_those_of_the_draws() {
        for d in [1, 2, 3] {
            let wide = Proposals::product(vec![0.3; d], vec![2.0; d]);
            let address = Address {
                seed: 1,
                purpose: 99,
                step: d as u64,
                block: 0,
            };
            let n = 40_000;
            let points = wide.draws(n, &mut address.stream());
            // Two standard normals at 0 and 3: what the kernels are for.
            let target = |x: &[f64]| {
                let at = |m: f64| (-0.5 * x.iter().map(|x| (x - m).powi(2)).sum::<f64>()).exp();
                let scale = std::f64::consts::TAU.powf(0.5 * d as f64);
                0.5 * (at(0.0) + at(3.0)) / scale
            };
            let check = |points: &[f64], log_g: Vec<f64>, slack: f64| {
                let weights: Vec<f64> = points
                    .chunks(d)
                    .zip(log_g)
                    .map(|(x, g)| target(x) / g.exp())
                    .collect();
                let total = weights.iter().sum::<f64>() / n as f64;
                let first = points.chunks(d).zip(&weights).map(|(x, w)| x[0] * w);
                let mean = first.sum::<f64>() / n as f64;
                assert!((total - 1.0).abs() < slack, "{d}: {total}");
                assert!((mean - 1.5).abs() < 3.0 * slack, "{d}: {mean}");
                weights
            };
            let log_g = wide.ln_densities(&points);
            let weights = check(&points, log_g, 0.03);
            let logs: Vec<f64> = weights.iter().map(|w| w.ln()).collect();
            let all: Vec<usize> = (0..n).collect();
            let near = wide.around(&points, &logs, &all).unwrap();
            let points = near.draws(n, &mut address.stream());
            let log_g = near.ln_densities(&points);
            let weights = check(&points, log_g, 0.02);
            // More of the draws are effective than of the wide ones.
            let share = |w: &[f64]| {
                let (sum, squares) = w.iter().fold((0.0, 0.0), |(a, b), w| (a + w, b + w * w));
                sum * sum / squares / w.len() as f64
            };
            assert!(share(&weights) > 0.5, "{d}: {}", share(&weights));
        }
    }
}
