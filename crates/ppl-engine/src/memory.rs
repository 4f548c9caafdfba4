//! Working memory: zeroed, aligned buffers that live as long as the kernels and never move.

use crate::EngineError;
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};

/// Bytes that one compiled program may ask for.
const LIMIT: usize = 1 << 36;
/// Cache line, and the width of the widest vector.
const ALIGNMENT: usize = 64;
/// Elements of a slab out of which small buffers are cut.
const SLAB: usize = 512;
/// Buffers of up to this many elements share slabs.
const SMALL: usize = 7;

/// Owner of all buffers of a program.
#[derive(Default)]
pub(crate) struct Memory {
    buffers: Vec<(*mut u8, Layout)>,
    slab: Option<(*mut f64, usize)>,
    bytes: usize,
}

// SAFETY: the buffers are owned by this value alone and have no thread affinity.
unsafe impl Send for Memory {}
// SAFETY: a shared `Memory` gives no access to the buffers' contents.
unsafe impl Sync for Memory {}

impl Memory {
    /// A zeroed buffer of `len` elements, valid until the memory is dropped.
    pub(crate) fn allocate(&mut self, len: usize) -> Result<*mut f64, EngineError> {
        if len > SMALL {
            return self.buffer(len);
        }
        let (slab, used) = match self.slab {
            Some((slab, used)) if used + len <= SLAB => (slab, used),
            _ => (self.buffer(SLAB)?, 0),
        };
        self.slab = Some((slab, used + len.max(1)));
        Ok(slab.wrapping_add(used))
    }

    /// Bytes of all buffers.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn buffer(&mut self, len: usize) -> Result<*mut f64, EngineError> {
        let too_large = |needed| EngineError::TooLarge {
            needed,
            limit: LIMIT,
        };
        let bytes = len
            .checked_mul(8)
            .and_then(|b| b.checked_add(ALIGNMENT))
            .ok_or_else(|| too_large(usize::MAX))?;
        let total = self.bytes.saturating_add(bytes);
        // Aligned by hand: zeroed memory of a larger alignment would be written to, where otherwise the system's fresh pages
        // are zero and are given by whoever first writes to them.
        let layout = Layout::array::<f64>(bytes / 8).map_err(|_| too_large(bytes))?;
        if total > LIMIT {
            return Err(too_large(total));
        }
        // SAFETY: the layout's size is not zero, since an alignment's worth of bytes was added.
        let buffer = unsafe { alloc_zeroed(layout) };
        if buffer.is_null() {
            handle_alloc_error(layout);
        }
        self.bytes = total;
        self.buffers.push((buffer, layout));
        let ahead = buffer.align_offset(ALIGNMENT);
        // SAFETY: fewer than an alignment's worth of bytes, which was added.
        Ok(unsafe { buffer.add(ahead) }.cast())
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        for &(buffer, layout) in &self.buffers {
            // SAFETY: each buffer came from `alloc_zeroed` with this layout and is given back once.
            unsafe { dealloc(buffer, layout) };
        }
    }
}
