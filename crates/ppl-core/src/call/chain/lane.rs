//! What the coefficients of numbers are made of: one `f64`, or eight of independent chains in vectors. Each lane rounds like
//! one alone, so that results do not depend on what stands in the others.

use crate::call::placed::Placed;

/// One or several `f64`, elementwise.
///
/// The vectors of an instruction set are made and used only within functions that are compiled for it, which run only on
/// machines that have it (`super::Chain::by_instructions`); this is what the intrinsics' safety rests on.
pub(super) trait Lane: Copy {
    const LANES: usize;
    fn splat(x: f64) -> Self;
    fn load(from: &[f64]) -> Self;
    fn store(self, to: &mut [f64]);
    fn plus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// `self + a b`, in one rounding where the machine has that.
    fn plus_product(self, a: Self, b: Self) -> Self;
    /// `1 / self`, and 0 for 0.
    fn inverse(self) -> Self;
    /// Whether any lane is below `low` or above `high` or not a number.
    fn any_outside(self, low: f64, high: f64) -> bool;

    /// Lays `count` elements of each lane side by side: those of `from` are `step` apart, the vectors that they become
    /// `stride`.
    fn interleave(from: &[&[f64]; 8], step: usize, count: usize, to: &mut [f64], stride: usize) {
        interleave_from::<Self>(0, from, step, count, to, stride);
    }

    /// The other way round.
    fn separate(from: &[f64], stride: usize, count: usize, to: &[Elements; 8], step: usize) {
        separate_from::<Self>(0, from, stride, count, to, step);
    }

    fn lane(self, lane: usize) -> f64 {
        let mut lanes = [0.0; 8];
        self.store(&mut lanes);
        lanes[lane]
    }
}

/// The elements of a lane that are written.
#[derive(Clone, Copy)]
pub(super) struct Elements<'a> {
    pub(super) placed: &'a Placed,
    pub(super) block: usize,
    pub(super) offset: usize,
}

/// Element by element, from one on.
fn interleave_from<V: Lane>(
    first: usize,
    from: &[&[f64]; 8],
    step: usize,
    count: usize,
    to: &mut [f64],
    stride: usize,
) {
    for (lane, from) in from.iter().enumerate().take(V::LANES) {
        let from = from.chunks(step.max(1)).take(count).skip(first);
        for (to, from) in to.chunks_mut(stride).skip(first).zip(from) {
            to[lane] = from[0];
        }
    }
}

fn separate_from<V: Lane>(
    first: usize,
    from: &[f64],
    stride: usize,
    count: usize,
    to: &[Elements; 8],
    step: usize,
) {
    for (lane, to) in to.iter().enumerate().take(V::LANES) {
        if first >= count {
            return;
        }
        let from = &from[first * stride..];
        let offset = to.offset + first * step;
        to.placed
            .set_row(to.block, offset, step, &from[lane..], stride, count - first);
    }
}

#[inline(always)]
fn mul_add<const FMA: bool>(sum: f64, a: f64, b: f64) -> f64 {
    if FMA { a.mul_add(b, sum) } else { sum + a * b }
}

/// One chain alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct One<const FMA: bool>(pub(super) f64);

impl<const FMA: bool> Lane for One<FMA> {
    const LANES: usize = 1;
    #[inline(always)]
    fn splat(x: f64) -> Self {
        One(x)
    }
    #[inline(always)]
    fn load(from: &[f64]) -> Self {
        One(from[0])
    }
    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        to[0] = self.0;
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        One(self.0 + other.0)
    }
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        One(self.0 * other.0)
    }
    #[inline(always)]
    fn plus_product(self, a: Self, b: Self) -> Self {
        One(mul_add::<FMA>(self.0, a.0, b.0))
    }
    #[inline(always)]
    fn inverse(self) -> Self {
        One(if self.0 == 0.0 { 0.0 } else { 1.0 / self.0 })
    }
    #[inline(always)]
    fn any_outside(self, low: f64, high: f64) -> bool {
        !(self.0 >= low && self.0 <= high)
    }
    fn interleave(from: &[&[f64]; 8], step: usize, count: usize, to: &mut [f64], stride: usize) {
        let from = from[0];
        if step == 1 && stride == 1 {
            return to[..count].copy_from_slice(&from[..count]);
        }
        let Some(last) = count.checked_sub(1) else {
            return;
        };
        assert!(last * step < from.len() && last * stride < to.len());
        for e in 0..count {
            // SAFETY: the last element lies within both, as was just asserted, and so does each.
            unsafe { *to.get_unchecked_mut(e * stride) = *from.get_unchecked(e * step) };
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Elements, Lane, interleave_from, separate_from};
    use std::arch::x86_64::*;

    /// Eight rows become eight columns.
    ///
    /// # Safety
    /// The machine has the instructions.
    #[target_feature(enable = "avx512f")]
    fn transposed(r: [__m512d; 8]) -> [__m512d; 8] {
        // Neighbours in pairs, then in quarters, then in halves.
        let pairs: [__m512d; 8] = [
            _mm512_unpacklo_pd(r[0], r[1]),
            _mm512_unpackhi_pd(r[0], r[1]),
            _mm512_unpacklo_pd(r[2], r[3]),
            _mm512_unpackhi_pd(r[2], r[3]),
            _mm512_unpacklo_pd(r[4], r[5]),
            _mm512_unpackhi_pd(r[4], r[5]),
            _mm512_unpacklo_pd(r[6], r[7]),
            _mm512_unpackhi_pd(r[6], r[7]),
        ];
        // Of the four quarters of each: those of even and of odd number.
        let p = pairs;
        let even = [
            _mm512_shuffle_f64x2::<0x88>(p[0], p[2]),
            _mm512_shuffle_f64x2::<0x88>(p[1], p[3]),
            _mm512_shuffle_f64x2::<0x88>(p[4], p[6]),
            _mm512_shuffle_f64x2::<0x88>(p[5], p[7]),
        ];
        let odd = [
            _mm512_shuffle_f64x2::<0xdd>(p[0], p[2]),
            _mm512_shuffle_f64x2::<0xdd>(p[1], p[3]),
            _mm512_shuffle_f64x2::<0xdd>(p[4], p[6]),
            _mm512_shuffle_f64x2::<0xdd>(p[5], p[7]),
        ];
        [
            _mm512_shuffle_f64x2::<0x88>(even[0], even[2]),
            _mm512_shuffle_f64x2::<0x88>(even[1], even[3]),
            _mm512_shuffle_f64x2::<0x88>(odd[0], odd[2]),
            _mm512_shuffle_f64x2::<0x88>(odd[1], odd[3]),
            _mm512_shuffle_f64x2::<0xdd>(even[0], even[2]),
            _mm512_shuffle_f64x2::<0xdd>(even[1], even[3]),
            _mm512_shuffle_f64x2::<0xdd>(odd[0], odd[2]),
            _mm512_shuffle_f64x2::<0xdd>(odd[1], odd[3]),
        ]
    }

    /// Eight elements of each lane at a time; gives how many are done.
    #[target_feature(enable = "avx512f")]
    fn interleave(from: &[&[f64]; 8], count: usize, to: &mut [f64], stride: usize) -> usize {
        let from = from.map(|lane| &lane[..count]);
        let mut done = 0;
        while done + 8 <= count {
            let mut rows = [_mm512_setzero_pd(); 8];
            for (row, from) in rows.iter_mut().zip(&from) {
                // SAFETY: the slice has that many.
                *row = unsafe { _mm512_loadu_pd(from[done..done + 8].as_ptr()) };
            }
            for (e, vector) in transposed(rows).into_iter().enumerate() {
                let to = &mut to[(done + e) * stride..][..8];
                // SAFETY: as above.
                unsafe { _mm512_storeu_pd(to.as_mut_ptr(), vector) };
            }
            done += 8;
        }
        done
    }

    #[target_feature(enable = "avx512f")]
    fn separate(from: &[f64], stride: usize, count: usize, to: &[Elements; 8]) -> usize {
        let mut done = 0;
        while done + 8 <= count {
            let mut rows = [_mm512_setzero_pd(); 8];
            for (e, row) in rows.iter_mut().enumerate() {
                let from = &from[(done + e) * stride..][..8];
                // SAFETY: the slice has that many.
                *row = unsafe { _mm512_loadu_pd(from.as_ptr()) };
            }
            for (vector, to) in transposed(rows).into_iter().zip(to) {
                let mut eight = [0.0; 8];
                // SAFETY: as above.
                unsafe { _mm512_storeu_pd(eight.as_mut_ptr(), vector) };
                to.placed.set_eight(to.block, to.offset + done, eight);
            }
            done += 8;
        }
        done
    }

    /// Eight in one register.
    #[derive(Debug, Clone, Copy)]
    pub(in super::super) struct Avx512(__m512d);

    // SAFETY (all methods): see the trait; the slices have eight elements.
    impl Lane for Avx512 {
        const LANES: usize = 8;
        #[inline(always)]
        fn splat(x: f64) -> Self {
            unsafe { Avx512(_mm512_set1_pd(x)) }
        }
        #[inline(always)]
        fn load(from: &[f64]) -> Self {
            unsafe { Avx512(_mm512_loadu_pd(from[..8].as_ptr())) }
        }
        #[inline(always)]
        fn store(self, to: &mut [f64]) {
            unsafe { _mm512_storeu_pd(to[..8].as_mut_ptr(), self.0) }
        }
        #[inline(always)]
        fn plus(self, other: Self) -> Self {
            unsafe { Avx512(_mm512_add_pd(self.0, other.0)) }
        }
        #[inline(always)]
        fn times(self, other: Self) -> Self {
            unsafe { Avx512(_mm512_mul_pd(self.0, other.0)) }
        }
        #[inline(always)]
        fn plus_product(self, a: Self, b: Self) -> Self {
            unsafe { Avx512(_mm512_fmadd_pd(a.0, b.0, self.0)) }
        }
        #[inline(always)]
        fn inverse(self) -> Self {
            unsafe {
                let zero = _mm512_setzero_pd();
                let other = _mm512_cmp_pd_mask::<_CMP_NEQ_UQ>(self.0, zero);
                Avx512(_mm512_maskz_div_pd(other, _mm512_set1_pd(1.0), self.0))
            }
        }
        #[inline(always)]
        fn any_outside(self, low: f64, high: f64) -> bool {
            unsafe {
                let low = _mm512_cmp_pd_mask::<_CMP_GE_OQ>(self.0, _mm512_set1_pd(low));
                let high = _mm512_cmp_pd_mask::<_CMP_LE_OQ>(self.0, _mm512_set1_pd(high));
                low & high != 0xff
            }
        }
        fn interleave(
            from: &[&[f64]; 8],
            step: usize,
            count: usize,
            to: &mut [f64],
            stride: usize,
        ) {
            let done = match step {
                1 => unsafe { interleave(from, count, to, stride) },
                _ => 0,
            };
            interleave_from::<Self>(done, from, step, count, to, stride);
        }
        fn separate(from: &[f64], stride: usize, count: usize, to: &[Elements; 8], step: usize) {
            let done = match step {
                1 => unsafe { separate(from, stride, count, to) },
                _ => 0,
            };
            separate_from::<Self>(done, from, stride, count, to, step);
        }
    }

    /// Eight in two registers.
    #[derive(Debug, Clone, Copy)]
    pub(in super::super) struct Avx2(__m256d, __m256d);

    // SAFETY (all methods): see the trait; the slices have eight elements.
    impl Lane for Avx2 {
        const LANES: usize = 8;
        #[inline(always)]
        fn splat(x: f64) -> Self {
            unsafe { Avx2(_mm256_set1_pd(x), _mm256_set1_pd(x)) }
        }
        #[inline(always)]
        fn load(from: &[f64]) -> Self {
            let from = from[..8].as_ptr();
            unsafe { Avx2(_mm256_loadu_pd(from), _mm256_loadu_pd(from.add(4))) }
        }
        #[inline(always)]
        fn store(self, to: &mut [f64]) {
            let to = to[..8].as_mut_ptr();
            unsafe {
                _mm256_storeu_pd(to, self.0);
                _mm256_storeu_pd(to.add(4), self.1);
            }
        }
        #[inline(always)]
        fn plus(self, other: Self) -> Self {
            unsafe {
                Avx2(
                    _mm256_add_pd(self.0, other.0),
                    _mm256_add_pd(self.1, other.1),
                )
            }
        }
        #[inline(always)]
        fn times(self, other: Self) -> Self {
            unsafe {
                Avx2(
                    _mm256_mul_pd(self.0, other.0),
                    _mm256_mul_pd(self.1, other.1),
                )
            }
        }
        #[inline(always)]
        fn plus_product(self, a: Self, b: Self) -> Self {
            unsafe {
                Avx2(
                    _mm256_fmadd_pd(a.0, b.0, self.0),
                    _mm256_fmadd_pd(a.1, b.1, self.1),
                )
            }
        }
        #[inline(always)]
        fn inverse(self) -> Self {
            let half = |x: __m256d| unsafe {
                let other = _mm256_cmp_pd::<_CMP_NEQ_UQ>(x, _mm256_setzero_pd());
                _mm256_and_pd(other, _mm256_div_pd(_mm256_set1_pd(1.0), x))
            };
            Avx2(half(self.0), half(self.1))
        }
        #[inline(always)]
        fn any_outside(self, low: f64, high: f64) -> bool {
            let half = |x: __m256d| unsafe {
                _mm256_and_pd(
                    _mm256_cmp_pd::<_CMP_GE_OQ>(x, _mm256_set1_pd(low)),
                    _mm256_cmp_pd::<_CMP_LE_OQ>(x, _mm256_set1_pd(high)),
                )
            };
            unsafe { _mm256_movemask_pd(_mm256_and_pd(half(self.0), half(self.1))) != 0xf }
        }
    }
}
