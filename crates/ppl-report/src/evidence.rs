//! What the fit is worth: the bound in its three forms, k-hat, the verdict, effort and notes.

use crate::number::{decimals, grouped, readable};
use ppl_infer::{Elbo, Estimate, Fit, MARKOV, Verdict};
use std::collections::HashMap;

/// Some ten lines for a person, in nats and seconds, with a line end after the last.
pub fn elbo_block(fit: &Fit) -> String {
    let mut lines = vec![];
    match &fit.elbo {
        Some(elbo) => bound(elbo, &mut lines),
        None => lines.push("ELBO     none: the fit ended before it could be computed".to_owned()),
    }
    let wider = match fit.wider {
        true => format!(
            " (with draws wider than the guide's, whose own is {:.2})",
            fit.guide_k_hat
        ),
        false => String::new(),
    };
    weighted(fit, &mut lines);
    lines.push(format!("k-hat    {}{wider}", k_hat(fit)));
    draws(fit, &mut lines);
    optimum(fit, &mut lines);
    lines.push(format!(
        "verdict  {}: {}",
        fit.verdict.word(),
        fit.verdict.reason()
    ));
    lines.push(match fit.n_unknowns {
        0 => format!("guide    none, nothing is drawn by one, seed {}", fit.seed),
        1 => format!("guide    {}, 1 unknown, seed {}", fit.guide, fit.seed),
        n => format!(
            "guide    {}, {} unknowns, seed {}",
            fit.guide,
            grouped(n),
            fit.seed
        ),
    });
    lines.push(format!(
        "effort   {} steps, {} gradient evaluations, {}",
        grouped(fit.steps),
        grouped(fit.gradient_evaluations),
        seconds(fit)
    ));
    lines.extend(fit.notes.iter().map(|note| format!("note     {note}")));
    lines.push(String::new());
    lines.join("\n")
}

/// The three forms, each with its two terms.
fn bound(elbo: &Elbo, lines: &mut Vec<String>) {
    let forms = [
        (
            elbo.by_entropy,
            "E log p(x, z) + entropy of q",
            elbo.energy,
            "+",
            elbo.entropy,
        ),
        (
            elbo.by_prior,
            "E log p(x | z) - KL(q || prior)",
            elbo.reconstruction,
            "-",
            elbo.kl_to_prior,
        ),
        (
            elbo.by_evidence,
            "log evidence - KL(q || posterior)",
            elbo.log_evidence,
            "-",
            elbo.kl_to_posterior,
        ),
    ];
    let totals: Vec<String> = forms.iter().map(|(total, ..)| with_error(*total)).collect();
    let width = totals
        .iter()
        .map(|text| text.chars().count())
        .max()
        .unwrap_or(0);
    for (at, ((_, terms, first, sign, second), total)) in forms.iter().zip(&totals).enumerate() {
        let head = if at == 0 { "ELBO" } else { "" };
        let places = decimals(first.se.max(second.se).max(0.01), 2);
        let (first, second) = (
            readable(first.value, places),
            readable(second.value, places),
        );
        let second = if second.starts_with('-') {
            format!("({second})")
        } else {
            second
        };
        let gap = " ".repeat(width - total.chars().count());
        lines.push(format!(
            "{head:<8} {total}{gap}  {terms:<33} = {first} {sign} {second}"
        ));
    }
    lines.push(if elbo.evidence_defined {
        format!(
            "log p(x) {} by importance weights",
            with_error(elbo.log_evidence)
        )
    } else {
        "log p(x) undefined, as a prior is improper: the bound holds up to a constant".to_owned()
    });
}

/// The importance-weighted bounds.
fn weighted(fit: &Fit, lines: &mut Vec<String>) {
    let bounds = &fit.certificate.weighted_bounds;
    if bounds.is_empty() {
        return;
    }
    let each: Vec<String> = bounds
        .iter()
        .map(|(k, bound)| format!("{} (K = {k})", with_error(*bound)))
        .collect();
    let least = readable(fit.certificate.log_evidence_at_least, 2);
    lines.push(format!(
        "bounds   {} by K importance-weighted draws; at least {least} with probability {MARKOV} (Markov)",
        each.join(", ")
    ));
}

/// Which estimator the summaries rest on.
fn draws(fit: &Fit, lines: &mut Vec<String>) {
    let c = &fit.certificate;
    if c.draws == 0 {
        return;
    }
    let n = grouped(c.draws);
    let whose = if fit.wider {
        "draws wider than the guide's"
    } else {
        "draws of the guide"
    };
    let effective = readable(c.effective, 0);
    let mut line = match fit.corrected {
        true => format!(
            "means, sds and quantiles by Pareto-smoothed importance weights of {n} {whose}, {effective} effective"
        ),
        false => format!("means, sds and quantiles of {n} draws of the guide, without weights"),
    };
    let worst = fit.rows.iter().filter(|r| r.k_hat.is_finite());
    if let Some(worst) = worst.max_by(|a, b| a.k_hat.total_cmp(&b.k_hat)) {
        line += &format!(
            "; worst k-hat of a quantity {:.2} ({})",
            worst.k_hat, worst.name
        );
    }
    lines.push(format!("summary  {line}"));
}

/// What says that this is the optimum.
fn optimum(fit: &Fit, lines: &mut Vec<String>) {
    let c = &fit.certificate;
    let mut parts = vec![];
    if c.gradient_norm.is_finite() {
        let curvature = match c.curvature_residual.is_finite() {
            true => format!(", curvature residual {:.3}", c.curvature_residual),
            false => String::new(),
        };
        parts.push(format!(
            "whitened gradient {:.3}{curvature} on draws of their own",
            c.gradient_norm
        ));
    }
    if let Some(starts) = &c.starts {
        parts.push(format!(
            "{} of {} starts agree",
            starts.agreeing, starts.tried
        ));
    }
    if let Some(richer) = &c.richer {
        parts.push(format!(
            "{} would add {}",
            richer.family,
            with_error(richer.gain)
        ));
    }
    if !parts.is_empty() {
        lines.push(format!("optimum  {}", parts.join("; ")));
    }
    response(fit, lines);
    for rung in &c.rungs {
        let gain = match rung.gain {
            Some(gain) => format!("{} more nats, ", with_error(gain)),
            None => String::new(),
        };
        let what = if rung.adopted {
            "adopted"
        } else {
            "not adopted"
        };
        lines.push(format!(
            "tried    {}: {gain}{what}; {}",
            rung.family, rung.words
        ));
    }
    for mode in c.starts.iter().flat_map(|s| &s.others) {
        lines.push(format!(
            "mode     another optimum has the bound {} and {:.1}% of the evidence found",
            readable(mode.elbo, 2),
            100.0 * mode.weight
        ));
    }
}

/// Quantities whose sd by linear response is shown.
const RESPONSES: usize = 5;

/// The sds by linear response that exceed the guide's own most.
fn response(fit: &Fit, lines: &mut Vec<String>) {
    let own: HashMap<&str, f64> = fit
        .guide_rows
        .iter()
        .map(|r| (r.name.as_str(), r.sd))
        .collect();
    let all = fit.certificate.linear_response.iter();
    let mut found: Vec<(f64, &str, f64, f64)> = all
        .filter_map(|(name, sd)| {
            let own = *own.get(name.as_str())?;
            Some((sd / own, name.as_str(), *sd, own))
        })
        .filter(|f| f.0.is_finite())
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    if found.is_empty() {
        return;
    }
    let shown: Vec<String> = found
        .iter()
        .take(RESPONSES)
        .map(|(_, name, sd, own)| {
            let places = decimals(*own, 3);
            format!(
                "{name} {} for {}",
                readable(*sd, places),
                readable(*own, places)
            )
        })
        .collect();
    let more = match found.len().saturating_sub(RESPONSES) {
        0 => String::new(),
        more => format!(", {more} more in fit.json"),
    };
    lines.push(format!(
        "response sds by linear response, for the guide's own: {}{more}",
        shown.join(", ")
    ));
}

/// A number and its standard error, with two digits of the latter.
fn with_error(estimate: Estimate) -> String {
    let places = if estimate.se > 0.0 {
        decimals(estimate.se, 2).max(1)
    } else {
        2
    };
    format!(
        "{} ± {}",
        readable(estimate.value, places),
        readable(estimate.se, places)
    )
}

/// Thresholds of Vehtari, Simpson, Gelman, Yao and Gabry (2024), "Pareto smoothed importance sampling".
fn k_hat(fit: &Fit) -> String {
    let k_hat = fit.k_hat;
    let certified = matches!(fit.verdict, Verdict::Certified { .. });
    let meaning = match k_hat {
        k if k.is_nan() => {
            return "not known: too few draws, or weights that are all equal".to_owned();
        }
        k if k < 0.5 => "the guide is close to the posterior",
        k if k < 0.7 => "the guide is near the posterior; tails may be off",
        // Certified for other reasons, which the verdict gives.
        _ if certified => {
            "a few draws weigh more than the others; the verdict says why that does not matter"
        }
        k if k < 1.0 => "the guide misses a part of the posterior: doubt the sds and the tails",
        _ => "the guide is far from the posterior: try a larger family or other coordinates",
    };
    format!("{k_hat:.2}: {meaning}")
}

fn seconds(fit: &Fit) -> String {
    let total: f64 = fit.phases.iter().map(|phase| phase.seconds).sum();
    let phases: Vec<String> = fit
        .phases
        .iter()
        .map(|phase| format!("{} {}", phase.name, brief(phase.seconds)))
        .collect();
    if phases.is_empty() {
        return format!("{} s", brief(total));
    }
    format!("{} s ({})", brief(total), phases.join(", "))
}

fn brief(seconds: f64) -> String {
    readable(seconds, decimals(seconds, 2).min(3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn block() {
        let expected = "\
ELBO     -31.400 ± 0.050  E log p(x, z) + entropy of q      = -33.900 + 2.500
         -31.400 ± 0.050  E log p(x | z) - KL(q || prior)   = -29.100 - 2.300
         -31.400 ± 0.030  log evidence - KL(q || posterior) = -31.100 - 0.300
log p(x) -31.100 ± 0.020 by importance weights
bounds   -31.200 ± 0.030 (K = 10), -31.150 ± 0.030 (K = 100) by K importance-weighted draws; at least -34.10 with probability 0.95 (Markov)
k-hat    0.31: the guide is close to the posterior
summary  means, sds and quantiles of 10,000 draws of the guide, without weights; worst k-hat of a quantity 0.42 (mu)
optimum  whitened gradient 0.010, curvature residual 0.020 on draws of their own; 13 of 14 starts agree; full-rank would add 0.500 ± 0.010
tried    flow: 0.003 ± 0.010 more nats, not adopted; no gain beyond chance
mode     another optimum has the bound -33.00 and 12.5% of the evidence found
verdict  approximate: the averaged iterates agree
guide    full-rank, 2 unknowns, seed 7
effort   1,234 steps, 9,872 gradient evaluations, 0.75 s (compile 0.25, optimise 0.50)
note     2 draws were out of support
";
        assert_eq!(elbo_block(&fixture::small()), expected);
    }

    #[test]
    fn nothing_known() {
        let mut fit = fixture::small();
        fit.elbo = None;
        fit.k_hat = f64::NAN;
        let text = elbo_block(&fit);
        assert!(
            text.contains("none: the fit ended") && text.contains("not known"),
            "{text}"
        );
    }

    #[test]
    fn improper_prior() {
        let mut fit = fixture::small();
        if let Some(elbo) = &mut fit.elbo {
            elbo.evidence_defined = false;
        }
        assert!(elbo_block(&fit).contains("undefined, as a prior is improper"));
    }

    #[test]
    fn linear_response_beside_the_guide() {
        let mut fit = fixture::small();
        fit.guide_rows = fit.rows.clone();
        let line = "response sds by linear response, for the guide's own: mu 4.12 for 3.30\n";
        assert!(elbo_block(&fit).contains(line), "{}", elbo_block(&fit));
    }
}
