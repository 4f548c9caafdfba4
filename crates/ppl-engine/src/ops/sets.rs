//! The instruction sets: every loop compiled for each of them, one chosen at run time.
//!
//! Results may differ in their last bits between instruction sets, never within one.

use super::dense::{self, DOUBLE, DenseFn, PairFn, SINGLE, WHOLE};
use super::elementwise::{self as el, Binary, Ternary, Unary};
use super::gamma::{self, Positive};
use super::reduce::{self, Dot, Fold, Maximum, SLOT, SPREAD, STORE, Sum, SumIf, SumUnless};
use super::vector::{self, Eight};
use super::{BlockFn, Choice, Code, Detail, Into, indexed, normal};
use crate::EngineError;
use ppl_core::call::placed::Vectors;
use ppl_dist::Prim;

/// The environment variable that names a lesser instruction set than the machine's best.
const VARIABLE: &str = "PPL_INSTRUCTIONS";

/// A set of machine instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstructionSet {
    /// What every machine of the architecture has.
    Baseline,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl InstructionSet {
    /// Those that this machine has, the best last.
    pub fn available() -> Vec<Self> {
        let mut sets = vec![InstructionSet::Baseline];
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512bw");
            if avx2 {
                sets.push(InstructionSet::Avx2);
            }
            if avx2 && avx512 {
                sets.push(InstructionSet::Avx512);
            }
        }
        sets
    }

    /// What routines know it as.
    pub(crate) fn vectors(self) -> Vectors {
        match self {
            InstructionSet::Baseline => Vectors::Plain,
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => Vectors::Avx2,
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => Vectors::Avx512,
        }
    }

    /// The name by which `PPL_INSTRUCTIONS` calls it.
    pub fn name(self) -> &'static str {
        match self {
            InstructionSet::Baseline => "baseline",
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => "avx512",
        }
    }

    /// The one that the environment variable `PPL_INSTRUCTIONS` names; else the best that this machine has.
    ///
    /// # Errors
    /// If the machine has none of that name.
    pub fn chosen() -> Result<Self, EngineError> {
        let sets = Self::available();
        let best = sets.last().copied().unwrap_or(InstructionSet::Baseline);
        let Some(name) = std::env::var_os(VARIABLE).filter(|name| !name.is_empty()) else {
            return Ok(best);
        };
        let named = sets.iter().find(|set| name == set.name());
        named
            .copied()
            .ok_or_else(|| Self::absent(&name.to_string_lossy()))
    }

    /// Whether this machine has it.
    pub(crate) fn check(self) -> Result<(), EngineError> {
        match Self::available().contains(&self) {
            true => Ok(()),
            false => Err(Self::absent(self.name())),
        }
    }

    fn absent(name: &str) -> EngineError {
        EngineError::Instructions {
            name: name.to_owned(),
            known: Self::available().iter().map(|set| set.name()).collect(),
        }
    }

    /// The loop for an instruction.
    pub(crate) fn choose(self, choice: Choice) -> BlockFn {
        match self {
            InstructionSet::Baseline => baseline::choose(choice),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => avx2::choose(choice),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => avx512::choose(choice),
        }
    }
}

impl InstructionSet {
    /// The loop for a dense product with a matrix that is stored so.
    pub(crate) fn dense(self, transposed: bool, stored: u8) -> DenseFn {
        match self {
            InstructionSet::Baseline => baseline::choose_dense(transposed, stored),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => avx2::choose_dense(transposed, stored),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => avx512::choose_dense(transposed, stored),
        }
    }

    /// The loop for a pair of dense products.
    pub(crate) fn pair(self, stored: u8) -> PairFn {
        match self {
            InstructionSet::Baseline => baseline::choose_pair(stored),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => avx2::choose_pair(stored),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => avx512::choose_pair(stored),
        }
    }
}

// The tile of a dense product: positions, times eight rows or columns; times eight rows of one position.
macro_rules! instruction_set {
    ($(#[$feature:meta])* $name:ident, $fma:expr, $vector:ty, $positions:literal x $tile:literal, $single:literal) => {
        mod $name {
            use super::*;

            const FMA: bool = $fma;
            type P = *const f64;

            // SAFETY (all functions of this module): they pass their caller's guarantees on, and are only chosen on
            // machines that have the instructions.

            $(#[$feature])*
            unsafe fn unary<F: Unary, const W: usize>(dst: *mut f64, a: P, _: P, _: P, n: usize, _: &Detail) {
                unsafe { el::unary::<F, W, FMA>(dst, a, n) }
            }

            $(#[$feature])*
            unsafe fn exp<const W: usize>(dst: *mut f64, a: P, _: P, _: P, n: usize, _: &Detail) {
                unsafe { <$vector as Eight>::exp::<W>(dst, a, n) }
            }

            $(#[$feature])*
            unsafe fn positive<F: Positive>(dst: *mut f64, a: P, _: P, _: P, n: usize, _: &Detail) {
                unsafe { el::positive::<F, FMA>(dst, a, n) }
            }

            $(#[$feature])*
            unsafe fn binary<F: Binary, const A: bool, const B: bool, const W: usize>(dst: *mut f64, a: P, b: P, _: P, n: usize, _: &Detail) {
                unsafe { el::binary::<F, A, B, W, FMA>(dst, a, b, n) }
            }

            $(#[$feature])*
            unsafe fn ternary<F: Ternary, const A: bool, const B: bool, const C: bool, const W: usize>(dst: *mut f64, a: P, b: P, c: P, n: usize, _: &Detail) {
                unsafe { el::ternary::<F, A, B, C, W, FMA>(dst, a, b, c, n) }
            }

            $(#[$feature])*
            unsafe fn reduce<F: Fold, const A: bool, const B: bool, const INTO: u8, const W: usize>(dst: *mut f64, a: P, b: P, _: P, n: usize, _: &Detail) {
                unsafe { reduce::lanes::<$vector, F, A, B, INTO, W>(dst, a, b, n) }
            }

            $(#[$feature])*
            unsafe fn into_lanes<F: Fold, const A: bool, const B: bool>(dst: *mut f64, a: P, b: P, _: P, n: usize, _: &Detail) {
                unsafe { reduce::into_lanes::<F, A, B, FMA>(dst, a, b, n) }
            }

            $(#[$feature])*
            unsafe fn gather(dst: *mut f64, a: P, b: P, _: P, n: usize, detail: &Detail) {
                unsafe { indexed::gather(dst, a, b, n, detail) }
            }

            $(#[$feature])*
            unsafe fn gather_runs(dst: *mut f64, a: P, b: P, _: P, n: usize, detail: &Detail) {
                unsafe { indexed::gather_runs(dst, a, b, n, detail) }
            }

            $(#[$feature])*
            unsafe fn gather_stretches(dst: *mut f64, a: P, b: P, _: P, _: usize, detail: &Detail) {
                unsafe { indexed::gather_stretches(dst, a, b, detail) }
            }

            $(#[$feature])*
            unsafe fn scatter_stretches(dst: *mut f64, a: P, _: P, c: P, _: usize, detail: &Detail) {
                unsafe { indexed::scatter_stretches(dst, a, c, detail) }
            }

            $(#[$feature])*
            unsafe fn scatter(dst: *mut f64, a: P, _: P, c: P, n: usize, detail: &Detail) {
                unsafe { indexed::scatter(dst, a, c, n, detail) }
            }

            $(#[$feature])*
            unsafe fn scatter_runs<const PRODUCT: bool>(dst: *mut f64, a: P, b: P, c: P, _: usize, detail: &Detail) {
                unsafe { indexed::scatter_runs::<$vector, PRODUCT>(dst, a, b, c, detail) }
            }

            fn choose_unary<F: Unary>(choice: Choice) -> BlockFn {
                match choice.lanes {
                    Some(1) => unary::<F, 1>,
                    Some(8) => unary::<F, 8>,
                    _ => unary::<F, 0>,
                }
            }

            fn choose_binary<F: Binary>(choice: Choice) -> BlockFn {
                match (choice.lanes, choice.scalar[0], choice.scalar[1]) {
                    (Some(1), ..) => binary::<F, true, true, 1>,
                    (Some(8), false, false) => binary::<F, false, false, 8>,
                    (Some(8), false, true) => binary::<F, false, true, 8>,
                    (Some(8), true, false) => binary::<F, true, false, 8>,
                    (_, false, false) => binary::<F, false, false, 0>,
                    (_, false, true) => binary::<F, false, true, 0>,
                    (_, true, false) => binary::<F, true, false, 0>,
                    (_, true, true) => binary::<F, true, true, 0>,
                }
            }

            fn choose_ternary<F: Ternary>(choice: Choice) -> BlockFn {
                let [a, b, c] = choice.scalar;
                macro_rules! by_scalars {
                    ($w:literal) => {
                        match (a, b, c) {
                            (false, false, false) => ternary::<F, false, false, false, $w>,
                            (false, false, true) => ternary::<F, false, false, true, $w>,
                            (false, true, false) => ternary::<F, false, true, false, $w>,
                            (false, true, true) => ternary::<F, false, true, true, $w>,
                            (true, false, false) => ternary::<F, true, false, false, $w>,
                            (true, false, true) => ternary::<F, true, false, true, $w>,
                            (true, true, false) => ternary::<F, true, true, false, $w>,
                            (true, true, true) => ternary::<F, true, true, true, $w>,
                        }
                    };
                }
                match choice.lanes {
                    Some(1) => ternary::<F, true, true, true, 1>,
                    Some(8) => by_scalars!(8),
                    _ => by_scalars!(0),
                }
            }

            fn choose_reduce<F: Fold>(choice: Choice, into: Into) -> BlockFn {
                macro_rules! by_scalars {
                    ($into:ident, $w:literal) => {
                        match (choice.scalar[0], choice.scalar[1]) {
                            (false, false) => reduce::<F, false, false, $into, $w>,
                            (false, true) => reduce::<F, false, true, $into, $w>,
                            (true, false) => reduce::<F, true, false, $into, $w>,
                            (true, true) => reduce::<F, true, true, $into, $w>,
                        }
                    };
                }
                match (into, choice.lanes) {
                    (Into::Store, Some(8)) => by_scalars!(STORE, 8),
                    (Into::Store, _) => by_scalars!(STORE, 0),
                    (Into::Slot, Some(8)) => by_scalars!(SLOT, 8),
                    (Into::Slot, _) => by_scalars!(SLOT, 0),
                    (Into::Accumulators, _) => by_scalars!(SPREAD, 0),
                }
            }

            fn choose_into_lanes<F: Fold>(choice: Choice) -> BlockFn {
                match (choice.scalar[0], choice.scalar[1]) {
                    (false, false) => into_lanes::<F, false, false>,
                    (false, true) => into_lanes::<F, false, true>,
                    (true, false) => into_lanes::<F, true, false>,
                    (true, true) => into_lanes::<F, true, true>,
                }
            }

            $(#[$feature])*
            unsafe fn product<const STORED: u8>(x: &dense::Block, b: &dense::Along, out: &dense::Wide) {
                unsafe { dense::forward::<$vector, $positions, $tile, $single, STORED>(x, b, out) }
            }

            $(#[$feature])*
            unsafe fn transposed<const STORED: u8>(x: &dense::Block, to: &dense::Along, r: &dense::Wide) {
                unsafe { dense::transposed::<$vector, $positions, $tile, STORED>(x, to, r) }
            }

            $(#[$feature])*
            unsafe fn pair<const STORED: u8>(x: &dense::Block, b: &dense::Along, out: &dense::Wide, last: &dense::Block, to: &dense::Along, r: &dense::Wide) {
                unsafe { dense::pair::<$vector, $single, STORED>(x, b, out, last, to, r) }
            }

            pub(super) fn choose_dense(is_transposed: bool, stored: u8) -> DenseFn {
                match (is_transposed, stored) {
                    (false, WHOLE) => product::<WHOLE>,
                    (false, SINGLE) => product::<SINGLE>,
                    (false, _) => product::<DOUBLE>,
                    (true, WHOLE) => transposed::<WHOLE>,
                    (true, SINGLE) => transposed::<SINGLE>,
                    (true, _) => transposed::<DOUBLE>,
                }
            }

            pub(super) fn choose_pair(stored: u8) -> PairFn {
                match stored {
                    WHOLE => pair::<WHOLE>,
                    SINGLE => pair::<SINGLE>,
                    _ => pair::<DOUBLE>,
                }
            }

            pub(super) fn choose(choice: Choice) -> BlockFn {
                match choice.code {
                    Code::Prim(prim) => match prim {
                        Prim::Add => choose_binary::<el::Add>(choice),
                        Prim::Mul => choose_binary::<el::Mul>(choice),
                        Prim::Max => choose_binary::<el::Max>(choice),
                        Prim::Min => choose_binary::<el::Min>(choice),
                        Prim::Less => choose_binary::<el::Less>(choice),
                        Prim::LessEq => choose_binary::<el::LessEq>(choice),
                        Prim::Equal => choose_binary::<el::Equal>(choice),
                        Prim::Select => choose_ternary::<el::Select>(choice),
                        Prim::Recip => choose_unary::<el::Recip>(choice),
                        Prim::Exp => match choice.lanes {
                            Some(1) => exp::<1>,
                            Some(8) => exp::<8>,
                            _ => exp::<0>,
                        },
                        Prim::Ln => choose_unary::<el::Ln>(choice),
                        Prim::Log1p => choose_unary::<el::Log1p>(choice),
                        Prim::Expm1 => choose_unary::<el::Expm1>(choice),
                        Prim::Sqrt => choose_unary::<el::Sqrt>(choice),
                        Prim::Tanh => choose_unary::<el::Tanh>(choice),
                        Prim::InvLogit => choose_unary::<el::InvLogit>(choice),
                        Prim::Softplus => choose_unary::<el::Softplus>(choice),
                        Prim::Abs => choose_unary::<el::Abs>(choice),
                        Prim::Sign => choose_unary::<el::Sign>(choice),
                        Prim::Floor => choose_unary::<el::Floor>(choice),
                        Prim::LnGamma => positive::<gamma::LnGamma>,
                        Prim::Erf => choose_unary::<normal::Erf>(choice),
                        Prim::Phi => choose_unary::<normal::Phi>(choice),
                        _ => el::by_lane,
                    },
                    Code::Digamma => positive::<gamma::Digamma>,
                    Code::Trigamma => positive::<gamma::Trigamma>,
                    Code::Sub => choose_binary::<el::Sub>(choice),
                    Code::MulAdd => choose_ternary::<el::MulAdd>(choice),
                    Code::NegMulAdd => choose_ternary::<el::NegMulAdd>(choice),
                    Code::MulSub => choose_ternary::<el::MulSub>(choice),
                    Code::AddAdd => choose_ternary::<el::AddAdd>(choice),
                    Code::MulMul => choose_ternary::<el::MulMul>(choice),
                    Code::Move => choose_unary::<el::Same>(choice),
                    Code::Copy => el::copy,
                    Code::AddAt(_) => el::add_at,
                    Code::Gather => gather,
                    Code::GatherRuns => gather_runs,
                    Code::GatherStretches => gather_stretches,
                    Code::Scatter => scatter,
                    Code::ScatterRuns => scatter_runs::<false>,
                    Code::ScatterStretches => scatter_stretches,
                    Code::ScatterProductRuns => scatter_runs::<true>,
                    Code::Sum(into) => choose_reduce::<Sum>(choice, into),
                    Code::Dot(into) => choose_reduce::<Dot>(choice, into),
                    Code::SumIf(into) => choose_reduce::<SumIf>(choice, into),
                    Code::SumUnless(into) => choose_reduce::<SumUnless>(choice, into),
                    Code::Maximum(into) => choose_reduce::<Maximum>(choice, into),
                    Code::AddTo => choose_into_lanes::<Sum>(choice),
                    Code::MulAddTo => choose_into_lanes::<Dot>(choice),
                    Code::MaxTo => choose_into_lanes::<Maximum>(choice),
                    Code::Product | Code::TransposedProduct => {
                        unreachable!("dense products are no instructions of a block")
                    }
                }
            }
        }
    };
}

instruction_set!(baseline, cfg!(target_arch = "aarch64"), vector::Plain<FMA>, 2 x 1, 2);
#[cfg(target_arch = "x86_64")]
instruction_set!(
    #[target_feature(enable = "avx2,fma,bmi2")]
    avx2,
    true,
    vector::Avx2,
    2 x 2,
    2
);
#[cfg(target_arch = "x86_64")]
instruction_set!(
    #[target_feature(enable = "avx2,fma,bmi2,avx512f,avx512dq,avx512vl,avx512bw")]
    avx512,
    true,
    vector::Avx512,
    5 x 4,
    8
);
