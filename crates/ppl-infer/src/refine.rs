//! Richer guides that are built around the best Gaussian and have no program of their own: tried where they are asked for, where the
//! Gaussian is not good enough, or where they are exact; compared on fresh draws, and adopted or not.

use crate::attempts::{ATTEMPTS, Attempt, CHEAP, MORE, is_better};
use crate::certificate::{Findings, after_failure, counts, verdict};
use crate::covered::missed;
use crate::deterministic::{
    Base, Found, Inspection, Layout, NO_BASE, Nested, Wanted, conjugate, nest,
};
use crate::engine::FitError;
use crate::fit::{Draws, Estimate, Fit, Verdict};
use crate::ladder;
use crate::options::{FitOptions, GuideChoice};
use crate::psis::k_threshold;
use crate::refined_words::note;
use crate::sampled::{Sampled, sample};
use crate::source::{Drawn, Source};
use crate::stochastic::Outcome;
use ppl_model::Bound;

/// Draws that its certificate rests on, unless more are asked for.
const DRAWS: usize = 10_000;

/// Nats between the bound and the log evidence from which a richer guide is worth while, whatever the verdict: that is near its edge
/// under some seeds, and what the fit ends with must not hang on it.
const GAP: f64 = 0.03;

/// The largest share of the evidence that a mixture for more unknowns may still reach.
const TAIL: f64 = 0.2;

/// From this k-hat of a quantity its summary is sought among the draws before they are thinned as well: these reach further into its
/// tails.
const LONG: f64 = 0.5;

/// Range of the log weights of a guide that is the posterior, for each nat of the bound.
const EXACT: f64 = 1e-11;

/// Numbers that an estimate of the gradient may compute for a posterior that is exact as a whole to be looked for unasked.
const QUICK: usize = 4_000_000;

/// A kind of guide around a Gaussian.
pub(crate) struct Kind {
    /// Its name on the command line and in `guide auto(…);`.
    pub(crate) name: &'static str,
    choice: GuideChoice,
    /// What it is, for plans.
    what: &'static str,
    /// When it is tried.
    when: &'static str,
    /// Whether a fit ends in an error where it is asked for and there is none.
    refused: bool,
    /// Builds it.
    build: fn(&mut Base, Wanted) -> Result<Nested, String>,
}

/// Every kind, in the order in which they are tried.
pub(crate) static KINDS: [Kind; 2] = [
    Kind {
        name: "conjugate",
        choice: GuideChoice::Conjugate,
        what: "the exact conditionals of blocks of unknowns, which are of known families given the others, and a mixture for at most 8 that are left",
        when: "where the whole posterior is so, or the importance weights say that the Gaussian is not good enough",
        refused: true,
        build: conjugate,
    },
    Kind {
        name: "nested",
        choice: GuideChoice::Nested,
        what: "a mixture for the few unknowns that the curvature of the others changes with, which the Gaussian's optimum shows, and given these a Gaussian around the mode of the others, or the density of each where they are independent",
        when: "where the importance weights say that the Gaussian is not good enough",
        refused: false,
        build: |base, wanted| match wanted.whole {
            true => Err("the Gaussian that it starts from has no optimum".to_owned()),
            false => nest(base, wanted),
        },
    },
];

impl Kind {
    /// The guide in the language: its form depends on what the Gaussian shows, so that it has no program of its own.
    pub(crate) fn text(&self) -> String {
        text(self.name)
    }
}

/// A guide that has no program, in the language.
fn text(name: &str) -> String {
    format!("guide auto({name});\n")
}

/// What is known of a fit's Gaussian, as of a guide of this name around it whose draws are to follow.
pub(crate) fn around(fit: &Fit, name: &str, gaussian: &str) -> Fit {
    let mut out = fit.without_draws();
    out.guide = name.to_owned();
    // The coordinates are the Gaussian's, whose text says which sites are in units of their priors.
    let lines = gaussian.lines().map(|line| format!("// {line}\n"));
    out.guide_text = format!(
        "{}// around this Gaussian:\n{}",
        text(name),
        lines.collect::<String>()
    );
    out.wider = false;
    // Its own draws tell whether anything is not finite.
    out.fault = None;
    out.certificate.gradient_norm = f64::NAN;
    out.certificate.curvature_residual = f64::NAN;
    out.certificate.richer = None;
    out.certificate.linear_response.clear();
    out
}

/// The kind that the command line or the model asks for.
pub(crate) fn asked(bound: &Bound, choice: GuideChoice) -> Option<&'static Kind> {
    let named = bound.model.guide_family.as_ref();
    KINDS.iter().find(|k| match choice {
        GuideChoice::Auto => named.is_some_and(|(name, _)| name == k.name),
        other => other == k.choice,
    })
}

/// The text of the guide that is asked for, where it has no program of its own.
pub fn asked_text(bound: &Bound, choice: GuideChoice) -> Option<String> {
    let options = FitOptions {
        guide: choice,
        ..FitOptions::default()
    };
    let rung = || {
        let family = ladder::asked(bound, &options)?.family();
        ppl_guide::find(family).is_none().then(|| text(family))
    };
    asked(bound, choice).map(Kind::text).or_else(rung)
}

/// Whether any part of the guide is written, or has a family of its own.
fn is_written(bound: &Bound) -> bool {
    let model = &bound.model;
    model.has_written_guide || model.partial_guide.is_some() || !model.site_families.is_empty()
}

/// Whether nobody said which guide.
pub(crate) fn is_free(bound: &Bound, options: &FitOptions) -> bool {
    let free = options.guide == GuideChoice::Auto && bound.model.guide_family.is_none();
    free && !is_written(bound)
}

/// Whether a posterior of known families may be described as it is: nobody asked for anything else, and a look is cheap, given the
/// numbers that an estimate of the gradient computes.
pub(crate) fn may_be_exact(bound: &Bound, options: &FitOptions, work: usize) -> bool {
    let free = is_free(bound, options) && work <= QUICK;
    options.former.is_none() && !is_written(bound) && (is_asked(bound, options) || free)
}

/// Whether the conjugate guide was asked for.
pub(crate) fn is_asked(bound: &Bound, options: &FitOptions) -> bool {
    asked(bound, options.guide).is_some_and(|k| k.choice == GuideChoice::Conjugate)
}

/// What may be tried after the Gaussian, and when.
pub(crate) fn in_words(bound: &Bound, options: &FitOptions, deterministic: bool) -> String {
    if is_written(bound) {
        "none: the guide is written, or has families of its own for some sites".to_owned()
    } else if !deterministic {
        "none: a nested guide starts from a Gaussian of the deterministic engine".to_owned()
    } else if let Some(kind) = asked(bound, options.guide) {
        format!("{}, which was asked for: {}", kind.name, kind.what)
    } else if is_free(bound, options) {
        let each = KINDS
            .iter()
            .map(|k| format!("{}, {}: {}", k.name, k.when, k.what));
        format!(
            "{}; kept if it raises the bound",
            each.collect::<Vec<_>>().join("; then ")
        )
    } else {
        "none: the family was asked for".to_owned()
    }
}

/// What a richer guide gave.
pub(crate) struct Refined {
    pub(crate) fit: Fit,
    pub(crate) sampled: Sampled,
    pub(crate) drawn: Drawn,
    /// The guide, where draws of it may go on to the posterior.
    pub(crate) nested: Option<Nested>,
}

/// A fitted Gaussian, and what is known of it.
pub(crate) struct Fitted<'a> {
    pub(crate) bound: &'a Bound,
    pub(crate) layout: &'a Layout,
    pub(crate) params: &'a [f64],
    /// Numbers that an estimate of the gradient computes.
    pub(crate) work: usize,
    /// Optima that its starts led to.
    pub(crate) others: Option<&'a Found>,
    pub(crate) findings: Findings<'a>,
}

/// The largest k-hat of the weights and of the quantities.
pub(crate) fn worst(fit: &Fit) -> f64 {
    let rows = fit.rows.iter().map(|r| r.k_hat).filter(|k| !k.is_nan());
    rows.fold(fit.k_hat, f64::max)
}

/// Tries the richer guides where they are asked for or wanted. `None`: the fit stands as it is.
pub(crate) fn refine(
    from: &Fitted<'_>,
    options: &FitOptions,
    fit: &mut Fit,
) -> Result<Option<Refined>, FitError> {
    let Fitted { bound, layout, .. } = *from;
    let asked = asked(bound, options.guide);
    if asked.is_none() && !is_free(bound, options) {
        return Ok(None);
    }
    if let Some(kind) = asked.filter(|_| is_written(bound)) {
        fit.notes.push(format!(
            "there is no {} guide beside one that is written",
            kind.name
        ));
        return Ok(None);
    }
    let certified = matches!(fit.verdict, Verdict::Certified { .. });
    let gap = from.findings.sampled.gap();
    let near = certified && gap <= GAP;
    // What is no start of a mixture tells where to look all the same.
    let whole = !from.findings.is_start() || asked.is_none() && near;
    if asked.is_none() && whole && (gap.abs() < EXACT || from.work > QUICK) {
        return Ok(None);
    }
    let open = |again: u64| {
        let seed = options.seed.wrapping_add(again);
        let base = Base::new(bound, layout, from.params, seed)?;
        let beside = |base: Base| match from.others {
            Some(found) => base.beside(layout, found),
            None => base,
        };
        Ok::<_, FitError>(base.map(beside))
    };
    let mut base = open(0)?;
    if base.is_none() {
        return match asked {
            Some(kind) => none(kind, NO_BASE, fit),
            None => Ok(None),
        };
    }
    for kind in &KINDS {
        if asked.is_some_and(|a| a.name != kind.name) {
            continue;
        }
        let mut kept: Option<(Refined, bool)> = None;
        // Whether more draws may help, and can be afforded; and whether others can.
        let (mut may_help, mut is_cheap) = (true, true);
        for attempt in ATTEMPTS {
            let Attempt {
                effort,
                scales,
                again,
            } = attempt;
            // More draws, or others, for whichever theta was better.
            let better = match &kept {
                Some(kept) => kept.1 == scales,
                None => !scales && again == 0,
            };
            let wanted = better && if again > 0 { is_cheap } else { may_help };
            if attempt.is_more() && !wanted {
                continue;
            }
            let own = match base.take().filter(|_| again == 0) {
                Some(base) => Some(base),
                None => open(again)?,
            };
            let Some(mut own) = own else {
                return Ok(kept.map(|k| k.0));
            };
            let wanted = Wanted {
                whole,
                asked: asked.is_some(),
                effort,
                scales,
                far: from.findings.sampled.outside > 0,
            };
            match (kind.build)(&mut own, wanted) {
                // Its workers go with it.
                Ok(nested) => {
                    let exact = nested.is_whole();
                    is_cheap &= nested.most_effort >= CHEAP;
                    may_help &= nested.most_effort >= MORE as f64 && nested.is_mixture_alone();
                    let (found, good) =
                        compared(kind, nested, from, options, (asked.is_some(), fit))?;
                    kept = match (found, kept.take()) {
                        (Some(new), Some(old)) if !is_better(&new, &old.0) => Some(old),
                        (Some(new), _) => Some((new, scales)),
                        (None, old) => old,
                    };
                    if good || exact {
                        return Ok(kept.map(|k| k.0));
                    }
                }
                Err(why) => {
                    base = Some(own).filter(|_| again == 0);
                    let first = attempt == ATTEMPTS[0];
                    if let (Some(kind), true) = (asked, kept.is_none() && first) {
                        return none(kind, &why, fit);
                    }
                    if first {
                        break;
                    }
                }
            }
        }
        let kept = kept.map(|k| k.0);
        if kept.is_some() {
            return Ok(kept);
        }
    }
    Ok(None)
}

/// What follows where there is no guide of the kind that was asked for.
fn none(kind: &Kind, why: &str, fit: &mut Fit) -> Result<Option<Refined>, FitError> {
    if kind.refused {
        return Err(FitError::NoGuide(format!(
            "there is no {} guide for this model: {why}",
            kind.name
        )));
    }
    fit.notes.push(format!(
        "there is no {} guide for this model, and the Gaussian stands: {why}",
        kind.name
    ));
    Ok(None)
}

/// A guide's certificate, where it is asked for or better than the Gaussian's; and whether there is no reason to try another.
fn compared(
    kind: &Kind,
    mut nested: Nested,
    from: &Fitted<'_>,
    options: &FitOptions,
    (asked, fit): (bool, &mut Fit),
) -> Result<(Option<Refined>, bool), FitError> {
    let Fitted {
        bound,
        layout,
        params,
        others,
        ref findings,
        ..
    } = *from;
    let certified = matches!(fit.verdict, Verdict::Certified { .. });
    let wanted = DRAWS.min(fit.certificate.draws).max(options.draws);
    let drawn = nested.draws(wanted);
    let mut found = around(fit, kind.name, &fit.guide_text);
    found.gradient_evaluations += nested.evaluations;
    let source = Source {
        params,
        outside: Some(&drawn),
    };
    let sampled = sample(bound, options, source, false, &mut found)?;
    let exact = nested.is_whole() && sampled.range() <= EXACT * (1.0 + sampled.largest());
    if worst(&found) > LONG && !exact {
        // What is certain to be replaced is held no longer.
        let alone = others.is_none_or(|found| found.others.is_empty());
        if alone && !certified && sampled.non_finite == 0 && is_clear(gain(fit, &found)) {
            fit.draws = Draws::default();
        }
        let apart = FitOptions {
            pointwise: false,
            ..options.clone()
        };
        let all = nested.unthinned(wanted);
        let source = Source {
            params,
            outside: Some(&all),
        };
        let mut further = found.without_draws();
        let before = sample(bound, &apart, source, false, &mut further)?;
        if before.non_finite == 0 && further.corrected {
            let rows = found.rows.iter_mut().zip(further.rows);
            for (row, other) in rows.filter(|(row, other)| other.k_hat < row.k_hat) {
                *row = other;
            }
        }
    }
    // Optima of one Gaussian may be parts of one funnel, which this guide covers.
    if let (Some(others), Some(elbo)) = (others, found.elbo)
        && !others.others.is_empty()
    {
        let evidence = elbo.headline().value + sampled.gap();
        let missed = missed(&mut nested, layout, others, evidence);
        let share = |log: f64| (log - evidence).exp();
        let worst = missed.iter().map(|m| share(m.2)).fold(0.0, f64::max);
        let left = Found {
            log_evidence: evidence,
            others: missed,
            ..*others
        };
        let mut starts = crate::modes::starts(bound, options.seed, &left)?;
        starts.others.retain(|mode| counts(&found, mode));
        if starts.others.is_empty() {
            starts.weight = 1.0;
        }
        // A mixture over everything describes modes no better than one of optima.
        let partial = nested.is_partial();
        let covers = partial && starts.others.is_empty();
        if !(covers || asked) {
            // Modes apart are for another family; a tail that the mixture does not reach may be for one for all scales.
            return Ok((None, !partial || worst > TAIL));
        }
        if partial {
            found.certificate.starts = Some(starts);
        }
    }
    let inspection = Inspection {
        gradient: f64::NAN,
        curvature: f64::NAN,
        escape: findings.inspection.and_then(|i| i.escape.clone()),
        richer: None,
        cause: None,
        response: vec![],
    };
    found.verdict = verdict(
        &Findings {
            outcome: &Outcome::Converged,
            // Whichever engine found the Gaussian: this guide is fitted to the density itself, and its weights tell how well.
            deterministic: true,
            sampled: &sampled,
            inspection: Some(&inspection),
            drawn: findings.drawn,
        },
        &found,
    );
    // A Gaussian that leaves the support has no bound.
    let stays =
        findings.sampled.outside > 0 && found.elbo.is_some_and(|e| e.headline().value.is_finite());
    // Weights that do not confirm this guide say no more of the Gaussian that it is built around, unless all that is wrong with that
    // is the support, and with this the tails of a quantity.
    if !(stays && found.k_hat <= sampled.limit()) {
        if !exact
            && let (Verdict::Optimised { .. }, Verdict::Approximate { .. }) =
                (&found.verdict, &fit.verdict)
        {
            found.verdict = fit.verdict.clone();
        }
        found.verdict = after_failure(found.verdict, &fit.verdict);
    }
    let good = matches!(found.verdict, Verdict::Certified { .. });
    let gain = gain(fit, &found);
    let clear = is_clear(gain);
    let level = gain.is_some_and(|g| g.value > -2.0 * g.se);
    let threshold = k_threshold(sampled.n);
    let worse = certified && !matches!(found.verdict, Verdict::Certified { .. });
    let mends = worst(fit) > threshold && worst(&found) <= threshold && level;
    let better = exact || (clear && !worse) || mends || stays;
    if sampled.non_finite > 0 || !(better || asked && gain.is_some()) {
        return Ok((None, good));
    }
    found.notes.push(note(&nested, exact, gain));
    if stays {
        found.notes.push(format!(
            "{:.1}% of the best Gaussian's draws left the support, a limit of which hangs on unknowns; this guide stays inside",
            100.0 * findings.sampled.outside as f64 / findings.sampled.n as f64
        ));
    }
    let refined = Refined {
        fit: found,
        sampled,
        drawn,
        nested: (!exact).then_some(nested),
    };
    Ok((Some(refined), good))
}

/// Whether a gain is above two standard errors.
fn is_clear(gain: Option<Estimate>) -> bool {
    gain.is_some_and(|g| g.value > 2.0 * g.se)
}

/// What the bound gains, on independent draws.
pub(crate) fn gain(before: &Fit, after: &Fit) -> Option<Estimate> {
    let (before, after) = (before.elbo?.headline(), after.elbo?.headline());
    let value = after.value - before.value;
    value.is_finite().then(|| Estimate {
        value,
        se: before.se.hypot(after.se),
    })
}
