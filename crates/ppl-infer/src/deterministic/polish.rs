//! Once more from where the rungs agreed: whether the gradient is nothing there shows on other draws.

use super::estimates::gain;
use super::gaussian::Gaussian;
use super::{FRESH, Lost, MERIT, MOST_WORK, RUNGS, STEPS, Solver};

/// Draws that the gradient is taken at, and numbers that these may compute.
const DRAWS: usize = 256;
const CHEAP: f64 = 5e7;

/// The whitened gradient that is nearly none, under half of what the certificate allows.
const NEARLY: f64 = 0.04;

impl Solver<'_> {
    /// The Gaussian where rungs agreed, or a better one from the most draws that there are, if the gradient on others is not nearly nothing:
    /// small rungs may agree on a slope.
    ///
    /// # Errors
    /// Where the observer stopped it.
    pub(super) fn polished(&mut self, q: Gaussian) -> Result<Gaussian, Lost> {
        let most = RUNGS[RUNGS.len() - 1];
        let each = self.smooth.work as f64;
        let work = |n: usize| n as f64 * each;
        if self.smooth.quadratic || self.is_matrix_free() || work(DRAWS) > CHEAP {
            return Ok(q);
        }
        let draws = self.spread(DRAWS, 13 << 20);
        let slope = self.mean_gradient(&q, &draws);
        let slope = slope.map_or(0.0, |g| q.whitened_length(&g));
        if slope <= NEARLY {
            return Ok(q);
        }
        let mut known = self.curvature(&q);
        if work(most * (1 + known.cost())) > MOST_WORK {
            return Ok(q);
        }
        let draws = self.spread(most, RUNGS.len() as u64);
        let merit = self.draws(most.max(MERIT), 1 << 20);
        let found = match self.rung(q.clone(), &draws, &merit, &mut known, STEPS) {
            Ok((found, _)) => found,
            Err(Lost::Stopped) => return Err(Lost::Stopped),
            Err(Lost::Failed) => return Ok(q),
        };
        let fresh = self.draws(self.affordable(FRESH, MERIT), 5 << 20);
        let (before, after) = (self.values(&q, &fresh), self.values(&found, &fresh));
        let (more, se) = gain(&before, &after);
        let more = more + found.log_volume() - q.log_volume();
        Ok(if more > -2.0 * se { found } else { q })
    }
}
