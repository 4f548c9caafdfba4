//! The standard normal distribution function, its logarithm and its inverse.

use std::f64::consts::FRAC_1_SQRT_2;

/// 1/√π
const FRAC_1_SQRT_PI: f64 = 0.564_189_583_547_756_3;

/// The standard normal distribution function, erfc(-x/√2)/2 (DLMF 7.2.2).
pub fn phi(x: f64) -> f64 {
    // What rounding takes from x/√2 is worth up to x² units in the tail; it comes back through the derivative.
    const REST: f64 = -4.833_646_656_726_457e-17;
    let t = -x * FRAC_1_SQRT_2;
    let rest = libm::fma(-x, FRAC_1_SQRT_2, -t) - x * REST;
    let value = 0.5 * libm::erfc(t);
    if x.abs() > 40.0 {
        return value;
    }
    value - rest * libm::exp(-t * t) * FRAC_1_SQRT_PI
}

/// ln of [`phi`]. Below -30 the asymptotic series Abramowitz & Stegun 26.2.12.
pub fn ln_phi(x: f64) -> f64 {
    if x > 0.0 {
        libm::log1p(-phi(-x))
    } else if x > -30.0 {
        libm::log(phi(x))
    } else {
        let r2 = 1.0 / (x * x);
        let series = [10395.0, -945.0, 105.0, -15.0, 3.0, -1.0]
            .iter()
            .fold(0.0, |s, c| r2 * (s + c));
        -0.5 * x * x - libm::log(-x) - 0.918_938_533_204_672_8 + libm::log1p(series)
    }
}

/// The standard normal quantile function: Wichura (1988), Applied Statistics 37, algorithm AS 241 (PPND16), relative
/// error 1e-16. -inf at 0, inf at 1, NaN outside.
pub fn inv_phi(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * ratio(&CENTRE, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail == 0.0 {
        return f64::INFINITY.copysign(q);
    }
    let r = (-libm::log(tail)).sqrt();
    let size = if r <= 5.0 {
        ratio(&MIDDLE, r - 1.6)
    } else {
        ratio(&TAIL, r - 5.0)
    };
    size.copysign(q)
}

/// Numerator and denominator, highest power first.
type Rational = ([f64; 8], [f64; 8]);

fn ratio((numerator, denominator): &Rational, r: f64) -> f64 {
    let horner = |c: &[f64; 8]| c.iter().fold(0.0, |s, a| s * r + a);
    horner(numerator) / horner(denominator)
}

/// |p - 0.5| <= 0.425
const CENTRE: Rational = (
    [
        2509.0809287301227,
        33430.57558358813,
        67265.7709270087,
        45921.95393154987,
        13731.69376550946,
        1971.5909503065513,
        133.14166789178438,
        3.3871328727963665,
    ],
    [
        5226.495278852854,
        28729.085735721943,
        39307.89580009271,
        21213.794301586597,
        5394.196021424751,
        687.1870074920579,
        42.31333070160091,
        1.0,
    ],
);

/// sqrt(-ln tail) <= 5
const MIDDLE: Rational = (
    [
        0.0007745450142783414,
        0.022723844989269184,
        0.2417807251774506,
        1.2704582524523684,
        3.6478483247632045,
        5.769497221460691,
        4.630337846156546,
        1.4234371107496835,
    ],
    [
        1.0507500716444169e-09,
        0.0005475938084995345,
        0.015198666563616457,
        0.14810397642748008,
        0.6897673349851,
        1.6763848301838038,
        2.053191626637759,
        1.0,
    ],
);

/// sqrt(-ln tail) > 5
const TAIL: Rational = (
    [
        2.0103343992922881e-07,
        2.7115555687434876e-05,
        0.0012426609473880784,
        0.026532189526576124,
        0.29656057182850487,
        1.7848265399172913,
        5.463784911164114,
        6.657904643501103,
    ],
    [
        2.0442631033899397e-15,
        1.421511758316446e-07,
        1.8463183175100548e-05,
        0.0007868691311456133,
        0.014875361290850615,
        0.1369298809227358,
        0.599832206555888,
        1.0,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(got: f64, want: f64, tolerance: f64, what: &str) {
        assert!(
            (got - want).abs() <= tolerance * want.abs(),
            "{what}: {got} is not {want}"
        );
    }

    /// Values from mpmath at 40 digits.
    #[test]
    fn golden() {
        for (x, want, ln_want) in [
            (-37.0, 5.725571222524577e-300, -689.0305855768906),
            (-30.5, 1.3029379131780763e-204, -469.4627373229121),
            (-29.5, 1.4394745522291793e-191, -439.42947460915025),
            (-12.3, 4.5287069561587846e-35, -79.08004179618399),
            (-5.0, 2.866515718791939e-07, -15.064998393988725),
            (-1.0, 0.15865525393145705, -1.8410216450092636),
            (-1e-09, 0.49999999960105773, -0.6931471813578298),
            (0.4, 0.6554217416103242, -0.42247637022777607),
            (1.0, 0.8413447460685429, -0.17275377902344988),
            (3.0, 0.9986501019683699, -0.0013508099647481938),
            (7.5, 0.9999999999999681, -3.190891672910947e-14),
            (20.0, 1.0, -2.7536241186062337e-89),
        ] {
            check(phi(x), want, 1e-15, &format!("phi({x})"));
            check(ln_phi(x), ln_want, 1e-15, &format!("ln_phi({x})"));
        }
        check(ln_phi(-40.0), -804.6084420137538, 2e-16, "ln_phi(-40)");
        check(ln_phi(-1e8), -5000000000000019.0, 2e-16, "ln_phi(-1e8)");
    }

    /// Values from mpmath at 40 digits.
    #[test]
    fn golden_inverse() {
        for (p, want) in [
            (1e-300, -37.0470962993612),
            (1e-100, -21.273453560965326),
            (1e-20, -9.262340089798407),
            (1e-10, -6.361340902404057),
            (1e-05, -4.264890793922825),
            (0.01, -2.326347874040841),
            (0.07499, -1.4396021182393162),
            (0.07501, -1.439460830821626),
            (0.3, -0.5244005127080408),
            (0.4999, -0.00025066283008800747),
            (0.6, 0.2533471031357997),
            (0.925, 1.4395314709384561),
            (0.99, 2.3263478740408408),
            (0.999999, 4.753424308817087),
            (0.9999999999990905, 7.047700256664409),
        ] {
            check(inv_phi(p), want, 1e-15, &format!("inv_phi({p})"));
        }
        assert_eq!(inv_phi(0.5), 0.0);
        assert_eq!(inv_phi(0.0), f64::NEG_INFINITY);
        assert_eq!(inv_phi(1.0), f64::INFINITY);
        assert!(inv_phi(-0.1).is_nan() && inv_phi(f64::NAN).is_nan());
    }
}
