//! Special functions of real variables, in double precision.

mod bessel;
mod gamma;
mod incomplete;
mod jet;
mod normal;
mod polya;
mod skew_normal;
mod von_mises;

pub use bessel::{bessel_gap, ln_bessel_i0e};
pub use gamma::{ln_gamma, polygamma};
pub use incomplete::{
    ln_beta_lower, ln_beta_lower_slope, ln_gamma_lower, ln_gamma_lower_slope, ln_gamma_upper,
    ln_gamma_upper_slope, regularized_beta, regularized_gamma,
};
pub use normal::{inv_phi, ln_phi, phi};
pub use polya::{COUNTS, below_of, ln_polya_lower};
pub use skew_normal::ln_skew_phi;
pub use von_mises::ln_von_mises_arc;

/// The logistic function 1 / (1 + e^-x).
pub fn inv_logit(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + libm::exp(-x))
    } else {
        let e = libm::exp(x);
        e / (1.0 + e)
    }
}

/// ln(1 + e^x), without overflow and exact in both tails.
pub fn softplus(x: f64) -> f64 {
    if x.is_nan() {
        x
    } else {
        x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values from mpmath at 40 digits.
    #[test]
    fn logistic_and_softplus() {
        assert_eq!(inv_logit(0.0), 0.5);
        assert_eq!(inv_logit(-1000.0), 0.0);
        assert_eq!(inv_logit(1000.0), 1.0);
        assert_eq!(softplus(1000.0), 1000.0);
        assert_eq!(softplus(f64::NEG_INFINITY), 0.0);
        assert!(softplus(f64::NAN).is_nan());
        assert!((softplus(-40.0) / 4.248354255291589e-18 - 1.0).abs() < 1e-15);
        assert!((inv_logit(-40.0) / 4.248354255291589e-18 - 1.0).abs() < 1e-15);
    }
}
