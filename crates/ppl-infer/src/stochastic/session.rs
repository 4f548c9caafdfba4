//! One run's target, counters, limits and observer.

use std::time::{Duration, Instant};

use super::{FRESH, Target, adam::Adam};
use crate::options::{Observer, Progress};

/// Work between two calls of the observer.
const INTERVAL: Duration = Duration::from_millis(40);

/// Why work stopped before it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    Interrupted,
    StepLimit,
}

pub(super) struct Session<'a> {
    pub(super) target: &'a mut dyn Target,
    pub(super) phase: &'static str,
    pub(super) steps: usize,
    pub(super) estimates: usize,
    pub(super) skipped: usize,
    /// Address of the next gradient step.
    pub(super) address: u64,
    /// Running mean of the objective and its standard error, for the observer.
    pub(super) elbo: (f64, f64),
    max_steps: usize,
    fresh: u64,
    gradient: Vec<f64>,
    observer: &'a mut dyn Observer,
    told: Instant,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        target: &'a mut dyn Target,
        max_steps: usize,
        observer: &'a mut dyn Observer,
    ) -> Self {
        let gradient = vec![0.0; target.n_params()];
        Session {
            target,
            phase: "race",
            steps: 0,
            estimates: 0,
            skipped: 0,
            address: 0,
            elbo: (f64::NAN, f64::NAN),
            max_steps,
            fresh: FRESH,
            gradient,
            observer,
            told: Instant::now(),
        }
    }

    pub(super) fn max_steps(&self) -> usize {
        self.max_steps
    }

    /// One Adam step at the next address. `Some` objective before the step, or `None` where the step was skipped because
    /// something was not finite.
    pub(super) fn ascend(
        &mut self,
        params: &mut [f64],
        adam: &mut Adam,
        step_size: f64,
    ) -> Result<Option<f64>, Halt> {
        if self.steps >= self.max_steps {
            return Err(Halt::StepLimit);
        }
        self.tell_if_due()?;
        let value = self
            .target
            .estimate(params, self.address, &mut self.gradient);
        self.address += 1;
        self.steps += 1;
        self.estimates += 1;
        if !value.is_finite() || self.gradient.iter().any(|g| !g.is_finite()) {
            self.skipped += 1;
            return Ok(None);
        }
        adam.step(params, &self.gradient, step_size);
        Ok(Some(value))
    }

    /// The objective at each of `points` on the same fresh draws, into `values`.
    pub(super) fn fresh_values(
        &mut self,
        points: &[&[f64]],
        values: &mut [f64],
    ) -> Result<(), Halt> {
        for (value, point) in values.iter_mut().zip(points) {
            self.tell_if_due()?;
            *value = self.target.estimate(point, self.fresh, &mut self.gradient);
            self.estimates += 1;
        }
        self.fresh += 1;
        Ok(())
    }

    /// Tells the observer now.
    pub(super) fn tell(&mut self) -> Result<(), Halt> {
        self.told = Instant::now();
        let (elbo, elbo_se) = self.elbo;
        let progress = Progress {
            phase: self.phase,
            step: self.steps,
            max_steps: self.max_steps,
            elbo,
            elbo_se,
        };
        if self.observer.progress(progress) {
            Ok(())
        } else {
            Err(Halt::Interrupted)
        }
    }

    fn tell_if_due(&mut self) -> Result<(), Halt> {
        if self.told.elapsed() >= INTERVAL {
            self.tell()
        } else {
            Ok(())
        }
    }
}
