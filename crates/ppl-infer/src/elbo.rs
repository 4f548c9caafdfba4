//! The evidence lower bound in its three forms, from per-draw terms.
//!
//! With w = log p(x, z) - log q(z) of draw z from q, the bound is E_q\[w\] and can be split in three ways:
//!
//! 1. E_q[log p(x, z)] + H\[q\]
//! 2. E_q[log p(x | z)] - KL(q || p(z))
//! 3. log p(x) - KL(q || p(z | x))
//!
//! The draws are taken to be independent; every standard error is that of the per-draw sum of a form's own terms, so
//! terms that vary together cancel in it.

use crate::fit::{Elbo, Estimate};

/// What the bound is made of: slices with one entry a draw from q, all of the same length.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// log p(z): sample statements of the model.
    pub log_prior: &'a [f64],
    /// log p(x | z): observe and factor statements.
    pub log_likelihood: &'a [f64],
    /// log q(z).
    pub log_q: &'a [f64],
    /// The closed-form part of H\[q\]; not read unless `entropy_is_closed`.
    pub entropy_closed: f64,
    /// log |dz/du| of the guide's transform at the draw, so that H\[q\] = `entropy_closed` + E\[`log_jacobian`\]; not read
    /// unless `entropy_is_closed`, and may then be empty where there is no transform.
    pub log_jacobian: &'a [f64],
    /// Whether H\[q\] has a closed-form part; otherwise it is estimated by -mean(log q).
    pub entropy_is_closed: bool,
    /// Whether log p(x) exists: no improper prior.
    pub evidence_defined: bool,
}

impl Terms<'_> {
    /// log p(x, z) of draw `i`.
    fn energy(&self, i: usize) -> f64 {
        self.log_prior[i] + self.log_likelihood[i]
    }

    /// The Monte Carlo part of the entropy at draw `i`.
    fn entropy(&self, i: usize) -> f64 {
        if self.entropy_is_closed {
            self.log_jacobian.get(i).copied().unwrap_or(0.0)
        } else {
            -self.log_q[i]
        }
    }

    /// log p(x, z) - log q(z) of draw `i`.
    fn log_weight(&self, i: usize) -> f64 {
        self.energy(i) - self.log_q[i]
    }
}

/// Computes the three forms.
///
/// - **Form 1** is mean(log p(x, z) + log Jacobian) + closed entropy. Without a closed entropy it is mean(w), the same number
///   as form 2.
/// - **Form 2** is mean(log p(x | z) - (log q - log p(z))): no closed form enters, so its agreement with form 1 tests the
///   entropy and log q against each other.
/// - **Form 3** takes the evidence from the even-numbered draws, log Z = log mean(exp w), and KL(q || posterior) from the
///   odd-numbered ones, mean(log q - log p(x, z)) + log Z of those same draws (the self-normalised weights). With one
///   set of draws log Z would cancel and form 3 would be form 2. Standard errors by the delta method: that of log Z
///   is sd(e^w) / (mean(e^w) sqrt n), that of the KL is of the per-draw e^w / mean(e^w) - w. Both are too small where k-hat is
///   large, and so is log Z. NaN where the evidence is not defined.
pub fn elbo(terms: &Terms) -> Elbo {
    let n = terms.log_q.len();
    debug_assert!(terms.log_prior.len() == n && terms.log_likelihood.len() == n);
    let constant = if terms.entropy_is_closed {
        terms.entropy_closed
    } else {
        0.0
    };
    let all = |term: &dyn Fn(usize) -> f64| mean_of((0..n).map(term));
    let plus = |estimate: Estimate| Estimate {
        value: estimate.value + constant,
        ..estimate
    };
    let (log_evidence, kl_to_posterior, by_evidence) = if terms.evidence_defined {
        by_evidence(terms)
    } else {
        (UNDEFINED, UNDEFINED, UNDEFINED)
    };
    Elbo {
        energy: all(&|i| terms.energy(i)),
        entropy: plus(all(&|i| terms.entropy(i))),
        by_entropy: plus(all(&|i| terms.energy(i) + terms.entropy(i))),
        reconstruction: all(&|i| terms.log_likelihood[i]),
        kl_to_prior: all(&|i| terms.log_q[i] - terms.log_prior[i]),
        by_prior: all(&|i| terms.log_likelihood[i] - (terms.log_q[i] - terms.log_prior[i])),
        log_evidence,
        kl_to_posterior,
        by_evidence,
        evidence_defined: terms.evidence_defined,
    }
}

const UNDEFINED: Estimate = Estimate {
    value: f64::NAN,
    se: f64::NAN,
};

/// Log evidence from the even draws, KL to the posterior from the odd ones, and their difference.
fn by_evidence(terms: &Terms) -> (Estimate, Estimate, Estimate) {
    let n = terms.log_q.len();
    let even: Vec<f64> = (0..n).step_by(2).map(|i| terms.log_weight(i)).collect();
    let odd: Vec<f64> = (1..n).step_by(2).map(|i| terms.log_weight(i)).collect();
    let evidence = log_mean_exp(&even);
    let log_z = log_mean_exp(&odd).value;
    let bound = mean_of(odd.iter().copied());
    let influence = mean_of(odd.iter().map(|w| (w - log_z).exp() - w));
    let kl = Estimate {
        value: log_z - bound.value,
        se: influence.se,
    };
    // The halves are independent, so the variances add.
    let form = Estimate {
        value: evidence.value - kl.value,
        se: evidence.se.hypot(kl.se),
    };
    (evidence, kl, form)
}

/// log mean(exp w) with its delta-method standard error: the importance-weighted estimate of log p(x).
pub fn log_mean_exp(log_weights: &[f64]) -> Estimate {
    let largest = log_weights
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        return Estimate {
            value: if log_weights.is_empty() {
                f64::NAN
            } else {
                largest
            },
            se: f64::NAN,
        };
    }
    let scaled = mean_of(log_weights.iter().map(|w| (w - largest).exp()));
    Estimate {
        value: largest + scaled.value.ln(),
        se: scaled.se / scaled.value,
    }
}

/// Mean and sd / sqrt(n); the standard error of fewer than two values is NaN.
pub(crate) fn mean_of(values: impl Iterator<Item = f64> + Clone) -> Estimate {
    let n = values.clone().count() as f64;
    // Shifted by the first value, so that equal values have their own mean exactly and no variance.
    let Some(shift) = values.clone().next() else {
        return UNDEFINED;
    };
    let mean = if shift.is_finite() {
        shift + values.clone().map(|v| v - shift).sum::<f64>() / n
    } else {
        values.clone().sum::<f64>() / n
    };
    let squares = values.map(|v| (v - mean).powi(2)).sum::<f64>();
    Estimate {
        value: mean,
        se: if n > 1.0 {
            (squares / (n - 1.0) / n).sqrt()
        } else {
            f64::NAN
        },
    }
}
