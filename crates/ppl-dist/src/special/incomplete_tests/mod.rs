//! Values and derivatives from mpmath at 60 digits and more.

use super::*;

mod beta;
mod gamma;

/// Absolute errors beside relative ones: a derivative can pass through 0.
fn check(got: f64, want: f64, tolerance: f64, what: &str) {
    assert!(
        (got - want).abs() <= tolerance * want.abs() + 1e-300,
        "{what}: {got:e} is not {want:e}"
    );
}

#[test]
fn ends() {
    let inf = f64::INFINITY;
    assert_eq!(ln_gamma_lower(0, 2.0, 0.0), -inf);
    assert_eq!(ln_gamma_upper(0, 2.0, -1.0), 0.0);
    assert_eq!(ln_gamma_upper(0, 2.0, inf), -inf);
    assert_eq!(ln_gamma_lower(0, inf, 3.0), -inf);
    assert_eq!(ln_gamma_lower(1, 2.0, 0.0), 0.0);
    assert_eq!(ln_beta_lower((0, 0), 2.0, 3.0, inf), 0.0);
    assert_eq!(ln_beta_lower((0, 0), 2.0, 3.0, -inf), -inf);
    assert_eq!(ln_beta_lower((0, 0), 2.0, 0.0, 1.0), -inf);
    assert_eq!(ln_beta_lower((1, 0), 2.0, 3.0, -inf), 0.0);
    assert!(ln_gamma_lower(0, -1.0, 1.0).is_nan() && ln_gamma_lower(0, 1.0, f64::NAN).is_nan());
    assert!(ln_beta_lower((0, 0), -1.0, 1.0, 0.0).is_nan());
    // Shapes that would take too many terms are told as unknown, not given a wrong value.
    assert!(ln_gamma_lower(0, 1e14, 1e14).is_nan());
}
