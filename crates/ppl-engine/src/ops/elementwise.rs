//! Loops over one, two and three operands, generic over the function of a lane.

use super::gamma::Positive;
use super::{Detail, math};
use std::slice::{from_raw_parts, from_raw_parts_mut};

/// A function of one lane.
pub(crate) trait Unary {
    fn lane<const FMA: bool>(a: f64) -> f64;
}

/// A function of two lanes.
pub(crate) trait Binary {
    fn lane<const FMA: bool>(a: f64, b: f64) -> f64;
}

/// A function of three lanes.
pub(crate) trait Ternary {
    fn lane<const FMA: bool>(a: f64, b: f64, c: f64) -> f64;
}

macro_rules! lanes {
    ($kind:ident: $($name:ident ($($x:ident),+) $body:expr;)+) => {$(
        pub(crate) struct $name;
        impl $kind for $name {
            #[inline(always)]
            fn lane<const FMA: bool>($($x: f64),+) -> f64 { $body }
        }
    )+};
}

lanes! { Unary:
    Recip(a) 1.0 / a;
    Exp(a) math::exp::<FMA>(a);
    Ln(a) math::ln::<FMA>(a);
    Log1p(a) math::log1p::<FMA>(a);
    Expm1(a) math::expm1::<FMA>(a);
    Sqrt(a) a.sqrt();
    Tanh(a) math::tanh::<FMA>(a);
    InvLogit(a) math::inv_logit::<FMA>(a);
    Softplus(a) math::softplus::<FMA>(a);
    Abs(a) a.abs();
    Sign(a) if a > 0.0 { 1.0 } else if a < 0.0 { -1.0 } else { a };
    Floor(a) a.floor();
    Same(a) a;
}

lanes! { Binary:
    Add(a, b) a + b;
    Mul(a, b) a * b;
    Sub(a, b) a - b;
    Max(a, b) a.max(b);
    Min(a, b) a.min(b);
    Less(a, b) if a < b { 1.0 } else { 0.0 };
    LessEq(a, b) if a <= b { 1.0 } else { 0.0 };
    Equal(a, b) if a == b { 1.0 } else { 0.0 };
}

lanes! { Ternary:
    MulAdd(a, b, c) math::mul_add::<FMA>(a, b, c);
    NegMulAdd(a, b, c) math::mul_add::<FMA>(-a, b, c);
    MulSub(a, b, c) math::mul_add::<FMA>(a, b, -c);
    AddAdd(a, b, c) (a + b) + c;
    MulMul(a, b, c) (a * b) * c;
    Select(a, b, c) if a != 0.0 { b } else { c };
}

/// The number of lanes: `W` where it is fixed.
#[inline(always)]
pub(crate) fn width<const W: usize>(lanes: usize) -> usize {
    if W > 0 { W } else { lanes }
}

/// Lanes that may be one value for all of them.
///
/// # Safety
/// `p` must be valid for `n` lanes, or for one if `SCALAR`.
#[inline(always)]
pub(crate) unsafe fn operand<'a, const SCALAR: bool>(p: *const f64, n: usize) -> &'a [f64] {
    // SAFETY: the caller's guarantee.
    unsafe { from_raw_parts(p, if SCALAR { 1 } else { n }) }
}

/// # Safety
/// As for every [`super::BlockFn`].
#[inline(always)]
pub(crate) unsafe fn unary<F: Unary, const W: usize, const FMA: bool>(
    dst: *mut f64,
    a: *const f64,
    lanes: usize,
) {
    let n = width::<W>(lanes);
    // SAFETY: the caller's guarantee.
    let (dst, a) = unsafe { (from_raw_parts_mut(dst, n), from_raw_parts(a, n)) };
    map1::<F, FMA>(dst, a);
}

/// As [`unary`], for a function that is vectorised for positive arguments only.
///
/// # Safety
/// As for every [`super::BlockFn`].
#[inline(always)]
pub(crate) unsafe fn positive<F: Positive, const FMA: bool>(
    dst: *mut f64,
    a: *const f64,
    lanes: usize,
) {
    // SAFETY: the caller's guarantee.
    let (dst, a) = unsafe { (from_raw_parts_mut(dst, lanes), from_raw_parts(a, lanes)) };
    map1::<F, FMA>(dst, a);
    let others = a
        .iter()
        .fold(0, |n, &a| n + i64::from(!(a > 0.0 && a < f64::INFINITY)));
    if others > 0 {
        for (dst, &a) in dst
            .iter_mut()
            .zip(a)
            .filter(|(_, a)| !(**a > 0.0 && **a < f64::INFINITY))
        {
            *dst = F::reference(a);
        }
    }
}

/// # Safety
/// As for every [`super::BlockFn`].
#[inline(always)]
pub(crate) unsafe fn binary<
    F: Binary,
    const A: bool,
    const B: bool,
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
    let (dst, a, b) = unsafe {
        (
            from_raw_parts_mut(dst, n),
            operand::<A>(a, n),
            operand::<B>(b, n),
        )
    };
    map2::<F, A, B, FMA>(dst, a, b);
}

/// # Safety
/// As for every [`super::BlockFn`].
#[inline(always)]
pub(crate) unsafe fn ternary<
    F: Ternary,
    const A: bool,
    const B: bool,
    const C: bool,
    const W: usize,
    const FMA: bool,
>(
    dst: *mut f64,
    a: *const f64,
    b: *const f64,
    c: *const f64,
    lanes: usize,
) {
    let n = width::<W>(lanes);
    // SAFETY: the caller's guarantee.
    let (dst, a, b, c) = unsafe {
        (
            from_raw_parts_mut(dst, n),
            operand::<A>(a, n),
            operand::<B>(b, n),
            operand::<C>(c, n),
        )
    };
    map3::<F, A, B, C, FMA>(dst, a, b, c);
}

// The loops take slices as parameters: only so does the compiler know that `dst` overlaps nothing.

#[inline(always)]
fn map1<F: Unary, const FMA: bool>(dst: &mut [f64], a: &[f64]) {
    for (dst, &a) in dst.iter_mut().zip(a) {
        *dst = F::lane::<FMA>(a);
    }
}

#[inline(always)]
fn map2<F: Binary, const A: bool, const B: bool, const FMA: bool>(
    dst: &mut [f64],
    a: &[f64],
    b: &[f64],
) {
    let n = dst.len();
    let (a, b) = (&a[..if A { 1 } else { n }], &b[..if B { 1 } else { n }]);
    for l in 0..n {
        dst[l] = F::lane::<FMA>(a[if A { 0 } else { l }], b[if B { 0 } else { l }]);
    }
}

#[inline(always)]
fn map3<F: Ternary, const A: bool, const B: bool, const C: bool, const FMA: bool>(
    dst: &mut [f64],
    a: &[f64],
    b: &[f64],
    c: &[f64],
) {
    let n = dst.len();
    let (a, b, c) = (
        &a[..if A { 1 } else { n }],
        &b[..if B { 1 } else { n }],
        &c[..if C { 1 } else { n }],
    );
    for l in 0..n {
        dst[l] = F::lane::<FMA>(
            a[if A { 0 } else { l }],
            b[if B { 0 } else { l }],
            c[if C { 0 } else { l }],
        );
    }
}

/// A primitive lane by lane, through the reference.
///
/// # Safety
/// As for every [`super::BlockFn`]; the operands are read at the detail's steps.
pub(crate) unsafe fn by_lane(
    dst: *mut f64,
    a: *const f64,
    b: *const f64,
    c: *const f64,
    lanes: usize,
    detail: &Detail,
) {
    let Some(prim) = detail.prim else { return };
    let [step_a, step_b, step_c] = detail.steps;
    // Under a mask that varies many lanes have the same arguments: these functions cost more than to look.
    let mut last: Option<([u64; 3], f64)> = None;
    for l in 0..lanes {
        // SAFETY: the caller's guarantee; operands that a primitive lacks point at a literal and have step 0.
        let x = unsafe { [*a.add(l * step_a), *b.add(l * step_b), *c.add(l * step_c)] };
        let bits = x.map(f64::to_bits);
        let value = match last {
            Some((before, value)) if before == bits => value,
            _ => prim.eval(&x),
        };
        last = Some((bits, value));
        // SAFETY: as above.
        unsafe { *dst.add(l) = value };
    }
}

/// Lanes from any step to any step.
///
/// # Safety
/// As for every [`super::BlockFn`], at the detail's steps.
pub(crate) unsafe fn copy(
    dst: *mut f64,
    a: *const f64,
    _: *const f64,
    _: *const f64,
    lanes: usize,
    detail: &Detail,
) {
    for l in 0..lanes {
        // SAFETY: the caller's guarantee.
        unsafe { *dst.add(l * detail.dst_step) = *a.add(l * detail.steps[0]) };
    }
}

/// `a` is added to the lane of `dst` that `b` names, if there is one.
///
/// # Safety
/// As for every [`super::BlockFn`], but that `a` is one value and `b` one integer.
pub(crate) unsafe fn add_at(
    dst: *mut f64,
    a: *const f64,
    b: *const f64,
    _: *const f64,
    lanes: usize,
    _: &Detail,
) {
    // SAFETY: the caller's guarantee.
    let at = unsafe { *b.cast::<u32>() } as usize;
    if at < lanes {
        // SAFETY: as above, of a lane that there is.
        unsafe { *dst.add(at) += *a };
    }
}
