//! The rounds: run at a constant step size until stationary, average, halve the step, until nothing is left to gain.

use super::Outcome;
use super::adam::Adam;
use super::average::Average;
use super::paired::contrast;
use super::race::Entrant;
use super::session::{Halt, Session};
use super::trace::Trace;
use super::watch::{Sight, Watch};

/// Steps of a round before the first check; each next check after a quarter more.
const FIRST_CHECK: usize = 200;
/// Nats for each parameter that the noise of an average may cost: an error of about 0.008 sd.
const NOISE_COST: f64 = 3e-5;
/// How much more it may cost before the step sizes agree.
const ROUGH: f64 = 4.0;
/// How many times the noise of a precise average is no gain: 0.01 nat at 66 parameters.
const GAIN: f64 = 5.0;
/// Nats that are no gain for any number of parameters.
const SMALLEST_GAIN: f64 = 1e-3;
/// Halvings of the step that must gain nothing, with no clear gain between: a single comparison is noisy.
const AGREEMENTS: usize = 2;
/// Times that the best iterate may be restored.
const RESTORES: usize = 12;
/// Steps of a round that can show an unbounded rise.
const RISE: usize = 1500;

/// How the rounds ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) params: Vec<f64>,
    pub(super) outcome: Outcome,
    pub(super) step_size: f64,
}

/// Everything the rounds need, allocated once.
struct Climb {
    params: Vec<f64>,
    adam: Adam,
    step_size: f64,
    trace: Trace,
    watch: Watch,
    /// The average of the last round.
    average: Average,
    /// The best average of the rounds before.
    best: Option<Vec<f64>>,
    restores: usize,
}

/// What an average gained over the one before.
enum Gain {
    /// Less than the tolerance.
    None,
    /// More, but not by three standard errors.
    Unclear,
    /// More.
    Clear,
}

enum Stop {
    Halt(Halt),
    Diverged(String),
}

impl From<Halt> for Stop {
    fn from(halt: Halt) -> Self {
        Stop::Halt(halt)
    }
}

/// Runs rounds from the winner of the race.
pub(super) fn climb(session: &mut Session, entrant: Entrant) -> Ended {
    let n = entrant.params.len();
    let mut climb = Climb {
        trace: Trace::new(n),
        watch: Watch::new(&entrant.params),
        average: Average::new(&entrant.params),
        best: None,
        restores: 0,
        params: entrant.params,
        adam: entrant.adam,
        step_size: entrant.step_size,
    };
    session.phase = "optimise";
    let stop = climb.rounds(session).err();
    let outcome = match stop {
        None => Outcome::Converged,
        Some(Stop::Diverged(reason)) => Outcome::Diverged { reason },
        Some(Stop::Halt(Halt::StepLimit)) if climb.best.is_none() && climb.rises() => {
            Outcome::Diverged {
                reason: format!(
                    "the bound still rises as fast as before after {} steps: it may have no maximum",
                    session.steps
                ),
            }
        }
        Some(Stop::Halt(halt)) => halt.into(),
    };
    let step_size = climb.step_size;
    let params = if outcome == Outcome::Converged {
        climb.best.unwrap_or_else(|| climb.average.mean().to_vec())
    } else {
        climb.salvage(session)
    };
    Ended {
        params,
        outcome,
        step_size,
    }
}

impl Climb {
    /// Rounds until the averages at successive step sizes agree; then the last one runs on until its average is precise.
    fn rounds(&mut self, session: &mut Session) -> Result<(), Stop> {
        let precise = NOISE_COST * self.params.len() as f64;
        let tolerance = (GAIN * precise).max(SMALLEST_GAIN);
        let mut agreements = 0;
        loop {
            session.tell()?;
            self.trace.reset(&self.params);
            self.run(session, ROUGH * precise)?;
            match self.keep_better(session, tolerance)? {
                Gain::None => agreements += 1,
                Gain::Unclear => {}
                Gain::Clear => agreements = 0,
            }
            if agreements == AGREEMENTS {
                break;
            }
            self.next_round();
        }
        self.run(session, precise)?;
        self.keep_better(session, tolerance)?;
        Ok(())
    }

    /// Makes the new average the best one unless the old one is clearly better. Returns what it gained.
    fn keep_better(&mut self, session: &mut Session, tolerance: f64) -> Result<Gain, Halt> {
        let Some(best) = &mut self.best else {
            self.best = Some(self.average.mean().to_vec());
            return Ok(Gain::Clear);
        };
        let gain = contrast(
            session,
            [self.average.mean(), best],
            [1.0, -1.0],
            0.25 * tolerance,
        )?;
        // The later average has the smaller bias: an earlier one stays only if it is clearly better.
        if gain.value >= -2.0 * gain.se {
            best.copy_from_slice(self.average.mean());
        }
        Ok(match gain {
            gain if gain.is_below(tolerance) => Gain::None,
            gain if gain.value < 3.0 * gain.se => Gain::Unclear,
            _ => Gain::Clear,
        })
    }

    /// Goes on from the best average at half the step.
    fn next_round(&mut self) {
        if let Some(best) = &self.best {
            self.params.copy_from_slice(best);
        }
        self.step_size *= 0.5;
        self.adam.forget_direction();
        self.watch.restart();
    }

    /// Runs on at one step size until the iterates are stationary and the noise of their mean costs less than `tolerance`;
    /// leaves it in `average`.
    fn run(&mut self, session: &mut Session, tolerance: f64) -> Result<(), Stop> {
        let mut next_check = self.trace.len().max(FIRST_CHECK);
        loop {
            let elbo = session.ascend(&mut self.params, &mut self.adam, self.step_size)?;
            if let Some(value) = elbo {
                self.trace.push(&self.params, value);
            }
            let (sight, summary) = self.watch.push(&self.params, elbo);
            if let Some(summary) = summary {
                session.elbo = summary;
            }
            if sight != Sight::Fine {
                self.restore(sight)?;
                next_check = FIRST_CHECK;
            } else if self.trace.len() >= next_check {
                next_check += next_check / 4;
                session.tell()?;
                if self
                    .average
                    .is_stationary(session, &self.trace, tolerance)?
                {
                    return Ok(());
                }
            }
        }
    }

    /// Goes back to the best iterate at a quarter of the step.
    fn restore(&mut self, sight: Sight) -> Result<(), Stop> {
        self.restores += 1;
        if self.restores > RESTORES {
            let what = match sight {
                Sight::NotFinite => "the bound or its gradient is not finite too often",
                _ => "the bound drops again and again",
            };
            return Err(Stop::Diverged(format!(
                "{what}, even at a step size of {:.1e}",
                self.step_size
            )));
        }
        self.params.copy_from_slice(self.watch.best());
        self.step_size *= 0.25;
        self.adam.reset();
        self.trace.reset(&self.params);
        self.watch.restart();
        Ok(())
    }

    /// Whether the bound rose at least as fast in the last third of a long round as in the second, and by more than a nat.
    fn rises(&self) -> bool {
        let [first, second, third] = self.trace.elbo_thirds();
        self.trace.len() >= RISE
            && third - second > 1.0
            && third - second >= 0.98 * (second - first)
    }

    /// The best that there is after an early end: the average of the last window, that of the rounds before, or the best
    /// iterate, by the objective on fresh draws that they share.
    fn salvage(mut self, session: &mut Session) -> Vec<f64> {
        let mut choice = self
            .best
            .take()
            .unwrap_or_else(|| self.watch.best().to_vec());
        let Some(window) = self.trace.window() else {
            return choice;
        };
        self.average.take(&self.trace, window);
        // An observer that has had enough stops this too, and the choice stays.
        if contrast(session, [self.average.mean(), &choice], [1.0, -1.0], 0.01)
            .is_ok_and(|gain| gain.value > 0.0)
        {
            choice.copy_from_slice(self.average.mean());
        }
        choice
    }
}
