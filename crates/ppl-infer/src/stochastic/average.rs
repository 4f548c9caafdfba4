//! The average of the iterates over the window of a trace, and whether it can be relied on.

use super::paired::contrast;
use super::session::{Halt, Session};
use super::trace::{Trace, Window};

/// Split R-hat below which iterates are stationary.
const R_HAT: f64 = 1.1;
/// Steps after which a window on whose halves the bound agrees is stationary in spite of R-hat: some parameters may wander
/// without effect.
const LONG_WINDOW: usize = 5000;

#[derive(Debug)]
pub(super) struct Average {
    mean: Vec<f64>,
    quarters: [Vec<f64>; 4],
}

impl Average {
    pub(super) fn new(start: &[f64]) -> Self {
        Average {
            mean: start.to_vec(),
            quarters: std::array::from_fn(|_| vec![0.0; start.len()]),
        }
    }

    pub(super) fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Averages over `window`.
    pub(super) fn take(&mut self, trace: &Trace, window: Window) {
        trace.quarters(window, &mut self.quarters);
        let [a, b, c, d] = &self.quarters;
        for (i, mean) in self.mean.iter_mut().enumerate() {
            *mean = 0.25 * ((a[i] + b[i]) + (c[i] + d[i]));
        }
    }

    /// Whether the window's iterates have stopped moving and their average costs no more than the tolerance in noise.
    ///
    /// For averages a_1 .. a_4 of the quarters with independent errors about a maximum and their mean a,
    /// (f(a) - mean f(a_k)) / 3 is the expected loss of a itself, to second order; where the quarters drift apart it is larger.
    /// It needs no scale for the parameters, and on shared draws its first-order noise cancels. The same of the two
    /// halves, f(a) - mean f(h_k), is a poorer estimate of noise and a better one of drift.
    pub(super) fn is_stationary(
        &mut self,
        session: &mut Session,
        trace: &Trace,
        tolerance: f64,
    ) -> Result<bool, Halt> {
        let Some(window) = trace.window() else {
            return Ok(false);
        };
        let settled = trace.r_hat(window) < R_HAT;
        if !settled && trace.len() < 2 * LONG_WINDOW {
            return Ok(false);
        }
        self.take(trace, window);
        let [a, b, c, d] = &self.quarters;
        let third = 1.0 / 3.0;
        let weights = [
            third,
            -0.25 * third,
            -0.25 * third,
            -0.25 * third,
            -0.25 * third,
        ];
        let noise = contrast(session, [&self.mean, a, b, c, d], weights, 0.25 * tolerance)?;
        if !noise.is_below(tolerance) {
            return Ok(false);
        }
        // The first quarter becomes the first half, the third the second.
        let [early, second, late, fourth] = &mut self.quarters;
        set_middle(early, second);
        set_middle(late, fourth);
        let loss = contrast(
            session,
            [&self.mean, early, late],
            [1.0, -0.5, -0.5],
            0.25 * tolerance,
        )?;
        if !loss.is_below(2.0 * tolerance) {
            return Ok(false);
        }
        Ok(settled
            || contrast(session, [late, early], [1.0, -1.0], 0.5 * tolerance)?.is_below(tolerance))
    }
}

/// Moves `a` to the middle between `a` and `b`.
fn set_middle(a: &mut [f64], b: &[f64]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a = 0.5 * (*a + b);
    }
}
