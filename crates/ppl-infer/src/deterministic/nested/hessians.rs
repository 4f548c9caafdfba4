//! Hessians of the log density at single points, for a part of the unknowns.

use crate::deterministic::smooth::{BATCH, Smooth};
use ppl_sparse::{Colouring, Pattern, Symmetric};
use std::sync::Arc;

/// Length of difference steps, in the unknowns' scales.
const DIFFERENCE: f64 = 0.02;

/// How the Hessian of some unknowns is computed.
pub(super) struct Hessians {
    /// The unknowns, ascending.
    pub(super) unknowns: Vec<usize>,
    colouring: Colouring,
    /// Scales of the unknowns, where second derivatives are differences of gradients.
    differenced: Option<Vec<f64>>,
}

impl Hessians {
    /// `structure`: where the Hessian of all unknowns may be other than zero. `scales`: of all unknowns, where it has to be
    /// differenced.
    pub(super) fn new(
        unknowns: Vec<usize>,
        structure: &Pattern,
        scales: Option<&[f64]>,
        dear: &[bool],
    ) -> Hessians {
        let pattern = Arc::new(restricted(structure, &unknowns));
        let apart: Vec<bool> = unknowns.iter().map(|i| dear[*i]).collect();
        let differenced = scales.map(|s| unknowns.iter().map(|i| s[*i]).collect());
        Hessians {
            colouring: Colouring::with_apart(pattern, &apart),
            unknowns,
            differenced,
        }
    }

    pub(super) fn pattern(&self) -> &Arc<Pattern> {
        self.colouring.pattern()
    }

    /// Gradients that one Hessian costs.
    pub(super) fn cost(&self) -> usize {
        2 * self.colouring.n_colours()
    }

    /// Minus the Hessian at each of up to a batch of points.
    pub(super) fn at(&self, smooth: &mut Smooth, points: &[f64]) -> Vec<Symmetric> {
        let d = smooth.d;
        let n = points.len() / d;
        debug_assert!(n <= BATCH);
        let mut out = vec![Symmetric::zeros(self.pattern().clone()); n];
        if self.unknowns.is_empty() {
            return out;
        }
        let (mut own, mut direction) = (vec![0.0; self.unknowns.len()], vec![0.0; d]);
        let mut products = vec![0.0; n * d];
        smooth.aim(points);
        for colour in 0..self.colouring.n_colours() {
            self.colouring.direction(colour, &mut own);
            match &self.differenced {
                None => {
                    for (i, v) in self.unknowns.iter().zip(&own) {
                        direction[*i] = *v;
                    }
                    smooth.products_of_each(&direction, &mut products);
                }
                Some(scales) => {
                    for ((i, v), s) in self.unknowns.iter().zip(&own).zip(scales) {
                        direction[*i] = v * s;
                    }
                    difference(smooth, points, &direction, &mut products);
                }
            }
            for (row, h) in products.chunks(d).zip(&mut out) {
                for (k, (i, to)) in self.unknowns.iter().zip(&mut own).enumerate() {
                    let scale = self.differenced.as_ref().map_or(1.0, |s| s[k]);
                    *to = -row[*i] * scale;
                }
                self.colouring.read(colour, &own, h);
            }
        }
        if let Some(scales) = &self.differenced {
            for h in &mut out {
                let pattern = h.pattern.clone();
                for ((i, j), v) in pattern.places().zip(&mut h.values) {
                    *v /= scales[i] * scales[j];
                }
            }
        }
        out
    }
}

/// Products with the Hessian by central differences of gradients.
fn difference(smooth: &mut Smooth, points: &[f64], direction: &[f64], products: &mut [f64]) {
    let n = points.len() / smooth.d;
    let mut values = vec![0.0; n];
    let mut back = vec![0.0; points.len()];
    for (sign, to) in [(1.0, &mut *products), (-1.0, &mut back)] {
        let mut moved = points.to_vec();
        for row in moved.chunks_mut(smooth.d) {
            for (x, v) in row.iter_mut().zip(direction) {
                *x += sign * DIFFERENCE * v;
            }
        }
        smooth.gradients_of_each(&moved, &mut values, to);
    }
    for (p, b) in products.iter_mut().zip(&back) {
        *p = (*p - b) / (2.0 * DIFFERENCE);
    }
}

/// The places among some unknowns, numbered by their place in that list.
pub(super) fn restricted(pattern: &Pattern, unknowns: &[usize]) -> Pattern {
    let mut number = vec![u32::MAX; pattern.n()];
    for (k, i) in unknowns.iter().enumerate() {
        number[*i] = k as u32;
    }
    let pairs = pattern.places().map(|(i, j)| (number[i], number[j]));
    let pairs = pairs.filter(|(i, j)| *i != u32::MAX && *j != u32::MAX);
    Pattern::new(unknowns.len(), pairs)
}

/// A matrix among some unknowns.
pub(super) fn part(of: &Symmetric, unknowns: &[usize], on: Arc<Pattern>) -> Symmetric {
    let mut out = Symmetric::zeros(on);
    let pattern = out.pattern.clone();
    for ((i, j), v) in pattern.places().zip(&mut out.values) {
        if let Some(place) = of.pattern.place(unknowns[i], unknowns[j]) {
            *v = of.values[place];
        }
    }
    out
}
