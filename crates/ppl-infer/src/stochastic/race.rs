//! The race over step sizes: successive halving from one start on common random numbers.

use super::Outcome;
use super::adam::Adam;
use super::session::{Halt, Session};

/// Step sizes that run.
const STEP_SIZES: [f64; 5] = [0.3, 0.1, 0.03, 0.01, 0.003];
/// Steps of each entrant in the first heat; twice and four times as many in the next.
const FIRST_HEAT: usize = 100;
/// Entrants in the heats.
const HEATS: [usize; 3] = [5, 3, 2];
/// Fresh draws on which the entrants are compared after a heat.
const JUDGES: usize = 32;
/// Nats for each parameter within which entrants are level: an error of 0.1 sds, which averaging and smaller steps will
/// remove, while a needlessly small step costs time in every round.
const LEVEL: f64 = 0.005;
/// Skipped steps in a row that put an entrant out.
const SKIPPED_IN_A_ROW: usize = 10;

/// A step size, where it has come to, and its moments.
#[derive(Debug, Clone)]
pub(super) struct Entrant {
    pub(super) step_size: f64,
    pub(super) params: Vec<f64>,
    pub(super) adam: Adam,
    /// Mean of the iterates over the last quarter of the heat.
    tail: Vec<f64>,
    out: bool,
    score: f64,
}

/// A race that nobody won.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) best: Option<Vec<f64>>,
    pub(super) step_size: f64,
    pub(super) outcome: Outcome,
}

/// Runs the race; where no entrant stays finite, again from a more careful start.
pub(super) fn race(session: &mut Session) -> Result<Entrant, Lost> {
    let mut start = session.target.initial();
    let mut attempt = 0;
    loop {
        let mut field: Vec<Entrant> = STEP_SIZES
            .iter()
            .map(|&step_size| Entrant::new(step_size, &start))
            .collect();
        match heats(session, &mut field) {
            Ok(()) if !field.is_empty() => return Ok(field.swap_remove(0)),
            Ok(()) => {}
            Err(halt) => {
                let first = field.into_iter().find(|entrant| !entrant.out);
                let step_size = first.as_ref().map_or(f64::NAN, |entrant| entrant.step_size);
                return Err(Lost {
                    best: first.map(|e| e.params),
                    step_size,
                    outcome: halt.into(),
                });
            }
        }
        attempt += 1;
        let Some(careful) = session.target.careful_start(attempt) else {
            let reason = format!(
                "the bound or its gradient is not finite at the start and at {} more careful starts, at every step size",
                attempt - 1
            );
            return Err(Lost {
                best: None,
                step_size: f64::NAN,
                outcome: Outcome::Diverged { reason },
            });
        };
        start = careful;
    }
}

/// Runs the heats; the survivors remain in `field`, the best one first.
fn heats(session: &mut Session, field: &mut Vec<Entrant>) -> Result<(), Halt> {
    session.tell()?;
    // A race takes at most about a quarter of all steps.
    let mut len = (session.max_steps() / 80).clamp(1, FIRST_HEAT);
    for entrants in HEATS {
        field.truncate(entrants);
        let address = session.address;
        for entrant in field.iter_mut() {
            session.address = address;
            entrant.run(session, len)?;
        }
        session.address = address + len as u64;
        field.retain(|entrant| !entrant.out);
        judge(session, field)?;
        len *= 2;
    }
    Ok(())
}

/// Sorts the entrants by the mean objective on fresh draws that all of them share; those that are not finite there go.
fn judge(session: &mut Session, field: &mut [Entrant]) -> Result<(), Halt> {
    let points: Vec<&[f64]> = field
        .iter()
        .map(|entrant| entrant.tail.as_slice())
        .collect();
    let mut scores = vec![0.0; points.len()];
    let mut values = vec![0.0; points.len()];
    for _ in 0..JUDGES {
        session.fresh_values(&points, &mut values)?;
        for (score, value) in scores.iter_mut().zip(&values) {
            *score += value / JUDGES as f64;
        }
    }
    for (entrant, score) in field.iter_mut().zip(scores) {
        entrant.score = score;
    }
    // A value that is not finite may be bad luck of one draw: such entrants come last but stay while no other is left.
    let rank = |score: f64| {
        if score.is_finite() {
            score
        } else {
            f64::NEG_INFINITY
        }
    };
    let best = field
        .iter()
        .map(|entrant| rank(entrant.score))
        .fold(f64::NEG_INFINITY, f64::max);
    let level =
        |entrant: &Entrant| rank(entrant.score).min(best - LEVEL * entrant.params.len() as f64);
    // The sort is stable, and among those that are level the largest step comes first.
    field.sort_by(|a, b| b.step_size.total_cmp(&a.step_size));
    field.sort_by(|a, b| level(b).total_cmp(&level(a)));
    if let Some(first) = field.first() {
        session.elbo = (first.score, f64::NAN);
    }
    Ok(())
}

impl Entrant {
    fn new(step_size: f64, start: &[f64]) -> Self {
        Entrant {
            step_size,
            params: start.to_vec(),
            adam: Adam::new(start.len()),
            tail: start.to_vec(),
            out: false,
            score: f64::NEG_INFINITY,
        }
    }

    fn run(&mut self, session: &mut Session, len: usize) -> Result<(), Halt> {
        let mut in_a_row = 0;
        let tail_len = len.div_ceil(4);
        self.tail.fill(0.0);
        for step in 0..len {
            match session.ascend(&mut self.params, &mut self.adam, self.step_size)? {
                Some(_) => in_a_row = 0,
                None => in_a_row += 1,
            }
            if in_a_row > SKIPPED_IN_A_ROW.min(len - 1) {
                self.out = true;
                return Ok(());
            }
            if step >= len - tail_len {
                for (mean, x) in self.tail.iter_mut().zip(&self.params) {
                    *mean += x / tail_len as f64;
                }
            }
        }
        Ok(())
    }
}
