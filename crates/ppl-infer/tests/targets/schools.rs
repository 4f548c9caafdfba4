//! A target that is not Gaussian.

use super::Noise;
use ppl_infer::stochastic::Target;

/// Eight schools, non-centred: mu ~ Normal(0, 5), tau ~ HalfCauchy(5), theta = mu + tau z. Unknowns mu, log tau, z under a
/// mean-field guide: a target that is not Gaussian, whose optimum is checked against a run with many more draws.
pub struct Schools {
    pub draws: usize,
    pub seed: u64,
}

impl Target for Schools {
    fn n_params(&self) -> usize {
        20
    }
    fn initial(&self) -> Vec<f64> {
        (0..20).map(|i| if i < 10 { 0.0 } else { -1.0 }).collect()
    }
    fn draws(&self) -> usize {
        self.draws
    }
    fn estimate(&mut self, params: &[f64], step: u64, gradient: &mut [f64]) -> f64 {
        const Y: [f64; 8] = [28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0];
        const SD: [f64; 8] = [15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0];
        let mut noise = Noise::at(self.seed, step);
        gradient.fill(0.0);
        let mut value = 0.0;
        for _ in 0..self.draws {
            let e: [f64; 10] = std::array::from_fn(|_| noise.normal());
            let x: [f64; 10] = std::array::from_fn(|i| params[i] + params[10 + i].exp() * e[i]);
            let (mu, tau) = (x[0], x[1].exp());
            let mut slope = [0.0; 10];
            let t = (tau / 5.0).powi(2);
            value += -0.5 * (mu / 5.0).powi(2) - t.ln_1p() + x[1];
            slope[0] = -mu / 25.0;
            slope[1] = 1.0 - 2.0 * t / (1.0 + t);
            for j in 0..8 {
                let z = x[2 + j];
                let r = (Y[j] - mu - tau * z) / SD[j];
                value -= 0.5 * (r * r + z * z);
                slope[0] += r / SD[j];
                slope[1] += r / SD[j] * tau * z;
                slope[2 + j] = r / SD[j] * tau - z;
            }
            for i in 0..10 {
                gradient[i] += slope[i] / self.draws as f64;
                gradient[10 + i] += slope[i] * params[10 + i].exp() * e[i] / self.draws as f64;
            }
        }
        for g in &mut gradient[10..] {
            *g += 1.0;
        }
        value / self.draws as f64 + params[10..].iter().sum::<f64>()
    }
}
