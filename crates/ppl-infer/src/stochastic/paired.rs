//! Comparisons of points on fresh draws that they share.

use super::session::{Halt, Session};

/// A linear combination of the objective at a few points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contrast {
    pub(super) value: f64,
    /// Its standard error.
    pub(super) se: f64,
}

impl Contrast {
    /// Below the tolerance or within a standard error of zero; NaN is not.
    pub(super) fn is_below(self, tolerance: f64) -> bool {
        self.value < tolerance.max(self.se)
    }
}

const BATCH: usize = 32;
/// Estimates at most for one contrast.
const LIMIT: usize = 2048;
/// One contrast has no more draws than this part of the steps so far.
const SHARE: usize = 8;

/// `sum_k weights[k] f(points[k])`, paired draw by draw, with as many draws as bring the standard error below `precision`,
/// up to a limit. NaN where more than half of the draws are not finite.
pub(super) fn contrast<const K: usize>(
    session: &mut Session,
    points: [&[f64]; K],
    weights: [f64; K],
    precision: f64,
) -> Result<Contrast, Halt> {
    let (mut n, mut mean, mut squares) = (0.0, 0.0, 0.0);
    let mut tried = 0;
    let mut values = [0.0; K];
    let limit = (session.steps / SHARE).clamp(2 * BATCH, LIMIT);
    loop {
        for _ in 0..BATCH {
            session.fresh_values(&points, &mut values)?;
            let sum: f64 = values.iter().zip(&weights).map(|(v, w)| v * w).sum();
            if sum.is_finite() {
                n += 1.0;
                let delta = sum - mean;
                mean += delta / n;
                squares += delta * (sum - mean);
            }
        }
        tried += BATCH;
        if 2.0 * n < tried as f64 {
            return Ok(Contrast {
                value: f64::NAN,
                se: f64::NAN,
            });
        }
        let se = (squares / (n - 1.0) / n).sqrt();
        if se <= precision || tried >= limit {
            return Ok(Contrast { value: mean, se });
        }
    }
}

/// The objective at `point`.
pub(super) fn value(session: &mut Session, point: &[f64]) -> Result<Contrast, Halt> {
    contrast(session, [point], [1.0], 0.01)
}
