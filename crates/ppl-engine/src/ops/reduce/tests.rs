//! Every reduction on every instruction set, beside a loop over the lanes.

use super::*;
use crate::ops::vector::Plain;

/// Small whole numbers, whose sums and products are exact in any order; every third is 0, and so is every condition then.
fn operand_of(n: usize, seed: usize) -> Vec<f64> {
    let value = |i: usize| ((i * 7 + seed) % 13) as f64 - 6.0;
    (0..n)
        .map(|i| if i % 3 == seed % 3 { 0.0 } else { value(i) })
        .collect()
}

fn expected<F: Fold>(a: &[f64], b: &[f64], scalar: [bool; 2], n: usize) -> f64 {
    let at = |x: &[f64], scalar, l| x[if scalar { 0 } else { l }];
    (0..n).fold(F::START, |total, l| {
        F::lane::<true>(total, at(a, scalar[0], l), at(b, scalar[1], l))
    })
}

fn check<V: Eight, F: Fold, const A: bool, const B: bool>() {
    for n in 1..=100 {
        let (a, b) = (operand_of(if A { 1 } else { n }, 1), operand_of(n, 2));
        let want = expected::<F>(&a, &b, [A, B], n);
        let (mut stored, mut slot) = (f64::NAN, 3.0);
        let mut spread = [F::START; ACCUMULATORS];
        let (pa, pb) = (a.as_ptr(), b.as_ptr());
        // SAFETY: the operands are as long as they are read, and the tests ask for the instruction set first.
        unsafe {
            lanes::<V, F, A, B, STORE, 0>(&raw mut stored, pa, pb, n);
            lanes::<V, F, A, B, SLOT, 0>(&raw mut slot, pa, pb, n);
            lanes::<V, F, A, B, SPREAD, 0>(spread.as_mut_ptr(), pa, pb, n);
            lanes::<V, F, A, B, SPREAD, 0>(spread.as_mut_ptr(), pa, pb, n);
        }
        assert_eq!(stored, want, "{n} lanes, stored");
        assert_eq!(slot, F::join(3.0, want), "{n} lanes, into a slot");
        assert_eq!(fold::<F>(&spread), F::join(want, want), "{n} lanes twice");
        if n == 8 {
            // SAFETY: as above.
            unsafe { lanes::<V, F, A, B, STORE, 8>(&raw mut stored, pa, pb, n) };
            assert_eq!(stored, want, "eight lanes");
        }
    }
}

fn check_all<V: Eight>() {
    macro_rules! folds {
        ($($fold:ident)*) => { $(
            check::<V, $fold, false, false>();
            check::<V, $fold, false, true>();
            check::<V, $fold, true, false>();
            check::<V, $fold, true, true>();
        )* };
    }
    folds!(Sum Dot SumIf SumUnless Maximum);
    special::<V>();
}

/// What is no finite number, at every place.
fn special<V: Eight>() {
    let reduced = |a: &[f64], b: &[f64]| {
        let (mut dot, mut maximum, mut by_scalar) = (0.0, 0.0, 0.0);
        let (pa, pb, n) = (a.as_ptr(), b.as_ptr(), a.len());
        // SAFETY: as in `check`.
        unsafe {
            lanes::<V, Dot, false, false, STORE, 0>(&raw mut dot, pa, pb, n);
            lanes::<V, Maximum, false, false, STORE, 0>(&raw mut maximum, pa, pa, n);
            lanes::<V, Dot, true, false, STORE, 0>(&raw mut by_scalar, pa, pb, n);
        }
        (dot, maximum, by_scalar)
    };
    for n in [1, 7, 8, 9, 31, 40, 45] {
        for at in 0..n {
            let (mut a, b) = (vec![-2.0; n], vec![1.0; n]);
            a[at] = f64::NAN;
            let (dot, maximum, _) = reduced(&a, &b);
            assert!(dot.is_nan(), "{n} lanes, {at} is no number");
            let least = if n == 1 { f64::NEG_INFINITY } else { -2.0 };
            assert_eq!(maximum, least, "{n} lanes, {at} is no number");
            a[at] = f64::INFINITY;
            let (dot, maximum, _) = reduced(&a, &b);
            assert_eq!((dot, maximum), (f64::INFINITY, f64::INFINITY), "{n}, {at}");
        }
        // Lanes that are none take no part: there 0 times infinity would be no number.
        let by_scalar = reduced(&vec![f64::INFINITY; n], &vec![1.0; n]).2;
        assert_eq!(by_scalar, f64::INFINITY, "{n} lanes by an infinite scalar");
    }
}

#[test]
fn on_any_machine() {
    check_all::<Plain<false>>();
    check_all::<Plain<true>>();
}

#[cfg(target_arch = "x86_64")]
#[test]
fn with_the_instruction_sets_that_are_here() {
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        check_all::<crate::ops::vector::Avx2>();
    }
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
        check_all::<crate::ops::vector::Avx512>();
    }
}
