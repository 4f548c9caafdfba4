//! Which other optima of the Gaussian a nested guide covers.

use crate::deterministic::{Found, Layout, Nested};

/// Nats by which the weight of another optimum's centre may be above the log evidence for the guide to cover it. Not above the bound, which
/// is below it by what the guide lacks anywhere.
const COVERED: f64 = 3.0;

/// The other optima with the share of the evidence that is around each and that this guide does not meet, as a log evidence; those
/// of which it misses something.
pub(crate) fn missed(
    nested: &mut Nested,
    layout: &Layout,
    others: &Found,
    evidence: f64,
) -> Vec<(Vec<f64>, f64, f64)> {
    let above = evidence + COVERED;
    let mut of = |(params, elbo, log_evidence): &(Vec<f64>, f64, f64)| {
        if nested.log_weight(&layout.centre(params)) <= above {
            return None;
        }
        // A point may be thin although what is around it has hardly a share of the evidence.
        let log = nested.missed(layout, params, above);
        Some((params.clone(), *elbo, log.unwrap_or(*log_evidence)))
    };
    others.others.iter().filter_map(&mut of).collect()
}
