//! e^x with AVX-512: sixteen powers of two lie in registers and are looked up by one instruction, so that a polynomial of
//! degree 6 does where one of degree 13 is needed without them (Tang 1989).

use std::arch::x86_64::*;

/// 2^(j/16), rounded.
const POWERS: [f64; 16] = [
    1.0,
    1.0442737824274138,
    1.0905077326652577,
    1.1387886347566916,
    1.189207115002721,
    1.241857812073484,
    1.2968395546510096,
    1.3542555469368927,
    std::f64::consts::SQRT_2,
    1.4768261459394993,
    1.5422108254079407,
    1.6104903319492543,
    1.681792830507429,
    1.7562521603732995,
    1.8340080864093424,
    1.9152065613971474,
];

/// What rounding took from them.
const REST: [f64; 16] = [
    0.0,
    8.551889705537965e-17,
    -3.046782079812471e-17,
    8.912812676025408e-17,
    3.982015231465646e-17,
    4.658027591836937e-17,
    2.5382502794888315e-17,
    7.70094837980299e-17,
    -9.667293313452913e-17,
    -3.483994556892796e-17,
    7.949834809697621e-17,
    2.4707192569797888e-17,
    8.199010020581497e-17,
    2.960140695448873e-17,
    3.283107224245627e-17,
    -1.0619946056195963e-16,
];

/// (e^r - 1 - r) / r^2 for |r| <= ln 2 / 32, lowest power first: a weighted minimax fit; e^r is off by 1.2e-17 at most.
const TAIL: [f64; 5] = [
    0.5000000000000007,
    0.16666666664417126,
    0.04166666665890994,
    0.008333471941218256,
    0.0013889141413654502,
];

/// ln 2 / 16 in two parts; the product of the first with any n that occurs is exact.
const STEP: [f64; 2] = [
    6.931_471_803_691_238e-1 / 16.0,
    1.908_214_929_270_587_7e-10 / 16.0,
];
/// Adding it moves the nearest whole number into the low bits.
const SHIFT: f64 = 6_755_399_441_055_744.0;
/// Lanes beside whole vectors that are done one by one.
const FEW: usize = 2;

/// e^x of `n` lanes: n' = 16 x / ln 2, rounded, and r, what is left of x, give 2^(n'/16) e^r.
///
/// # Safety
/// Both addresses are valid for `n` lanes, and the machine has AVX-512.
#[inline(always)]
pub(crate) unsafe fn lanes(dst: *mut f64, a: *const f64, n: usize) {
    // SAFETY: the caller's guarantee; the masks keep to the first lanes.
    unsafe {
        let tables = Tables::new();
        let whole = n / 8 * 8;
        for l in (0..whole).step_by(8) {
            _mm512_storeu_pd(dst.add(l), tables.exp(_mm512_loadu_pd(a.add(l))));
        }
        if n - whole <= FEW {
            return (whole..n).for_each(|l| *dst.add(l) = lane(*a.add(l)));
        }
        let mask = (1u8 << (n - whole)) - 1;
        let y = tables.exp(_mm512_maskz_loadu_pd(mask, a.add(whole)));
        // Element by element: what is stored under a mask is slow to be read again.
        let mut held = [0.0; 8];
        _mm512_storeu_pd(held.as_mut_ptr(), y);
        (whole..n).for_each(|l| *dst.add(l) = held[l - whole]);
    }
}

/// The same of one lane, to the bit.
#[inline(always)]
fn lane(x: f64) -> f64 {
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let shifted = x.mul_add(16.0 * std::f64::consts::LOG2_E, SHIFT);
    let n = shifted - SHIFT;
    let high = (-n).mul_add(STEP[0], x);
    let r = (-n).mul_add(STEP[1], high);
    let r2 = r * r;
    let low = r.mul_add(TAIL[1], TAIL[0]);
    let middle = r.mul_add(TAIL[3], TAIL[2]);
    let tail = r2.mul_add(r2.mul_add(TAIL[4], middle), low);
    let p = r2.mul_add(tail, r);
    let which = (shifted.to_bits() & 15) as usize;
    let y = POWERS[which] + POWERS[which].mul_add(p, REST[which]);
    // In two steps, of which the first is exact: so the power of two is a number.
    let k = shifted.to_bits().wrapping_sub(SHIFT.to_bits()) as i64 >> 4;
    let power = |k: i64| f64::from_bits(((1023 + k) as u64) << 52);
    y * power(k / 2) * power(k - k / 2)
}

/// What is looked up, in registers.
struct Tables {
    powers: [__m512d; 2],
    rest: [__m512d; 2],
}

// SAFETY (all methods): the machine has AVX-512, as the caller says.
impl Tables {
    #[inline(always)]
    unsafe fn new() -> Self {
        unsafe {
            let half = |of: &[f64; 16], first| _mm512_loadu_pd(of.as_ptr().add(first));
            Tables {
                powers: [half(&POWERS, 0), half(&POWERS, 8)],
                rest: [half(&REST, 0), half(&REST, 8)],
            }
        }
    }

    /// Below about -745.13 it is 0, above 709.78 infinite; what is not a number stays that.
    #[inline(always)]
    unsafe fn exp(&self, x: __m512d) -> __m512d {
        unsafe {
            let all = |value: f64| _mm512_set1_pd(value);
            // Of two numbers one of which is none, the second is taken.
            let x = _mm512_max_pd(all(-746.0), _mm512_min_pd(all(710.0), x));
            let shifted = _mm512_fmadd_pd(x, all(16.0 * std::f64::consts::LOG2_E), all(SHIFT));
            let n = _mm512_sub_pd(shifted, all(SHIFT));
            let high = _mm512_fnmadd_pd(n, all(STEP[0]), x);
            let r = _mm512_fnmadd_pd(n, all(STEP[1]), high);
            let r2 = _mm512_mul_pd(r, r);
            let low = _mm512_fmadd_pd(r, all(TAIL[1]), all(TAIL[0]));
            let middle = _mm512_fmadd_pd(r, all(TAIL[3]), all(TAIL[2]));
            let tail = _mm512_fmadd_pd(r2, _mm512_fmadd_pd(r2, all(TAIL[4]), middle), low);
            let p = _mm512_fmadd_pd(r2, tail, r);
            // The four lowest bits say which sixteenth.
            let which = _mm512_castpd_si512(shifted);
            let power = _mm512_permutex2var_pd(self.powers[0], which, self.powers[1]);
            let rest = _mm512_permutex2var_pd(self.rest[0], which, self.rest[1]);
            let y = _mm512_add_pd(power, _mm512_fmadd_pd(power, p, rest));
            // Times 2^floor(n / 16), rounded once.
            _mm512_scalef_pd(y, _mm512_mul_pd(n, all(1.0 / 16.0)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{lane, lanes};

    #[test]
    fn a_lane_alone_has_the_bits_of_eight() {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
        unsafe fn compare(x: &[f64]) {
            for n in 0..=x.len() {
                let mut y = vec![0.0; n];
                // SAFETY: both have `n` lanes.
                unsafe { lanes(y.as_mut_ptr(), x.as_ptr(), n) };
                for (&x, &y) in x.iter().zip(&y) {
                    let one = lane(x);
                    let none = y.is_nan() && one.is_nan();
                    assert!(none || one.to_bits() == y.to_bits(), "{x}: {one} and {y}");
                }
            }
        }
        let bounds = [
            f64::NEG_INFINITY,
            f64::INFINITY,
            f64::NAN,
            0.0,
            -0.0,
            -745.2,
            709.8,
            1e308,
        ];
        let dense = (0..4000).map(|i| f64::from(i - 2000) * 0.373_1);
        let x: Vec<f64> = bounds.into_iter().chain(dense).collect();
        if crate::InstructionSet::available().contains(&crate::InstructionSet::Avx512) {
            // SAFETY: the machine has the instructions.
            x.chunks(21).for_each(|x| unsafe { compare(x) });
        }
    }
}
