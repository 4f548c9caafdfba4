//! Guides that are draws with their densities: what they are reported as.

use crate::certificate::{Findings, after_failure, verdict};
use crate::deterministic::Inspection;
use crate::engine::{FitError, Reported};
use crate::options::FitOptions;
use crate::refine::{Refined, around};
use crate::sampled::sample;
use crate::source::{Drawn, Source};
use crate::stochastic::Outcome;

/// Draws of a guide that has no program, built around the Gaussian.
pub(crate) struct Drawing {
    pub(super) drawn: Drawn,
    /// Gradients that they took.
    pub(super) gradients: usize,
    /// Optima that the guide starts from.
    pub(super) parts: usize,
    /// Whether other attempts are no better where this one is adopted.
    pub(super) is_last: bool,
    /// What the report says of it.
    pub(super) note: String,
}

/// Certificate, summaries and verdict of draws.
pub(super) fn reported(
    family: &'static str,
    drawing: Drawing,
    base: &Reported,
    options: &FitOptions,
) -> Result<Refined, FitError> {
    let chosen = &base.chosen;
    let bound = &chosen.guided.bound;
    let mut fit = around(&base.fit, family, &chosen.guided.text);
    fit.gradient_evaluations += drawing.gradients;
    fit.certificate.parts = drawing.parts;
    fit.notes.push(drawing.note);
    let source = Source {
        params: &chosen.optimum.params,
        outside: Some(&drawing.drawn),
    };
    let sampled = sample(bound, options, source, false, &mut fit)?;
    let inspection = base.inspection.as_ref().map(Inspection::of_another);
    let found = verdict(
        &Findings {
            outcome: &Outcome::Converged,
            // Whichever engine found the Gaussian: the weights tell how good the draws are.
            deterministic: true,
            sampled: &sampled,
            inspection: inspection.as_ref(),
            drawn: &[],
        },
        &fit,
    );
    fit.verdict = after_failure(found, &base.fit.verdict);
    Ok(Refined {
        fit,
        sampled,
        drawn: drawing.drawn,
        nested: None,
    })
}
