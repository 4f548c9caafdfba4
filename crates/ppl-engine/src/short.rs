//! Short kernels one after another. Each has one block, so that its addresses are final, and nothing to prepare or to join.

use crate::kernel::Kernel;
use crate::ops::{BlockFn, Detail};

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

impl Short {
    /// Whether a kernel can be done so.
    pub(crate) fn takes(kernel: &Kernel) -> bool {
        let [chunk] = &kernel.chunks[..] else {
            return false;
        };
        let prepares = !kernel.fills.is_empty() || !chunk.fills.is_empty();
        kernel.is_one_block() && !prepares && kernel.finishes.is_empty()
    }

    /// Appends a kernel that can be done so.
    pub(crate) fn add(&mut self, kernel: &Kernel) {
        for chunk in &kernel.chunks {
            let steps = chunk.instructions.iter().zip(&chunk.layouts);
            self.steps.extend(steps.map(|(i, layout)| Step {
                run: i.run,
                addresses: i.base,
                lanes: kernel.inner,
                detail: layout.detail,
            }));
        }
        self.description += &kernel.description;
        self.description.push('\n');
    }

    /// Runs all of them.
    ///
    /// # Safety
    /// As for [`Kernel::run`].
    pub(crate) unsafe fn run(&self) {
        for step in &self.steps {
            let [dst, a, b, c] = step.addresses;
            // SAFETY: the caller's guarantee; the addresses lie within their buffers for all lanes.
            unsafe {
                (step.run)(
                    dst.cast(),
                    a.cast(),
                    b.cast(),
                    c.cast(),
                    step.lanes,
                    &step.detail,
                )
            };
        }
    }
}
