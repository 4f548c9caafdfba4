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
    /// Scales of all unknowns, where second derivatives are differences of gradients.
    differenced: Option<Vec<f64>>,
}

impl Hessians {
    /// `structure`: where the Hessian of all unknowns may be other than zero. `scales`: of all unknowns, where it has to be
    /// differenced.
    pub(super) fn new(
        unknowns: Vec<usize>,
        structure: &Pattern,
        scales: Option<&[f64]>,
        smooth: &Smooth,
    ) -> Hessians {
        let pattern = Arc::new(restricted(structure, &unknowns));
        Hessians {
            colouring: match scales {
                Some(_) => smooth.plain_colouring(pattern, &unknowns),
                None => smooth.colouring(pattern, &unknowns),
            },
            unknowns,
            differenced: scales.map(<[f64]>::to_vec),
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
        let len = match &self.differenced {
            None => smooth.product_len(),
            Some(_) => d,
        };
        let (mut direction, mut products) = (vec![0.0; len], vec![0.0; n * len]);
        smooth.aim(points);
        for colour in 0..self.colouring.n_colours() {
            self.colouring.direction(colour, &mut direction);
            match &self.differenced {
                None => smooth.products_of_each(&direction, &mut products),
                Some(scales) => {
                    direction.iter_mut().zip(scales).for_each(|(v, s)| *v *= s);
                    difference(smooth, points, &direction, &mut products);
                    for row in products.chunks_mut(d) {
                        row.iter_mut().zip(scales).for_each(|(v, s)| *v *= s);
                    }
                }
            }
            for (row, h) in products.chunks(len).zip(&mut out) {
                self.colouring.read(colour, row, h);
            }
        }
        out.iter_mut()
            .flat_map(|h| &mut h.values)
            .for_each(|v| *v = -*v);
        if let Some(scales) = &self.differenced {
            for h in &mut out {
                let pattern = h.pattern.clone();
                for ((i, j), v) in pattern.places().zip(&mut h.values) {
                    *v /= scales[self.unknowns[i]] * scales[self.unknowns[j]];
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
