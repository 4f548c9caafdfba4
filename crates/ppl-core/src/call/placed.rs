//! Arrays where they lie in memory, for routines that do several blocks together without copying them first.

use std::ops::Range;

/// An argument or result: where its blocks begin and how far apart the elements of one are.
pub struct Placed {
    base: *mut f64,
    /// The first element of each block.
    blocks: Vec<usize>,
    /// Of the block's axes, in order.
    strides: Vec<usize>,
    /// Elements from a block's first to behind its last.
    span: usize,
}

// SAFETY: whoever makes one answers for what lies there.
unsafe impl Send for Placed {}
// SAFETY: as above.
unsafe impl Sync for Placed {}

impl Placed {
    /// # Safety
    /// Blocks of these sizes and strides must be valid at `base + blocks[i]` for as long as this is used; nobody else
    /// may write to them meanwhile, nor read them where [`Placed::set`] is used.
    pub unsafe fn new(
        base: *mut f64,
        blocks: Vec<usize>,
        sizes: &[usize],
        strides: Vec<usize>,
    ) -> Self {
        let far = sizes.iter().zip(&strides).map(|(n, s)| (n.max(&1) - 1) * s);
        let empty = sizes.contains(&0);
        Placed {
            base,
            blocks,
            span: if empty { 0 } else { far.sum::<usize>() + 1 },
            strides,
        }
    }

    /// The only block of a slice, row-major.
    ///
    /// # Safety
    /// As for [`Placed::new`].
    unsafe fn whole(base: *mut f64, sizes: &[usize]) -> Self {
        let mut strides = vec![1; sizes.len()];
        for axis in (1..sizes.len()).rev() {
            strides[axis - 1] = strides[axis] * sizes[axis];
        }
        // SAFETY: the caller's guarantee.
        unsafe { Self::new(base, vec![0], sizes, strides) }
    }

    /// Between neighbours along an axis of the block.
    #[inline(always)]
    pub fn stride(&self, axis: usize) -> usize {
        self.strides[axis]
    }

    #[inline(always)]
    fn at(&self, block: usize, offset: usize) -> *mut f64 {
        assert!(offset < self.span, "an element of the block");
        self.base.wrapping_add(self.blocks[block] + offset)
    }

    /// An element of a block.
    #[inline(always)]
    pub fn get(&self, block: usize, offset: usize) -> f64 {
        // SAFETY: it lies within the block.
        unsafe { *self.at(block, offset) }
    }

    /// Writes an element of a block.
    #[inline(always)]
    pub fn set(&self, block: usize, offset: usize, value: f64) {
        // SAFETY: it lies within the block.
        unsafe { *self.at(block, offset) = value }
    }

    /// Writes eight elements that follow one another.
    #[inline(always)]
    pub fn set_eight(&self, block: usize, offset: usize, values: [f64; 8]) {
        let _ = self.at(block, offset + 7);
        // SAFETY: the first and the last lie within the block.
        unsafe {
            self.at(block, offset)
                .cast::<[f64; 8]>()
                .write_unaligned(values)
        }
    }

    /// Writes `count` elements, `step` apart, from values that are `stride` apart.
    #[inline(always)]
    pub fn set_row(
        &self,
        block: usize,
        offset: usize,
        step: usize,
        from: &[f64],
        stride: usize,
        count: usize,
    ) {
        if count == 0 {
            return;
        }
        let _ = self.at(block, offset + (count - 1) * step);
        let first = self.at(block, offset);
        assert!((count - 1) * stride < from.len(), "as many values");
        for i in 0..count {
            // SAFETY: the last element lies within the block and the slice, and so does each.
            unsafe { *first.add(i * step) = *from.get_unchecked(i * stride) };
        }
    }

    /// Elements that follow one another, of an argument.
    #[inline(always)]
    pub fn row(&self, block: usize, offsets: Range<usize>) -> &[f64] {
        let Some(last) = offsets.len().checked_sub(1) else {
            return &[];
        };
        let _ = self.at(block, offsets.start + last);
        // SAFETY: first and last lie within the block.
        unsafe { std::slice::from_raw_parts(self.at(block, offsets.start), last + 1) }
    }
}

/// The arguments and results of a routine's blocks.
pub struct Laid<'a> {
    /// Sizes of the arguments' blocks.
    pub sizes: &'a [Vec<usize>],
    /// The arguments.
    pub args: &'a [Placed],
    /// The results; `None` where nobody reads one.
    pub results: &'a [Option<Placed>],
    /// Asks for the line of memory at an address, without waiting for it.
    pub ask: fn(usize),
}

/// Bytes of a line of memory.
const LINE: usize = 64;

impl Laid<'_> {
    /// Asks for the lines that some elements stand in.
    pub fn ask_for(&self, placed: &Placed, block: usize, offsets: Range<usize>) {
        let at = |offset| {
            placed
                .base
                .wrapping_add(placed.blocks[block] + offset)
                .addr()
        };
        self.ask_between(at(offsets.start)..at(offsets.end));
    }

    /// Asks for the lines between two addresses.
    pub fn ask_between(&self, addresses: Range<usize>) {
        addresses.step_by(LINE).for_each(self.ask);
    }
}

/// Which vector instructions a routine may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vectors {
    /// Those that every machine has.
    Plain,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512 (foundation) as well.
    Avx512,
}

impl Vectors {
    /// The best that the machine has.
    fn of_machine() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return match is_x86_feature_detected!("avx512f") {
                true => Vectors::Avx512,
                false => Vectors::Avx2,
            };
        }
        Vectors::Plain
    }
}

/// A routine that does blocks together, as lanes of vectors. A block's results are the same bits whichever blocks are done with
/// it.
pub trait Together: Sync {
    /// Blocks that fill a vector.
    fn lanes(&self) -> usize;

    /// Elements of working memory for so many blocks at once.
    fn scratch(&self, sizes: &[Vec<usize>], blocks: usize) -> usize;

    /// These blocks. The machine has the vector instructions.
    fn run(&self, laid: &Laid<'_>, blocks: Range<usize>, vectors: Vectors, scratch: &mut [f64]);
}

/// One block whose arguments and results (of these shapes; empty where nobody reads one) are slices.
pub(crate) fn run_alone(
    routine: &dyn Together,
    (sizes, args): (&[Vec<usize>], &[&[f64]]),
    (shapes, results): (&[&[usize]], &mut [&mut [f64]]),
    memory: &mut [f64],
) {
    // SAFETY: the slices are those of one block, and nothing else looks at them meanwhile.
    let args: Vec<Placed> = (args.iter().zip(sizes))
        .map(|(arg, sizes)| unsafe { Placed::whole(arg.as_ptr().cast_mut(), sizes) })
        .collect();
    // SAFETY: as above.
    let results: Vec<Option<Placed>> = (results.iter_mut().zip(shapes))
        .map(|(to, sizes)| {
            (!to.is_empty()).then(|| unsafe { Placed::whole(to.as_mut_ptr(), sizes) })
        })
        .collect();
    let laid = Laid {
        sizes,
        args: &args,
        results: &results,
        ask: |_| (),
    };
    routine.run(&laid, 0..1, Vectors::of_machine(), memory);
}
