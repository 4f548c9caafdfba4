//! Which unknowns are scales of others: bounded numbers, and real ones whose exponential is one.

use super::hessians::Hessians;
use super::split::MOST;
use crate::deterministic::layout::Element;
use crate::deterministic::smooth::{BATCH, Smooth};
use ppl_sparse::{Pattern, Symmetric};

/// How alike two changes of the curvature are for one to be a multiple of the other, as the cosine between them.
const ALIKE: f64 = 0.99;

/// How far from one that multiple is: the exponential of a scale, a variance or a precision changes it by e or more.
const FACTOR: f64 = 2.0;

/// Real numbers that are looked at.
const MOST_LOOKED_AT: usize = 24;

/// The unknowns among few of a kind that are scales, ascending: where all that they change in the curvature of the others grows in
/// proportion as they move. `scales`: of all unknowns, where second derivatives must be differenced.
pub(super) fn scales(
    few: &[Element],
    at: &[f64],
    structure: &Pattern,
    differenced: Option<&[f64]>,
    smooth: &mut Smooth,
) -> Vec<usize> {
    let d = at.len();
    let all = Hessians::new((0..d).collect(), structure, differenced, smooth);
    let real = few.iter().filter(|e| e.is_real).take(MOST_LOOKED_AT);
    let mut points = vec![];
    for e in real.clone() {
        for by in [-1.0, 0.0, 1.0] {
            let mut point = at.to_vec();
            point[e.at] += by;
            points.extend(point);
        }
    }
    let mut seen = vec![];
    for batch in points.chunks(BATCH / 3 * 3 * d) {
        seen.extend(all.at(smooth, batch));
    }
    let mut logarithms = vec![];
    for (e, three) in real.zip(seen.chunks(3)) {
        if grows(e.at, three) {
            logarithms.push(e.at);
        }
    }
    let is_scale = |e: &&Element| !e.is_real || logarithms.contains(&e.at);
    let mut out: Vec<usize> = few.iter().filter(is_scale).map(|e| e.at).collect();
    out.truncate(MOST);
    out.sort_unstable();
    out
}

/// Whether the curvature of the others at three places of an unknown grows, or shrinks, in proportion.
fn grows(own: usize, three: &[Symmetric]) -> bool {
    let (mut near, mut far, mut both) = (0.0, 0.0, 0.0);
    let pattern = &three[0].pattern;
    for (p, (i, j)) in pattern.places().enumerate() {
        if i == own || j == own {
            continue;
        }
        let [a, b, c] = [0, 1, 2].map(|k: usize| three[k].values[p]);
        near += (a - b) * (a - b);
        far += (b - c) * (b - c);
        both += (a - b) * (b - c);
    }
    let alike = both > ALIKE * (near * far).sqrt();
    let by = (near / far).sqrt();
    alike && by.is_finite() && (by >= FACTOR || by <= FACTOR.recip())
}
