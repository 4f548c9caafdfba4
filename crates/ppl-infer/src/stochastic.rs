//! The stochastic engine: maximises a noisy objective by Adam with a raced step size, iterate averages and a stopping rule.
//!
//! The scheme is RAABBVI (Welandawe, Andersen, Vehtari and Huggins 2022, "A framework for improving the reliability of
//! black-box variational inference"): at a constant step size until stationary, average, halve the step, stop when the
//! averages have nothing left to gain. Here the gain is measured directly, on fresh draws that both averages share.
//!
//! The clock decides only when the observer is told, never a number: the same target gives the same result on any machine.

mod adam;
mod average;
mod paired;
mod race;
mod rounds;
mod session;
mod trace;
mod watch;

use std::time::Instant;

use crate::options::Observer;
pub(crate) use adam::Adam;
use session::{Halt, Session};

/// A noisy objective to be maximised.
pub trait Target {
    /// Number of parameters.
    fn n_params(&self) -> usize;
    /// Where to start.
    fn initial(&self) -> Vec<f64>;
    /// Gradients of the log density per call (draws).
    fn draws(&self) -> usize;
    /// Estimate of the bound with an unbiased gradient. `step` addresses the random numbers: the same step, the same numbers.
    ///
    /// Gradient steps have addresses from 0; fresh draws for comparisons have addresses from [`FRESH`].
    fn estimate(&mut self, params: &[f64], step: u64, gradient: &mut [f64]) -> f64;
    /// A more careful start, for when no step size survived from the last one; `attempt` counts from 1. By default the
    /// initial point drawn towards zero by a factor of four each time. `None` gives up.
    fn careful_start(&self, attempt: u32) -> Option<Vec<f64>> {
        let shrink = 0.25f64.powi(attempt as i32);
        (attempt <= 6).then(|| self.initial().iter().map(|x| x * shrink).collect())
    }
}

/// First address of the draws that no gradient step sees.
pub const FRESH: u64 = 1 << 32;

/// How an optimisation ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Averages at successive step sizes agree within the tolerance.
    Converged,
    /// The limit of steps came first.
    StepLimit,
    /// What is left is not worth what it would cost.
    Costly,
    /// More draws still moved the optimum, and gradient steps from there led nowhere.
    Unsettled {
        /// What became of the steps.
        reason: String,
    },
    /// The observer stopped it.
    Interrupted,
    /// No usable optimum.
    Diverged {
        /// One sentence.
        reason: String,
    },
}

impl Outcome {
    /// Whether nothing more is wanted of the optimisation: the certificate's own draws say how good the end is.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self, Outcome::Converged | Outcome::Costly)
    }
}

/// The result of [`maximise`].
#[derive(Debug, Clone, PartialEq)]
pub struct Optimum {
    /// The best averaged iterate; the best iterate of any kind where there was no average yet.
    pub params: Vec<f64>,
    /// The objective there, on fresh draws (NaN where not finite or interrupted).
    pub elbo: f64,
    /// Its standard error.
    pub elbo_se: f64,
    /// Gradient steps taken, the race included.
    pub steps: usize,
    /// Calls of [`Target::estimate`]: the steps and the comparisons on fresh draws.
    pub estimates: usize,
    /// Steps skipped because the value or the gradient was not finite.
    pub skipped: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// The last step size.
    pub step_size: f64,
    /// Wall seconds of the race.
    pub race_seconds: f64,
    /// Wall seconds of the rest.
    pub optimise_seconds: f64,
    /// Whether the deterministic engine found it.
    pub deterministic: bool,
}

/// Maximises `target` in at most `max_steps` gradient steps. The parameters are to be on a natural scale: a change by one
/// matters, as with a location in sds or the log of a scale.
pub fn maximise(target: &mut dyn Target, max_steps: usize, observer: &mut dyn Observer) -> Optimum {
    let started = Instant::now();
    let start = target.initial();
    let mut session = Session::new(target, max_steps, observer);
    let raced = race::race(&mut session);
    let race_seconds = started.elapsed().as_secs_f64();
    let ended = match raced {
        Ok(entrant) => rounds::climb(&mut session, entrant),
        Err(lost) => rounds::Ended {
            params: lost.best.unwrap_or(start),
            outcome: lost.outcome,
            step_size: lost.step_size,
        },
    };
    let value = match ended.outcome {
        Outcome::Interrupted => None,
        _ => paired::value(&mut session, &ended.params).ok(),
    };
    let (elbo, elbo_se) = value.map_or((f64::NAN, f64::NAN), |contrast| {
        (contrast.value, contrast.se)
    });
    Optimum {
        params: ended.params,
        elbo,
        elbo_se,
        steps: session.steps,
        estimates: session.estimates,
        skipped: session.skipped,
        outcome: ended.outcome,
        step_size: ended.step_size,
        race_seconds,
        optimise_seconds: started.elapsed().as_secs_f64() - race_seconds,
        deterministic: false,
    }
}

impl From<Halt> for Outcome {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Interrupted => Outcome::Interrupted,
            Halt::StepLimit => Outcome::StepLimit,
        }
    }
}
