//! Leave-one-out predictive densities, and differences between fits.
//!
//! The posterior without unit i has weights p(x, z) / q(z) / p(y_i | z) at draws z of the guide, up to a constant, which are
//! Pareto-smoothed (Vehtari, Gelman and Gabry 2017, "Practical Bayesian model evaluation using leave-one-out
//! cross-validation and WAIC", Statistics and Computing 27; with a guide in place of the posterior: Magnusson, Andersen,
//! Jonasson and Vehtari 2019, "Bayesian leave-one-out cross-validation for large data", ICML).

use crate::fit::Estimate;
use crate::pointwise::Pointwise;
use crate::psis::{k_threshold, psis};
use crate::stacking::stacking;

/// Leave-one-out of one fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Loo {
    /// Expected log pointwise predictive density: the sum over the units. Its standard error is that of the units, sqrt(n var), and
    /// `mcse`, squares added.
    pub elpd: Estimate,
    /// Monte Carlo standard error of the sum, from the weights of the draws.
    pub mcse: f64,
    /// Effective number of parameters: log predictive density of the data, less `elpd`.
    pub p_loo: f64,
    /// log p(y_i | y without i), by unit.
    pub pointwise: Vec<f64>,
    /// Pareto k-hat of the weights that leave a unit out.
    pub k_hat: Vec<f64>,
    /// k-hat of the weights that leave nothing out.
    pub guide_k_hat: f64,
    /// Above this k-hat a unit's density is unreliable.
    pub k_threshold: f64,
    /// Draws.
    pub draws: usize,
}

impl Loo {
    /// Units whose density is unreliable, the worst first.
    pub fn unreliable(&self) -> Vec<usize> {
        let bad = |i: &usize| self.k_hat[*i].is_nan() || self.k_hat[*i] > self.k_threshold;
        let mut out: Vec<usize> = (0..self.k_hat.len()).filter(bad).collect();
        out.sort_by(|a, b| self.k_hat[*b].total_cmp(&self.k_hat[*a]));
        out
    }
}

/// A sum with the standard error sqrt(n var).
fn sum_of(values: &[f64]) -> Estimate {
    let n = values.len() as f64;
    let value: f64 = values.iter().sum();
    let squares: f64 = values.iter().map(|v| (v - value / n).powi(2)).sum();
    Estimate {
        value,
        se: (n * squares / (n - 1.0)).sqrt(),
    }
}

fn log_sum_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let top = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY {
        return top;
    }
    top + values.map(|v| (v - top).exp()).sum::<f64>().ln()
}

/// Leaves every unit out.
pub fn leave_one_out(of: &Pointwise) -> Loo {
    let draws = of.log_weights.len();
    let own = psis(&of.log_weights);
    let (mut pointwise, mut k_hat, mut p_loo) = (vec![], vec![], 0.0);
    // What each draw does to the sum: all units rest on the same draws, so their errors go together.
    let mut influence = vec![0.0; draws];
    for column in of.log_likelihood.columns() {
        let likelihood = || column.iter().map(|v| f64::from(*v));
        let without: Vec<f64> = of
            .log_weights
            .iter()
            .zip(likelihood())
            .map(|(w, l)| w - l)
            .collect();
        let smoothed = psis(&without);
        let predicted = |weights: &[f64]| {
            let each = weights.iter().zip(likelihood());
            log_sum_exp(each.map(|(w, l)| w + l))
        };
        let elpd = predicted(&smoothed.log_weights);
        p_loo += predicted(&own.log_weights) - elpd;
        let weights = smoothed.log_weights.iter().zip(likelihood());
        for (influence, (w, l)) in influence.iter_mut().zip(weights) {
            *influence += w.exp() * (l - elpd).exp_m1();
        }
        pointwise.push(elpd);
        k_hat.push(smoothed.k_hat);
    }
    let mcse = influence.iter().map(|v| v * v).sum::<f64>().sqrt();
    let units = sum_of(&pointwise);
    Loo {
        elpd: Estimate {
            se: units.se.hypot(mcse),
            ..units
        },
        mcse,
        p_loo,
        pointwise,
        k_hat,
        guide_k_hat: own.k_hat,
        k_threshold: k_threshold(draws),
        draws,
    }
}

/// Fits beside each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Positions of the fits, the largest elpd first.
    pub order: Vec<usize>,
    /// For each fit, in the order given: elpd less that of the best, with the standard error of the paired difference, in which
    /// the Monte Carlo errors of both stand.
    pub difference: Vec<Estimate>,
    /// Stacking weights, in the order given.
    pub weights: Vec<f64>,
}

/// Compares fits of the same units.
pub fn compare(fits: &[Loo]) -> Comparison {
    let mut order: Vec<usize> = (0..fits.len()).collect();
    order.sort_by(|a, b| fits[*b].elpd.value.total_cmp(&fits[*a].elpd.value));
    let difference = fits.iter().enumerate().map(|(k, fit)| {
        let best = order[0];
        if k == best {
            return Estimate {
                value: 0.0,
                se: 0.0,
            };
        }
        let each = fit.pointwise.iter().zip(&fits[best].pointwise);
        let units = sum_of(&each.map(|(a, b)| a - b).collect::<Vec<f64>>());
        Estimate {
            se: units.se.hypot(fit.mcse).hypot(fits[best].mcse),
            ..units
        }
    });
    let difference = difference.collect();
    let rows: Vec<Vec<f64>> = fits.iter().map(|f| f.pointwise.clone()).collect();
    Comparison {
        order,
        difference,
        weights: stacking(&rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use ppl_engine::random::{Address, fill_normal};

    /// Twelve units about an unknown mean, 400 exact draws of its posterior N(0.3, 1/12).
    fn drawn(seed: u64) -> Pointwise {
        let mut z = vec![0.0; 400];
        let address = Address {
            seed,
            purpose: 90,
            step: 0,
            block: 0,
        };
        fill_normal(&mut z, address);
        let log_density = |s: usize, i: usize| {
            let (mu, y) = (0.3 + z[s] / 12f64.sqrt(), 0.3 + (i as f64 - 5.5) / 4.0);
            -0.5 * (y - mu).powi(2)
        };
        Pointwise {
            outcomes: vec![],
            log_weights: vec![0.0; z.len()],
            log_likelihood: Array2::from_shape_fn((z.len(), 12), |(s, i)| log_density(s, i) as f32),
        }
    }

    #[test]
    fn the_monte_carlo_error_is_the_spread_over_sets_of_draws() {
        let all: Vec<Loo> = (0..200).map(|seed| leave_one_out(&drawn(seed))).collect();
        let elpds: Vec<f64> = all.iter().map(|l| l.elpd.value).collect();
        let spread = sum_of(&elpds).se / 200.0 * 200f64.sqrt();
        let mean = all.iter().map(|l| l.mcse).sum::<f64>() / 200.0;
        // An sd of 200 numbers has a relative error of 5%; smoothing and the small sample leave the rest.
        assert!((mean / spread - 1.0).abs() < 0.25, "{mean} {spread}");
        assert!(all.iter().all(|l| l.elpd.se > l.mcse));
    }
}
