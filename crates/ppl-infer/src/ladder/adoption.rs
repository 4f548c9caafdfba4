//! Whether a rung is adopted, and what is told of it.

use super::MUCH;
use crate::elbo::{log_mean_exp, mean_of};
use crate::fit::{Estimate, Fit, Tried, Verdict};
use crate::psis::k_threshold;
use crate::sampled::Sampled;

/// Nats below which a gain is none, however sure.
const WORTH: f64 = 0.01;

/// Whether a rung is adopted, and what is told of it.
pub(super) fn compare(
    current: (&Fit, &Sampled),
    found: (&Fit, &Sampled),
    family: &'static str,
    asked: bool,
) -> (bool, Tried) {
    let (before, after) = (&current.1.log_weights, &found.1.log_weights);
    let (current, found) = (current.0, found.0);
    let n = before.len().min(after.len());
    let gain = mean_of((0..n).map(|i| after[i] - before[i]));
    let threshold = k_threshold(n);
    let (was, is) = (worst(current), worst(found));
    let unclear = matches!(found.verdict, Verdict::Approximate { .. })
        && !matches!(
            current.verdict,
            Verdict::Approximate { .. } | Verdict::Failed { .. }
        );
    let failed = matches!(found.verdict, Verdict::Failed { .. });
    // Either evidence is no more than the true one, but for chance: what has less of it misses something.
    let (had, has) = (log_mean_exp(before), log_mean_exp(after));
    let misses = has.value + 3.0 * has.se.hypot(had.se) + MUCH < had.value;
    let sound = !failed && gain.value.is_finite() && (asked || !(unclear || misses));
    let clear = gain.value > (2.0 * gain.se).max(WORTH);
    // A corrected summary is given up only for much.
    let kept = found.k_hat <= threshold.max(current.k_hat) || gain.value > MUCH;
    let rises = clear && kept;
    let mends = was > threshold && is <= threshold && gain.value > -2.0 * gain.se;
    // A mode of a small share adds next to nothing to the bound, and much to the sds, which then rest on few draws.
    let has_more = found.certificate.parts > current.certificate.parts;
    let covers = has_more && found.k_hat <= threshold && gain.value > 2.0 * gain.se;
    let adopt = sound && (asked || rises || mends || covers);
    let why = match (adopt, sound) {
        (_, false) if unclear => "its optimum was not met".to_owned(),
        (_, false) if misses => format!(
            "its evidence is {:.2} nats lower: it misses a part of the posterior",
            had.value - has.value
        ),
        (_, false) => "its bound is not finite".to_owned(),
        (true, _) if rises => format!("k-hat {:.2} after {:.2}", is, was),
        (true, _) if mends => {
            format!("k-hat {is:.2} is below {threshold:.2} at last, after {was:.2}")
        }
        (true, _) if covers => "it has a part for a mode that was left out".to_owned(),
        (true, _) => "it was asked for".to_owned(),
        (false, _) if clear => format!("k-hat {:.2} after {:.2}", found.k_hat, current.k_hat),
        (false, _) => "no gain beyond chance".to_owned(),
    };
    let record = Tried {
        family,
        gain: Some(Estimate { ..gain }),
        adopted: adopt,
        words: why,
    };
    (adopt, record)
}

/// The largest k-hat of the weights and of the quantities.
fn worst(fit: &Fit) -> f64 {
    let rows = fit.rows.iter().map(|r| r.k_hat).filter(|k| !k.is_nan());
    rows.fold(fit.k_hat, f64::max)
}
