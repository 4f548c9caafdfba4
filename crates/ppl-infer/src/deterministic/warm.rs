//! A former fit among the starts. Where it is an optimum still, or nearly, the rest of the work shrinks to a check by the start
//! at zero and to the later rungs; where it is not, it is one start among all.

use super::dense::Matrix;
use super::gaussian::Gaussian;
use super::modes::{BEHIND, CHANCE, Ends, apart};
use super::starts::SDS;
use super::trials::TRIAL_STEPS;
use super::{Lost, MERIT, RUNGS, STEPS, Solver};
use crate::former::{Former, unconstrained};
use crate::objective::ObjectiveError;
use ndarray::Array2;
use ppl_model::Bound;
use ppl_sparse::Symmetric;

/// A covariance is taken from draws if there are so many for each unknown, and no more unknowns than that.
const PER_UNKNOWN: usize = 10;
const MOST_TOGETHER: usize = 300;

/// Otherwise draws start this part of an sd about the mean, so that none is out of the way in a narrow direction.
const NARROW: f64 = 0.1;

/// The rung whose draws the end of a former fit is looked at with.
const RUNG: usize = 1;

/// A former fit on the unconstrained scale.
pub(super) struct Warm {
    pub(super) start: Gaussian,
    /// Which elements it knows.
    known: Vec<bool>,
}

/// The former fit as a Gaussian over the guide's unconstrained vector; `None` where it knows none of it.
pub(super) fn gaussian(
    bound: &Bound,
    former: &Former,
    solver: &Solver<'_>,
) -> Result<Option<Warm>, ObjectiveError> {
    let draws = unconstrained(bound, former)?;
    let draws = draws.filter(|draws| draws.ncols() == solver.smooth.d);
    Ok(draws.and_then(|draws| solver.of_draws(&draws)))
}

impl Solver<'_> {
    /// Mean and precision of draws; what they say nothing of stands at zero.
    fn of_draws(&self, draws: &Array2<f64>) -> Option<Warm> {
        let (n, d) = draws.dim();
        let mut mean = vec![0.0; d];
        let mut diagonal = vec![1.0 / (SDS[0] * SDS[0]); d];
        let mut known = vec![];
        for (j, column) in draws.columns().into_iter().enumerate() {
            let (m, v) = match column.iter().all(|x| x.is_finite()) && n > 1 {
                true => (column.mean()?, column.var(1.0)),
                false => continue,
            };
            if m.is_finite() && v.is_finite() {
                mean[j] = m;
                if v > 0.0 {
                    diagonal[j] = 1.0 / v;
                    known.push(j);
                }
            }
        }
        if known.is_empty() {
            return None;
        }
        let pattern = self.by.pattern().clone();
        let together = known.len() <= MOST_TOGETHER && n >= PER_UNKNOWN * known.len();
        if together && let Some(own) = precision(draws, &mean, &known) {
            let mut precision = Symmetric::of_diagonal(pattern.clone(), diagonal.iter().copied());
            for (a, i) in known.iter().enumerate() {
                for (b, j) in known[..=a].iter().enumerate() {
                    let keep = i == j || !self.shape.is_diagonal();
                    if let Some(place) = pattern.place(*i, *j).filter(|_| keep) {
                        precision.values[place] = own.a[a * known.len() + b];
                    }
                }
            }
            if let Some(start) = Gaussian::new(&self.by, mean.clone(), precision) {
                let mut is_known = vec![false; d];
                known.iter().for_each(|j| is_known[*j] = true);
                return Some(Warm {
                    start,
                    known: is_known,
                });
            }
        }
        if !self.shape.is_diagonal() {
            known.iter().for_each(|j| diagonal[*j] /= NARROW * NARROW);
        }
        let precision = Symmetric::of_diagonal(pattern, diagonal);
        let start = Gaussian::new(&self.by, mean, precision)?;
        let mut is_known = vec![false; d];
        known.iter().for_each(|j| is_known[*j] = true);
        Some(Warm {
            start,
            known: is_known,
        })
    }

    /// Where a former fit leads if that is not far, and the start at zero leads there or to something much worse.
    pub(super) fn resume(&mut self, former: &Warm, merit: &[f64]) -> Result<Option<Ends>, Lost> {
        let Some(from) = self.finite(&former.start, merit) else {
            return Ok(None);
        };
        let mut known = self.curvature(&from);
        let draws = self.spread(RUNGS[RUNG], RUNG as u64);
        let own_merit = self.draws(MERIT.max(RUNGS[RUNG]), 1 << 20);
        let trial = self.rung(from.clone(), &draws, &own_merit, &mut known, TRIAL_STEPS);
        let best = match trial {
            Ok((end, _)) if !former.is_left(&from, &end) => end,
            Err(Lost::Stopped) => return Err(Lost::Stopped),
            _ => return Ok(None),
        };
        let value = self.merit(&best, merit);
        let zero = Gaussian::round(&self.by, vec![0.0; self.smooth.d], SDS[0]);
        let (mut tried, mut agreeing) = (1, 1);
        if let Some(zero) = zero.and_then(|zero| self.finite(&zero, merit)) {
            let draws = self.draws(RUNGS[0], 0);
            let mut end = zero;
            // If a few steps do not lead there, more may.
            for steps in [TRIAL_STEPS, STEPS] {
                end = match self.rung(end.clone(), &draws, merit, &mut known, steps) {
                    Ok((end, _)) => end,
                    Err(Lost::Stopped) => return Err(Lost::Stopped),
                    Err(Lost::Failed) => break,
                };
                if !apart(&best, &end) {
                    break;
                }
            }
            let other = self.merit(&end, merit);
            let there = !apart(&best, &end);
            if other.is_finite() && (other > value + CHANCE || (!there && other > value - BEHIND)) {
                return Ok(None);
            }
            (tried, agreeing) = (2, 1 + usize::from(there));
        }
        Ok(Some(Ends {
            best,
            known,
            others: vec![],
            tried,
            agreeing,
            unseen: 0.0,
        }))
    }
}

impl Warm {
    /// Whether an end is somewhere else than the start, as far as that was known.
    fn is_left(&self, from: &Gaussian, end: &Gaussian) -> bool {
        let mut from = from.clone();
        for (j, _) in self.known.iter().enumerate().filter(|k| !k.1) {
            from.mean[j] = end.mean[j];
        }
        apart(&from, end)
    }
}

/// The precision of the known unknowns.
fn precision(draws: &Array2<f64>, mean: &[f64], known: &[usize]) -> Option<Matrix> {
    let (n, k) = (draws.nrows() as f64, known.len());
    let mut covariance = Matrix::zeros(k);
    let mut off = vec![0.0; k];
    for draw in draws.rows() {
        for (o, j) in off.iter_mut().zip(known) {
            *o = draw[*j] - mean[*j];
        }
        for (i, row) in covariance.a.chunks_mut(k).enumerate() {
            let own = off[i];
            row.iter_mut().zip(&off).for_each(|(c, o)| *c += own * o);
        }
    }
    covariance.a.iter_mut().for_each(|c| *c /= n - 1.0);
    Some(covariance.cholesky()?.inverse_of_factored())
}
