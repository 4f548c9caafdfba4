//! A certificate is withdrawn where draws of the prior find a share of the posterior that the guide hardly reaches.

use super::{Base, Better};
use crate::deterministic::{Beyond, Own, Part};
use crate::engine::{FitError, Reported};
use crate::fit::{Fit, Verdict};
use crate::options::FitOptions;
use ppl_model::Bound;

/// Draws of the prior, against the single Gaussian and against those of all optima; each once, when something is first certified.
#[derive(Default)]
pub(super) struct Doubts {
    single: Option<Option<Beyond>>,
    all: Option<Option<Beyond>>,
}

impl Doubts {
    /// Looks at what the ladder starts from.
    pub(super) fn look_at_base(
        &mut self,
        bound: &Bound,
        base: &mut Reported,
        options: &FitOptions,
    ) -> Result<(), FitError> {
        if !is_certified(&base.fit) {
            return Ok(());
        }
        let from = Base {
            bound,
            chosen: &base.chosen,
            fit: &base.fit,
            options,
            nested: None,
            attempt: 0,
        };
        let missed = match &base.outside {
            Some(drawn) => {
                let own = Own::Drawn(drawn, &base.sampled.log_weights);
                self.by_all(&from)?.and_then(|b| b.missed(&own))
            }
            None => {
                let own = Own::Gaussians(&base.sampled.log_weights);
                self.by_single(&from)?.and_then(|b| b.missed(&own))
            }
        };
        withdraw(&mut base.fit, missed);
        Ok(())
    }

    /// Looks at what a rung ended with.
    pub(super) fn look_at(&mut self, from: &Base<'_>, found: &mut Better) -> Result<(), FitError> {
        if !is_certified(found.known().0) {
            return Ok(());
        }
        match found {
            // The Gaussians of all optima themselves; points of other programs are not kept.
            Better::Guide(own) if own.chosen.guided.family == "mixture" => {
                let weights = Own::Gaussians(&own.sampled.log_weights);
                let missed = self.by_all(from)?.and_then(|b| b.missed(&weights));
                withdraw(&mut own.fit, missed);
            }
            Better::Guide(_) => {}
            Better::Draws(own) => {
                let drawn = Own::Drawn(&own.drawn, &own.sampled.log_weights);
                let missed = self.by_all(from)?.and_then(|b| b.missed(&drawn));
                withdraw(&mut own.fit, missed);
            }
        }
        Ok(())
    }

    fn by_single(&mut self, from: &Base<'_>) -> Result<Option<&mut Beyond>, FitError> {
        if self.single.is_none() {
            let own = from.chosen.optimum.params.as_slice();
            self.single = Some(against(from, &[(own, 1.0)])?);
        }
        Ok(self.single.as_mut().and_then(Option::as_mut))
    }

    fn by_all(&mut self, from: &Base<'_>) -> Result<Option<&mut Beyond>, FitError> {
        if self.all.is_none() {
            let optima = from.optima();
            let parts: Vec<Part<'_>> = optima.iter().map(|(p, w)| (p.as_slice(), *w)).collect();
            self.all = Some(against(from, &parts)?);
        }
        Ok(self.all.as_mut().and_then(Option::as_mut))
    }
}

fn against(from: &Base<'_>, parts: &[Part<'_>]) -> Result<Option<Beyond>, FitError> {
    let Some(layout) = &from.chosen.objective.layout else {
        return Ok(None);
    };
    let bound = &from.chosen.guided.bound;
    Ok(Beyond::new(bound, layout, parts, from.options.seed)?)
}

fn is_certified(fit: &Fit) -> bool {
    matches!(fit.verdict, Verdict::Certified { .. })
}

fn withdraw(fit: &mut Fit, missed: Option<String>) {
    if let Some(missed) = missed {
        fit.verdict = Verdict::Optimised {
            reason: format!("by draws of the prior, {missed}"),
        };
    }
}
