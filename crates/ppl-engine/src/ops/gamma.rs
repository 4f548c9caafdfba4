//! ln Gamma and digamma for positive arguments, branch-free; the others are left to the reference.
//!
//! The polynomials about the roots are Chebyshev interpolations at 80 points in 90 digits, cut off below 1e-17; so both
//! functions keep their digits where they are near 0.

use super::elementwise::Unary;
use super::math::{ln, mul_add};
use ppl_dist::Prim;

/// A function whose lanes are right for positive numbers only.
pub(crate) trait Positive: Unary {
    /// The value of any other lane.
    fn reference(x: f64) -> f64;
}

/// ln Gamma(x)
pub(crate) struct LnGamma;
/// The derivative of ln Gamma.
pub(crate) struct Digamma;
/// The second derivative of ln Gamma.
pub(crate) struct Trigamma;

impl Positive for LnGamma {
    fn reference(x: f64) -> f64 {
        Prim::LnGamma.eval(&[x])
    }
}

impl Positive for Digamma {
    fn reference(x: f64) -> f64 {
        Prim::Polygamma.eval(&[0.0, x])
    }
}

impl Positive for Trigamma {
    fn reference(x: f64) -> f64 {
        Prim::Polygamma.eval(&[1.0, x])
    }
}

#[inline(always)]
fn polynomial<const FMA: bool>(x: f64, highest_first: &[f64]) -> f64 {
    let mut value = 0.0;
    for &c in highest_first {
        value = mul_add::<FMA>(value, x, c);
    }
    value
}

/// ln Gamma(2 + e) / e for e between -3/4 and 1/2, highest power first.
const LN_GAMMA_AT_2: [f64; 23] = [
    -4.078534068052586e-08,
    -3.4479731556290396e-08,
    -3.935367409100538e-09,
    1.0494396669769736e-07,
    -9.14935328797869e-08,
    1.8260106722411254e-07,
    -4.601314619834736e-07,
    9.63306867869914e-07,
    -2.0349770372134926e-06,
    4.373549250121044e-06,
    -9.440379833236786e-06,
    2.050733646452371e-05,
    -4.4926124966965185e-05,
    9.945750655015098e-05,
    -0.00022315476687909385,
    0.0005096695248665068,
    -0.001192753911338867,
    0.0028905103307426553,
    -0.007385551028682022,
    0.02058080842778449,
    -0.06735230105319803,
    0.3224670334241132,
    0.42278433509846713,
];
/// From here on Stirling's series is used as it stands.
const LN_GAMMA_FAR: f64 = 12.0;
/// DLMF 5.11.1, highest power first.
const STIRLING: [f64; 6] = [
    -691.0 / 360_360.0,
    1.0 / 1188.0,
    -1.0 / 1680.0,
    1.0 / 1260.0,
    -1.0 / 360.0,
    1.0 / 12.0,
];

impl Unary for LnGamma {
    #[inline(always)]
    fn lane<const FMA: bool>(x: f64) -> f64 {
        // Below the asymptotic range: moved to 2 + e with e between -3/4 and 1/2, where Gamma(x) = product / divisor * Gamma(2 + e).
        // All differences are exact.
        let far = x >= LN_GAMMA_FAR;
        let (tiny, small) = (x < 0.5, x < 1.25);
        let mut e = x - if tiny {
            0.0
        } else if small {
            1.0
        } else {
            2.0
        };
        e = if far { 0.0 } else { e };
        let divisor = if small { x } else { 1.0 } * if tiny { x + 1.0 } else { 1.0 };
        let mut product = 1.0;
        for _ in 0..10 {
            let high = e >= 0.5;
            product *= if high { e + 1.0 } else { 1.0 };
            e -= if high { 1.0 } else { 0.0 };
        }
        let between = e * polynomial::<FMA>(e, &LN_GAMMA_AT_2);
        // One of the two is 1. The inverse, which does not overflow for the smallest numbers.
        let inverse = small && !far;
        let of = if inverse { divisor } else { product };
        let ln = ln::<FMA>(if far { x } else { of });
        let moved = if inverse { -ln } else { ln };
        let r = 1.0 / x;
        let series = r * polynomial::<FMA>(r * r, &STIRLING);
        let stirling = mul_add::<FMA>(x - 0.5, ln, -x) + 0.918_938_533_204_672_8 + series;
        let stirling = if x > 1e305 { x * (ln - 1.0) } else { stirling };
        if far { stirling } else { moved + between }
    }
}

/// -B_2k / 2k, highest first.
const DIGAMMA: [f64; 8] = [
    3617.0 / 8160.0,
    -1.0 / 12.0,
    691.0 / 32_760.0,
    -1.0 / 132.0,
    1.0 / 240.0,
    -1.0 / 252.0,
    1.0 / 120.0,
    -1.0 / 12.0,
];
/// The positive root of digamma, in two parts.
const ROOT: (f64, f64) = (1.461_632_144_968_362_2, 9.549_995_429_965_697e-17);
/// digamma(x) / (x - root) for x between 1 and 1 + root, by powers of x - root, highest first.
const DIGAMMA_AT_ROOT: [f64; 27] = [
    9.25125184536098e-07,
    -8.092286588717342e-06,
    3.209034574712277e-05,
    -7.727169161906139e-05,
    0.00013072236127242785,
    -0.000179381803134439,
    0.00023731494613829873,
    -0.00033704170324479676,
    0.0005002839721800263,
    -0.0007390978024130213,
    0.0010805617555119614,
    -0.0015771825190669694,
    0.0023048253706559195,
    -0.0033696995783234953,
    0.004926807964189932,
    -0.0072045500515924305,
    0.010538790736628938,
    -0.015424764596182725,
    0.02259764819751442,
    -0.03316112653730297,
    0.048804288167937256,
    -0.07219956125483369,
    0.10782405069115603,
    -0.16394270544242612,
    0.25849976095565197,
    -0.442763168983592,
    0.9676722454476212,
];
/// From here on the asymptotic series of digamma is used as it stands.
const DIGAMMA_FAR: f64 = 8.0;

impl Unary for Digamma {
    #[inline(always)]
    fn lane<const FMA: bool>(x: f64) -> f64 {
        // Below the asymptotic range: moved to y between 1 and 1 + root, where digamma(x) = digamma(y) + a / b. Down from
        // above, all terms have one sign.
        let far = x >= DIGAMMA_FAR;
        let low = x < 1.0;
        let mut y = if far { 2.0 } else { x };
        let (mut a, mut b) = (if low { -1.0 } else { 0.0 }, if low { x } else { 1.0 });
        y += if low { 1.0 } else { 0.0 };
        for _ in 0..6 {
            let high = y >= 1.0 + ROOT.0;
            y -= if high { 1.0 } else { 0.0 };
            a = if high { mul_add::<FMA>(a, y, b) } else { a };
            b *= if high { y } else { 1.0 };
        }
        let near = (y - ROOT.0) - ROOT.1;
        let moved = mul_add::<FMA>(near, polynomial::<FMA>(near, &DIGAMMA_AT_ROOT), a / b);
        let r = 1.0 / x;
        let r2 = r * r;
        let series = r2 * polynomial::<FMA>(r2, &DIGAMMA);
        let asymptotic = ln::<FMA>(x) + (series - 0.5 * r);
        if far { asymptotic } else { moved }
    }
}

/// B_2k, highest first.
const TRIGAMMA: [f64; 8] = [
    -3617.0 / 510.0,
    7.0 / 6.0,
    -691.0 / 2730.0,
    5.0 / 66.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    1.0 / 6.0,
];

/// From here on the asymptotic series of trigamma is used as it stands.
const TRIGAMMA_FAR: f64 = 13.0;

impl Unary for Trigamma {
    #[inline(always)]
    fn lane<const FMA: bool>(x: f64) -> f64 {
        let low = x < TRIGAMMA_FAR;
        let start = if low { x } else { 1.0 };
        let mut sum = 0.0;
        for i in (0..13).rev() {
            let r = 1.0 / (start + f64::from(i));
            sum = mul_add::<FMA>(r, r, sum);
        }
        let r = 1.0 / if low { x + 13.0 } else { x };
        let r2 = r * r;
        let far = r + 0.5 * r2 + r * r2 * polynomial::<FMA>(r2, &TRIGAMMA);
        far + if low { sum } else { 0.0 }
    }
}
