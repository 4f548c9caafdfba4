//! ln Gamma and digamma for positive arguments, branch-free; the others are left to the reference.
//!
//! Coefficients of ln Gamma between 2 and 3 and of its Stirling series are those of Cephes' `gamma.c`.

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

/// From here on the asymptotic series hold.
const FAR: f64 = 13.0;

const LN_GAMMA_ABOVE: [f64; 6] = [
    -1.378_251_525_691_208_6e3,
    -3.880_163_151_346_378e4,
    -3.316_129_927_388_712e5,
    -1.162_370_974_927_623e6,
    -1.721_737_008_208_396_6e6,
    -8.535_556_642_457_654e5,
];
const LN_GAMMA_BELOW: [f64; 7] = [
    1.0,
    -3.518_157_014_365_234_5e2,
    -1.706_421_066_518_811_5e4,
    -2.205_285_905_538_544_5e5,
    -1.139_334_443_679_825e6,
    -2.532_523_071_775_829_4e6,
    -2.018_891_414_335_327_7e6,
];
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
        // Below the asymptotic range: moved to y between 2 and 3, where Gamma(x) = product / divisor * Gamma(y).
        let mut y = if x < FAR { x } else { 2.0 };
        let (mut product, mut divisor) = (1.0, 1.0);
        for _ in 0..2 {
            let low = y < 2.0;
            divisor *= if low { y } else { 1.0 };
            y += if low { 1.0 } else { 0.0 };
        }
        for _ in 0..10 {
            let high = y >= 3.0;
            y -= if high { 1.0 } else { 0.0 };
            product *= if high { y } else { 1.0 };
        }
        let z = y - 2.0;
        let between =
            z * polynomial::<FMA>(z, &LN_GAMMA_ABOVE) / polynomial::<FMA>(z, &LN_GAMMA_BELOW);
        let ln = ln::<FMA>(if x < FAR { product / divisor } else { x });
        let r = 1.0 / x;
        let series = r * polynomial::<FMA>(r * r, &STIRLING);
        let stirling = mul_add::<FMA>(x - 0.5, ln, -x) + 0.918_938_533_204_672_8 + series;
        let stirling = if x > 1e305 { x * (ln - 1.0) } else { stirling };
        if x < FAR { ln + between } else { stirling }
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
/// Taylor coefficients of digamma at its root, highest first.
const AT_ROOT: [f64; 15] = [
    0.002_305_126_326_734_928,
    -0.003_369_801_655_439_328,
    0.004_926_781_395_729_853,
    -0.007_204_534_386_356_869,
    0.010_538_791_616_612_175,
    -0.015_424_765_904_949_06,
    0.022_597_648_232_218_104,
    -0.033_161_126_474_847_36,
    0.048_804_288_164_143_11,
    -0.072_199_561_256_454_71,
    0.107_824_050_691_262_37,
    -0.163_942_705_442_406_52,
    0.258_499_760_955_651,
    -0.442_763_168_983_592_1,
    0.967_672_245_447_621_2,
];

impl Unary for Digamma {
    #[inline(always)]
    fn lane<const FMA: bool>(x: f64) -> f64 {
        // Below the asymptotic range: the sum of 1 / (x + i) as derivative over value of the product of all x + i.
        let low = x < FAR;
        let start = if low { x } else { 1.0 };
        let (mut product, mut derivative) = (start, 1.0);
        for i in 1..13 {
            let factor = start + f64::from(i);
            derivative = mul_add::<FMA>(derivative, factor, product);
            product *= factor;
        }
        let y = if low { x + 13.0 } else { x };
        let r = 1.0 / y;
        let r2 = r * r;
        let series = r2 * polynomial::<FMA>(r2, &DIGAMMA);
        let far = ln::<FMA>(y) - 0.5 * r + series;
        let result = far - if low { derivative / product } else { 0.0 };
        let near = (x - ROOT.0) - ROOT.1;
        let at_root = near * polynomial::<FMA>(near, &AT_ROOT);
        if near.abs() < 0.1 { at_root } else { result }
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

impl Unary for Trigamma {
    #[inline(always)]
    fn lane<const FMA: bool>(x: f64) -> f64 {
        let low = x < FAR;
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
