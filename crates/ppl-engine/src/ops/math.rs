//! Elementary functions as branch-free polynomials that vectorise; `FMA` says whether `mul_add` is one instruction.
//!
//! The page on accuracy (docs/src/accuracy.md) has their errors.

const LN2_HI: f64 = 6.931_471_803_691_238e-1;
const LN2_LO: f64 = 1.908_214_929_270_587_7e-10;
/// Adding it moves the nearest whole number into the low bits.
const SHIFT: f64 = 6_755_399_441_055_744.0;

/// `a b + c`
#[inline(always)]
pub(crate) fn mul_add<const FMA: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// What rounding took from a product: `a b - product`.
#[inline(always)]
pub(crate) fn product_rest<const FMA: bool>(a: f64, b: f64, product: f64) -> f64 {
    if FMA {
        return a.mul_add(b, -product);
    }
    // Dekker (1971): halves of 26 bits, whose products are exact.
    let split = |x: f64| {
        let high = f64::from_bits(x.to_bits() & 0xffff_ffff_f800_0000);
        (high, x - high)
    };
    let ((a, a_low), (b, b_low)) = (split(a), split(b));
    ((a * b - product) + a * b_low + a_low * b) + a_low * b_low
}

/// 2^k for a whole `k` in -1022..=1023, given as a float.
#[inline(always)]
fn power_of_two(k: f64) -> f64 {
    f64::from_bits(((k + SHIFT).to_bits().wrapping_add(1023)) << 52)
}

/// `x - less = k ln 2 + r` for a correction far below the last place of `x`; gives k and e^r - 1 with |r| <= ln 2 / 2, by
/// the Taylor polynomial of degree 13. `SHARP` takes the rounding of r into account.
#[inline(always)]
fn reduced_expm1<const FMA: bool, const SHARP: bool>(x: f64, less: f64) -> (f64, f64) {
    let k = mul_add::<FMA>(x, std::f64::consts::LOG2_E, SHIFT) - SHIFT;
    let high = mul_add::<FMA>(k, -LN2_HI, x);
    let r = mul_add::<FMA>(k, -LN2_LO, high - less);
    let r2 = r * r;
    let r4 = r2 * r2;
    let pair = |low: f64, high: f64| mul_add::<FMA>(r, high, low);
    let a = mul_add::<FMA>(r2, pair(1.0 / 24.0, 1.0 / 120.0), pair(0.5, 1.0 / 6.0));
    let b = mul_add::<FMA>(
        r2,
        pair(1.0 / 40_320.0, 1.0 / 362_880.0),
        pair(1.0 / 720.0, 1.0 / 5_040.0),
    );
    let c = mul_add::<FMA>(
        r2,
        pair(1.0 / 479_001_600.0, 1.0 / 6_227_020_800.0),
        pair(1.0 / 3_628_800.0, 1.0 / 39_916_800.0),
    );
    let tail = mul_add::<FMA>(r4, mul_add::<FMA>(r4, c, b), a);
    if SHARP {
        let low = mul_add::<FMA>(k, -LN2_LO, high - r) - less;
        return (k, r + mul_add::<FMA>(r2, tail, low));
    }
    (k, mul_add::<FMA>(r2, tail, r))
}

/// e^x; below about -745.13 it is 0, above 709.78 infinite.
#[inline(always)]
pub(crate) fn exp<const FMA: bool>(x: f64) -> f64 {
    let (p, [a, b]) = exp_parts::<FMA, false>(x, 0.0);
    (1.0 + p) * a * b
}

/// e^(x - less), for a correction far below the last place of `x`, as (1 + p) a b: p and two powers of two, so that results
/// below the normal range are rounded once.
#[inline(always)]
pub(crate) fn exp_parts<const FMA: bool, const SHARP: bool>(x: f64, less: f64) -> (f64, [f64; 2]) {
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let (k, p) = reduced_expm1::<FMA, SHARP>(x, less);
    let half = (mul_add::<FMA>(k, 0.5, SHIFT)) - SHIFT;
    (p, [power_of_two(half), power_of_two(k - half)])
}

/// e^x - 1
#[inline(always)]
pub(crate) fn expm1<const FMA: bool>(x: f64) -> f64 {
    expm1_parts::<FMA>(x).0
}

/// e^x - 1, and what rounding took from it where x is small.
#[inline(always)]
fn expm1_parts<const FMA: bool>(x: f64) -> (f64, f64) {
    let clamped = if x > 710.0 { 710.0 } else { x };
    let clamped = if clamped < -60.0 { -60.0 } else { clamped };
    let (k, p) = reduced_expm1::<FMA, true>(clamped, 0.0);
    // Of two factors, so that the scale does not overflow before the result does.
    let half = power_of_two(k - 1.0);
    let (whole, part) = (2.0 * half - 1.0, 2.0 * half * p);
    let near = mul_add::<FMA>(2.0 * half, p, whole);
    let far = (1.0 + p) * half * 2.0;
    (if x > 40.0 { far } else { near }, part - (near - whole))
}

/// k ln 2 + ln(1 + f) + c, for 1 + f between sqrt(1/2) and sqrt(2); after fdlibm's `e_log.c`.
#[inline(always)]
fn ln_of_parts<const FMA: bool>(k: f64, f: f64, c: f64) -> f64 {
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let odd = mul_add::<FMA>(
        w,
        mul_add::<FMA>(
            w,
            mul_add::<FMA>(w, 1.479_819_860_511_658_6e-1, 1.818_357_216_161_805e-1),
            2.857_142_874_366_239e-1,
        ),
        6.666_666_666_666_735e-1,
    );
    let even = mul_add::<FMA>(
        w,
        mul_add::<FMA>(w, 1.531_383_769_920_937_3e-1, 2.222_219_843_214_978_4e-1),
        3.999_999_999_940_942e-1,
    );
    let r = mul_add::<FMA>(w, even, z * odd);
    let half_square = 0.5 * f * f;
    let low = mul_add::<FMA>(k, LN2_LO, c);
    mul_add::<FMA>(
        k,
        LN2_HI,
        f - (half_square - mul_add::<FMA>(s, half_square + r, low)),
    )
}

/// ln(x + c) for a correction `c` far below the last place of `x`.
#[inline(always)]
fn ln_corrected<const FMA: bool>(x: f64, c: f64) -> f64 {
    let subnormal = x < f64::MIN_POSITIVE;
    let scaled = if subnormal {
        x * 18_014_398_509_481_984.0
    } else {
        x
    };
    let offset = if subnormal { 1023.0 + 54.0 } else { 1023.0 };
    // The exponent is taken such that the fraction lies between sqrt(1/2) and sqrt(2).
    let bits = scaled
        .to_bits()
        .wrapping_add(0x3ff0_0000_0000_0000 - 0x3fe6_a09e_0000_0000);
    let k = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_370_496.0 - offset;
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff).wrapping_add(0x3fe6_a09e_0000_0000));
    let result = ln_of_parts::<FMA>(k, m - 1.0, c);
    let ordinary = x.to_bits().wrapping_sub(1) < f64::INFINITY.to_bits() - 1;
    // Infinite for infinity, not a number for what is negative or is none.
    let special = mul_add::<FMA>(x, f64::INFINITY, f64::INFINITY);
    let special = if x == 0.0 { f64::NEG_INFINITY } else { special };
    if ordinary { result } else { special }
}

/// Natural logarithm.
#[inline(always)]
pub(crate) fn ln<const FMA: bool>(x: f64) -> f64 {
    ln_corrected::<FMA>(x, 0.0)
}

/// ln(1 + x); what rounding of the sum loses comes back as a correction.
#[inline(always)]
pub(crate) fn log1p<const FMA: bool>(x: f64) -> f64 {
    let u = 1.0 + x;
    ln_corrected::<FMA>(u, (x - (u - 1.0)) / u)
}

/// Hyperbolic tangent.
#[inline(always)]
pub(crate) fn tanh<const FMA: bool>(x: f64) -> f64 {
    let size = x.abs();
    let size = if size > 22.0 { 22.0 } else { size };
    let (e, low) = expm1_parts::<FMA>(2.0 * size);
    let sum = e + 2.0;
    let quotient = e / sum;
    // What rounding took from both, divided by the sum.
    let rest = low - quotient * ((e - (sum - 2.0)) + low);
    let rest = if e < 2.0 { rest } else { 0.0 };
    mul_add::<FMA>(rest, 0.5 - 0.5 * quotient, quotient).copysign(x)
}

/// 1 / (1 + e^-x)
#[inline(always)]
pub(crate) fn inv_logit<const FMA: bool>(x: f64) -> f64 {
    let e = exp::<FMA>(-x.abs());
    let negative = x < 0.0;
    let sum = 1.0 + e;
    let rest = e - (sum - 1.0);
    let quotient = if negative { e } else { 1.0 } / sum;
    // What the sum lost, divided by it: the quotient is e or 1 over the sum.
    let inverse = if negative { 1.0 - quotient } else { quotient };
    mul_add::<FMA>(-quotient, rest * inverse, quotient)
}

/// ln(1 + e^x)
#[inline(always)]
pub(crate) fn softplus<const FMA: bool>(x: f64) -> f64 {
    let positive = if x > 0.0 { x } else { 0.0 };
    let e = exp::<FMA>(-x.abs());
    // 1 + e as 2^k (1 + f), without rounding the sum.
    let large = e > std::f64::consts::SQRT_2 - 1.0;
    let k = if large { 1.0 } else { 0.0 };
    let f = if large { 0.5 * (e - 1.0) } else { e };
    positive + ln_of_parts::<FMA>(k, f, 0.0)
}
