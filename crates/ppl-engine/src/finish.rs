//! What reductions start from, and what is left of them to be done when a kernel has run.

use crate::ops::dense::LANES;
use crate::ops::reduce::{Fold, Maximum, Sum, fold, fold8};
use crate::windows::Cut;
use std::ops::Range;

/// A buffer that a reduction starts from.
#[derive(Clone, Copy)]
pub(crate) struct Fill {
    pub(crate) start: *mut f64,
    pub(crate) len: usize,
    pub(crate) value: f64,
}

/// Values of which each is spread over accumulators that lie side by side.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) start: *mut f64,
    pub(crate) values: usize,
    /// Accumulators of a value.
    pub(crate) lanes: usize,
    /// Whether maxima are taken, not sums.
    pub(crate) maximum: bool,
}

/// What is left of a reduction after all chunks.
pub(crate) struct Finish {
    /// One partial result a chunk; the first receives the total.
    pub(crate) partials: Vec<*mut f64>,
    /// Its values.
    pub(crate) len: usize,
    /// Whether maxima are taken, not sums.
    pub(crate) maximum: bool,
    /// Where all chunks share one buffer of accumulators.
    pub(crate) spread: Option<Spread>,
    /// What the values are to be multiplied by, where partial results are apart from the destination.
    pub(crate) scale: f64,
    /// Where the values go.
    pub(crate) dst: *mut f64,
    /// Instead of partial results those of windows of one axis, of each chunk its own.
    pub(crate) windows: Option<(Cut, Vec<Window>)>,
}

/// A chunk's partial result for some positions of an axis.
pub(crate) struct Window {
    pub(crate) start: *mut f64,
    pub(crate) positions: Range<usize>,
}

impl Fill {
    /// # Safety
    /// The buffer must be alive and the caller's own.
    pub(crate) unsafe fn apply(&self) {
        // SAFETY: the caller's guarantee.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.len) }.fill(self.value);
    }
}

impl Spread {
    /// Leaves the values side by side at the start.
    ///
    /// # Safety
    /// The accumulators must be alive and the caller's own.
    pub(crate) unsafe fn fold(&self) {
        // SAFETY: the caller's guarantee.
        unsafe {
            match self.maximum {
                true => self.fold_as::<Maximum>(),
                false => self.fold_as::<Sum>(),
            }
        }
    }

    unsafe fn fold_as<F: Fold>(&self) {
        for value in 0..self.values {
            // SAFETY: as above; a value is written where only accumulators of former values have been.
            unsafe {
                let accumulators = self.start.add(value * self.lanes);
                *self.start.add(value) = match self.lanes {
                    LANES => fold8::<F>(&*accumulators.cast()),
                    _ => fold::<F>(&*accumulators.cast()),
                };
            }
        }
    }
}

impl Finish {
    /// # Safety
    /// All addresses must be alive and nobody else may use them.
    pub(crate) unsafe fn apply(&self) {
        if let Some(spread) = &self.spread {
            // SAFETY: the caller's guarantee.
            unsafe { spread.fold() };
        }
        if let Some((cut, windows)) = &self.windows {
            // SAFETY: the destination has that length and is this kernel's own.
            unsafe { std::slice::from_raw_parts_mut(self.dst, self.len) }.fill(0.0);
            for window in windows {
                // SAFETY: the window's part is a buffer of its own.
                unsafe { cut.add(self.dst, window.start, &window.positions) };
            }
        } else if self.maximum {
            // SAFETY: the caller's guarantee.
            unsafe { self.join::<Maximum>() }
        } else {
            // SAFETY: the caller's guarantee.
            unsafe { self.join::<Sum>() }
        }
    }

    /// Adds the partial results pairwise: neighbours, then neighbours of pairs, and so on.
    unsafe fn join<F: Fold>(&self) {
        let mut gap = 1;
        while gap < self.partials.len() {
            for left in (0..self.partials.len() - gap).step_by(2 * gap) {
                // SAFETY: partial results are distinct buffers of this length.
                let (x, y) = unsafe {
                    (
                        std::slice::from_raw_parts_mut(self.partials[left], self.len),
                        std::slice::from_raw_parts(self.partials[left + gap], self.len),
                    )
                };
                for (x, &y) in x.iter_mut().zip(y) {
                    *x = F::join(*x, y);
                }
            }
            gap *= 2;
        }
        let total = self.partials[0];
        if total != self.dst {
            // SAFETY: both hold that many values; the buffers are distinct.
            let (from, to) = unsafe {
                (
                    std::slice::from_raw_parts(total, self.len),
                    std::slice::from_raw_parts_mut(self.dst, self.len),
                )
            };
            for (to, &value) in to.iter_mut().zip(from) {
                *to = self.scale * value;
            }
        }
    }
}
