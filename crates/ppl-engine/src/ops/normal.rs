//! The error function and the normal distribution function, branch-free.
//!
//! Both stand on the upper tail Q(u) = e^(-u²/2) P(q) / (u + b), where P is a polynomial of q = (u - k)/(u + k), which
//! takes [0, ∞) to [-1, 1]: the form of Shepherd and Laframboise (1981), Mathematics of Computation 36. The coefficients are
//! those of the Chebyshev interpolation at 64 points in 60 digits, cut off where 8e-18 is left.

use super::elementwise::Unary;
use super::math::{exp_parts, mul_add, product_rest};

/// Erf.
pub(crate) struct Erf;
/// The standard normal distribution function.
pub(crate) struct Phi;

/// k and b above.
const MIDDLE: f64 = 5.0;
const OFFSET: f64 = 1.25;

/// P, highest power first.
const TAIL: [f64; 24] = [
    -3.6605284176565623e-10,
    -3.1366010636995283e-10,
    4.205548141714169e-09,
    3.98035498078471e-09,
    -2.9451319421542244e-08,
    -2.8856872929169835e-08,
    1.8642143353630847e-07,
    1.4697812313533943e-07,
    -1.246579483936218e-06,
    -2.3900471788766604e-07,
    8.742295733292425e-06,
    -8.235038354329458e-06,
    -5.3367252790478904e-05,
    0.00016722728677579993,
    4.136080809460299e-05,
    -0.0016211846622540362,
    0.005927289578611248,
    -0.012922572764655556,
    0.01868348812175676,
    -0.01443720489527684,
    -0.01021861693080254,
    0.060047571397464757,
    -0.12741667065001203,
    0.48074565609378933,
];

#[inline(always)]
fn polynomial<const FMA: bool>(x: f64, highest_first: &[f64]) -> f64 {
    let mut value = highest_first[0];
    for &c in &highest_first[1..] {
        value = mul_add::<FMA>(value, x, c);
    }
    value
}

/// u + b, P(q) and 1 / (u + b), the last not to all digits; for u >= 0.
#[inline(always)]
fn scaled_tail<const FMA: bool>(u: f64) -> (f64, f64, f64) {
    let (sum, other) = (u + OFFSET, u + MIDDLE);
    let inverse = 1.0 / (sum * other);
    let r = sum * inverse;
    let q = (u - MIDDLE) * r;
    // One step of Newton's takes the rounding of the quotient out.
    let rest = if FMA {
        q.mul_add(-u, (q + 1.0).mul_add(-MIDDLE, u))
    } else {
        0.0
    };
    let q = mul_add::<FMA>(r, rest, q);
    (sum, polynomial::<FMA>(q, &TAIL), other * inverse)
}

/// Q(u) where u² / 2 is `half - less`, with digits to spare before the last rounding.
#[inline(always)]
fn tail<const FMA: bool>(u: f64, half: f64, less: f64) -> f64 {
    let (p, [a, b]) = exp_parts::<FMA, true>(-half, -less);
    let e = 1.0 + p;
    let e_rest = p - (e - 1.0);
    let (sum, factor, inverse) = scaled_tail::<FMA>(u);
    let sum_rest = u - (sum - OFFSET);
    let product = e * factor;
    let missing = product_rest::<FMA>(e, factor, product) + e_rest * factor;
    let quotient = product * inverse;
    let back = quotient * sum;
    let rest = (product - back) - product_rest::<FMA>(quotient, sum, back);
    let rest = rest + (missing - quotient * sum_rest);
    mul_add::<FMA>(rest, inverse, quotient) * a * b
}

/// Beyond this size the functions have reached their limits.
const FAR: f64 = 40.0;

/// The upper tail of the normal distribution at u >= 0.
#[inline(always)]
fn upper<const FMA: bool>(u: f64) -> f64 {
    let u = if u > FAR { FAR } else { u };
    let square = u * u;
    let rest = product_rest::<FMA>(u, u, square);
    tail::<FMA>(u, 0.5 * square, -0.5 * rest)
}

impl Unary for Phi {
    #[inline(always)]
    fn lane<const FMA: bool>(x: f64) -> f64 {
        let tail = upper::<FMA>(x.abs());
        if x > 0.0 { 1.0 - tail } else { tail }
    }
}

/// Numerator and denominator of erf(x)/x - 1 below [`CENTRE`], highest power of x² first: fdlibm's `s_erf.c`.
const ABOVE: [f64; 5] = [
    -2.376_301_665_665_016_3e-5,
    -5.770_270_296_489_442e-3,
    -2.848_174_957_559_851e-2,
    -3.250_421_072_470_015e-1,
    1.283_791_670_955_125_6e-1,
];
const BELOW: [f64; 6] = [
    -3.960_228_278_775_368e-6,
    1.324_947_380_043_216_4e-4,
    5.081_306_281_875_766e-3,
    6.502_224_998_876_73e-2,
    3.979_172_239_591_553_5e-1,
    1.0,
];
const CENTRE: f64 = 0.84375;

impl Unary for Erf {
    #[inline(always)]
    fn lane<const FMA: bool>(x: f64) -> f64 {
        let z = x * x;
        let inner = z < CENTRE * CENTRE;
        let small = if inner { z } else { 0.0 };
        let ratio = polynomial::<FMA>(small, &ABOVE) / polynomial::<FMA>(small, &BELOW);
        let centre = mul_add::<FMA>(x, ratio, x);
        let size = x.abs();
        let size = if size > 6.5 { 6.5 } else { size };
        let square = size * size;
        let rest = product_rest::<FMA>(size, size, square);
        let tail = tail::<FMA>(size * std::f64::consts::SQRT_2, square, -rest);
        let outer = mul_add::<FMA>(-2.0, tail, 1.0).copysign(x);
        if inner { centre } else { outer }
    }
}
