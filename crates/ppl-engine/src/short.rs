//! Short kernels one after another. Each has one block and few positions, so that all its addresses are written down beforehand, and
//! nothing to join.

use crate::finish::Fill;
use crate::kernel::{Kernel, MAX_OUTER, advance};
use crate::ops::elementwise::copy;
use crate::ops::{BlockFn, Detail, call};

/// Instructions of one kernel, at all its positions.
const MOST_STEPS: usize = 512;
/// Numbers that its reductions start from.
const MOST_FILLED: usize = 1024;
/// What reductions start from.
static STARTS: [f64; 2] = [0.0, f64::NEG_INFINITY];

/// The instructions of short kernels, in order.
#[derive(Default)]
pub(crate) struct Short {
    steps: Vec<Step>,
    /// A line for each kernel.
    pub(crate) description: String,
}

/// An instruction with all that it takes.
struct Step {
    run: BlockFn,
    /// Addresses of `dst`, `a`, `b` and `c`.
    addresses: [*mut u8; 4],
    lanes: usize,
    detail: Detail,
}

impl Step {
    /// Sets a buffer to what a reduction starts from.
    fn fill(fill: &Fill) -> Step {
        let start = &STARTS[usize::from(fill.value != 0.0)];
        let start: *mut u8 = std::ptr::from_ref(start).cast_mut().cast();
        Step {
            run: copy,
            addresses: [fill.start.cast(), start, start, start],
            lanes: fill.len,
            detail: Detail {
                dst_step: 1,
                ..Detail::default()
            },
        }
    }

    /// # Safety
    /// As for [`Kernel::run`].
    #[inline(always)]
    unsafe fn run(&self) {
        // SAFETY: the caller's guarantee; the addresses lie within their buffers for all lanes.
        unsafe { call(self.run, self.addresses, self.lanes, &self.detail) };
    }
}

impl Short {
    /// Whether a kernel can be done so.
    pub(crate) fn takes(kernel: &Kernel) -> bool {
        let [chunk] = &kernel.chunks[..] else {
            return false;
        };
        let positions: usize = kernel.outer.iter().product();
        let steps = positions.saturating_mul(chunk.instructions.len());
        let fills = kernel.fills.iter().chain(&chunk.fills);
        let filled: usize = fills.map(|fill| fill.len).sum();
        let few = steps <= MOST_STEPS && filled <= MOST_FILLED;
        kernel.is_one_block() && few && kernel.finishes.is_empty()
    }

    /// Appends a kernel that can be done so.
    pub(crate) fn add(&mut self, kernel: &Kernel) {
        for chunk in &kernel.chunks {
            let fills = kernel.fills.iter().chain(&chunk.fills);
            self.steps.extend(fills.map(Step::fill));
            let mut position = [0; MAX_OUTER];
            loop {
                let steps = chunk.instructions.iter().zip(&chunk.layouts);
                self.steps.extend(steps.map(|(i, layout)| Step {
                    run: i.run,
                    addresses: layout.at(i.base, 0, &position[..kernel.outer.len()]),
                    lanes: kernel.inner,
                    detail: layout.detail,
                }));
                let end = kernel.outer.first().copied().unwrap_or(0);
                if !advance(&mut position, &kernel.outer, end, 1) {
                    break;
                }
            }
        }
        self.description += &kernel.description;
        self.description.push('\n');
    }

    /// Runs all of them. Calls from several places: which function comes next is foretold place by place, and a single place
    /// would call all of them.
    ///
    /// # Safety
    /// As for [`Kernel::run`].
    pub(crate) unsafe fn run(&self) {
        let mut groups = self.steps.chunks_exact(4);
        for group in &mut groups {
            if let [first, second, third, fourth] = group {
                // SAFETY: the caller's guarantee.
                unsafe {
                    first.run();
                    second.run();
                    third.run();
                    fourth.run();
                }
            }
        }
        for step in groups.remainder() {
            // SAFETY: the caller's guarantee.
            unsafe { step.run() };
        }
    }
}
