//! Equations that are solved together, as lanes of vectors: each with its own times and steps, and the same bits as alone.

use crate::call::placed::{Laid, Placed, Vectors};
use std::ops::Range;

/// Equations that fill a vector.
pub(super) const LANES: usize = 8;

/// Equations from which on a vector pays.
const LEAST: usize = 3;

/// So many rows of lanes of working memory.
pub(super) fn take<'s, const L: usize>(memory: &mut &'s mut [f64], n: usize) -> &'s mut [[f64; L]] {
    let (own, rest) = std::mem::take(memory).split_at_mut(n * L);
    *memory = rest;
    own.as_chunks_mut().0
}

/// Where an element of a block lies, whose number is row-major.
pub(super) fn offset(placed: &Placed, sizes: &[usize], element: usize) -> usize {
    let (mut rest, mut at) = (element, 0);
    for (axis, size) in sizes.iter().enumerate().rev() {
        at += rest % size * placed.stride(axis);
        rest /= size;
    }
    at
}

/// The elements of an argument, a row each.
#[inline(always)]
pub(super) fn load<const L: usize>(
    (placed, sizes): (&Placed, &[usize]),
    blocks: [usize; L],
    to: &mut [[f64; L]],
) {
    for (i, to) in to.iter_mut().enumerate() {
        let at = offset(placed, sizes, i);
        *to = blocks.map(|block| placed.get(block, at));
    }
}

/// A routine that does so many blocks together.
pub(super) trait Grouped {
    /// Those of them that it could not do; a block that is alone is done in every way there is.
    fn group<const L: usize>(
        &self,
        laid: &Laid<'_>,
        blocks: [usize; L],
        memory: &mut [f64],
    ) -> [bool; L];

    /// Writes that a block has no result.
    fn fail(&self, laid: &Laid<'_>, block: usize);
}

/// Lanes that so many blocks are done in.
pub(super) fn lanes_of(blocks: usize) -> usize {
    if blocks < LEAST { 1 } else { LANES }
}

/// Does the blocks, as many together as fill a vector; those that fail there alone.
pub(super) fn run_all(
    routine: &impl Grouped,
    laid: &Laid<'_>,
    blocks: Range<usize>,
    vectors: Vectors,
    memory: &mut [f64],
) {
    let alone = |block: usize, memory: &mut [f64]| {
        if routine.group(laid, [block], memory)[0] {
            routine.fail(laid, block);
        }
    };
    let mut next = blocks.start;
    while next < blocks.end {
        let left = (blocks.end - next).min(LANES);
        if lanes_of(left) == 1 {
            alone(next, memory);
            next += 1;
            continue;
        }
        // The last one again where there are too few.
        let own = std::array::from_fn(|l| next + l.min(left - 1));
        let failed = eight(routine, laid, own, vectors, memory);
        for block in (next..next + left).filter(|b| failed[b - next]) {
            alone(block, memory);
        }
        next += left;
    }
}

/// A group by the vector instructions that there are.
fn eight<G: Grouped>(
    routine: &G,
    laid: &Laid<'_>,
    blocks: [usize; LANES],
    vectors: Vectors,
    memory: &mut [f64],
) -> [bool; LANES] {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma")]
        fn avx2<G: Grouped>(
            routine: &G,
            laid: &Laid<'_>,
            blocks: [usize; LANES],
            memory: &mut [f64],
        ) -> [bool; LANES] {
            routine.group(laid, blocks, memory)
        }
        #[target_feature(enable = "avx512f,avx2,fma")]
        fn avx512<G: Grouped>(
            routine: &G,
            laid: &Laid<'_>,
            blocks: [usize; LANES],
            memory: &mut [f64],
        ) -> [bool; LANES] {
            routine.group(laid, blocks, memory)
        }
        match vectors {
            // SAFETY: the machine has the instructions.
            Vectors::Avx512 => return unsafe { avx512(routine, laid, blocks, memory) },
            // SAFETY: as above.
            Vectors::Avx2 => return unsafe { avx2(routine, laid, blocks, memory) },
            Vectors::Plain => {}
        }
    }
    routine.group(laid, blocks, memory)
}
