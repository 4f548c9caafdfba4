//! What the fit is worth: the bound in its three forms, k-hat, the verdict, effort and notes.

use crate::number::{decimals, grouped, readable};
use ppl_infer::{Elbo, Estimate, Fit, Verdict};

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
    lines.push(format!("k-hat    {}{wider}", k_hat(fit.k_hat)));
    lines.push(format!(
        "verdict  {}: {}",
        fit.verdict.word(),
        fit.verdict.reason()
    ));
    if matches!(fit.verdict, Verdict::Stopped { .. }) {
        lines.push("         the numbers are those of the best iterate so far".to_owned());
    }
    lines.push(format!(
        "guide    {}, {} {}, seed {}",
        fit.guide,
        grouped(fit.n_unknowns),
        if fit.n_unknowns == 1 {
            "unknown"
        } else {
            "unknowns"
        },
        fit.seed
    ));
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
fn k_hat(k_hat: f64) -> String {
    let meaning = match k_hat {
        k if k.is_nan() => {
            return "not known: too few draws, or weights that are all equal".to_owned();
        }
        k if k < 0.5 => "the guide is close to the posterior",
        k if k < 0.7 => "the guide is near the posterior; tails may be off",
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
k-hat    0.31: the guide is close to the posterior
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
        fit.verdict = Verdict::Stopped {
            reason: "interrupted".to_owned(),
        };
        let text = elbo_block(&fit);
        assert!(
            text.contains("none: the fit ended") && text.contains("not known"),
            "{text}"
        );
        assert!(
            text.contains("stopped: interrupted\n         the numbers are those of the best"),
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
}
