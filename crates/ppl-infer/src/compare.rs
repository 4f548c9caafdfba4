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
    /// Expected log pointwise predictive density: the sum over the units, with sqrt(n var) for its standard error.
    pub elpd: Estimate,
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
        pointwise.push(elpd);
        k_hat.push(smoothed.k_hat);
    }
    Loo {
        elpd: sum_of(&pointwise),
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
    /// For each fit, in the order given: elpd less that of the best, with the standard error of the paired difference.
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
        sum_of(&each.map(|(a, b)| a - b).collect::<Vec<f64>>())
    });
    let difference = difference.collect();
    let rows: Vec<Vec<f64>> = fits.iter().map(|f| f.pointwise.clone()).collect();
    Comparison {
        order,
        difference,
        weights: stacking(&rows),
    }
}
