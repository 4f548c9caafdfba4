//! The search for a mode by damped Newton steps.

use ppl_sparse::Factor;

/// What is left to a Newton step, squared and in sds, where the search ends.
const DONE: f64 = 1e-6;

/// The last step may have been so long for the curvature before it to stand.
const NEAR: f64 = 1e-3;

/// A step with the curvature of another point stands for a Newton step while what is left falls to this part of what it was.
const STEADY: f64 = 0.6;

/// The shortest part of a step that is tried.
const SHORTEST: f64 = 1e-3;

/// A search under way.
pub(super) struct Search {
    pub(super) z: Vec<f64>,
    pub(super) value: f64,
    pub(super) gradient: Vec<f64>,
    pub(super) factor: Option<Factor>,
    pub(super) step: Vec<f64>,
    /// Squared length in sds of the step.
    pub(super) left: f64,
    pub(super) length: f64,
    /// Squared length of the steps since the curvature was taken, in sds.
    pub(super) moved: f64,
    pub(super) done: bool,
    /// Whether the curvature is that of another point, too far away.
    pub(super) stale: bool,
    /// Whether the search ended at a mode, and whether the curvature stands as it is.
    pub(super) met: bool,
    pub(super) definite: bool,
}

impl Search {
    /// One that has not begun.
    pub(super) fn from(z: Vec<f64>) -> Search {
        Search {
            z,
            value: f64::NAN,
            gradient: vec![],
            factor: None,
            step: vec![],
            left: f64::INFINITY,
            length: 1.0,
            moved: 0.0,
            done: false,
            stale: true,
            met: false,
            definite: false,
        }
    }

    /// One that begins with the curvature of another point.
    pub(super) fn by(self, factor: Factor) -> Search {
        Search {
            factor: Some(factor),
            stale: false,
            moved: f64::INFINITY,
            ..self
        }
    }

    /// The point that the next step leads to.
    pub(super) fn ahead(&self) -> Vec<f64> {
        let pairs = self.z.iter().zip(&self.step);
        pairs.map(|(z, s)| z + self.length * s).collect()
    }

    /// Newton's step from here.
    pub(super) fn aim(&mut self, fallback: Option<&Factor>) {
        let Some(factor) = self.factor.as_ref().or(fallback) else {
            self.done = true;
            return;
        };
        self.step.clone_from(&self.gradient);
        factor.solve(&mut self.step);
        let pairs = self.step.iter().zip(&self.gradient);
        self.left = pairs.map(|(s, g)| s * g).sum();
        self.length = 1.0;
        self.met = self.left < 1e-20;
        self.done = !(self.left.is_finite()) || self.met;
    }

    /// Takes the step if it leads up, and shortens it otherwise.
    pub(super) fn take(&mut self, value: f64, gradient: Vec<f64>, steady: bool) {
        let finite = value.is_finite() && gradient.iter().all(|g| g.is_finite());
        let rounding = 1e-12 * self.value.abs();
        if !finite || value < self.value + 1e-4 * self.length * self.left - rounding {
            // A step by the curvature of another point says little.
            self.stale = self.moved > 0.0;
            self.length *= 0.3;
            self.done = self.length < SHORTEST;
            return;
        }
        let was = self.left;
        let step = was.sqrt() * self.length;
        self.moved = (self.moved.sqrt() + step).powi(2);
        self.z = self.ahead();
        (self.value, self.gradient) = (value, gradient);
        // By the curvature of the point before; without one nothing is known.
        let left = self.factor.as_ref().map_or(f64::INFINITY, |factor| {
            let w = factor.whitened(&self.gradient);
            w.iter().map(|v| v * v).sum()
        });
        self.met = left < DONE;
        self.done = self.met;
        let stands = match self.done {
            true => self.moved < NEAR,
            false => left < STEADY * was,
        };
        self.stale = !(steady || stands);
        if !self.done && !self.stale {
            self.aim(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_without_a_curvature_does_not_end_at_a_mode() {
        let mut search = Search::from(vec![0.0]);
        (search.value, search.gradient) = (-100.0, vec![50.0]);
        (search.step, search.left, search.stale) = (vec![1.0], 50.0, false);
        // Far up, with a slope that is as steep as before.
        search.take(-50.0, vec![50.0], false);
        assert_eq!((search.z[0], search.value), (1.0, -50.0));
        assert!(search.stale && !search.met && !search.done);
    }
}
