//! Eight lanes as one value, for loops that must keep many of them in registers.

use super::elementwise::{self as el, unary};

/// Eight lanes. Loads and stores need no alignment.
///
/// # Safety
/// Of all methods: addresses are valid for eight elements, and the machine has the instructions.
pub(crate) trait Eight: Copy {
    unsafe fn zero() -> Self;
    unsafe fn splat(x: f64) -> Self;
    unsafe fn load(from: *const f64) -> Self;
    unsafe fn load_int(from: *const i32) -> Self;
    unsafe fn load_single(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f64);
    /// `self + a b`
    unsafe fn mul_add(self, a: Self, b: Self) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    /// Loads the first `count`, fewer than eight; nothing else is read, and the other lanes are 0.
    unsafe fn load_first(from: *const f64, count: usize) -> Self;
    /// The lanes of `other` that are greater, and of `self` where they are not or one is no number.
    unsafe fn greater(self, other: Self) -> Self;
    /// The lanes where the condition is 0 if `zero`, and else where it is not; 0 elsewhere.
    unsafe fn only<const ZERO: bool>(self, condition: Self) -> Self;
    /// Sum of the lanes, in the order of [`super::reduce::fold8`].
    unsafe fn sum(self) -> f64;
    /// Asks for a cache line that is read soon.
    unsafe fn prefetch(at: *const u8);
    /// e^x of each of `n` lanes, which are `W` where that is not 0.
    unsafe fn exp<const W: usize>(dst: *mut f64, a: *const f64, n: usize);
}

/// Eight lanes on any machine.
#[derive(Clone, Copy)]
pub(crate) struct Plain<const FMA: bool>([f64; 8]);

impl<const FMA: bool> Eight for Plain<FMA> {
    #[inline(always)]
    unsafe fn zero() -> Self {
        Plain([0.0; 8])
    }
    #[inline(always)]
    unsafe fn splat(x: f64) -> Self {
        Plain([x; 8])
    }
    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: the caller's guarantee.
        Plain(unsafe { from.cast::<[f64; 8]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn load_int(from: *const i32) -> Self {
        // SAFETY: the caller's guarantee.
        Plain(unsafe { from.cast::<[i32; 8]>().read_unaligned() }.map(f64::from))
    }
    #[inline(always)]
    unsafe fn load_single(from: *const f32) -> Self {
        // SAFETY: the caller's guarantee.
        Plain(unsafe { from.cast::<[f32; 8]>().read_unaligned() }.map(f64::from))
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: the caller's guarantee.
        unsafe { to.cast::<[f64; 8]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, a: Self, b: Self) -> Self {
        Plain(std::array::from_fn(|l| {
            super::math::mul_add::<FMA>(a.0[l], b.0[l], self.0[l])
        }))
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Plain(std::array::from_fn(|l| self.0[l] + other.0[l]))
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        Plain(std::array::from_fn(|l| self.0[l] * other.0[l]))
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f64, count: usize) -> Self {
        let mut lanes = [0.0; 8];
        for (l, lane) in lanes.iter_mut().enumerate().take(count) {
            // SAFETY: the caller's guarantee.
            *lane = unsafe { *from.add(l) };
        }
        Plain(lanes)
    }
    #[inline(always)]
    unsafe fn greater(self, other: Self) -> Self {
        Plain(std::array::from_fn(|l| match other.0[l] > self.0[l] {
            true => other.0[l],
            false => self.0[l],
        }))
    }
    #[inline(always)]
    unsafe fn only<const ZERO: bool>(self, condition: Self) -> Self {
        Plain(std::array::from_fn(|l| {
            match (condition.0[l] == 0.0) == ZERO {
                true => self.0[l],
                false => 0.0,
            }
        }))
    }
    #[inline(always)]
    unsafe fn sum(self) -> f64 {
        super::reduce::fold8::<super::reduce::Sum>(&self.0)
    }
    #[inline(always)]
    unsafe fn prefetch(_: *const u8) {}
    #[inline(always)]
    unsafe fn exp<const W: usize>(dst: *mut f64, a: *const f64, n: usize) {
        // SAFETY: the caller's guarantee.
        unsafe { unary::<el::Exp, W, FMA>(dst, a, n) }
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Eight, el, unary};
    use crate::ops::exponential;
    use std::arch::x86_64::*;

    /// Neighbours but one first, as in [`super::super::reduce::fold8`].
    #[inline(always)]
    unsafe fn sum_of_four(x: __m256d) -> f64 {
        // SAFETY: the caller's guarantee.
        unsafe {
            let two = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd::<1>(x));
            _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
        }
    }

    /// Eight lanes in one register.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx512(__m512d);

    // SAFETY (all methods): the caller's guarantee.
    impl Eight for Avx512 {
        #[inline(always)]
        unsafe fn zero() -> Self {
            unsafe { Avx512(_mm512_setzero_pd()) }
        }
        #[inline(always)]
        unsafe fn splat(x: f64) -> Self {
            unsafe { Avx512(_mm512_set1_pd(x)) }
        }
        #[inline(always)]
        unsafe fn load(from: *const f64) -> Self {
            unsafe { Avx512(_mm512_loadu_pd(from)) }
        }
        #[inline(always)]
        unsafe fn load_int(from: *const i32) -> Self {
            unsafe { Avx512(_mm512_cvtepi32_pd(_mm256_loadu_si256(from.cast()))) }
        }
        #[inline(always)]
        unsafe fn load_single(from: *const f32) -> Self {
            unsafe { Avx512(_mm512_cvtps_pd(_mm256_loadu_ps(from))) }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f64) {
            unsafe { _mm512_storeu_pd(to, self.0) }
        }
        #[inline(always)]
        unsafe fn mul_add(self, a: Self, b: Self) -> Self {
            unsafe { Avx512(_mm512_fmadd_pd(a.0, b.0, self.0)) }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            unsafe { Avx512(_mm512_add_pd(self.0, other.0)) }
        }
        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            unsafe { Avx512(_mm512_mul_pd(self.0, other.0)) }
        }
        #[inline(always)]
        unsafe fn load_first(from: *const f64, count: usize) -> Self {
            unsafe { Avx512(_mm512_maskz_loadu_pd((1u8 << count) - 1, from)) }
        }
        #[inline(always)]
        unsafe fn greater(self, other: Self) -> Self {
            // The second operand stands where the first is not greater.
            unsafe { Avx512(_mm512_max_pd(other.0, self.0)) }
        }
        #[inline(always)]
        unsafe fn only<const ZERO: bool>(self, condition: Self) -> Self {
            unsafe {
                let zero = _mm512_setzero_pd();
                let taken = match ZERO {
                    true => _mm512_cmp_pd_mask::<_CMP_EQ_OQ>(condition.0, zero),
                    false => _mm512_cmp_pd_mask::<_CMP_NEQ_UQ>(condition.0, zero),
                };
                Avx512(_mm512_maskz_mov_pd(taken, self.0))
            }
        }
        #[inline(always)]
        unsafe fn sum(self) -> f64 {
            unsafe {
                let low = _mm512_castpd512_pd256(self.0);
                sum_of_four(_mm256_add_pd(low, _mm512_extractf64x4_pd::<1>(self.0)))
            }
        }
        #[inline(always)]
        unsafe fn prefetch(at: *const u8) {
            unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) }
        }
        #[inline(always)]
        unsafe fn exp<const W: usize>(dst: *mut f64, a: *const f64, n: usize) {
            unsafe { exponential::lanes(dst, a, el::width::<W>(n)) }
        }
    }

    /// Eight lanes in two registers.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2(__m256d, __m256d);

    // SAFETY (all methods): the caller's guarantee.
    impl Eight for Avx2 {
        #[inline(always)]
        unsafe fn zero() -> Self {
            unsafe { Avx2(_mm256_setzero_pd(), _mm256_setzero_pd()) }
        }
        #[inline(always)]
        unsafe fn splat(x: f64) -> Self {
            unsafe { Avx2(_mm256_set1_pd(x), _mm256_set1_pd(x)) }
        }
        #[inline(always)]
        unsafe fn load(from: *const f64) -> Self {
            unsafe { Avx2(_mm256_loadu_pd(from), _mm256_loadu_pd(from.add(4))) }
        }
        #[inline(always)]
        unsafe fn load_int(from: *const i32) -> Self {
            unsafe {
                Avx2(
                    _mm256_cvtepi32_pd(_mm_loadu_si128(from.cast())),
                    _mm256_cvtepi32_pd(_mm_loadu_si128(from.add(4).cast())),
                )
            }
        }
        #[inline(always)]
        unsafe fn load_single(from: *const f32) -> Self {
            unsafe {
                Avx2(
                    _mm256_cvtps_pd(_mm_loadu_ps(from)),
                    _mm256_cvtps_pd(_mm_loadu_ps(from.add(4))),
                )
            }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f64) {
            unsafe {
                _mm256_storeu_pd(to, self.0);
                _mm256_storeu_pd(to.add(4), self.1);
            }
        }
        #[inline(always)]
        unsafe fn mul_add(self, a: Self, b: Self) -> Self {
            unsafe {
                Avx2(
                    _mm256_fmadd_pd(a.0, b.0, self.0),
                    _mm256_fmadd_pd(a.1, b.1, self.1),
                )
            }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            unsafe {
                Avx2(
                    _mm256_add_pd(self.0, other.0),
                    _mm256_add_pd(self.1, other.1),
                )
            }
        }
        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            unsafe {
                Avx2(
                    _mm256_mul_pd(self.0, other.0),
                    _mm256_mul_pd(self.1, other.1),
                )
            }
        }
        #[inline(always)]
        unsafe fn load_first(from: *const f64, count: usize) -> Self {
            // Eight entries from `8 - count` on: as many set as are wanted.
            const SET: [i64; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
            unsafe {
                let mask = SET.as_ptr().add(8 - count);
                let [low, high] = [0, 4].map(|l| _mm256_loadu_si256(mask.add(l).cast::<__m256i>()));
                let second = from.wrapping_add(4);
                Avx2(
                    _mm256_maskload_pd(from, low),
                    _mm256_maskload_pd(second, high),
                )
            }
        }
        #[inline(always)]
        unsafe fn greater(self, other: Self) -> Self {
            // The second operand stands where the first is not greater.
            unsafe {
                Avx2(
                    _mm256_max_pd(other.0, self.0),
                    _mm256_max_pd(other.1, self.1),
                )
            }
        }
        #[inline(always)]
        unsafe fn only<const ZERO: bool>(self, condition: Self) -> Self {
            unsafe {
                let zero = _mm256_setzero_pd();
                let taken = |x| match ZERO {
                    true => _mm256_cmp_pd::<_CMP_EQ_OQ>(x, zero),
                    false => _mm256_cmp_pd::<_CMP_NEQ_UQ>(x, zero),
                };
                Avx2(
                    _mm256_and_pd(taken(condition.0), self.0),
                    _mm256_and_pd(taken(condition.1), self.1),
                )
            }
        }
        #[inline(always)]
        unsafe fn sum(self) -> f64 {
            unsafe { sum_of_four(_mm256_add_pd(self.0, self.1)) }
        }
        #[inline(always)]
        unsafe fn prefetch(at: *const u8) {
            unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) }
        }
        #[inline(always)]
        unsafe fn exp<const W: usize>(dst: *mut f64, a: *const f64, n: usize) {
            unsafe { unary::<el::Exp, W, true>(dst, a, n) }
        }
    }
}
