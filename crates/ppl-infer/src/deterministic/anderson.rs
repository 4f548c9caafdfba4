//! Anderson's acceleration of a fixed-point iteration: where plain steps creep along a valley, the last few of them say
//! where they lead (Anderson 1965; Walker and Ni 2011, SIAM J. Numer. Anal. 49).

use super::dense::Matrix;
use std::collections::VecDeque;

/// Steps that are remembered.
const MEMORY: usize = 6;

/// The last iterates and where plain steps led from them.
#[derive(Default)]
pub(super) struct Anderson {
    past: VecDeque<(Vec<f64>, Vec<f64>)>,
}

impl Anderson {
    /// Forgets, after a step that was not plain.
    pub(super) fn clear(&mut self) {
        self.past.clear();
    }

    /// The accelerated point, given an iterate and where the plain step leads from it, in coordinates in which a change by
    /// one matters alike. `None` while there is too little to go by.
    pub(super) fn next(&mut self, from: Vec<f64>, to: Vec<f64>) -> Option<Vec<f64>> {
        self.past.push_back((from, to));
        if self.past.len() > MEMORY + 1 {
            self.past.pop_front();
        }
        let k = self.past.len() - 1;
        if k < 2 {
            return None;
        }
        let residual = |i: usize| -> Vec<f64> {
            let (x, g) = &self.past[i];
            g.iter().zip(x).map(|(g, x)| g - x).collect()
        };
        let last = residual(k);
        let differences: Vec<Vec<f64>> = (0..k)
            .map(|i| last.iter().zip(residual(i)).map(|(a, b)| a - b).collect())
            .collect();
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let mut normal = Matrix::zeros(k);
        for i in 0..k {
            for j in 0..k {
                normal.a[i * k + j] = dot(&differences[i], &differences[j]);
            }
        }
        // Nearly parallel differences would otherwise be weighted wildly.
        let trace: f64 = normal.diagonal().sum();
        for i in 0..k {
            normal.a[i * k + i] += 1e-10 * trace;
        }
        let factor = normal.cholesky()?;
        let mut weights: Vec<f64> = differences.iter().map(|d| dot(d, &last)).collect();
        factor.solve_lower(&mut weights);
        factor.solve_upper(&mut weights);
        let (_, newest) = &self.past[k];
        let mut out = newest.clone();
        for (i, w) in weights.iter().enumerate() {
            let (_, old) = &self.past[i];
            for (out, (new, old)) in out.iter_mut().zip(newest.iter().zip(old)) {
                *out -= w * (new - old);
            }
        }
        out.iter().all(|v| v.is_finite()).then_some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::Anderson;

    #[test]
    fn a_slow_linear_iteration_is_solved_in_a_few_steps() {
        // x <- a x + b in three coordinates with factors 0.999, 0.9 and -0.95; the fixed point is 1 everywhere.
        let rates = [0.999, 0.9, -0.95];
        let step = |x: &[f64]| -> Vec<f64> {
            x.iter()
                .zip(rates)
                .map(|(x, a)| a * x + (1.0 - a))
                .collect()
        };
        let mut anderson = Anderson::default();
        let mut x = vec![0.0; 3];
        for _ in 0..8 {
            let to = step(&x);
            x = anderson.next(x, to.clone()).unwrap_or(to);
        }
        assert!(x.iter().all(|v| (v - 1.0).abs() < 1e-3), "{x:?}");
    }
}
