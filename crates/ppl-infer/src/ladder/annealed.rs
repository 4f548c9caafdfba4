//! Draws of the Gaussian, or of one for each optimum, that go to the posterior along densities in between.

use super::{Base, Climbed, Drawing, Reached, Rung};
use crate::deterministic::{Annealed as Guide, Begin, EFFORTS, LostWay, Part};
use crate::options::{Observer, Progress};

/// The rung.
pub(super) struct Annealed;

/// Draws, unless more are asked for.
const DRAWS: usize = 4_000;

impl Rung for Annealed {
    fn family(&self) -> &'static str {
        "annealed"
    }

    fn purpose(&self) -> &'static str {
        "for any shape that moves along the slopes of densities between the Gaussian and the posterior lead to"
    }

    fn is_beyond_nested(&self) -> bool {
        true
    }

    fn starts_anywhere(&self) -> bool {
        true
    }

    fn attempts(&self) -> usize {
        // One more where there is a nested guide.
        EFFORTS + 1
    }

    fn unsuited(&self, _: &Base<'_>) -> Option<String> {
        None
    }

    fn climb(&self, base: &Base<'_>, observer: &mut dyn Observer) -> Climbed {
        let Some(layout) = &base.chosen.objective.layout else {
            return Ok(Err("the guide is no Gaussian".into()));
        };
        let (bound, optima) = (&base.chosen.guided.bound, base.optima());
        let parts: Vec<Part<'_>> = optima.iter().map(|(p, w)| (p.as_slice(), *w)).collect();
        // From the guide that is nearest first; with a nested one there is an attempt more.
        let nested = base.nested.filter(|_| base.attempt == 0);
        let effort = base.attempt - usize::from(base.nested.is_some() && base.attempt > 0);
        if effort >= EFFORTS {
            return Ok(Err("every effort was tried".into()));
        }
        let seed = base.options.seed;
        let optimum = &base.chosen.optimum;
        let mut go_on = || {
            observer.progress(Progress {
                phase: "certify",
                step: optimum.steps,
                max_steps: base.options.max_steps,
                elbo: optimum.elbo,
                elbo_se: optimum.elbo_se,
            })
        };
        let lost = |lost| match lost {
            LostWay::Because(why) => Ok(Err(why)),
            LostWay::Interrupted => Ok(Ok(Reached::Interrupted)),
        };
        let from = (
            parts.as_slice(),
            nested.map_or(Begin::Gaussians, Begin::Nested),
        );
        let mut found = Guide::fit(bound, layout, from, (seed, effort), &mut go_on)?;
        // Where every look at the nested guide's density costs too much theta stays as it is.
        if let (Err(LostWay::Because(_)), Some(nested)) = (&found, nested) {
            let from = (parts.as_slice(), Begin::Fixed(nested));
            found = Guide::fit(bound, layout, from, (seed, EFFORTS - 1), &mut go_on)?;
        }
        // A thin spike has little of the evidence and a long way. What it was worth is seen by the evidence of draws from the others.
        let heaviest = parts.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        if let (Err(LostWay::Because(_)), Some(one)) =
            (&found, heaviest.filter(|_| parts.len() > 1))
        {
            let from = (std::slice::from_ref(one), Begin::Gaussians);
            found = Guide::fit(bound, layout, from, (seed, effort), &mut go_on)?;
        }
        let mut guide = match found {
            Ok(guide) => guide,
            Err(why) => return lost(why),
        };
        let few = match guide.is_fixed() {
            // No other guide's draws are as many.
            true => DRAWS,
            false => DRAWS.min(base.fit.certificate.draws),
        };
        let wanted = few.max(base.options.draws);
        let drawn = match guide.draws(wanted, &mut go_on) {
            Ok(drawn) => drawn,
            Err(why) => return lost(why),
        };
        let (stops, gradients) = guide.way();
        Ok(Ok(Reached::Drawing(Drawing {
            gradients: drawn.log_q.len() * gradients,
            parts: guide.n_parts(),
            is_last: guide.is_fixed(),
            note: format!(
                "annealed guide: draws of {} went to the posterior over {stops} densities in between, by {gradients} gradients each",
                match guide.n_parts() {
                    // A way from there that costs too much may have been replaced.
                    _ if guide.is_fixed() => "the nested guide, theta of each as it is,".to_owned(),
                    _ if guide.is_from_nested() => "the nested guide".to_owned(),
                    1 => "the Gaussian".to_owned(),
                    n => format!("{n} Gaussians, one for each optimum,"),
                }
            ),
            drawn,
        })))
    }
}
