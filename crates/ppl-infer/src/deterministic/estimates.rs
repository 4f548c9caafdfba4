//! Means over antithetic pairs, and the bound from fresh draws.

use super::gaussian::Gaussian;
use super::{FINAL, Solver};

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
