//! The passes for each number of values, order of derivative and set of vector instructions.

use super::lane::{Lane, One};
use super::number::{Extended, Jet, Number};
use super::plain::{Bare, Dual};
use super::recursion::{Found, VECTORS, pass};
use super::weights::Group;
use crate::call::placed::Vectors;

/// Orders of derivatives below this have passes over eight lanes.
pub(super) const LANES_BELOW: usize = 2;

/// Chains from which on eight lanes pay.
pub(super) fn least_lanes(vectors: Vectors) -> usize {
    match vectors {
        Vectors::Avx512 => 4,
        Vectors::Avx2 => 5,
        Vectors::Plain => usize::MAX,
    }
}

/// Where the vectors of a pass are.
trait Shape {
    fn pass<N: Number, const VARIES: bool>(
        group: &Group<'_>,
        memory: &mut [f64],
        found: &mut Found,
    ) -> bool;
}

/// `K` values, in registers; `SQUARE` is `K * K`.
struct Fixed<const K: usize, const SQUARE: usize>;

impl<const K: usize, const SQUARE: usize> Shape for Fixed<K, SQUARE> {
    #[inline(always)]
    fn pass<N: Number, const VARIES: bool>(
        group: &Group<'_>,
        memory: &mut [f64],
        found: &mut Found,
    ) -> bool {
        let zero = N::zero();
        let (vectors, sums) = ([[zero; K]; VECTORS], [[zero; SQUARE]; 2]);
        pass::<N, _, _, VARIES>(group, K, vectors, sums, memory, found)
    }
}

/// Any number of values, in working memory.
struct Open;

impl Shape for Open {
    #[inline(always)]
    fn pass<N: Number, const VARIES: bool>(
        group: &Group<'_>,
        memory: &mut [f64],
        found: &mut Found,
    ) -> bool {
        let size = group.k * N::WIDTH * N::LANES;
        let (vectors, memory) = memory.split_at_mut(VECTORS * size);
        let (sums, memory) = memory.split_at_mut(2 * group.k * size);
        let mut each = vectors.chunks_exact_mut(size.max(1));
        let vectors = [(); VECTORS].map(|()| each.next().unwrap_or_default());
        let (first, second) = sums.split_at_mut(group.k * size);
        pass::<N, &mut [f64], &mut [f64], VARIES>(
            group,
            group.k,
            vectors,
            [first, second],
            memory,
            found,
        )
    }
}

/// A set of vector instructions.
trait Set {
    type Eight: Lane;
    type Single: Lane;
    /// # Safety
    /// The machine has the instructions.
    unsafe fn run<N: Number, S: Shape, const VARIES: bool>(
        group: &Group<'_>,
        memory: &mut [f64],
        found: &mut Found,
    ) -> bool;
}

macro_rules! set {
    ($name:ident, $eight:ty, $single:ty $(, #[$feature:meta])?) => {
        struct $name;

        impl Set for $name {
            type Eight = $eight;
            type Single = $single;

            unsafe fn run<N: Number, S: Shape, const VARIES: bool>(
                group: &Group<'_>,
                memory: &mut [f64],
                found: &mut Found,
            ) -> bool {
                $(#[$feature])?
                unsafe fn compiled<N: Number, S: Shape, const VARIES: bool>(
                    group: &Group<'_>,
                    memory: &mut [f64],
                    found: &mut Found,
                ) -> bool {
                    S::pass::<N, VARIES>(group, memory, found)
                }
                // SAFETY: the caller's guarantee.
                unsafe { compiled::<N, S, VARIES>(group, memory, found) }
            }
        }
    };
}

set!(Portable, One<false>, One<false>);
#[cfg(target_arch = "x86_64")]
set!(Avx2, super::lane::Avx2, One<true>, #[target_feature(enable = "avx2,fma")]);
#[cfg(target_arch = "x86_64")]
set!(Avx512, super::lane::Avx512, One<true>, #[target_feature(enable = "avx512f,avx2,fma")]);

/// By plain numbers; `lanes` is 1 or 8. Says whether no value was lost. The machine has the vector instructions.
pub(super) fn plain(
    order: usize,
    group: &Group<'_>,
    lanes: usize,
    vectors: Vectors,
    memory: &mut [f64],
    found: &mut Found,
) -> bool {
    match vectors {
        #[cfg(target_arch = "x86_64")]
        Vectors::Avx512 if lanes > 1 => eight::<Avx512>(order, group, memory, found),
        #[cfg(target_arch = "x86_64")]
        Vectors::Avx2 if lanes > 1 => eight::<Avx2>(order, group, memory, found),
        #[cfg(target_arch = "x86_64")]
        Vectors::Avx512 | Vectors::Avx2 => single::<Avx2>(order, group, memory, found),
        _ => single::<Portable>(order, group, memory, found),
    }
}

fn eight<X: Set>(order: usize, group: &Group<'_>, memory: &mut [f64], found: &mut Found) -> bool {
    match order {
        0 => by_size::<X, Bare<X::Eight>>(group, memory, found),
        _ => by_size::<X, Dual<X::Eight>>(group, memory, found),
    }
}

fn single<X: Set>(order: usize, group: &Group<'_>, memory: &mut [f64], found: &mut Found) -> bool {
    match order {
        0 => by_size::<X, Bare<X::Single>>(group, memory, found),
        1 => by_size::<X, Dual<X::Single>>(group, memory, found),
        2 => by_steps::<Portable, Jet<One<false>, 4>, Open>(group, memory, found),
        _ => by_steps::<Portable, Jet<One<false>, 8>, Open>(group, memory, found),
    }
}

fn by_size<X: Set, N: Number>(group: &Group<'_>, memory: &mut [f64], found: &mut Found) -> bool {
    match group.k {
        2 => by_steps::<X, N, Fixed<2, 4>>(group, memory, found),
        3 => by_steps::<X, N, Fixed<3, 9>>(group, memory, found),
        4 => by_steps::<X, N, Fixed<4, 16>>(group, memory, found),
        _ => by_steps::<X, N, Open>(group, memory, found),
    }
}

fn by_steps<X: Set, N: Number, S: Shape>(
    group: &Group<'_>,
    memory: &mut [f64],
    found: &mut Found,
) -> bool {
    // SAFETY: `plain` was told that the machine has the instructions; every machine has the portable ones.
    unsafe {
        match group.varies() {
            true => X::run::<N, S, true>(group, memory, found),
            false => X::run::<N, S, false>(group, memory, found),
        }
    }
}

/// By numbers that lose no value, for one lane.
pub(super) fn extended(
    order: usize,
    group: &Group<'_>,
    memory: &mut [f64],
    found: &mut Found,
) -> bool {
    match order {
        0 => by_steps::<Portable, Extended<1>, Open>(group, memory, found),
        1 => by_steps::<Portable, Extended<2>, Open>(group, memory, found),
        2 => by_steps::<Portable, Extended<4>, Open>(group, memory, found),
        _ => by_steps::<Portable, Extended<8>, Open>(group, memory, found),
    }
}
