//! Fits beside each other, as a table and as JSON.

use ppl_infer::Estimate;
use ppl_infer::compare::{Comparison, Loo};
use serde_json::{Value, json};

/// A fit that is compared.
pub struct Compared {
    /// Its directory.
    pub name: String,
    /// Its verdict's word.
    pub verdict: String,
    /// Its log evidence, where that is defined.
    pub log_evidence: Option<Estimate>,
    /// Its leave-one-out.
    pub loo: Loo,
}

/// Unreliable units that the table names.
const NAMED: usize = 5;

/// Log evidence less the largest, with the standard error of the difference; `None` where it is undefined.
fn evidence_differences(fits: &[Compared]) -> Vec<Option<Estimate>> {
    let known = fits.iter().filter_map(|f| f.log_evidence);
    let Some(best) = known.max_by(|a, b| a.value.total_cmp(&b.value)) else {
        return fits.iter().map(|_| None).collect();
    };
    let less = |e: Estimate| Estimate {
        value: e.value - best.value,
        se: if e == best { 0.0 } else { e.se.hypot(best.se) },
    };
    fits.iter().map(|f| f.log_evidence.map(less)).collect()
}

/// A table with a line a fit, the best first, then what is unreliable.
pub fn comparison_table(fits: &[Compared], units: &[String], found: &Comparison) -> String {
    let evidence = evidence_differences(fits);
    let head = [
        "fit",
        "elpd_loo",
        "se",
        "p_loo",
        "diff",
        "se",
        "weight",
        "k bad",
        "log evidence",
        "se",
        "diff",
        "se",
    ];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for &k in &found.order {
        let fit = &fits[k];
        let difference = found.difference[k];
        let mut line = vec![
            fit.name.clone(),
            digits(fit.loo.elpd.value),
            digits(fit.loo.elpd.se),
            digits(fit.loo.p_loo),
            digits(difference.value),
            digits(difference.se),
            format!("{:.3}", found.weights[k]),
            fit.loo.unreliable().len().to_string(),
        ];
        for e in [fit.log_evidence, evidence[k]] {
            line.extend(match e {
                Some(e) => [digits(e.value), digits(e.se)],
                None => ["-".to_owned(), "-".to_owned()],
            });
        }
        lines.push(line);
    }
    let width = |c: usize| {
        let cells = lines.iter().map(|l| l[c].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut out = String::new();
    for line in &lines {
        for (c, cell) in line.iter().enumerate() {
            let space = " ".repeat(widths[c] - cell.chars().count());
            out.push_str(&match c {
                0 => format!("{cell}{space}"),
                _ => format!("  {space}{cell}"),
            });
        }
        out.push('\n');
    }
    out.push_str(&format!(
        "\n{} observations, {} draws; weight by stacking; differences from the best\n",
        units.len(),
        fits.iter().map(|f| f.loo.draws).min().unwrap_or(0),
    ));
    for fit in fits {
        out.push_str(&caveats(fit, units));
    }
    out
}

/// What is not to be relied on.
fn caveats(fit: &Compared, units: &[String]) -> String {
    let mut out = String::new();
    let bad = fit.loo.unreliable();
    if !bad.is_empty() {
        let named = bad.iter().take(NAMED);
        let named: Vec<String> = named
            .map(|&i| format!("{} ({:.2})", units[i], fit.loo.k_hat[i]))
            .collect();
        let more = match bad.len() - named.len() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        out.push_str(&format!(
            "{}: k-hat above {:.2}, unreliable without {}{more}\n",
            fit.name,
            fit.loo.k_threshold,
            named.join(", "),
        ));
    }
    if fit.loo.guide_k_hat > fit.loo.k_threshold {
        out.push_str(&format!(
            "{}: the guide is too far from the posterior, k-hat {:.2}: none of its numbers can be relied on\n",
            fit.name, fit.loo.guide_k_hat
        ));
    }
    if fit.verdict == "failed" {
        out.push_str(&format!("{}: the fit failed\n", fit.name));
    }
    out
}

fn digits(v: f64) -> String {
    if v.is_finite() {
        format!("{v:.2}")
    } else {
        "-".to_owned()
    }
}

/// The same with the numbers of every unit, in the order in which the fits were given.
pub fn comparison_json(fits: &[Compared], units: &[String], found: &Comparison) -> String {
    let estimate = |e: Estimate| json!({ "value": e.value, "se": e.se });
    let evidence = evidence_differences(fits);
    let each: Vec<Value> = fits
        .iter()
        .enumerate()
        .map(|(k, fit)| {
            json!({
                "fit": fit.name,
                "verdict": fit.verdict,
                "log_evidence": fit.log_evidence.map(estimate),
                "log_evidence_difference": evidence[k].map(estimate),
                "elpd_loo": estimate(fit.loo.elpd),
                "elpd_loo_mcse": fit.loo.mcse,
                "elpd_loo_difference": estimate(found.difference[k]),
                "p_loo": fit.loo.p_loo,
                "stacking_weight": found.weights[k],
                "draws": fit.loo.draws,
                "guide_k_hat": fit.loo.guide_k_hat,
                "k_threshold": fit.loo.k_threshold,
                "unreliable": fit.loo.unreliable().iter().map(|&i| &units[i]).collect::<Vec<_>>(),
                "pointwise": { "elpd_loo": fit.loo.pointwise, "k_hat": fit.loo.k_hat },
            })
        })
        .collect();
    let order: Vec<&str> = found.order.iter().map(|&k| fits[k].name.as_str()).collect();
    let document = json!({ "observations": units, "order": order, "fits": each });
    format!("{document:#}\n")
}
