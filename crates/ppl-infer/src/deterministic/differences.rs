//! The mean Hessian by central differences of the gradient, for what cannot be differentiated twice.

use super::Solver;
use super::curvature::Curvature;
use super::gaussian::Gaussian;
use super::smooth::BATCH;
use ppl_sparse::Symmetric;

impl Curvature {
    /// Whether unknowns whose columns touch no common row are moved together. Otherwise each moves alone, and what is seen twice is
    /// averaged.
    fn by_colour(&self) -> bool {
        2 * self.n_colours() <= self.pattern().n()
    }

    /// Directions in which gradients are differenced.
    pub(super) fn n_differences(&self) -> usize {
        match self.by_colour() {
            true => self.n_colours(),
            false => self.pattern().n(),
        }
    }
}

impl Solver<'_> {
    /// Minus the mean Hessian at draws; the points move by `part` of an sd.
    pub(super) fn hessian_by_differences(
        &mut self,
        q: &Gaussian,
        draws: &[f64],
        (known, part): (&Curvature, f64),
    ) -> Symmetric {
        let d = self.smooth.d;
        let sds: Vec<f64> = q.factor.variances().into_iter().map(f64::sqrt).collect();
        let points: Vec<f64> = q.batches(draws).flatten().collect();
        let mut h = Symmetric::zeros(self.by.pattern().clone());
        let mut along = vec![0.0; d];
        if !known.by_colour() {
            for j in 0..d {
                along.fill(0.0);
                along[j] = sds[j];
                let change = self.change(&points, &along, part);
                for (i, c) in change.iter().enumerate() {
                    // The mean of both triangles.
                    let half = if i == j { 1.0 } else { 0.5 };
                    if let Some(p) = h.pattern.place(i, j) {
                        h.values[p] -= half * c / sds[j];
                    }
                }
            }
            return h;
        }
        // In units of the sds, in which all moves are alike.
        let colouring = &known.colouring;
        let mut read = Symmetric::zeros(colouring.pattern().clone());
        for c in 0..colouring.n_colours() {
            colouring.direction(c, &mut along);
            along.iter_mut().zip(&sds).for_each(|(v, sd)| *v *= sd);
            let mut change = self.change(&points, &along, part);
            change.iter_mut().zip(&sds).for_each(|(v, sd)| *v *= -sd);
            colouring.read(c, &change, &mut read);
        }
        let pattern = colouring.pattern();
        for (((i, j), v), to) in pattern.places().zip(&read.values).zip(&known.places) {
            h.values[*to as usize] = v / (sds[i] * sds[j]);
        }
        h
    }

    /// How the mean gradient at the points changes with a move along a direction.
    fn change(&mut self, points: &[f64], along: &[f64], part: f64) -> Vec<f64> {
        let d = self.smooth.d;
        let n = (points.len() / d) as f64;
        let mut moved = points.to_vec();
        let mut change = vec![0.0; d];
        for sign in [1.0, -1.0] {
            for (to, from) in moved.chunks_mut(d).zip(points.chunks(d)) {
                for ((to, from), v) in to.iter_mut().zip(from).zip(along) {
                    *to = from + sign * part * v;
                }
            }
            let mut g = vec![0.0; d];
            for batch in moved.chunks(BATCH * d) {
                self.smooth.add_gradients(batch, &mut g);
            }
            change.iter_mut().zip(&g).for_each(|(c, g)| *c += sign * g);
        }
        change.iter_mut().for_each(|v| *v /= 2.0 * part * n);
        change
    }
}
