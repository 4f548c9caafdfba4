//! The steps of an affine recurrence: up to eight blocks side by side, whose chains of operations wait for one another's results
//! and so fill each other's gaps. Each block's numbers are the same bits whatever is beside it.

use super::{Affine, MOST_STATES};
use crate::call::placed::{Laid, Placed, Vectors};
use std::ops::Range;

/// Blocks side by side.
pub(super) const LANES: usize = 8;
/// Steps whose results are held before they are written.
const TILE: usize = 64;

/// Elements of working memory.
pub(super) fn scratch(n_states: usize, blocks: usize) -> usize {
    2 * n_states * TILE * if blocks > 1 { LANES } else { 1 }
}

/// An argument of one block: an element a step, or the same one at every step.
#[derive(Clone, Copy)]
struct Line<'a> {
    values: &'a [f64],
    step: usize,
}

impl<'a> Line<'a> {
    fn new(from: &'a Placed, block: usize, sizes: &[usize], n: usize) -> Self {
        let step = match sizes {
            [] => 0,
            _ => from.stride(0),
        };
        let values = from.row(block, 0..(n - 1) * step + 1);
        assert!((n - 1) * step < values.len(), "an element for each step");
        Line { values, step }
    }

    /// # Safety
    /// `t` is below the number of steps that the line was made for.
    #[inline(always)]
    unsafe fn at(&self, t: usize) -> f64 {
        // SAFETY: the last one is within, as was asserted.
        unsafe { *self.values.get_unchecked(t * self.step) }
    }
}

pub(super) fn run(
    of: &Affine,
    laid: &Laid<'_>,
    blocks: Range<usize>,
    vectors: Vectors,
    memory: &mut [f64],
) {
    let mut next = if of.n_steps > 0 {
        blocks.start
    } else {
        blocks.end
    };
    while next < blocks.end {
        let last = blocks.end - 1;
        next += match last - next {
            0 => by_size::<1>(of, laid, (next, last), vectors, memory),
            1 => by_size::<2>(of, laid, (next, last), vectors, memory),
            2 | 3 => by_size::<4>(of, laid, (next, last), vectors, memory),
            _ => by_size::<LANES>(of, laid, (next, last), vectors, memory),
        };
    }
}

/// The blocks from `next` on; how many there were. The last one stands in where there are not enough.
fn by_size<const L: usize>(
    of: &Affine,
    laid: &Laid<'_>,
    (next, last): (usize, usize),
    vectors: Vectors,
    memory: &mut [f64],
) -> usize {
    let lanes: [usize; L] = std::array::from_fn(|l| (next + l).min(last));
    match of.n_states {
        1 => by_instructions::<1, L>(of, laid, lanes, vectors, memory),
        2 => by_instructions::<2, L>(of, laid, lanes, vectors, memory),
        3 => by_instructions::<3, L>(of, laid, lanes, vectors, memory),
        _ => by_instructions::<MOST_STATES, L>(of, laid, lanes, vectors, memory),
    }
    L
}

fn by_instructions<const S: usize, const L: usize>(
    of: &Affine,
    laid: &Laid<'_>,
    lanes: [usize; L],
    vectors: Vectors,
    memory: &mut [f64],
) {
    #[cfg(target_arch = "x86_64")]
    if vectors != Vectors::Plain {
        #[target_feature(enable = "avx2,fma")]
        unsafe fn fused<const S: usize, const L: usize>(
            of: &Affine,
            laid: &Laid<'_>,
            lanes: [usize; L],
            memory: &mut [f64],
        ) {
            steps::<S, L, true>(of, laid, lanes, memory);
        }
        // SAFETY: the machine has the instructions, as the caller says.
        return unsafe { fused::<S, L>(of, laid, lanes, memory) };
    }
    let _ = vectors;
    steps::<S, L, false>(of, laid, lanes, memory);
}

/// `sum + a b`.
#[inline(always)]
fn plus_product<const FMA: bool>(sum: f64, a: f64, b: f64) -> f64 {
    if FMA { a.mul_add(b, sum) } else { sum + a * b }
}

#[inline(always)]
fn steps<const S: usize, const L: usize, const FMA: bool>(
    of: &Affine,
    laid: &Laid<'_>,
    lanes: [usize; L],
    memory: &mut [f64],
) {
    let n = of.n_steps;
    let line =
        |arg: usize| lanes.map(|block| Line::new(&laid.args[arg], block, &laid.sizes[arg], n));
    let mut states: [[f64; L]; S] =
        std::array::from_fn(|i| lanes.map(|block| laid.args[i].get(block, 0)));
    let offsets: [[Line<'_>; L]; S] = std::array::from_fn(|i| line(S + i));
    let mut coefficients: [[Option<[Line<'_>; L]>; S]; S] = [[None; S]; S];
    for (k, &(to, from)) in of.pattern.iter().enumerate() {
        coefficients[to][from] = Some(line(2 * S + k));
    }
    let written: [bool; 2] = std::array::from_fn(|half| {
        laid.results[half * S..(half + 1) * S]
            .iter()
            .any(Option::is_some)
    });
    let (after, before) = memory.split_at_mut(S * L * TILE);
    let (after, before) = (&mut after[..S * L * TILE], &mut before[..S * L * TILE]);
    let mut done = 0;
    while done < n {
        let count = TILE.min(n - done);
        let low = if of.reverse { n - done - count } else { done };
        for i in 0..count {
            let place = if of.reverse { count - 1 - i } else { i };
            let t = low + place;
            let old = states;
            for to in 0..S {
                // SAFETY: `t` is below `n`, for which the lines were made.
                states[to] = std::array::from_fn(|l| unsafe { offsets[to][l].at(t) });
                for from in 0..S {
                    if let Some(lines) = &coefficients[to][from] {
                        for l in 0..L {
                            // SAFETY: as above.
                            let a = unsafe { lines[l].at(t) };
                            states[to][l] = plus_product::<FMA>(states[to][l], a, old[from][l]);
                        }
                    }
                }
            }
            for s in 0..S {
                for l in 0..L {
                    let at = (s * L + l) * TILE + place;
                    // SAFETY: `s`, `l` and `place` are below `S`, `L` and `TILE`, and the slices have as many elements.
                    unsafe {
                        if written[0] {
                            *after.get_unchecked_mut(at) = states[s][l];
                        }
                        if written[1] {
                            *before.get_unchecked_mut(at) = old[s][l];
                        }
                    }
                }
            }
        }
        for (half, held) in [&*after, &*before].into_iter().enumerate() {
            for s in 0..S {
                let Some(to) = &laid.results[half * S + s] else {
                    continue;
                };
                let step = to.stride(0);
                for (l, &block) in lanes.iter().enumerate() {
                    to.set_row(
                        block,
                        low * step,
                        step,
                        &held[(s * L + l) * TILE..],
                        1,
                        count,
                    );
                }
            }
        }
        done += count;
    }
}
