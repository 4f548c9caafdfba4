//! The optima that the starts led to, with their shares of the evidence.

use crate::deterministic::Found;
use crate::fit::{Mode, Starts};
use crate::objective::ObjectiveError;
use crate::sampler::Sampler;
use ppl_model::Bound;

/// Quantities whose values at another optimum are kept, at most.
const KEPT: usize = 1000;

/// What the starts led to, in terms of the model's quantities.
///
/// # Errors
/// Where the model cannot be lowered.
pub(crate) fn starts(bound: &Bound, seed: u64, found: &Found) -> Result<Starts, ObjectiveError> {
    let peak = found
        .others
        .iter()
        .map(|o| o.2)
        .fold(found.log_evidence, f64::max);
    let share = |log: f64| {
        if log.is_finite() {
            (log - peak).exp()
        } else {
            0.0
        }
    };
    let total: f64 =
        share(found.log_evidence) + found.others.iter().map(|o| share(o.2)).sum::<f64>();
    let mut others = vec![];
    if !found.others.is_empty() {
        let mut sampler = Sampler::new(bound, 1, seed)?;
        for (params, elbo, log_evidence) in &found.others {
            others.push(Mode {
                elbo: *elbo,
                log_evidence: *log_evidence,
                weight: share(*log_evidence) / total,
                centre: sampler.centre(params, KEPT),
            });
        }
        others.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    }
    Ok(Starts {
        tried: found.tried,
        agreeing: found.agreeing,
        unseen: found.unseen,
        weight: if others.is_empty() {
            1.0
        } else {
            share(found.log_evidence) / total
        },
        others,
    })
}
