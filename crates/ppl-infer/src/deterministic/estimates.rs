//! Means over antithetic pairs, and the bound from fresh draws.

use super::gaussian::Gaussian;
use super::{FINAL, Solver};
use crate::elbo::mean_of;

impl Solver<'_> {
    /// The mean gradient at draws; `None` where one is not finite.
    pub(super) fn mean_gradient(&mut self, q: &Gaussian, draws: &[f64]) -> Option<Vec<f64>> {
        let d = self.smooth.d;
        let mut g = vec![0.0; d];
        // All batches, whatever the first are.
        let mut finite = true;
        for batch in q.batches(draws) {
            finite &= self.smooth.add_gradients(&batch, &mut g);
        }
        let n = (draws.len() / d) as f64;
        g.iter_mut().for_each(|v| *v /= n);
        finite.then_some(g)
    }

    /// What the bound is on a merit set, up to a constant of the dimension.
    pub(super) fn merit(&mut self, q: &Gaussian, draws: &[f64]) -> f64 {
        mean(&self.values(q, draws)) + q.log_volume()
    }

    /// The bound and its standard error, on fresh draws.
    pub(super) fn bound(&mut self, q: &Gaussian) -> (f64, f64) {
        let draws = self.draws(self.affordable(FINAL, 256), 3 << 20);
        let values = self.values(q, &draws);
        let d = self.smooth.d;
        // E[z'z] is d, and at the optimum z'z / 2 is what varies most in the log density.
        let squares = draws
            .chunks(d)
            .map(|z| z.iter().map(|z| z * z).sum::<f64>());
        let steady: Vec<f64> = values
            .iter()
            .zip(squares)
            .map(|(v, s)| v + 0.5 * (s - d as f64))
            .collect();
        let entropy = q.log_volume() + 0.5 * d as f64 * (1.0 + (2.0 * std::f64::consts::PI).ln());
        let estimates = [values, steady].map(|v| of_pairs(&v));
        let (mean, se) = match estimates {
            [plain, steady] if steady.1 < plain.1 => steady,
            [plain, _] => plain,
        };
        (mean + entropy, se)
    }
}

/// Share of a Gaussian's draws within the support from which it is near one that stays there.
const INSIDE: f64 = 0.7;

impl Solver<'_> {
    /// Where draws leave the support, whose edge hangs on unknowns, and so no Gaussian has a bound: of an end and the others the one with most of
    /// the evidence, for guides that stay inside to start from. `None` where that is not what stopped the search.
    pub(super) fn inside(&mut self, end: Gaussian, others: &mut [Gaussian]) -> Option<Gaussian> {
        let mut evidence = self.weight(&end).1;
        let mut best = end;
        for other in others.iter_mut() {
            let own = self.weight(other).1;
            if own > evidence || evidence.is_nan() {
                std::mem::swap(&mut best, other);
                evidence = own;
            }
        }
        self.bound_inside(&best).map(|_| best)
    }

    /// The bound of the Gaussian cut off where the density is zero, and its standard error; `None` where little of it is left or no
    /// support explains what is not finite.
    pub(super) fn bound_inside(&mut self, q: &Gaussian) -> Option<(f64, f64)> {
        let d = self.smooth.d;
        let draws = self.draws(self.affordable(FINAL, 256), 3 << 20);
        let values = self.values(q, &draws);
        if values.iter().any(|v| v.is_nan() || *v == f64::INFINITY) {
            return None;
        }
        let rows = values.iter().zip(draws.chunks(d));
        let inside = rows.filter(|(v, _)| v.is_finite());
        let inside: Vec<f64> = inside
            .map(|(v, z)| v + 0.5 * z.iter().map(|z| z * z).sum::<f64>())
            .collect();
        let share = inside.len() as f64 / values.len() as f64;
        if share < INSIDE || inside.len() < 2 {
            return None;
        }
        let constant = 0.5 * d as f64 * (2.0 * std::f64::consts::PI).ln();
        let found = mean_of(inside.into_iter());
        let bound = found.value + q.log_volume() + constant + share.ln();
        Some((bound, found.se))
    }
}

/// Mean over antithetic pairs, which are the independent units, and its standard error.
pub(super) fn of_pairs(values: &[f64]) -> (f64, f64) {
    let half = values.len() / 2;
    let pairs: Vec<f64> = (0..half)
        .map(|i| 0.5 * (values[i] + values[half + i]))
        .collect();
    let mean = mean(&pairs);
    let var = pairs.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (half - 1) as f64;
    (mean, (var / half as f64).sqrt())
}

pub(super) fn mean(v: &[f64]) -> f64 {
    v.iter().sum::<f64>() / v.len() as f64
}

/// Mean of the paired differences over antithetic pairs and its standard error; NaN where something is not finite.
pub(super) fn gain(before: &[f64], after: &[f64]) -> (f64, f64) {
    let half = before.len() / 2;
    let pairs: Vec<f64> = (0..half)
        .map(|i| 0.5 * (after[i] - before[i] + after[half + i] - before[half + i]))
        .collect();
    let m = mean(&pairs);
    let var = pairs.iter().map(|v| (v - m).powi(2)).sum::<f64>() / (half - 1) as f64;
    (m, (var / half as f64).sqrt())
}
