//! Look-ups and their transposes: plain, and by runs of equal positions where the index is sorted.

use super::Detail;
use super::vector::Eight;

/// Lanes `start..end` of a block that share one position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) position: u32,
    pub(crate) start: u16,
    pub(crate) end: u16,
}

/// The runs of one block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockRuns {
    pub(crate) first: *const Run,
    pub(crate) count: usize,
}

/// # Safety
/// `block` points at a [`BlockRuns`] whose runs are alive.
#[inline(always)]
unsafe fn runs<'a>(block: *const f64) -> &'a [Run] {
    // SAFETY: the caller's guarantee.
    unsafe {
        let block = &*block.cast::<BlockRuns>();
        std::slice::from_raw_parts(block.first, block.count)
    }
}

/// `dst = a[b]`; `b` points at positions.
///
/// # Safety
/// As for every [`super::BlockFn`]; positions lie within the source.
#[inline(always)]
pub(crate) unsafe fn gather(
    dst: *mut f64,
    a: *const f64,
    b: *const f64,
    lanes: usize,
    detail: &Detail,
) {
    let index = b.cast::<u32>();
    let [step, index_step, _] = detail.steps;
    // SAFETY (all branches): the caller's guarantee.
    unsafe {
        if index_step == 0 {
            let row = a.add(*index as usize * detail.target_stride);
            if step == 1 {
                std::ptr::copy_nonoverlapping(row, dst, lanes);
            } else {
                (0..lanes).for_each(|l| *dst.add(l) = *row.add(l * step));
            }
        } else if step == 0 && detail.target_stride == 1 {
            let index = std::slice::from_raw_parts(index, lanes);
            let dst = std::slice::from_raw_parts_mut(dst, lanes);
            for (dst, &position) in dst.iter_mut().zip(index) {
                *dst = *a.add(position as usize);
            }
        } else {
            for l in 0..lanes {
                *dst.add(l) = *a.add(*index.add(l) as usize * detail.target_stride + l * step);
            }
        }
    }
}

/// The same, one splat a run; `b` points at the block's runs.
///
/// # Safety
/// As for every [`super::BlockFn`]; positions lie within the source.
#[inline(always)]
pub(crate) unsafe fn gather_runs(
    dst: *mut f64,
    a: *const f64,
    b: *const f64,
    lanes: usize,
    detail: &Detail,
) {
    // SAFETY: the caller's guarantee; a run ends at `lanes` at the latest.
    unsafe {
        for run in runs(b) {
            let value = *a.add(run.position as usize * detail.target_stride);
            let mut l = run.start as usize;
            // Whole vectors may reach past the run's end: the next run writes over them.
            while l < run.end as usize && l + 8 <= lanes {
                *dst.add(l).cast::<[f64; 8]>() = [value; 8];
                l += 8;
            }
            while l < run.end as usize {
                *dst.add(l) = value;
                l += 1;
            }
        }
    }
}

/// The same, by runs of ascending positions.
///
/// # Safety
/// As for every [`super::BlockFn`]; positions lie within the source.
#[inline(always)]
pub(crate) unsafe fn gather_stretches(
    dst: *mut f64,
    a: *const f64,
    b: *const f64,
    detail: &Detail,
) {
    // SAFETY: the caller's guarantee.
    unsafe {
        for run in runs(b) {
            let len = usize::from(run.end - run.start);
            let from = a.add(run.position as usize * detail.target_stride);
            let dst = std::slice::from_raw_parts_mut(dst.add(run.start.into()), len);
            if detail.target_stride == 1 {
                dst.copy_from_slice(std::slice::from_raw_parts(from, len));
            } else {
                for (l, dst) in dst.iter_mut().enumerate() {
                    *dst = *from.add(l * detail.target_stride);
                }
            }
        }
    }
}

/// `dst[c] += a` by runs of ascending positions; `c` points at the block's runs.
///
/// # Safety
/// As for every [`super::BlockFn`]; positions lie within the destination.
#[inline(always)]
pub(crate) unsafe fn scatter_stretches(
    dst: *mut f64,
    a: *const f64,
    c: *const f64,
    detail: &Detail,
) {
    // SAFETY: the caller's guarantee.
    unsafe {
        for run in runs(c) {
            let len = usize::from(run.end - run.start);
            let to = dst.add(run.position as usize * detail.target_stride);
            let a = std::slice::from_raw_parts(a.add(run.start.into()), len);
            if detail.target_stride == 1 {
                let to = std::slice::from_raw_parts_mut(to, len);
                to.iter_mut().zip(a).for_each(|(to, a)| *to += *a);
            } else {
                for (l, a) in a.iter().enumerate() {
                    *to.add(l * detail.target_stride) += *a;
                }
            }
        }
    }
}

/// `dst[c] += a`; `c` points at positions.
///
/// # Safety
/// As for every [`super::BlockFn`]; positions lie within the destination.
#[inline(always)]
pub(crate) unsafe fn scatter(
    dst: *mut f64,
    a: *const f64,
    c: *const f64,
    lanes: usize,
    detail: &Detail,
) {
    let index = c.cast::<u32>();
    let [step, _, index_step] = detail.steps;
    for l in 0..lanes {
        // SAFETY: the caller's guarantee.
        unsafe {
            let at =
                *index.add(l * index_step) as usize * detail.target_stride + l * detail.dst_step;
            *dst.add(at) += *a.add(l * step);
        }
    }
}

/// The same by runs, or with `PRODUCT` `dst[c] += a b`; `c` points at the block's runs.
///
/// # Safety
/// As for every [`super::BlockFn`]; positions lie within the destination.
#[inline(always)]
pub(crate) unsafe fn scatter_runs<V: Eight, const PRODUCT: bool>(
    dst: *mut f64,
    a: *const f64,
    b: *const f64,
    c: *const f64,
    detail: &Detail,
) {
    // SAFETY (whole body): the caller's guarantee; no read goes past a run's end.
    unsafe {
        for run in runs(c) {
            let mut total = V::zero();
            let mut l = run.start as usize;
            let end = run.end as usize;
            while l + 8 <= end {
                let x = V::load(a.add(l));
                total = match PRODUCT {
                    true => total.mul_add(x, V::load(b.add(l))),
                    false => total.add(x),
                };
                l += 8;
            }
            if l < end {
                let x = V::load_first(a.add(l), end - l);
                total = match PRODUCT {
                    true => total.mul_add(x, V::load_first(b.add(l), end - l)),
                    false => total.add(x),
                };
            }
            *dst.add(run.position as usize * detail.target_stride) += total.sum();
        }
    }
}
