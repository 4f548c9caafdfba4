//! Noisy objectives whose maximum is known.
#![allow(dead_code, unused_imports, missing_docs)]

mod noise;
mod schools;

pub use noise::Noise;
use ppl_infer::stochastic::{Optimum, Target};
pub use schools::Schools;

pub const DRAWS: usize = 8;

/// A normalised Gaussian posterior with independent coordinates under a mean-field guide: location and log scale. The bound is
/// 0 at the maximum.
pub struct MeanField {
    pub mean: Vec<f64>,
    pub sd: Vec<f64>,
    pub start: Vec<f64>,
    pub seed: u64,
    /// Distance in sds of the first coordinate beyond which the density is NaN.
    pub radius: f64,
    pub calls: usize,
}

impl MeanField {
    /// `d` coordinates with sds from 1/sqrt(ratio) to sqrt(ratio), starting `distance` sds away.
    pub fn new(d: usize, ratio: f64, distance: f64, seed: u64) -> Self {
        let at = |i: usize| {
            if d > 1 {
                i as f64 / (d - 1) as f64 - 0.5
            } else {
                0.0
            }
        };
        let sd: Vec<f64> = (0..d).map(|i| ratio.powf(at(i))).collect();
        let mean: Vec<f64> = (0..d).map(|i| (i as f64 * 1.7).sin() * 3.0).collect();
        let sign = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        let mut start: Vec<f64> = (0..d)
            .map(|i| mean[i] + sign(i) * distance * sd[i])
            .collect();
        start.extend(std::iter::repeat_n(-1.0, d));
        MeanField {
            mean,
            sd,
            start,
            seed,
            radius: f64::INFINITY,
            calls: 0,
        }
    }

    /// The exact bound.
    pub fn exact(&self, params: &[f64]) -> f64 {
        let d = self.mean.len();
        (0..d)
            .map(|i| {
                let (delta, log_s) = (
                    (params[i] - self.mean[i]) / self.sd[i],
                    params[d + i] - self.sd[i].ln(),
                );
                0.5 - 0.5 * delta * delta - 0.5 * (2.0 * log_s).exp() + log_s
            })
            .sum()
    }

    /// Largest error of a location in sds and of a log scale.
    pub fn errors(&self, params: &[f64]) -> (f64, f64) {
        let d = self.mean.len();
        (0..d).fold((0.0, 0.0), |(m, s): (f64, f64), i| {
            (
                m.max(((params[i] - self.mean[i]) / self.sd[i]).abs()),
                s.max((params[d + i] - self.sd[i].ln()).abs()),
            )
        })
    }
}

impl Target for MeanField {
    fn n_params(&self) -> usize {
        self.start.len()
    }
    fn initial(&self) -> Vec<f64> {
        self.start.clone()
    }
    fn draws(&self) -> usize {
        DRAWS
    }
    fn estimate(&mut self, params: &[f64], step: u64, gradient: &mut [f64]) -> f64 {
        self.calls += 1;
        let d = self.mean.len();
        gradient.fill(0.0);
        let mut noise = Noise::at(self.seed, step);
        let mut value = 0.0;
        for _ in 0..DRAWS {
            for i in 0..d {
                let z = noise.normal();
                let s = params[d + i].exp();
                let scaled = (params[i] + s * z - self.mean[i]) / self.sd[i];
                if i == 0 && scaled.abs() > self.radius {
                    value = f64::NAN;
                }
                value -= 0.5 * scaled * scaled / DRAWS as f64;
                let slope = -scaled / self.sd[i] / DRAWS as f64;
                gradient[i] += slope;
                gradient[d + i] += slope * s * z;
            }
        }
        for i in 0..d {
            gradient[d + i] += 1.0;
            value += params[d + i] - self.sd[i].ln() + 0.5;
        }
        value
    }
}

/// A normalised Gaussian posterior N(mean, F F') under a full-rank guide: mean, log diagonal and strict lower triangle (by rows)
/// of the Cholesky factor. The bound is 0 at the maximum.
pub struct FullRank {
    pub mean: Vec<f64>,
    /// Lower Cholesky factor by rows.
    pub factor: Vec<Vec<f64>>,
    pub seed: u64,
}

impl FullRank {
    /// Autoregressive correlation `rho`, sds cycling through 0.3, 1 and 3.
    pub fn new(d: usize, rho: f64, seed: u64) -> Self {
        let sd = |i: usize| [0.3, 1.0, 3.0][i % 3];
        let innovation = (1.0 - rho * rho).sqrt();
        let factor = (0..d)
            .map(|i| {
                (0..=i)
                    .map(|j| {
                        sd(i) * rho.powi((i - j) as i32) * if j == 0 { 1.0 } else { innovation }
                    })
                    .collect()
            })
            .collect();
        FullRank {
            mean: (0..d).map(|i| i as f64 - 2.0).collect(),
            factor,
            seed,
        }
    }

    /// The guide's factor.
    fn unpack(&self, params: &[f64]) -> Vec<Vec<f64>> {
        let d = self.mean.len();
        let mut next = 2 * d;
        (0..d)
            .map(|i| {
                let mut row: Vec<f64> = params[next..next + i].to_vec();
                next += i;
                row.push(params[d + i].exp());
                row
            })
            .collect()
    }

    /// y with F y = x.
    fn whiten(&self, x: &[f64]) -> Vec<f64> {
        let mut y = vec![0.0; x.len()];
        for i in 0..x.len() {
            let known: f64 = (0..i).map(|j| self.factor[i][j] * y[j]).sum();
            y[i] = (x[i] - known) / self.factor[i][i];
        }
        y
    }

    /// The exact KL from the guide to the posterior: minus the bound.
    pub fn gap(&self, params: &[f64]) -> f64 {
        let d = self.mean.len();
        let guide = self.unpack(params);
        let delta: Vec<f64> = (0..d).map(|i| params[i] - self.mean[i]).collect();
        let mut twice: f64 = self.whiten(&delta).iter().map(|y| y * y).sum();
        for j in 0..d {
            let column: Vec<f64> = (0..d)
                .map(|i| guide[i].get(j).copied().unwrap_or(0.0))
                .collect();
            twice += self.whiten(&column).iter().map(|y| y * y).sum::<f64>() - 1.0;
            twice -= 2.0 * (params[d + j] - self.factor[j][j].ln());
        }
        0.5 * twice
    }
}

impl Target for FullRank {
    fn n_params(&self) -> usize {
        let d = self.mean.len();
        2 * d + d * (d - 1) / 2
    }
    fn initial(&self) -> Vec<f64> {
        let d = self.mean.len();
        (0..self.n_params())
            .map(|i| if (d..2 * d).contains(&i) { -1.0 } else { 0.0 })
            .collect()
    }
    fn draws(&self) -> usize {
        DRAWS
    }
    fn estimate(&mut self, params: &[f64], step: u64, gradient: &mut [f64]) -> f64 {
        let d = self.mean.len();
        let guide = self.unpack(params);
        gradient.fill(0.0);
        let mut noise = Noise::at(self.seed, step);
        let mut value = 0.5 * d as f64;
        let scale = 1.0 / DRAWS as f64;
        for _ in 0..DRAWS {
            let z: Vec<f64> = (0..d).map(|_| noise.normal()).collect();
            let x: Vec<f64> = (0..d)
                .map(|i| {
                    params[i] - self.mean[i]
                        + guide[i].iter().zip(&z).map(|(c, z)| c * z).sum::<f64>()
                })
                .collect();
            let y = self.whiten(&x);
            value -= 0.5 * scale * y.iter().map(|y| y * y).sum::<f64>();
            // slope = -F'^-1 y
            let mut slope = vec![0.0; d];
            for i in (0..d).rev() {
                let known: f64 = (i + 1..d).map(|k| self.factor[k][i] * slope[k]).sum();
                slope[i] = (-y[i] - known) / self.factor[i][i];
            }
            let mut next = 2 * d;
            for i in 0..d {
                gradient[i] += scale * slope[i];
                gradient[d + i] += scale * slope[i] * z[i] * guide[i][i];
                for z in &z[..i] {
                    gradient[next] += scale * slope[i] * z;
                    next += 1;
                }
            }
        }
        for i in 0..d {
            gradient[d + i] += 1.0;
            value += params[d + i] - self.factor[i][i].ln();
        }
        value
    }
}

/// One parameter and any function of it, with additive noise in the value and the slope.
pub struct Scalar<F: Fn(f64) -> (f64, f64)> {
    pub start: f64,
    pub noise: f64,
    pub f: F,
}

impl<F: Fn(f64) -> (f64, f64)> Target for Scalar<F> {
    fn n_params(&self) -> usize {
        1
    }
    fn initial(&self) -> Vec<f64> {
        vec![self.start]
    }
    fn draws(&self) -> usize {
        1
    }
    fn estimate(&mut self, params: &[f64], step: u64, gradient: &mut [f64]) -> f64 {
        let e = self.noise * Noise::at(3, step).normal();
        let (value, slope) = (self.f)(params[0]);
        gradient[0] = slope + e;
        value + e * params[0]
    }
}

/// Prints what came out, for `--nocapture`.
pub fn show(what: &str, optimum: &Optimum, extra: String) {
    println!(
        "{what}: {:?} steps {} estimates {} skipped {} step size {:.1e} elbo {:.4} ({:.4}) {:.3} s {extra}",
        optimum.outcome,
        optimum.steps,
        optimum.estimates,
        optimum.skipped,
        optimum.step_size,
        optimum.elbo,
        optimum.elbo_se,
        optimum.race_seconds + optimum.optimise_seconds
    );
}
