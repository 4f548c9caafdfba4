//! Reductions over lanes: 32 accumulators, folded in a fixed tree.

use super::elementwise::{operand, width};
use super::math::mul_add;

/// Accumulators of a reduction that goes over several blocks.
pub(crate) const ACCUMULATORS: usize = 32;

/// How lanes are combined.
pub(crate) trait Fold {
    /// Where an accumulation begins.
    const START: f64;
    /// One more lane with its operands.
    fn lane<const FMA: bool>(total: f64, a: f64, b: f64) -> f64;
    /// Two totals.
    fn join(x: f64, y: f64) -> f64;
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
    #[inline(always)]
    fn lane<const FMA: bool>(total: f64, a: f64, _: f64) -> f64 {
        total + a
    }
    #[inline(always)]
    fn join(x: f64, y: f64) -> f64 {
        x + y
    }
}

impl Fold for Dot {
    const START: f64 = 0.0;
    #[inline(always)]
    fn lane<const FMA: bool>(total: f64, a: f64, b: f64) -> f64 {
        mul_add::<FMA>(a, b, total)
    }
    #[inline(always)]
    fn join(x: f64, y: f64) -> f64 {
        x + y
    }
}

/// The bits are those of a selection that is then summed.
macro_rules! conditional_sum {
    ($name:ident, $counts:expr) => {
        impl Fold for $name {
            const START: f64 = 0.0;
            #[inline(always)]
            fn lane<const FMA: bool>(total: f64, a: f64, b: f64) -> f64 {
                let counts: fn(f64) -> bool = $counts;
                total + if counts(a) { b } else { 0.0 }
            }
            #[inline(always)]
            fn join(x: f64, y: f64) -> f64 {
                x + y
            }
        }
    };
}

conditional_sum!(SumIf, |a| a != 0.0);
conditional_sum!(SumUnless, |a| a == 0.0);

impl Fold for Maximum {
    const START: f64 = f64::NEG_INFINITY;
    #[inline(always)]
    fn lane<const FMA: bool>(total: f64, a: f64, _: f64) -> f64 {
        if a > total { a } else { total }
    }
    #[inline(always)]
    fn join(x: f64, y: f64) -> f64 {
        if y > x { y } else { x }
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
    F: Fold,
    const A: bool,
    const B: bool,
    const INTO: u8,
    const W: usize,
    const FMA: bool,
>(
    dst: *mut f64,
    a: *const f64,
    b: *const f64,
    lanes: usize,
) {
    let n = width::<W>(lanes);
    // SAFETY: the caller's guarantee.
    let (a, b) = unsafe { (operand::<A>(a, n), operand::<B>(b, n)) };
    if W > 0 && W <= 8 && INTO != SPREAD {
        let mut total = [F::START; 8];
        for (l, total) in total.iter_mut().enumerate().take(W) {
            *total = F::lane::<FMA>(F::START, a[if A { 0 } else { l }], b[if B { 0 } else { l }]);
        }
        let total = if W == 1 { total[0] } else { fold8::<F>(&total) };
        // SAFETY: `dst` holds one value.
        unsafe {
            *dst = if INTO == STORE {
                total
            } else {
                F::join(*dst, total)
            }
        };
    } else if INTO == SPREAD {
        // SAFETY: `dst` holds all accumulators and overlaps no operand.
        let total = unsafe { &mut *dst.cast::<[f64; ACCUMULATORS]>() };
        *total = accumulate::<F, A, B, FMA>(*total, a, b, n);
    } else {
        let total = fold::<F>(&accumulate::<F, A, B, FMA>(
            [F::START; ACCUMULATORS],
            a,
            b,
            n,
        ));
        // SAFETY: `dst` holds one value.
        unsafe {
            *dst = if INTO == STORE {
                total
            } else {
                F::join(*dst, total)
            }
        };
    }
}

#[inline(always)]
#[expect(
    clippy::needless_range_loop,
    reason = "three arrays in step; so it vectorises"
)]
fn accumulate<F: Fold, const A: bool, const B: bool, const FMA: bool>(
    start: [f64; ACCUMULATORS],
    a: &[f64],
    b: &[f64],
    n: usize,
) -> [f64; ACCUMULATORS] {
    let mut total = start;
    let whole = n / ACCUMULATORS;
    for chunk in 0..whole {
        let x = chunk_of::<A>(a, chunk);
        let y = chunk_of::<B>(b, chunk);
        for l in 0..ACCUMULATORS {
            total[l] = F::lane::<FMA>(total[l], x[l], y[l]);
        }
    }
    // What is left by eights, then one by one: each lane has the accumulator that it has anyway.
    let (start, rest) = (whole * ACCUMULATORS, n % ACCUMULATORS);
    for group in 0..rest / 8 {
        let x = eight_of::<A>(&a[if A { 0 } else { start }..], group);
        let y = eight_of::<B>(&b[if B { 0 } else { start }..], group);
        let total: &mut [f64; 8] = &mut total.as_chunks_mut().0[group];
        for l in 0..8 {
            total[l] = F::lane::<FMA>(total[l], x[l], y[l]);
        }
    }
    for l in rest / 8 * 8..rest {
        let at = start + l;
        total[l] = F::lane::<FMA>(
            total[l],
            a[if A { 0 } else { at }],
            b[if B { 0 } else { at }],
        );
    }
    total
}

/// One chunk by value: so the compiler keeps it in vector registers.
#[inline(always)]
fn chunk_of<const SCALAR: bool>(x: &[f64], chunk: usize) -> [f64; ACCUMULATORS] {
    if SCALAR {
        return [x[0]; ACCUMULATORS];
    }
    x.as_chunks::<ACCUMULATORS>().0[chunk]
}

/// Eight lanes by value.
#[inline(always)]
fn eight_of<const SCALAR: bool>(x: &[f64], group: usize) -> [f64; 8] {
    if SCALAR {
        return [x[0]; 8];
    }
    x.as_chunks::<8>().0[group]
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
