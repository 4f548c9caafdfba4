//! Reductions over lanes: 32 accumulators, folded in a fixed tree.

use super::elementwise::{operand, width};
use super::math::mul_add;
use super::vector::Eight;

/// Accumulators of a reduction that goes over several blocks.
pub(crate) const ACCUMULATORS: usize = 32;

/// How lanes are combined.
pub(crate) trait Fold {
    /// Where an accumulation begins.
    const START: f64;
    /// Whether there is a second operand.
    const TWO: bool;
    /// One more lane with its operands.
    fn lane<const FMA: bool>(total: f64, a: f64, b: f64) -> f64;
    /// Two totals.
    fn join(x: f64, y: f64) -> f64;
    /// Eight more lanes.
    ///
    /// # Safety
    /// Of all methods: as for [`Eight`].
    unsafe fn eight<V: Eight>(total: V, a: V, b: V) -> V;
    /// The first `count` of eight more lanes, fewer than eight; the others are 0.
    #[inline(always)]
    unsafe fn first<V: Eight>(total: V, a: V, b: V, _count: usize) -> V {
        // SAFETY: the caller's guarantee.
        unsafe { Self::eight(total, a, b) }
    }
    /// Two vectors of totals.
    #[inline(always)]
    unsafe fn both<V: Eight>(x: V, y: V) -> V {
        // SAFETY: the caller's guarantee.
        unsafe { x.add(y) }
    }
    /// Of all lanes one total, in the order of [`fold8`].
    #[inline(always)]
    unsafe fn all<V: Eight>(x: V) -> f64 {
        // SAFETY: the caller's guarantee.
        unsafe { x.sum() }
    }
}

/// Sum of `a`.
pub(crate) struct Sum;
/// Sum of `a b`.
pub(crate) struct Dot;
/// Sum of `b` where `a` is not 0.
pub(crate) struct SumIf;
/// Sum of `b` where `a` is 0.
pub(crate) struct SumUnless;
/// Maximum of `a`; what is not a number is skipped.
pub(crate) struct Maximum;

impl Fold for Sum {
    const START: f64 = 0.0;
    const TWO: bool = false;
    #[inline(always)]
    fn lane<const FMA: bool>(total: f64, a: f64, _: f64) -> f64 {
        total + a
    }
    #[inline(always)]
    fn join(x: f64, y: f64) -> f64 {
        x + y
    }
    #[inline(always)]
    unsafe fn eight<V: Eight>(total: V, a: V, _: V) -> V {
        // SAFETY: the caller's guarantee.
        unsafe { total.add(a) }
    }
}

impl Fold for Dot {
    const START: f64 = 0.0;
    const TWO: bool = true;
    #[inline(always)]
    fn lane<const FMA: bool>(total: f64, a: f64, b: f64) -> f64 {
        mul_add::<FMA>(a, b, total)
    }
    #[inline(always)]
    fn join(x: f64, y: f64) -> f64 {
        x + y
    }
    #[inline(always)]
    unsafe fn eight<V: Eight>(total: V, a: V, b: V) -> V {
        // SAFETY: the caller's guarantee.
        unsafe { total.mul_add(a, b) }
    }
}

/// The bits are those of a selection that is then summed.
macro_rules! conditional_sum {
    ($name:ident, $counts:expr, $zero:literal) => {
        impl Fold for $name {
            const START: f64 = 0.0;
            const TWO: bool = true;
            #[inline(always)]
            fn lane<const FMA: bool>(total: f64, a: f64, b: f64) -> f64 {
                let counts: fn(f64) -> bool = $counts;
                total + if counts(a) { b } else { 0.0 }
            }
            #[inline(always)]
            fn join(x: f64, y: f64) -> f64 {
                x + y
            }
            #[inline(always)]
            unsafe fn eight<V: Eight>(total: V, a: V, b: V) -> V {
                // SAFETY: the caller's guarantee.
                unsafe { total.add(b.only::<$zero>(a)) }
            }
        }
    };
}

conditional_sum!(SumIf, |a| a != 0.0, false);
conditional_sum!(SumUnless, |a| a == 0.0, true);

impl Fold for Maximum {
    const START: f64 = f64::NEG_INFINITY;
    const TWO: bool = false;
    #[inline(always)]
    fn lane<const FMA: bool>(total: f64, a: f64, _: f64) -> f64 {
        if a > total { a } else { total }
    }
    #[inline(always)]
    fn join(x: f64, y: f64) -> f64 {
        if y > x { y } else { x }
    }
    #[inline(always)]
    unsafe fn eight<V: Eight>(total: V, a: V, _: V) -> V {
        // SAFETY: the caller's guarantee.
        unsafe { total.greater(a) }
    }
    #[inline(always)]
    unsafe fn first<V: Eight>(total: V, a: V, _: V, count: usize) -> V {
        // Eight entries from `8 - count` on: what is added to lanes that are none makes them the least.
        const ADDED: [f64; 16] = {
            let mut added = [0.0; 16];
            let mut l = 8;
            while l < 16 {
                added[l] = f64::NEG_INFINITY;
                l += 1;
            }
            added
        };
        // SAFETY: the caller's guarantee; `count` is below eight.
        unsafe { total.greater(a.add(V::load(ADDED.as_ptr().add(8 - count)))) }
    }
    #[inline(always)]
    unsafe fn both<V: Eight>(x: V, y: V) -> V {
        // SAFETY: the caller's guarantee.
        unsafe { x.greater(y) }
    }
    #[inline(always)]
    unsafe fn all<V: Eight>(x: V) -> f64 {
        let mut lanes = [0.0; 8];
        // SAFETY: the caller's guarantee.
        unsafe { x.store(lanes.as_mut_ptr()) };
        fold8::<Self>(&lanes)
    }
}

/// Eight totals in a fixed tree.
#[inline(always)]
pub(crate) fn fold8<F: Fold>(x: &[f64; 8]) -> f64 {
    let four = [
        F::join(x[0], x[4]),
        F::join(x[1], x[5]),
        F::join(x[2], x[6]),
        F::join(x[3], x[7]),
    ];
    F::join(F::join(four[0], four[2]), F::join(four[1], four[3]))
}

/// All accumulators in a fixed tree.
#[inline(always)]
pub(crate) fn fold<F: Fold>(x: &[f64; ACCUMULATORS]) -> f64 {
    let mut eight = [0.0; 8];
    for (l, total) in eight.iter_mut().enumerate() {
        *total = F::join(F::join(x[l], x[l + 8]), F::join(x[l + 16], x[l + 24]));
    }
    fold8::<F>(&eight)
}

/// Where the totals of a block go.
pub(crate) const STORE: u8 = 0;
/// Combined with the value that stands there.
pub(crate) const SLOT: u8 = 1;
/// Combined with accumulators.
pub(crate) const SPREAD: u8 = 2;

/// Reduces a block.
///
/// # Safety
/// As for every [`super::BlockFn`]; `dst` holds one value, or [`ACCUMULATORS`] if `INTO` is [`SPREAD`].
#[inline(always)]
pub(crate) unsafe fn lanes<
    V: Eight,
    F: Fold,
    const A: bool,
    const B: bool,
    const INTO: u8,
    const W: usize,
>(
    dst: *mut f64,
    a: *const f64,
    b: *const f64,
    lanes: usize,
) {
    let n = width::<W>(lanes);
    // SAFETY: the caller's guarantee; `dst` overlaps no operand.
    unsafe {
        let total = match W {
            8 => F::all(of::<V, F, A, B>(V::splat(F::START), a, b)),
            _ if INTO == SPREAD => {
                let old = [0, 8, 16, 24].map(|l| V::load(dst.add(l)));
                let new = accumulate::<V, F, A, B>(old, a, b, n);
                for (group, new) in new.into_iter().enumerate() {
                    new.store(dst.add(8 * group));
                }
                return;
            }
            _ => {
                let start = [V::splat(F::START); 4];
                let [t0, t1, t2, t3] = accumulate::<V, F, A, B>(start, a, b, n);
                F::all(F::both(F::both(t0, t1), F::both(t2, t3)))
            }
        };
        *dst = match INTO {
            STORE => total,
            _ => F::join(*dst, total),
        };
    }
}

/// Adds `n` lanes to four times eight accumulators, which stay in registers.
///
/// # Safety
/// As for [`lanes`].
#[inline(always)]
unsafe fn accumulate<V: Eight, F: Fold, const A: bool, const B: bool>(
    start: [V; 4],
    a: *const f64,
    b: *const f64,
    n: usize,
) -> [V; 4] {
    let [mut t0, mut t1, mut t2, mut t3] = start;
    let mut at = 0;
    // SAFETY: the caller's guarantee; all that is read lies below `n`.
    unsafe {
        let of = |total, at| {
            let (a, b) = (element::<A>(a, at), element::<B>(b, at));
            of::<V, F, A, B>(total, a, b)
        };
        while at + ACCUMULATORS <= n {
            (t0, t1) = (of(t0, at), of(t1, at + 8));
            (t2, t3) = (of(t2, at + 16), of(t3, at + 24));
            at += ACCUMULATORS;
        }
        if at + 8 <= n {
            (t0, at) = (of(t0, at), at + 8);
        }
        if at + 8 <= n {
            (t1, at) = (of(t1, at), at + 8);
        }
        if at + 8 <= n {
            (t2, at) = (of(t2, at), at + 8);
        }
        if at < n {
            let count = n - at;
            let x = first::<V, A>(element::<A>(a, at), count);
            let y = match F::TWO {
                true => first::<V, B>(element::<B>(b, at), count),
                false => x,
            };
            t3 = F::first(t3, x, y, count);
        }
    }
    [t0, t1, t2, t3]
}

/// The address of a lane.
#[inline(always)]
fn element<const SCALAR: bool>(x: *const f64, at: usize) -> *const f64 {
    x.wrapping_add(if SCALAR { 0 } else { at })
}

/// Eight more lanes of the operands.
///
/// # Safety
/// As for [`lanes`].
#[inline(always)]
unsafe fn of<V: Eight, F: Fold, const A: bool, const B: bool>(
    total: V,
    a: *const f64,
    b: *const f64,
) -> V {
    // SAFETY: the caller's guarantee.
    unsafe {
        let x = if A { V::splat(*a) } else { V::load(a) };
        let y = match F::TWO {
            true if B => V::splat(*b),
            true => V::load(b),
            false => x,
        };
        F::eight(total, x, y)
    }
}

/// The first `count` lanes of an operand, fewer than eight; the others are 0.
///
/// # Safety
/// As for [`lanes`].
#[inline(always)]
unsafe fn first<V: Eight, const SCALAR: bool>(x: *const f64, count: usize) -> V {
    // SAFETY: the caller's guarantee.
    unsafe {
        match SCALAR {
            true => V::load_first([*x; 8].as_ptr(), count),
            false => V::load_first(x, count),
        }
    }
}

/// `dst = fold(dst, a, b)`, lane by lane.
///
/// # Safety
/// As for every [`super::BlockFn`].
#[inline(always)]
pub(crate) unsafe fn into_lanes<F: Fold, const A: bool, const B: bool, const FMA: bool>(
    dst: *mut f64,
    a: *const f64,
    b: *const f64,
    lanes: usize,
) {
    // SAFETY: the caller's guarantee.
    let (dst, a, b) = unsafe {
        (
            std::slice::from_raw_parts_mut(dst, lanes),
            operand::<A>(a, lanes),
            operand::<B>(b, lanes),
        )
    };
    fold_lanes::<F, A, B, FMA>(dst, a, b);
}

#[inline(always)]
fn fold_lanes<F: Fold, const A: bool, const B: bool, const FMA: bool>(
    dst: &mut [f64],
    a: &[f64],
    b: &[f64],
) {
    let n = dst.len();
    let (a, b) = (&a[..if A { 1 } else { n }], &b[..if B { 1 } else { n }]);
    for l in 0..n {
        dst[l] = F::lane::<FMA>(dst[l], a[if A { 0 } else { l }], b[if B { 0 } else { l }]);
    }
}

#[cfg(test)]
mod tests;
