//! ln |Gamma| and the polygamma functions.

use std::f64::consts::PI;

/// ln |Gamma(x)|; +inf at 0, -1, -2, … (FreeBSD's `lgamma_r`: DLMF 5.11.1 and, below 0, the reflection 5.5.3).
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// From here on the asymptotic series is used as it stands.
const FAR: f64 = 15.0;

/// B_2, B_4, … (DLMF table 24.2.3).
const BERNOULLI: [f64; 12] = [
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
    43867.0 / 798.0,
    -174611.0 / 330.0,
    854513.0 / 138.0,
    -236364091.0 / 2730.0,
];

/// The derivative of order n + 1 of ln Gamma: digamma (n = 0), trigamma (n = 1), …; NaN at 0, -1, -2, …
///
/// Moved up by the recurrence DLMF 5.15.5 until the asymptotic series 5.15.8 and 5.11.2 hold; orders 0 and 1 at
/// negative x by the reflections 5.5.4 and 5.15.6, higher orders at x < -10000 are NaN.
pub fn polygamma(n: u32, x: f64) -> f64 {
    if x.is_nan() || (x <= 0.0 && x == x.floor()) {
        return f64::NAN;
    }
    match n {
        0 if x < 0.0 => digamma(1.0 - x) - PI / tan_pi(x),
        0 => digamma(x),
        1 if x < 0.0 => {
            let cosecant = PI / sin_pi(x);
            cosecant * cosecant - polygamma(1, 1.0 - x)
        }
        _ if x < -10_000.0 => f64::NAN,
        _ => higher(n, x),
    }
}

fn digamma(x: f64) -> f64 {
    let near = x - ROOT;
    if near.abs() < 0.125 {
        return digamma_near_root(near - ROOT_LOW);
    }
    let mut shift = 0.0;
    let mut y = x;
    while y < FAR {
        shift += 1.0 / y;
        y += 1.0;
    }
    let r2 = 1.0 / (y * y);
    let series = BERNOULLI
        .iter()
        .enumerate()
        .rev()
        .fold(0.0, |s, (k, b)| r2 * (b / (2 * k + 2) as f64 + s));
    libm::log(y) - 0.5 / y - series - shift
}

/// The positive root of digamma, in two parts.
const ROOT: f64 = 1.4616321449683622;
const ROOT_LOW: f64 = 9.549995429965697e-17;

/// Taylor coefficients of digamma at its root: polygamma(k, root) / k!, k = 1, 2, …
const AT_ROOT: [f64; 18] = [
    0.9676722454476212,
    -0.4427631689835921,
    0.258499760955651,
    -0.16394270544240652,
    0.10782405069126237,
    -0.07219956125645471,
    0.04880428816414311,
    -0.03316112647484736,
    0.022597648232218104,
    -0.01542476590494896,
    0.010538791616612175,
    -0.007204534386356869,
    0.004926781395729853,
    -0.003369801655439328,
    0.002305126326734928,
    -0.0015769367714301972,
    0.0010788252019162967,
    -0.0007380709389960052,
];

fn digamma_near_root(d: f64) -> f64 {
    AT_ROOT.iter().rev().fold(0.0, |s, c| d * (c + s))
}

/// (-1)^(n+1) polygamma(n, x) for n >= 1: n!/x^(n+1) summed up to `FAR` + n, then the series.
fn higher(n: u32, x: f64) -> f64 {
    let order = f64::from(n);
    let power = -order - 1.0;
    let far = FAR + order;
    // In units of n!, so that the order 150 and above do not overflow early.
    let mut total = 0.0;
    let mut y = x;
    while y < far {
        total += libm::pow(y, power);
        y += 1.0;
    }
    // (2k + n - 1)! / ((2k)! n!) grows from (n + 1)/2 by (2k + n)(2k + n + 1) / ((2k + 1)(2k + 2)).
    let r2 = 1.0 / (y * y);
    let mut coefficient = 0.5 * (order + 1.0) * r2;
    let mut series = 1.0 / order + 0.5 / y;
    for (k, b) in BERNOULLI.iter().enumerate() {
        series += b * coefficient;
        let m = 2.0 * (k as f64 + 1.0);
        coefficient *= (m + order) * (m + order + 1.0) / ((m + 1.0) * (m + 2.0)) * r2;
    }
    total += libm::pow(y, -order) * series;
    let factorial = libm::tgamma(order + 1.0);
    if n % 2 == 1 {
        factorial * total
    } else {
        -factorial * total
    }
}

/// sin(pi x) with the whole part taken off first.
fn sin_pi(x: f64) -> f64 {
    let r = x - 2.0 * (0.5 * x).round();
    libm::sin(PI * r)
}

/// tan(pi x) with the whole part taken off first.
fn tan_pi(x: f64) -> f64 {
    libm::tan(PI * (x - x.round()))
}

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
    fn golden_ln_gamma() {
        for (x, want) in [
            (1e-300, 690.7755278982137),
            (1e-05, 11.512919692895826),
            (0.5, 0.5723649429247001),
            (0.999, 0.0005780385328913802),
            (1.2, -0.08537409000331583),
            (1.5, -0.12078223763524522),
            (3.7, 1.428072326665388),
            (10.0, 12.801827480081469),
            (50.5, 146.51925549072064),
            (1234.5, 7550.550901077895),
            (10000000000.0, 220258509288.81058),
            (-0.5, 1.2655121234846454),
            (-3.3, -0.8243558050174264),
            (-20.25, -41.60096191534053),
        ] {
            check(ln_gamma(x), want, 1e-14, &format!("ln_gamma({x})"));
        }
    }

    /// Values from mpmath at 40 digits.
    #[test]
    fn golden_polygamma() {
        for (n, x, want) in [
            (0, 1e-08, -100000000.57721564),
            (0, 0.3, -3.502524222200133),
            (0, 1.0, -0.5772156649015329),
            (0, 1.46163, -2.0756283887224574e-06),
            (0, 1.4616321449683622, -9.241265521729427e-17),
            (0, 1.45, -0.011316422586445888),
            (0, 1.6, 0.12604745277347632),
            (0, 2.5, 0.7031566406452432),
            (0, 9.9, 2.2411803166063815),
            (0, 14.999, 2.6742777210575355),
            (0, 33.0, 3.4812795305349873),
            (0, 10000.0, 9.210290371142849),
            (1, 1e-08, 1.0000000000000002e+16),
            (1, 0.3, 12.245364546107732),
            (1, 1.0, 1.6449340668482264),
            (1, 1.4616321449683622, 0.9676722454476212),
            (1, 2.5, 0.49035775610023485),
            (1, 9.9, 0.1062830416287406),
            (1, 14.999, 0.06894297877766278),
            (1, 33.0, 0.03076680402030209),
            (1, 10000.0, 0.00010000500016666666),
            (2, 1e-08, -2e+24),
            (2, 0.3, -75.27253658872604),
            (2, 1.0, -2.4041138063191885),
            (2, 1.4616321449683622, -0.8855263379671844),
            (2, 2.5, -0.2362040516417274),
            (2, 9.9, -0.011285526423707164),
            (2, 14.999, -0.004751257263934138),
            (2, 33.0, -0.0009465216039640907),
            (2, 10000.0, -1.000100005e-08),
            (3, 1e-08, 5.999999999999999e+32),
            (3, 0.3, 743.1417646550498),
            (3, 1.0, 6.493939402266829),
            (3, 1.4616321449683622, 1.5509985657339065),
            (3, 2.5, 0.22390584881725206),
            (3, 9.9, 0.00239445126374616),
            (3, 14.999, 0.0006546149930878223),
            (3, 33.0, 5.82337088795388e-05),
            (3, 10000.0, 2.00030002e-12),
            (5, 0.3, 164634.84609922304),
            (5, 2.5, 0.5785691785671835),
            (5, 33.0, 6.61121024359418e-07),
            (0, -0.25, 2.9141391202135276),
            (0, -2.6, 0.1148975066969342),
            (0, -20.375, 4.339938134101686),
            (1, -0.25, 18.541879647671607),
            (1, -2.6, 10.591688362390217),
            (1, -20.375, 11.515065767765),
            (2, -0.25, 122.69736678366236),
            (3, -1.5, 194.59427621918763),
            (0, 1e300, 690.7755278982137),
            (20, 3.0, -233141556.11225682),
        ] {
            check(
                polygamma(n, x),
                want,
                1e-13,
                &format!("polygamma({n}, {x})"),
            );
        }
    }

    #[test]
    fn poles_are_nan() {
        for n in 0..4 {
            assert!(polygamma(n, 0.0).is_nan() && polygamma(n, -3.0).is_nan());
        }
        assert_eq!(ln_gamma(0.0), f64::INFINITY);
    }
}
