//! The mean Hessian: exact products by colour, or differences of gradients.

use super::Solver;
use super::dense::Matrix;
use super::gaussian::Gaussian;
use super::pattern::Pattern;
use super::smooth::BATCH;

/// Length of difference steps, in sds.
const DIFFERENCE: f64 = 0.02;

impl Solver<'_> {
    /// Which second derivatives there are: those that are other than zero at random points.
    pub(super) fn pattern(&mut self, q: &Gaussian) -> Pattern {
        let d = self.smooth.d;
        let full = Pattern::full(d);
        let seen: Vec<Matrix> = (0..2)
            .map(|k| {
                let draws = self.draws(BATCH, (2 << 20) + k);
                self.hessian(q, &draws, &full)
            })
            .collect();
        if seen.iter().any(|m| m.a.iter().any(|v| !v.is_finite())) {
            self.difference = Some(DIFFERENCE);
            return full;
        }
        Pattern::of(&seen)
    }

    /// Minus the mean Hessian at draws.
    pub(super) fn hessian(&mut self, q: &Gaussian, draws: &[f64], pattern: &Pattern) -> Matrix {
        let d = self.smooth.d;
        let points = &q.points(draws);
        let n = (points.len() / d) as f64;
        if let Some(part) = self.difference {
            return self.hessian_by_differences(q, points, part);
        }
        let mut totals = vec![vec![0.0; d]; pattern.n_colours()];
        let mut direction = vec![0.0; d];
        for batch in points.chunks(BATCH * d) {
            self.smooth.aim(batch);
            for (c, total) in totals.iter_mut().enumerate() {
                pattern.direction(c, &mut direction);
                self.smooth.add_products(&direction, total);
            }
        }
        let mut h = Matrix::zeros(d);
        for (c, total) in totals.iter_mut().enumerate() {
            total.iter_mut().for_each(|v| *v /= -n);
            pattern.read(c, total, &mut h);
        }
        h.symmetrise();
        h
    }

    /// The same by central differences of the gradient.
    fn hessian_by_differences(&mut self, q: &Gaussian, points: &[f64], part: f64) -> Matrix {
        let d = self.smooth.d;
        let n = (points.len() / d) as f64;
        let sds: Vec<f64> = q
            .factor
            .inverse_of_factored()
            .diagonal()
            .map(f64::sqrt)
            .collect();
        let mut h = Matrix::zeros(d);
        let mut moved = points.to_vec();
        for (j, sd) in sds.iter().enumerate() {
            let mut change = vec![0.0; d];
            for sign in [1.0, -1.0] {
                let by = sign * part * sd;
                for (to, from) in moved.chunks_mut(d).zip(points.chunks(d)) {
                    to.copy_from_slice(from);
                    to[j] += by;
                }
                let mut g = vec![0.0; d];
                for batch in moved.chunks(BATCH * d) {
                    self.smooth.add_gradients(batch, &mut g);
                }
                change.iter_mut().zip(&g).for_each(|(c, g)| *c += sign * g);
            }
            for (i, c) in change.iter().enumerate() {
                h.a[i * d + j] = -c / (2.0 * part * sd * n);
            }
        }
        h.symmetrise();
        h
    }
}
