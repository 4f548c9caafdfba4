//! Block instructions: plain loops over lanes, compiled once for each instruction set and chosen when a program is compiled.

pub(crate) mod dense;
pub(crate) mod elementwise;
#[cfg(target_arch = "x86_64")]
mod exponential;
pub(crate) mod gamma;
pub(crate) mod indexed;
pub(crate) mod math;
pub(crate) mod normal;
pub(crate) mod reduce;
mod sets;
pub(crate) mod vector;

use ppl_dist::Prim;
pub use sets::InstructionSet;

/// An instruction: `dst` and up to three operands (`a`, `b`, `c`) at the current block, number of lanes, constants.
///
/// Callers guarantee that every operand is valid for `lanes` lanes (for one, where the instruction was chosen for a
/// scalar operand) and that `dst` overlaps no other operand.
pub(crate) type BlockFn = unsafe fn(*mut f64, *const f64, *const f64, *const f64, usize, &Detail);

/// Runs an instruction on its operands `dst`, `a`, `b` and `c`.
///
/// # Safety
/// As for [`BlockFn`].
#[inline(always)]
pub(crate) unsafe fn call(
    run: BlockFn,
    [dst, a, b, c]: [*mut u8; 4],
    lanes: usize,
    detail: &Detail,
) {
    // SAFETY: the caller's guarantee.
    unsafe { run(dst.cast(), a.cast(), b.cast(), c.cast(), lanes, detail) }
}

/// Constants of one instruction. Steps are in elements from one lane to the next.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Detail {
    /// What a lane-by-lane instruction evaluates.
    pub(crate) prim: Option<Prim>,
    /// Steps of the operands `a`, `b`, `c`.
    pub(crate) steps: [usize; 3],
    /// Step of the destination.
    pub(crate) dst_step: usize,
    /// Distance between neighbours along the axis that an index looks up.
    pub(crate) target_stride: usize,
}

/// Asks for a line of memory, without waiting for it. Any address will do.
#[inline(always)]
pub(crate) fn prefetch(at: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: every machine of the architecture has the instruction, and it faults at no address.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(std::ptr::without_provenance(at)) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// What an instruction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// An elementwise primitive.
    Prim(Prim),
    /// Polygamma of order 0.
    Digamma,
    /// Polygamma of order 1.
    Trigamma,
    /// a - b
    Sub,
    /// a b + c
    MulAdd,
    /// c - a b
    NegMulAdd,
    /// a b - c
    MulSub,
    /// (a + b) + c
    AddAdd,
    /// (a b) c
    MulMul,
    /// Any steps to any step.
    Copy,
    /// a, contiguous on both sides.
    Move,
    /// `a` added to one lane of `dst`; `b` says to which of each block.
    AddAt(u32),
    /// Look-up by index `b` in `a`.
    Gather,
    /// The same, by runs of equal positions.
    GatherRuns,
    /// The same, by runs of ascending positions.
    GatherStretches,
    /// `dst[c] += a`
    Scatter,
    /// `dst[c] += a`, by runs.
    ScatterRuns,
    /// `dst[c] += a`, by runs of ascending positions.
    ScatterStretches,
    /// `dst[c] += a b`, by runs.
    ScatterProductRuns,
    /// Sum of `a` over the lanes.
    Sum(Into),
    /// Sum of `a b` over the lanes.
    Dot(Into),
    /// Sum of `b` over the lanes where `a` is not 0.
    SumIf(Into),
    /// Sum of `b` over the lanes where `a` is 0.
    SumUnless(Into),
    /// Maximum of `a` over the lanes.
    Maximum(Into),
    /// `dst += a`, lane by lane.
    AddTo,
    /// `dst += a b`, lane by lane.
    MulAddTo,
    /// `dst = max(dst, a)`, lane by lane.
    MaxTo,
    /// A matrix of data times a vector.
    Product,
    /// The transpose of a matrix of data times `a`.
    TransposedProduct,
}

/// Where a reduction over the lanes goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Into {
    /// Written: one block is all there is.
    Store,
    /// Combined with the one value that stands there.
    Slot,
    /// Combined with 32 accumulators, lane by lane.
    Accumulators,
}

/// What is known when an instruction is chosen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    pub(crate) code: Code,
    /// Which of `a`, `b`, `c` are one value for all lanes.
    pub(crate) scalar: [bool; 3],
    /// The number of lanes, if every block has the same.
    pub(crate) lanes: Option<usize>,
}

impl Code {
    /// The position along the lanes that it goes by.
    pub(crate) fn position(self) -> Option<u32> {
        match self {
            Code::AddAt(at) => Some(at),
            _ => None,
        }
    }

    /// Name for explanations.
    pub(crate) fn name(self) -> String {
        match self {
            Code::Prim(prim) => format!("{prim:?}").to_lowercase(),
            Code::Sum(_) => "sum".into(),
            Code::Dot(_) => "dot".into(),
            Code::SumIf(_) => "sumif".into(),
            Code::SumUnless(_) => "sumunless".into(),
            Code::Maximum(_) => "maximum".into(),
            Code::AddAt(_) => "addat".into(),
            other => format!("{other:?}").to_lowercase(),
        }
    }
}
